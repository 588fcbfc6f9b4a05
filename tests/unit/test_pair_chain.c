/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* Sends text[from, to) as one segment of resp, into the files named. */
static void piece(struct pb *b, uint32_t from, uint32_t to, bool sent, bool got)
{
	struct pb_seg s = {.seq = PB_ISN_R + 1 + from,
			   .ack = PB_ISN_O + 6,
			   .flags = TCP_ACK,
			   .text = text + from,
			   .len = to - from,
			   .ttl = 64,
			   .id = b->id[1]++};

	if (sent)
		pb_put(b, 1, 1, s, b->now_ns + b->offset_ns);
	if (got)
		pb_arrive(b, 1, s);
	b->now_ns += PB_MS;
}

/* Every pair of cuts of 30 bytes into segments of a and b bytes: offload at the sender, at the receiver, a proxy between. */
static void test_chain_any_two_cuts_nothing_found(void **state)
{
	(void)state;
	for (uint32_t x = 1; x <= 30; x++)
		for (uint32_t y = 1; y <= 30; y++) {
			struct pb b = pb_new();

			pb_open(&b);
			for (uint32_t at = 0; at < 30; at += x)
				piece(&b, at, at + x > 30 ? 30 : at + x, true, false);
			for (uint32_t at = 0; at < 30; at += y)
				piece(&b, at, at + y > 30 ? 30 : at + y, false, true);
			assert_true(pair_compare(b.p));
			assert_int_equal(b.p->n_items, 0);
			pair_free(b.p);
		}
}

/* One large segment, a part of it lost and sent again. */
static void test_chain_offload_with_retransmission_nothing_found(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	piece(&b, 0, 30, true, false);
	piece(&b, 0, 10, false, true);
	piece(&b, 20, 30, false, true);
	piece(&b, 10, 20, true, true);
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

static void test_chain_other_bytes_in_new_cut_injected(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	pb_open(&b);
	piece(&b, 0, 10, true, false);
	piece(&b, 10, 20, true, false);
	s = (struct pb_seg){.seq = PB_ISN_R + 1,
			    .ack = PB_ISN_O + 6,
			    .flags = TCP_ACK,
			    .text = "0123456789abcdefghiX",
			    .len = 20,
			    .ttl = 64,
			    .id = 7100};
	pb_arrive(&b, 1, s);
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_INJECTED), 1);
	pair_free(b.p);
}

/* A lost segment that was sent again and came is lost, not a new cut. */
static void test_chain_retransmission_counts_as_lost(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	piece(&b, 0, 10, true, false);
	b.now_ns += 200 * PB_MS;
	piece(&b, 0, 10, true, true);
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->lost[1], 1);
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_any_two_cuts_nothing_found),
		cmocka_unit_test(test_chain_offload_with_retransmission_nothing_found),
		cmocka_unit_test(test_chain_other_bytes_in_new_cut_injected),
		cmocka_unit_test(test_chain_retransmission_counts_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
