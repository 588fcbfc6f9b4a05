/* SPDX-License-Identifier: BSD-3-Clause */
/* When one side sent what: see rate_series.h. A repeat is found by binary search over `hi`, which
 * never falls, so that neither a long flight nor a hostile order of packets costs a walk. */
#include "flow/rate_series.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT_MAX = 1460, SEGMENT_USUAL = 1448, SEGMENT_MIN = 536, SERIES_FIRST = 64 };
/* Losses needed before anything can be said: MIN_NUM_SAMPLES of Flach et al. 2016 (METHODS h.1). */
enum { LOSSES_TO_JUDGE = 15 };
/* METHODS h.5: a freeze comes after 10 to 25 KB to the opener. */
enum { FREEZE_BYTES_FROM = 10000, FREEZE_BYTES_TO = 25600 };
/* A mirror port's second copy, METHODS 0; and no sender repeats so soon. */
static const uint32_t copy_within_us = 1000;
/* As in tcp_track.c: farther than this is in nobody's window. */
static const uint32_t seq_jump_max = 1u << 24;

/* What a series needs of a packet; the log's first packets are fed in the same way. */
struct event {
	int64_t ts_ns;
	uint64_t frame_no;
	uint32_t seq, ack, len, ts_val, ts_ecr;
	bool has_ack, has_ts;
	struct bytes opts; /* as captured */
};

static uint32_t at_us_of(const struct rate_series *s, int64_t ts_ns)
{
	int64_t us = (ts_ns - s->start_ns) / 1000;

	/* The clock of a merged capture may go back: time stands still then. */
	if (us < (int64_t)s->now_us)
		return s->now_us;
	return us < RATE_NONE ? (uint32_t)us : RATE_NONE - 1;
}

/* First packet with which byte `seq` counts as seen; n when it was never sent. */
static uint32_t find_byte(const struct rate_series *s, uint32_t seq)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->at[mid].hi > seq)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static uint32_t hi_of(const struct rate_series *s)
{
	return s->n ? s->at[s->n - 1].hi : 0;
}

static bool has_room(struct flow_table *t, struct rate_series *s)
{
	uint32_t cap = s->cap ? s->cap * 2 : SERIES_FIRST;
	struct rate_pkt *at;

	if (s->n < s->cap)
		return true;
	if (s->n == LIMIT_RATE_PACKETS || s->left_out ||
	    !flow_table_take_rate(t, (cap - s->cap) * sizeof(*at)))
		return false;
	at = realloc(s->at, cap * sizeof(*at));
	if (!at) {
		flow_table_give_rate(t, (cap - s->cap) * sizeof(*at));
		return false;
	}
	s->at = at;
	s->cap = cap;
	return true;
}

static void set_acked(struct rate_series *s, uint32_t i)
{
	struct rate_pkt *p = &s->at[i];

	if (p->ack_us != RATE_NONE)
		return;
	p->ack_us = s->now_us - p->at_us;
	if (!(p->flags & (RATE_REPEAT | RATE_FILL)) && p->link != RATE_NONE &&
	    s->at[p->link].ack_us == RATE_NONE)
		s->at[p->link].ack_us = s->now_us - s->at[p->link].at_us;
}

/* One repeat: the latest transmission of its first byte was lost, as the published detector takes
 * it (METHODS h.1). False for a copy of it. */
static bool note_repeat(struct rate_series *s, uint32_t i, struct rate_pkt *p)
{
	uint32_t latest = i;

	if (p->seq < s->at[i].seq) {
		p->flags |= RATE_FILL;
		p->link = i;
		s->n_fill++;
		return true;
	}
	if (s->at[i].link != RATE_NONE)
		latest = s->at[i].link;
	if (p->at_us - s->at[latest].at_us < copy_within_us) {
		s->n_copies++;
		return false;
	}
	s->n_again += !(s->at[latest].flags & RATE_AGAIN);
	s->at[latest].flags |= RATE_AGAIN;
	p->flags |= RATE_REPEAT;
	p->link = latest;
	s->at[i].link = s->n;
	return true;
}

