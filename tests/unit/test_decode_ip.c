/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "test_decode_build.h"

enum { RAW = 101 };

static bool has(const struct pkt *p, uint32_t quirk)
{
	return p->quirks & quirk;
}

static void tcp_in_ip4(struct build *f)
{
	build_tcp(f, "0123456789");
	build_ip4_wrap(f, 6, 1);
}

static void test_ip4_plain_all_fields(void **state)
{
	static const struct ip_addr src = {
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
	static const struct ip_addr dst = {
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1}};
	struct build f;
	struct pkt p;

	(void)state;
	tcp_in_ip4(&f);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_memory_equal(&p.src, &src, 16);
	assert_memory_equal(&p.dst, &dst, 16);
	assert_int_equal(p.ip_version, 4);
	assert_int_equal(p.ip_proto, 6);
	assert_int_equal(p.ttl, 57);
	assert_int_equal(p.tos, 0x10);
	assert_int_equal(p.ip_id, 0x1234);
	assert_true(p.has_ip_id);
	assert_true(p.df);
	assert_int_equal(p.ip_hdr_len, 20);
	assert_int_equal(p.ip_total_len, 50);
	assert_false(p.frag);
	assert_int_equal(p.quirks, QUIRK(DF_ID));
}

/* DF and IP ID in all four combinations. */
static void test_ip4_df_id_quirk_needs_both(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct build f;
		struct pkt p;

		tcp_in_ip4(&f);
		f.b[6] = i & 1 ? 0x40 : 0;
		build_be16(f.b + 4, i & 2 ? 9 : 0);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.df, i & 1);
		assert_int_equal(has(&p, QUIRK(DF_ID)), i == 3);
	}
}

static void test_ip4_every_header_length(void **state)
{
	(void)state;
	for (size_t ihl = 0; ihl < 16; ihl++) {
		struct build f;
		struct pkt p;
		size_t opts = ihl > 5 ? (ihl - 5) * 4 : 0;

		build_tcp(&f, "0123456789");
		for (size_t i = 0; i < opts; i++)
			BUILD_WRAP(&f, 1);
		build_ip4_wrap(&f, 6, 1);
		f.b[0] = (uint8_t)(0x40 | ihl);
		if (ihl < 5) {
			assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_MALFORMED);
			continue;
		}
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.ip_hdr_len, ihl * 4);
		assert_int_equal(has(&p, QUIRK(IP_OPTS)), ihl > 5);
		assert_int_equal(p.tcp.seq, 0x01020304);
		assert_int_equal(p.payload_len, 10);
		assert_true(build_cuts_hold(&f, RAW));
	}
}

static void test_ip4_total_length_zero_from_frame(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	tcp_in_ip4(&f);
	build_be16(f.b + 2, 0);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_true(has(&p, QUIRK(IP_LEN_ZERO)));
	assert_int_equal(p.ip_total_len, 50);
	assert_int_equal(p.payload_len, 10);
	assert_false(has(&p, QUIRK(TRUNC_PAYLOAD)));
}

static void test_ip4_every_total_length_payload_clamped(void **state)
{
	(void)state;
	for (size_t total = 1; total < 80; total++) {
		struct build f;
		struct pkt p;
		enum decode_got got;

		tcp_in_ip4(&f);
		build_be16(f.b + 2, total);
		got = build_decode_all(&f, RAW, &p, NULL);
		if (total < 20) {
			assert_int_equal(got, DECODE_MALFORMED);
			continue;
		}
		assert_int_equal(got, DECODE_OK);
		assert_int_equal(p.ip_total_len, total);
		assert_int_equal(has(&p, QUIRK(IP_LEN_LONG)), total > 50);
		assert_int_equal(has(&p, QUIRK(TRUNC_PAYLOAD)), total > 50);
		assert_int_equal(p.payload_len, total > 40 ? total - 40 : 0);
		assert_int_equal(p.payload.len, total > 50 ? 10 : p.payload_len);
	}
}

