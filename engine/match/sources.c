/* SPDX-License-Identifier: BSD-3-Clause */
#include "match/sources.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "match/sig_impl.h"

static void take_cite(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct source_entry *)into)->cite);
}

static void take_as(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct source_entry *)into)->as);
}

static void entry_free(struct source_entry *e)
{
	free(e->key);
	free(e->cite);
	free(e->as);
}

static bool put(struct source_list *l, struct source_entry e)
{
	struct source_entry *at = realloc(l->at, (l->n + 1) * sizeof(*at));

	if (!at || !e.key) {
		l->at = at ? at : l->at;
		entry_free(&e);
		return false;
	}
	l->at = at;
	l->at[l->n++] = e;
	return true;
}

static bool take_all(struct sig_src *src, const struct ynode *root, struct source_list *out)
{
	static const struct sig_field f[] = {{"cite", true, KEY_N, take_cite},
					     {"as", false, KEY_N, take_as}};

	if (root->kind != YNODE_MAP) {
		sig_complain(src, root->line, root->col, "key: {cite: ..., as: paper}",
			     "the sources must be keys with what they stand for");
		return true;
	}
	for (const struct ynode *v = root->child; v; v = v->next) {
		struct source_entry e = {0};

		if (!v->key || v->key->kind != YNODE_TEXT)
			continue;
		if (sources_find(out, v->key->text)) {
			sig_complain(src, v->key->line, v->key->col, "keep one of them",
				     "duplicate key %s", v->key->text);
			continue;
		}
		sig_take_map(src, v, f, ARRAY_LEN(f), &e, "a source");
		e.key = strdup(v->key->text);
		if (!put(out, e))
			return false;
	}
	return true;
}

static bool load_one(struct source_list *out, const char *path, struct sig_problems *problems)
{
	struct sig_src src = {.path = path, .problems = problems};
	struct sig_file file = {0};
	struct ytree tree = {0};
	bool ok = true;
	const char *why = sig_file_read(path, &file);

	if (why) {
		sig_complain(&src, 0, 0, NULL, "%s", why);
		return true;
	}
	src.text = (struct bytes){file.at, file.len};
	if (file.len > LIMIT_SIG_BYTES)
		sig_complain(&src, 0, 0, NULL, "longer than %d bytes", LIMIT_SIG_BYTES);
	else if (sig_text_check(&src) && ytree_read(&src, &tree) && tree.root)
		ok = take_all(&src, tree.root, out);
	ytree_free(&tree);
	sig_file_free(&file);
	return ok;
}

bool sources_load(struct source_list *out, const char *const *dirs, size_t n_dirs,
		  struct sig_problems *problems)
{
	*out = (struct source_list){0};
	for (size_t i = 0; i < n_dirs; i++) {
		char *path = NULL;
		bool ok = true;

		if (asprintf(&path, "%s/SOURCES.yaml", dirs[i]) < 0)
			return false;
		if (access(path, F_OK) == 0)
			ok = load_one(out, path, problems);
		free(path);
		if (!ok)
			return false;
	}
	return true;
}

const struct source_entry *sources_find(const struct source_list *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].key, key) == 0)
			return &l->at[i];
	return NULL;
}

void sources_free(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		entry_free(&l->at[i]);
	free(l->at);
	*l = (struct source_list){0};
}

static const char *key_at(const void *list, size_t i)
{
	return ((const struct source_entry *)list)[i].key;
}

/* Whether a mechanism of the technique asks for the same. */
static bool of_mechanism(const struct sig_set *set, enum technique technique, const struct term *t)
{
	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *m = sig_set_at(set, i);

		if (m->kind != SIG_MECHANISM || m->technique != technique)
			continue;
		for (uint32_t k = 0; k < m->n_when; k++)
			if (sig_term_same(&m->when[k], t))
				return true;
	}
	return false;
}

static void check_own_terms(const struct sig_set *set, const struct signature *s,
			    struct sig_problems *problems)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_when; i++)
		n += !of_mechanism(set, s->technique, &s->when[i]);
	if (n < 2)
		sig_complain_later(s, problems, s->when[0].line, s->when[0].col, "status: draft",
				   "active needs two terms in when that its mechanism has not");
}

void sig_check_set(const struct sig_set *set, const struct source_list *known,
		   struct sig_problems *problems)
{
	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);

		if (s->kind == SIG_MIDDLEBOX && s->status == SIG_ACTIVE)
			check_own_terms(set, s, problems);
		for (uint32_t k = 0; k < s->n_sources && known->n; k++)
			if (!sources_find(known, s->source[k].key))
				sig_complain_later(
					s, problems, s->source[k].line, s->source[k].col,
					sig_nearest(s->source[k].key, key_at, known->at, known->n),
					"SOURCES.yaml does not say what the key stands for");
	}
}
