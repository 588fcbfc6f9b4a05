/* SPDX-License-Identifier: BSD-3-Clause */
#include "evidence/evidence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Values stand in a growing array of pointers in order of feature id, so that a case with ten
 * facts costs ten, not FEAT_N, and what evidence_get() gave stays where it is when another
 * feature is put. */
struct evidence {
	enum ev_case kase;
	uint32_t lost;
	uint32_t n, room;
	struct ev_value **at;
	uint32_t n_suspects, room_suspects;
	uint64_t *suspect;
};

struct evidence *evidence_new(enum ev_case kase)
{
	struct evidence *ev = calloc(1, sizeof(*ev));

	if (ev)
		ev->kase = kase;
	return ev;
}

static void value_free(struct ev_value *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i < v->n_text; i++)
		free(v->text[i]);
	free(v);
}

void evidence_free(struct evidence *ev)
{
	if (!ev)
		return;
	for (uint32_t i = 0; i < ev->n; i++)
		value_free(ev->at[i]);
	free(ev->at);
	free(ev->suspect);
	free(ev);
}

enum ev_case evidence_case(const struct evidence *ev)
{
	return ev->kase;
}

/* Where feature `id` stands, or would stand. */
static uint32_t place_of(const struct evidence *ev, enum feat id)
{
	uint32_t lo = 0, hi = ev->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ev->at[mid]->feat < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct ev_value *value_at(const struct evidence *ev, enum feat id)
{
	uint32_t i = place_of(ev, id);

	return i < ev->n && ev->at[i]->feat == id ? ev->at[i] : NULL;
}

/* Puts `v` in its place, in exchange for what stood there; NULL only takes that away. Takes
 * ownership of v. */
static void store(struct evidence *ev, enum feat id, struct ev_value *v)
{
	uint32_t i = place_of(ev, id);
	bool there = i < ev->n && ev->at[i]->feat == id;

	if (there)
		value_free(ev->at[i]);
	if (there && v) {
		ev->at[i] = v;
		return;
	}
	if (there) {
		memmove(ev->at + i, ev->at + i + 1, (ev->n - i - 1) * sizeof(*ev->at));
		ev->n--;
	}
	if (!v)
		return;
	if (ev->n == ev->room) {
		uint32_t room = ev->room ? ev->room * 2 : 16;
		struct ev_value **at = realloc(ev->at, room * sizeof(*at));

		if (!at) {
			value_free(v);
			ev->lost++;
			return;
		}
		ev->at = at;
		ev->room = room;
	}
	memmove(ev->at + i + 1, ev->at + i, (ev->n - i) * sizeof(*ev->at));
	ev->at[i] = v;
	ev->n++;
}

/* Frame numbers count from 1: 0 means that no frame is to be named. */
static void add_frame(struct ev_value *v, uint64_t frame)
{
	if (!frame)
		return;
	for (uint32_t i = 0; i < v->n_frames; i++)
		if (v->frame[i] == frame)
			return;
	v->n_frames_all++;
	if (v->n_frames < EV_FRAMES_MAX)
		v->frame[v->n_frames++] = frame;
}

static bool is_text(enum unit u)
{
	return u == UNIT_TOKEN || u == UNIT_TEXT || u == UNIT_ADDR;
}

static void check_feature(const struct evidence *ev, enum feat id, bool text)
{
	const struct feat_info *f = feat_info(id);

	assert(id < FEAT_N && is_text(f->unit) == text);
	assert(f->kase == CASE_ANY || f->kase == ev->kase);
	/* assert() may be compiled out. */
	(void)f;
	(void)ev;
	(void)text;
}

void evidence_put(struct evidence *ev, enum feat id, int64_t num, const uint64_t *frames, size_t n)
{
	struct ev_value *v = calloc(1, sizeof(*v));

	check_feature(ev, id, false);
	if (!v)
		ev->lost++;
	for (size_t i = 0; v && i < n; i++)
		add_frame(v, frames[i]);
	if (v) {
		v->feat = id;
		v->num = num;
	}
	store(ev, id, v);
}

void evidence_put1(struct evidence *ev, enum feat id, int64_t num, uint64_t frame)
{
	evidence_put(ev, id, num, &frame, 1);
}

static bool token_known(enum feat id, const char *text, size_t len)
{
	const char *t = feat_info(id)->tokens;

	while (t) {
		size_t n = strcspn(t, "|");

		if (n == len && memcmp(t, text, n) == 0)
			return true;
		t = t[n] ? t + n + 1 : NULL;
	}
	return false;
}

/* A copy of text from packets. NUL would end it early and make it equal to its own beginning;
 * 0x01 in its place is a byte that no signature can write. A text that is cut equals no literal
 * either: those are shorter (LIMIT_SIG_LITERAL). */
static char *text_copy(const char *text, size_t len)
{
	size_t n = len < EV_TEXT_BYTES ? len : EV_TEXT_BYTES;
	char *out = malloc(n + 1);

	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++)
		out[i] = text[i] ? text[i] : '\x01';
	out[n] = '\0';
	return out;
}

