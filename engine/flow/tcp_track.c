/* SPDX-License-Identifier: BSD-3-Clause */
/* What one TCP packet changes in its flow: sequence state of both sides, round trips, TTLs, the
 * log, Zeek-style history. */
#include "flow/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "flow/rate_series.h"

/* A sequence number this far from the expected one cannot be in anybody's window (RFC 7323 caps
 * windows at 2^30; real ones stay below 16 MB): the packet is logged but does not move the side's
 * state, so that one forged packet cannot derail the tracking. */
static const int32_t seq_jump_max = 1 << 24;
/* A mirror port's second copy follows within the switch's latency; METHODS 0 takes 1 ms. */
static const int64_t copy_within_ns = 1000000;

/* Gives each letter once per direction, as Zeek does for its first occurrence. */
void flow_history(struct flow *f, enum dir d, char letter)
{
	static const uint8_t nth[128] = {['S'] = 1, ['H'] = 2, ['A'] = 3, ['D'] = 4, ['F'] = 5,
					 ['R'] = 6, ['T'] = 7, ['I'] = 8, ['C'] = 9, ['^'] = 10};
	uint32_t n = nth[letter & 127], bit;

	if (!n)
		return;
	bit = 1u << (n - 1) << (d == DIR_RESP ? 16 : 0);
	if (f->history_bits & bit)
		return;
	f->history_bits |= bit;
	if (f->history_n + 2u >= sizeof(f->history)) {
		f->history[sizeof(f->history) - 2] = '+';
		return;
	}
	if (d == DIR_RESP && letter != '^')
		letter = (char)(letter - 'A' + 'a');
	f->history[f->history_n++] = letter;
}

static void history_of(struct flow *f, enum dir d, const struct pkt *p, bool retransmit)
{
	uint16_t fl = p->tcp.flags;

	if ((fl & TCP_SYN) && (fl & (TCP_RST | TCP_FIN)))
		flow_history(f, d, 'I');
	if (fl & TCP_SYN)
		flow_history(f, d, fl & TCP_ACK ? 'H' : 'S');
	if (retransmit)
		flow_history(f, d, 'T');
	if (p->payload_len && !(fl & TCP_RST))
		flow_history(f, d, 'D');
	else if (fl == TCP_ACK)
		flow_history(f, d, 'A');
	if (fl & TCP_FIN)
		flow_history(f, d, 'F');
	if (fl & TCP_RST)
		flow_history(f, d, 'R');
}

static void side_ttl(struct flow_side *s, uint8_t ttl)
{
	uint32_t least = 0;

	for (uint32_t i = 0; i < s->n_ttl; i++) {
		if (s->ttl[i].ttl == ttl) {
			s->ttl[i].n++;
			return;
		}
		if (s->ttl[i].n < s->ttl[least].n)
			least = i;
	}
	if (s->n_ttl < SIDE_TTLS)
		least = s->n_ttl++;
	s->ttl[least].ttl = ttl;
	s->ttl[least].n = 1;
}

/* Moves entries out of the middle so that the log keeps its head and its latest packets. */
static void log_forget(struct flow_log *l)
{
	uint32_t drop = l->n - LOG_HEAD - LOG_TAIL;

	memmove(l->at + LOG_HEAD, l->at + LOG_HEAD + drop, LOG_TAIL * sizeof(*l->at));
	l->n -= drop;
	l->skipped += drop;
}

static struct seg *log_add(struct flow_table *t, struct flow_log *l)
{
	if (!l->sealed && l->n >= LOG_HEAD + LOG_TAIL + LOG_SLACK)
		log_forget(l);
	if (l->n >= LIMIT_LOG_SEGS) {
		l->skipped++;
		return NULL;
	}
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : LOG_FIRST;
		struct seg *at;

		/* While it forgets, it needs no more than it keeps. */
		if (!l->sealed && cap > LOG_HEAD + LOG_TAIL + LOG_SLACK)
			cap = LOG_HEAD + LOG_TAIL + LOG_SLACK;
		if (cap > LIMIT_LOG_SEGS)
			cap = LIMIT_LOG_SEGS;

		if (!flow_table_take(t, (cap - l->cap) * sizeof(*at))) {
			l->skipped++;
			return NULL;
		}
		at = realloc(l->at, cap * sizeof(*at));
		if (!at) {
			flow_table_give(t, (cap - l->cap) * sizeof(*at));
			l->skipped++;
			return NULL;
		}
		l->at = at;
		l->cap = cap;
	}
	return &l->at[l->n++];
}

