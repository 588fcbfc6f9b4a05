/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/keyhash.h"
#include "base/limits.h"
#include "pair/pair.h"

enum { FIRST_ROOM = 1024, SLOTS_FIRST = 1024 };

struct pair *pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));
	uint64_t base = 0;

	if (!p)
		return NULL;
	if (getrandom(&base, sizeof(base), 0) != (ssize_t)sizeof(base))
		base = (uint64_t)(uintptr_t)p; /* early in boot: still not the same every time */
	p->base = base % ((UINT64_C(1) << 61) - 1 - 65536) + 65536; /* never a small one */
	for (int i = 0; i < 2; i++) {
		p->side[i].first_ns = INT64_MAX;
		p->side[i].last_ns = INT64_MIN;
	}
	return p;
}

void pair_free(struct pair *p)
{
	if (!p)
		return;
	for (int i = 0; i < 2; i++) {
		free(p->side[i].rec);
		free(p->side[i].flow);
		free(p->side[i].slot);
	}
	free(p->item);
	free(p);
}

static bool grow(void **at, uint32_t *room, uint32_t n, size_t size)
{
	uint32_t want = *room ? *room * 2 : FIRST_ROOM;
	void *more;

	if (n < *room)
		return true;
	more = realloc(*at, want * size); /* at most twice the limit: no overflow */
	if (!more)
		return false;
	*at = more;
	*room = want;
	return true;
}

/* The ends in an order of their own, so that both directions land in one slot. */
static uint32_t slot_of(const struct pair *p, const struct pair_flow *f, uint32_t n_slots)
{
	const struct hash_key key = {p->base, ~p->base};
	uint8_t at[38] = {0};
	int lo = memcmp(f->addr[0].b, f->addr[1].b, 16);
	int first = lo < 0 || (lo == 0 && f->port[0] <= f->port[1]) ? 0 : 1;

	for (int i = 0; i < 2; i++) {
		int e = first ^ i;

		memcpy(at + 18 * i, f->addr[e].b, 16);
		at[18 * i + 16] = (uint8_t)(f->port[e] >> 8);
		at[18 * i + 17] = (uint8_t)f->port[e];
	}
	at[36] = f->proto;
	return (uint32_t)keyhash(&key, at, sizeof(at)) & (n_slots - 1);
}

/* 0: same ends; 1: the other way round; -1: others. */
static int same_ends(const struct pair_flow *a, const struct pair_flow *b)
{
	if (a->proto != b->proto)
		return -1;
	for (int turn = 0; turn < 2; turn++)
		if (a->port[0] == b->port[turn] && a->port[1] == b->port[!turn] &&
		    !memcmp(a->addr[0].b, b->addr[turn].b, 16) &&
		    !memcmp(a->addr[1].b, b->addr[!turn].b, 16))
			return turn;
	return -1;
}

static bool rehash(const struct pair *p, struct pair_side *s)
{
	uint32_t n = s->n_slots ? s->n_slots * 2 : SLOTS_FIRST;
	uint32_t *slot = malloc(n * sizeof(*slot));

	if (!slot)
		return false;
	memset(slot, 0xff, n * sizeof(*slot));
	for (uint32_t i = 0; i < s->n_flows; i++) {
		uint32_t at = slot_of(p, &s->flow[i], n);

		while (slot[at] != PAIR_NONE && same_ends(&s->flow[slot[at]], &s->flow[i]) < 0)
			at = (at + 1) & (n - 1);
		slot[at] = i; /* later flows of the same ends replace older ones: they link back */
	}
	free(s->slot);
	s->slot = slot;
	s->n_slots = n;
	return true;
}

/* Of the flows of these ends, the one this packet belongs to; ports are reused, and a SYN may be
 * forged. */
static uint32_t choose(const struct pair_side *s, uint32_t newest, const struct pair_flow *want,
		       const struct pkt *k)
{
	uint32_t best = newest, best_gap = UINT32_MAX;
	uint32_t f = newest;

	if (k->l4 != L4_TCP)
		return newest;
	for (int n = 0; f != PAIR_NONE && n < LIMIT_PAIR_REUSE; n++, f = s->flow[f].older) {
		const struct pair_flow *c = &s->flow[f];
		int turn = same_ends(want, c);
		uint32_t last = c->seq_last[turn == 1], gap;

		if (k->tcp.flags & TCP_SYN && !(k->tcp.flags & TCP_ACK)) {
			if (c->has_isn ? c->isn == k->tcp.seq
				       : c->seq_last[turn == 1] == k->tcp.seq)
				return f;
			continue;
		}
		if (!c->n[turn == 1]) /* this side has said nothing yet: what it answers tells */
			gap = k->tcp.flags & TCP_ACK && c->n[turn != 1]
				      ? k->tcp.ack - c->seq_last[turn != 1]
				      : 0;
		else
			gap = k->tcp.seq - last;
		gap = gap > UINT32_MAX / 2 ? 0 - gap : gap;
		if (gap < best_gap) {
			best = f;
			best_gap = gap;
		}
	}
	return k->tcp.flags & TCP_SYN && !(k->tcp.flags & TCP_ACK) ? PAIR_NONE : best;
}

/* So that differences and sums of two times fit whatever a file says; 2067. */
static int64_t sane_ns(int64_t ns)
{
	return ns < 0 ? 0 : ns > INT64_MAX / 3 ? INT64_MAX / 3 : ns;
}

