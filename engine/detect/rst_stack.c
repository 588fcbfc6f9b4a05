/* SPDX-License-Identifier: BSD-3-Clause */
/* Who built the reset: TTL, IP ID, window, flags, options against that side's other packets
 * (METHODS c.1-c.3). */
#include <stdlib.h>

#include "base/text.h"
#include "detect/carrier.h"
#include "detect/rst_group.h"

/* MIDDLEBOXES 6.2: 0.17 ms behind the page; 10 ms leaves room for a loaded box. */
static const int64_t page_ns = INT64_C(10) * 1000000;

/* One initial TTL for another (64, 128, 255): Weaver 2009 App. C found such jumps in 28 % of
 * ordinary responder resets. */
static bool ttl_shift(int gap)
{
	static const int jump[] = {64, 127, 128, 191, 192};

	for (size_t i = 0; i < ARRAY_LEN(jump); i++)
		if (abs(gap - jump[i]) <= 2)
			return true;
	return false;
}

static void put_ttl(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0];
	uint8_t near;

	evidence_put1(ev, FEAT_RST_TTL, r->ttl, r->frame_no);
	evidence_put1(ev, FEAT_RST_TTL_INIT, model_ttl_init(r->ttl), r->frame_no);
	if (model_nearest_ttl(g->f, g->dir, r->ttl, NULL, 0, &near)) {
		int delta = r->ttl - near;

		evidence_put1(ev, FEAT_RST_TTL_DELTA, delta, r->frame_no);
		evidence_put1(ev, FEAT_RST_TTL_GAP, abs(delta), r->frame_no);
		evidence_put1(ev, FEAT_RST_TTL_SHIFT, ttl_shift(abs(delta)), r->frame_no);
	}
}

/* The worst fit of the group counts: one packet off the line is off the line. */
static void put_ipid(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0];
	const struct trigger *t = g->trigger;
	enum ipid_fit fit = IPID_UNKNOWN;
	uint64_t frame = 0;

	if (!r->has_id)
		return;
	evidence_put1(ev, FEAT_RST_IPID, r->ip_id, r->frame_no);
	for (uint32_t i = 0; i < g->n && fit != IPID_OFF; i++) {
		enum ipid_fit one = model_ipid(g->f, g->at[i], NULL, 0);

		if (one != IPID_UNKNOWN) {
			fit = one;
			frame = g->at[i]->frame_no;
		}
	}
	if (fit != IPID_UNKNOWN)
		evidence_put1(ev, FEAT_RST_IPID_FITS, fit == IPID_FITS, frame);
	/* Only what the other side sent can be echoed; our own side's number proves nothing. */
	if (t && t->dir != g->dir)
		evidence_put1(ev, FEAT_RST_IPID_ECHO,
			      t->ip_id && t->ip_id == r->ip_id && fit != IPID_FITS, r->frame_no);
}

static const struct seg *last_of(const struct rst_group *g, enum dir d, const struct seg *before)
{
	const struct seg *last = NULL;

	for (const struct seg *s = g->f->log.at; s < before; s++)
		if (s->dir == d && !(s->flags & TCP_RST))
			last = s;
	return last;
}

static void put_echo(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0], *mine = last_of(g, g->dir, r),
			 *peer = last_of(g, dir_other(g->dir), r);
	const struct ev_value *fits = evidence_get(ev, FEAT_RST_IPID_FITS);

	if (!peer)
		return;
	/* A window that both sides use alike (0xffff, 8192) is no echo when the claimed sender used
	 * it itself. */
	evidence_put1(ev, FEAT_RST_WIN_ECHO,
		      r->win && r->win == peer->win && (!mine || mine->win != r->win), r->frame_no);
	if (r->has_id && peer->has_id)
		evidence_put1(ev, FEAT_RST_IPID_ECHO_NEXT,
			      peer->ip_id && r->ip_id == (uint16_t)(peer->ip_id + 1) &&
				      !(fits && fits->num),
			      r->frame_no);
}

static void put_header(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *r = g->at[0];
	const struct flow_side *me = &g->f->side[g->dir];
	bool odd = false, bad = true, known = false;

	for (uint32_t i = 0; i < g->n; i++) {
		odd |= (g->at[i]->flags & (TCP_AE | TCP_RESERVED)) != 0;
		bad &= g->at[i]->checksum == 0;
		known |= g->at[i]->checksum >= 0;
	}
	evidence_put1(ev, FEAT_RST_FLAGS, r->flags, r->frame_no);
	evidence_put1(ev, FEAT_RST_ACK_FLAG, !!(r->flags & TCP_ACK), r->frame_no);
	evidence_put1(ev, FEAT_RST_ODD_FLAGS, odd, r->frame_no);
	evidence_put1(ev, FEAT_RST_WIN, r->win, r->frame_no);
	evidence_put1(ev, FEAT_RST_HDR_LEN, r->hdr_len, r->frame_no);
	evidence_put1(ev, FEAT_RST_PAYLOAD_LEN, r->len, r->frame_no);
	/* Not all bytes captured: nobody can say that the checksum was wrong, and that is the
	 * answer the veto needs. */
	evidence_put1(ev, FEAT_RST_BAD_CHECKSUM, known && bad, r->frame_no);
	if (r->has_id) {
		evidence_put1(ev, FEAT_RST_DF, r->df, r->frame_no);
		if (me->n_df + me->n_nodf >= 2)
			evidence_put1(ev, FEAT_RST_DF_DIFFERS, r->df ? !me->n_df : !me->n_nodf,
				      r->frame_no);
	}
	if (me->syn_seen && g->f->side[dir_other(g->dir)].syn_seen)
		evidence_put1(ev, FEAT_RST_TS_MISSING,
			      me->ts_ok && g->f->side[dir_other(g->dir)].ts_ok &&
				      !(r->opts & TCP_OPT_TS),
			      r->frame_no);
}

