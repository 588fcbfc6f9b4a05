/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "match/sig_impl.h"

/* What a middlebox signature rests on besides captures built here: captures that others published,
 * and which features each source states. A capture built from a description tests the reader and
 * not the description, so that it makes nobody's signature active. */

#define BAD(src, v, hint, ...) sig_complain(src, (v)->line, (v)->col, hint, __VA_ARGS__)

static const char *feat_name_at(const void *list, size_t i)
{
	(void)list;
	return feat_info((enum feat)i)->name;
}

void sig_take_fields(struct sig_src *src, const struct ynode *v, void *into)
{
	struct sig_source *s = into;
	void *room;
	uint32_t n = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->field), &room);
	const struct ynode *c = v->child;

	s->field = room;
	for (uint32_t i = 0; i < n; i++, c = c->next) {
		const char *text = c->kind == YNODE_BAD ? NULL : sig_text_of(src, c);

		if (!text)
			continue;
		if (feat_find(text, strlen(text), &s->field[s->n_fields]))
			s->n_fields++;
		else
			BAD(src, c, sig_nearest(text, feat_name_at, NULL, FEAT_N),
			    "there is no feature %s", text);
	}
}

static void take_repo(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v), *slash = text ? strchr(text, '/') : NULL;

	if (text && (!slash || slash == text || !slash[1] || strchr(slash + 1, '/')))
		BAD(src, v, "owner/name", "%s names no repository", text);
	else if (text)
		sig_take_text(src, v, &((struct sig_capture *)into)->repo);
}

static void take_commit(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);

	if (text && (strlen(text) != 40 || strspn(text, "0123456789abcdef") != 40))
		BAD(src, v, NULL,
		    "a commit is 40 digits 0-9, a-f: a name may come to mean another");
	else if (text)
		sig_take_text(src, v, &((struct sig_capture *)into)->commit);
}

static void take_path(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);

	if (text && (text[0] == '/' || strstr(text, "..")))
		BAD(src, v, NULL, "a capture's path begins at the top of its repository");
	else if (text)
		sig_take_text(src, v, &((struct sig_capture *)into)->path);
}

static void take_frames(struct sig_src *src, const struct ynode *v, void *into)
{
	struct sig_capture *cap = into;
	void *room;
	uint32_t n = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*cap->frame), &room);
	const struct ynode *c = v->child;

	cap->frame = room;
	for (uint32_t i = 0; i < n; i++, c = c->next) {
		const char *text = c->kind == YNODE_BAD ? NULL : sig_text_of(src, c);
		int64_t frame = 0;

		if (!text)
			continue;
		if (units_read_int(text, strlen(text), &frame) != UNITS_OK || frame < 1)
			BAD(src, c, NULL, "%s is no frame number; the first frame is 1", text);
		else
			cap->frame[cap->n_frames++] = (uint64_t)frame;
	}
	if (!n && v->kind == YNODE_LIST)
		BAD(src, v, "frames: [12, 13]", "no frame is named");
}

void sig_take_captures(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {{"repo", true, KEY_N, take_repo},
					     {"commit", true, KEY_N, take_commit},
					     {"path", true, KEY_N, take_path},
					     {"frames", true, KEY_N, take_frames}};
	struct signature *s = src->sig;
	void *room;
	const struct ynode *c = v->child;

	(void)into;
	s->n_captures = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->capture), &room);
	s->capture = room;
	for (uint32_t i = 0; i < s->n_captures; i++, c = c->next) {
		s->capture[i].line = c->line;
		s->capture[i].col = c->col;
		sig_take_map(src, c, f, ARRAY_LEN(f), &s->capture[i], "a capture");
	}
}

static bool asks(const struct term *t, uint32_t n, enum feat f)
{
	for (uint32_t i = 0; i < n; i++)
		if (t[i].feat == f)
			return true;
	return false;
}

static bool states(const struct sig_source *s, enum feat f)
{
	for (uint32_t i = 0; i < s->n_fields; i++)
		if (s->field[i] == f)
			return true;
	return false;
}

/* Two sources that somebody read themselves and that agree on a feature of `when`. */
static bool stated_twice(const struct signature *s)
{
	for (uint32_t w = 0; w < s->n_when; w++) {
		const char *first = NULL;

		for (uint32_t i = 0; i < s->n_sources; i++) {
			const struct sig_source *c = &s->source[i];

			if (!c->key || !c->read || strcmp(c->read, "primary") != 0 ||
			    !states(c, s->when[w].feat))
				continue;
			if (first && strcmp(first, c->key) != 0)
				return true;
			first = c->key;
		}
	}
	return false;
}

void sig_check_evidence(struct sig_src *src)
{
	const struct signature *s = src->sig;

	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct sig_source *c = &s->source[i];

		for (uint32_t k = 0; k < c->n_fields && !src->terms_lost; k++)
			if (!asks(s->when, s->n_when, c->field[k]) &&
			    !asks(s->unless, s->n_unless, c->field[k]) &&
			    !asks(s->supports, s->n_supports, c->field[k]))
				sig_complain(src, c->line, c->col, "take it out of fields",
					     "a source for %s, which no term asks for",
					     feat_info(c->field[k])->name);
	}
	if (s->id && s->kind == SIG_MIDDLEBOX && s->status == SIG_ACTIVE && !src->terms_lost &&
	    !s->n_captures && !stated_twice(s))
		sig_complain_at(
			src, KEY_STATUS, "draft",
			"active needs captures: of others, or two primary sources with the same "
			"feature of when in their fields");
}