static void add_segment(struct flow_table *t, struct rate_series *s, const struct event *e,
			uint32_t seq, uint32_t len)
{
	uint32_t hi = hi_of(s), end = seq + len;
	struct rate_pkt p = {.at_us = s->now_us,
			     .seq = seq,
			     .hi = end > hi ? end : hi,
			     .ack_us = RATE_NONE,
			     .echo_us = RATE_NONE,
			     .link = RATE_NONE,
			     .len = (uint16_t)len};
	uint64_t frame = e->frame_no - s->frame0;

	if (!has_room(t, s)) {
		s->left_out++;
		return;
	}
	p.frame = frame < RATE_NONE ? (uint32_t)frame : RATE_NONE;
	if (end <= hi) {
		if (!note_repeat(s, find_byte(s, seq), &p))
			return;
	} else {
		p.flags |= seq > hi ? RATE_AFTER_GAP : 0;
		p.flags |= s->peer_spoke || !s->n ? RATE_START : 0;
		s->peer_spoke = false;
	}
	if (e->has_ts && s->echo[e->ts_ecr % RATE_ECHOES].set &&
	    s->echo[e->ts_ecr % RATE_ECHOES].ts_val == e->ts_ecr)
		p.echo_us = s->now_us - s->echo[e->ts_ecr % RATE_ECHOES].at_us;
	s->at[s->n++] = p;
}

static void feed_data(struct flow_table *t, struct rate_series *s, const struct event *e)
{
	uint32_t seq = e->seq - s->seq0, hi = hi_of(s), part, parts = 0;

	/* Before the series began; out of any window; and a keep-alive's byte (RFC 9293 3.8.4). */
	if (seq > INT32_MAX || (seq > hi && seq - hi > seq_jump_max) ||
	    (e->len == 1 && seq + 1 == hi))
		return;
	if (e->len <= SEGMENT_MAX && e->len > s->mss)
		s->mss = (uint16_t)e->len;
	part = e->len;
	if (part > SEGMENT_MAX)
		part = s->mss >= SEGMENT_MIN ? s->mss : SEGMENT_USUAL;
	for (uint32_t off = 0; off < e->len && parts < LIMIT_RATE_PARTS; off += part, parts++)
		add_segment(t, s, e, seq + off, e->len - off < part ? e->len - off : part);
}

/* RFC 2883: a block below its own ACK number says that those bytes came twice, so the latest repeat
 * of them was for nothing. */
static void note_duplicate(struct rate_series *s, uint32_t from, uint32_t to)
{
	uint32_t i = find_byte(s, from);
	struct rate_pkt *p;

	if (i == s->n || s->at[i].link == RATE_NONE || to > hi_of(s))
		return;
	p = &s->at[s->at[s->at[i].link].link];
	if ((p->flags & (RATE_AGAIN | RATE_SPURIOUS)) != RATE_AGAIN || p->seq > from ||
	    p->seq + p->len < to)
		return;
	p->flags |= RATE_SPURIOUS;
	s->n_again--;
}

static void note_sack(struct rate_series *s, uint32_t from, uint32_t to)
{
	uint32_t i = find_byte(s, to - 1);

	for (uint32_t n = 0; i < s->n && n < LIMIT_RATE_SACK_WALK; n++, i--) {
		struct rate_pkt *p = &s->at[i];

		if (p->flags & (RATE_REPEAT | RATE_FILL)) {
			if (!i)
				return;
			continue;
		}
		if (p->seq < from || (n && p->ack_us != RATE_NONE))
			return;
		if (p->seq + p->len <= to)
			set_acked(s, i);
		if (!i)
			return;
	}
}

/* Options were checked by decode/; at most 40 bytes and 4 blocks (RFC 2018 3). */
static void feed_sacks(struct rate_series *s, struct bytes o, uint32_t ack)
{
	enum { OPT_END, OPT_NOP, OPT_SACK = 5 };
	size_t off = 0;

	while (off < o.len && o.at[off] != OPT_END) {
		uint8_t len = 1;

		if (o.at[off] != OPT_NOP &&
		    (!bytes_u8(o, off + 1, &len) || len < 2 || len > o.len - off))
			return;
		for (size_t b = 2; o.at[off] == OPT_SACK && b + 8 <= len; b += 8) {
			uint32_t from, to;

			if (!bytes_be32(o, off + b, &from) || !bytes_be32(o, off + b + 4, &to))
				return;
			from -= s->seq0;
			to -= s->seq0;
			if (from >= to || to > INT32_MAX)
				continue;
			if (to <= ack)
				note_duplicate(s, from, to);
			else if (from > ack)
				note_sack(s, from, to);
		}
		off += len;
	}
}

static void feed_ack(struct rate_series *s, const struct event *e)
{
	uint32_t ack = e->ack - s->seq0;

	if (e->has_ts && (!s->echo[e->ts_val % RATE_ECHOES].set ||
			  s->echo[e->ts_val % RATE_ECHOES].ts_val != e->ts_val)) {
		s->echo[e->ts_val % RATE_ECHOES].ts_val = e->ts_val;
		s->echo[e->ts_val % RATE_ECHOES].at_us = s->now_us;
		s->echo[e->ts_val % RATE_ECHOES].set = true;
	}
	if (!e->has_ack || ack > INT32_MAX)
		return;
	if (ack > s->acked)
		s->acked = ack;
	for (; s->una_i < s->n && s->at[s->una_i].hi <= s->acked; s->una_i++)
		if (!(s->at[s->una_i].flags & (RATE_REPEAT | RATE_FILL)))
			set_acked(s, s->una_i);
	if (e->opts.len)
		feed_sacks(s, e->opts, ack);
	if (e->len && s->n && s->acked >= hi_of(s))
		s->peer_spoke = true;
}

