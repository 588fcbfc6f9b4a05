/* SPDX-License-Identifier: BSD-3-Clause */
/* Bin by bin: what is expected of each key, what the others had, and then each key's own tests. Nothing here depends on the numbers
 * that keys stand under: the same series from a file and from packets give the same outages. */
#include "kin/outage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kin/outage_impl.h"

/* An expectation from fewer bins than these is none: 2 hours. */
enum { LEARN_BINS = 24 };

/* METHODS j.1; and for a level without a season, which must follow the day. */
static const double level_share = 0.02, level_least = 0.001, flat_share = 0.05, slow_share = 0.005;
/* of a mean's weight: 24 bins at level_share */
static const double level_weight = 0.38;

const char *outage_basis_name(enum outage_basis b)
{
	static const char *const name[] = {"recent", "days", "weeks"};

	return name[b];
}

const char *outage_sign_name(enum outage_sign s)
{
	return s == OUTAGE_CUSUM   ? "cusum"
	       : s == OUTAGE_IDLE  ? "idle"
	       : s == OUTAGE_CHART ? "chart"
				   : "failing";
}

struct outages *outages_new(void)
{
	struct outages *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->key = calloc(LIMIT_TALLY_KEYS, sizeof(*o->key));
	o->order = malloc(LIMIT_TALLY_KEYS * sizeof(*o->order));
	o->rank = malloc(LIMIT_TALLY_KEYS * sizeof(*o->rank));
	if (!o->key || !o->order || !o->rank) {
		outages_free(o);
		return NULL;
	}
	return o;
}

void outages_free(struct outages *o)
{
	if (!o)
		return;
	free(o->key);
	free(o->order);
	free(o->rank);
	free(o->found);
	free(o);
}

static uint32_t *country_place(struct outages *o, const struct tally_key *key)
{
	uint32_t a = (uint8_t)key->country[0] - 'A', b = (uint8_t)key->country[1] - 'A';

	return a < 26 && b < 26 ? &o->country[a * 26 + b] : NULL;
}

struct key_state *outage_country(const struct outages *o, const struct tally_key *key)
{
	uint32_t *at = country_place((struct outages *)o, key);

	return at && *at ? &o->key[*at - 1] : NULL;
}

bool outage_held(const struct outages *o, const struct key_state *k)
{
	const struct key_state *c = outage_country(o, &k->key);

	return c && c != k && c->here && c->watch.down;
}

static void on_key(void *arg, uint32_t no, const struct tally_key *key)
{
	struct outages *o = arg;
	struct key_state *k = &o->key[no];

	if (no >= o->n_keys)
		o->n_keys = no + 1;
	if (!k->known || memcmp(&k->key, key, sizeof(*key)) != 0) {
		uint32_t *at = country_place(o, &k->key);

		if (k->known && k->watch.down)
			outage_put(o, k, false);
		if (k->known && k->key.scope == TALLY_COUNTRY && at && *at == no + 1)
			*at = 0;
		memset(k, 0, sizeof(*k));
		k->key = *key;
		k->known = true;
		season_reset(&k->season);
		at = country_place(o, key);
		if (key->scope == TALLY_COUNTRY && at)
			*at = no + 1;
	}
	k->here = true;
}

static void on_gone(void *arg, uint32_t no)
{
	struct outages *o = arg;

	o->key[no].here = false;
}

static void expect(struct key_state *k, int64_t start_s)
{
	double usual = season_usual(&k->season, start_s, &k->now_basis);
	bool flat;

	/* A level over the season from a few bins is none. */
	if (k->usual.weight < level_weight)
		k->now_basis = OUTAGE_RECENT;

	flat = k->now_basis == OUTAGE_RECENT;
	k->now_y = tally_ok(&k->c);
	k->now_m = -1;
	/* While something is wrong the level stays what it was; a level with a season is none without. */
	if (k->watch.start_s && k->watch.level > 0) {
		if (k->watch.flat)
			k->now_m = k->watch.level;
		else if (!flat)
			k->now_m = usual * k->watch.level;
		if (k->watch.down || k->watch.flat == flat)
			return;
		memset(&k->watch, 0, sizeof(k->watch));
		k->cusum = 0;
	}
	if (!flat && mean_of(&k->usual) > 0)
		k->now_m = usual * mean_of(&k->y) / mean_of(&k->usual);
	else if (flat)
		k->now_m = k->learnt >= LEARN_BINS ? mean_of(&k->flat) : -1;
}

