/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

/* What is translated on the way: nothing, orig's address, its port too, both addresses. */
static void test_mate_translated_ends_still_found(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct pb b = pb_new();

		if (how)
			b.addr[1][0] = pb_ip(203, 9);
		if (how == 2)
			b.port[1][0] = 61000;
		if (how == 3)
			b.addr[1][1] = pb_ip(172, 7);
		pb_open(&b);
		assert_true(pair_flows_mate(b.p));
		assert_int_equal(b.p->flows_paired, 1);
		assert_int_equal(b.p->side[0].flow[0].mate, 0);
		assert_int_equal(b.p->side[0].flow[0].rewritten, how != 0);
		assert_int_equal(b.p->side[0].flow[0].talk, b.p->side[1].flow[0].talk);
		pair_free(b.p);
	}
}

/* Strangers to each other stay so, also when the ports are the same. */
static void test_mate_other_hosts_not_found(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_send(&b, 0, TCP_SYN, 0, 0, NULL);
	b.addr[1][0] = pb_ip(203, 9);
	b.addr[1][1] = pb_ip(172, 7);
	pb_put(&b, 1, 0, (struct pb_seg){.seq = 77, .flags = TCP_SYN}, b.now_ns);
	assert_true(pair_flows_mate(b.p));
	assert_int_equal(b.p->flows_paired, 0);
	assert_false(b.p->side[0].flow[0].compared);
	pair_free(b.p);
}

/* A flow of which nothing arrived is compared when its hosts are known, translated or not. */
static void test_mate_none_but_known_hosts_compared(void **state)
{
	(void)state;
	for (int nat = 0; nat < 2; nat++) {
		struct pb b = pb_new();

		if (nat)
			b.addr[1][0] = pb_ip(203, 9);
		pb_open(&b);
		b.port[0][0] = 40001;
		pb_send(&b, 0, TCP_SYN, 5000, 0, NULL);
		b.addr[0][1] = pb_ip(198, 3);
		pb_send(&b, 0, TCP_SYN, 6000, 0, NULL);
		assert_true(pair_flows_mate(b.p));
		assert_true(b.p->side[0].flow[1].compared);
		assert_int_equal(b.p->side[0].flow[1].rewritten, nat);
		assert_false(b.p->side[0].flow[2].compared);
		pair_free(b.p);
	}
}

/* A firewall that draws sequence numbers of its own. */
static void test_delta_rewritten_numbers_found(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	s = pb_send(&b, 0, TCP_SYN, 0, 0, NULL);
	s.seq += 12345;
	pb_arrive(&b, 0, s);
	s = pb_send(&b, 0, TCP_ACK, 1, 1, "hello");
	s.seq += 12345;
	pb_arrive(&b, 0, s);
	assert_true(pair_flows_mate(b.p));
	pair_flows_delta(b.p, 0);
	assert_int_equal(b.p->side[0].flow[0].delta[0], 12345);
	assert_int_equal(b.p->side[0].flow[0].delta[1], 0);
	pair_free(b.p);
}

static void test_talks_udp_to_one_service_is_one(void **state)
{
	struct pb b = pb_new();

	(void)state;
	b.proto = 17;
	for (int i = 0; i < 3; i++) {
		b.port[0][0] = b.port[1][0] = (uint16_t)(50000 + i);
		pb_pass(&b, 0, 0, 0, 0, i ? "second question" : "first question");
	}
	assert_true(pair_flows_mate(b.p));
	assert_int_equal(b.p->flows_paired, 3);
	assert_int_equal(b.p->n_talks, 1);
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mate_translated_ends_still_found),
		cmocka_unit_test(test_mate_other_hosts_not_found),
		cmocka_unit_test(test_mate_none_but_known_hosts_compared),
		cmocka_unit_test(test_delta_rewritten_numbers_found),
		cmocka_unit_test(test_talks_udp_to_one_service_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
