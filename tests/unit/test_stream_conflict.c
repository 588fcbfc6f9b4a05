/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that say different things about the same bytes, and who is named for it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_build.h"

/* The published rule: both segments longer than 6 bytes, and at least min(8, overlap) bytes different. */
static void test_stream_conflict_thresholds_are_the_published_ones(void **state)
{
	static const struct {
		size_t first, second;
		uint32_t second_off,
			differ; /* the first `differ` bytes of the second segment lie */
		bool conflict;
	} row[] = {
		{20, 20, 0, 20, true}, {20, 20, 0, 8, true},   {20, 20, 0, 7, false},
		{20, 20, 0, 0, false}, {7, 7, 0, 7, true},     {6, 7, 0, 7, false},
		{7, 6, 0, 6, false},   {20, 7, 0, 7, true},    {20, 7, 3, 7, true},
		{20, 7, 3, 6, false},  {20, 6, 3, 6, false},   {20, 20, 19, 1, true},
		{20, 20, 18, 2, true}, {20, 20, 18, 1, false}, {20, 20, 12, 8, true},
		{20, 20, 11, 8, true}, {20, 20, 12, 7, false}, {20, 20, 20, 20, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint32_t overlap = (uint32_t)row[i].first - row[i].second_off;
		uint8_t data[64];
		struct flow *f;
		struct fb b;

		if (overlap > row[i].second)
			overlap = (uint32_t)row[i].second;
		fb_init(&b, MB64);
		fb_open(&b);
		seg(&b, 0, row[i].first, 0);
		for (uint32_t j = 0; j < row[i].second; j++)
			data[j] = (uint8_t)(truth(row[i].second_off + j) + (j < row[i].differ));
		f = fb_data(&b, 0, row[i].second_off, data, row[i].second);
		if (f->n_conflicts != row[i].conflict)
			print_error("row %zu\n", i);
		assert_int_equal(f->n_conflicts, row[i].conflict);
		assert_int_equal(f->suspicion, row[i].conflict ? SUS_CONFLICT : 0);
		assert_int_equal(f->log.sealed, row[i].conflict);
		if (row[i].conflict) {
			assert_int_equal(f->conflict[0].first_frame, 4);
			assert_int_equal(f->conflict[0].second_frame, 5);
			assert_int_equal(f->conflict[0].overlap, overlap);
			assert_int_equal(f->conflict[0].differ,
					 row[i].differ < overlap ? row[i].differ : overlap);
			assert_int_equal(f->conflict[0].off, row[i].second_off);
			assert_int_equal(f->conflict[0].dir, DIR_ORIG);
		}
		fb_fini(&b);
	}
}

/* The first version stays: also where the second reaches beyond it. */
static void test_stream_first_version_of_a_byte_is_kept(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	seg(&b, 0, 100, 0);
	seg(&b, 20, 40, 9);
	f = seg(&b, 100, 100, 0);
	check_head(f, 200);
	assert_int_equal(f->n_conflicts, 1);
	fb_fini(&b);
}

/* Frame 4 says A, 5 says B, 6 says B again. 6 contradicts 4, as 5 does; it does not contradict 5. */
static void test_stream_repeated_contradiction_blames_the_first_version_only(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	seg(&b, 0, 100, 0);
	seg(&b, 0, 100, 9);
	f = seg(&b, 0, 100, 9);
	assert_int_equal(f->n_conflicts, 2);
	for (uint32_t i = 0; i < f->n_conflicts; i++) {
		assert_int_equal(f->conflict[i].first_frame, 4);
		assert_int_equal(f->conflict[i].second_frame, 5 + i);
	}
	/* And a true retransmission contradicts nobody, though others lied about its bytes. */
	f = seg(&b, 0, 100, 0);
	assert_int_equal(f->n_conflicts, 2);
	/* 7 bytes beyond the end make a segment a carrier of those only. */
	seg(&b, 50, 60, 9);
	assert_int_equal(f->n_conflicts, 3);
	f = seg(&b, 100, 10, 0);
	assert_int_equal(f->n_conflicts, 4);
	assert_int_equal(f->conflict[3].first_frame, 8);
	assert_int_equal(f->conflict[3].overlap, 10);
	fb_fini(&b);
}

/* How many bytes must differ goes by what two segments share, not by how few of them the older one brought. */
static void test_stream_segment_with_few_new_bytes_is_judged_whole(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	seg(&b, 0, 20, 0);
	seg(&b, 23, 20, 0);
	seg(&b, 10, 20, 0); /* brings bytes 20..22 */
	f = seg(&b, 20, 7,
		9); /* shares 7 bytes with frame 6, which brought 3 of them; 4 with frame 5 */
	assert_int_equal(f->n_conflicts, 1);
	assert_int_equal(f->conflict[0].first_frame, 5);
	assert_int_equal(f->conflict[0].off, 23);
	assert_int_equal(f->conflict[0].overlap, 4);
	fb_fini(&b);
}

static void test_stream_versions_that_are_http_are_marked(void **state)
{
	static const struct {
		const char *first, *second;
		bool first_http, second_http;
	} row[] = {
		{"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 403 Forbi\r", true, true},
		{"\x16\x03\x03 sealed and long", "HTTP/1.1 302 Found\r", false, true},
		{"HTTP/1.1 200 OK\r\n\r\n", "<html>nothing here<", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow *f;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		fb_text(&b, 1, 0, row[i].first);
		f = fb_text(&b, 1, 0, row[i].second);
		assert_int_equal(f->n_conflicts, 1);
		assert_int_equal(f->conflict[0].dir, DIR_RESP);
		assert_int_equal(f->conflict[0].first_http, row[i].first_http);
		assert_int_equal(f->conflict[0].second_http, row[i].second_http);
		fb_fini(&b);
	}
}

static void test_stream_conflicts_beyond_the_limit_are_counted(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	seg(&b, 0, 100, 0);
	for (uint8_t i = 1; i <= FLOW_CONFLICTS_MAX + 5; i++)
		f = seg(&b, 0, 100, i);
	assert_int_equal(f->n_conflicts, FLOW_CONFLICTS_MAX);
	assert_int_equal(f->conflicts_lost, 5);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_conflict_thresholds_are_the_published_ones),
		cmocka_unit_test(test_stream_first_version_of_a_byte_is_kept),
		cmocka_unit_test(test_stream_repeated_contradiction_blames_the_first_version_only),
		cmocka_unit_test(test_stream_segment_with_few_new_bytes_is_judged_whole),
		cmocka_unit_test(test_stream_versions_that_are_http_are_marked),
		cmocka_unit_test(test_stream_conflicts_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
