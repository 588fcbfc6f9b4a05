/* SPDX-License-Identifier: BSD-3-Clause */
/* A series (flow/rate_series.h), seen from before the loss, as the policing detector reads it. */
#include <stdlib.h>
#include <string.h>

#include "detect/rate.h"

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

/* Before the loss: everything that was sent is there. Lost is what was sent again, unless the
 * receiver had it. */
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

bool rate_run_make(const struct rate_series *s, uint32_t from, uint32_t to, struct rate_run *out)
{
	*out = (struct rate_run){.at = calloc(to - from, sizeof(*out->at)),
				 .start_us = s->at[from].at_us};
	if (!out->at)
		return false;
	take_sent_again(s, from, to, out);
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

double rate_run_growth(const struct rate_run *r)
{
	struct rate_run clean = {.at = calloc(r->n + 1, sizeof(*clean.at)), .n = r->n};
	uint32_t mended_us = 0;
	double p10 = 0, p90 = 0;

	if (!clean.at)
		return 0;
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->at[i].mended_us > mended_us)
			mended_us = r->at[i].mended_us;
		clean.at[i].rtt_us = r->at[i].at_us > mended_us ? r->at[i].rtt_us : RATE_NONE;
	}
	if (!rate_run_rtt(&clean, 10, &p10) || !rate_run_rtt(&clean, 90, &p90))
		p10 = 0;
	free(clean.at);
	return p10 > 0 ? p90 / p10 : 0;
}
