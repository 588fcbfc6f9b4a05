/* SPDX-License-Identifier: BSD-3-Clause */
/* Silence where a kernel must have answered (METHODS e, h.5; ARCHITECTURE "Grades"): data, a FIN or SYNs are sent again and
 * again, and nothing acknowledges them.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a responder that says nothing: its kernel acknowledges: no case
 *     test_drop_mute_server_is_no_case golden/inn-mute server-mute.pcap
 * - a lossy path: a later copy arrives: acknowledged
 *     test_drop_acknowledged_later_is_no_case golden/inn-loss lossy-mobile.pcap
 * - a responder or path that died: other hosts silent too: path_alive not yes
 *     test_drop_path_alive_only_when_it_was_seen
 * - a path-MTU black hole, a big hello that some box breaks: only large segments vanish: large_only
 *     test_drop_of_large_segments_only_is_told drop-large-only.pcap
 * - the same, and a router says so to a sender that does not heed it: too_big
 *     test_too_big_until_it_is_sent_small_enough path-mtu-a.pcap path-mtu-v6.pcap
 * - a full receiver: window 0
 *     test_drop_zero_window_is_told full-receiver.pcap
 * - a filtered port, a dead host, Happy Eyeballs' loser: no handshake: the shape only
 *     test_drop_of_syns golden/inn-nobody syn-unanswered.pcap eyeballs-lost.pcap
 * - a NAT that forgot an idle connection: the pause before is no silence
 *     test_drop_idle_before_the_question_is_no_silence
 * - a capture of one direction: one_sided: no case
 *     test_drop_in_a_one_sided_capture_is_no_case */
#include <string.h>

#include "base/words.h"
#include "detect/detect.h"
#include "detect/drop_icmp.h"

/* ARCHITECTURE 5: two or more retransmissions, no ACK for 5 s. SYNs are sent at 0, 1, 3, 7 s: three
 * of them make 3 s. */
enum { RETRANSMISSIONS_MIN = 2, SYNS_MIN = 3 };
static const int64_t silence_min_ns = INT64_C(5) * 1000000000,
		     syn_silence_min_ns = INT64_C(3) * 1000000000 - 100000000;
/* The segments of one hello follow each other at once; a stack that waits between them waits for
 * less than this. */
static const int64_t segments_ns = INT64_C(500) * 1000000;
/* IPv6 guarantees 1280 bytes (RFC 8200 5): less 40 of IP and 20 of TCP; what is no larger than this
 * is lost to no MTU. */
enum { SMALL_SEGMENT = 1220 };

/* What orig sent from its first unacknowledged byte on. */
struct unacked {
	uint32_t ack;   /* highest ACK number of resp at the end */
	uint32_t bytes; /* beyond it */
	/* first transmission of that byte, last packet that asks for an ACK beyond it */
	const struct seg *first, *last;
	const struct seg *heard; /* last packet of resp before `last` */
	uint32_t n_again;
	bool small, zero_window, peer_alive;
	/* a small segment behind that byte, of which nothing shows that it arrived */
	bool small_tail;
	uint64_t alive_frame;
	uint64_t again[EV_FRAMES_MAX];
};

static uint32_t seg_end(const struct seg *s)
{
	return s->seq + s->len + !!(s->flags & TCP_FIN);
}

static bool last_ack(const struct flow *f, uint32_t *ack)
{
	bool known = false;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++)
		if (s->dir == DIR_RESP && (s->flags & TCP_ACK) && !(s->flags & TCP_RST) &&
		    (!known || seq_diff(s->ack, *ack) > 0)) {
			*ack = s->ack;
			known = true;
		}
	return known;
}

static bool covers(const struct seg *s, uint32_t seq)
{
	return seq_diff(s->seq, seq) <= 0 && seq_diff(seg_end(s), seq) > 0;
}

/* A packet of resp. One that repeats the ACK number says that something behind the gap has arrived
 * (RFC 5681 4.2). */
