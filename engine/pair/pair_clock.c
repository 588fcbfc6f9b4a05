/* SPDX-License-Identifier: BSD-3-Clause */
/* Two clocks from packets that both captures hold. Neither end's clock is taken to be right: only
 * differences count. */
#include "pair/pair.h"

#include <stdlib.h>

/* A drift of 50 ppm, much for a quartz, makes 3 ms of a minute: below that the two-point fit would
 * measure the path's noise. */
static const int64_t drift_span_ns = INT64_C(60) * 1000000000;
/* Beyond 1000 ppm a clock was set, it did not drift: NTP gives up at 500 (RFC 5905 11.3). */
enum { DRIFT_TIES_MIN = 4, DRIFT_PPM_MAX = 1000 };

struct least {
	int64_t ns[2]; /* received minus sent, raw clocks */
	int64_t at[2];
	bool has[2];
};

static int by_time(const void *a, const void *b)
{
	const struct pair_tie *x = a, *y = b;

	return x->orig_ns < y->orig_ns ? -1 : x->orig_ns > y->orig_ns;
}

static void least_of(const struct pair_tie *tie, uint32_t n, struct least *out)
{
	*out = (struct least){0};
	for (uint32_t i = 0; i < n; i++) {
		int d = tie[i].dir;
		int64_t ns =
			d == 0 ? tie[i].resp_ns - tie[i].orig_ns : tie[i].orig_ns - tie[i].resp_ns;

		if (out->has[d] && ns >= out->ns[d])
			continue;
		out->has[d] = true;
		out->ns[d] = ns;
		out->at[d] = tie[i].orig_ns;
	}
}

/* resp's clock minus orig's; one way only, the path's delay is in it. */
static int64_t offset_of(const struct least *l)
{
	if (l->has[0] && l->has[1])
		return l->ns[0] / 2 - l->ns[1] / 2;
	return l->has[0] ? l->ns[0] : -l->ns[1];
}

static void fit_drift(struct pair_clock *c, const struct pair_tie *tie, uint32_t n)
{
	uint32_t third = n / 3;
	struct least a, b;
	int64_t t_a, t_b;
	double ppm;

	if (third < DRIFT_TIES_MIN || tie[n - 1].orig_ns - tie[0].orig_ns < drift_span_ns)
		return;
	least_of(tie, third, &a);
	least_of(tie + (n - third), third, &b);
	if (a.has[0] != b.has[0] || a.has[1] != b.has[1])
		return;
	t_a = a.has[0] && a.has[1] ? a.at[0] / 2 + a.at[1] / 2 : a.has[0] ? a.at[0] : a.at[1];
	t_b = b.has[0] && b.has[1] ? b.at[0] / 2 + b.at[1] / 2 : b.has[0] ? b.at[0] : b.at[1];
	if (t_b - t_a < drift_span_ns / 2)
		return;
	ppm = (double)(offset_of(&b) - offset_of(&a)) * 1e6 / (double)(t_b - t_a);
	if (ppm > DRIFT_PPM_MAX || ppm < -DRIFT_PPM_MAX)
		return;
	c->drift_ppm = ppm;
	c->ref_ns = t_a;
	c->offset_ns = offset_of(&a);
}

void pair_clock_fit(struct pair_clock *c, struct pair_tie *tie, uint32_t n)
{
	struct least l;

	*c = (struct pair_clock){.n_pairs = n};
	if (!n)
		return;
	qsort(tie, n, sizeof(*tie), by_time);
	least_of(tie, n, &l);
	c->valid = true;
	c->both_ways = l.has[0] && l.has[1];
	c->rtt_ns = c->both_ways ? l.ns[0] + l.ns[1] : 0;
	c->offset_ns = offset_of(&l);
	c->ref_ns = tie[0].orig_ns;
	fit_drift(c, tie, n);
}

int64_t pair_clock_to_resp(const struct pair_clock *c, int64_t orig_ns)
{
	return orig_ns + c->offset_ns +
	       (int64_t)((double)(orig_ns - c->ref_ns) * c->drift_ppm / 1e6);
}

int64_t pair_clock_to_orig(const struct pair_clock *c, int64_t resp_ns)
{
	int64_t first = resp_ns - c->offset_ns; /* the drift over its own error is nothing */

	return first - (int64_t)((double)(first - c->ref_ns) * c->drift_ppm / 1e6);
}

int64_t pair_clock_flight(const struct pair_clock *c, uint8_t dir, int64_t sent_ns,
			  int64_t received_ns)
{
	return dir == 0 ? received_ns - pair_clock_to_resp(c, sent_ns)
			: received_ns - pair_clock_to_orig(c, sent_ns);
}