static uint32_t digest(struct bytes b)
{
	static const struct hash_key key = HASH_KEY_KNOWN;
	uint64_t h;

	if (!b.len)
		return 0;
	h = mixhash(&key, b.at, b.len < 256 ? b.len : 256) ^ b.len;
	return (uint32_t)(h ^ h >> 32) | 1;
}

static bool same_packet(const struct seg *a, const struct seg *b)
{
	return a->dir == b->dir && a->ip_id == b->ip_id && a->has_id == b->has_id &&
	       a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->win == b->win &&
	       a->len == b->len && a->digest == b->digest && a->ts_val == b->ts_val;
}

static void note_gap(struct flow *f, int64_t gap_ns)
{
	if (!f->dup_ordinary || gap_ns < f->dup_gap_min_ns)
		f->dup_gap_min_ns = gap_ns;
	if (!f->dup_ordinary || gap_ns > f->dup_gap_max_ns)
		f->dup_gap_max_ns = gap_ns;
	f->dup_ordinary++;
}

/* Notes whether the packet was seen before within a millisecond; counts ordinary ones, so that a
 * detector can tell a mirror port (ordinary packets come twice too) from a burst of identical
 * forgeries. */
static void mark_copy(struct flow *f, struct seg *s)
{
	enum { LOOK_BACK = 12 };
	bool ordinary =
		!(s->flags & TCP_RST) && (s->len || s->flags & TCP_SYN) && (s->ip_id || s->len);

	f->n_ordinary += ordinary;
	for (uint32_t i = f->log.n - 1; i-- > 0 && f->log.n - i <= LOOK_BACK;) {
		const struct seg *old = &f->log.at[i];

		if (s->ts_ns - old->ts_ns > copy_within_ns)
			break;
		if (same_packet(old, s)) {
			s->copy = true;
			s->copy_gap_ns = (int32_t)(s->ts_ns - old->ts_ns);
			if (ordinary)
				note_gap(f, s->copy_gap_ns);
			return;
		}
	}
}

static void log_packet(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
		       bool retransmit)
{
	const struct flow_side *me = &f->side[d], *peer = &f->side[dir_other(d)];
	struct seg *s = log_add(t, &f->log);

	if (!s)
		return;
	*s = (struct seg){
		.ts_ns = p->ts_ns,
		.frame_no = p->frame_no,
		.seq = p->tcp.seq,
		.ack = p->tcp.ack,
		.len = p->payload_len,
		.next_seq = me->next,
		.peer_next = peer->next,
		.ts_val = p->tcp.ts_val,
		.digest = digest(p->payload),
		.flags = p->tcp.flags,
		.win = p->tcp.win,
		.ip_id = p->ip_id,
		.opts = p->tcp.opts,
		.ttl = p->ttl,
		.hdr_len = p->tcp.hdr_len,
		.dir = (uint8_t)d,
		.df = p->df,
		.has_id = p->has_ip_id,
		.next_known = me->have_next,
		.peer_known = peer->have_next,
		.retransmit = retransmit,
		.checksum = -1,
	};
	if (p->tcp.flags & TCP_RST)
		s->checksum = (int8_t)decode_checksum(p);
	mark_copy(f, s);
}

static void side_sequence(struct flow *f, enum dir d, const struct pkt *p)
{
	struct flow_side *s = &f->side[d];
	uint16_t fl = p->tcp.flags;
	uint32_t end = p->tcp.seq + p->payload_len + !!(fl & TCP_SYN) + !!(fl & TCP_FIN);

	if (fl & TCP_SYN) {
		if (!s->have_isn) {
			s->isn = p->tcp.seq;
			s->have_isn = true;
			s->next = end;
			s->have_next = true;
		} else if (s->isn != p->tcp.seq && (fl & TCP_ACK)) {
			f->suspicion |= SUS_SYNACK;
			f->log.sealed = true;
		}
		return;
	}
	if (!s->have_next) {
		s->next = end;
		s->have_next = true;
	} else if (seq_diff(end, s->next) > 0 && seq_diff(p->tcp.seq, s->next) < seq_jump_max) {
		s->next = end;
	}
}

