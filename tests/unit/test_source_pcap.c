/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "unit/guard.h"
#include "unit/source_build.h"

static const struct {
	uint32_t magic;
	uint32_t frac_ns, hdr, extra;
} kinds[] = {
	{0xa1b2c3d4, 1000, 16, 0}, {0xa1b23c4d, 1, 16, 0}, {0xa1b2cd34, 1000, 24, 0},
	{0xa1e2cb12, 1, 24, 0},    {0x1c0001ac, 1, 16, 4}, {0x1c0001ab, 1, 16, 4},
};

static void put_kind(struct build *b, size_t k, uint32_t n)
{
	put_pcap_header(b, kinds[k].magic, 1);
	put_fill(b, kinds[k].extra, 0x55);
	for (uint32_t i = 0; i < n; i++)
		put_pcap_record(b, kinds[k].hdr, 1700000000 + i, 999999, 60 + i, 70 + i);
}

/* Every magic in both byte orders: times, lengths, bytes and numbers. */
static void test_pcap_every_magic_and_order_is_read(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (int big = 0; big < 2; big++) {
			struct build b = {.big = big};

			put_kind(&b, k, 3);
			struct seen r = seen_build(&b);

			assert_int_equal(r.end, SOURCE_END);
			assert_int_equal(r.n, 3);
			assert_int_equal(r.first.ts_ns, INT64_C(1700000000000000000) +
								999999 * (int64_t)kinds[k].frac_ns);
			assert_int_equal(r.first.cap_len, 60);
			assert_int_equal(r.first.wire_len, 70);
			assert_int_equal(r.last.cap_len, 62);
			assert_int_equal(r.last.no, 3);
			assert_int_equal(r.first_link, 1);
			assert_int_equal(r.first_byte, (uint8_t)(1700000000u * 31));
			assert_int_equal(r.stats.truncated, 3);
			assert_int_equal(r.stats.bytes, 70 + 71 + 72);
			assert_string_equal(r.stats.format, "pcap");
		}
	}
}

/* Cut at every length, at an unreadable page: what is whole comes out, and only an end between
 * records is an end. */
static void test_pcap_cut_at_every_length_gives_whole_records(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct build b = {.big = k & 1};
		size_t hdr = 24 + kinds[k].extra, off[4] = {hdr, 0, 0, 0};

		put_kind(&b, k, 3);
		for (uint32_t i = 0; i < 3; i++)
			off[i + 1] = off[i] + kinds[k].hdr + 60 + i;
		for (size_t len = 0; len <= b.len; len++) {
			struct guard g = guard_copy(b.at, len);
			struct seen r;
			struct err_info err = {""};

			if (len < hdr) {
				assert_false(seen_memory(g.at, len, &r, &err));
			} else {
				uint64_t want = len >= off[3]   ? 3
						: len >= off[2] ? 2
						: len >= off[1] ? 1
								: 0;

				assert_true(seen_memory(g.at, len, &r, &err));
				assert_int_equal(r.n, want);
				assert_int_equal(r.end, len == off[want] ? SOURCE_END : SOURCE_CUT);
				if (r.end == SOURCE_CUT) {
					char record[32];

					snprintf(record, sizeof(record), "inside record %u ",
						 (unsigned int)want + 1);
					assert_cut(&r, want, record);
				}
			}
			guard_free(&g);
		}
		build_free(&b);
	}
}

static void test_pcap_header_only_is_an_empty_capture(void **state)
{
	struct build b = {0};

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	struct seen r = seen_build(&b);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.n, 0);
}

static void test_pcap_empty_and_foreign_files_are_refused(void **state)
{
	struct build b = {0};

	(void)state;
	refused_build(&b, "is empty");
	put(&b, "\xd4\xc3", 2);
	refused_build(&b, "too short");
	put(&b, "snoop\0\0\0\0\0\0\2", 12);
	refused_build(&b, "snoop");
	put(&b, "<!DOCTYPE html>", 15);
	refused_build(&b, "not a pcap or pcapng");
	put(&b, "BZh91AY", 7);
	refused_build(&b, "bzip2");
}

/* Versions before 2.3 have the lengths the other way round; 2.3 may have; 1.x is refused. */
static void test_pcap_versions_set_the_order_of_lengths(void **state)
{
	static const struct {
		uint8_t major, minor;
		uint32_t first, second, cap, wire;
	} cases[] = {
		{2, 4, 50, 60, 50, 60}, {2, 3, 50, 60, 50, 60}, {2, 3, 60, 50, 50, 60},
		{2, 2, 60, 50, 50, 60}, {2, 0, 60, 50, 50, 60}, {3, 0, 50, 60, 50, 60},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = {0};

		put_pcap_header(&b, 0xa1b2c3d4, 1);
		b.at[4] = cases[i].major;
		b.at[6] = cases[i].minor;
		put32(&b, 1);
		put32(&b, 2);
		put32(&b, cases[i].first);
		put32(&b, cases[i].second);
		put_fill(&b, 50, 1);
		struct seen r = seen_build(&b);

		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.first.cap_len, cases[i].cap);
		assert_int_equal(r.first.wire_len, cases[i].wire);
	}
	struct build old = {0};

	put_pcap_header(&old, 0xa1b2c3d4, 1);
	old.at[4] = 1;
	refused_build(&old, "version 1.4");
}

