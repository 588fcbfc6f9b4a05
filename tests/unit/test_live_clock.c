/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_clock.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "live_clock.h"

#define S  INT64_C(1000000000)
#define MS INT64_C(1000000)

static const int64_t day = 1700000000 * S;

static void test_live_clock_drift_is_no_step(void **state)
{
	struct live_clock c = {0};

	(void)state;
	assert_false(live_clock_stepped(&c, day, 0));
	for (int i = 1; i < 100; i++) {
		assert_false(live_clock_stepped(&c, day + i * (S + 500000), i * S));
		assert_int_equal(live_clock_stamp(&c, day + i * S, day + i * S, i * S),
				 day + i * S);
	}
	assert_false(live_clock_stepped(&c, day + 100 * (S + 500000) + 124 * MS, 100 * S));
}

static void test_live_clock_step_either_way(void **state)
{
	const int64_t by[] = {3600 * S, -3600 * S, 200 * MS, -200 * MS, day, -day};

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++) {
		struct live_clock c = {0};
		int64_t now = day + 10 * S + by[i];

		assert_false(live_clock_stepped(&c, day, 0));
		assert_true(live_clock_stepped(&c, now, 10 * S));
		assert_false(live_clock_stepped(&c, now + S, 11 * S));
		/* Read just before the step and just after it: both a moment ago. */
		assert_int_equal(live_clock_stamp(&c, day + 10 * S - MS, now + MS, 10 * S + MS),
				 now - MS);
		assert_int_equal(live_clock_stamp(&c, now - MS, now + MS, 10 * S + MS), now - MS);
	}
}

/* What is stamped oddly long after a step has another reason. */
static void test_live_clock_step_is_forgotten(void **state)
{
	struct live_clock c = {0};

	(void)state;
	assert_false(live_clock_stepped(&c, day, 0));
	assert_true(live_clock_stepped(&c, day + 3600 * S, 0));
	assert_int_equal(live_clock_stamp(&c, day, day + 3610 * S, 10 * S), day + 3600 * S);
	assert_int_equal(live_clock_stamp(&c, day, day + 3611 * S, 11 * S), day);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_clock_drift_is_no_step),
		cmocka_unit_test(test_live_clock_step_either_way),
		cmocka_unit_test(test_live_clock_step_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
