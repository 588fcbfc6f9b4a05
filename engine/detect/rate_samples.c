/* SPDX-License-Identifier: BSD-3-Clause */
/* A series (flow/rate_series.h) taken apart into what the policing detector reads: packets in the order in which they came to the place
 * where some of them were lost, as far as the capture shows it. */
#include <stdlib.h>
#include <string.h>

#include "detect/rate.h"

/* A hole that is filled sooner was reordering. RFC 5681 and RFC 8985: a sender repeats after three duplicate ACKs or a quarter of a
 * round trip, and the repeat needs the way from the sender; unsourced: half a round trip, at least 3 ms. */
static const uint32_t reorder_min_us = 3000;

static void add(struct rate_run *r, const struct rate_pkt *p, uint32_t seq, uint32_t len, bool lost)
{
	r->at[r->n++] = (struct rate_sample){.at_us = p->at_us,
					     .seq = seq,
					     .len = len,
					     .rtt_us = RATE_NONE,
					     .frame = p->frame,
					     .lost = lost};
	r->n_lost += lost;
}

/* Before the loss: everything that was sent is there. Lost is what was sent again, unless the receiver had it. */
static void take_sent_again(const struct rate_series *s, uint32_t from, uint32_t to,
			    struct rate_run *r)
{
	uint32_t base = s->at[from].seq;

	for (uint32_t i = from; i < to; i++) {
		const struct rate_pkt *p = &s->at[i];
		struct rate_sample *q;

		add(r, p, p->seq > base ? p->seq - base : 0, p->len,
		    (p->flags & (RATE_AGAIN | RATE_SPURIOUS)) == RATE_AGAIN);
		q = &r->at[r->n - 1];
		if (!(p->flags & RATE_AGAIN))
			q->rtt_us = p->ack_us;
		else if (p->ack_us != RATE_NONE)
			q->mended_us = p->at_us + p->ack_us;
	}
}

static uint32_t gap_before(const struct rate_series *s, uint32_t i)
{
	return i && s->at[i].seq > s->at[i - 1].hi ? s->at[i].seq - s->at[i - 1].hi : 0;
}

/* Marks packets whose gap was filled so late that its bytes were lost; a gap that was never filled is the capture's own loss. */
static void mark_lost_gaps(const struct rate_series *s, uint32_t from, uint32_t to, uint32_t rtt_us,
			   uint32_t *filled_us)
{
	uint32_t late = rtt_us / 2 > reorder_min_us ? rtt_us / 2 : reorder_min_us;

	for (uint32_t i = from; i < to; i++) {
		const struct rate_pkt *p = &s->at[i];

		if ((p->flags & RATE_FILL) && p->link >= from && p->link < to &&
		    p->at_us - s->at[p->link].at_us >= late)
			filled_us[p->link - from] = p->at_us;
	}
}

/* After the loss: a lost packet is a hole; it was sent right before the packet that came instead of it. */
static void take_gaps(const struct rate_series *s, uint32_t from, uint32_t to,
		      const uint32_t *filled_us, uint32_t room, struct rate_run *r)
{
	uint32_t base = s->at[from].seq, mss = s->mss ? s->mss : 1448;

	for (uint32_t i = from; i < to; i++) {
		const struct rate_pkt *p = &s->at[i];
		uint32_t gap = filled_us[i - from] ? gap_before(s, i) : 0;

		for (uint32_t off = 0; off < gap && r->n + (to - i) < room; off += mss) {
			add(r, p, p->seq - gap + off - base, gap - off < mss ? gap - off : mss,
			    true);
			r->at[r->n - 1].mended_us = filled_us[i - from];
		}
		add(r, p, p->seq > base ? p->seq - base : 0, p->len, false);
		r->at[r->n - 1].rtt_us = p->echo_us;
	}
}

static uint32_t echo_median(const struct rate_series *s, uint32_t from, uint32_t to)
{
	struct rate_run r = {.at = calloc(to - from, sizeof(*r.at))};
	double us = 0;

	for (uint32_t i = from; r.at && i < to; i++) {
		add(&r, &s->at[i], 0, 0, false);
		r.at[r.n - 1].rtt_us = s->at[i].echo_us;
	}
	if (r.at && !rate_run_rtt(&r, 50, &us))
		us = 0;
	free(r.at);
	return (uint32_t)us;
}

bool rate_run_make(const struct rate_series *s, uint32_t from, uint32_t to, enum rate_view view,
		   struct rate_run *out)
{
	/* A hole may be larger than all that came: bounded like the series itself. */
	uint32_t room = view == VIEW_GAPS ? to - from + LIMIT_RATE_PACKETS : to - from;
	uint32_t *filled_us = NULL;

	*out = (struct rate_run){.at = calloc(room, sizeof(*out->at)),
				 .start_us = s->at[from].at_us};
	if (!out->at)
		return false;
	if (view == VIEW_SENT_AGAIN) {
		take_sent_again(s, from, to, out);
		return true;
	}
	filled_us = calloc(to - from, sizeof(*filled_us));
	if (!filled_us) {
		rate_run_free(out);
		return false;
	}
	mark_lost_gaps(s, from, to, echo_median(s, from, to), filled_us);
	take_gaps(s, from, to, filled_us, room, out);
	free(filled_us);
	return true;
}

void rate_run_free(struct rate_run *r)
{
	free(r->at);
	r->at = NULL;
	r->n = 0;
}

int rate_cmp_u32(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

bool rate_run_rtt(const struct rate_run *r, uint32_t p, double *us)
{
	uint32_t *v = calloc(r->n + 1, sizeof(*v)), n = 0;

	*us = 0;
	if (!v)
		return false;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->at[i].rtt_us != RATE_NONE)
			v[n++] = r->at[i].rtt_us;
	if (n) {
		qsort(v, n, sizeof(*v), rate_cmp_u32);
		*us = v[(uint64_t)(n - 1) * p / 100];
	}
	free(v);
	return true;
}
