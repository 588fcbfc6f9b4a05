/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast one side's data got through: policing (METHODS h.1, h.3) and freezes (rate_freeze.c, METHODS h.5).
 *
 * Not seen: policing without losses (a sender that stays below the rate), policers with a bucket of a few packets at high
 * rates (TCP then never reaches the rate; 48 % recognised in the paper), the other direction when both are heavy, what comes
 * after LIMIT_RATE_PACKETS. A data plan's or a shared link's token bucket is policing too, with another motive: only a
 * comparison of names tells, and none is made here.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a queue that overflows, bufferbloat: round trips grow before losses
 *     test_policer_round_trips_grow_before_losses_is_no_policing golden/inn-congestion
 *     queue-overflow.pcap
 * - a shaper: a deep queue: no losses, long round trips
 *     test_policer_on_simulated_paths_recognises_most_and_only_policing golden/inn-shaped
 * - random loss, a radio fade: losses with a full bucket too
 *     test_policer_on_simulated_paths_recognises_most_and_only_policing random-loss.pcap
 *     random-loss-receiver.pcap
 * - a sender with a rate of its own: contrast near 50
 *     test_policer_on_simulated_paths_recognises_most_and_only_policing
 * - a mirror port's second copies: left out of the series
 *     test_series_copy_within_a_millisecond_is_left_out
 * - reordering: superfluous repeats taken back
 *     test_series_duplicate_sack_takes_the_loss_back
 * - a link that is simply that fast, seen beside the receiver: no verdict there, and its queue shows
 *     test_rate_beside_the_receiver_has_a_plateau_and_no_verdict
 * - too few losses: unknown
 *     test_rate_queue_is_not_policed_and_few_losses_are_unknown */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/rate.h"

/* METHODS h.1: both cutoffs are run. */
static const uint32_t cutoffs[] = {0, 2};
/* METHODS h.3. */
enum { QUEUED_LOSS_PERMILLE = 5, QUEUED_GROWTH = 200 };
/* A capture shows one kind of loss: the other must be this many times rarer. */
enum { VIEW_CLEAR = 4 };
/* Fewer say nothing: MIN_NUM_SAMPLES, METHODS h.1. */
enum { LOSSES_MIN = 15 };

/* What is known of all exchanges of a series. */
struct verdict {
	const struct rate_series *s;
	uint32_t n_packets, n_losses, n_judged, n_policed;
	struct policer best; /* the answer that went furthest */
	double bps_min, bps_max, rtt_growth;
	uint64_t loss_frame[EV_FRAMES_MAX];
	uint32_t n_frames;
	bool any;
};

static uint32_t exchange_end(const struct rate_series *s, uint32_t from)
{
	uint32_t i = from + 1;

	while (i < s->n && !(s->at[i].flags & RATE_START))
		i++;
	return i;
}

static bool is_better(const struct policer *a, const struct policer *b)
{
	if ((a->why == POLICER_YES) != (b->why == POLICER_YES))
		return a->why == POLICER_YES;
	return a->why == POLICER_YES ? a->contrast > b->contrast : a->n_loss > b->n_loss;
}

static void keep_best(struct verdict *v, const struct rate_run *r, const struct policer *p)
{
	if (v->any && !is_better(p, &v->best))
		return;
	v->any = true;
	v->best = *p;
	v->n_frames = 0;
	for (uint32_t i = 0; i < r->n && v->n_frames < EV_FRAMES_MAX; i++)
		if (r->at[i].lost && r->at[i].frame != RATE_NONE &&
		    (!v->n_frames ||
		     v->loss_frame[v->n_frames - 1] != v->s->frame0 + r->at[i].frame))
			v->loss_frame[v->n_frames++] = v->s->frame0 + r->at[i].frame;
	v->rtt_growth = rate_run_growth(r);
}

