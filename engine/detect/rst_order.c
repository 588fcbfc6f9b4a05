/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sequence numbers and the packets around a reset say (METHODS b; Weaver, Sommer, Paxson
 * 2009). */
#include "detect/rst_group.h"

/* METHODS b: 2 s for every one of Weaver's pairs. */
static const int64_t pair_ns = INT64_C(2) * 1000000000;
/* A packet overtaken on the way arrives within this: older data of the same side just after its
 * reset proves nothing. Measured paths reorder within a few ms (METHODS f: equal-cost links); taken
 * generously. */
static const int64_t reorder_ns = INT64_C(20) * 1000000;

static bool sent_ttl_before(const struct flow *f, const struct seg *r, uint8_t ttl)
{
	for (const struct seg *s = f->log.at; s < r; s++)
		if (s->dir == r->dir && !(s->flags & TCP_RST) && s->ttl == ttl)
			return true;
	return false;
}

/* Did that side live on after its first reset? Only packets with a TTL it had used before, that a
 * reordering of older packets does not explain. */
static void put_life(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *r = g->at[0], *end = f->log.at + f->log.n;
	uint64_t life[EV_FRAMES_MAX], data[EV_FRAMES_MAX];
	uint32_t n_life = 0, n_data = 0;

	for (const struct seg *s = r + 1; s < end; s++) {
		bool fresh;

		if (s->dir != r->dir || (s->flags & (TCP_RST | TCP_SYN)) ||
		    s->ts_ns - r->ts_ns > pair_ns)
			continue;
		fresh = s->ts_ns - r->ts_ns > reorder_ns ||
			(r->next_known && seq_diff(s->seq + s->len, r->next_seq) > 0);
		if (fresh && sent_ttl_before(f, r, s->ttl) && n_life < EV_FRAMES_MAX)
			life[n_life++] = s->frame_no;
		if (s->len && !s->retransmit && seq_diff(s->seq, r->seq) >= 0 &&
		    n_data < EV_FRAMES_MAX)
			data[n_data++] = s->frame_no;
	}
	if (n_life)
		evidence_put(ev, FEAT_RST_LIFE_AFTER, 1, life, n_life);
	else
		evidence_put1(ev, FEAT_RST_LIFE_AFTER, 0, r->frame_no);
	if (n_data)
		evidence_put(ev, FEAT_RST_DATA_AFTER, 1, data, n_data);
	else
		evidence_put1(ev, FEAT_RST_DATA_AFTER, 0, r->frame_no);
}

/* Data of the reset's own side that arrives only after it, and whose end the reset's number already
 * is. */
static void put_raced(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *end = f->log.at + f->log.n;

	for (uint32_t i = 0; i < g->n; i++) {
		const struct seg *r = g->at[i];

		if (!r->next_known || seq_diff(r->seq, r->next_seq) <= 0)
			continue;
		for (const struct seg *s = r + 1; s < end && s->ts_ns - r->ts_ns <= pair_ns; s++)
			if (s->dir == r->dir && s->len && !(s->flags & TCP_RST) &&
			    s->seq + s->len == r->seq) {
				const uint64_t both[] = {r->frame_no, s->frame_no};

				evidence_put(ev, FEAT_RST_RACED, 1, both, 2);
				return;
			}
	}
	evidence_put1(ev, FEAT_RST_RACED, 0, g->at[0]->frame_no);
}

static uint32_t peer_ack_before(const struct flow *f, const struct seg *r, bool *known)
{
	uint32_t ack = 0;

	*known = false;
	for (const struct seg *s = f->log.at; s < r; s++)
		if (s->dir != r->dir && (s->flags & TCP_ACK) && !(s->flags & TCP_RST) &&
		    (!*known || seq_diff(s->ack, ack) > 0)) {
			ack = s->ack;
			*known = true;
		}
	return ack;
}

/* Does the reset only echo an ACK number that the other side sent before it? RFC 9293 3.10.7.1: so
 * a kernel refuses a segment it knows nothing of. */
static bool echoes_ack(const struct flow *f, const struct seg *r)
{
	for (const struct seg *s = f->log.at; s < r; s++)
		if (s->dir != r->dir && (s->flags & TCP_ACK) && s->ack == r->seq)
			return true;
	return false;
}

/* Had that side said goodbye, or the other side reset, before this reset? Then its kernel may send
 * resets for what still arrives. */
static bool was_closing(const struct flow *f, const struct seg *r)
{
	for (const struct seg *s = f->log.at; s < r; s++)
		if (s->dir == r->dir ? (s->flags & (TCP_FIN | TCP_RST)) == TCP_FIN
				     : (s->flags & TCP_RST) != 0)
			return true;
	return false;
}

/* RST_SEQ_CHANGE, Weaver 2009 App. A, all six conditions (METHODS b): a conforming stack never
 * resets above what it sent. The paper compares with the ACK numbers before the first reset; the
 * lab's hijacked handshakes showed that those before the second count as well. */
