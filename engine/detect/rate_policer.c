/* SPDX-License-Identifier: BSD-3-Clause */
/* The policing detector of Flach et al., "An Internet-Wide Analysis of Traffic Policing", SIGCOMM
 * 2016, as METHODS h.1 gives it from the paper and the authors' code. A policer passes what a
 * bucket of tokens, filled at a constant rate, allows, and drops the rest: so packets are lost if
 * and only if the bucket is empty, whatever the queue does.
 *
 * Accuracy as published: 93.1 % of policed lab transfers recognised, 48 % in special cases (one
 * burst of losses, tiny bucket), 12 % when several flows share the policer; congestion 93 to 100 %
 * right, random loss 99.7 %, shaping 99.98 %. */
#include "detect/rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All of these: Flach et al. 2016, section 3.1 and the authors' implementation (METHODS h.1). */
enum {
	SAMPLES_MIN = 15,
	SLICES_MIN = 3,
	LATE_LOSS_BYTES = 2000000,
	INFLATED_PERCENTILE = 10,
	INFLATED_MIN_US = 20000
};
static const double zero_loss_rtts = 2.00, zero_pass_rtts = 0.75, loss_out_share = 0.10,
		    pass_out_share = 0.03, inflated_factor = 1.3, inflated_share = 0.20;

const char *policer_why_name(enum policer_why w)
{
	static const char *const name[POLICER_WHY_N] = {
		"policed",     "few_losses",  "late_loss",    "negative_fill", "fuller_on_loss",
		"loss_spread", "pass_spread", "rtt_inflated", "no_rtt"};

	return name[w];
}

/* Round trips seen so far, for any percentile of them in log n: a Fenwick tree over all values of
 * the run. */
struct ranks {
	uint32_t n, seen;
	uint32_t *value; /* ascending */
	uint32_t *tree;  /* 1-based */
};

static int cmp_double(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static bool ranks_init(struct ranks *k, const struct rate_run *r)
{
	*k = (struct ranks){.value = calloc(r->n + 1, sizeof(*k->value)),
			    .tree = calloc(r->n + 1, sizeof(*k->tree))};
	if (!k->value || !k->tree)
		return false;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->at[i].rtt_us != RATE_NONE)
			k->value[k->n++] = r->at[i].rtt_us;
	qsort(k->value, k->n, sizeof(*k->value), rate_cmp_u32);
	return true;
}

static void ranks_fini(struct ranks *k)
{
	free(k->value);
	free(k->tree);
}

static void ranks_put(struct ranks *k, uint32_t rtt_us)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->value[mid] < rtt_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo + 1; i <= k->n; i += i & (~i + 1))
		k->tree[i]++;
	k->seen++;
}

static uint32_t ranks_percentile(const struct ranks *k, uint32_t p)
{
	uint32_t left = (uint32_t)((uint64_t)(k->seen - 1) * p / 100), at = 0, step = 1;

	while (step <= k->n / 2)
		step *= 2;
	for (; step; step /= 2)
		if (at + step <= k->n && k->tree[at + step] <= left) {
			at += step;
			left -= k->tree[at];
		}
	return k->value[at < k->n ? at : k->n - 1];
}

/* The cutoff-th loss from the start, and from the end; false when that leaves no two. */
static bool ends(const struct rate_run *r, uint32_t cutoff, struct policer *out)
{
	uint32_t skip = cutoff, i = 0, j;

	while (i < r->n && (!r->at[i].lost || skip--))
		i++;
	for (j = r->n, skip = cutoff; j-- > i + 1;)
		if (r->at[j].lost && !skip--)
			break;
	if (i >= r->n || j <= i || !r->at[j].lost)
		return false;
	out->first_i = i;
	out->last_i = j;
	return true;
}

/* Bit/s of what was not lost, between the two losses. */
static double goodput(const struct rate_run *r, uint32_t from, uint32_t to)
{
	uint32_t us = r->at[to].at_us - r->at[from].at_us;
	double bytes = 0;

	for (uint32_t i = from; i < to; i++)
		bytes += r->at[i].lost ? 0 : r->at[i].len;
	return us ? bytes * 8e6 / us : 0;
}

/* Tokens in the bucket whenever a packet came to it. */
struct fills {
	double *loss, *pass; /* n_loss and n_pass of them */
	uint32_t n_loss, n_pass;
};

static bool is_inflated(const struct ranks *k, uint32_t before_last)
{
	return k->seen > 1 && before_last >= ranks_percentile(k, 50) &&
	       before_last > inflated_factor * ranks_percentile(k, INFLATED_PERCENTILE) &&
	       before_last >= INFLATED_MIN_US;
}

/* Plays a policer with the rate found, its bucket empty at the first loss, over the packets. A
 * round trip counts only when no loss was pending that may have held its acknowledgment up. */