static void test_ip4_fragments_described(void **state)
{
	static const struct {
		uint16_t field, off;
		bool frag, more;
	} t[] = {
		{0x0000, 0, false, false},    {0x4000, 0, false, false}, {0x8000, 0, false, false},
		{0x2000, 0, true, true},      {0x2001, 8, true, true},   {0x0001, 8, true, false},
		{0x1fff, 65528, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f;
		struct pkt p;

		tcp_in_ip4(&f);
		build_be16(f.b + 6, t[i].field);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.frag, t[i].frag);
		assert_int_equal(p.frag_more, t[i].more);
		assert_int_equal(p.frag_off, t[i].off);
		assert_int_equal(p.l4, t[i].frag ? L4_NONE : L4_TCP);
		assert_int_equal(p.l4_bytes.len, 30);
		assert_int_equal(p.frag_id, t[i].frag ? 0x1234 : 0);
		assert_int_equal(p.sport, t[i].frag ? 0 : 40000);
		assert_int_equal(p.payload.len, t[i].frag ? 0 : 10);
	}
}

static void test_ip4_other_protocol_l4_none(void **state)
{
	static const uint8_t proto[] = {2, 50, 58, 132, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(proto); i++) {
		struct build f;
		struct pkt p;

		build_tcp(&f, "");
		build_ip4_wrap(&f, proto[i], 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_NONE);
		assert_int_equal(p.ip_proto, proto[i]);
		assert_int_equal(p.l4_bytes.len, 20);
	}
}

static void test_ip4_authentication_header_stepped_over(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_tcp(&f, "abc");
	BUILD_WRAP(&f, 6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9);
	build_ip4_wrap(&f, 51, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.l4, L4_TCP);
	assert_int_equal(p.ip_proto, 6);
	assert_int_equal(p.ip_hdr_len, 44);
	assert_int_equal(p.payload_len, 3);
	assert_true(build_cuts_hold(&f, RAW));
}

static void test_ip6_plain_all_fields(void **state)
{
	struct build f;
	struct pkt p;
	char text[IP_TEXT_MAX];

	(void)state;
	build_tcp(&f, "0123456789");
	build_ip6_wrap(&f, 6, 3);
	build_add(&f, "trailer", 7);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_string_equal(ip_text(&p.src, text), "2001:db8::3");
	assert_string_equal(ip_text(&p.dst, text), "2001:db8::ff:3");
	assert_int_equal(p.ip_version, 6);
	assert_int_equal(p.ttl, 58);
	assert_int_equal(p.tos, 0x20);
	assert_false(p.has_ip_id);
	assert_int_equal(p.ip_hdr_len, 40);
	assert_int_equal(p.ip_total_len, 70);
	assert_int_equal(p.payload_len, 10);
	assert_int_equal(p.quirks, 0);
}

static void test_ip6_payload_length_zero(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_tcp(&f, "0123456789");
	build_ip6_wrap(&f, 6, 3);
	build_be16(f.b + 4, 0);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_true(has(&p, QUIRK(IP_LEN_ZERO)));
	assert_int_equal(p.payload_len, 10);
	/* "No next header" has none by right; what follows is padding. */
	f.b[6] = 59;
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_false(has(&p, QUIRK(IP_LEN_ZERO)));
	assert_int_equal(p.l4_bytes.len, 0);
	assert_int_equal(p.ip_proto, 59);
}

/* Each extension header alone, and all after one another. */
static void test_ip6_extension_headers_stepped_over(void **state)
{
	static const uint8_t kinds[] = {0, 43, 60, 135, 139, 140};
	struct build f;
	struct pkt p;
	uint8_t next = 6;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		build_tcp(&f, "abc");
		BUILD_WRAP(&f, 6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		build_ip6_wrap(&f, kinds[i], 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_TCP);
		assert_int_equal(p.ip_hdr_len, 56);
		assert_int_equal(p.payload_len, 3);
		assert_true(has(&p, QUIRK(EXT_HDR)));
		assert_true(build_cuts_hold(&f, RAW));
	}
	build_tcp(&f, "abc");
	for (size_t i = 0; i < sizeof(kinds); i++) {
		build_wrap(&f, (uint8_t[8]){next, 0, 1, 4}, 8);
		next = kinds[i];
	}
	build_wrap(&f, (uint8_t[12]){next, 1}, 12); /* AH */
	build_ip6_wrap(&f, 51, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.l4, L4_TCP);
	assert_int_equal(p.ip_hdr_len, 40 + 12 + 48);
	assert_int_equal(p.payload_len, 3);
	assert_true(build_cuts_hold(&f, RAW));
}