static void judge_exchange(struct verdict *v, uint32_t from, uint32_t to, struct case_list *out)
{
	struct rate_run r;
	bool policed = false, judged = false;

	if (!rate_run_make(v->s, from, to, &r)) {
		out->lost++;
		return;
	}
	v->n_packets += r.n;
	v->n_losses += r.n_lost;
	for (size_t c = 0; c < ARRAY_LEN(cutoffs) && !policed; c++) {
		struct policer p;

		if (!policer_judge(&r, cutoffs[c], &p)) {
			out->lost++;
			continue;
		}
		judged |= p.why != POLICER_FEW_LOSSES && p.why != POLICER_NO_RTT;
		policed = p.why == POLICER_YES;
		if (policed && (!v->n_policed || p.rate_bps < v->bps_min))
			v->bps_min = p.rate_bps;
		if (policed && (!v->n_policed || p.rate_bps > v->bps_max))
			v->bps_max = p.rate_bps;
		keep_best(v, &r, &p);
	}
	v->n_judged += judged;
	v->n_policed += policed;
	rate_run_free(&r);
}

static void put_text(struct evidence *ev, enum feat id, const char *text)
{
	evidence_put_text(ev, id, text, strlen(text), 0);
}

static void put_estimates(const struct verdict *v, struct evidence *ev)
{
	const struct policer *b = &v->best;
	const struct rate_pkt *at = v->s->at;
	double seconds, error;

	/* The level of the bucket at the two losses that bound the rate is known to within its
	 * spread at all losses. */
	seconds = (double)(at[v->s->n - 1].at_us - at[0].at_us) / 1e6;
	error = seconds > 0 ? b->spread * 8 / seconds : 0;
	if ((v->bps_max - v->bps_min) / 2 > error)
		error = (v->bps_max - v->bps_min) / 2;
	evidence_put(ev, FEAT_RATE_BPS, llround(b->rate_bps), v->loss_frame, v->n_frames);
	evidence_put(ev, FEAT_RATE_BPS_ERROR, llround(error), NULL, 0);
	evidence_put(ev, FEAT_RATE_BURST, (int64_t)b->burst, NULL, 0);
	evidence_put(ev, FEAT_RATE_BUCKET, b->fill_start > 0 ? llround(b->fill_start) : 0, NULL, 0);
	evidence_put(ev, FEAT_RATE_BUCKET_ERROR, llround(b->spread), NULL, 0);
	/* A policer is a bucket; one that cannot be told from none is a rate at which packets got lost. Measured:
	 * docs/techniques/throttling.md. */
	evidence_put(ev, FEAT_RATE_BUCKET_CLEAR, b->fill_start > b->spread, NULL, 0);
}

static void put_verdict(const struct verdict *v, struct evidence *ev)
{
	const struct policer *b = &v->best;
	int64_t permille = v->n_packets ? (int64_t)v->n_losses * 1000 / v->n_packets : 0,
		growth = llround(v->rtt_growth * 100);

	put_text(ev, FEAT_RATE_TO, v->s->dir == DIR_RESP ? "orig" : "resp");
	put_text(ev, FEAT_RATE_VANTAGE, "before_loss");
	evidence_put(ev, FEAT_RATE_PACKETS, v->n_packets, NULL, 0);
	evidence_put(ev, FEAT_RATE_LOSSES, v->n_losses, v->loss_frame, v->n_frames);
	evidence_put(ev, FEAT_RATE_LOSS_PERMILLE, permille, NULL, 0);
	evidence_put(ev, FEAT_RATE_CUT, v->s->left_out > 0, NULL, 0);
	evidence_put(ev, FEAT_RATE_EXCHANGES, v->n_judged, NULL, 0);
	evidence_put(ev, FEAT_RATE_EXCHANGES_POLICED, v->n_policed, NULL, 0);
	put_text(ev, FEAT_RATE_WHY, policer_why_name(b->why));
	/* Too few losses, or no round trip to measure them by: unknown, not "no". */
	if (v->n_judged)
		evidence_put(ev, FEAT_RATE_POLICED, v->n_policed > 0, v->loss_frame, v->n_frames);
	if (b->why == POLICER_YES)
		put_estimates(v, ev);
	if (b->contrast > 0)
		evidence_put(ev, FEAT_RATE_CONTRAST, llround(b->contrast * 100), NULL, 0);
	if (b->slices)
		evidence_put(ev, FEAT_RATE_SLICES, b->slices, NULL, 0);
	if (b->rtt_us > 0)
		evidence_put(ev, FEAT_RATE_RTT, llround(b->rtt_us) * 1000, NULL, 0);
	if (b->n_loss && v->rtt_growth > 0)
		evidence_put(ev, FEAT_RATE_RTT_INFLATED, (int64_t)b->n_inflated * 1000 / b->n_loss,
			     NULL, 0);
	if (growth) {
		evidence_put(ev, FEAT_RATE_RTT_GROWTH, growth, NULL, 0);
		evidence_put(ev, FEAT_RATE_QUEUED,
			     permille < QUEUED_LOSS_PERMILLE && growth > QUEUED_GROWTH, NULL, 0);
	}
}

