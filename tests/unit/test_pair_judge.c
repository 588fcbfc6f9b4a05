/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

/* One, two, or three packets at the end that never arrive: chance explains two. */
static void test_drops_fewer_than_three_are_loss(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 4; n++) {
		struct pb b = pb_new();

		pb_open(&b);
		for (uint32_t i = 0; i < n; i++)
			pb_lose(&b, 0, TCP_ACK, 6, 1, "again");
		pb_pass(&b, 1, TCP_ACK, 1, 6, NULL);
		assert_true(pair_compare(b.p));
		assert_int_equal(pb_items(&b, PAIR_DROPPED), n < 3 ? 0 : n);
		assert_int_equal(b.p->lost[0], n < 3 ? n : 0);
		if (n >= 3)
			assert_int_equal(pair_judge_grade(b.p, 0, n),
					 PAIR_LIKELY - 1 + (b.p->item[0].uncovered ? 0 : 2));
		pair_free(b.p);
	}
}

/* Many lost, all sent again and received: ordinary loss, how many there ever are. */
static void test_drops_retransmitted_and_received_are_loss(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	for (uint32_t i = 0; i < 20; i++)
		pb_lose(&b, 0, TCP_ACK, 6 + i, 1, "x");
	for (uint32_t i = 0; i < 20; i++)
		pb_pass(&b, 0, TCP_ACK, 6 + i, 1, "x");
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->n_items, 0);
	assert_int_equal(b.p->lost[0], 20);
	pair_free(b.p);
}

/* After the other capture's last packet nobody knows whether it still ran. */
static void test_drops_beyond_the_end_are_an_anomaly(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	for (uint32_t i = 0; i < 5; i++)
		pb_lose(&b, 0, TCP_ACK, 6, 1, "again");
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_DROPPED), 5);
	assert_int_equal(pair_judge_grade(b.p, 0, 5), PAIR_ANOMALY);
	pair_free(b.p);
}

/* Before its first packet it did not run. */
static void test_outside_of_both_captures_nothing_said(void **state)
{
	struct pb b = pb_new();

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		pb_lose(&b, 0, TCP_ACK, 6, 1, "again");
	pb_pass(&b, 0, TCP_ACK, 11, 1, "then");
	pb_pass(&b, 1, TCP_ACK, 1, 15, "fine");
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->n_items, 0);
	assert_int_equal(b.p->outside[0], 5);
	pair_free(b.p);
}

/* Datagrams to one service, each of a flow of its own, as QUIC clients try: a run of them is dropped, two are not. */
static void test_drops_udp_run_over_many_flows(void **state)
{
	static const uint32_t run[] = {2, 8};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct pb b = pb_new();
		uint32_t n = 0;

		b.proto = 17;
		for (uint32_t i = 0; i < 12; i++) {
			char say[] = "question 000";

			say[10] = (char)('a' + i);
			b.port[0][0] = b.port[1][0] = (uint16_t)(50000 + i);
			if (i >= 2 && i < 2 + run[k])
				pb_lose(&b, 0, 0, 0, 0, say);
			else
				pb_pass(&b, 0, 0, 0, 0, say);
		}
		assert_true(pair_compare(b.p));
		n = pb_items(&b, PAIR_DROPPED);
		assert_int_equal(n, run[k] == 8 ? 8 : 0);
		if (n)
			assert_int_equal(pair_judge_grade(b.p, 0, n), PAIR_LIKELY);
		pair_free(b.p);
	}
}

/* A datagram in orig's name that orig never sent, behind address translation. */
static void test_injected_udp_in_known_name_is_likely(void **state)
{
	struct pb b = pb_new();

	(void)state;
	b.proto = 17;
	b.addr[1][0] = pb_ip(203, 9);
	for (int i = 0; i < 3; i++) {
		pb_pass(&b, 0, 0, 0, 0, i ? "one more question" : "a question");
		if (i == 1) {
			b.port[1][0] = 12345;
			pb_put(&b, 1, 0, (struct pb_seg){.text = "forged", .ttl = 50, .id = 9},
			       b.now_ns);
			b.port[1][0] = 40000;
		}
	}
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_INJECTED), 1);
	assert_int_equal(b.p->n_items, 1);
	assert_int_equal(pair_judge_grade(b.p, 0, 1), PAIR_LIKELY);
	pair_free(b.p);
}

/* An answer that is faster than the question: before the sender's capture saw anything of the flow. */
static void test_injected_before_the_question_arrived(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	s = pb_send(&b, 0, TCP_SYN, 0, 0, NULL);
	pb_put(&b, 0, 1,
	       (struct pb_seg){.seq = 5,
			       .ack = PB_ISN_O + 1,
			       .flags = TCP_RST | TCP_ACK,
			       .ttl = 90,
			       .id = 5},
	       b.now_ns + PB_MS);
	pb_arrive(&b, 0, s);
	b.now_ns += b.way_ns;
	pb_pass(&b, 1, TCP_SYN | TCP_ACK, 0, 1, NULL);
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_INJECTED), 1);
	pair_free(b.p);
}

static void test_empty_captures_nothing_said(void **state)
{
	struct pb b = pb_new();

	(void)state;
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_fewer_than_three_are_loss),
		cmocka_unit_test(test_drops_retransmitted_and_received_are_loss),
		cmocka_unit_test(test_drops_beyond_the_end_are_an_anomaly),
		cmocka_unit_test(test_outside_of_both_captures_nothing_said),
		cmocka_unit_test(test_drops_udp_run_over_many_flows),
		cmocka_unit_test(test_injected_udp_in_known_name_is_likely),
		cmocka_unit_test(test_injected_before_the_question_arrived),
		cmocka_unit_test(test_empty_captures_nothing_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
