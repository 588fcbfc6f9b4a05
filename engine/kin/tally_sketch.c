/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/tally_sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"

void sketch_add(struct sketch *s, uint64_t hash)
{
	uint64_t rest = hash / SKETCH_REGISTERS;
	uint8_t rank = rest ? (uint8_t)(__builtin_ctzll(rest) + 1) : 57;
	uint8_t *at = &s->at[hash % SKETCH_REGISTERS];

	if (rank > *at)
		*at = rank;
}

uint32_t sketch_count(const struct sketch *s)
{
	const double m = SKETCH_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
	double sum = 0, estimate;
	uint32_t empty = 0;

	for (int i = 0; i < SKETCH_REGISTERS; i++) {
		sum += ldexp(1, -s->at[i]);
		empty += s->at[i] == 0;
	}
	estimate = alpha * m * m / sum;
	if (estimate <= 2.5 * m && empty)
		estimate = m * log(m / empty);
	return estimate < UINT32_MAX ? (uint32_t)lround(estimate) : UINT32_MAX;
}

static double step_us(double step)
{
	return 1000 * exp2(step / 4);
}

void rtt_add(struct rtt_hist *h, int64_t rtt_ns)
{
	double step = rtt_ns > 1000000 ? 4 * log2((double)rtt_ns / 1e6) : 0;
	uint16_t *at = &h->at[step < RTT_STEPS - 1 ? (int)step : RTT_STEPS - 1];

	if (*at < UINT16_MAX)
		++*at;
}

uint32_t rtt_median_us(const struct rtt_hist *h)
{
	uint32_t all = 0, below = 0;
	int i = 0;

	for (int k = 0; k < RTT_STEPS; k++)
		all += h->at[k];
	if (!all)
		return 0;
	while ((below += h->at[i]) * 2 < all)
		i++;
	return (uint32_t)step_us(i + 0.5);
}

/* The key is fixed: places decide about speed only, and an address behind a prefix is not to be guessed from anything that is
 * written. Who chooses prefixes to share a bucket must own them: a key is told from TALLY_FLOOR clients on. */
static uint32_t bucket_of(const struct keyed_table *t, const struct tally_key *key)
{
	static const struct hash_key fixed = {19, 23};

	return (uint32_t)(keyhash(&fixed, key, sizeof(*key)) % t->cap);
}

struct keyed *keyed_at(const struct keyed_table *t, uint32_t i)
{
	return (struct keyed *)(void *)(t->at + i * t->size);
}

bool keyed_make(struct keyed_table *t, uint32_t cap, size_t size)
{
	*t = (struct keyed_table){
		.size = size, .cap = cap, .oldest = KEYED_NONE, .newest = KEYED_NONE, .free = 0};
	t->at = calloc(cap, size);
	t->bucket = malloc(cap * sizeof(*t->bucket));
	if (!t->at || !t->bucket)
		return false;
	memset(t->bucket, 0xff, cap * sizeof(*t->bucket));
	for (uint32_t i = 0; i < cap; i++)
		keyed_at(t, i)->newer = i + 1 < cap ? i + 1 : KEYED_NONE;
	return true;
}

void keyed_free(struct keyed_table *t)
{
	free(t->at);
	free(t->bucket);
	*t = (struct keyed_table){.at = NULL};
}

uint32_t keyed_find(const struct keyed_table *t, const struct tally_key *key)
{
	uint32_t i = t->bucket[bucket_of(t, key)];

	while (i != KEYED_NONE && memcmp(&keyed_at(t, i)->key, key, sizeof(*key)) != 0)
		i = keyed_at(t, i)->chain;
	return i;
}

static void link_newest(struct keyed_table *t, uint32_t i)
{
	struct keyed *k = keyed_at(t, i);

	k->older = t->newest;
	k->newer = KEYED_NONE;
	if (t->newest == KEYED_NONE)
		t->oldest = i;
	else
		keyed_at(t, t->newest)->newer = i;
	t->newest = i;
}

static void unlink_item(struct keyed_table *t, uint32_t i)
{
	struct keyed *k = keyed_at(t, i);

	if (k->older == KEYED_NONE)
		t->oldest = k->newer;
	else
		keyed_at(t, k->older)->newer = k->newer;
	if (k->newer == KEYED_NONE)
		t->newest = k->older;
	else
		keyed_at(t, k->newer)->older = k->older;
}

uint32_t keyed_put(struct keyed_table *t, const struct tally_key *key)
{
	uint32_t i = t->free, *bucket = &t->bucket[bucket_of(t, key)];
	struct keyed *k = keyed_at(t, i);

	t->free = k->newer;
	memset(k, 0, t->size);
	k->key = *key;
	k->used = true;
	k->chain = *bucket;
	*bucket = i;
	t->n++;
	link_newest(t, i);
	return i;
}

void keyed_touch(struct keyed_table *t, uint32_t i)
{
	if (t->newest == i)
		return;
	unlink_item(t, i);
	link_newest(t, i);
}

void keyed_remove(struct keyed_table *t, uint32_t i)
{
	struct keyed *k = keyed_at(t, i);
	uint32_t *at = &t->bucket[bucket_of(t, &k->key)];

	while (*at != i)
		at = &keyed_at(t, *at)->chain;
	*at = k->chain;
	unlink_item(t, i);
	k->used = false;
	k->newer = t->free;
	t->free = i;
	t->n--;
}
