/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of live flows: open addressing over pointers, four lists by state in order of last
 * touch, one ceiling for everything a flow hangs on itself. */
#include "flow/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "flow/flow_key.h"
#include "flow/rate_series.h"

/* How long a flow may be silent, by state, in packet time. Half-open: Linux gives a SYN up after
 * 127 s, but its retries at 1, 3, 7, 15, 31 s keep it touched, so 70 s of silence end it. Open:
 * Zeek's tcp_inactivity_timeout, 5 min. Closed: long enough for packets that outlive a reset
 * (METHODS b uses 2 s) and for late FINs. UDP: Zeek's 1 min. */
static const int64_t timeout_ns[LIST_N] = {
	[LIST_HALF] = INT64_C(70) * 1000000000,
	[LIST_OPEN] = INT64_C(300) * 1000000000,
	[LIST_CLOSED] = INT64_C(15) * 1000000000,
	[LIST_UDP] = INT64_C(60) * 1000000000,
};
/* A SYN with another sequence number on a connection this young and alive is noted, not obeyed (RFC
 * 5961 4). */
static const int64_t reuse_quiet_ns = INT64_C(3) * 1000000000;

enum { SLOTS_FIRST = 1024 };

struct slot {
	uint64_t hash;
	struct flow *f;
};

struct flow_table {
	struct flow_options opts;
	struct hash_key key;
	struct slot *slot;
	size_t n_slots, n_live;
	int64_t watermark_ns;
	int64_t due_ns; /* no flow times out before the watermark passes this */
	uint64_t flow_no;
	uint64_t rate_bytes; /* of stats.bytes_used: in rate series */
	struct {
		struct flow *first, *last;
	} list[LIST_N];
	struct flow_stats stats;
};

struct flow_table *flow_table_new(const struct flow_options *o)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->opts = *o;
	t->watermark_ns = INT64_MIN;
	t->due_ns = INT64_MAX;
	t->key = o->key.k0 || o->key.k1 ? o->key : FLOW_TABLE_FIXED_KEY;
	t->n_slots = SLOTS_FIRST;
	t->slot = calloc(t->n_slots, sizeof(*t->slot));
	if (!t->slot) {
		free(t);
		return NULL;
	}
	t->stats.bytes_used = t->n_slots * sizeof(*t->slot);
	return t;
}

bool flow_table_take(struct flow_table *t, size_t bytes)
{
	if (t->stats.bytes_used + bytes > t->opts.memory_bytes) {
		t->stats.inspection_lost++;
		return false;
	}
	t->stats.bytes_used += bytes;
	if (t->stats.bytes_used > t->stats.bytes_max)
		t->stats.bytes_max = t->stats.bytes_used;
	return true;
}

void flow_table_give(struct flow_table *t, size_t bytes)
{
	assert(t->stats.bytes_used >= bytes);
	t->stats.bytes_used -= bytes;
}

bool flow_table_take_rate(struct flow_table *t, size_t bytes)
{
	if (t->rate_bytes + bytes > t->opts.memory_bytes / LIMIT_RATE_MEMORY_SHARE) {
		t->stats.inspection_lost++;
		return false;
	}
	if (!flow_table_take(t, bytes))
		return false;
	t->rate_bytes += bytes;
	return true;
}

void flow_table_give_rate(struct flow_table *t, size_t bytes)
{
	assert(t->rate_bytes >= bytes);
	t->rate_bytes -= bytes;
	flow_table_give(t, bytes);
}

static void list_remove(struct flow_table *t, struct flow *f)
{
	if (f->prev)
		f->prev->next = f->next;
	else
		t->list[f->list].first = f->next;
	if (f->next)
		f->next->prev = f->prev;
	else
		t->list[f->list].last = f->prev;
	f->prev = f->next = NULL;
}

static void list_append(struct flow_table *t, struct flow *f, enum flow_list l)
{
	f->list = (uint8_t)l;
	f->next = NULL;
	f->prev = t->list[l].last;
	if (f->prev)
		f->prev->next = f;
	else
		t->list[l].first = f;
	t->list[l].last = f;
	if (f->touched_ns + timeout_ns[l] < t->due_ns)
		t->due_ns = f->touched_ns + timeout_ns[l];
}

static size_t slot_of(const struct flow_table *t, uint64_t hash)
{
	return (size_t)hash & (t->n_slots - 1);
}

