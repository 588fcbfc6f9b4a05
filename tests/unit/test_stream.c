/* SPDX-License-Identifier: BSD-3-Clause */
/* The first version of the bytes of one direction; who contradicts it: test_stream_conflict.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_build.h"

enum { RING = LIMIT_STREAM_BYTES };

static void test_stream_in_order_grows_to_the_limit(void **state)
{
	struct flow *f;
	uint32_t off = 0;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	assert_int_equal(stream_head(fb_open(&b), DIR_ORIG).len, 0);
	for (; off + 700 <= RING; off += 700) {
		f = seg(&b, off, 700, 0);
		check_head(f, off + 700);
		assert_true(f->side[DIR_ORIG].stream->cap <= RING);
	}
	f = seg(&b, off, RING - off, 0);
	check_head(f, RING);
	/* One byte more and the start is gone: no head, rather than a wrong one. */
	f = seg(&b, RING, 2, 0);
	assert_int_equal(stream_head(f, DIR_ORIG).len, 0);
	assert_int_equal(f->n_conflicts, 0);
	fb_fini(&b);
}

static void test_stream_gap_is_waited_for(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = seg(&b, 100, 50, 0);
	check_head(f, 0);
	seg(&b, 0, 40, 0);
	check_head(f, 40);
	seg(&b, 200, 10, 0);
	seg(&b, 41, 59, 0);
	check_head(f, 40);
	seg(&b, 40, 1, 0);
	check_head(f, 150);
	seg(&b, 120, 90, 0); /* over a piece, a gap and another piece */
	check_head(f, 210);
	assert_int_equal(f->n_conflicts, 0);
	fb_fini(&b);
}

/* Any order of five segments gives the same bytes. */
static void test_stream_every_order_of_five_segments_is_the_same(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
		uint32_t c = code, used = 0;
		struct flow *f = NULL;
		struct fb b;

		for (int i = 0; i < 5; i++, c /= 5)
			used |= 1u << c % 5;
		if (used != 31)
			continue;
		fb_init(&b, MB64);
		fb_open(&b);
		c = code;
		for (int i = 0; i < 5; i++, c /= 5)
			f = seg(&b, c % 5 * 600, 600 + (c % 5 < 4 ? 50 : 0), 0);
		check_head(f, 3000);
		assert_int_equal(f->n_conflicts, 0);
		fb_fini(&b);
	}
}

/* RFC 9293 3.8.4: a keep-alive may carry one byte of garbage at the number before the next. */
static void test_stream_keepalive_byte_is_no_data(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	fb_send(&b, 0, TCP_ACK, FB_C, FB_SV + 1, "", 1); /* before any data: the SYN's number */
	seg(&b, 0, 10, 0);
	for (int i = 0; i < 3; i++)
		seg(&b, 9, 1, 77);
	check_head(f, 10);
	assert_int_equal(f->n_conflicts, 0);
	assert_int_equal(f->side[DIR_ORIG].stream->n_pieces, 1);
	fb_fini(&b);
}

static void test_stream_bytes_before_its_base_are_left_out(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = seg(&b, 5000, 100, 0); /* joined in the middle: offset 0 is here */
	seg(&b, 4900, 100, 0);
	seg(&b, 4950, 100, 0);
	seg(&b, 5100, 100, 0);
	assert_int_equal(stream_head(f, DIR_ORIG).len, 200);
	assert_int_equal(stream_head(f, DIR_ORIG).at[0], truth(5000));
	assert_int_equal(f->n_conflicts, 0);
	fb_fini(&b);
}

/* Past the ring's end only the last bytes are known: those are compared, older ones are not. */
static void test_stream_ring_that_wrapped_compares_what_it_still_holds(void **state)
{
	enum { SEG = 1000, N = 200 };
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = 0; i < N; i++)
		f = seg(&b, i * SEG, SEG, 0);
	assert_int_equal(f->side[DIR_ORIG].stream->end, N * SEG);
	assert_int_equal(f->side[DIR_ORIG].stream->cap, RING);
	for (uint32_t i = 0; i < N; i++)
		seg(&b, i * SEG, SEG, 0);
	assert_int_equal(f->n_conflicts, 0);
	seg(&b, N * SEG - RING - SEG, SEG, 9); /* just overwritten */
	assert_int_equal(f->n_conflicts, 0);
	seg(&b, N * SEG - SEG, SEG, 9);
	assert_int_equal(f->n_conflicts, 1);
	assert_int_equal(f->conflict[0].first_frame, 3 + N);
	assert_int_equal(f->conflict[0].overlap, SEG);
	/* Half of it still there. */
	seg(&b, N * SEG - RING - SEG / 2, SEG, 9);
	assert_true(f->n_conflicts >= 2);
	for (uint32_t i = 1; i < f->n_conflicts; i++)
		assert_true(f->conflict[i].off >= N * SEG - RING);
	fb_fini(&b);
}