/* Who opened it: the sender of a SYN, the receiver of a SYN/ACK, in the middle of a flow the end
 * without a service's port. */
static bool from_resp(const struct pkt *k)
{
	if (k->l4 == L4_TCP && k->tcp.flags & TCP_SYN)
		return k->tcp.flags & TCP_ACK;
	return k->sport < 1024 && k->sport < k->dport;
}

static bool flow_new(struct pair_side *s, struct pair_flow *f, const struct pkt *k,
		     uint32_t *slot_i)
{
	if (!grow((void **)&s->flow, &s->flow_room, s->n_flows, sizeof(*s->flow)))
		return false;
	f->older = s->slot[*slot_i];
	if (from_resp(k)) {
		struct ip_addr a = f->addr[0];
		uint16_t port = f->port[0];

		f->addr[0] = f->addr[1];
		f->addr[1] = a;
		f->port[0] = f->port[1];
		f->port[1] = port;
	}
	f->head[0] = f->head[1] = f->tail[0] = f->tail[1] = f->mate = f->talk = PAIR_NONE;
	f->first_ns = f->last_ns = sane_ns(k->ts_ns);
	f->has_isn = k->l4 == L4_TCP && (k->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	f->isn = k->tcp.seq;
	s->flow[s->n_flows] = *f;
	s->slot[*slot_i] = s->n_flows++;
	return true;
}

/* The packet's flow, made when it is new. False when out of memory; *out PAIR_NONE when there are
 * too many. */
static bool flow_of(struct pair *p, struct pair_side *s, const struct pkt *k, uint32_t *out,
		    uint8_t *dir)
{
	struct pair_flow want = {
		.addr = {k->src, k->dst}, .port = {k->sport, k->dport}, .proto = k->ip_proto};
	uint32_t at, f = PAIR_NONE;

	if (s->n_flows >= s->n_slots / 2 && !rehash(p, s))
		return false;
	at = slot_of(p, &want, s->n_slots);
	while (s->slot[at] != PAIR_NONE && same_ends(&want, &s->flow[s->slot[at]]) < 0)
		at = (at + 1) & (s->n_slots - 1);
	if (s->slot[at] != PAIR_NONE)
		f = choose(s, s->slot[at], &want, k);
	*out = PAIR_NONE;
	if (f == PAIR_NONE) {
		if (s->n_flows >= LIMIT_PAIR_FLOWS)
			return true;
		if (!flow_new(s, &want, k, &at))
			return false;
		f = s->slot[at];
		want = (struct pair_flow){.addr = {k->src, k->dst},
					  .port = {k->sport, k->dport},
					  .proto = k->ip_proto};
	}
	*dir = same_ends(&want, &s->flow[f]) == 1;
	*out = f;
	return true;
}

static void fill(const struct pair *p, struct pair_rec *r, const struct pkt *k)
{
	*r = (struct pair_rec){.ts_ns = sane_ns(k->ts_ns),
			       .frame = (uint32_t)k->frame_no,
			       .next = PAIR_NONE,
			       .mate = PAIR_NONE,
			       .len = k->payload_len,
			       .ip_id = k->ip_id,
			       .ttl = k->ttl};
	if (k->l4 == L4_TCP) {
		r->seq = k->tcp.seq;
		/* PSH moves with segmentation, ECN bits with the path. */
		r->flags = k->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK | TCP_URG);
		r->ack = r->flags & TCP_ACK ? k->tcp.ack : 0;
	}
	r->digest = pair_hash_bytes(p->base, k->payload);
	r->marks = (uint8_t)((k->payload.len < k->payload_len ? PAIR_CUT : 0) |
			     (k->ip_version == 4 && k->has_ip_id ? PAIR_HAS_ID : 0));
}

bool pair_capture_add(struct pair *p, enum pair_file file, const struct pkt *k)
{
	struct pair_side *s = &p->side[file];
	struct pair_flow *f;
	struct pair_rec *r;
	uint32_t flow_i;
	uint8_t dir;

	if (k->l4 != L4_TCP && k->l4 != L4_UDP) {
		s->other++;
		return true;
	}
	if (s->n_rec >= LIMIT_PAIR_PACKETS || k->frame_no > UINT32_MAX) {
		s->left_out++;
		return true;
	}
	if (!grow((void **)&s->rec, &s->rec_room, s->n_rec, sizeof(*s->rec)) ||
	    !flow_of(p, s, k, &flow_i, &dir))
		return false;
	if (flow_i == PAIR_NONE) {
		s->left_out++;
		return true;
	}
	f = &s->flow[flow_i];
	r = &s->rec[s->n_rec];
	fill(p, r, k);
	r->flow_i = flow_i;
	r->dir = dir;
	if (f->tail[dir] == PAIR_NONE)
		f->head[dir] = s->n_rec;
	else
		s->rec[f->tail[dir]].next = s->n_rec;
	f->tail[dir] = s->n_rec++;
	f->n[dir]++;
	if (!(r->flags & TCP_RST))
		f->seq_last[dir] = r->seq;
	f->last_ns = r->ts_ns > f->last_ns ? r->ts_ns : f->last_ns;
	s->first_ns = r->ts_ns < s->first_ns ? r->ts_ns : s->first_ns;
	s->last_ns = r->ts_ns > s->last_ns ? r->ts_ns : s->last_ns;
	return true;
}
