/* SPDX-License-Identifier: BSD-3-Clause */
/* Conflicting data: two segments that say different things about the same bytes (METHODS f.1, the shape of QUANTUMINSERT).
 *
 * Innocent look-alikes: keep-alive bytes and padding (left out when the stream is compared), a proxy that rewrites a retransmission and broken or fuzzed
 * stacks (one_sender: one sender's TTL and IP ID line cover both carriers), capture truncation (only captured bytes are compared). When both
 * carriers look alike we do not say which is forged. */
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"

enum { TTL_NEAR = 1, WORST_MAX = 4 };

/* How one carrier differs from that side's other packets. */
struct carrier {
	const struct seg *s;
	bool ttl_known, ttl_far, ts_missing, df_odd;
	int ttl_gap;
	enum ipid_fit ipid;
	uint32_t signs;
};

static bool df_odd(const struct flow *f, const struct seg *c, const uint64_t skip[2])
{
	uint32_t same = 0, other = 0;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir == c->dir && s->has_id && !(s->flags & (TCP_RST | TCP_SYN)) && s->frame_no != skip[0] &&
		    s->frame_no != skip[1]) {
			same += s->df == c->df;
			other += s->df != c->df;
		}
	}
	return other >= 1 && !same;
}

static struct carrier look(const struct flow *f, const struct seg *s, const uint64_t skip[2])
{
	struct carrier c = {.s = s};
	uint8_t near;

	if (model_nearest_ttl(f, s->dir, s->ttl, skip, 2, &near)) {
		c.ttl_known = true;
		c.ttl_gap = abs(near - s->ttl);
		c.ttl_far = c.ttl_gap > TTL_NEAR;
	}
	c.ipid = model_ipid(f, s, skip, 2);
	c.ts_missing = f->side[0].syn_seen && f->side[1].syn_seen && f->side[0].ts_ok && f->side[1].ts_ok &&
		       !(s->opts & TCP_OPT_TS);
	c.df_odd = df_odd(f, s, skip);
	c.signs = (uint32_t)c.ttl_far + (c.ipid == IPID_OFF) + c.ts_missing + c.df_odd;
	return c;
}

/* The packet of the other side that a carrier answers: the last one before it. */
static const struct seg *answered(const struct flow *f, const struct seg *s)
{
	const struct seg *last = NULL;

	for (const struct seg *x = f->log.at; x < s; x++)
		if (x->dir != s->dir && !(x->flags & TCP_RST))
			last = x;
	return last;
}

static void put_conflict(const struct flow *f, const struct conflict *k, struct evidence *ev)
{
	const struct seg *a = flow_seg(f, k->first_frame), *b = flow_seg(f, k->second_frame), *q;
	const uint64_t both[2] = {k->first_frame, k->second_frame};
	struct carrier ca, cb, *odd;
	const struct trigger *t;
	bool apart;

	evidence_put(ev, FEAT_OVERLAP_DIFFERS, k->differ, both, 2);
	evidence_put_text(ev, FEAT_OVERLAP_TO, k->dir == DIR_ORIG ? "resp" : "orig", 4, k->second_frame);
	evidence_put(ev, FEAT_OVERLAP_TEXT_BOTH, k->first_http && k->second_http, both, 2);
	if (!a || !b) {
		evidence_suspect(ev, k->first_frame);
		return;
	}
	ca = look(f, a, both);
	cb = look(f, b, both);
	/* Far from each other counts as well when nothing else of that side was seen. */
	apart = abs(a->ttl - b->ttl) > TTL_NEAR;
	evidence_put(ev, FEAT_OVERLAP_TTL_GAP, abs(a->ttl - b->ttl), both, 2);
	evidence_put(ev, FEAT_OVERLAP_ONE_SENDER, !apart && !ca.signs && !cb.signs, both, 2);
	odd = cb.signs > ca.signs ? &cb : &ca;
	evidence_put1(ev, FEAT_OVERLAP_STACK_DIFFERS, apart || odd->ttl_far || odd->ts_missing || odd->df_odd, odd->s->frame_no);
	evidence_put1(ev, FEAT_OVERLAP_FIRST_FORGED, odd == &ca, odd->s->frame_no);
	evidence_put(ev, FEAT_OVERLAP_GAP, b->ts_ns - a->ts_ns, both, 2);
	evidence_put1(ev, FEAT_OVERLAP_WIN, odd->s->win, odd->s->frame_no);
	q = answered(f, odd->s);
	if (odd->s->has_id) {
		evidence_put1(ev, FEAT_OVERLAP_IPID, odd->s->ip_id, odd->s->frame_no);
		if (q)
			evidence_put1(ev, FEAT_OVERLAP_IPID_ECHO, q->ip_id && q->ip_id == odd->s->ip_id, odd->s->frame_no);
	}
	t = trigger_before(f, odd->s->ts_ns, 0);
	evidence_put1(ev, FEAT_OVERLAP_AFTER_TRIGGER, t && t->dir != k->dir, odd->s->frame_no);
	if (t)
		case_trigger(ev, t);
	evidence_suspect(ev, odd->s->frame_no);
}

/* The conflicts that differ most speak for the rest; each suspected carrier once. */
static void judge_overlap(const struct flow *f, struct case_list *out)
{
	uint64_t told[WORST_MAX];
	uint32_t n_told = 0;

	for (uint32_t i = 0; i < f->n_conflicts && n_told < WORST_MAX; i++) {
		const struct conflict *k = &f->conflict[i];
		struct evidence *ev;
		bool known = false;

		for (uint32_t j = 0; j < n_told; j++)
			known |= told[j] == k->first_frame;
		if (known)
			continue;
		told[n_told++] = k->first_frame;
		ev = case_new(out, CASE_OVERLAP, f);
		if (!ev)
			return;
		put_conflict(f, k, ev);
	}
}

const struct detector det_overlap = {
	.name = "overlap",
	.help = "segments that say different things about the same bytes",
	.wants = SUS_CONFLICT,
	.judge = judge_overlap,
};