static void test_stream_segment_larger_than_the_ring_is_cut(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = seg(&b, 0, 65000, 0);
	check_head(f, RING);
	fb_fini(&b);
}

/* A hole larger than the ring: what was kept can no longer meet what comes. */
static void test_stream_hole_larger_than_the_ring_starts_afresh(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	seg(&b, 0, 1000, 0);
	f = seg(&b, 900000, 1000, 0);
	assert_int_equal(stream_head(f, DIR_ORIG).len, 0);
	seg(&b, 900000, 1000, 0);
	seg(&b, 0, 1000, 9);
	assert_int_equal(f->n_conflicts, 0);
	seg(&b, 900000, 1000, 9);
	assert_int_equal(f->n_conflicts, 1);
	fb_fini(&b);
}

/* More open gaps than pieces are remembered: the head may stop early, but never holds what did not come. */
static void test_stream_64_open_gaps_never_invent_bytes(void **state)
{
	struct bytes head;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = 0; i < 64; i++)
		f = seg(&b, 20 + i * 20, 10, 0);
	check_head(f, 0);
	for (uint32_t i = 0; i < 66; i++) {
		f = seg(&b, i * 20 + (i ? -10u : 0), 10, 0);
		head = stream_head(f, DIR_ORIG);
		for (uint32_t j = 0; j < head.len; j++)
			assert_int_equal(head.at[j], truth(j));
		assert_true(head.len <= i * 20 + 20);
	}
	assert_int_equal(f->n_conflicts, 0);
	fb_fini(&b);
}

static void test_stream_one_byte_segments_in_reverse_are_put_in_order(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = STREAM_PIECES; i-- > 0;)
		f = seg(&b, i, 1, 0);
	check_head(f, STREAM_PIECES);
	fb_fini(&b);
	/* More than are remembered: as far as known, and right. */
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = 400; i-- > 0;)
		f = seg(&b, i, 1, 0);
	check_head(f, STREAM_PIECES);
	fb_fini(&b);
}

/* Ceilings that allow a flow but no stream, or a small one: no head or a short one, and nothing crashes. */
static void test_stream_without_room_stays_small(void **state)
{
	(void)state;
	for (uint64_t extra = 0; extra < 40000; extra += 500) {
		struct bytes head;
		struct flow *f;
		struct fb b;

		fb_init(&b, (16 << 10) + sizeof(struct flow) + 8 * sizeof(struct seg) + extra);
		fb_open(&b);
		for (uint32_t i = 0; i < 12; i++) {
			f = seg(&b, i * 1400, 1400, 0);
			assert_non_null(f);
			head = stream_head(f, DIR_ORIG);
			for (uint32_t j = 0; j < head.len; j++)
				assert_int_equal(head.at[j], truth(j));
			seg(&b, i * 1400, 1400, 9);
		}
		fb_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_in_order_grows_to_the_limit),
		cmocka_unit_test(test_stream_gap_is_waited_for),
		cmocka_unit_test(test_stream_every_order_of_five_segments_is_the_same),
		cmocka_unit_test(test_stream_keepalive_byte_is_no_data),
		cmocka_unit_test(test_stream_bytes_before_its_base_are_left_out),
		cmocka_unit_test(test_stream_ring_that_wrapped_compares_what_it_still_holds),
		cmocka_unit_test(test_stream_segment_larger_than_the_ring_is_cut),
		cmocka_unit_test(test_stream_hole_larger_than_the_ring_starts_afresh),
		cmocka_unit_test(test_stream_64_open_gaps_never_invent_bytes),
		cmocka_unit_test(test_stream_one_byte_segments_in_reverse_are_put_in_order),
		cmocka_unit_test(test_stream_without_room_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