/* Does a packet of the same side that is no reset (a forged SYN/ACK) stand to the reset as the next
 * count of the same counter? TTLs of one side hardly ever differ, and then the window differs by
 * the same number once in 65,536. A kernel's reset has window 0: that counts nothing. */
static const struct seg *counts_with(const struct rst_group *g)
{
	const struct seg *r = g->at[0], *end = g->f->log.at + g->f->log.n;

	for (const struct seg *s = g->f->log.at; r->win && s < end; s++)
		if (s->dir == g->dir && !(s->flags & TCP_RST) && s->ttl != r->ttl &&
		    r->ttl - s->ttl == r->win - s->win)
			return s;
	return NULL;
}

static void put_lockstep(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *with = counts_with(g);
	uint64_t frames[EV_FRAMES_MAX];
	uint32_t n = 0, steps = 0;
	bool lock = true;

	for (uint32_t i = 1; i < g->n; i++) {
		int dttl = g->at[i]->ttl - g->at[i - 1]->ttl;

		lock &= dttl == g->at[i]->win - g->at[i - 1]->win;
		steps += dttl != 0;
	}
	if (with)
		frames[n++] = with->frame_no;
	for (uint32_t i = 0; i < g->n && n < EV_FRAMES_MAX; i++)
		frames[n++] = g->at[i]->frame_no;
	evidence_put(ev, FEAT_RST_LOCKSTEP, (lock && steps) || with, frames, n);
}

/* Are any two of the group one packet sent twice? At most RST_GROUP_MAX squared compares. */
static bool identical(const struct rst_group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		for (uint32_t j = i + 1; j < g->n; j++) {
			const struct seg *x = g->at[i], *y = g->at[j];

			if (x->has_id && x->ip_id && x->ip_id == y->ip_id && x->ttl == y->ttl &&
			    x->win == y->win && x->seq == y->seq && x->ack == y->ack)
				return true;
		}
	return false;
}

static void put_burst(const struct rst_group *g, struct evidence *ev)
{
	const struct seg *a = g->at[0], *b;
	uint64_t frames[EV_FRAMES_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n && n < EV_FRAMES_MAX; i++)
		frames[n++] = g->at[i]->frame_no;
	evidence_put(ev, FEAT_RST_COUNT, (int64_t)g->n + g->left_out, frames, n);
	if (g->n < 2) {
		if (a->has_id)
			evidence_put1(ev, FEAT_RST_IDENTICAL, 0, a->frame_no);
		return;
	}
	b = g->at[1];
	evidence_put(ev, FEAT_RST_TTL_STEP, b->ttl - a->ttl, frames, n);
	evidence_put(ev, FEAT_RST_WIN_STEP, b->win - a->win, frames, n);
	evidence_put(ev, FEAT_RST_SEQ_STEP, seq_diff(b->seq, a->seq), frames, n);
	if (a->has_id)
		evidence_put(ev, FEAT_RST_IPID_STEP, (int16_t)(b->ip_id - a->ip_id), frames, n);
	evidence_put(ev, FEAT_RST_IDENTICAL, identical(g), frames, n);
}

static void put_payload(const struct rst_group *g, struct evidence *ev)
{
	const struct rst_bytes *b = g->f->rst_bytes;
	char text[2 * RST_BYTES];

	if (!b)
		return;
	for (uint32_t i = 0; i < g->n; i++) {
		if (g->at[i]->frame_no != b->frame_no)
			continue;
		text_hex(text, b->at, b->n);
		evidence_put_text(ev, FEAT_RST_PAYLOAD, text, 2u * b->n, b->frame_no);
	}
}

/* The reset that ends a forged page comes right behind it and with the next IP ID of the same
 * builder. */
static void put_page(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *r = g->at[0], *s = f->page ? flow_seg(f, f->page->frame_no) : NULL;
	uint64_t both[2];

	if (!s || s->dir != g->dir || r < s || !r->has_id)
		return;
	both[0] = s->frame_no;
	both[1] = r->frame_no;
	evidence_put(ev, FEAT_RST_AFTER_PAGE,
		     r->ts_ns - s->ts_ns <= page_ns && (uint16_t)(r->ip_id - s->ip_id) <= 1 &&
			     r->ip_id && carrier_look(f, s, NULL, 0).signs > 0,
		     both, 2);
}

void rst_facts_stack(const struct rst_group *g, struct evidence *ev)
{
	put_ttl(g, ev);
	put_ipid(g, ev);
	put_echo(g, ev);
	put_header(g, ev);
	put_burst(g, ev);
	put_lockstep(g, ev);
	put_page(g, ev);
	put_payload(g, ev);
}
