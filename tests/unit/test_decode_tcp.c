/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

/* Link type 101 (raw IP) keeps link headers out of these tests. */
enum { RAW = 101 };

static bool has(const struct pkt *p, uint32_t quirk)
{
	return p->quirks & quirk;
}

/* Every value of the 12 flag bits, with and without an ACK number and an urgent pointer: each quirk
 * depends on its own bits only. */
static void test_flags_all_4096_quirks(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 4096; flags++) {
		for (unsigned fields = 0; fields < 4; fields++) {
			struct build f;
			struct pkt p;

			build_tcp(&f, "0123456789");
			build_be32(f.b + 8, fields & 1 ? 5 : 0);
			build_be16(f.b + 18, fields & 2 ? 7 : 0);
			f.b[12] = (uint8_t)(0x50 | flags >> 8);
			f.b[13] = (uint8_t)flags;
			build_ip4_wrap(&f, 6, 1);
			assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
			assert_int_equal(p.tcp.flags, flags);
			assert_int_equal(p.payload_len, 10);
			assert_int_equal(has(&p, QUIRK(ACK_NO_FLAG)),
					 fields & 1 && !(flags & 0x010));
			assert_int_equal(has(&p, QUIRK(URG_NO_FLAG)),
					 fields & 2 && !(flags & 0x020));
			assert_int_equal(has(&p, QUIRK(RESERVED)), (flags & 0xf00) != 0);
			assert_false(has(&p, QUIRK(PADDING) | QUIRK(BAD_DOFF) | QUIRK(BAD_OPTS)));
		}
	}
}

static void test_header_plain_all_fields(void **state)
{
	struct build f;
	struct pkt p;
	char head[16];

	(void)state;
	build_tcp(&f, "hello");
	build_be16(f.b + 18, 0x0a0b);
	build_ip4_wrap(&f, 6, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, head), DECODE_OK);
	assert_int_equal(p.l4, L4_TCP);
	assert_int_equal(p.sport, 40000);
	assert_int_equal(p.dport, 443);
	assert_int_equal(p.tcp.seq, 0x01020304);
	assert_int_equal(p.tcp.ack, 0x05060708);
	assert_int_equal(p.tcp.win, 0x1234);
	assert_int_equal(p.tcp.checksum, 0xabcd);
	assert_int_equal(p.tcp.urg, 0x0a0b);
	assert_int_equal(p.tcp.hdr_len, 20);
	assert_int_equal(p.tcp.opts, 0);
	assert_int_equal(p.payload_len, 5);
	assert_string_equal(head, "hello");
	assert_int_equal(p.l4_bytes.len, 25);
}

/* A SYN with the given option bytes, padded with END to a multiple of four by the caller. */
static void syn_with(struct build *f, const uint8_t *opts, size_t n)
{
	assert_int_equal(n % 4, 0);
	build_tcp(f, "");
	f->b[12] = (uint8_t)((20 + n) / 4 << 4);
	f->b[13] = TCP_SYN;
	build_be32(f->b + 8, 0);
	build_add(f, opts, n);
	build_add(f, "abcdefgh", 8);
	build_ip4_wrap(f, 6, 1);
}

