/* SPDX-License-Identifier: BSD-3-Clause */
/* The loss check: what a capture tells about packets it does not hold. Only what passes it makes a
 * proof. */
#include <stdlib.h>

#include "base/limits.h"
#include "pair/pair.h"

/* Three steps of one in a row by chance: 2^-48. Fewer say nothing about a counter. */
enum { ID_STEPS_MIN = 3, NEAR = 1 << 30, OFFLOAD_MIN = 1461, MSS_MIN = 500 };

/* How far seq is after base; what lies before it is far below zero. */
static int64_t place(uint32_t base, uint32_t seq)
{
	return (int32_t)(seq - base);
}

static int by_start(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] < y[1] ? -1 : x[1] > y[1];
}

/* Is there a hole in the numbers that this direction used? A RST may carry any number: it is left
 * out. *end: one past the last. */
static bool no_hole(const struct pair_side *s, const struct pair_flow *f, int dir, uint32_t *end)
{
	int64_t(*span)[2] = malloc((f->n[dir] + 1u) * sizeof(*span));
	uint32_t n = 0, base = 0;
	int64_t to = 0;
	bool ok = span;

	for (uint32_t r = f->head[dir]; ok && r != PAIR_NONE; r = s->rec[r].next) {
		const struct pair_rec *k = &s->rec[r];

		if (k->flags & TCP_RST)
			continue;
		if (!n)
			base = k->seq;
		span[n][0] = place(base, k->seq);
		span[n][1] = span[n][0] + pair_span(k);
		n++;
	}
	if (ok && n) {
		qsort(span, n, sizeof(*span), by_start);
		to = span[0][1];
	}
	for (uint32_t i = 1; ok && i < n; i++) {
		ok = span[i][0] <= to;
		to = span[i][1] > to ? span[i][1] : to;
	}
	free(span);
	*end = base + (uint32_t)to;
	return ok && n;
}

/* Are those bytes claimed by a packet that is under suspicion itself? */
static bool of_suspect(const struct pair_side *got, const struct pair_flow *g, int dir,
		       uint32_t delta, uint32_t ack)
{
	for (uint32_t r = g->head[dir]; r != PAIR_NONE; r = got->rec[r].next) {
		const struct pair_rec *k = &got->rec[r];

		if ((pair_is_strange(k) || k->marks & PAIR_CHANGED) && pair_span(k) &&
		    ack - delta - k->seq <= pair_span(k))
			return true;
	}
	return false;
}

/* Did the other end acknowledge bytes that this capture does not hold? `end`: one past the last it
 * holds. */
static bool no_ack_beyond(const struct pair *p, enum pair_file file, const struct pair_flow *f,
			  int dir, uint32_t end)
{
	const struct pair_side *s = &p->side[file], *got = &p->side[!file];
	const struct pair_flow *g = &got->flow[f->mate];
	uint32_t delta = file == PAIR_ORIG ? 0 - f->delta[dir]
					   : f->delta[dir]; /* added to got's numbers: ours */
	uint32_t looks = 0;

	for (uint32_t r = f->head[!dir]; r != PAIR_NONE; r = s->rec[r].next) {
		const struct pair_rec *k = &s->rec[r];
		uint32_t beyond = k->ack - end;

		if (!(k->flags & TCP_ACK) || pair_is_strange(k) || beyond == 0 || beyond >= NEAR)
			continue;
		if (looks++ == LIMIT_PAIR_LOOK || !of_suspect(got, g, dir, delta, k->ack))
			return false;
	}
	return true;
}

enum id_line { ID_NONE, ID_WHOLE, ID_HOLE };

/* Do the IP IDs of a direction count up by one, and is none left out? A socket's own counter, as
 * Linux has it. */
static enum id_line id_line(const struct pair_side *s, const struct pair_flow *f, int dir)
{
	uint32_t ones = 0, steps = 0, holes = 0;
	const struct pair_rec *last = NULL;

	for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
		const struct pair_rec *k = &s->rec[r];
		uint16_t step, room;

		/* SYN/ACK and RST may be sent without a socket, with an ID of 0 (Linux) or of
		 * another counter. */
		if (!(k->marks & PAIR_HAS_ID) || !k->ip_id || k->flags & TCP_RST)
			continue;
		if (last) {
			step = (uint16_t)(k->ip_id - last->ip_id);
			room = (uint16_t)(last->len >= OFFLOAD_MIN ? last->len / MSS_MIN + 1
								   : 1); /* cut up by the card */
			steps++;
			ones += step == 1 || (step && step <= room);
			holes += step > room;
		}
		last = k;
	}
	if (steps < ID_STEPS_MIN || ones * 4 < steps * 3)
		return ID_NONE;
	return holes || ones < steps ? ID_HOLE : ID_WHOLE;
}

bool pair_whole_sent(const struct pair *p, uint32_t flow_i, uint8_t dir)
{
	enum pair_file file = pair_sender(dir);
	const struct pair_side *s = &p->side[file];
	const struct pair_flow *f = &s->flow[flow_i];
	uint32_t end;

	if (s->left_out || f->mate == PAIR_NONE)
		return false;
	if (f->proto == 17)
		return id_line(s, f, dir) == ID_WHOLE;
	return no_hole(s, f, dir, &end) && no_ack_beyond(p, file, f, dir, end) &&
	       id_line(s, f, dir) != ID_HOLE;
}

bool pair_whole_received(const struct pair *p, uint32_t flow_i, uint8_t dir)
{
	const struct pair_side *s = &p->side[!pair_sender(dir)];
	const struct pair_flow *f = &s->flow[flow_i];
	uint32_t end = 0;
	bool any = false;

	if (f->proto == 17 || s->left_out)
		return false;
	for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
		uint32_t to = s->rec[r].seq + pair_span(&s->rec[r]);

		if (s->rec[r].flags & TCP_RST)
			continue;
		if (!any || to - end < NEAR)
			end = to;
		any = true;
	}
	for (uint32_t r = f->head[!dir]; any && r != PAIR_NONE; r = s->rec[r].next) {
		uint32_t beyond = s->rec[r].ack - end;

		if (s->rec[r].flags & TCP_ACK && beyond && beyond < NEAR)
			return false;
	}
	return true;
}
