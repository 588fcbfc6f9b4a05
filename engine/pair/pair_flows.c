/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow of one capture is which of the other's. Addresses, ports and initial sequence numbers
 * may all have been translated on the way, but not all at once without losing every resemblance:
 * the ways of telling are tried from the surest on. */
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"
#include "pair/pair.h"

enum way {
	WAY_ENDS_ISN,
	WAY_ENDS,
	WAY_PORTS_ISN,
	WAY_PORTS_BYTES,
	WAY_ISN,
	WAY_BYTES,
	WAY_HOSTS_PORTS,
	WAYS
};
enum { BYTES_MIN = 8, DELTA_LOOK = 8 };

struct named {
	uint64_t key;
	uint32_t flow, talk;
};

static int by_key(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

/* The first payload of orig that is long enough to tell; NULL when there is none. */
static const struct pair_rec *first_bytes(const struct pair_side *s, const struct pair_flow *f)
{
	uint32_t r = f->head[0];

	for (int n = 0; r != PAIR_NONE && n < LIMIT_PAIR_LOOK; n++, r = s->rec[r].next)
		if (s->rec[r].len >= BYTES_MIN)
			return &s->rec[r];
	return NULL;
}

/* The two addresses, orig first, as a number. */
static uint64_t hosts_key(const struct pair *p, const struct pair_flow *f, uint16_t port)
{
	const struct hash_key key = {p->base, 1};
	uint8_t at[34];

	memcpy(at, f->addr[0].b, 16);
	memcpy(at + 16, f->addr[1].b, 16);
	at[32] = (uint8_t)(port >> 8);
	at[33] = (uint8_t)port;
	return keyhash(&key, at, sizeof(at));
}

/* What a flow is known by. False when it cannot be told in this way. */
static bool name(const struct pair *p, const struct pair_side *s, uint32_t i, enum way way,
		 uint64_t *out)
{
	const struct hash_key key = {p->base, 2};
	const struct pair_flow *f = &s->flow[i];
	const struct pair_rec *first = first_bytes(s, f);
	bool ends = way <= WAY_ENDS, ports = way <= WAY_PORTS_BYTES || way == WAY_HOSTS_PORTS;
	uint64_t at[6] = {f->proto};

	if (ends)
		at[1] = hosts_key(p, f, 0);
	if (ports)
		at[2] = (uint64_t)f->port[0] << 16 | f->port[1];
	if (way == WAY_ENDS_ISN || way == WAY_PORTS_ISN || way == WAY_ISN) {
		if (!f->has_isn && !(way == WAY_ENDS_ISN && f->proto == 17))
			return false;
		at[3] = f->isn & (f->has_isn ? UINT32_MAX : 0);
	}
	if (way == WAY_PORTS_BYTES || way == WAY_BYTES) {
		if (!first)
			return false;
		at[4] = first->digest;
		at[5] = first->len;
	}
	*out = keyhash(&key, at, sizeof(at));
	return true;
}

static uint32_t names(const struct pair *p, enum pair_file file, enum way way, struct named *out)
{
	const struct pair_side *s = &p->side[file];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_flows; i++)
		if (s->flow[i].mate == PAIR_NONE && name(p, s, i, way, &out[n].key))
			out[n++].flow = i;
	qsort(out, n, sizeof(*out), by_key);
	return n;
}

static bool same_hosts(const struct pair_flow *a, const struct pair_flow *b)
{
	return !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Do we know already that a's hosts are called b's at the other end? */
static bool hosts_known(const struct pair *p, const struct pair_flow *a, const struct pair_flow *b)
{
	const struct pair_side *s = &p->side[PAIR_ORIG];

	for (uint32_t i = 0, n = 0; i < s->n_flows && n < LIMIT_PAIR_LOOK; i++)
		if (s->flow[i].mate != PAIR_NONE && same_hosts(&s->flow[i], a)) {
			if (same_hosts(&p->side[PAIR_RESP].flow[s->flow[i].mate], b))
				return true;
			n++;
		}
	return false;
}

static void marry(struct pair *p, uint32_t a, uint32_t b)
{
	struct pair_flow *x = &p->side[PAIR_ORIG].flow[a], *y = &p->side[PAIR_RESP].flow[b];

	x->mate = b;
	y->mate = a;
	x->compared = y->compared = true;
	x->rewritten = y->rewritten = !same_hosts(x, y);
	p->flows_paired++;
}

static void try_way(struct pair *p, enum way way, struct named *a, struct named *b)
{
	uint32_t n_a = names(p, PAIR_ORIG, way, a), n_b = names(p, PAIR_RESP, way, b);

	for (uint32_t i = 0, k = 0; i < n_a && k < n_b;) {
		uint32_t i_end = i, k_end = k;
		bool one;

		if (a[i].key != b[k].key) {
			if (a[i].key < b[k].key)
				i++;
			else
				k++;
			continue;
		}
		while (i_end < n_a && a[i_end].key == a[i].key)
			i_end++;
		while (k_end < n_b && b[k_end].key == b[k].key)
			k_end++;
		one = i_end - i == 1 && k_end - k == 1;
		/* Without content to tell them apart, only what is alone of its kind. */
		if (way == WAY_ENDS_ISN || way == WAY_PORTS_ISN || way == WAY_PORTS_BYTES ||
		    way == WAY_ISN || way == WAY_BYTES || one)
			for (uint32_t x = i, y = k; x < i_end && y < k_end; x++, y++)
				if (way != WAY_HOSTS_PORTS ||
				    hosts_known(p, &p->side[PAIR_ORIG].flow[a[x].flow],
						&p->side[PAIR_RESP].flow[b[y].flow]))
					marry(p, a[x].flow, b[y].flow);
		i = i_end;
		k = k_end;
	}
}

/* Flows without a mate are compared too when the other capture knows their two hosts: nothing of
 * them came through. */
static void find_compared(struct pair *p, enum pair_file file, struct named *known)
{
	struct pair_side *s = &p->side[file], *o = &p->side[!file];
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_flows; i++) { /* by the same addresses */
		known[n].key = hosts_key(p, &o->flow[i], 0);
		known[n].talk = 0;
		known[n++].flow = i;
	}
	for (uint32_t i = 0; i < s->n_flows; i++) /* by translated ones */
		if (s->flow[i].mate != PAIR_NONE && s->flow[i].rewritten) {
			known[n].key = hosts_key(p, &s->flow[i], 0);
			known[n].talk = 1;
			known[n++].flow = i;
		}
	qsort(known, n, sizeof(*known), by_key);
	for (uint32_t i = 0; i < s->n_flows; i++) {
		struct pair_flow *f = &s->flow[i];
		uint64_t key = hosts_key(p, f, 0);
		uint32_t lo = 0, hi = n;

		if (f->mate != PAIR_NONE)
			continue;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			if (known[mid].key < key)
				lo = mid + 1;
			else
				hi = mid;
		}
		f->compared = (lo < n && known[lo].key == key) || !o->n_rec;
		f->rewritten = f->compared && lo < n && known[lo].talk == 1;
	}
}

