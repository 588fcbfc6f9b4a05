/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/source/ng_time.c */
/* long: a table for each rule of the format, kept beside each other */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/guard.h"
#include "unit/source_build.h"

static struct build section(bool big)
{
	struct build b = {.big = big};

	put_ng_section(&b, 1, 0);
	return b;
}

/* Two interfaces of different link type and clock, all three kinds of packet block, both byte
 * orders. */
static void test_pcapng_packet_blocks_of_two_interfaces_are_read(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct build b = section(big);

		put_ng_iface(&b, 1, 0, -1, 0);
		put_ng_iface(&b, 12, 0, 9, 0);
		put_ng_epb(&b, 0, 1700000000123456, 61, 99);
		put_ng_pb(&b, 1, 1700000000123456789, 62, 62);
		put_ng_spb(&b, 63, 63);
		put_ng_epb(&b, 1, 1700000000123456790, 64, 64);
		struct seen r = seen_build(&b);

		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 4);
		assert_int_equal(r.first_link, 1);
		assert_int_equal(r.first.ts_ns, INT64_C(1700000000123456000));
		assert_int_equal(r.first.cap_len, 61);
		assert_int_equal(r.first.wire_len, 99);
		assert_int_equal(r.first_byte, (uint8_t)(99 * 31));
		assert_int_equal(r.last_link, 101);
		assert_int_equal(r.last.ts_ns, INT64_C(1700000000123456790));
		/* The link type changes at every frame, and so does the batch. */
		assert_int_equal(r.batches, 4);
		assert_string_equal(r.stats.format, "pcapng");
	}
}

static void test_pcapng_sections_have_their_own_order_and_interfaces(void **state)
{
	struct build b = section(false);

	(void)state;
	put_ng_iface(&b, 1, 0, -1, 0);
	put_ng_iface(&b, 1, 0, -1, 0);
	put_ng_epb(&b, 1, 1000000, 60, 60);
	b.big = true;
	put_ng_section(&b, 1, 2);
	put_ng_iface(&b, 101, 0, 3, 0);
	put_ng_epb(&b, 0, 2000, 61, 61);
	struct build same = {0};

	put(&same, b.at, b.len);
	struct seen r = seen_build(&b);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.last.ts_ns, 2000000000);
	assert_int_equal(r.last_link, 101);
	/* An interface of the section before is not described in this one. */
	same.big = true;
	put_ng_epb(&same, 1, 2000, 61, 61);
	r = seen_build(&same);
	assert_cut(&r, 2, "interface 1, but only 1");
}

/* What a packet's bytes are when lengths disagree; the wire length never lies below the captured
 * one. */
static void test_pcapng_simple_packets_obey_snaplen(void **state)
{
	struct build b = section(false);

	(void)state;
	put_ng_iface(&b, 1, 40, -1, 0);
	put_ng_spb(&b, 60, 40);
	put_ng_spb(&b, 30, 30);
	struct seen r = seen_build(&b);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.first.cap_len, 40);
	assert_int_equal(r.first.wire_len, 60);
	assert_int_equal(r.first.ts_ns, 0);
	assert_int_equal(r.last.cap_len, 30);
	assert_int_equal(r.stats.truncated, 1);

	b = section(false);
	put_ng_iface(&b, 1, 0, -1, 0);
	put_ng_spb(&b, 60, 40);
	r = seen_build(&b);
	assert_cut(&r, 0, "a packet of 60 bytes, but only 40");

	b = section(false);
	put_ng_spb(&b, 60, 60);
	r = seen_build(&b);
	assert_cut(&r, 0, "only 0 are described");
}

/* A block that ends where its packet would begin: the frame is empty and still lies in the file. */
static void test_pcapng_empty_packets_lie_in_the_file(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct build b = section(false);

		put_ng_iface(&b, 1, 0, -1, 0);
		if (kind == 0)
			put_ng_epb(&b, 0, 1, 0, 60);
		else if (kind == 1)
			put_ng_pb(&b, 0, 1, 0, 60);
		else
			put_ng_spb(&b, 0, 0);
		struct seen r = seen_build(&b);

		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.first.cap_len, 0);
		assert_non_null(r.first.at);
	}
}

static void test_pcapng_captured_above_wire_length_raises_it(void **state)
{
	struct build b = section(true);

	(void)state;
	put_ng_iface(&b, 1, 40, -1, 0);
	put_ng_epb(&b, 0, 1, 60, 50);
	struct seen r = seen_build(&b);

	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.first.cap_len, 60); /* snaplen 40 is not believed */
	assert_int_equal(r.first.wire_len, 60);
}

/* Blocks without a packet are passed over; those to which Wireshark gives a frame number take one.
 */
