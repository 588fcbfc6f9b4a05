/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair/pair.h"

#define MS INT64_C(1000000)

/* Equal ways and a clock that is 7 s ahead: found exactly, queues besides. */
static void test_fit_both_ways_finds_offset_and_round_trip(void **state)
{
	struct pair_tie tie[20];
	struct pair_clock c;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t t = i * 100 * MS, queue = i % 5 * MS;

		tie[i].dir = i & 1;
		tie[i].orig_ns = i & 1 ? t + 20 * MS + queue : t;
		tie[i].resp_ns = 7000 * MS + (i & 1 ? t : t + 20 * MS + queue);
	}
	pair_clock_fit(&c, tie, 20);
	assert_true(c.valid && c.both_ways);
	assert_true(c.offset_ns == 7000 * MS);
	assert_true(c.rtt_ns == 40 * MS);
	assert_true(pair_clock_flight(&c, 0, 0, 7020 * MS) == 20 * MS);
	assert_true(pair_clock_flight(&c, 1, 7000 * MS, 20 * MS) == 20 * MS);
}

static void test_fit_of_swapped_files_gives_a_negative_round_trip(void **state)
{
	struct pair_tie tie[2] = {{20 * MS, 0, 0}, {100 * MS, 120 * MS, 1}};
	struct pair_clock c;

	(void)state;
	pair_clock_fit(&c, tie, 2);
	assert_true(c.rtt_ns < 0);
}

/* 100 ppm over 1,000 s; below a minute none is claimed, and a clock that was set is no drift. */
static void test_fit_long_capture_finds_drift(void **state)
{
	static const struct {
		int64_t step_ms, ppm;
		double want;
	} at[] = {{1000, 100, 100}, {50, 100, 0}, {1000, 5000, 0}};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct pair_tie tie[1000];
		struct pair_clock c;

		for (int i = 0; i < 1000; i++) {
			int64_t t = i * at[k].step_ms * MS, ahead = t / 1000000 * at[k].ppm;

			tie[i].dir = i & 1;
			tie[i].orig_ns = i & 1 ? t + 20 * MS : t;
			tie[i].resp_ns = ahead + (i & 1 ? t : t + 20 * MS);
		}
		pair_clock_fit(&c, tie, 1000);
		assert_true(c.drift_ppm > at[k].want - 1 && c.drift_ppm < at[k].want + 1);
		if (at[k].want > 0) {
			int64_t back = pair_clock_to_orig(&c, pair_clock_to_resp(&c, 900000 * MS)) -
				       900000 * MS;

			assert_true(back > -MS && back < MS);
		}
	}
}

static void test_fit_one_way_or_none_says_so(void **state)
{
	struct pair_tie tie[1] = {{0, 120 * MS, 0}};
	struct pair_clock c;

	(void)state;
	pair_clock_fit(&c, tie, 1);
	assert_true(c.valid && !c.both_ways && c.offset_ns == 120 * MS);
	pair_clock_fit(&c, tie, 0);
	assert_false(c.valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit_both_ways_finds_offset_and_round_trip),
		cmocka_unit_test(test_fit_of_swapped_files_gives_a_negative_round_trip),
		cmocka_unit_test(test_fit_long_capture_finds_drift),
		cmocka_unit_test(test_fit_one_way_or_none_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
