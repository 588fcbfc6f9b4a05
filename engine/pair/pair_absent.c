/* SPDX-License-Identifier: BSD-3-Clause */
/* SYNs of which the other end saw nothing at all, neither before nor after: an address that is blocked. Nobody knows whether the capture at
 * the other end covers an address that it does not hold. It does where it holds what others sent to that address, before these SYNs and
 * after them, or where the user says so. */
#include <stdlib.h>

#include "base/keyhash.h"
#include "pair/pair.h"

/* When resp's capture holds packets of one of its hosts, and whether it missed none. */
struct host_span {
	uint64_t key;
	int64_t from, to;
	bool whole;
};

static int by_key(const void *a, const void *b)
{
	const struct host_span *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static uint64_t host_key(const struct pair *p, const struct ip_addr *a)
{
	return keyhash(&(struct hash_key){p->base, 3}, a->b, sizeof(a->b));
}

/* Sorted, each host once. Returns how many. */
static uint32_t join(struct host_span *at, uint32_t n)
{
	uint32_t k = 0;

	if (n)
		qsort(at, n, sizeof(*at), by_key);
	for (uint32_t i = 0; i < n; i++) {
		if (!k || at[k - 1].key != at[i].key) {
			at[k++] = at[i];
			continue;
		}
		at[k - 1].from = at[i].from < at[k - 1].from ? at[i].from : at[k - 1].from;
		at[k - 1].to = at[i].to > at[k - 1].to ? at[i].to : at[k - 1].to;
		at[k - 1].whole &= at[i].whole;
	}
	return k;
}

static const struct host_span *find(const struct pair *p, const struct host_span *at, uint32_t n,
				    const struct ip_addr *a)
{
	struct host_span key = {.key = host_key(p, a)};

	return n ? bsearch(&key, at, n, sizeof(*at), by_key) : NULL;
}

/* The hosts that resp's capture holds. */
static uint32_t servers(const struct pair *p, struct host_span *at)
{
	const struct pair_side *s = &p->side[PAIR_RESP];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_flows; i++)
		at[n++] = (struct host_span){host_key(p, &s->flow[i].addr[1]), s->flow[i].first_ns,
					     s->flow[i].last_ns,
					     s->flow[i].proto != 6 || pair_whole_received(p, i, 0)};
	for (uint32_t i = 0; s->n_rec && i < p->n_hosts; i++)
		at[n++] =
			(struct host_span){host_key(p, &p->host[i]), s->first_ns, s->last_ns, true};
	return join(at, n);
}

/* The hosts of orig's capture whose packets resp's is known to hold. */
static uint32_t clients(const struct pair *p, struct host_span *at)
{
	const struct pair_side *s = &p->side[PAIR_ORIG];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_flows; i++)
		if (s->flow[i].mate != PAIR_NONE)
			at[n++].key = host_key(p, &s->flow[i].addr[0]);
	return join(at, n);
}

bool pair_absent(struct pair *p)
{
	struct pair_side *o = &p->side[PAIR_ORIG], *r = &p->side[PAIR_RESP];
	struct host_span *sv = calloc((size_t)r->n_flows + p->n_hosts + 1, sizeof(*sv)),
			 *cl = calloc((size_t)o->n_flows + 1, sizeof(*cl));
	uint32_t n_sv = sv ? servers(p, sv) : 0, n_cl = cl ? clients(p, cl) : 0;
	bool ok = sv && cl;

	for (uint32_t i = 0; ok && i < o->n_flows; i++) {
		struct pair_flow *f = &o->flow[i];
		const struct host_span *h;

		if (f->mate != PAIR_NONE || f->proto != 6 || !f->has_isn || f->n[1] ||
		    !(h = find(p, sv, n_sv, &f->addr[1])))
			continue;
		f->absent_whole = h->whole && !r->left_out && find(p, cl, n_cl, &f->addr[0]);
		if (f->compared)
			continue;
		f->compared = f->absent = true;
		f->seen_from = h->from;
		f->seen_to = h->to;
	}
	free(sv);
	free(cl);
	return ok;
}
