/* SPDX-License-Identifier: BSD-3-Clause */
/* Conflicting data: two segments that say different things about the same bytes (METHODS f.1, the shape of QUANTUMINSERT).
 * When both carriers look alike we do not say which is forged.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - keep-alive bytes, ghost payloads of padding: left out when the stream is compared
 *     test_overlap_keep_alive_is_no_conflict
 * - a few bytes of a broken stack: both over 6 bytes, 8 or all differ
 *     test_overlap_how_much_must_differ
 * - a proxy or stack that rewrites a retransmission: one TTL and IP ID line: one_sender
 *     test_overlap_of_one_sender_is_no_injection rewritten-retransmission.pcap
 * - an ordinary retransmission: the same bytes
 *     retransmission-same.pcap
 * - capture truncation: only captured bytes are compared
 *     test_overlap_of_cut_packets_compares_what_is_there */
#include <stdlib.h>
#include <string.h>

#include "detect/carrier.h"
#include "detect/detect.h"

enum { WORST_MAX = 4 };

static void put_conflict(const struct flow *f, const struct conflict *k, struct evidence *ev)
{
	const struct seg *a = flow_seg(f, k->first_frame), *b = flow_seg(f, k->second_frame), *q;
	const uint64_t both[2] = {k->first_frame, k->second_frame};
	struct carrier ca, cb, *odd;
	const struct trigger *t;
	bool apart;

	evidence_put(ev, FEAT_OVERLAP_DIFFERS, k->differ, both, 2);
	evidence_put_text(ev, FEAT_OVERLAP_TO, k->dir == DIR_ORIG ? "resp" : "orig", 4,
			  k->second_frame);
	evidence_put(ev, FEAT_OVERLAP_TEXT_BOTH, k->first_http && k->second_http, both, 2);
	if (!a || !b) {
		evidence_suspect(ev, k->first_frame);
		return;
	}
	ca = carrier_look(f, a, both, 2);
	cb = carrier_look(f, b, both, 2);
	/* Far from each other counts as well when nothing else of that side was seen. */
	apart = abs(a->ttl - b->ttl) > TTL_NEAR;
	evidence_put(ev, FEAT_OVERLAP_TTL_GAP, abs(a->ttl - b->ttl), both, 2);
	evidence_put(ev, FEAT_OVERLAP_ONE_SENDER, !apart && !ca.signs && !cb.signs, both, 2);
	odd = cb.signs > ca.signs ? &cb : &ca;
	evidence_put1(ev, FEAT_OVERLAP_STACK_DIFFERS,
		      apart || odd->ttl_far || odd->ts_missing || odd->df_odd, odd->s->frame_no);
	evidence_put1(ev, FEAT_OVERLAP_FIRST_FORGED, odd == &ca, odd->s->frame_no);
	evidence_put(ev, FEAT_OVERLAP_GAP, b->ts_ns - a->ts_ns, both, 2);
	evidence_put1(ev, FEAT_OVERLAP_WIN, odd->s->win, odd->s->frame_no);
	q = carrier_answers(f, odd->s);
	if (odd->s->has_id) {
		evidence_put1(ev, FEAT_OVERLAP_IPID, odd->s->ip_id, odd->s->frame_no);
		if (q)
			evidence_put1(ev, FEAT_OVERLAP_IPID_ECHO,
				      q->ip_id && q->ip_id == odd->s->ip_id, odd->s->frame_no);
	}
	t = trigger_before(f, odd->s->ts_ns - 1, 0); /* what it carries itself came not before it */
	evidence_put1(ev, FEAT_OVERLAP_AFTER_TRIGGER, t && t->dir != k->dir, odd->s->frame_no);
	if (t)
		case_trigger(ev, t);
	evidence_suspect(ev, odd->s->frame_no);
}

static bool in(uint64_t frame_no, const uint64_t *told, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (told[i] == frame_no)
			return true;
	return false;
}

/* The conflicts that differ most speak for the rest; each first carrier once. */
static void judge_overlap(const struct flow *f, struct case_list *out)
{
	uint64_t told[WORST_MAX];
	uint32_t n_told = 0;

	while (n_told < WORST_MAX) {
		const struct conflict *worst = NULL;
		struct evidence *ev;

		for (uint32_t i = 0; i < f->n_conflicts; i++) {
			const struct conflict *k = &f->conflict[i];

			if (!in(k->first_frame, told, n_told) &&
			    (!worst || k->differ > worst->differ))
				worst = k;
		}
		if (!worst || !(ev = case_new(out, CASE_OVERLAP, f)))
			return;
		told[n_told++] = worst->first_frame;
		put_conflict(f, worst, ev);
	}
}

const struct detector det_overlap = {
	.name = "overlap",
	.help = "segments that say different things about the same bytes",
	.wants = SUS_CONFLICT,
	.judge = judge_overlap,
};