/* One talk for a TCP flow and its mate; one for all UDP flows from one host to one service of
 * another. */
static void name_talks(struct pair *p, enum pair_file file, struct named *at)
{
	struct pair_side *s = &p->side[file], *o = &p->side[!file];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_flows; i++) {
		struct pair_flow *f = &s->flow[i];

		if (f->mate != PAIR_NONE && file == PAIR_RESP)
			f->talk = o->flow[f->mate].talk;
		else if (f->proto == 6)
			f->talk = p->n_talks++;
		if (f->proto == 17)
			at[n++] = (struct named){hosts_key(p, f, f->port[1]), i, f->talk};
	}
	qsort(at, n, sizeof(*at), by_key);
	for (uint32_t i = 0, end; i < n; i = end) {
		uint32_t talk = PAIR_NONE;

		for (end = i; end < n && at[end].key == at[i].key; end++)
			if (talk == PAIR_NONE)
				talk = at[end].talk;
		if (talk == PAIR_NONE)
			talk = p->n_talks++;
		for (uint32_t k = i; k < end; k++)
			if (s->flow[at[k].flow].talk == PAIR_NONE)
				s->flow[at[k].flow].talk = talk;
	}
}

bool pair_flows_mate(struct pair *p)
{
	size_t room = (size_t)p->side[0].n_flows + p->side[1].n_flows + 1;
	struct named *a = calloc(room, sizeof(*a)), *b = calloc(room, sizeof(*b));

	if (a && b) {
		for (int way = 0; way < WAYS; way++)
			try_way(p, (enum way)way, a, b);
		for (int file = 0; file < 2; file++)
			find_compared(p, (enum pair_file)file, a);
		name_talks(p, PAIR_ORIG, a);
		name_talks(p, PAIR_RESP, a);
	}
	free(a);
	free(b);
	return a && b;
}

/* How many of the first packets have a like one with this difference of sequence numbers. */
static uint32_t delta_score(const struct pair *p, const struct pair_flow *f,
			    const struct pair_flow *g, int dir, uint32_t delta)
{
	const struct pair_rec *a = p->side[PAIR_ORIG].rec, *b = p->side[PAIR_RESP].rec;
	uint32_t score = 0, x = f->head[dir];

	for (int i = 0; x != PAIR_NONE && i < DELTA_LOOK; i++, x = a[x].next) {
		uint32_t y = g->head[dir];

		for (int k = 0; y != PAIR_NONE && k < DELTA_LOOK; k++, y = b[y].next)
			if (a[x].seq + delta == b[y].seq && a[x].len == b[y].len &&
			    a[x].flags == b[y].flags && a[x].digest == b[y].digest) {
				score++;
				break;
			}
	}
	return score;
}

void pair_flows_delta(struct pair *p, uint32_t flow_i)
{
	struct pair_flow *f = &p->side[PAIR_ORIG].flow[flow_i],
			 *g = &p->side[PAIR_RESP].flow[f->mate];
	const struct pair_rec *a = p->side[PAIR_ORIG].rec, *b = p->side[PAIR_RESP].rec;

	for (int dir = 0; dir < 2; dir++) {
		uint32_t best = delta_score(p, f, g, dir, 0), x = f->head[dir];

		f->delta[dir] = 0;
		for (int i = 0; x != PAIR_NONE && i < DELTA_LOOK; i++, x = a[x].next) {
			uint32_t y = g->head[dir];

			for (int k = 0; y != PAIR_NONE && k < DELTA_LOOK; k++, y = b[y].next) {
				uint32_t delta = b[y].seq - a[x].seq, score;

				if (a[x].flags != b[y].flags || a[x].digest != b[y].digest ||
				    !delta)
					continue;
				score = delta_score(p, f, g, dir, delta);
				if (score > best) {
					best = score;
					f->delta[dir] = delta;
				}
			}
		}
		g->delta[dir] = f->delta[dir];
	}
}
