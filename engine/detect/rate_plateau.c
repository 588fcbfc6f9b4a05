/* SPDX-License-Identifier: BSD-3-Clause */
/* What a capture beside the receiver can tell of policing (METHODS h.3, proposed there and not
 * published): what came through is bounded by b + r t, so after the bucket's worth it comes at a
 * steady rate. Which packets met an empty bucket is not seen: a hole shows only when the next
 * packet gets through, that is, when the bucket has tokens again. So the policing detector's
 * arithmetic is not used here: tried on two simulated policers, it said "fuller on loss".
 *
 * Not known here: whether the sender had enough to send, and how long the queue is unless
 * timestamps tell. */
#include <math.h>
#include <stdlib.h>

#include "detect/rate.h"

/* METHODS h.3. */
enum { BINS_MIN = 20, BIN_MIN_US = 500000, BIN_RTTS = 10, BINS_MAX = 8192 };
static const double flat_variation = 0.15, settled_share = 0.70, start_factor = 3.0;
/* A hole filled sooner was reordering (RFC 5681 3.2: the sender waits for three duplicates, and its
 * repeat needs a way); unsourced: half a round trip, at least 3 ms. */
static const uint32_t reorder_min_us = 3000;

static void count_losses(const struct rate_series *s, uint32_t from, uint32_t to, double rtt_us,
			 struct plateau *out)
{
	double late = rtt_us / 2 > reorder_min_us ? rtt_us / 2 : reorder_min_us;

	for (uint32_t i = from; i < to; i++) {
		const struct rate_pkt *p = &s->at[i];

		if (!(p->flags & RATE_FILL) || p->at_us - s->at[p->link].at_us < late)
			continue;
		out->n_losses++;
		if (out->n_frames < EV_FRAMES_MAX && s->at[p->link].frame != RATE_NONE &&
		    (!out->n_frames || out->loss_frame[out->n_frames - 1] != s->at[p->link].frame))
			out->loss_frame[out->n_frames++] = s->at[p->link].frame;
	}
}

static bool round_trips(const struct rate_series *s, uint32_t from, uint32_t to,
			struct plateau *out)
{
	struct rate_run r = {.at = calloc(to - from, sizeof(*r.at)), .n = to - from};
	double p10 = 0, p90 = 0;
	bool ok;

	if (!r.at)
		return false;
	for (uint32_t i = from; i < to; i++)
		r.at[i - from].rtt_us = s->at[i].echo_us;
	ok = rate_run_rtt(&r, 50, &out->rtt_us) && rate_run_rtt(&r, 10, &p10) &&
	     rate_run_rtt(&r, 90, &p90);
	if (ok && p10 > 0)
		out->rtt_growth = p90 / p10;
	rate_run_free(&r);
	return ok;
}

/* Rate and steadiness of the bins after the first 30 per cent; the last bin is not full and left
 * out. */
static void measure(const double *bin, uint32_t n, double bin_us, struct plateau *out)
{
	uint32_t from = n - (uint32_t)(n * settled_share);
	double sum = 0, squares = 0, mean;

	for (uint32_t i = from; i < n; i++)
		sum += bin[i];
	mean = sum / (n - from);
	for (uint32_t i = from; i < n; i++)
		squares += (bin[i] - mean) * (bin[i] - mean);
	out->judged = mean > 0;
	out->bins = n - from;
	out->bps = mean * 8e6 / bin_us;
	out->variation = mean > 0 ? sqrt(squares / (n - from)) / mean : 0;
	out->flat = out->judged && out->variation < flat_variation && bin[0] > start_factor * mean;
}

bool plateau_judge(const struct rate_series *s, uint32_t from, uint32_t to, double path_rtt_us,
		   struct plateau *out)
{
	double bin_us, span_us = s->at[to - 1].at_us - s->at[from].at_us, sum = 0, *bin;
	uint32_t n;

	*out = (struct plateau){.n_packets = to - from};
	if (!round_trips(s, from, to, out))
		return false;
	if (out->rtt_us <= 0)
		out->rtt_us = path_rtt_us;
	count_losses(s, from, to, out->rtt_us, out);
	bin_us = out->rtt_us * BIN_RTTS > BIN_MIN_US ? out->rtt_us * BIN_RTTS : BIN_MIN_US;
	if (span_us < bin_us * BINS_MIN || span_us >= bin_us * BINS_MAX)
		return true;
	n = (uint32_t)(span_us / bin_us);
	bin = calloc(n + 1, sizeof(*bin));
	if (!bin)
		return false;
	for (uint32_t i = from; i < to; i++)
		bin[(uint32_t)((s->at[i].at_us - s->at[from].at_us) / bin_us)] += s->at[i].len;
	measure(bin, n, bin_us, out);
	for (uint32_t i = from; i < to; i++) {
		double lead = sum - out->bps * (s->at[i].at_us - s->at[from].at_us) / 8e6;

		sum += s->at[i].len;
		if (lead + s->at[i].len > out->bucket)
			out->bucket = lead + s->at[i].len;
	}
	free(bin);
	return true;
}
