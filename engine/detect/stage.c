/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage of a break and the 19 published tampering signatures (Sundara Raman et al., SIGCOMM 2023, table 1), staged by
 * sequence number and not by arrival (METHODS a.5). Most connections that show one are innocent: a bare match is `anomaly`.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a SYN that carries a request: data before the handshake is no push
 *     fast-open-refused.pcap
 * - copies and retransmissions: counted once
 *     test_tampering_copies_and_retransmissions_do_not_count
 * - several segments of one hello: one push
 *     test_tampering_segments_of_one_request_are_one_push
 * - a goodbye followed by silence, a short pause: 3 s and no FIN
 *     test_tampering_silence_needs_three_seconds_and_no_goodbye
 * - a connection joined in its middle: no stage
 *     test_tampering_midstream_without_data_has_no_stage */
#include "detect/detect.h"

#include <stdio.h>
#include <string.h>

/* METHODS a.5 step 3: an injector may outrun the data it reacted to by less than a round trip, at
 * most 200 ms. */
static const int64_t race_max_ns = INT64_C(200) * 1000000;
/* SIGCOMM 2023 a.1: inactivity of 3 s or more counts as a break. */
static const int64_t silence_ns = INT64_C(3) * 1000000000;

/* Segments of one hello or request are one push: they share the trigger. */
static bool in_first_trigger(const struct flow *f, const struct seg *s)
{
	const struct trigger *t = f->n_triggers ? &f->trigger[0] : NULL;

	return t && s->dir == t->dir && seq_diff(s->seq, t->seq) >= 0 &&
	       seq_diff(s->seq, t->seq_end) < 0;
}

/* Data that the reset's sequence number already covers was sent before it, whatever the order of
 * arrival. A reset at the connection's first byte may have been built from the handshake or from
 * the data: METHODS a.5 step 3 takes the data when it follows sooner than a side that was reset
 * could have sent it. */
static bool was_on_its_way(const struct flow *f, const struct seg *at, const struct seg *s,
			   int64_t rtt_ns)
{
	int64_t late_ns = s->ts_ns - at->ts_ns;

	if (at->dir != DIR_ORIG || s->dir != DIR_ORIG || !s->len || !at->seq ||
	    late_ns > race_max_ns)
		return false;
	return seq_diff(at->seq, s->seq + s->len) >= 0 ||
	       (f->side[DIR_ORIG].have_isn && at->seq == f->side[DIR_ORIG].isn + 1 &&
		s->seq == at->seq && late_ns < rtt_ns);
}

enum flow_stage detect_stage(const struct flow *f, const struct seg *at)
{
	uint32_t pushes = 0;
	bool acked = false, trigger_counted = false;
	int64_t rtt_ns;

	if (!model_rtt(f, DIR_ORIG, NULL, 0, &rtt_ns))
		rtt_ns = race_max_ns;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];
		bool before = s->ts_ns <= at->ts_ns && s != at;
		bool raced = !before && was_on_its_way(f, at, s, rtt_ns);

		if (s->dir != DIR_ORIG || (s->flags & (TCP_RST | TCP_SYN)) || !(before || raced))
			continue;
		acked = true;
		if (!s->len || s->retransmit)
			continue;
		if (in_first_trigger(f, s)) {
			pushes += !trigger_counted;
			trigger_counted = true;
		} else {
			pushes++;
		}
	}
	if (f->midstream && !pushes)
		return STAGE_NONE;
	if (!acked)
		return STAGE_POST_SYN;
	return pushes == 0 ? STAGE_POST_ACK : pushes == 1 ? STAGE_POST_PSH : STAGE_LATER;
}

struct rst_count {
	uint32_t n_r, n_ra;
	uint32_t first_ack;
	bool acks_differ, ack_zero, have_ack;
	const struct seg *first;
};

static struct rst_count count_rsts(const struct flow *f, enum dir d)
{
	struct rst_count c = {0};

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (!(s->flags & TCP_RST) || s->dir != d || flow_is_mirror_copy(f, s))
			continue;
		if (!c.first)
			c.first = s;
		if (s->flags & TCP_ACK) {
			c.n_ra++;
			continue;
		}
		c.n_r++;
		if (!s->ack)
			c.ack_zero = true;
		if (c.have_ack && s->ack != c.first_ack)
			c.acks_differ = true;
		c.first_ack = s->ack;
		c.have_ack = true;
	}
	return c;
}