static struct flow *lookup(const struct flow_table *t, uint64_t hash, uint8_t proto,
			   const struct ip_addr *src, uint16_t sport, const struct ip_addr *dst,
			   uint16_t dport, enum dir *d)
{
	const struct slot *s = t->slot;

	for (size_t i = slot_of(t, hash); s[i].f; i = (i + 1) & (t->n_slots - 1))
		if (s[i].hash == hash && flow_has_ends(s[i].f, proto, src, sport, dst, dport, d))
			return s[i].f;
	return NULL;
}

static void slot_remove(struct flow_table *t, const struct flow *f)
{
	size_t mask = t->n_slots - 1, i = slot_of(t, f->hash), j;

	while (t->slot[i].f != f)
		i = (i + 1) & mask;
	/* Backward shift: no tombstones, so a table that lives for months does not silt up. */
	for (j = (i + 1) & mask; t->slot[j].f; j = (j + 1) & mask) {
		size_t home = slot_of(t, t->slot[j].hash);

		if (((j - home) & mask) >= ((j - i) & mask)) {
			t->slot[i] = t->slot[j];
			i = j;
		}
	}
	t->slot[i].f = NULL;
	t->n_live--;
}

static void slot_insert(struct flow_table *t, struct flow *f)
{
	size_t i = slot_of(t, f->hash);

	while (t->slot[i].f)
		i = (i + 1) & (t->n_slots - 1);
	t->slot[i] = (struct slot){f->hash, f};
	t->n_live++;
}

static bool grow(struct flow_table *t)
{
	size_t n = t->n_slots * 2, bytes = n * sizeof(*t->slot);
	struct slot *old = t->slot, *fresh;
	size_t n_old = t->n_slots;

	/* A full index costs time, not facts: nothing is counted as lost. */
	if (t->stats.bytes_used + bytes > t->opts.memory_bytes || !flow_table_take(t, bytes))
		return false;
	fresh = calloc(n, sizeof(*fresh));
	if (!fresh) {
		flow_table_give(t, bytes);
		return false;
	}
	t->slot = fresh;
	t->n_slots = n;
	t->n_live = 0;
	for (size_t i = 0; i < n_old; i++)
		if (old[i].f)
			slot_insert(t, old[i].f);
	free(old);
	flow_table_give(t, n_old * sizeof(*old));
	return true;
}

static void flow_end(struct flow_table *t, struct flow *f)
{
	if (t->opts.on_end)
		t->opts.on_end(t->opts.arg, f);
	list_remove(t, f);
	slot_remove(t, f);
	flow_free(t, f);
}

/* Ends what has been silent too long: a function of (flow, watermark), never of table position. The
 * lists are in touch order, so only their heads are looked at. */
static void expire(struct flow_table *t)
{
	for (int l = 0; l < LIST_N; l++)
		while (t->list[l].first &&
		       t->watermark_ns - t->list[l].first->touched_ns > timeout_ns[l])
			flow_end(t, t->list[l].first);
	t->due_ns = INT64_MAX;
	for (int l = 0; l < LIST_N; l++)
		if (t->list[l].first && t->list[l].first->touched_ns + timeout_ns[l] < t->due_ns)
			t->due_ns = t->list[l].first->touched_ns + timeout_ns[l];
}

void flow_table_advance(struct flow_table *t, int64_t now_ns)
{
	if (now_ns > t->watermark_ns)
		t->watermark_ns = now_ns;
	expire(t);
}

/* Gives room for one more flow by ending those that tell least: half-open first, then UDP, closed,
 * open. */
static void evict_one(struct flow_table *t)
{
	static const enum flow_list order[] = {LIST_HALF, LIST_UDP, LIST_CLOSED, LIST_OPEN};

	for (size_t i = 0; i < LIST_N; i++)
		if (t->list[order[i]].first) {
			t->stats.evicted++;
			flow_end(t, t->list[order[i]].first);
			return;
		}
}

static struct flow *flow_make(struct flow_table *t, uint64_t hash, uint8_t proto,
			      const struct pkt *p)
{
	/* A flow is worth its room only with its first packets. */
	enum { EVICT_TRIES = 64, NEED = sizeof(struct flow) + LOG_FIRST * sizeof(struct seg) };
	struct flow *f;

	for (int i = 0; i < EVICT_TRIES && t->stats.bytes_used + NEED > t->opts.memory_bytes; i++)
		evict_one(t);
	if (t->n_live * 2 >= t->n_slots && !grow(t) && t->n_live * 8 >= t->n_slots * 7)
		evict_one(t);
	if (!flow_table_take(t, sizeof(*f)))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f) {
		flow_table_give(t, sizeof(*f));
		return NULL;
	}
	f->hash = hash;
	f->no = ++t->flow_no;
	f->proto = proto;
	f->first_ns = p->ts_ns;
	f->touched_ns = t->watermark_ns;
	f->first_frame = p->frame_no;
	t->stats.flows++;
	slot_insert(t, f);
	list_append(t, f, p->l4 == L4_TCP ? LIST_HALF : LIST_UDP);
	return f;
}

