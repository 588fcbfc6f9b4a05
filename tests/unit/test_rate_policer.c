/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/rate_samples.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "detect/rate.h"
#include "flow_build.h"
#include "rate_sim.h"

struct row {
	uint32_t n, policed, why[POLICER_WHY_N];
	uint32_t told; /* of the policed ones: contrast of mechanism.policing, 75 and more */
	uint32_t near; /* rate within 5 % */
	double over;   /* largest share by which a rate was too high */
};

/* The better of both cutoffs. */
static struct policer judge(const struct rate_series *s)
{
	struct policer p[2];
	struct rate_run r;

	assert_true(rate_run_make(s, 0, s->n, &r));
	assert_true(policer_judge(&r, 0, &p[0]));
	assert_true(policer_judge(&r, 2, &p[1]));
	rate_run_free(&r);
	return p[0].why == POLICER_YES ? p[0] : p[1].why == POLICER_YES ? p[1] : p[0];
}

static void run(const struct sim_path *model, struct row *row)
{
	uint32_t dropped;
	struct policer p;
	struct flow *f;
	struct fb b;

	fb_init(&b, 64 << 20);
	f = sim_run(model, &b, &dropped);
	assert_non_null(f->rate);
	assert_true(f->rate->whole);
	/* Every loss is labelled, and nothing else: what was dropped was sent again. */
	assert_int_equal(f->rate->n_again, dropped);
	p = judge(f->rate);
	row->n++;
	row->why[p.why]++;
	if (p.why == POLICER_YES) {
		double over = p.rate_bps / model->rate_bps - 1;

		row->policed++;
		row->told += p.contrast >= 0.75;
		row->near += fabs(over) <= 0.05;
		row->over = over > row->over ? over : row->over;
	}
	fb_fini(&b);
}

static void say(const char *what, const struct row *r)
{
	print_message("%-28s %3u of %3u policed, %3u with contrast", what, r->policed, r->n,
		      r->told);
	for (int w = 1; w < POLICER_WHY_N; w++)
		if (r->why[w])
			print_message(", %u %s", r->why[w], policer_why_name((enum policer_why)w));
	if (r->policed)
		print_message("; rate within 5 %%: %u, never more than %.1f %% too high", r->near,
			      r->over * 100);
	print_message("\n");
}

static const double rates[] = {5e5, 1e6, 2e6, 5e6}, depths[] = {3e4, 1e5, 3e5};
static const int64_t rtts[] = {20 * FB_MS, 50 * FB_MS, 100 * FB_MS};

/* All rates, depths and round trips, three seeds each, 2 MB as in the authors' lab. */
static struct row grid(struct sim_path model, double depth_factor)
{
	struct row row = {0};

	for (size_t r = 0; r < ARRAY_LEN(rates); r++)
		for (size_t d = 0; d < ARRAY_LEN(depths); d++)
			for (size_t t = 0; t < ARRAY_LEN(rtts); t++)
				for (uint64_t seed = 1; seed <= 3; seed++) {
					model.rate_bps = rates[r];
					model.depth = depths[d] * depth_factor;
					model.rtt_ns = rtts[t];
					model.segments = 1382;
					model.seed = seed;
					run(&model, &row);
				}
	return row;
}

/* The table of METHODS h.1 on simulated paths: 93 % of policed transfers recognised there; none of the rest here. */
static void test_policer_on_simulated_paths_recognises_most_and_only_policing(void **state)
{
	struct row r;

	(void)state;
	r = grid((struct sim_path){.kind = SIM_POLICE}, 1);
	say("policer", &r);
	assert_true(r.told * 100 >= r.n * 75);
	/* A sender that does not keep the bucket empty makes the rate look lower, never higher. */
	assert_true(r.near * 100 >= r.policed * 75);
	assert_true(r.over < 0.05);
	r = grid((struct sim_path){.kind = SIM_POLICE, .loss = 0.001}, 1);
	say("policer, 0.1 % loss besides", &r);
	assert_true(r.told * 100 >= r.n * 75);
	r = grid((struct sim_path){.kind = SIM_QUEUE}, 1);
	say("queue, drop tail", &r);
	assert_int_equal(r.policed, 0);
	r = grid((struct sim_path){.kind = SIM_RED}, 1);
	say("queue, RED", &r);
	assert_int_equal(r.policed, 0);
	r = grid((struct sim_path){.kind = SIM_QUEUE}, 10);
	say("shaper, deep queue", &r);
	assert_int_equal(r.policed, 0);
	r = grid((struct sim_path){.kind = SIM_FREE, .loss = 0.02}, 1);
	say("random loss 2 %", &r);
	assert_int_equal(r.policed, 0);
	r = grid((struct sim_path){.kind = SIM_FREE, .loss = 0.05}, 1);
	say("random loss 5 %", &r);
	assert_int_equal(r.policed, 0);
	r = grid((struct sim_path){.kind = SIM_FREE, .loss = 0.02, .app_bps = 1e6}, 1);
	say("sender's own 1 Mbit/s, 2 %", &r);
	/* The published rule's own false alarm: losses that do not care about the bucket. */
	assert_int_equal(r.told, 0);
}

