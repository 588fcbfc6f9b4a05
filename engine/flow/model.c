/* SPDX-License-Identifier: BSD-3-Clause */
/* What one side's packets have in common, so that a single one of them can be judged against the
 * rest (METHODS c.1, c.2). */
#include "flow/flow.h"

#include <stdlib.h>

static bool skipped(uint64_t frame_no, const uint64_t *skip, uint32_t n_skip)
{
	for (uint32_t i = 0; i < n_skip; i++)
		if (skip[i] == frame_no)
			return true;
	return false;
}

const struct seg *flow_seg(const struct flow *f, uint64_t frame_no)
{
	for (uint32_t i = 0; i < f->log.n; i++)
		if (f->log.at[i].frame_no == frame_no)
			return &f->log.at[i];
	return NULL;
}

bool model_nearest_ttl(const struct flow *f, enum dir d, uint8_t ttl, const uint64_t *skip,
		       uint32_t n_skip, uint8_t *out)
{
	int best = -1;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir != d || (s->flags & TCP_RST) || skipped(s->frame_no, skip, n_skip))
			continue;
		if (best < 0 || abs(s->ttl - ttl) < abs(best - ttl))
			best = s->ttl;
	}
	/* Packets the log forgot still count, when nothing in that direction is to be left out. */
	for (uint32_t i = 0; f->log.skipped && !n_skip && i < f->side[d].n_ttl; i++)
		if (best < 0 || abs(f->side[d].ttl[i].ttl - ttl) < abs(best - ttl))
			best = f->side[d].ttl[i].ttl;
	if (best < 0)
		return false;
	*out = (uint8_t)best;
	return true;
}

uint8_t model_ttl_init(uint8_t ttl)
{
	/* Initial TTLs in use, p0f's list: 32, 64, 128, 255. */
	return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

/* The line of one direction's IP IDs around a suspected packet. */
struct id_line {
	/* packets, packets with ID 0, steps that look like a counter's */
	uint32_t n, n_zero, n_step;
	uint32_t step_max;
	bool have_before, have_after, const_id;
	uint16_t first, before, after;
};

enum {
	/* A counter shared with other connections still moves little between two packets of one:
	 * METHODS c.2 takes max(8, 4 times the steps observed); steps above this are no counter
	 * that we can follow. */
	ID_STEP_MAX = 1024,
	ID_SLACK_MIN = 8,
};

static void line_add(struct id_line *l, const struct seg *s, const struct seg *suspect,
		     uint16_t *last)
{
	if (l->n) {
		uint16_t step = (uint16_t)(s->ip_id - *last);

		if (step && step <= ID_STEP_MAX) {
			l->n_step++;
			if (step > l->step_max)
				l->step_max = step;
		}
		if (s->ip_id != l->first)
			l->const_id = false;
	} else {
		l->first = s->ip_id;
		l->const_id = true;
	}
	*last = s->ip_id;
	l->n++;
	l->n_zero += s->ip_id == 0;
	if (s < suspect) {
		l->before = s->ip_id;
		l->have_before = true;
	} else if (!l->have_after) {
		l->after = s->ip_id;
		l->have_after = true;
	}
}

/* SYNs are left out: Linux gives a SYN/ACK ID 0 and starts its counter with the first segment after
 * it. */
static struct id_line line_of(const struct flow *f, const struct seg *suspect, const uint64_t *skip,
			      uint32_t n_skip)
{
	struct id_line l = {0};
	uint16_t last = 0;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir != suspect->dir || (s->flags & (TCP_RST | TCP_SYN)) || s == suspect ||
		    !s->has_id || s->copy)
			continue;
		if (!skipped(s->frame_no, skip, n_skip))
			line_add(&l, s, suspect, &last);
	}
	return l;
}

enum ipid_fit model_ipid(const struct flow *f, const struct seg *s, const uint64_t *skip,
			 uint32_t n_skip)
{
	struct id_line l;
	uint32_t slack;

	/* ID 0 is what Linux gives a reset outside a connection's own path, whatever the connection
	 * used before: no evidence. */
	if (!s->has_id || s->ip_id == 0)
		return IPID_UNKNOWN;
	l = line_of(f, s, skip, n_skip);
	if (l.n < 2)
		return IPID_UNKNOWN;
	if (l.n_zero == l.n)
		return IPID_OFF;
	if (l.const_id)
		return s->ip_id == l.first ? IPID_FITS : IPID_OFF;
	/* No line to lie on, unless nearly every step is a counter's. */
	if (l.n_step + 1 < l.n && l.n_step * 4 < (l.n - 1) * 3)
		return IPID_UNKNOWN;
	slack = l.step_max * 4 > ID_SLACK_MIN ? l.step_max * 4 : ID_SLACK_MIN;
	if (l.have_before) {
		uint16_t ahead = (uint16_t)(s->ip_id - l.before);

		return ahead && ahead <= slack ? IPID_FITS : IPID_OFF;
	}
	return (uint16_t)(l.after - s->ip_id) <= slack ? IPID_FITS : IPID_OFF;
}

/* Was the question asked again later? Then nobody knows which one the answer answers. */
static bool asked_again(const struct seg *q, const struct seg *until)
{
	for (const struct seg *s = q + 1; s < until; s++)
		if (s->dir == q->dir && !(s->flags & TCP_RST) && s->seq == q->seq &&
		    (s->len || s->flags & TCP_SYN))
			return true;
	return false;
}

uint32_t model_rtt(const struct flow *f, enum dir d, const uint64_t *skip, uint32_t n_skip,
		   int64_t *min_ns)
{
	const struct seg *question = NULL, *end = f->log.at + f->log.n;
	uint32_t n = 0;

	for (const struct seg *s = f->log.at; s < end; s++) {
		uint32_t last;

		if (s->flags & TCP_RST)
			continue;
		if (s->dir != d) {
			if (!question && !s->retransmit && (s->len || s->flags & TCP_SYN))
				question = s;
			continue;
		}
		if (!question || !(s->flags & TCP_ACK))
			continue;
		last = question->seq + question->len + !!(question->flags & TCP_SYN);
		if (seq_diff(s->ack, last) < 0)
			continue;
		if (skipped(s->frame_no, skip, n_skip))
			continue; /* the genuine answer may still come */
		if (!asked_again(question, s) && s->ts_ns > question->ts_ns) {
			if (!n || s->ts_ns - question->ts_ns < *min_ns)
				*min_ns = s->ts_ns - question->ts_ns;
			n++;
		}
		question = NULL;
	}
	return n;
}

bool flow_is_mirrored(const struct flow *f)
{
	/* A whole mirror gives one copy in two ordinary packets: all of them doubled, or, where the
	 * capture lost some, two copies and more and one in four. */
	return f->dup_ordinary && (f->dup_ordinary * 2 >= f->n_ordinary ||
				   (f->dup_ordinary >= 2 && f->dup_ordinary * 4 >= f->n_ordinary));
}

bool flow_is_mirror_copy(const struct flow *f, const struct seg *s)
{
	/* Twice the spread leaves room for a switch's queue. */
	return s->copy && flow_is_mirrored(f) && s->copy_gap_ns * 2 >= f->dup_gap_min_ns &&
	       s->copy_gap_ns <= f->dup_gap_max_ns * 2 + 1000;
}