static void put_seq_change(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *a = g->at[0];

	for (uint32_t i = 1; i < g->n; a = g->at[i++]) {
		const struct seg *b = g->at[i];
		bool known;
		uint32_t ack = peer_ack_before(g->f, a, &known);

		if (seq_diff(b->seq, a->seq) <= 2 || b->ts_ns - a->ts_ns >= pair_ns ||
		    !a->next_known || !known)
			continue;
		if (seq_diff(b->seq, a->next_seq) > 0 && seq_diff(b->seq, ack) > 2 &&
		    !was_closing(g->f, a) && !echoes_ack(g->f, b)) {
			const uint64_t both[] = {a->frame_no, b->frame_no};

			evidence_put(ev, FEAT_RST_SEQ_CHANGE, 1, both, 2);
			return;
		}
	}
	evidence_put1(ev, FEAT_RST_SEQ_CHANGE, 0, g->at[0]->frame_no);
}

static void put_numbers(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0];

	evidence_put1(ev, FEAT_RST_SEQ_ZERO, r->seq == 0, r->frame_no);
	evidence_put1(ev, FEAT_RST_ACK_ZERO, r->ack == 0, r->frame_no);
	if (r->next_known) {
		evidence_put1(ev, FEAT_RST_SEQ_OFF, seq_diff(r->seq, r->next_seq), r->frame_no);
		evidence_put1(ev, FEAT_RST_SEQ_EXACT, r->seq == r->next_seq, r->frame_no);
	}
	if (r->peer_known && (r->flags & TCP_ACK))
		evidence_put1(ev, FEAT_RST_ACK_EXACT, r->ack == r->peer_next, r->frame_no);
}

/* A SYN/ACK that answers the same SYN as the refusal: with a SYN between them each answers one of
 * its own, as when a service that was not yet there is tried again. */
static bool same_syn(const struct seg *r, const struct seg *synack)
{
	const struct seg *from = r < synack ? r : synack, *to = r < synack ? synack : r;

	for (const struct seg *s = from + 1; s < to; s++)
		if (s->dir == DIR_ORIG && (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			return false;
	return true;
}

/* A refusal of the SYN as a closed port sends it, RFC 9293 3.10.7.1; beside a SYN/ACK of the same
 * side one of the two is forged. */
static void put_refusal(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0], *syn = NULL;
	const struct flow *f = g->f;
	bool refuses, both = false;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++) {
		if (!syn && s->dir == DIR_ORIG && (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			syn = s;
		if (s->dir == DIR_RESP &&
		    (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK))
			both |= same_syn(r, s);
	}
	refuses = g->dir == DIR_RESP && syn && (r->flags & TCP_ACK) && r->seq == 0 &&
		  r->ack == syn->seq + 1 + syn->len;
	evidence_put1(ev, FEAT_RST_REFUSES_SYN, refuses && !both, r->frame_no);
	evidence_put1(ev, FEAT_RST_AND_SYNACK, refuses && both, r->frame_no);
	/* ZMap sets IP ID 54321 and no options; other scanners send no options from a high TTL
	 * (METHODS a.6). */
	evidence_put1(ev, FEAT_RST_SCAN_SYN,
		      syn && (syn->ip_id == 54321 || (!syn->opts && syn->ttl >= 200)), r->frame_no);
}

static void put_before(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *r = g->at[0], *s;
	uint32_t other_kind = 0, other_way = 0, acked = 0;
	bool fin = false, have_acked = false, after_data = false;

	for (s = f->log.at; s < f->log.at + f->log.n; s++) {
		bool mine = s->dir == r->dir;

		if (s->flags & TCP_RST) {
			other_way += !mine;
			other_kind += mine && ((s->flags ^ r->flags) & TCP_ACK) != 0;
		} else if (s < r) {
			fin |= (s->flags & TCP_FIN) != 0;
			if (mine && (s->flags & TCP_ACK) &&
			    (!have_acked || seq_diff(s->ack, acked) > 0)) {
				acked = s->ack;
				have_acked = true;
			}
			if (mine && s->len && g->trigger && !g->raced_trigger &&
			    s->ts_ns > g->trigger->ts_ns)
				after_data = true;
		}
	}
	evidence_put1(ev, FEAT_RST_AFTER_FIN, fin, r->frame_no);
	evidence_put1(ev, FEAT_RST_OTHER_KIND, other_kind, r->frame_no);
	evidence_put1(ev, FEAT_RST_OTHER_WAY, other_way, r->frame_no);
	evidence_put1(ev, FEAT_RST_BY_OPENER, g->dir == DIR_ORIG, r->frame_no);
	evidence_put_text(ev, FEAT_RST_TO, g->dir == DIR_ORIG ? "resp" : "orig", 4, r->frame_no);
	if (have_acked && r->peer_known)
		evidence_put1(ev, FEAT_RST_UNREAD_DATA, seq_diff(r->peer_next, acked) > 0,
			      r->frame_no);
	if (g->trigger)
		evidence_put1(ev, FEAT_RST_AFTER_DATA, after_data, r->frame_no);
	/* No trigger: true only when the side that could have sent one was seen, from its start and
	 * whole. */
	if (g->trigger || (f->side[DIR_ORIG].packets && !f->midstream && !f->truncated))
		evidence_put1(ev, FEAT_RST_AFTER_TRIGGER, g->trigger && !after_data, r->frame_no);
}

void rst_facts_order(const struct rst_group *g, struct evidence *ev)
{
	put_numbers(g, ev);
	put_before(g, ev);
	put_refusal(g, ev);
	put_life(g, ev);
	put_raced(g, ev);
	put_seq_change(g, ev);
}