static void replay(const struct rate_run *r, struct ranks *k, struct fills *f, struct policer *out)
{
	const struct rate_sample *first = &r->at[out->first_i];
	double used = 0, slice_end = first->at_us + out->rtt_us;
	uint32_t mended_us = 0, last = RATE_NONE, before_last = RATE_NONE;
	bool any_loss = false;

	out->slices = 1;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct rate_sample *s = &r->at[i];
		double fill;

		if (s->mended_us > mended_us)
			mended_us = s->mended_us;
		if (s->rtt_us != RATE_NONE && s->at_us > mended_us) {
			ranks_put(k, s->rtt_us);
			before_last = last;
			last = s->rtt_us;
		}
		any_loss |= s->lost;
		out->burst += any_loss ? 0 : s->len;
		if (i < out->first_i)
			continue;
		fill = out->rate_bps * (s->at_us - first->at_us) / 8e6 - used;
		if (!s->lost) {
			f->pass[f->n_pass++] = fill;
			used += s->len;
			continue;
		}
		f->loss[f->n_loss++] = fill;
		out->n_inflated += is_inflated(k, before_last);
		if (s->at_us > slice_end) {
			slice_end = s->at_us + out->rtt_us;
			out->slices++;
		}
	}
}

static double mean_of(const double *v, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

/* Of sorted values. */
static double median_of(const double *v, uint32_t n)
{
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Of sorted values. */
static double contrast_of(const struct fills *f)
{
	double pairs = 0;
	uint32_t below = 0, equal = 0;

	for (uint32_t i = 0; i < f->n_pass; i++) {
		while (below < f->n_loss && f->loss[below] < f->pass[i])
			below++;
		for (equal = equal > below ? equal : below;
		     equal < f->n_loss && f->loss[equal] <= f->pass[i];)
			equal++;
		pairs += below + (equal - below) / 2.0;
	}
	return pairs / ((double)f->n_pass * f->n_loss);
}

static enum policer_why compare(struct fills *f, struct policer *out)
{
	double rtt_bytes = out->rtt_us * out->rate_bps / 8e6, mid, mean_loss, mean_pass;
	uint32_t loss_out = 0, pass_out = 0;

	out->n_loss = f->n_loss;
	out->n_pass = f->n_pass;
	if (out->slices < SLICES_MIN || f->n_loss < SAMPLES_MIN || f->n_pass < SAMPLES_MIN)
		return POLICER_FEW_LOSSES;
	mean_loss = mean_of(f->loss, f->n_loss);
	mean_pass = mean_of(f->pass, f->n_pass);
	qsort(f->loss, f->n_loss, sizeof(double), cmp_double);
	qsort(f->pass, f->n_pass, sizeof(double), cmp_double);
	mid = median_of(f->loss, f->n_loss);
	out->contrast = contrast_of(f);
	out->spread = f->loss[(size_t)(f->n_loss - 1) * 9 / 10] - f->loss[(f->n_loss - 1) / 10];
	if (mean_loss >= mean_pass || mid >= median_of(f->pass, f->n_pass))
		return POLICER_FULLER_ON_LOSS;
	for (uint32_t i = 0; i < f->n_loss; i++)
		loss_out += fabs(f->loss[i] - mid) > zero_loss_rtts * rtt_bytes;
	if (loss_out > loss_out_share * f->n_loss)
		return POLICER_LOSS_SPREAD;
	for (uint32_t i = 0; i < f->n_pass; i++)
		pass_out += f->pass[i] - mid < -zero_pass_rtts * rtt_bytes;
	if (pass_out > pass_out_share * f->n_pass)
		return POLICER_PASS_SPREAD;
	return out->n_inflated > inflated_share * f->n_loss ? POLICER_RTT_INFLATED : POLICER_YES;
}

/* What can be told without the packets in between; POLICER_YES: go on. */
static enum policer_why before_replay(const struct rate_run *r, uint32_t cutoff,
				      struct policer *out)
{
	const struct rate_sample *first;

	if (!ends(r, cutoff, out))
		return POLICER_FEW_LOSSES;
	first = &r->at[out->first_i];
	if (first->seq > LATE_LOSS_BYTES)
		return POLICER_LATE_LOSS;
	if (out->rtt_us <= 0)
		return POLICER_NO_RTT;
	out->rate_bps = goodput(r, out->first_i, out->last_i);
	out->fill_start = first->seq - out->rate_bps * (first->at_us - r->start_us) / 8e6;
	return out->fill_start < -zero_pass_rtts * out->rtt_us * out->rate_bps / 8e6
		       ? POLICER_NEGATIVE_FILL
		       : POLICER_YES;
}

bool policer_judge(const struct rate_run *r, uint32_t cutoff, struct policer *out)
{
	struct ranks k = {0};
	struct fills f = {0};
	bool ok = false;

	*out = (struct policer){0};
	if (!rate_run_rtt(r, 50, &out->rtt_us))
		return false;
	out->why = before_replay(r, cutoff, out);
	if (out->why != POLICER_YES)
		return true;
	f.loss = calloc(r->n, sizeof(*f.loss));
	f.pass = calloc(r->n, sizeof(*f.pass));
	if (f.loss && f.pass && ranks_init(&k, r)) {
		replay(r, &k, &f, out);
		out->why = compare(&f, out);
		ok = true;
	}
	ranks_fini(&k);
	free(f.loss);
	free(f.pass);
	return ok;
}
