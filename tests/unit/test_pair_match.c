/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

/* Clocks may be days apart; the path may keep IP IDs or not. */
static void test_match_honest_path_everything_has_a_mate(void **state)
{
	static const int64_t offset_ms[] = {0, -86400000, 3};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int no_id = 0; no_id < 2; no_id++) {
			struct pb b = pb_new();

			b.offset_ns = offset_ms[i] * PB_MS;
			b.no_id = no_id;
			pb_open(&b);
			pb_close(&b);
			assert_true(pair_compare(b.p));
			assert_int_equal(b.p->matched, 10);
			assert_int_equal(b.p->n_items, 0);
			assert_true(b.p->clock.offset_ns == offset_ms[i] * PB_MS);
			assert_true(b.p->clock.rtt_ns == 40 * PB_MS);
			assert_int_equal(b.p->side[0].flow[0].ids_kept[0], !no_id);
			pair_free(b.p);
		}
}

/* A forged copy of a reset, before the real one: told apart by IP ID, and without one by hops. */
static void test_match_copies_told_apart_by_id_then_hops(void **state)
{
	(void)state;
	for (int no_id = 0; no_id < 2; no_id++) {
		struct pb b = pb_new();
		struct pb_seg s;

		b.no_id = no_id;
		pb_open(&b);
		s = pb_send(&b, 1, TCP_RST, 1, 0, NULL);
		s.id = 4242;
		s.ttl = 200;
		pb_arrive(&b, 1, s);
		b.now_ns += PB_MS;
		s.id = (uint16_t)(b.id[1] - 1);
		s.ttl = 64;
		pb_arrive(&b, 1, s);
		assert_true(pair_compare(b.p));
		assert_int_equal(b.p->side[0].rec[5].mate, PAIR_NONE);
		assert_int_equal(b.p->side[0].rec[6].mate, 5);
		/* Without IDs the copy may be the path's own. */
		assert_int_equal(!!(b.p->side[0].rec[5].marks & PAIR_TWIN), no_id);
		assert_int_equal(pb_items(&b, PAIR_INJECTED), !no_id);
		pair_free(b.p);
	}
}

static void test_match_doubled_on_the_way_is_no_finding(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	pb_open(&b);
	s = pb_send(&b, 1, TCP_ACK, 1, 6, "fine");
	pb_arrive(&b, 1, s);
	pb_arrive(&b, 1, s);
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->twins[0], 1);
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

static void test_match_other_bytes_is_changed(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	pb_open(&b);
	s = pb_send(&b, 1, TCP_ACK, 1, 6, "fine");
	s.text = "evil";
	pb_arrive(&b, 1, s);
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_ALTERED), 1);
	assert_int_equal(b.p->n_items, 1);
	pair_free(b.p);
}

/* What a path may do to a packet: TTL, PSH, ECN. */
static void test_match_path_changes_ignored(void **state)
{
	struct pb b = pb_new();
	struct pb_seg s;

	(void)state;
	pb_open(&b);
	s = pb_send(&b, 1, TCP_ACK | TCP_PSH, 1, 6, "fine");
	s.flags = TCP_ACK | TCP_ECE | TCP_CWR;
	s.ttl -= 3;
	pb_arrive(&b, 1, s);
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->matched, 6);
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

/* Ten thousand like packets: work stays bounded, every one finds its mate. */
static void test_match_many_alike_all_found(void **state)
{
	struct pb b = pb_new();

	(void)state;
	pb_open(&b);
	b.no_id = true;
	for (int i = 0; i < 10000; i++) {
		pb_pass(&b, 1, TCP_ACK, 1, 6, NULL);
		b.now_ns -= 39 * PB_MS;
	}
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->matched, 10005);
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_honest_path_everything_has_a_mate),
		cmocka_unit_test(test_match_copies_told_apart_by_id_then_hops),
		cmocka_unit_test(test_match_doubled_on_the_way_is_no_finding),
		cmocka_unit_test(test_match_other_bytes_is_changed),
		cmocka_unit_test(test_match_path_changes_ignored),
		cmocka_unit_test(test_match_many_alike_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
