/* SPDX-License-Identifier: BSD-3-Clause */
#include "match/gateways.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "match/sig_impl.h"

#define BAD(src, v, hint, ...) sig_complain(src, (v)->line, (v)->col, hint, __VA_ARGS__)

static const char *const level_word[] = {"none",     "thin", "published",
					 "captures", "isp",  "national"};

const char *gateway_level_name(enum gateway_level l)
{
	return level_word[l];
}

static void take_texts(struct sig_src *src, const struct ynode *v, char ***out, uint32_t *n_out)
{
	void *room;
	uint32_t n = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(**out), &room);
	const struct ynode *c = v->child;

	*out = room;
	for (uint32_t i = 0; i < n; i++, c = c->next) {
		if (c->kind == YNODE_BAD)
			continue;
		sig_take_text(src, c, &(*out)[*n_out]);
		*n_out += (*out)[*n_out] != NULL;
	}
}

static void take_packet_level(struct sig_src *src, const struct ynode *v, void *into)
{
	int i = sig_take_word(src, v, level_word, GATEWAY_CAPTURES + 1);

	if (i >= 0)
		((struct gateway_side *)into)->level = (enum gateway_level)i;
}

static void take_application_level(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"none", "isp", "national"};
	static const enum gateway_level level[] = {GATEWAY_NONE, GATEWAY_ISP, GATEWAY_NATIONAL};
	int i = sig_take_word(src, v, word, ARRAY_LEN(word));

	if (i >= 0)
		((struct gateway_side *)into)->level = level[i];
}

static void take_since(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text;
	int64_t ns;

	if (v->kind == YNODE_TEXT && v->plain && strcmp(v->text, "null") == 0)
		return;
	text = sig_text_of(src, v);
	if (text && !units_read_date(text, strlen(text), false, &ns))
		BAD(src, v, "2021-01, or null", "%s is no date: YYYY, YYYY-MM or YYYY-MM-DD", text);
	else if (text)
		sig_take_text(src, v, &((struct gateway_side *)into)->since);
}

static void take_says(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct gateway_side *)into)->says);
}

static void take_sources(struct sig_src *src, const struct ynode *v, void *into)
{
	struct gateway_side *s = into;

	take_texts(src, v, &s->source, &s->n_sources);
}

static void take_signatures(struct sig_src *src, const struct ynode *v, void *into)
{
	struct gateway_side *s = into;

	take_texts(src, v, &s->signature, &s->n_signatures);
}

static void take_side(struct sig_src *src, const struct ynode *v, struct gateway_side *into,
		      bool packet)
{
	struct sig_field f[] = {
		{"level", true, KEY_N, packet ? take_packet_level : take_application_level},
		{"since", true, KEY_N, take_since},
		{"says", true, KEY_N, take_says},
		{"sources", false, KEY_N, take_sources},
		{"signatures", false, KEY_N, take_signatures},
	};

	into->line = v->line;
	into->col = v->col;
	sig_take_map(src, v, f, ARRAY_LEN(f), into, packet ? "packet" : "application");
}

static void take_packet(struct sig_src *src, const struct ynode *v, void *into)
{
	take_side(src, v, &((struct gateway *)into)->packet, true);
}

static void take_application(struct sig_src *src, const struct ynode *v, void *into)
{
	take_side(src, v, &((struct gateway *)into)->application, false);
}

static void take_place(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *t = sig_text_of(src, v);

	if (t && (strlen(t) != 2 || strspn(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2))
		BAD(src, v, "CN, as in ISO 3166", "%s is no country code of two capital letters",
		    t);
	else if (t)
		sig_take_text(src, v, &((struct gateway *)into)->place);
}

static void take_name(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct gateway *)into)->name);
}

static void take_system(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct gateway *)into)->system);
}

static void take_asked(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"no", "yes"};

	((struct gateway *)into)->asked = sig_take_word(src, v, word, ARRAY_LEN(word)) == 1;
}

static void take_format(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);

	(void)into;
	if (text && strcmp(text, "1") != 0)
		BAD(src, v, "1", "format %s is not known to this version", text);
}

static void take_places(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {
		{"place", true, KEY_N, take_place},
		{"name", true, KEY_N, take_name},
		{"system", false, KEY_N, take_system},
		{"asked", false, KEY_N, take_asked},
		{"packet", true, KEY_N, take_packet},
		{"application", true, KEY_N, take_application},
	};
	struct gateway_list *l = into;
	void *room;
	const struct ynode *c = v->child;

	l->n = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*l->at), &room);
	l->at = room;
	if (!c && (v->kind == YNODE_LIST || (v->kind == YNODE_TEXT && !v->text[0])))
		BAD(src, v, "- {place: ..., name: ...}", "no place is listed");
	for (uint32_t i = 0; i < l->n; i++, c = c->next) {
		l->at[i].line = c->line;
		l->at[i].col = c->col;
		sig_take_map(src, c, f, ARRAY_LEN(f), &l->at[i], "a place");
	}
}

/* --- what is claimed must be there --- */

