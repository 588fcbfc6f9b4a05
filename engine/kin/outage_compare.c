/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's own failure, its maintenance, a full disk: then all keys fall together, and none of them is an outage. So each key is
 * laid beside the others: the weighted median of what they had of what was expected. A median, since another country's outage must not
 * excuse this one's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kin/outage_impl.h"

enum {
	BLOCKS_MIN = 3,
	BLOCK_WEIGHT = 50,    /* flows; nobody weighs more */
	BLOCKS_EXCLUDED = 64, /* among more, one's own part is too small to matter */
};
static const double block_flows = 3, rest_flows = 10;

static bool is_block(const struct key_state *k, int scope)
{
	return k->here && k->key.scope == scope && k->now_m >= block_flows;
}

/* Countries, if there are enough of them; else networks; else prefixes. Their number into *n. */
static int blocks_of(const struct outages *o, uint32_t *n)
{
	for (int scope = TALLY_COUNTRY; scope < TALLY_SCOPES; scope++) {
		*n = 0;
		for (uint32_t i = 0; i < o->n_keys; i++)
			*n += is_block(&o->key[i], scope);
		if (*n > BLOCKS_MIN)
			return scope;
	}
	return TALLY_SCOPES;
}

/* Does one of them hold the other, or are they parts of one? Then they fall together. */
static bool related(const struct tally_key *a, const struct tally_key *b)
{
	if (a->country[0] && !memcmp(a->country, b->country, 2))
		return true;
	if (a->network && a->network == b->network)
		return true;
	return a->scope == TALLY_PREFIX && !memcmp(a, b, sizeof(*a));
}

static void sort_blocks(struct outages *o, int scope)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_keys; i++) {
		const struct key_state *k = &o->key[i];
		uint32_t at = n;

		if (!is_block(k, scope))
			continue;
		n++;
		o->rank[i] = k->now_y / k->now_m;
		o->order[at] = i;
	}
	/* Shell's sort (1959), without a context that qsort() has no room for. Ties by key: numbers decide nothing. */
	for (uint32_t gap = n / 2; gap; gap /= 2)
		for (uint32_t i = gap; i < n; i++) {
			uint32_t x = o->order[i], at = i;

			for (; at >= gap; at -= gap) {
				uint32_t y = o->order[at - gap];

				if (o->rank[y] < o->rank[x] ||
				    (!(o->rank[y] > o->rank[x]) &&
				     memcmp(&o->key[y].key, &o->key[x].key, sizeof(o->key[x].key)) <
					     0))
					break;
				o->order[at] = y;
			}
			o->order[at] = x;
		}
}

/* The weighted median over those that `but` is no part of; NULL: over all. Below 0 when they are too few. */
static double median(const struct outages *o, uint32_t n, const struct key_state *but)
{
	double all = 0, below = 0;
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct key_state *k = &o->key[o->order[i]];

		if (but && related(&but->key, &k->key))
			continue;
		all += fmin(k->now_m, BLOCK_WEIGHT);
		used++;
	}
	if (used < BLOCKS_MIN)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		const struct key_state *k = &o->key[o->order[i]];

		if (but && related(&but->key, &k->key))
			continue;
		below += fmin(k->now_m, BLOCK_WEIGHT);
		if (2 * below >= all)
			return o->rank[o->order[i]];
	}
	return -1;
}

static const struct key_state *whole(const struct outages *o)
{
	for (uint32_t i = 0; i < o->n_keys; i++)
		if (o->key[i].here && o->key[i].key.scope == TALLY_ALL)
			return &o->key[i];
	return NULL;
}

/* With too few to choose a median from: all that is not the key's own. */
static double rest(const struct outages *o, const struct key_state *all, const struct key_state *k)
{
	const struct key_state *own = outage_country(o, &k->key);
	double m;

	if (!own || !own->here || own->now_m < 0)
		own = k;
	if (!all || all->now_m < 0 || own->now_m < 0)
		return -1;
	m = all->now_m - own->now_m;
	return m < rest_flows ? -1 : fmax(0, all->now_y - own->now_y) / m;
}

/* The best that any part with flows enough had: the whole has no outage while one of its parts goes on. */
static double best(const struct outages *o)
{
	double most = -1;

	for (uint32_t i = 0; i < o->n_keys; i++) {
		const struct key_state *k = &o->key[i];

		if (k->here && k->key.scope != TALLY_ALL && k->now_m >= block_flows)
			most = fmax(most, k->now_y / k->now_m);
	}
	return most;
}

void outage_compare(struct outages *o)
{
	const struct key_state *all = whole(o);
	uint32_t n;
	int scope = blocks_of(o, &n);
	double of_all = -1;

	if (scope < TALLY_SCOPES) {
		sort_blocks(o, scope);
		of_all = median(o, n, NULL);
	}
	for (uint32_t i = 0; i < o->n_keys; i++) {
		struct key_state *k = &o->key[i];

		if (!k->here)
			continue;
		k->now_c = of_all >= 0 || k->key.scope != TALLY_ALL ? of_all : best(o);
		if (k->key.scope == TALLY_ALL)
			continue;
		if (n <= BLOCKS_EXCLUDED || scope == TALLY_SCOPES)
			k->now_c = scope < TALLY_SCOPES ? median(o, n, k) : -1;
		if (k->now_c < 0)
			k->now_c = rest(o, all, k);
	}
}