static void hear(struct unacked *u, const struct seg *s, bool repeats)
{
	u->heard = s;
	u->zero_window = (u->first && u->zero_window) || s->win == 0;
	if (!u->first)
		return;
	if (repeats && !s->len)
		u->small_tail = false;
	/* Later packets whose ACK number stands still. */
	if (s->ts_ns - u->first->ts_ns >= silence_min_ns) {
		u->peer_alive = true;
		u->alive_frame = s->frame_no;
	}
}

static bool look(const struct flow *f, struct unacked *u)
{
	const struct seg *end = f->log.at + f->log.n;
	bool acked = false;

	*u = (struct unacked){0};
	if (!last_ack(f, &u->ack))
		return false;
	for (const struct seg *s = f->log.at; s < end; s++) {
		bool repeats = acked;

		if (s->flags & TCP_RST)
			continue;
		acked |= s->dir == DIR_RESP && (s->flags & TCP_ACK) && s->ack == u->ack;
		if (s->flags & TCP_SYN)
			continue;
		if (s->dir == DIR_RESP) {
			hear(u, s, repeats && s->ack == u->ack);
			continue;
		}
		if (seq_diff(seg_end(s), u->ack) > 0 && (s->len || s->flags & TCP_FIN)) {
			u->small |= covers(s, u->ack) && s->len <= SMALL_SEGMENT;
			u->small_tail |= !covers(s, u->ack) && s->len <= SMALL_SEGMENT;
			u->last = s;
		}
		if (!covers(s, u->ack))
			continue;
		if (!u->first) {
			u->first = s;
		} else {
			if (u->n_again < EV_FRAMES_MAX)
				u->again[u->n_again] = s->frame_no;
			u->n_again++;
		}
	}
	if (!u->first)
		return false;
	u->bytes = f->side[DIR_ORIG].next - u->ack;
	return true;
}

static bool data_since(const struct flow *f, const struct trigger *t)
{
	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++)
		if (s->dir == DIR_RESP && s->len && s->ts_ns >= t->ts_ns)
			return true;
	return false;
}

/* What orig sent as a trigger was acknowledged whole, and resp sent nothing for it. */
static bool is_after_trigger(const struct flow *f, const struct unacked *u)
{
	const struct trigger *t = trigger_before(f, u->first->ts_ns, segments_ns);

	return t && t->dir == DIR_ORIG &&
	       (seq_diff(u->ack, t->seq) < 0 || seq_diff(u->ack, t->seq_end) >= 0) &&
	       !data_since(f, t);
}

/* FINs that come again while data before them is not acknowledged count as retransmissions of that
 * silence too. */
static void put_silence(const struct flow *f, const struct unacked *u, struct evidence *ev)
{
	const struct trigger *t = trigger_before(f, u->first->ts_ns, segments_ns);
	uint64_t first = u->first->frame_no, frame = first;
	bool in_trigger = t && t->dir == DIR_ORIG && seq_diff(u->ack, t->seq) >= 0 &&
			  seq_diff(u->ack, t->seq_end) < 0;
	bool too_big = drop_too_big(f, u->ack, &frame);

	if (t)
		case_trigger(ev, t);
	evidence_put1(ev, FEAT_DROP_HANDSHAKE, f->side[DIR_RESP].n_syn > 0, first);
	evidence_put1(ev, FEAT_DROP_UNACKED, u->bytes, first);
	evidence_put(ev, FEAT_DROP_RETRANSMISSIONS, u->n_again, u->again,
		     u->n_again < EV_FRAMES_MAX ? u->n_again : EV_FRAMES_MAX);
	evidence_put1(ev, FEAT_DROP_SILENCE, u->last->ts_ns - u->first->ts_ns, u->last->frame_no);
	evidence_put1(ev, FEAT_DROP_IN_TRIGGER, in_trigger, first);
	evidence_put1(ev, FEAT_DROP_AFTER_TRIGGER, is_after_trigger(f, u), first);
	if (u->heard && u->heard < u->last)
		evidence_put1(ev, FEAT_DROP_QUIET, u->last->ts_ns - u->heard->ts_ns,
			      u->last->frame_no);
	evidence_put1(ev, FEAT_DROP_LARGE_ONLY, !u->small && !u->small_tail, first);
	evidence_put1(ev, FEAT_DROP_TOO_BIG, too_big, frame);
	evidence_put1(ev, FEAT_DROP_ZERO_WINDOW, u->zero_window, first);
	evidence_put1(ev, FEAT_DROP_PEER_ALIVE, u->peer_alive,
		      u->peer_alive ? u->alive_frame : first);
	evidence_put1(ev, FEAT_DROP_ANSWERED, f->side[DIR_RESP].n_data > 0, first);
	if (f->path_alive)
		evidence_put1(ev, FEAT_DROP_PATH_ALIVE, 1, f->path_alive);
}

