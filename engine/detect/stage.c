/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage of a break and the 19 published tampering signatures (Sundara Raman et al., SIGCOMM 2023, table 1), staged by
 * sequence number and not by arrival (METHODS a.5). */
#include "detect/detect.h"

#include <stdio.h>
#include <string.h>

/* METHODS a.5 step 3: an injector may outrun the data it reacted to by less than a round trip, at most 200 ms. */
static const int64_t race_max_ns = INT64_C(200) * 1000000;
/* SIGCOMM 2023 a.1: inactivity of 3 s or more counts as a break. */
static const int64_t silence_ns = INT64_C(3) * 1000000000;

/* Segments of one hello or request are one push: they share the trigger. */
static bool in_first_trigger(const struct flow *f, const struct seg *s)
{
	const struct trigger *t = f->n_triggers ? &f->trigger[0] : NULL;

	return t && s->dir == t->dir && seq_diff(s->seq, t->seq) >= 0 && seq_diff(s->seq, t->seq_end) < 0;
}

enum flow_stage detect_stage(const struct flow *f, const struct seg *at)
{
	uint32_t pushes = 0;
	bool acked = false, trigger_counted = false;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];
		bool before = s->ts_ns <= at->ts_ns && s != at;
		/* Data that the reset's sequence number already covers was sent before it, whatever the order of arrival. */
		bool raced = !before && s->ts_ns - at->ts_ns <= race_max_ns && at->dir == DIR_ORIG && s->dir == DIR_ORIG &&
			     s->len && seq_diff(at->seq, s->seq + s->len) >= 0 && at->seq;

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

		if (!(s->flags & TCP_RST) || s->dir != d)
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
		/* Silence: nothing for 3 s, and nobody said goodbye. */
		if (f->side[0].fin || f->side[1].fin || ended_ns - f->last_ns < silence_ns || f->midstream)
			return STAGE_NONE;
		st = detect_stage(f, &(struct seg){.ts_ns = f->last_ns, .dir = DIR_RESP});
		/* An answered exchange that falls idle is no break. */
		if (f->side[DIR_RESP].n_data || st == STAGE_LATER || st == STAGE_NONE)
			return STAGE_NONE;
		(void)snprintf(out, TAMPERING_TEXT, "%s->nothing", before[st]); /* fits: the longest is 20 bytes */
		return st;
	}
	/* The direction that was reset first tells the stage. */
	d = !c[1].first || (c[0].first && c[0].first < c[1].first) ? 0 : 1;
	st = detect_stage(f, c[d].first);
	part = st ? rst_part(&c[d], st) : NULL;
	if (part)
		(void)snprintf(out, TAMPERING_TEXT, "%s->%s", before[st], part); /* fits */
	return st;
}