static void judge_sent(const struct flow *f, const struct rate_series *s, struct case_list *out)
{
	struct verdict v = {.s = s};
	struct evidence *ev;

	for (uint32_t i = 0, to; i < s->n; i = to) {
		to = exchange_end(s, i);
		judge_exchange(&v, i, to, out);
	}
	if (v.any && (ev = case_new(out, CASE_RATE, f)))
		put_verdict(&v, ev);
}

static void put_plateau(const struct rate_series *s, const struct plateau *p, struct evidence *ev)
{
	int64_t permille = p->n_packets ? (int64_t)p->n_losses * 1000 / p->n_packets : 0,
		growth = llround(p->rtt_growth * 100);
	uint64_t frame[EV_FRAMES_MAX];

	for (uint32_t i = 0; i < p->n_frames; i++)
		frame[i] = s->frame0 + p->loss_frame[i];
	put_text(ev, FEAT_RATE_TO, s->dir == DIR_RESP ? "orig" : "resp");
	put_text(ev, FEAT_RATE_VANTAGE, "after_loss");
	evidence_put(ev, FEAT_RATE_PACKETS, p->n_packets, NULL, 0);
	evidence_put(ev, FEAT_RATE_LOSSES, p->n_losses, frame, p->n_frames);
	evidence_put(ev, FEAT_RATE_LOSS_PERMILLE, permille, NULL, 0);
	evidence_put(ev, FEAT_RATE_CUT, s->left_out > 0, NULL, 0);
	if (p->rtt_us > 0)
		evidence_put(ev, FEAT_RATE_RTT, llround(p->rtt_us) * 1000, NULL, 0);
	if (growth) {
		evidence_put(ev, FEAT_RATE_RTT_GROWTH, growth, NULL, 0);
		evidence_put(ev, FEAT_RATE_QUEUED,
			     permille < QUEUED_LOSS_PERMILLE && growth > QUEUED_GROWTH, NULL, 0);
	}
	if (!p->judged)
		return;
	evidence_put(ev, FEAT_RATE_PLATEAU, p->flat, frame, p->n_frames);
	evidence_put(ev, FEAT_RATE_BPS, llround(p->bps), NULL, 0);
	evidence_put(ev, FEAT_RATE_BPS_ERROR, llround(p->bps * p->variation / sqrt(p->bins)), NULL,
		     0);
	if (p->flat)
		evidence_put(ev, FEAT_RATE_BUCKET, llround(p->bucket), NULL, 0);
}

/* The longest answer tells most. */
static void judge_received(const struct flow *f, const struct rate_series *s, struct case_list *out)
{
	uint32_t from = 0, to = 0, next;
	int64_t rtt_ns = 0;
	struct plateau p;
	struct evidence *ev;

	for (uint32_t i = 0; i < s->n; i = next) {
		next = exchange_end(s, i);
		if (next - i > to - from) {
			from = i;
			to = next;
		}
	}
	/* Beside the receiver this is the way to the sender and back. */
	(void)model_rtt(f, s->dir, NULL, 0, &rtt_ns); /* none: bins of half a second */
	if (!plateau_judge(s, from, to, (double)rtt_ns / 1000, &p))
		out->lost++;
	else if ((ev = case_new(out, CASE_RATE, f)))
		put_plateau(s, &p, ev);
}

static void judge_rate(const struct flow *f, struct case_list *out)
{
	const struct rate_series *s = f->rate;

	rate_freeze(f, out);
	if (!s || s->n_again + s->n_fill < LOSSES_MIN)
		return;
	if (s->n_again >= VIEW_CLEAR * s->n_fill)
		judge_sent(f, s, out);
	else if (s->n_fill >= VIEW_CLEAR * s->n_again)
		judge_received(f, s, out);
	/* Else lost on both sides of the capture: neither view is whole. */
}

const struct detector det_rate = {
	.name = "rate",
	.help = "policing and freezes: how a side's data was held back",
	.wants = SUS_RATE,
	.judge = judge_rate,
};