static void test_pcapng_other_blocks_are_skipped_counted_and_numbered(void **state)
{
	static const struct {
		uint32_t type;
		uint8_t skipped, numbered;
	} cases[] = {
		{4, 0, 0},          {5, 0, 0},     {10, 0, 0},    {0x777, 1, 0},
		{0x80000001, 1, 0}, {9, 1, 1},     {0xbad, 1, 1}, {0x40000bad, 1, 1},
		{0x204, 1, 1},      {0x216, 1, 1}, {0x221, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = section(false), o = {0};

		put_ng_iface(&b, 1, 0, -1, 0);
		put_ng_epb(&b, 0, 1, 60, 60);
		put_fill(&o, 24, 7);
		put_ng_block(&b, cases[i].type, &o);
		put_ng_epb(&b, 0, 1, 60, 60);
		struct seen r = seen_build(&b);

		assert_int_equal(r.end, SOURCE_END);
		assert_int_equal(r.n, 2);
		assert_int_equal(r.stats.skipped, cases[i].skipped);
		assert_int_equal(r.last.no, 2 + cases[i].numbered);
	}
}

/* One field of a good file is overwritten: where, with what, and what is said. */
static void test_pcapng_damage_cuts_after_the_frames_before_it(void **state)
{
	/* Section 28 bytes, interface 20, then packets of 92 bytes each: at 48, 140, 232. */
	static const struct {
		size_t at;
		uint32_t value;
		const char *why;
	} cases[] = {
		{140 + 4, 8, "a length of 8 bytes cannot be"},
		{140 + 4, 0, "a length of 0 bytes cannot be"},
		{140 + 4, 0x7fffffff, "cannot be"},
		{140 + 88, 96, "lengths differ (92 and 96)"},
		{140 + 4, 88, "lengths differ (88 and"},
		{140 + 8, 1, "a packet of interface 1"},
		{140 + 8, UINT32_MAX, "a packet of interface 4294967295"},
		{140 + 20, 61, "a packet of 61 bytes, but only 60"},
		{140 + 20, UINT32_MAX, "a packet of 4294967295 bytes"},
		{140, 0x0a0d0d0a, "byte-order mark"},
		{140 + 4, 1000, "ends inside record 2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = section(false);
		uint32_t le = htole32(cases[i].value);

		put_ng_iface(&b, 1, 0, -1, 0);
		for (int n = 0; n < 3; n++)
			put_ng_epb(&b, 0, 1, 60, 60);
		memcpy(b.at + cases[i].at, &le, 4);
		struct seen r = seen_build(&b);

		assert_cut(&r, 1, cases[i].why);
		assert_non_null(strstr(r.why, "byte 140"));
	}
}

/* Blocks that are too short for their own fields. */
static void test_pcapng_short_blocks_cut(void **state)
{
	static const struct {
		uint32_t type, len;
	} cases[] = {{6, 16}, {2, 16}, {3, 0}, {1, 4}, {0x0a0d0d0a, 12}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = section(false), o = {0};

		put_ng_iface(&b, 1, 0, -1, 0);
		put32(&o, 0x1a2b3c4d);
		put_fill(&o, 12, 0);
		o.len = cases[i].len;
		put_ng_block(&b, cases[i].type, &o);
		struct seen r = seen_build(&b);

		assert_cut(&r, 0, "too short");
	}
}

static void test_pcapng_unknown_versions_are_refused_or_cut(void **state)
{
	static const uint8_t bad[][2] = {{1, 1}, {0, 1}, {2, 0}, {1, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct build b = {0};

		put_ng_section(&b, bad[i][0], bad[i][1]);
		refused_build(&b, "version");
		b = section(false);
		put_ng_iface(&b, 1, 0, -1, 0);
		put_ng_epb(&b, 0, 1, 60, 60);
		put_ng_section(&b, bad[i][0], bad[i][1]);
		struct seen r = seen_build(&b);

		assert_cut(&r, 1, "version");
	}
}

/* Written without padding in the length: 90 is taken as 92, as Wireshark does, whichever of the two
 * the trailer says. */
static void test_pcapng_length_without_padding_is_rounded_up(void **state)
{
	(void)state;
	for (uint32_t trailer = 89; trailer <= 92; trailer++) {
		struct build b = section(false);

		put_ng_iface(&b, 1, 0, -1, 0);
		put_ng_epb(&b, 0, 1, 57, 57);
		put_ng_epb(&b, 0, 1, 60, 60);
		b.at[48 + 4] = 89;
		b.at[48 + 88] = (uint8_t)trailer;
		struct seen r = seen_build(&b);

		if (trailer == 89 || trailer == 92) {
			assert_int_equal(r.end, SOURCE_END);
			assert_int_equal(r.n, 2);
			assert_int_equal(r.first.cap_len, 57);
		} else {
			assert_cut(&r, 0, "lengths differ");
		}
	}
}

static void test_pcapng_interface_options_are_bounded(void **state)
{
	static const struct {
		uint8_t options[16];
		uint8_t len;
		bool good;
		int64_t ns; /* of tick 1000 */
	} cases[] = {
		{{0}, 0, true, 1000000},
		{{0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0},
		 12,
		 true,
		 1000000}, /* after the end of options */
		{{9, 0, 1, 0, 3, 0, 0, 0}, 8, true, 1000000000},
		{{9, 0, 2, 0, 3, 3, 0, 0}, 8, true, 1000000}, /* wrong length: not this option */
		{{9, 0, 1, 0}, 4, false, 0},
		{{9, 0, 255, 255, 3, 0, 0, 0}, 8, false, 0},
		{{14, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 12, true, 1001000000},
		{{14, 0, 8, 0, 1, 0, 0, 0}, 8, false, 0},
		{{2, 0, 3, 0, 'l', 'o', '0', 0, 9, 0, 1, 0, 9, 0, 0, 0}, 16, true, 1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b = section(false), o = {0};

		put16(&o, 1);
		put16(&o, 0);
		put32(&o, 0);
		put(&o, cases[i].options, cases[i].len);
		put_ng_block(&b, 1, &o);
		put_ng_epb(&b, 0, 1000, 60, 60);
		struct seen r = seen_build(&b);

		if (cases[i].good) {
			assert_int_equal(r.end, SOURCE_END);
			assert_int_equal(r.first.ts_ns, cases[i].ns);
		} else {
			assert_cut(&r, 0, "option");
		}
	}
}

/* All 256 clocks: the product with extreme ticks and offsets stays within int64_t, and right where
 * it fits. */
static void test_pcapng_every_clock_is_defined_and_saturates(void **state)
{
	static const int64_t offsets[] = {0, 1, -1, INT64_MAX, INT64_MIN};
	static const uint64_t ticks[] = {0, 1, 1000, UINT64_C(1) << 63, UINT64_MAX};

	(void)state;
	for (int v = 0; v < 256; v++) {
		for (size_t i = 0; i < ARRAY_LEN(offsets) * ARRAY_LEN(ticks); i++) {
			struct ng_iface ifc = {.offset_s = offsets[i % ARRAY_LEN(offsets)]};
			uint64_t t = ticks[i / ARRAY_LEN(offsets)];

			ng_time_set(&ifc, (uint8_t)v);
			/* The oracle: long double has 64 bits of mantissa, enough for a relative
			 * check. */
			long double unit = 1, want;

			for (int n = v & 0x7f; n > 0; n--)
				unit /= v & 0x80 ? 2 : 10;
			want = ((long double)t * unit + (long double)ifc.offset_s) * 1e9L;
			int64_t got = ng_time_ns(&ifc, t);

			if (want >= 9223372036854775807.0L)
				assert_true(got == INT64_MAX);
			else if (want <= -9223372036854775808.0L)
				assert_true(got == INT64_MIN);
			else
				assert_true(want - (long double)got < 1.5L &&
					    (long double)got - want < 1.5L);
		}
	}
}

static void test_pcapng_clock_exact_values(void **state)
{
	static const struct {
		uint8_t tsresol;
		uint64_t ticks;
		int64_t offset, ns;
	} cases[] = {
		{6, 1700000000123456, 0, INT64_C(1700000000123456000)},
		{0, 5, 0, INT64_C(5000000000)},
		{9, UINT64_MAX, 0, INT64_MAX},
		{12, 1999, 0, 1},
		{28, UINT64_MAX, 0, 1},
		{29, UINT64_MAX, 0, 0},
		{127, UINT64_MAX, 0, 0},
		{0x80 | 20, 1 << 20, -1, 0},
		{0x80 | 32, UINT64_C(3) << 31, 0, 1500000000},
		{0x80 | 93, UINT64_MAX, 0, 1},
		{0x80 | 94, UINT64_MAX, 7, 7000000000},
		{6, 0, -1, -1000000000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ng_iface ifc = {.offset_s = cases[i].offset};

		ng_time_set(&ifc, cases[i].tsresol);
		assert_int_equal(ng_time_ns(&ifc, cases[i].ticks), cases[i].ns);
	}
}

static void test_pcapng_cut_at_every_length_gives_whole_blocks(void **state)
{
	struct build b = section(true);
	size_t end[8] = {0}; /* of blocks 0..6; packets are 2, 3 and 6 */
	uint32_t n = 0;

	(void)state;
	end[n++] = b.len;
	put_ng_iface(&b, 1, 0, 9, 77);
	end[n++] = b.len;
	put_ng_epb(&b, 0, 1, 33, 60);
	end[n++] = b.len;
	put_ng_spb(&b, 21, 21);
	end[n++] = b.len;
	b.big = false;
	put_ng_section(&b, 1, 0);
	end[n++] = b.len;
	put_ng_iface(&b, 101, 0, 0x8a, 0);
	end[n++] = b.len;
	put_ng_pb(&b, 0, 1, 20, 20);
	end[n++] = b.len;
	for (size_t len = 0; len <= b.len; len++) {
		struct guard g = guard_copy(b.at, len);
		struct seen r;
		struct err_info err;
		bool whole = false;

		for (uint32_t i = 0; i < n; i++)
			whole = whole || len == end[i];
		if (len < end[0]) {
			assert_false(seen_memory(g.at, len, &r, &err));
		} else {
			assert_true(seen_memory(g.at, len, &r, &err));
			assert_int_equal(r.n, (len >= end[2]) + (len >= end[3]) + (len >= end[6]));
			assert_int_equal(r.end, whole ? SOURCE_END : SOURCE_CUT);
		}
		guard_free(&g);
	}
	build_free(&b);
}

static void test_pcapng_too_many_interfaces_cut(void **state)
{
	struct build b = section(false);
	struct seen r;
	struct err_info err;

	(void)state;
	for (uint32_t i = 0; i < LIMIT_PCAPNG_INTERFACES; i++)
		put_ng_iface(&b, 1 + i % 2, 0, -1, 0);
	put_ng_epb(&b, LIMIT_PCAPNG_INTERFACES - 1, 1, 60, 60);
	assert_true(seen_memory(b.at, b.len, &r, &err));
	assert_int_equal(r.end, SOURCE_END);
	assert_int_equal(r.last_link, 2);
	put_ng_iface(&b, 1, 0, -1, 0);
	r = seen_build(&b);
	assert_cut(&r, 1, "interfaces");
}

/* A block larger than the read buffer, before and after packets: nothing moves under a frame,
 * nothing is lost. */
static void test_pcapng_large_blocks_pass_through_the_window(void **state)
{
	struct build b = section(false), o = {0};
	struct err_info err;
	struct source *s;

	(void)state;
	put_ng_iface(&b, 1, 0, -1, 0);
	put_ng_epb(&b, 0, 1, 60, 60);
	put_fill(&o, 3000000, 1);
	put_ng_block(&b, 10, &o);
	put_ng_epb(&b, 0, 1, LIMIT_FRAME_BYTES, LIMIT_FRAME_BYTES);
	put_ng_epb(&b, 0, 1, 60, 60);
	assert_true(source_open_memory(&s, (struct bytes){b.at, b.len}, 0, NULL, &err));
	struct seen lying = seen_all(s);

	assert_true(source_open_memory(&s, (struct bytes){b.at, b.len}, 100000, NULL, &err));
	struct seen read = seen_all(s);

	assert_int_equal(lying.n, 3);
	assert_int_equal(lying.end, SOURCE_END);
	assert_int_equal(read.n, 3);
	assert_int_equal(read.hash, lying.hash);
	/* One byte above the limit is damage. */
	put_fill(&o, LIMIT_PCAPNG_BLOCK_BYTES - 11, 1);
	o.len = LIMIT_PCAPNG_BLOCK_BYTES - 11;
	put_ng_block(&b, 10, &o);
	assert_true(source_open_memory(&s, (struct bytes){b.at, b.len}, 0, NULL, &err));
	read = seen_all(s);
	assert_cut(&read, 3, "cannot be");
	build_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcapng_packet_blocks_of_two_interfaces_are_read),
		cmocka_unit_test(test_pcapng_sections_have_their_own_order_and_interfaces),
		cmocka_unit_test(test_pcapng_simple_packets_obey_snaplen),
		cmocka_unit_test(test_pcapng_empty_packets_lie_in_the_file),
		cmocka_unit_test(test_pcapng_captured_above_wire_length_raises_it),
		cmocka_unit_test(test_pcapng_other_blocks_are_skipped_counted_and_numbered),
		cmocka_unit_test(test_pcapng_damage_cuts_after_the_frames_before_it),
		cmocka_unit_test(test_pcapng_short_blocks_cut),
		cmocka_unit_test(test_pcapng_unknown_versions_are_refused_or_cut),
		cmocka_unit_test(test_pcapng_length_without_padding_is_rounded_up),
		cmocka_unit_test(test_pcapng_interface_options_are_bounded),
		cmocka_unit_test(test_pcapng_every_clock_is_defined_and_saturates),
		cmocka_unit_test(test_pcapng_clock_exact_values),
		cmocka_unit_test(test_pcapng_cut_at_every_length_gives_whole_blocks),
		cmocka_unit_test(test_pcapng_too_many_interfaces_cut),
		cmocka_unit_test(test_pcapng_large_blocks_pass_through_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
