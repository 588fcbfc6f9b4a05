/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "match/sig_impl.h"

/* Maps, lists and texts of a signature's tree, with their complaints; which keys there are is
 * sig_keys.c's. */

#define BAD(src, v, hint, ...) sig_complain(src, (v)->line, (v)->col, hint, __VA_ARGS__)

static const char *field_name(const void *list, size_t i)
{
	return ((const struct sig_field *)list)[i].key;
}

static bool key_seen_before(const struct ynode *first, const struct ynode *v)
{
	for (const struct ynode *p = first; p != v; p = p->next)
		if (p->key && p->key->kind == YNODE_TEXT && strcmp(p->key->text, v->key->text) == 0)
			return true;
	return false;
}

static void take_pair(struct sig_src *src, const struct ynode *map, const struct ynode *v,
		      const struct sig_field *f, size_t n, void *into)
{
	const struct ynode *key = v->key;
	size_t i;

	if (!key || key->kind != YNODE_TEXT)
		return;
	if (key->plain && strcmp(key->text, "<<") == 0) {
		BAD(src, key, "write the keys out", "merge keys (<<) are not allowed");
		return;
	}
	if (key_seen_before(map->child, v)) {
		BAD(src, key, "keep one of them", "duplicate key %s", key->text);
		return;
	}
	for (i = 0; i < n && strcmp(f[i].key, key->text) != 0; i++)
		;
	if (i == n) {
		BAD(src, key, sig_nearest(key->text, field_name, f, n), "unknown key %s",
		    key->text);
		return;
	}
	if (f[i].mark != KEY_N) {
		src->at[f[i].mark] = (struct sig_mark){v->line, v->col};
		src->have[f[i].mark] = true;
	}
	if (v->kind != YNODE_BAD)
		f[i].take(src, v, into);
}

void sig_take_map(struct sig_src *src, const struct ynode *map, const struct sig_field *f, size_t n,
		  void *into, const char *what)
{
	if (map->kind == YNODE_BAD)
		return;
	if (map->kind != YNODE_MAP) {
		BAD(src, map, "key: value", "%s must hold keys and values", what);
		return;
	}
	for (const struct ynode *v = map->child; v; v = v->next)
		take_pair(src, map, v, f, n, into);
	for (size_t i = 0; i < n; i++) {
		const struct ynode *v = map->child;

		while (v && (!v->key || v->key->kind != YNODE_TEXT ||
			     strcmp(v->key->text, f[i].key) != 0))
			v = v->next;
		if (f[i].required && !v)
			BAD(src, map, f[i].key, "%s lacks the key %s", what, f[i].key);
	}
}

const char *sig_text_of(struct sig_src *src, const struct ynode *v)
{
	if (v->kind != YNODE_TEXT) {
		BAD(src, v, NULL, "%s must be a text", v->key ? v->key->text : "this");
		return NULL;
	}
	if (!v->text[0]) {
		BAD(src, v, NULL, "%s is empty", v->key ? v->key->text : "this");
		return NULL;
	}
	return v->text;
}

void sig_take_text(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);
	char **out = into;

	if (!text)
		return;
	*out = strdup(text);
	if (!*out)
		BAD(src, v, NULL, "out of memory");
}

int sig_take_word(struct sig_src *src, const struct ynode *v, const char *const *word, size_t n)
{
	const char *text = sig_text_of(src, v);
	char all[256];
	size_t at = 0;

	if (!text)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(word[i], text) == 0)
			return (int)i;
	all[0] = '\0';
	for (size_t i = 0; i < n && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "", word[i]);
	BAD(src, v, sig_nearest_of(text, word, n), "%s is %s; it must be one of %s",
	    v->key ? v->key->text : "this", text, all);
	return -1;
}

uint32_t sig_list_of(struct sig_src *src, const struct ynode *v, uint32_t max, size_t size,
		     void **room)
{
	uint32_t n = 0;

	*room = NULL;
	if (v->kind == YNODE_TEXT && !v->text[0])
		return 0; /* `unless:` with nothing behind it */
	if (v->kind != YNODE_LIST) {
		BAD(src, v, "- one item a line", "%s must be a list",
		    v->key ? v->key->text : "this");
		return 0;
	}
	for (const struct ynode *c = v->child; c; c = c->next)
		n++;
	if (n > max) {
		BAD(src, v, NULL, "%s has %u items; the limit is %u",
		    v->key ? v->key->text : "this", n, max);
		return 0;
	}
	*room = n ? calloc(n, size) : NULL;
	if (n && !*room) {
		BAD(src, v, NULL, "out of memory");
		return 0;
	}
	return n;
}