static void side_update(struct flow *f, enum dir d, const struct pkt *p, bool retransmit)
{
	struct flow_side *s = &f->side[d], *peer = &f->side[dir_other(d)];
	uint16_t fl = p->tcp.flags;

	s->packets++;
	s->bytes += p->payload_len;
	s->last_ns = p->ts_ns;
	s->n_syn += !!(fl & TCP_SYN);
	s->n_fin += !!(fl & TCP_FIN);
	s->n_data += p->payload_len > 0;
	if (fl & TCP_RST) {
		s->n_rst++;
		return;
	}
	side_ttl(s, p->ttl);
	s->n_df += p->has_ip_id && p->df;
	s->n_nodf += p->has_ip_id && !p->df;
	s->win_last = p->tcp.win;
	s->ip_id_last = p->ip_id;
	if (fl & TCP_SYN) {
		s->syn_seen = true;
		s->ts_ok = p->tcp.opts & TCP_OPT_TS;
	}
	side_sequence(f, d, p);
	if (fl & TCP_FIN)
		s->fin = true;
	if (retransmit && !s->n_again++)
		s->again_ns = p->ts_ns;
	/* Three SYNs, or twice the same bytes: from then on nothing is forgotten, in case nobody
	 * answers. */
	if (d == DIR_ORIG && s->n_again == 2) {
		f->suspicion |= SUS_SILENCE;
		f->log.sealed = true;
	}
	if ((fl & TCP_ACK) && (!s->have_ack || (seq_diff(p->tcp.ack, s->ack_max) > 0 &&
						seq_diff(p->tcp.ack, s->ack_max) < seq_jump_max))) {
		s->ack_max = p->tcp.ack;
		s->have_ack = true;
		peer->n_again = 0;
		/* Answered after all: an ordinary connection again. */
		if (d == DIR_RESP && f->suspicion == SUS_SILENCE) {
			f->suspicion = 0;
			f->log.sealed = false;
		}
		if (peer->have_next && seq_diff(p->tcp.ack, peer->next) > 1)
			f->seq_gaps++;
	}
}

/* A reset's payload is a mark by itself (Henan's ten bytes): the first one of a flow is kept. */
static void keep_rst_bytes(struct flow_table *t, struct flow *f, const struct pkt *p)
{
	/* Cut by the capture before RST_BYTES: unknown, not shorter. */
	if (f->rst_bytes || !p->payload.len ||
	    (p->payload.len < p->payload_len && p->payload.len < RST_BYTES) ||
	    !flow_table_take(t, sizeof(*f->rst_bytes)))
		return;
	f->rst_bytes = calloc(1, sizeof(*f->rst_bytes));
	if (!f->rst_bytes) {
		flow_table_give(t, sizeof(*f->rst_bytes));
		return;
	}
	f->rst_bytes->frame_no = p->frame_no;
	f->rst_bytes->n = (uint8_t)(p->payload.len < RST_BYTES ? p->payload.len : RST_BYTES);
	memcpy(f->rst_bytes->at, p->payload.at, f->rst_bytes->n);
}

void tcp_track(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	struct flow_side *s = &f->side[d];
	uint16_t fl = p->tcp.flags;
	bool retransmit;

	if (p->quirks & QUIRK(TRUNC_L4))
		return; /* the ports may be there, the rest is not: nothing to learn */
	retransmit = s->have_next && !(fl & TCP_RST) &&
		     (p->payload_len || fl & (TCP_SYN | TCP_FIN)) &&
		     seq_diff(p->tcp.seq + p->payload_len + !!(fl & TCP_SYN) + !!(fl & TCP_FIN),
			      s->next) <= 0;
	if (fl & TCP_RST) {
		f->suspicion |= SUS_RST;
		f->log.sealed = true;
		keep_rst_bytes(t, f, p);
	}
	log_packet(t, f, d, p, retransmit);
	history_of(f, d, p, retransmit);
	if (p->payload.len && !(fl & TCP_RST))
		stream_put(t, f, d, p);
	side_update(f, d, p, retransmit);
	rate_series_packet(t, f, d, p, retransmit);
	if (!f->established && f->side[DIR_RESP].n_syn && d == DIR_ORIG &&
	    (fl & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK)
		f->established = true;
	if (fl & TCP_RST || (f->side[0].fin && f->side[1].fin))
		f->closed = true;
	else if (p->payload_len)
		f->closed = false;
}