static void test_options_each_kind_seen(void **state)
{
	static const struct {
		uint16_t opts;
		uint32_t quirks;
		size_t n;
		uint8_t b[40];
	} t[] = {
		{0, 0, 4, {1, 1, 1, 0}},
		{TCP_OPT_MSS, 0, 4, {2, 4, 0x05, 0xb4}},
		{TCP_OPT_WSCALE, 0, 4, {3, 3, 7, 0}},
		{TCP_OPT_SACK_OK, 0, 4, {4, 2, 1, 1}},
		{TCP_OPT_SACK, 0, 12, {5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0}},
		{TCP_OPT_SACK, 0, 36, {5, 34}},
		{TCP_OPT_TS, 0, 12, {1, 1, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4}},
		{TCP_OPT_MD5, 0, 20, {19, 18}},
		{TCP_OPT_FASTOPEN, 0, 4, {34, 2, 0, 0}},
		{TCP_OPT_FASTOPEN, 0, 12, {34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}},
		{TCP_OPT_FASTOPEN, 0, 4, {254, 4, 0xf9, 0x89}},
		{TCP_OPT_OTHER, 0, 4, {254, 4, 0xe2, 0xd4}},
		{TCP_OPT_OTHER, 0, 4, {254, 2, 1, 1}},
		{TCP_OPT_MPTCP, 0, 4, {30, 3, 0, 0}},
		{TCP_OPT_OTHER, 0, 4, {253, 3, 0, 0}},
		{TCP_OPT_MSS | TCP_OPT_SACK_OK | TCP_OPT_TS | TCP_OPT_WSCALE,
		 0,
		 20,
		 {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4, 1, 3, 3, 7}},
		/* Nothing counts after END. */
		{0, 0, 8, {0, 2, 4, 5, 0xb4}},
		/* Faults: what came before is kept, what comes after is not. */
		{TCP_OPT_MSS, QUIRK(BAD_OPTS), 8, {2, 4, 0x05, 0xb4, 9, 0, 4, 2}},
		{TCP_OPT_MSS, QUIRK(BAD_OPTS), 8, {2, 4, 0x05, 0xb4, 9, 1, 4, 2}},
		{TCP_OPT_MSS, QUIRK(BAD_OPTS), 8, {2, 4, 0x05, 0xb4, 9, 5, 4, 2}},
		{0, QUIRK(BAD_OPTS), 4, {1, 1, 1, 2}},
		{0, QUIRK(BAD_OPTS), 4, {2, 3, 5, 0}},
		{0, QUIRK(BAD_OPTS), 4, {3, 4, 7, 7}},
		{0, QUIRK(BAD_OPTS), 4, {4, 3, 0, 0}},
		{0, QUIRK(BAD_OPTS), 4, {5, 2, 0, 0}},
		{0, QUIRK(BAD_OPTS), 12, {5, 11, 0}},
		{0, QUIRK(BAD_OPTS), 12, {8, 11, 0}},
		{0, QUIRK(BAD_OPTS), 12, {8, 8, 0}},
		{0, QUIRK(BAD_OPTS), 20, {19, 17}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f;
		struct pkt p;

		syn_with(&f, t[i].b, t[i].n);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		if (p.tcp.opts != t[i].opts || (p.quirks & ~QUIRK(DF_ID)) != t[i].quirks)
			fail_msg("line %zu: opts %x quirks %x", i, p.tcp.opts, p.quirks);
		assert_int_equal(p.tcp.hdr_len, 20 + t[i].n);
		assert_int_equal(p.payload_len, 8);
		assert_true(build_cuts_hold(&f, RAW));
	}
}

static void test_options_linux_syn_values(void **state)
{
	static const uint8_t opts[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0xa0, 0,
				       0, 3, 0xb0, 0,    0, 4, 1, 3,  3,    7};
	struct build f;
	struct pkt p;

	(void)state;
	syn_with(&f, opts, sizeof(opts));
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.tcp.mss, 1460);
	assert_int_equal(p.tcp.wscale, 7);
	assert_true(p.tcp.ts_val == 0xa0000003);
	assert_true(p.tcp.ts_ecr == 0xb0000004);
}

/* The capture ends inside the options: those that are whole are told, and nothing is called bad. */
static void test_options_cut_truncated_not_bad(void **state)
{
	static const uint8_t opts[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0,
				       0, 3, 0,    0,    0, 4, 1, 3,  3, 7};
	struct build f;
	struct pkt p;
	struct decode_note note;

	(void)state;
	syn_with(&f, opts, sizeof(opts));
	for (size_t cap = 40; cap < 60; cap++) {
		assert_int_equal(build_decode(&f, RAW, cap, f.n, &p, &note, NULL), DECODE_OK);
		assert_true(has(&p, QUIRK(TRUNC_OPTS)));
		assert_true(has(&p, QUIRK(TRUNC_PAYLOAD)));
		assert_false(has(&p, QUIRK(BAD_OPTS) | QUIRK(TRUNC_L4)));
		assert_int_equal(!!(p.tcp.opts & TCP_OPT_MSS), cap >= 44);
		assert_int_equal(!!(p.tcp.opts & TCP_OPT_SACK_OK), cap >= 46);
		assert_int_equal(!!(p.tcp.opts & TCP_OPT_TS), cap >= 56);
		assert_int_equal(p.payload_len, 8);
		assert_int_equal(p.payload.len, 0);
	}
}

