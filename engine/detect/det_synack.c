/* SPDX-License-Identifier: BSD-3-Clause */
/* Two answers to one SYN: a second SYN/ACK with another initial sequence number (HoneyBadger's handshake hijack, METHODS f.1).
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - SYN cookies, a restarted server: each copy of a SYN answered afresh: no more answers than SYNs
 *     test_synack_to_each_of_several_syns_is_no_conflict
 * - a SYN proxy that draws a new cookie by its timer: one stack, a second apart
 *     test_synack_gap_of_a_retransmission_timer synack-cookie-a.pcap
 * - a repeated SYN/ACK, port reuse: same number, or another SYN
 *     test_synack_retransmitted_or_of_another_syn_is_no_case synack-retransmit.pcap
 * - two servers behind one address, a SYN that came twice: as many SYNs as answers
 *     test_synack_beside_a_mirror_copy_of_the_syn synack-two-servers.pcap */
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"

/* Both answers to one SYN come within a round trip; retransmission timers start at 1 s (RFC 6298
 * 2). */
static const int64_t race_ns = INT64_C(900) * 1000000;

static bool is_synack(const struct seg *s)
{
	return s->dir == DIR_RESP &&
	       (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

/* Payload of the responder on the sequence line that starts at isn. Resets are left out: the
 * responder's own kernel sends them on the forged line, echoing the ACK numbers that the hijacked
 * side sends it. */
static uint32_t data_on_line(const struct flow *f, uint32_t isn, uint64_t *frame, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->log.n && n < max; i++) {
		const struct seg *s = &f->log.at[i];

		/* A line is recognised within 1 MB of its start: two random 32-bit numbers are
		 * nearer than that once in 2,000. */
		if (s->dir == DIR_RESP && !(s->flags & (TCP_SYN | TCP_RST)) &&
		    (s->len || s->flags & TCP_FIN) && seq_diff(s->seq, isn) > 0 &&
		    seq_diff(s->seq, isn) < 1 << 20)
			frame[n++] = s->frame_no;
	}
	return n;
}

static bool ever_acked(const struct flow *f, uint32_t isn)
{
	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir == DIR_ORIG && (s->flags & TCP_ACK) && !(s->flags & TCP_RST) &&
		    seq_diff(s->ack, isn) > 0 && seq_diff(s->ack, isn) < 1 << 20)
			return true;
	}
	return false;
}

/* The responder's own kernel says that the line from isn is not its own: it answers an ACK there with a reset of that number (RFC 9293
 * 3.10.7.4), or repeats its own answer, with number `own`, that nobody acknowledged. */
static bool disowned(const struct flow *f, uint32_t isn, uint32_t own)
{
	uint32_t n_own = 0;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir != DIR_RESP)
			continue;
		if (is_synack(s) && s->seq == own && !flow_is_mirror_copy(f, s))
			n_own++;
		if ((s->flags & TCP_RST) && seq_diff(s->seq, isn) > 0 &&
		    seq_diff(s->seq, isn) < 1 << 20)
			return true;
	}
	return n_own > 1;
}

/* The line from isn lived to an orderly end: data and FIN of both sides, each acknowledged, and nobody reset anything. */
static bool lived(const struct flow *f, uint32_t isn)
{
	uint32_t end_orig = 0, end_resp = 0;
	bool fin_orig = false, fin_resp = false, acked_orig = false, acked_resp = false;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];
		bool on = seq_diff(s->seq, isn) > 0 && seq_diff(s->seq, isn) < 1 << 20;

		if (s->flags & TCP_RST)
			return false;
		if (s->dir == DIR_ORIG && (s->flags & TCP_FIN)) {
			fin_orig = true;
			end_orig = s->seq + s->len + 1;
		} else if (s->dir == DIR_RESP && (s->flags & TCP_FIN) && on) {
			fin_resp = true;
			end_resp = s->seq + s->len + 1;
		}
		if (s->dir == DIR_RESP && on && fin_orig && s->ack == end_orig)
			acked_orig = true;
		if (s->dir == DIR_ORIG && fin_resp && s->ack == end_resp)
			acked_resp = true;
	}
	return acked_orig && acked_resp;
}

/* Which of the two was forged, NULL when that cannot be told. A hijacker who wins has the connection built on his number, and the
 * responder, whose own answer comes too late, refuses what comes there. One who loses goes on sending on a line that orig never
 * acknowledges, or changes nothing: then the first line lives on. Last, who forges often leaves the options out (cs161's capture). */
