/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

static void test_add_both_directions_one_flow(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	for (int f = 0; f < 2; f++) {
		assert_int_equal(b.p->side[f].n_flows, 1);
		assert_int_equal(b.p->side[f].flow[0].n[0], 3);
		assert_int_equal(b.p->side[f].flow[0].n[1], 2);
		assert_true(b.p->side[f].flow[0].has_isn);
		assert_int_equal(b.p->side[f].flow[0].isn, PB_ISN_O);
	}
	pair_free(b.p);
}

/* Who opened the flow is known from a SYN/ACK, and in the middle from the service's port. */
static void test_add_answer_first_still_from_resp(void **state)
{
	static const uint16_t flags[] = {TCP_SYN | TCP_ACK, TCP_ACK};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pb b = pb_new();

		pb_pass(&b, 1, flags[i], 0, 1, NULL);
		assert_int_equal(b.p->side[0].flow[0].port[1], 443);
		assert_int_equal(b.p->side[0].flow[0].n[1], 1);
		pair_free(b.p);
	}
}

/* Ports used again are a new flow; a forged SYN does not take the old one's packets away. */
static void test_add_new_isn_is_a_new_flow(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	pb_pass(&b, 0, TCP_SYN, 500000000, 0, NULL);
	pb_pass(&b, 0, TCP_SYN, 500000000, 0, NULL);
	pb_pass(&b, 0, TCP_ACK, 6, 5, NULL);
	assert_int_equal(b.p->side[0].n_flows, 2);
	assert_int_equal(b.p->side[0].flow[1].n[0], 2);
	assert_int_equal(b.p->side[0].flow[0].n[0], 4);
	pair_free(b.p);
}

static void test_add_many_flows_all_are_found_again(void **state)
{
	struct pb b = pb_new();

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			b.port[0][0] = b.port[1][0] = (uint16_t)(20000 + i);
			pb_pass(&b, 0, TCP_SYN, 0, 0, NULL);
		}
	assert_int_equal(b.p->side[0].n_flows, 5000);
	assert_int_equal(b.p->side[0].n_rec, 10000);
	pair_free(b.p);
}

static void test_add_impossible_times_stay_in_range(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_put(&b, 0, 0, (struct pb_seg){.flags = TCP_SYN}, INT64_MIN);
	pb_put(&b, 0, 1, (struct pb_seg){.flags = TCP_SYN | TCP_ACK}, INT64_MAX);
	pb_put(&b, 1, 0, (struct pb_seg){.flags = TCP_SYN}, INT64_MAX);
	pb_put(&b, 1, 1, (struct pb_seg){.flags = TCP_SYN | TCP_ACK}, INT64_MIN);
	assert_true(b.p->side[0].first_ns == 0 && b.p->side[0].last_ns == INT64_MAX / 3);
	assert_true(pair_compare(b.p));
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_both_directions_one_flow),
		cmocka_unit_test(test_add_answer_first_still_from_resp),
		cmocka_unit_test(test_add_new_isn_is_a_new_flow),
		cmocka_unit_test(test_add_many_flows_all_are_found_again),
		cmocka_unit_test(test_add_impossible_times_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
