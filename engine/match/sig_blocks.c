/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "match/sig_impl.h"

/* The memory that a signature owns: one list of it, for freeing and for sig_known_write.c. */

struct walk {
	sig_block_fn *fn;
	void *arg;
};

static void text(const struct walk *w, char **p)
{
	if (*p)
		w->fn(w->arg, p, *p, strlen(*p) + 1, true);
}

static void array(const struct walk *w, void *where, void *block, size_t size)
{
	if (block)
		w->fn(w->arg, where, block, size, false);
}

static void term(const struct walk *w, struct term *t)
{
	for (uint32_t i = 0; i < t->n_values; i++)
		text(w, &t->value[i].text);
	array(w, &t->value, t->value, t->n_values * sizeof(*t->value));
	text(w, &t->source);
}

static void terms(const struct walk *w, struct term **list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		term(w, &(*list)[i]);
	array(w, list, *list, n * sizeof(**list));
}

static void source(const struct walk *w, struct sig_source *s)
{
	text(w, &s->key);
	text(w, &s->says);
	text(w, &s->read);
	array(w, &s->field, s->field, s->n_fields * sizeof(*s->field));
}

static void capture(const struct walk *w, struct sig_capture *c)
{
	text(w, &c->repo);
	text(w, &c->commit);
	text(w, &c->path);
	array(w, &c->frame, c->frame, c->n_frames * sizeof(*c->frame));
}

static void lists(const struct walk *w, struct signature *s)
{
	for (uint32_t i = 0; i < s->n_scope; i++)
		text(w, &s->scope[i]);
	array(w, &s->scope, s->scope, s->n_scope * sizeof(*s->scope));
	for (uint32_t i = 0; i < s->n_rivals; i++) {
		text(w, &s->rival[i].cause);
		text(w, &s->rival[i].tell);
	}
	array(w, &s->rival, s->rival, s->n_rivals * sizeof(*s->rival));
	for (uint32_t i = 0; i < s->n_sources; i++)
		source(w, &s->source[i]);
	array(w, &s->source, s->source, s->n_sources * sizeof(*s->source));
	for (uint32_t i = 0; i < s->n_tests; i++)
		text(w, &s->test[i].file);
	array(w, &s->test, s->test, s->n_tests * sizeof(*s->test));
	for (uint32_t i = 0; i < s->n_captures; i++)
		capture(w, &s->capture[i]);
	array(w, &s->capture, s->capture, s->n_captures * sizeof(*s->capture));
}

void sig_each_block(struct signature *s, sig_block_fn *fn, void *arg)
{
	const struct walk w = {fn, arg};

	terms(&w, &s->when, s->n_when);
	terms(&w, &s->unless, s->n_unless);
	terms(&w, &s->supports, s->n_supports);
	lists(&w, s);
	text(&w, &s->id);
	text(&w, &s->title);
	text(&w, &s->position);
	text(&w, &s->actor);
	text(&w, &s->confidence_mechanism);
	text(&w, &s->confidence_scope);
	text(&w, &s->confidence_why);
	text(&w, &s->notes);
}

static void free_block(void *arg, void *where, void *block, size_t len, bool is_text)
{
	(void)arg;
	(void)where;
	(void)len;
	(void)is_text;
	free(block);
}

void term_free(struct term *t)
{
	const struct walk w = {free_block, NULL};

	term(&w, t);
	*t = (struct term){0};
}

void sig_free(struct signature *s)
{
	if (!s)
		return;
	free(s->path);
	if (s->known) {
		free(s->known);
		return;
	}
	sig_each_block(s, free_block, NULL);
	free(s);
}