static void feed(struct flow_table *t, struct flow *f, enum dir d, const struct event *e)
{
	struct rate_series *s = f->rate;

	s->now_us = at_us_of(s, e->ts_ns);
	if (s->now_us == RATE_NONE - 1) /* 71 minutes: times no longer fit */
		s->left_out += d == s->dir && e->len;
	else if (d != s->dir)
		feed_ack(s, e);
	else if (e->len)
		feed_data(t, s, e);
}

/* Nothing of the start is lost: it is still in the log, unless the side sent it in very small
 * pieces. */
static void start(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	bool whole = !f->log.skipped && f->log.n && !f->midstream;
	const struct seg *first = NULL;
	struct rate_series *s;

	f->no_rate = true;
	for (uint32_t i = 0; whole && !first && i < f->log.n; i++)
		if (f->log.at[i].dir == d && f->log.at[i].len && !(f->log.at[i].flags & TCP_RST))
			first = &f->log.at[i];
	if (!flow_table_take_rate(t, sizeof(*s)))
		return;
	s = calloc(1, sizeof(*s));
	if (!s) {
		flow_table_give_rate(t, sizeof(*s));
		return;
	}
	f->rate = s;
	f->no_rate = false;
	s->dir = d;
	s->whole = first != NULL;
	s->start_ns = first ? first->ts_ns : p->ts_ns;
	s->frame0 = first ? first->frame_no : p->frame_no;
	s->seq0 = first ? first->seq + !!(first->flags & TCP_SYN) : p->tcp.seq;
	if (!first) {
		feed(t, f, d,
		     &(struct event){.ts_ns = p->ts_ns,
				     .frame_no = p->frame_no,
				     .seq = p->tcp.seq,
				     .len = p->payload_len});
		return;
	}
	for (const struct seg *g = first; g < f->log.at + f->log.n; g++)
		if (!(g->flags & (TCP_RST | TCP_SYN)) || g == first)
			feed(t, f, (enum dir)g->dir,
			     &(struct event){.ts_ns = g->ts_ns,
					     .frame_no = g->frame_no,
					     .seq = g->seq + !!(g->flags & TCP_SYN),
					     .ack = g->ack,
					     .len = g->len,
					     .has_ack = g->flags & TCP_ACK});
}

/* Something is sent again, or a keep-alive goes out, when about as much has been delivered as
 * freezes let through. */
static bool may_be_frozen(const struct flow *f, enum dir d, const struct pkt *p, bool repeat)
{
	const struct flow_side *s = &f->side[d];
	uint32_t delivered = f->side[DIR_ORIG].ack_max - f->side[DIR_RESP].isn - 1;

	return f->established && delivered >= FREEZE_BYTES_FROM && delivered <= FREEZE_BYTES_TO &&
	       (repeat || (s->have_next && p->tcp.seq == s->next - 1));
}

void rate_series_packet(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
			bool repeat)
{
	if (p->tcp.flags & (TCP_RST | TCP_SYN))
		return;
	if (may_be_frozen(f, d, p, repeat))
		f->suspicion |= SUS_RATE;
	if (f->rate) {
		struct event e = {.ts_ns = p->ts_ns,
				  .frame_no = p->frame_no,
				  .seq = p->tcp.seq,
				  .ack = p->tcp.ack,
				  .len = p->payload_len,
				  .ts_val = p->tcp.ts_val,
				  .ts_ecr = p->tcp.ts_ecr,
				  .has_ack = p->tcp.flags & TCP_ACK,
				  .has_ts = p->tcp.opts & TCP_OPT_TS};

		if ((p->tcp.opts & TCP_OPT_SACK) && p->tcp.hdr_len > 20)
			e.opts = bytes_head(bytes_from(p->l4_bytes, 20), p->tcp.hdr_len - 20u);
		feed(t, f, d, &e);
		if (f->rate->n_again + f->rate->n_fill >= LOSSES_TO_JUDGE)
			f->suspicion |= SUS_RATE;
	} else if (f->side[d].bytes >= RATE_START_BYTES && p->payload_len && !f->no_rate) {
		start(t, f, d, p);
	}
}

void rate_series_free(struct flow_table *t, struct rate_series *s)
{
	if (!s)
		return;
	flow_table_give_rate(t, sizeof(*s) + s->cap * sizeof(*s->at));
	free(s->at);
	free(s);
}