void evidence_put_text(struct evidence *ev, enum feat id, const char *text, size_t len,
		       uint64_t frame)
{
	struct ev_value *v = calloc(1, sizeof(*v));

	check_feature(ev, id, true);
	assert(feat_info(id)->unit != UNIT_TOKEN || token_known(id, text, len));
	if (v)
		v->text[0] = text_copy(text, len);
	if (!v || !v->text[0]) {
		ev->lost++;
		free(v);
		store(ev, id, NULL);
		return;
	}
	v->feat = id;
	v->n_text = 1;
	add_frame(v, frame);
	store(ev, id, v);
}

void evidence_add_text(struct evidence *ev, enum feat id, const char *text, size_t len,
		       uint64_t frame)
{
	struct ev_value *v = value_at(ev, id);

	check_feature(ev, id, true);
	assert(feat_info(id)->unit != UNIT_TOKEN);
	if (!v) {
		evidence_put_text(ev, id, text, len, frame);
		return;
	}
	if (v->n_text < EV_TEXTS_MAX)
		v->text[v->n_text] = text_copy(text, len);
	if (v->n_text == EV_TEXTS_MAX || !v->text[v->n_text]) {
		ev->lost++;
		return;
	}
	v->n_text++;
	add_frame(v, frame);
}

const struct ev_value *evidence_get(const struct evidence *ev, enum feat id)
{
	return value_at(ev, id);
}

size_t evidence_n(const struct evidence *ev)
{
	return ev->n;
}

const struct ev_value *evidence_at(const struct evidence *ev, size_t i)
{
	return i < ev->n ? ev->at[i] : NULL;
}

uint32_t evidence_lost(const struct evidence *ev)
{
	return ev->lost;
}

static bool suspect_room(struct evidence *ev)
{
	uint32_t room = ev->room_suspects ? ev->room_suspects * 2 : 8;
	uint64_t *at;

	if (ev->n_suspects < ev->room_suspects)
		return true;
	if (room > EV_SUSPECTS_MAX)
		return false;
	at = realloc(ev->suspect, room * sizeof(*at));
	if (!at)
		return false;
	ev->suspect = at;
	ev->room_suspects = room;
	return true;
}

void evidence_suspect(struct evidence *ev, uint64_t frame)
{
	uint32_t i = ev->n_suspects;

	/* They mostly come in order: from the end. */
	while (i && ev->suspect[i - 1] > frame)
		i--;
	if (!frame || (i && ev->suspect[i - 1] == frame))
		return;
	if (!suspect_room(ev)) {
		ev->lost++;
		return;
	}
	memmove(ev->suspect + i + 1, ev->suspect + i, (ev->n_suspects - i) * sizeof(*ev->suspect));
	ev->suspect[i] = frame;
	ev->n_suspects++;
}

size_t evidence_suspects(const struct evidence *ev, const uint64_t **out)
{
	*out = ev->suspect;
	return ev->n_suspects;
}

static struct ev_value *value_copy(const struct ev_value *from)
{
	struct ev_value *v = malloc(sizeof(*v));

	if (!v)
		return NULL;
	*v = *from;
	v->n_text = 0;
	for (uint32_t i = 0; i < from->n_text; i++) {
		v->text[i] = strdup(from->text[i]);
		if (!v->text[i]) {
			value_free(v);
			return NULL;
		}
		v->n_text++;
	}
	return v;
}

struct evidence *evidence_copy(const struct evidence *ev)
{
	struct evidence *c = evidence_new(ev->kase);

	if (!c)
		return NULL;
	for (uint32_t i = 0; i < ev->n; i++) {
		struct ev_value *v = value_copy(ev->at[i]);

		if (!v)
			goto out_free;
		store(c, v->feat, v);
	}
	for (uint32_t i = 0; i < ev->n_suspects; i++)
		evidence_suspect(c, ev->suspect[i]);
	if (c->lost)
		goto out_free;
	c->lost = ev->lost;
	return c;

out_free:
	evidence_free(c);
	return NULL;
}