/* DLT_ values in the file become LINKTYPE_ values; the upper bits about the frame check sequence
 * are no part of it. */
static void test_pcap_link_types_are_mapped(void **state)
{
	static const struct {
		uint32_t in_file;
		uint16_t want;
	} cases[] = {
		{0, 0},         {1, 1},     {10, 10},   {11, 100},       {12, 101},
		{14, 101},      {15, 102},  {16, 103},  {18, 246},       {19, 106},
		{101, 101},     {108, 108}, {113, 113}, {276, 276},      {229, 229},
		{228, 228},     {149, 149}, {147, 147}, {0x24000001, 1}, {0xfc000065, 101},
		{65535, 65535},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = {.big = i & 1};

		put_pcap_header(&b, 0xa1b2c3d4, cases[i].in_file);
		put_pcap_record(&b, 16, 1, 1, 20, 20);
		assert_int_equal(seen_build(&b).first_link, cases[i].want);
	}
	struct build bad = {0};

	put_pcap_header(&bad, 0xa1b2c3d4, 0x00010001);
	refused_build(&bad, "link type");
}

/* snaplen is not believed; a wire length below the captured one is raised; 262144 bytes are the
 * most. */
static void test_pcap_odd_lengths_are_tolerated(void **state)
{
	struct build b = {0};

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	memset(b.at + 16, 0, 4);
	b.at[16] = 40; /* snaplen */
	put_pcap_record(&b, 16, 1, 1, 60, 60);
	put_pcap_record(&b, 16, 2, 1, 60, 40);
	put_pcap_record(&b, 16, 3, 1, 0, 0);
	put_pcap_record(&b, 16, 4, 1, 4, UINT32_MAX);
	put_pcap_record(&b, 16, UINT32_MAX, UINT32_MAX, LIMIT_FRAME_BYTES, LIMIT_FRAME_BYTES);
	struct seen r = seen_build(&b);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.n, 5);
	assert_int_equal(r.first.cap_len, 60);
	assert_int_equal(r.last.cap_len, LIMIT_FRAME_BYTES);
	assert_int_equal(r.last.ts_ns,
			 INT64_C(4294967295) * 1000000000 + INT64_C(4294967295) * 1000);
	assert_int_equal(r.stats.bytes, 60 + 60 + 0 + (uint64_t)UINT32_MAX + LIMIT_FRAME_BYTES);
	assert_int_equal(r.stats.truncated, 1);
}

/* A claim that cannot be is damage, not a wait for bytes; the frames before it come first, and the
 * reason names the record. */
static void test_pcap_nonsense_length_cuts_and_names_the_record(void **state)
{
	struct build b = {0};

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 70; i++)
		put_pcap_record(&b, 16, i, 1, 60, 60);
	put32(&b, 1);
	put32(&b, 1);
	put32(&b, LIMIT_FRAME_BYTES + 1);
	put32(&b, LIMIT_FRAME_BYTES + 1);
	put_fill(&b, 100, 1);
	struct seen r = seen_build(&b);

	assert_cut(&r, 70, "record 71 (byte 5344) claims 262145 bytes");
}

/* Many small frames: batches are full, numbers run on, and nothing is lost where the read buffer
 * ends. */
static void test_pcap_many_frames_fill_batches(void **state)
{
	struct build b = {0};
	struct seen r;
	struct err_info err;

	(void)state;
	put_pcap_header(&b, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < 20000; i++)
		put_pcap_record(&b, 16, i, i, 40 + i % 61, 1500);
	assert_true(seen_memory(b.at, b.len, &r, &err));
	assert_int_equal(r.n, 20000);
	assert_int_equal(r.last.no, 20000);
	assert_int_equal(r.last.ts_ns, INT64_C(19999) * 1000000000 + 19999000);
	/* In one piece: full batches but for the last. */
	struct source *s;

	assert_true(source_open_memory(&s, (struct bytes){b.at, b.len}, 0, NULL, &err));
	r = seen_all(s);
	assert_int_equal(r.batches, (20000 + BATCH_MAX - 1) / BATCH_MAX);
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap_every_magic_and_order_is_read),
		cmocka_unit_test(test_pcap_cut_at_every_length_gives_whole_records),
		cmocka_unit_test(test_pcap_header_only_is_an_empty_capture),
		cmocka_unit_test(test_pcap_empty_and_foreign_files_are_refused),
		cmocka_unit_test(test_pcap_versions_set_the_order_of_lengths),
		cmocka_unit_test(test_pcap_link_types_are_mapped),
		cmocka_unit_test(test_pcap_odd_lengths_are_tolerated),
		cmocka_unit_test(test_pcap_nonsense_length_cuts_and_names_the_record),
		cmocka_unit_test(test_pcap_many_frames_fill_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
