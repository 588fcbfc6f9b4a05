/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

/* A forged reset reaches orig in the middle of an exchange. */
static void forge(struct pb *b)
{
	struct pb_seg s = {.seq = PB_ISN_R + 1,
			   .ack = PB_ISN_O + 6,
			   .flags = TCP_RST | TCP_ACK,
			   .ttl = 70,
			   .id = 4242};

	pb_arrive(b, 1, s);
}

static enum pair_grade grade_of(struct pb *b)
{
	assert_true(pair_compare(b->p));
	assert_int_equal(b->p->n_items, 1);
	assert_int_equal(pb_items(b, PAIR_INJECTED), 1);
	return pair_judge_grade(b->p, 0, 1);
}

static void test_sent_complete_capture_proves(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	forge(&b);
	pb_close(&b);
	assert_int_equal(grade_of(&b), PAIR_PROOF);
	pair_free(b.p);
}

/* The sender's capture lacks a segment that its own numbers jump over. */
static void test_sent_hole_in_numbers_is_no_proof(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	forge(&b);
	pb_pass(&b, 1, TCP_ACK, 5, 6, "more");
	assert_int_equal(grade_of(&b), PAIR_LIKELY);
	pair_free(b.p);
}

/* ... or that the other end acknowledged. */
static void test_sent_ack_of_unseen_bytes_is_no_proof(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	forge(&b);
	pb_pass(&b, 0, TCP_ACK, 6, 50, NULL);
	pb_pass(&b, 1, TCP_ACK, 1, 6, "x");
	assert_int_equal(grade_of(&b), PAIR_LIKELY);
	pair_free(b.p);
}

/* Its counter of packets jumps where others step by one. */
static void test_sent_ip_id_left_out_is_no_proof(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	forge(&b);
	b.id[1]++;
	pb_close(&b);
	pb_pass(&b, 1, TCP_ACK, 6, 7, NULL);
	pb_pass(&b, 1, TCP_ACK, 6, 7, NULL);
	assert_int_equal(grade_of(&b), PAIR_LIKELY);
	pair_free(b.p);
}

/* The acknowledgement of forged bytes says nothing of the sender's capture. */
static void test_sent_ack_of_the_forged_bytes_still_proof(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s = {.seq = PB_ISN_R + 1,
			   .ack = PB_ISN_O + 6,
			   .flags = TCP_ACK,
			   .ttl = 70,
			   .id = 4242,
			   .text = "page"};

	(void)state;
	pb_open(&b);
	pb_arrive(&b, 1, s);
	pb_pass(&b, 0, TCP_ACK, 6, 5, NULL);
	pb_pass(&b, 1, TCP_ACK, 1, 6, NULL);
	assert_int_equal(grade_of(&b), PAIR_PROOF);
	pair_free(b.p);
}

/* On UDP only a counter without a gap proves. */
static void test_sent_udp_proof_needs_a_counter(void **state)
{
	(void)state;
	for (int counter = 0; counter < 2; counter++) {
		struct pb b = pb_new();
		struct pb_seg s = {.ttl = 70, .id = 4242, .text = "forged answer"};

		b.proto = 17;
		for (int i = 0; i < 6; i++) {
			static const char *const say[] = {"one one one", "two two two",
							  "three three", "four four",
							  "five five",   "six six"};

			if (!counter)
				b.id[1] = (uint16_t)(b.id[1] * 7);
			pb_pass(&b, 0, 0, 0, 0, say[i]);
			pb_pass(&b, 1, 0, 0, 0, say[5 - i]);
			if (i == 3)
				pb_arrive(&b, 1, s);
		}
		assert_int_equal(grade_of(&b), counter ? PAIR_PROOF : PAIR_LIKELY);
		pair_free(b.p);
	}
}

static void test_received_ack_of_missed_bytes_fails(void **state)
{
	(void)state;
	for (int missed = 0; missed < 2; missed++) {
		struct pb b = pb_new();

		pb_open(&b);
		pb_pass(&b, 0, TCP_ACK, 6, missed ? 20 : 1, NULL);
		assert_true(pair_flows_mate(b.p) && pair_match(b.p));
		assert_int_equal(pair_whole_received(b.p, 0, 1), !missed);
		pair_free(b.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent_complete_capture_proves),
		cmocka_unit_test(test_sent_hole_in_numbers_is_no_proof),
		cmocka_unit_test(test_sent_ack_of_unseen_bytes_is_no_proof),
		cmocka_unit_test(test_sent_ip_id_left_out_is_no_proof),
		cmocka_unit_test(test_sent_ack_of_the_forged_bytes_still_proof),
		cmocka_unit_test(test_sent_udp_proof_needs_a_counter),
		cmocka_unit_test(test_received_ack_of_missed_bytes_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