/* The stage of a burst: any of its resets may show that it was built from data (METHODS a.5 step
 * 3). */
static enum flow_stage burst_stage(const struct flow *f, const struct seg *first)
{
	enum flow_stage st = detect_stage(f, first);

	if (first->dir != DIR_ORIG || st == STAGE_NONE)
		return st;
	for (const struct seg *s = first + 1;
	     s < f->log.at + f->log.n && s->ts_ns - first->ts_ns <= race_max_ns; s++) {
		if (s->len && !(s->flags & TCP_RST) && s->dir == DIR_ORIG)
			/* what comes after the data proves nothing about the resets before it */
			break;
		if (s->flags & TCP_RST && s->dir == DIR_ORIG && detect_stage(f, s) > st)
			st = detect_stage(f, s);
	}
	return st;
}

static const char *rst_part(const struct rst_count *c, enum flow_stage st)
{
	bool many = c->n_r + c->n_ra > 1;

	if (st == STAGE_LATER)
		return c->n_ra ? "RST+ACK" : "RST";
	if (st == STAGE_POST_SYN)
		return c->n_r && c->n_ra ? "RST;RST+ACK" : c->n_ra ? "RST+ACK" : "RST";
	if (c->n_r && c->n_ra)
		return st == STAGE_POST_PSH ? "RST;RST+ACK" : NULL;
	if (c->n_ra)
		return many ? "RST+ACK;RST+ACK" : "RST+ACK";
	if (!many)
		return "RST";
	if (st == STAGE_POST_ACK)
		return "RST;RST";
	return c->acks_differ && c->ack_zero ? "RST;RST0" : c->acks_differ ? "RST!=RST" : "RST=RST";
}

/* A FIN of the responder, or one of the opener that was acknowledged. */
static bool said_goodbye(const struct flow *f)
{
	const struct flow_side *o = &f->side[DIR_ORIG], *r = &f->side[DIR_RESP];

	return r->fin ||
	       (o->fin && r->have_ack && o->have_next && seq_diff(r->ack_max, o->next) >= 0);
}

/* When either side last sent anything new: retransmissions and a FIN into the silence are none. */
static int64_t last_news(const struct flow *f)
{
	int64_t at_ns = f->first_ns;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++)
		if (s->dir == DIR_RESP || (!s->retransmit && !(s->flags & TCP_FIN)))
			at_ns = s->ts_ns > at_ns ? s->ts_ns : at_ns;
	return at_ns;
}

enum flow_stage detect_tampering(const struct flow *f, int64_t ended_ns, char out[TAMPERING_TEXT])
{
	static const char *const before[] = {NULL, "SYN", "SYN;ACK", "PSH+ACK", "PSH+ACK;Data"};
	struct rst_count c[2];
	enum flow_stage st;
	const char *part;
	int d;

	out[0] = '\0';
	if (f->proto != 6 || !f->log.n)
		return STAGE_NONE;
	c[0] = count_rsts(f, DIR_ORIG);
	c[1] = count_rsts(f, DIR_RESP);
	if (!c[0].first && !c[1].first) {
		/* Silence: no news for 3 s, and nobody's goodbye was heard. */
		if (f->midstream || said_goodbye(f) ||
		    (ended_ns > f->last_ns ? ended_ns : f->last_ns) - last_news(f) < silence_ns)
			return STAGE_NONE;
		st = detect_stage(f, &(struct seg){.ts_ns = f->last_ns, .dir = DIR_RESP});
		/* An answered exchange that falls idle is no break. */
		if (f->side[DIR_RESP].n_data || st == STAGE_LATER || st == STAGE_NONE)
			return STAGE_NONE;
		(void)snprintf(out, TAMPERING_TEXT, "%s->nothing",
			       before[st]); /* fits: the longest is 20 bytes */
		return st;
	}
	/* The direction that was reset first tells the stage. */
	d = !c[1].first || (c[0].first && c[0].first < c[1].first) ? 0 : 1;
	st = burst_stage(f, c[d].first);
	part = st ? rst_part(&c[d], st) : NULL;
	if (part)
		(void)snprintf(out, TAMPERING_TEXT, "%s->%s", before[st], part); /* fits */
	return st;
}