static void test_header_cut_trunc_l4(void **state)
{
	struct build f;
	struct pkt p;
	struct decode_note note;

	(void)state;
	build_tcp(&f, "0123456789");
	build_ip4_wrap(&f, 6, 1);
	for (size_t cap = 20; cap < 40; cap++) {
		assert_int_equal(build_decode(&f, RAW, cap, f.n, &p, &note, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_TCP);
		assert_true(has(&p, QUIRK(TRUNC_L4)));
		assert_false(has(&p, QUIRK(BAD_DOFF)));
		assert_int_equal(p.sport, cap >= 24 ? 40000 : 0);
		assert_int_equal(p.dport, cap >= 24 ? 443 : 0);
		assert_int_equal(p.payload_len, cap >= 33 ? 10 : 0);
	}
	assert_true(build_cuts_hold(&f, RAW));
}

static void test_data_offset_impossible_bad_doff(void **state)
{
	(void)state;
	for (unsigned doff = 0; doff < 16; doff++) {
		struct build f;
		struct pkt p;
		bool fits = doff >= 5 && doff * 4 <= 30;

		build_tcp(&f, "\1\1\1\1\1\1\1\1\1\1");
		f.b[12] = (uint8_t)(doff << 4);
		build_ip4_wrap(&f, 6, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(has(&p, QUIRK(BAD_DOFF)), !fits);
		assert_int_equal(p.payload_len, fits ? 30 - doff * 4 : 0);
		assert_int_equal(p.tcp.seq, 0x01020304);
	}
}

/* The IP length itself leaves no room for a header, although the frame is long enough: Ethernet
 * padding must not be read as one. */
static void test_segment_short_by_ip_length_no_header(void **state)
{
	(void)state;
	for (size_t len = 0; len < 20; len++) {
		struct build f;
		struct pkt p;

		build_tcp(&f, "");
		f.n = len;
		build_ip4_wrap(&f, 6, 1);
		build_add(&f, (uint8_t[46]){0}, 46);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_true(has(&p, QUIRK(TRUNC_L4)));
		assert_true(has(&p, QUIRK(BAD_DOFF)));
		assert_int_equal(p.l4_bytes.len, len);
		assert_int_equal(p.tcp.seq, 0);
		assert_int_equal(p.payload_len, 0);
	}
}

/* All 256 low flag values against zero tails of 0 to 8 bytes: what is padding and what is data. */
static void test_padding_zero_tail_by_flags(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		for (size_t tail = 0; tail <= 8; tail++) {
			struct build f;
			struct pkt p;
			bool ends = flags & (TCP_FIN | TCP_RST);
			bool expect = tail >= 1 && tail <= 6 && !(flags & TCP_SYN) &&
				      (ends || (flags & TCP_ACK && !(flags & TCP_PSH)));

			build_tcp(&f, "");
			f.b[13] = (uint8_t)flags;
			build_add(&f, (uint8_t[8]){0}, tail);
			build_ip4_wrap(&f, 6, 1);
			assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
			assert_int_equal(has(&p, QUIRK(PADDING)), expect);
			assert_int_equal(p.payload_len, expect ? 0 : tail);
			assert_int_equal(p.payload.len, expect ? 0 : tail);
			assert_true(build_cuts_hold(&f, RAW));
		}
	}
}

static void test_padding_not_when_bytes_or_long(void **state)
{
	static const uint8_t ts[12] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
	struct build f;
	struct pkt p;

	(void)state;
	/* One byte that is not zero. */
	build_tcp(&f, "");
	f.b[13] = TCP_RST | TCP_ACK;
	build_add(&f, "\0\0\0\0\0\1", 6);
	build_ip4_wrap(&f, 6, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.payload_len, 6);
	/* With timestamps the packet is longer than Ethernet's minimum: nobody pads it. */
	build_tcp(&f, "");
	f.b[12] = 0x80;
	f.b[13] = TCP_ACK;
	build_add(&f, ts, sizeof(ts));
	build_add(&f, "\0\0\0\0", 4);
	build_ip4_wrap(&f, 6, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.payload_len, 4);
	assert_false(has(&p, QUIRK(PADDING)));
}

/* Some injectors put text on their resets; it is evidence. */
static void test_rst_with_payload_keeps_it(void **state)
{
	struct build f;
	struct pkt p;
	char head[16];

	(void)state;
	build_tcp(&f, "go away");
	f.b[13] = TCP_RST;
	build_ip4_wrap(&f, 6, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, head), DECODE_OK);
	assert_int_equal(p.payload_len, 7);
	assert_string_equal(head, "go away");
}

/* Snap lengths that operators use: sequence facts stay, and the payload's length is still the
 * wire's. */
static void test_snaplen_usual_payload_len_right(void **state)
{
	static const size_t snap[] = {60, 96, 128};
	char text[1001];
	struct build f;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	build_tcp(&f, text);
	build_ip4_wrap(&f, 6, 1);
	build_ether_wrap(&f, 0x0800);
	for (size_t i = 0; i < 3; i++) {
		struct pkt p;
		struct decode_note note;

		assert_int_equal(build_decode(&f, 1, snap[i], f.n, &p, &note, NULL), DECODE_OK);
		assert_int_equal(p.payload_len, 1000);
		assert_int_equal(p.payload.len, snap[i] - 54);
		assert_int_equal(p.quirks, QUIRK(TRUNC_PAYLOAD) | QUIRK(DF_ID));
		assert_int_equal(p.wire_len, f.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_all_4096_quirks),
		cmocka_unit_test(test_header_plain_all_fields),
		cmocka_unit_test(test_options_each_kind_seen),
		cmocka_unit_test(test_options_linux_syn_values),
		cmocka_unit_test(test_options_cut_truncated_not_bad),
		cmocka_unit_test(test_header_cut_trunc_l4),
		cmocka_unit_test(test_data_offset_impossible_bad_doff),
		cmocka_unit_test(test_segment_short_by_ip_length_no_header),
		cmocka_unit_test(test_padding_zero_tail_by_flags),
		cmocka_unit_test(test_padding_not_when_bytes_or_long),
		cmocka_unit_test(test_rst_with_payload_keeps_it),
		cmocka_unit_test(test_snaplen_usual_payload_len_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
