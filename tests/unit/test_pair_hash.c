/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "guard.h"
#include "pair/pair.h"

static const uint64_t base = UINT64_C(1234567890123456789) % ((UINT64_C(1) << 61) - 1);

/* Every way of cutting a run in two joins to the digest of the whole. */
static void test_join_of_any_cut_equals_the_whole(void **state)
{
	uint8_t raw[300];
	struct guard g;

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)(i * 7 + 250);
	g = guard_copy(raw, sizeof(raw));
	for (size_t cut = 0; cut <= g.len; cut++) {
		uint64_t a = pair_hash_bytes(base, (struct bytes){g.at, cut});
		uint64_t b = pair_hash_bytes(base, (struct bytes){g.at + cut, g.len - cut});

		assert_true(pair_hash_join(base, a, cut, b) ==
			    pair_hash_bytes(base, (struct bytes){g.at, g.len}));
	}
	guard_free(&g);
}

static void test_hash_of_other_bytes_or_order_differs(void **state)
{
	const uint8_t ab[] = {'a', 'b'}, ba[] = {'b', 'a'}, ac[] = {'a', 'c'};
	uint64_t h = pair_hash_bytes(base, (struct bytes){ab, 2});

	(void)state;
	assert_false(h == pair_hash_bytes(base, (struct bytes){ba, 2}));
	assert_false(h == pair_hash_bytes(base, (struct bytes){ac, 2}));
	assert_true(pair_hash_bytes(base, (struct bytes){NULL, 0}) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join_of_any_cut_equals_the_whole),
		cmocka_unit_test(test_hash_of_other_bytes_or_order_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
