/* SPDX-License-Identifier: BSD-3-Clause */
/* Could the reset have come from as far as it claims (METHODS c.4)? */
#include "detect/rst_group.h"

#include <stdlib.h>

/* METHODS c.4: alpha 0.7 of the smallest round trip; Hold-On used 0.5 for DNS. */
enum { FAST_TENTHS = 7 };
/* Twice the jitter of a capture clock, METHODS c.4 default: a path shorter than this cannot be
 * judged. */
static const int64_t jitter_ns = 2000000;

/* A reset that answers a packet comes within seconds; a state table forgets after a minute at the
 * earliest (MIDDLEBOXES 11). */
static const int64_t drawn_ns = INT64_C(5) * 1000000000, forget_ns = INT64_C(60) * 1000000000;

/* The packet of the other side that the reset may answer instead of the trigger: the last one
 * before the trigger began. */
static const struct seg *earlier_cause(const struct rst_group *g)
{
	const struct seg *last = NULL;

	for (const struct seg *s = g->f->log.at; s < g->at[0]; s++)
		if (s->dir != g->dir && !(s->flags & TCP_RST) &&
		    s->frame_no < g->trigger->first_frame)
			last = s;
	return last;
}

/* A reset that acknowledges the trigger's end was made by somebody who saw the trigger. One without
 * an ACK number may answer an earlier packet: it counts only when that packet is too young as well,
 * or so old that its answer would have come long ago. */
static bool caused_by_trigger(const struct rst_group *g, int64_t rtt_ns)
{
	const struct seg *r = g->at[0], *cause;
	int64_t age;

	if ((r->flags & TCP_ACK) && r->ack == g->trigger->seq_end)
		return true;
	cause = earlier_cause(g);
	if (!cause)
		return true;
	age = r->ts_ns - cause->ts_ns;
	return age * 10 < rtt_ns * FAST_TENTHS || age > rtt_ns * 2;
}

/* The silence that a NAT or firewall may have taken for the connection's end: before the reset, or
 * before the packet that drew it. Unknown where the capture begins in the middle and shows less
 * than that. */
static void put_idle(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *r = g->at[0], *prev = NULL, *older = NULL;
	int64_t idle_ns;

	for (const struct seg *s = f->log.at; s < r; s++)
		if (!(s->flags & TCP_RST)) {
			older = prev;
			prev = s;
		}
	idle_ns = prev ? r->ts_ns - prev->ts_ns : 0;
	if (older && prev->ts_ns - older->ts_ns > idle_ns && idle_ns <= drawn_ns)
		idle_ns = prev->ts_ns - older->ts_ns;
	if (!f->midstream || idle_ns > forget_ns || r->ts_ns - f->first_ns > forget_ns)
		evidence_put1(ev, FEAT_RST_IDLE, idle_ns, r->frame_no);
}

/* A balancer or SYN proxy whose backend is gone resets in the server's name with a stack of its own, up to 3 hops from the
 * server's TTL (MIDDLEBOXES 11): told from others by where it stands, which a full round trip shows. Without a round trip it
 * is not known. */
static void put_near_resp(const struct rst_group *g, bool judged, bool too_fast,
			  struct evidence *ev)
{
	enum { BALANCER_HOPS = 3 };
	const struct seg *r = g->at[0];
	uint8_t near;
	bool far;

	if (!model_nearest_ttl(g->f, g->dir, r->ttl, NULL, 0, &near))
		return;
	far = g->dir != DIR_RESP || abs(r->ttl - near) > BALANCER_HOPS || too_fast;
	if (far || judged)
		evidence_put1(ev, FEAT_RST_NEAR_RESP, !far, r->frame_no);
}

void rst_facts_time(const struct rst_group *g, struct evidence *ev)
{
	const struct flow *f = g->f;
	const struct seg *r = g->at[0];
	uint64_t frames[2];
	int64_t lag, rtt_ns = 0;
	bool rtt_known = model_rtt(f, g->dir, NULL, 0, &rtt_ns) > 0, judged = false, fast = false;

	evidence_put1(ev, FEAT_RST_SPAN, g->at[g->n - 1]->ts_ns - r->ts_ns, r->frame_no);
	put_idle(g, ev);
	if (rtt_known)
		evidence_put1(ev, FEAT_RST_RTT, rtt_ns, r->frame_no);
	if (g->trigger) {
		lag = r->ts_ns - g->trigger->ts_ns;
		frames[0] = g->trigger->last_frame;
		frames[1] = r->frame_no;
		evidence_put(ev, FEAT_RST_LAG, lag, frames, 2);
		/* Only what answers the trigger of the other side can be too fast for its path. */
		judged = g->trigger->dir != g->dir && rtt_known && lag >= 0;
	}
	if (judged) {
		fast = lag * 10 < rtt_ns * FAST_TENTHS && rtt_ns - lag > jitter_ns &&
		       caused_by_trigger(g, rtt_ns);
		evidence_put(ev, FEAT_RST_TOO_FAST, fast, frames, 2);
	}
	put_near_resp(g, judged, fast, ev);
}