/* The level that `expect` goes by, without the season. */
static double level_of(const struct key_state *k)
{
	if (k->now_basis == OUTAGE_RECENT)
		return mean_of(&k->flat);
	return mean_of(&k->usual) > 0 ? mean_of(&k->y) / mean_of(&k->usual) : 0;
}

static void learn(struct outages *o, struct key_state *k, int64_t start_s)
{
	enum outage_basis basis;
	double usual = season_usual(&k->season, start_s, &basis), share;
	bool sound = !k->watch.down && !outage_held(o, k) &&
		     !(k->now_c >= 0 && k->now_c < OUTAGE_OWN_TROUBLE);

	if (!sound)
		return;
	season_add(&k->season, start_s, k->now_y);
	k->learnt += k->learnt < UINT32_MAX;
	mean_add(&k->flat, k->now_y, flat_share);
	/* Over 50 bins, and of a sparse key over as many as have 100 flows: else its level is noise. */
	share = fmax(level_least, fmin(level_share, mean_of(&k->ok) / 100));
	if (basis != OUTAGE_RECENT) {
		mean_add(&k->y, k->now_y, share);
		mean_add(&k->usual, usual, share);
	}
	mean_add(&k->clients, k->c.clients, slow_share);
	mean_add(&k->ok, k->now_y, slow_share);
	for (int i = 0; i < TALLY_KINDS; i++)
		mean_add(&k->kind[i], k->c.kind[i], slow_share);
	if (k->now_m >= 0) {
		double off = k->now_y - k->now_m;

		/* What is more than twice the expected is no dispersion but an event. */
		off = fmin(off, k->now_m + 3);
		mean_add(&k->square, off * off - k->now_m, slow_share);
		mean_add(&k->power, k->now_m * k->now_m, slow_share);
	}
	if (!k->watch.start_s) {
		k->watch.level = level_of(k);
		k->watch.flat = k->now_basis == OUTAGE_RECENT;
	}
}

static void on_bin(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n)
{
	struct outages *o = arg;

	o->last_s = start_s;
	for (uint32_t i = 0; i < o->n_keys; i++) {
		struct key_state *k = &o->key[i];

		memset(&k->c, 0, sizeof(k->c));
	}
	for (uint32_t i = 0; i < n; i++)
		o->key[row[i].no].c = row[i].c;
	for (uint32_t i = 0; i < o->n_keys; i++)
		if (o->key[i].here)
			expect(&o->key[i], start_s);
	outage_compare(o);
	/* A country before its networks: what it is held down by is known when they are asked. */
	for (int scope = TALLY_ALL; scope < TALLY_SCOPES; scope++)
		for (uint32_t i = 0; i < o->n_keys; i++)
			if (o->key[i].here && o->key[i].key.scope == scope)
				outage_step(o, &o->key[i], start_s);
	for (uint32_t i = 0; i < o->n_keys; i++) {
		struct key_state *k = &o->key[i];

		if (k->here)
			learn(o, k, start_s);
	}
}

struct tally_hears outages_hears(struct outages *o)
{
	return (struct tally_hears){.arg = o, .key = on_key, .gone = on_gone, .bin = on_bin};
}

size_t outages_n(const struct outages *o)
{
	return o->n_found;
}

const struct outage *outages_at(const struct outages *o, size_t i)
{
	return &o->found[i];
}

uint64_t outages_left_out(const struct outages *o)
{
	return o->left_out;
}