/* No answer at all to the SYNs. */
static void put_syns(const struct flow *f, struct evidence *ev)
{
	const struct seg *first = NULL, *last = NULL;
	uint64_t frames[EV_FRAMES_MAX];
	uint32_t n = 0;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++) {
		if (s->dir != DIR_ORIG || !(s->flags & TCP_SYN))
			continue;
		first = first ? first : s;
		last = s;
		if (n < EV_FRAMES_MAX)
			frames[n++] = s->frame_no;
	}
	if (!first)
		return;
	evidence_put1(ev, FEAT_DROP_HANDSHAKE, 0, first->frame_no);
	evidence_put(ev, FEAT_DROP_SYNS, f->side[DIR_ORIG].n_syn, frames, n);
	evidence_put1(ev, FEAT_DROP_SILENCE, last->ts_ns - first->ts_ns, last->frame_no);
	if (f->path_alive)
		evidence_put1(ev, FEAT_DROP_PATH_ALIVE, 1, f->path_alive);
}

/* SYNs without an answer: enough of them to be a silence, or an ICMP error that says why there was only one. */
static struct evidence *judge_syns(const struct flow *f, struct case_list *out)
{
	const struct flow_side *o = &f->side[DIR_ORIG];
	bool silence = o->n_syn >= SYNS_MIN &&
		       f->log.at[f->log.n - 1].ts_ns - f->log.at[0].ts_ns >= syn_silence_min_ns;
	struct evidence *ev;

	if (f->midstream || o->n_data || !(silence || f->icmp))
		return NULL;
	ev = case_new(out, CASE_DROP, f);
	if (ev)
		put_syns(f, ev);
	return ev;
}

static struct evidence *judge_data(const struct flow *f, struct case_list *out)
{
	struct evidence *ev;
	struct unacked u;

	if (!look(f, &u) || u.n_again < RETRANSMISSIONS_MIN)
		return NULL;
	/* Before it was asked resp had no reason to speak: only after an unanswered trigger its
	 * quiet counts from when it was heard. */
	if (u.last->ts_ns - u.first->ts_ns < silence_min_ns &&
	    (!u.heard || u.last->ts_ns - u.heard->ts_ns < silence_min_ns ||
	     !is_after_trigger(f, &u)))
		return NULL;
	ev = case_new(out, CASE_DROP, f);
	if (ev)
		put_silence(f, &u, ev);
	return ev;
}

static void judge_silence(const struct flow *f, struct case_list *out)
{
	struct evidence *ev;

	if (f->side[DIR_ORIG].n_rst || f->side[DIR_RESP].n_rst)
		return; /* a reset ended it, not silence: det_rst's */
	ev = f->side[DIR_RESP].packets ? judge_data(f, out) : judge_syns(f, out);
	if (!f->icmp)
		return;
	if (!ev)
		ev = case_new(out, CASE_DROP, f);
	if (ev)
		drop_icmp_put(f, ev);
}

const struct detector det_silence = {
	.name = "silence",
	.help = "packets sent again and again that nothing acknowledges, and what ICMP says of them",
	.wants = SUS_SILENCE | SUS_ICMP,
	.judge = judge_silence,
};