/* A SYN on a known 5-tuple opens a new connection when it has another sequence number, unless the
 * old one is alive. */
static bool is_reuse(const struct flow_table *t, const struct flow *f, enum dir d,
		     const struct pkt *p)
{
	const struct flow_side *s = &f->side[d], *peer = &f->side[dir_other(d)];

	if (p->l4 != L4_TCP || (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (s->have_isn && s->isn == p->tcp.seq)
		return false;
	/* Captures joined from several queues show a SYN behind the SYN/ACK that answers it. */
	if (!s->have_isn && peer->have_isn && peer->have_ack && peer->ack_max == p->tcp.seq + 1)
		return false;
	if (!s->have_isn && !f->midstream && d == DIR_RESP)
		return false; /* simultaneous open */
	if (f->closed)
		return true;
	return !(f->established && t->watermark_ns - f->touched_ns < reuse_quiet_ns);
}

struct flow *flow_table_packet(struct flow_table *t, const struct pkt *p, uint32_t input_i,
			       enum dir *dir)
{
	uint8_t proto = p->l4 == L4_TCP ? 6 : 17;
	enum flow_list list;
	uint64_t hash;
	struct flow *f;
	enum dir d;

	if (p->ts_ns < t->watermark_ns)
		t->stats.time_backwards++;
	else
		t->watermark_ns = p->ts_ns;
	if (t->watermark_ns > t->due_ns)
		expire(t);
	hash = flow_hash(&t->key, proto, &p->src, p->sport, &p->dst, p->dport);
	f = lookup(t, hash, proto, &p->src, p->sport, &p->dst, p->dport, &d);
	if (f && is_reuse(t, f, d, p)) {
		flow_end(t, f);
		f = NULL;
	}
	if (!f) {
		f = flow_make(t, hash, proto, p);
		if (!f)
			return NULL;
		f->input_i = input_i;
		flow_orient(f, p);
		/* true of this very packet */
		(void)flow_has_ends(f, proto, &p->src, p->sport, &p->dst, p->dport, &d);
	}
	*dir = d;
	if (p->ts_ns > f->last_ns)
		f->last_ns = p->ts_ns;
	f->last_frame = p->frame_no;
	f->touched_ns = t->watermark_ns;
	if (p->quirks & (QUIRK(TRUNC_L4) | QUIRK(TRUNC_PAYLOAD) | QUIRK(TRUNC_OPTS)))
		f->truncated = true;
	if (p->tunnel_depth > f->depth_max)
		f->depth_max = p->tunnel_depth;
	if (p->l4 == L4_TCP)
		tcp_track(t, f, d, p);
	else
		flow_udp(f, d, p);
	list = flow_list_of(f);
	if (f->next || f->list != list) {
		list_remove(t, f);
		list_append(t, f, list);
	}
	return f;
}

struct flow *flow_table_find(struct flow_table *t, uint8_t proto, const struct ip_addr *src,
			     uint16_t sport, const struct ip_addr *dst, uint16_t dport)
{
	enum dir d;

	return lookup(t, flow_hash(&t->key, proto, src, sport, dst, dport), proto, src, sport, dst,
		      dport, &d);
}

void flow_table_end_all(struct flow_table *t)
{
	/* In the order in which they would have timed out; the watermark starts afresh for the next
	 * series. */
	for (;;) {
		struct flow *best = NULL;
		int64_t best_due = 0;

		for (int l = 0; l < LIST_N; l++) {
			struct flow *f = t->list[l].first;
			int64_t due = f ? f->touched_ns + timeout_ns[l] : 0;

			if (f &&
			    (!best || due < best_due || (due == best_due && f->no < best->no))) {
				best = f;
				best_due = due;
			}
		}
		if (!best)
			break;
		flow_end(t, best);
	}
	t->watermark_ns = INT64_MIN;
	t->due_ns = INT64_MAX;
}

void flow_table_stats(const struct flow_table *t, struct flow_stats *out)
{
	*out = t->stats;
	out->live = t->n_live;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	t->opts.on_end = NULL;
	flow_table_end_all(t);
	free(t->slot);
	free(t);
}