static void test_ip6_extension_headers_bounded(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	for (int n = 1; n < 20; n++) {
		build_tcp(&f, "abc");
		for (int i = 0; i < n; i++)
			build_wrap(&f, (uint8_t[8]){i == 0 ? 6 : 60}, 8);
		build_ip6_wrap(&f, 60, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL),
				 n <= LIMIT_IP6_EXT_HDRS ? DECODE_OK : DECODE_TOO_DEEP);
	}
	/* One that claims to be longer than the packet. */
	build_tcp(&f, "abc");
	build_wrap(&f, (uint8_t[8]){6, 200}, 8);
	build_ip6_wrap(&f, 60, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_MALFORMED);
	/* One that the packet ends in. */
	f.n = 0;
	build_add(&f, "\6", 1);
	build_ip6_wrap(&f, 60, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_MALFORMED);
	/* Fragment headers without end. */
	build_tcp(&f, "abc");
	for (int i = 0; i < 40; i++)
		build_wrap(&f, (uint8_t[8]){i == 0 ? 6 : 44}, 8);
	build_ip6_wrap(&f, 44, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_TOO_DEEP);
}

/* Longest extension headers in an oversized frame: ip_hdr_len has 16 bits and must not wrap. */
static void test_ip6_header_length_never_wraps(void **state)
{
	enum { N = 4 * 8 * 2048 + 4 * 8 };
	static uint8_t b[40 + N];
	struct frame f = {.at = b, .cap_len = sizeof(b), .wire_len = sizeof(b)};
	struct decode_note note;
	struct pkt p;
	size_t at = 40;

	(void)state;
	b[0] = 0x60;
	b[6] = 60;
	for (int i = 0; i < 4; i++) {
		b[at] = 44;
		b[at + 1] = 255;
		b[at + 2048] = 60;
		at += 2048;
		b[at] = i == 3 ? 6 : 60;
		at += 8;
	}
	assert_int_equal(decode_frame(RAW, &f, &p, &note), DECODE_OK);
	assert_int_equal(p.ip_hdr_len, at);
	memset(b + 40, 0, N);
	for (at = 40; at + 2048 + 8 <= sizeof(b); at += 2048 + 8) {
		b[at] = 44;
		b[at + 1] = 255;
		b[at + 2048] = 60;
	}
	assert_int_not_equal(decode_frame(RAW, &f, &p, &note), DECODE_OK);
}

static void test_ip6_fragments_described(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		unsigned off = i & 2 ? 1448 : 0, more = i & 1;

		build_tcp(&f, "abc");
		build_wrap(&f,
			   (uint8_t[8]){6, 0, (uint8_t)(off >> 8), (uint8_t)(off | more), 0xaa,
					0xbb, 0xcc, 0xdd},
			   8);
		build_ip6_wrap(&f, 44, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_true(p.frag_id == 0xaabbccdd);
		assert_int_equal(p.ip_id, 0xccdd);
		assert_true(p.has_ip_id);
		assert_int_equal(p.frag, i != 0);
		assert_int_equal(p.frag_more, more);
		assert_int_equal(p.frag_off, off);
		assert_int_equal(p.ip_proto, 6);
		assert_int_equal(p.ip_hdr_len, 48);
		assert_int_equal(p.l4_bytes.len, 23);
		assert_int_equal(
			p.l4,
			i != 0 ? L4_NONE
			       : L4_TCP); /* offset 0 and no more: a whole datagram, RFC 6946 */
		assert_true(build_cuts_hold(&f, RAW));
	}
	/* No room for the header that is announced. */
	f.n = 0;
	build_add(&f, "\6\0\0\0", 4);
	build_ip6_wrap(&f, 44, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip4_plain_all_fields),
		cmocka_unit_test(test_ip4_df_id_quirk_needs_both),
		cmocka_unit_test(test_ip4_every_header_length),
		cmocka_unit_test(test_ip4_total_length_zero_from_frame),
		cmocka_unit_test(test_ip4_every_total_length_payload_clamped),
		cmocka_unit_test(test_ip4_fragments_described),
		cmocka_unit_test(test_ip4_other_protocol_l4_none),
		cmocka_unit_test(test_ip4_authentication_header_stepped_over),
		cmocka_unit_test(test_ip6_plain_all_fields),
		cmocka_unit_test(test_ip6_payload_length_zero),
		cmocka_unit_test(test_ip6_extension_headers_stepped_over),
		cmocka_unit_test(test_ip6_extension_headers_bounded),
		cmocka_unit_test(test_ip6_header_length_never_wraps),
		cmocka_unit_test(test_ip6_fragments_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
