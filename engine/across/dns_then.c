/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/dns_then.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4 };
/* unsourced: how long an answer is used; see the header. */
static const int64_t used_ns = INT64_C(300) * 1000000000;

struct visit {
	uint64_t key; /* of client, address and name; 0: free */
	int64_t ts_ns;
	uint64_t frame_no;
	uint32_t what;
};

struct dns_then {
	uint64_t evicted;
	/* from 1: a new one empties every set of places without touching it; of a set, when it was written last */
	uint32_t series, set_series[LIMIT_THEN_VISITS / WAYS];
	struct visit visit[LIMIT_THEN_VISITS];
};

struct dns_then *dns_then_new(void)
{
	struct dns_then *t = calloc(1, sizeof(*t));

	if (t)
		t->series = 1;
	return t;
}

void dns_then_free(struct dns_then *t)
{
	free(t);
}

void dns_then_clear(struct dns_then *t)
{
	t->series++;
	t->evicted = 0;
}

uint64_t dns_then_evicted(const struct dns_then *t)
{
	return t->evicted;
}

static uint64_t key_of(const struct then_note *n)
{
	static const struct hash_key key = {31, 37};
	uint8_t b[32 + 255];
	size_t len = n->name_len < 255 ? n->name_len : 255;
	uint64_t h;

	memcpy(b, n->client, 16);
	memcpy(b + 16, n->addr, 16);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)n->name[i];

		b[32 + i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
	}
	h = keyhash(&key, b, 32 + len);
	return h ? h : 1;
}

void dns_then_note(struct dns_then *t, const struct then_note *n)
{
	uint64_t k = key_of(n);
	size_t set = k % (LIMIT_THEN_VISITS / WAYS) * WAYS, old = set;
	struct visit *v = t->visit;

	for (size_t i = set; t->set_series[set / WAYS] != t->series && i < set + WAYS; i++)
		v[i].key = 0;
	t->set_series[set / WAYS] = t->series;
	for (size_t i = set; i < set + WAYS; i++) {
		if (v[i].key == k) {
			old = i;
			break;
		}
		if (!v[i].key || (v[old].key && v[i].ts_ns < v[old].ts_ns))
			old = i;
	}
	if (v[old].key != k) {
		t->evicted += v[old].key != 0;
		v[old] = (struct visit){.key = k};
	}
	v[old].ts_ns = n->ts_ns;
	v[old].frame_no = n->frame_no;
	v[old].what |= n->what;
}

struct then_answer dns_then_ask(const struct dns_then *t, const struct then_note *n)
{
	uint64_t k = key_of(n);
	size_t set = k % (LIMIT_THEN_VISITS / WAYS) * WAYS;

	for (size_t i = set; t->set_series[set / WAYS] == t->series && i < set + WAYS; i++) {
		const struct visit *v = &t->visit[i];

		if (v->key == k && v->ts_ns >= n->ts_ns && v->ts_ns - n->ts_ns <= used_ns)
			return (struct then_answer){v->what, v->frame_no};
	}
	return (struct then_answer){0};
}
