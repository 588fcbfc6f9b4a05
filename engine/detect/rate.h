/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_RATE_H
#define WP_DETECT_RATE_H

#include "detect/detect.h"
#include "flow/rate_series.h"

/* Inside det_rate.c and its rate_*.c files: one exchange (what one side sent in answer to one
 * request), packet by packet, and what is judged of it. */

struct rate_sample {
	uint32_t at_us;     /* since the series' start */
	uint32_t seq;       /* since the exchange's first byte */
	uint32_t len;       /* bytes */
	uint32_t rtt_us;    /* RATE_NONE: no sample, or not a clean one */
	uint32_t mended_us; /* lost: when its bytes were acknowledged at last; else 0 */
	uint32_t frame;     /* since the series' first frame; of a gap: of the packet after it */
	bool lost;
};

struct rate_run {
	struct rate_sample *at;
	uint32_t n;
	uint32_t n_lost;
	uint32_t start_us; /* of the exchange */
};

/* Takes packets [from, to) of the series, as they were sent. False when memory is out; else *out is
 * to be given to rate_run_free. */
MUST_CHECK bool rate_run_make(const struct rate_series *s, uint32_t from, uint32_t to,
			      struct rate_run *out);
void rate_run_free(struct rate_run *r);
/* Ascending order of uint32_t, for qsort. */
int rate_cmp_u32(const void *a, const void *b);
/* The p-th percentile (0..100) of the round trips, 0 when there are none; false when memory is out.
 */
MUST_CHECK bool rate_run_rtt(const struct rate_run *r, uint32_t p, double *us);

/* 90th percentile of the round trips over the 10th, without those that a pending loss may have
 * stretched; 0 unknown. */
double rate_run_growth(const struct rate_run *r);

enum policer_why {
	POLICER_YES,
	POLICER_FEW_LOSSES,
	POLICER_LATE_LOSS,
	POLICER_NEGATIVE_FILL,
	POLICER_FULLER_ON_LOSS,
	POLICER_LOSS_SPREAD,
	POLICER_PASS_SPREAD,
	POLICER_RTT_INFLATED,
	POLICER_NO_RTT,
	POLICER_WHY_N,
};
/* "policed", "few_losses", ...: the tokens of rate.why. */
const char *policer_why_name(enum policer_why w);

struct policer {
	enum policer_why why;
	double rate_bps;
	double fill_start; /* tokens, in bytes, that the bucket held when the exchange began */
	double spread;  /* bytes between the 10th and the 90th percentile of the fill at losses */
	uint64_t burst; /* bytes sent before the first loss */
	uint32_t first_i, last_i; /* losses between which the rate was taken */
	uint32_t n_loss, n_pass, slices;
	uint32_t n_inflated; /* losses right after an inflated round trip */
	double rtt_us;       /* median */
	/* Share of all pairs of a packet that passed and one that was lost in which the bucket was
	 * fuller for the one that passed (Mann and Whitney's U over n m): near 1 where an empty
	 * bucket decides, one half where losses do not care. Not in the published rule. */
	double contrast;
};

/* The published policing detector on one exchange (Flach et al. 2016; METHODS h.1), leaving out
 * `cutoff` losses at either end. False when memory is out. Pure; costs n log n. */
MUST_CHECK bool policer_judge(const struct rate_run *r, uint32_t cutoff, struct policer *out);

/* What a capture beside the receiver shows (METHODS h.3): only what came through. */
struct plateau {
	bool judged;      /* the answer lasted 20 bins and more */
	bool flat;        /* a steady rate after a larger start */
	double bps;       /* of the last 70 per cent of the bins */
	double variation; /* their coefficient of variation */
	/* largest lead, in bytes, over the line of that rate from the first packet */
	double bucket;
	double rtt_us, rtt_growth; /* by timestamps; 0 unknown */
	uint32_t n_packets, n_losses;
	uint32_t bins;
	uint32_t loss_frame
		/* packets after a gap that was filled late, since the series' first frame */
		[EV_FRAMES_MAX];
	uint32_t n_frames;
};
/* Judges packets [from, to) as arrivals. False when memory is out. */
MUST_CHECK bool plateau_judge(const struct rate_series *s, uint32_t from, uint32_t to,
			      double path_rtt_us, struct plateau *out);

/* Adds a case when the flow fell silent in the way METHODS h.5 describes. */
void rate_freeze(const struct flow *f, struct case_list *out);

#endif
