/* SPDX-License-Identifier: BSD-3-Clause */
/* Is it the name? (METHODS e, l.5, l.6.) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "across/name_test.h"
#include "base/limits.h"

enum { A = 1, B = 2, SELF = 1000 };

/* One letter an attempt: capital failed, small was answered, `?` open; the last A is the asking flow. */
static size_t lines_of(const char *s, struct control_line *out)
{
	size_t n = 0, self = 0;

	for (; s[n]; n++) {
		bool failed = s[n] >= 'A' && s[n] <= 'Z';

		out[n] = (struct control_line){
			.flow_no = n + 1,
			.name = s[n] == '?' ? A : (uint64_t)(failed ? s[n] - 'A' : s[n] - 'a') + 1,
			.frame = 10 * n + 10,
			.outcome = (uint8_t)(s[n] == '?' ? CONTROL_TRIED
					     : failed    ? CONTROL_FAILED
							 : CONTROL_OK)};
		if (s[n] == 'A')
			self = n;
	}
	out[self].flow_no = SELF;
	return n;
}

static void test_name_test_counts_and_chance(void **state)
{
	/* chance: one over n choose k by hand, times the names, in parts per million, rounded up */
	static const struct {
		const char *attempts;
		bool told;
		uint32_t failed, ok, other_failed, other_ok, chance_ppm;
	} t[] = {
		{"AbAbAb", true, 3, 0, 0, 3, 100001},         /* 1 / 20, twice */
		{"AbAbAbAbAbAbAbAbAb", true, 9, 0, 0, 9, 42}, /* 1 / 48620 */
		{"AbAcAbAcAbAcAbAcAb", true, 9, 0, 0, 9, 62}, /* three names */
		{"AbAb", false, 2, 0, 0, 2, 0},               /* two failures */
		{"AbAaAb", false, 3, 1, 0, 2, 0},             /* two controls */
		{"bbbAAA", false, 1, 0, 0, 3, 0},         /* one residual blocking, or an outage */
		{"AbBbAbBbAb", true, 3, 0, 2, 5, 166667}, /* 2 * C(5,3) * C(5,0) / C(10,3) = 1/6 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct control_line line[LIMIT_CONTROL_LINES];
		size_t n = lines_of(t[i].attempts, line);
		struct name_test k;

		assert_int_equal(name_test(line, n, A, SELF, &k), t[i].told);
		assert_int_equal(k.failed, t[i].failed);
		assert_int_equal(k.ok, t[i].ok);
		assert_int_equal(k.other_failed, t[i].other_failed);
		assert_int_equal(k.other_ok, t[i].other_ok);
		assert_in_range(k.chance_ppm + 1, t[i].chance_ppm, t[i].chance_ppm + 2);
	}
}

/* A failure that follows another with nothing passing in between may be that one's residual blocking: it does not count, and a flow that
 * does not count is told nothing. */
static void test_name_test_follower_is_told_nothing(void **state)
{
	struct control_line line[LIMIT_CONTROL_LINES];
	struct name_test k;
	size_t n = lines_of("AbAbAbAbAbAbAbAbAbBA", line);

	(void)state;
	assert_false(name_test(line, n, A, SELF, &k));
	assert_int_equal(k.failed, 9);
	assert_int_equal(k.other_failed, 1);
	assert_true(name_test(line, n, A, 1, &k)); /* the first of the same attempts */
}

/* What may yet be answered, and what said no name, is neither failure nor control; a nameless answer shows that the path is open. */
static void test_name_test_open_and_nameless_attempts(void **state)
{
	struct control_line line[LIMIT_CONTROL_LINES];
	struct name_test k;
	size_t n = lines_of("Ab?AbAb", line);

	(void)state;
	assert_true(name_test(line, n, A, SELF, &k));
	assert_int_equal(k.failed, 3);
	line[1].name = 0;
	assert_false(name_test(line, n, A, SELF, &k));
	assert_int_equal(k.failed, 3);
	assert_int_equal(k.other_ok, 2);
	assert_false(name_test(line, n, A, 999, &k)); /* its own line has gone */
	assert_false(name_test(line, 0, A, SELF, &k));
	assert_int_equal(k.failed, 0);
}

static void test_name_test_cites_failures_and_answers(void **state)
{
	struct control_line line[LIMIT_CONTROL_LINES];
	struct name_test k;
	size_t n = lines_of("AbAbAbAbAb", line);

	(void)state;
	assert_true(name_test(line, n, A, SELF, &k));
	assert_int_equal(k.n_frames, 8);
	for (uint32_t i = 0; i < k.n_frames; i++)
		assert_int_equal(k.frame[i], 10 * i + 10);
}

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Innocent servers: 24 attempts under `names` names, of which `per_mille` fail, whatever the name; `outage`: failures come in runs of 4.
 * How many of the runs accuse a name (chance below 1e-4)? */
static uint32_t accused(uint32_t runs, uint32_t names, uint32_t per_mille, bool outage,
			uint64_t *seed)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < runs; r++) {
		struct control_line line[LIMIT_CONTROL_LINES];
		bool told = false, failed = false;
		struct name_test k;

		for (size_t i = 0; i < LIMIT_CONTROL_LINES; i++) {
			if (!outage || i % 4 == 0)
				failed = next(seed) % 1000 < per_mille;
			line[i] = (struct control_line){.flow_no = i + 1,
							.name = 1 + next(seed) % names,
							.outcome = (uint8_t)(failed ? CONTROL_FAILED
										    : CONTROL_OK)};
		}
		for (size_t i = 0; i < LIMIT_CONTROL_LINES && !told; i++)
			told = line[i].outcome == CONTROL_FAILED &&
			       name_test(line, LIMIT_CONTROL_LINES, line[i].name, i + 1, &k) &&
			       k.chance_ppm < 100;
		n += told;
	}
	return n;
}

/* Measured: 0 of 100,020. The test promises at most 1e-4 a server, which is 10 of these. */
static void test_name_test_false_alarms_by_simulation(void **state)
{
	static const uint32_t per_mille[] = {50, 200, 400, 600, 800};
	uint64_t seed = 20261124;
	uint32_t n = 0, runs = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(per_mille[0]); i++)
		for (uint32_t names = 2; names <= 6; names += 2)
			for (int outage = 0; outage < 2; outage++) {
				n += accused(3334, names, per_mille[i], outage != 0, &seed);
				runs += 3334;
			}
	assert_in_range(n, 0, runs / 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_test_counts_and_chance),
		cmocka_unit_test(test_name_test_follower_is_told_nothing),
		cmocka_unit_test(test_name_test_open_and_nameless_attempts),
		cmocka_unit_test(test_name_test_cites_failures_and_answers),
		cmocka_unit_test(test_name_test_false_alarms_by_simulation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