static const struct seg *forged(const struct flow *f, const struct seg *a, const struct seg *b)
{
	uint64_t frame;

	if (!ever_acked(f, a->seq) && ever_acked(f, b->seq))
		return a;
	if (data_on_line(f, b->seq, &frame, 1) && !ever_acked(f, b->seq))
		return b;
	if (disowned(f, a->seq, b->seq))
		return a;
	if (lived(f, a->seq))
		return b;
	if (!a->opts != !b->opts)
		return a->opts ? b : a;
	return NULL;
}

/* Two SYN/ACKs with different numbers; `extra`: no SYN came between them, and there are more
 * answers than SYNs. */
struct answers {
	const struct seg *a, *b;
	bool extra;
};

/* A responder that keeps no state (SYN cookies, a load balancer) gives each copy of a SYN an answer
 * of its own: those are as many as the SYNs. */
static struct answers answers_of(const struct flow *f)
{
	enum { ISNS_MAX = 8 };
	const struct seg *answer[ISNS_MAX], *since_syn = NULL;
	uint32_t n = 0, n_syn = 0, i;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n && n < ISNS_MAX; s++) {
		if (flow_is_mirror_copy(f, s))
			continue;
		if (s->dir == DIR_ORIG && (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
			n_syn++;
			since_syn = NULL;
		}
		if (!is_synack(s) || (n && s->ack != answer[0]->ack))
			continue;
		for (i = 0; i < n && answer[i]->seq != s->seq; i++)
			;
		if (i < n)
			continue;
		answer[n++] = s;
		if (since_syn && n > n_syn)
			return (struct answers){since_syn, s, true};
		since_syn = s;
	}
	if (n < 2)
		return (struct answers){0};
	return (struct answers){answer[0], answer[1], false};
}

/* The stream keeps the line that was accepted first, which is the hijacker's when he won. */
static bool is_http(const struct flow *f, const struct seg *odd)
{
	struct bytes head = stream_head(f, DIR_RESP);

	return f->side[DIR_RESP].have_isn && f->side[DIR_RESP].isn == odd->seq && head.len >= 7 &&
	       !memcmp(head.at, "HTTP/1.", 7);
}

static void judge_synack(const struct flow *f, struct case_list *out)
{
	enum { LINE_MAX = 64 };
	struct answers two = answers_of(f);
	const struct seg *a = two.a, *b = two.b, *odd;
	uint64_t frame[LINE_MAX], other[LINE_MAX];
	uint32_t n, n_other;
	bool stack;
	struct evidence *ev;
	uint64_t both[2];

	if (!b || !(ev = case_new(out, CASE_SYNACK, f)))
		return;
	both[0] = a->frame_no;
	both[1] = b->frame_no;
	stack = abs(a->ttl - b->ttl) >= 2 || a->opts != b->opts;
	evidence_put(ev, FEAT_SYNACK_COUNT, 2, both, 2);
	evidence_put(ev, FEAT_SYNACK_ISN_DIFFERS, two.extra && b->ts_ns - a->ts_ns < race_ns, both,
		     2);
	evidence_put(ev, FEAT_SYNACK_GAP, b->ts_ns - a->ts_ns, both, 2);
	evidence_put(ev, FEAT_SYNACK_STACK_DIFFERS, stack, both, 2);
	odd = forged(f, a, b);
	if (!odd)
		return;
	n = data_on_line(f, odd->seq, frame, LINE_MAX);
	n_other = data_on_line(f, odd == a ? b->seq : a->seq, other, LINE_MAX);
	evidence_put(ev, FEAT_SYNACK_DATA_BOTH, n && n_other, both, 2);
	if (n)
		evidence_put1(ev, FEAT_SYNACK_HTTP, is_http(f, odd), frame[0]);
	for (uint32_t i = 0; i < f->log.n; i++)
		if (is_synack(&f->log.at[i]) && f->log.at[i].seq == odd->seq)
			evidence_suspect(ev, f->log.at[i].frame_no);
	for (uint32_t i = 0; i < n; i++)
		evidence_suspect(ev, frame[i]);
}

const struct detector det_synack = {
	.name = "synack",
	.help = "two different answers to one SYN",
	.wants = SUS_SYNACK,
	.judge = judge_synack,
};