/* Samples made by hand: one a millisecond of 1000 bytes, 40 ms round trip, the last of each ten lost. */
static struct rate_run regular(uint32_t n)
{
	struct rate_run r = {.at = calloc(n, sizeof(*r.at)), .n = n};

	for (uint32_t i = 0; i < n; i++) {
		r.at[i] = (struct rate_sample){
			.at_us = i * 1000, .seq = i * 1000, .len = 1000, .lost = i % 10 == 9};
		r.at[i].rtt_us = r.at[i].lost ? RATE_NONE : 40000;
		r.n_lost += r.at[i].lost;
	}
	return r;
}

static enum policer_why why_of(const struct rate_run *r, uint32_t cutoff)
{
	struct policer p;

	assert_true(policer_judge(r, cutoff, &p));
	return p.why;
}

/* Every way out of the published rule, each just across its threshold. */
static void test_policer_at_each_threshold_says_why(void **state)
{
	struct rate_run r = regular(300);

	(void)state;
	assert_int_equal(why_of(&r, 0), POLICER_YES);
	r.n = 149; /* 14 losses */
	assert_int_equal(why_of(&r, 0), POLICER_FEW_LOSSES);
	r.n = 150;
	assert_int_equal(why_of(&r, 0), POLICER_YES);
	for (uint32_t i = 0; i < 300; i++)
		r.at[i].seq += 2000000;
	assert_int_equal(why_of(&r, 0), POLICER_LATE_LOSS);
	for (uint32_t i = 0; i < 300; i++)
		r.at[i].seq -= 2000000;
	r.start_us = 0;
	for (uint32_t i = 0; i < 300; i++)
		r.at[i].at_us += 100000; /* a start so slow that the bucket would have had to owe */
	assert_int_equal(why_of(&r, 0), POLICER_NEGATIVE_FILL);
	for (uint32_t i = 0; i < 300; i++)
		r.at[i].at_us -= 100000;
	for (uint32_t i = 0; i < 300; i++)
		r.at[i].rtt_us = RATE_NONE;
	assert_int_equal(why_of(&r, 0), POLICER_NO_RTT);
	free(r.at);
}

static void test_policer_round_trips_grow_before_losses_is_no_policing(void **state)
{
	struct rate_run r = regular(300);

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		if (!r.at[i].lost)
			r.at[i].rtt_us = 40000 + (i % 10) * 4000;
	assert_int_equal(why_of(&r, 0), POLICER_RTT_INFLATED);
	/* Below 20 ms no growth counts. */
	for (uint32_t i = 0; i < 300; i++)
		if (!r.at[i].lost)
			r.at[i].rtt_us = 8000 + (i % 10) * 1000;
	assert_int_equal(why_of(&r, 0), POLICER_YES);
	free(r.at);
}

/* Two losses at either end are left out by the second pass, and one or none is too few. */
static void test_policer_cutoff_leaves_losses_out(void **state)
{
	struct rate_run r = regular(300);
	struct policer p;

	(void)state;
	assert_true(policer_judge(&r, 0, &p));
	assert_int_equal(p.first_i, 9);
	assert_int_equal(p.last_i, 299);
	assert_int_equal(p.burst, 9000);
	assert_true(policer_judge(&r, 2, &p));
	assert_int_equal(p.first_i, 29);
	assert_int_equal(p.last_i, 279);
	assert_int_equal(p.burst, 9000);
	r.n = 40;
	assert_int_equal(why_of(&r, 2), POLICER_FEW_LOSSES);
	r.n = 0;
	assert_int_equal(why_of(&r, 0), POLICER_FEW_LOSSES);
	r.n = 15;
	assert_int_equal(why_of(&r, 0), POLICER_FEW_LOSSES);
	free(r.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policer_on_simulated_paths_recognises_most_and_only_policing),
		cmocka_unit_test(test_policer_at_each_threshold_says_why),
		cmocka_unit_test(test_policer_round_trips_grow_before_losses_is_no_policing),
		cmocka_unit_test(test_policer_cutoff_leaves_losses_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