static bool in_scope(const struct signature *s, const char *place)
{
	for (uint32_t i = 0; i < s->n_scope; i++)
		if (place && strcmp(s->scope[i], place) == 0)
			return true;
	return s->n_scope == 0;
}

static const char *key_at(const void *list, size_t i)
{
	return ((const struct source_entry *)list)[i].key;
}

static const char *id_at(const void *list, size_t i)
{
	return sig_set_at(list, i)->id;
}

/* Names must be known; returns how many of the signatures name a public capture. */
static uint32_t check_names(struct sig_src *src, const struct gateway *g,
			    const struct gateway_side *s, const struct sig_set *set,
			    const struct source_list *known)
{
	uint32_t n_captured = 0;

	for (uint32_t i = 0; i < s->n_sources; i++)
		if (!sources_find(known, s->source[i]))
			BAD(src, s, sig_nearest(s->source[i], key_at, known->at, known->n),
			    "SOURCES.yaml has no key %s", s->source[i]);
	for (uint32_t i = 0; i < s->n_signatures; i++) {
		const struct signature *sig = sig_set_find(set, s->signature[i]);

		if (!sig || sig->kind != SIG_MIDDLEBOX)
			BAD(src, s, sig_nearest(s->signature[i], id_at, set, sig_set_n(set)),
			    "there is no middlebox signature %s", s->signature[i]);
		else if (!in_scope(sig, g->place))
			BAD(src, s, NULL, "%s is not about %s", s->signature[i], g->place);
		else
			n_captured += sig->n_captures > 0;
	}
	return n_captured;
}

static void check_side(struct sig_src *src, const struct gateway *g, const struct gateway_side *s,
		       const struct sig_set *set, const struct source_list *known)
{
	uint32_t n_captured = check_names(src, g, s, set, known);
	const char *word = level_word[s->level];

	if (s->level != GATEWAY_NONE && !s->n_sources)
		BAD(src, s, "sources: [key]", "%s without a source", word);
	if ((s->level == GATEWAY_CAPTURES || s->level == GATEWAY_PUBLISHED) && !s->n_signatures)
		BAD(src, s, "thin, or none", "%s without a signature of these packets", word);
	if (s->level == GATEWAY_CAPTURES && s->n_signatures && !n_captured)
		BAD(src, s, "published", "captures, but none of the signatures names one");
	if ((s->level == GATEWAY_NONE || s->level == GATEWAY_THIN) && s->n_signatures)
		BAD(src, s, NULL, "level %s has no signature", word);
	if (s->level == GATEWAY_NONE && s->since)
		BAD(src, s, "null", "none cannot have begun");
}

static void check_all(struct sig_src *src, const struct gateway_list *l, const struct sig_set *set,
		      const struct source_list *known)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct gateway *g = &l->at[i];

		for (uint32_t k = 0; k < i; k++)
			if (g->place && l->at[k].place && strcmp(g->place, l->at[k].place) == 0)
				BAD(src, g, "keep one of them", "%s stands here twice", g->place);
		check_side(src, g, &g->packet, set, known);
		check_side(src, g, &g->application, set, known);
	}
}

bool gateways_parse(struct gateway_list *out, const char *path, struct bytes text,
		    const struct sig_set *set, const struct source_list *known,
		    struct sig_problems *problems)
{
	static const struct sig_field f[] = {{"format", true, KEY_N, take_format},
					     {"places", true, KEY_N, take_places}};
	struct sig_src src = {.path = path, .text = text, .problems = problems};
	struct ytree tree = {0};

	*out = (struct gateway_list){0};
	if (text.len > LIMIT_SIG_BYTES) {
		sig_complain(&src, 0, 0, NULL, "longer than %d bytes", LIMIT_SIG_BYTES);
	} else if (sig_text_check(&src) && ytree_read(&src, &tree)) {
		if (!tree.root)
			sig_complain(&src, 0, 0, NULL, "the file is empty");
		else
			sig_take_map(&src, tree.root, f, ARRAY_LEN(f), out, "the file");
		check_all(&src, out, set, known);
	}
	ytree_free(&tree);
	return src.n_complaints == 0;
}

bool gateways_read(struct gateway_list *out, const char *path, const struct sig_set *set,
		   const struct source_list *known, struct sig_problems *problems)
{
	struct sig_src src = {.path = path, .problems = problems};
	struct sig_file file;
	const char *why = sig_file_read(path, &file);
	bool good;

	*out = (struct gateway_list){0};
	if (why) {
		sig_complain(&src, 0, 0, NULL, "%s", why);
		return false;
	}
	good = gateways_parse(out, path, (struct bytes){file.at, file.len}, set, known, problems);
	sig_file_free(&file);
	return good;
}

static void side_free(struct gateway_side *s)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		free(s->source[i]);
	for (uint32_t i = 0; i < s->n_signatures; i++)
		free(s->signature[i]);
	free(s->source);
	free(s->signature);
	free(s->since);
	free(s->says);
}

void gateways_free(struct gateway_list *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct gateway *g = &l->at[i];

		free(g->place);
		free(g->name);
		free(g->system);
		side_free(&g->packet);
		side_free(&g->application);
	}
	free(l->at);
	*l = (struct gateway_list){0};
}
