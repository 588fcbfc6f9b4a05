/* SPDX-License-Identifier: BSD-3-Clause */
/* From what was watched to what is told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kin/outage_impl.h"

/* Flows of a kind from which on its part tells something; of a network, whether it fell too. */
static const double kind_flows = 20, network_flows = 10;
/* Outages that begin within this of one another fell together. */
enum { TOGETHER_S = 15 * 60, NETWORKS_MIN = 3 };
static const double likely_depth = 0.8, likely_lo = 0.6, likely_flows = 50, others_usual = 0.7;

void outage_children(struct outages *o, const struct key_state *country)
{
	for (uint32_t i = 0; i < o->n_keys; i++) {
		struct key_state *k = &o->key[i];

		if (k->key.scope != TALLY_NETWORK ||
		    memcmp(k->key.country, country->key.country, 2) != 0)
			continue;
		k->fell_y = k->fell_m = 0;
		for (int r = 0; r < RECENT_BINS; r++)
			/* of this bin: outage_step() adds it, networks come after countries */
			if (k->recent[r].start_s >= country->watch.start_s &&
			    k->recent[r].start_s < country->watch.last_s) {
				k->fell_y += k->recent[r].y;
				k->fell_m += k->recent[r].m;
			}
	}
}

static void count_networks(const struct outages *o, struct outage *e)
{
	for (uint32_t i = 0; i < o->n_keys; i++) {
		const struct key_state *k = &o->key[i];

		if (k->key.scope != TALLY_NETWORK || k->fell_m < network_flows ||
		    memcmp(k->key.country, e->key.country, 2) != 0)
			continue;
		e->networks++;
		e->networks_fell += k->fell_y <= 0.5 * k->fell_m;
	}
}

static void measure_depth(const struct watch *w, double v, struct outage *e)
{
	double left = w->y / w->m, error = outage_left_error(w, v);

	/* The expectation itself may be a tenth off. */
	error = sqrt(error * error + 0.01 * left * left);
	e->depth = fmax(0, 1 - left);
	e->depth_lo = fmax(0, 1 - left - 1.96 * error);
	e->depth_hi = fmin(1, 1 - left + 1.96 * error);
}

static enum grade grade_of(const struct outage *e)
{
	bool sure = e->basis == OUTAGE_WEEKS && e->compared && e->expected >= likely_flows &&
		    e->others >= others_usual && e->depth >= likely_depth &&
		    e->depth_lo >= likely_lo;

	/* A prefix or a network may have been given away, and its clients come from another (docs/OUTAGES.md, "renumbering"). */
	return sure && e->key.scope == TALLY_COUNTRY ? GRADE_LIKELY : GRADE_ANOMALY;
}

static bool room_for_one(struct outages *o)
{
	size_t room = o->room ? 2 * o->room : 64;
	void *at;

	if (o->n_found < o->room)
		return true;
	at = o->n_found < LIMIT_OUTAGES ? realloc(o->found, room * sizeof(*o->found)) : NULL;
	if (!at) {
		o->left_out++;
		return false;
	}
	o->found = at;
	o->room = room;
	return true;
}

void outage_put(struct outages *o, struct key_state *k, bool ended)
{
	const struct watch *w = &k->watch;
	struct outage e = {.key = k->key, .start_s = w->start_s, .ended = ended};

	if (!room_for_one(o))
		return;
	e.end_s = ended ? w->back_s : w->last_s + TALLY_BIN_S;
	measure_depth(w, outage_dispersion(k), &e);
	e.shown_s = w->shown_s;
	e.expected = w->m;
	e.observed = (uint64_t)w->y;
	e.basis = w->flat                         ? OUTAGE_RECENT
		  : k->now_basis == OUTAGE_RECENT ? OUTAGE_DAYS
						  : k->now_basis;
	e.signs = w->signs;
	for (int i = 0; i < TALLY_KINDS; i++) {
		if (w->kind_m[i] < kind_flows)
			continue;
		e.kept |= (uint32_t)(w->kind_y[i] >= 0.5 * w->kind_m[i]) << i;
		e.fell |= (uint32_t)(w->kind_y[i] <= 0.25 * w->kind_m[i]) << i;
	}
	e.compared = w->others_n > 0;
	e.others = e.compared ? w->others / w->others_n : 0;
	if (k->key.scope == TALLY_COUNTRY)
		count_networks(o, &e);
	e.grade = grade_of(&e);
	o->found[o->n_found++] = e;
}

static int by_start(const void *a, const void *b)
{
	const struct outage *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s < y->start_s ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

/* Does `outer` hold the place of `inner`, wholly or in part of the same country? */
static bool holds(const struct outage *outer, const struct outage *inner)
{
	const struct tally_key *a = &outer->key, *b = &inner->key;

	if (a->scope >= b->scope)
		return false;
	if (a->scope != TALLY_ALL && memcmp(a->country, b->country, 2) != 0)
		return false;
	if (a->scope == TALLY_NETWORK && a->network != b->network)
		return false;
	return inner->start_s < outer->end_s + TOGETHER_S &&
	       inner->start_s >= outer->start_s - TOGETHER_S;
}

/* Networks and prefixes that fell with what holds them are counted there, not told. */
static void put_inside(struct outages *o)
{
	size_t kept = 0;

	_Static_assert(LIMIT_OUTAGES <= LIMIT_TALLY_KEYS, "order has room");
	for (size_t i = 0; i < o->n_found; i++) {
		struct outage *outer = NULL;

		/* The widest that holds it. */
		for (size_t k = 0; k < o->n_found; k++)
			if (holds(&o->found[k], &o->found[i]) &&
			    (!outer || o->found[k].key.scope < outer->key.scope))
				outer = &o->found[k];
		o->order[i] = outer != NULL;
		if (outer)
			outer->inside++;
	}
	for (size_t i = 0; i < o->n_found; i++)
		if (!o->order[i])
			o->found[kept++] = o->found[i];
	o->n_found = kept;
}

static void count_countries(struct outages *o)
{
	for (size_t i = 0; i < o->n_found; i++) {
		struct outage *e = &o->found[i];

		for (size_t k = 0; k < o->n_found; k++)
			e->countries_fell +=
				k != i && o->found[k].key.scope == TALLY_COUNTRY &&
				memcmp(o->found[k].key.country, e->key.country, 2) != 0 &&
				llabs(o->found[k].start_s - e->start_s) <= TOGETHER_S;
		/* Several countries at once: a server's address that now leads elsewhere, or a cable, does that. */
		if (e->countries_fell && e->grade > GRADE_ANOMALY)
			e->grade = GRADE_ANOMALY;
		e->shutdown = e->grade == GRADE_LIKELY && e->key.scope == TALLY_COUNTRY &&
			      e->networks_fell >= NETWORKS_MIN;
	}
}

void outages_finish(struct outages *o)
{
	for (uint32_t i = 0; i < o->n_keys; i++)
		if (o->key[i].known && o->key[i].watch.down) {
			outage_put(o, &o->key[i], false);
			o->key[i].watch.down = false;
		}
	if (!o->n_found)
		return;
	qsort(o->found, o->n_found, sizeof(*o->found), by_start);
	put_inside(o);
	count_countries(o);
}
