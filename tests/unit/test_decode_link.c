/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/decode/decode.c engine/decode/decode_link.c engine/decode/decode_wifi.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

#define IP4 1
#define IP6 2

/* One link header put around the same TCP segment in IPv4 or IPv6. */
struct link_case {
	uint16_t linktype;
	int ip;
	size_t n;
	uint8_t hdr[64];
};

#define MACS       2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define SLL(a, b)  0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, a, b
#define WIFI_ADDR  1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0
#define SNAP(a, b) 0xaa, 0xaa, 3, 0, 0, 0, a, b

static const struct link_case links[] = {
	{1, IP4, 14, {MACS, 8, 0}},
	{1, IP6, 14, {MACS, 0x86, 0xdd}},
	{1, IP4, 18, {MACS, 0x81, 0, 0, 5, 8, 0}},
	{1, IP4, 18, {MACS, 0x81, 0, 0xe0, 0, 8, 0}}, /* VLAN 0: a priority tag */
	{1, IP4, 22, {MACS, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0}},
	{1, IP6, 26, {MACS, 0x91, 0, 0, 5, 0x92, 0, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd}},
	{1, IP4, 20, {MACS, 0x89, 0x26, 0, 1, 0, 1, 8, 0}},
	{1, IP4, 18, {MACS, 0x88, 0x47, 0, 1, 1, 64}},
	{1, IP6, 22, {MACS, 0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64}},
	{1,
	 IP4,
	 36,
	 {MACS, 0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0, MACS, 8, 0}}, /* pseudowire, control word */
	{1, IP4, 32, {MACS, 0x88, 0x48, 0, 1, 1, 64, MACS, 8, 0}}, /* without */
	{1, IP4, 32, {MACS, 0x88, 0xe7, 0, 0, 0, 7, MACS, 8, 0}},
	{1, IP4, 28, {MACS, 0x65, 0x58, MACS, 8, 0}},
	{1, IP4, 22, {MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 53, 0, 0x21}},
	{1, IP6, 22, {MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 73, 0, 0x57}},
	{1, IP4, 22, {MACS, 0, 59, SNAP(8, 0)}},
	{1, IP4, 22, {MACS, 0, 59, 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}},
	{1, IP4, 17, {MACS, 0, 54, 6, 6, 3}},
	{101, IP4, 0, {0}},
	{101, IP6, 0, {0}},
	{12, IP4, 0, {0}},
	{14, IP6, 0, {0}},
	{228, IP4, 0, {0}},
	{229, IP6, 0, {0}},
	{106, IP4, 0, {0}},
	{113, IP4, 16, {SLL(8, 0)}},
	{113, IP6, 16, {SLL(0x86, 0xdd)}},
	{113, IP4, 20, {SLL(0x81, 0), 0, 5, 8, 0}},
	{113, IP4, 24, {SLL(0, 4), SNAP(8, 0)}},
	{276, IP4, 20, {8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}},
	{276, IP6, 20, {0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}},
	{0, IP4, 4, {2, 0, 0, 0}},
	{0, IP4, 4, {0, 0, 0, 2}},
	{0, IP6, 4, {10, 0, 0, 0}},
	{0, IP6, 4, {0, 0, 0, 24}},
	{0, IP6, 4, {28, 0, 0, 0}},
	{0, IP6, 4, {30, 0, 0, 0}},
	{0, IP4, 4, {15, 0, 8, 0}},
	{108, IP4, 4, {0, 0, 0, 2}},
	{108, IP6, 4, {0, 0, 0, 24}},
	{9, IP4, 2, {0, 0x21}},
	{9, IP4, 1, {0x21}},
	{9, IP6, 4, {0xff, 3, 0, 0x57}},
	{9, IP4, 6, {2, 0x81, 0, 1, 1, 64}},
	{50, IP4, 4, {0xff, 3, 0, 0x21}},
	{50, IP6, 2, {0, 0x57}},
	{50, IP4, 4, {0x0f, 0, 8, 0}},
	{51, IP4, 8, {0x11, 0, 0, 1, 0, 53, 0, 0x21}},
	{204, IP4, 3, {1, 0, 0x21}},
	{104, IP4, 4, {0x0f, 0, 8, 0}},
	{104, IP6, 4, {0x8f, 0, 0x86, 0xdd}},
	{10, IP4, 21, {0x50, MACS, SNAP(8, 0)}},
	{100, IP4, 8, {SNAP(8, 0)}},
	{122, IP4, 24, {0, 0, MACS, 0, 0, SNAP(8, 0)}},
	{105, IP4, 32, {0x08, 1, 0, 0, WIFI_ADDR, SNAP(8, 0)}},
	{105, IP6, 34, {0x88, 2, 0, 0, WIFI_ADDR, 0, 0, SNAP(0x86, 0xdd)}},
	{105, IP4, 38, {0x88, 0x82, 0, 0, WIFI_ADDR, 0, 0, 0, 0, 0, 0, SNAP(8, 0)}},
	{105, IP4, 38, {0x08, 3, 0, 0, WIFI_ADDR, 4, 4, 4, 4, 4, 4, SNAP(8, 0)}},
	{127, IP4, 40, {0, 0, 8, 0, 0, 0, 0, 0, 0x08, 1, 0, 0, WIFI_ADDR, SNAP(8, 0)}},
	/* Two bitmaps, time stamp, flags with "padded": two bytes before LLC. */
	{127, IP4, 61, {0, 0, 25, 0, 3, 0, 0,    0x80, 0, 0, 0, 0,         0, 0, 0, 0, 1,         1,
			1, 1, 1,  1, 1, 1, 0x20, 0x88, 2, 0, 0, WIFI_ADDR, 0, 0, 0, 0, SNAP(8, 0)}},
	{117, IP4, 16, {13, 2}},
	{239, IP4, 16, {2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 1, 0, 57, 0, 9, 0}},
	{239, IP4, 16, {2, 0, 0, 0, 0, 8, 0, 1, 8, 0, 1, 0, 0, 57, 0, 9}},
	{258, IP4, 28, {14, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, MACS, 8, 0}},
	{192, IP4, 22, {0, 0, 8, 0, 1, 0, 0, 0, MACS, 8, 0}},
	{192, IP6, 12, {0, 0, 12, 0, 101, 0, 0, 0, 1, 2, 3, 4}},
	{9, IP4, 4, {0x0f, 0, 8, 0}},
	{1, IP4, 22, {MACS, 0x89, 0x09, 1, 1, 0, 1, 0, 5, 8, 0}},
	{1, IP4, 30, {MACS, 0x89, 0x03, 0, 0x41, MACS, 8, 0}},
	{149, IP4, 14, {14, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0, 0, 0}},
};

static void link_build(struct build *f, const struct link_case *c)
{
	build_tcp(f, "twelve bytes");
	f->n = 20 + 11;
	if (c->ip == IP4)
		build_ip4_wrap(f, 6, 7);
	else
		build_ip6_wrap(f, 6, 7);
	build_wrap(f, c->hdr, c->n);
}

static void test_link_each_type_reaches_tcp(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct build f;
		struct pkt p;
		char head[16];

		link_build(&f, &links[i]);
		if (build_decode_all(&f, links[i].linktype, &p, head) != DECODE_OK ||
		    p.l4 != L4_TCP)
			fail_msg("line %zu, link type %u", i, links[i].linktype);
		assert_int_equal(p.ip_version, links[i].ip == IP4 ? 4 : 6);
		assert_int_equal(p.src.b[15], 7);
		assert_int_equal(p.tcp.seq, 0x01020304);
		assert_int_equal(p.tunnel_depth, 0);
		/* The PPP, PPPoE and 802.3 lengths in the table are for 11 bytes of payload. */
		if (p.payload_len != 11)
			fail_msg("line %zu: payload %u", i, p.payload_len);
		assert_string_equal(head, "twelve byte");
	}
}

static void test_link_each_type_cut_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct build f;

		link_build(&f, &links[i]);
		if (!build_cuts_hold(&f, links[i].linktype))
			fail_msg("line %zu, link type %u", i, links[i].linktype);
	}
}

/* What is no IP says what it is instead. */
static void test_link_other_protocols_not_ip_with_type(void **state)
{
	static const struct {
		uint16_t linktype, ethertype;
		size_t n;
		uint8_t b[48];
	} t[] = {
		{1, 0x0806, 20, {MACS, 8, 6, 0, 1}},
		{1, 0x88cc, 24, {MACS, 0x81, 0, 0, 1, 0x88, 0xcc}},
		{1, 0, 20, {MACS, 0, 6, 0x42, 0x42, 3}},
		{1, 0, 24, {MACS, 0, 10, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0}},
		{1, 0xc021, 24, {MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 4, 0xc0, 0x21, 1, 1}},
		{1, 0x8863, 24, {MACS, 0x88, 0x63, 0x11, 9}},
		{1, 0x8864, 24, {MACS, 0x88, 0x64, 0x11, 9}},
		{1, 0x8847, 34, {MACS, 0x88, 0x47, 0, 0, 1, 64, 0x10, 0, 0, 0}},
		{9, 0x8021, 4, {0x80, 0x21, 1, 1}},
		{104, 0x8035, 6, {0x0f, 0, 0x80, 0x35}},
		{104, 0, 6, {0x01, 0, 0x08, 0}},
		{113, 0x0806, 20, {SLL(8, 6)}},
		{0, 0, 8, {7, 0, 0, 0}},
		{105, 0, 30, {0x80, 0, 0, 0, WIFI_ADDR}},    /* beacon */
		{105, 0, 30, {0x48, 1, 0, 0, WIFI_ADDR}},    /* no body */
		{105, 0, 30, {0x08, 0x41, 0, 0, WIFI_ADDR}}, /* encrypted */
		{105, 0, 30, {0x88, 1, 0, 0, WIFI_ADDR, 0x80, 0}},
		{239, 0, 8, {2, 1, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f = {.n = 0};
		struct pkt p;
		struct decode_note note;

		build_add(&f, t[i].b, t[i].n);
		if (build_decode(&f, t[i].linktype, f.n, f.n, &p, &note, NULL) != DECODE_NOT_IP ||
		    note.ethertype != t[i].ethertype)
			fail_msg("line %zu: ethertype %04x", i, note.ethertype);
	}
}

static void test_link_faults_have_their_names(void **state)
{
	static const struct {
		uint16_t linktype;
		enum decode_got got;
		size_t n;
		uint8_t b[48];
	} t[] = {
		{147, DECODE_LINKTYPE, 40, {0}},
		{149, DECODE_LINKTYPE, 40, {0}},
		{258, DECODE_MALFORMED, 40, {0}},
		{258, DECODE_CUT, 40, {0xff, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}},
		{258,
		 DECODE_LINKTYPE,
		 40,
		 {14, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0}}, /* itself again */
		{1, DECODE_MALFORMED, 40, {MACS, 8, 0, 0x65}},
		{1, DECODE_MALFORMED, 40, {MACS, 0x86, 0xdd, 0x45}},
		{101, DECODE_MALFORMED, 40, {0x50}},
		{127, DECODE_MALFORMED, 40, {1, 0, 8, 0}},
		{127, DECODE_MALFORMED, 40, {0, 0, 7, 0}},
		{127, DECODE_MALFORMED, 40, {0, 0, 8, 0, 0, 0, 0, 0x80}},
		{239, DECODE_MALFORMED, 40, {2, 0, 0, 0, 3, 0, 1, 0}},
		{239, DECODE_CUT, 40, {2, 0, 0, 0, 200, 0, 1, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f = {.n = 0};
		struct pkt p;

		build_add(&f, t[i].b, t[i].n);
		if (build_decode_all(&f, t[i].linktype, &p, NULL) != t[i].got)
			fail_msg("line %zu", i);
	}
}

/* Tags, labels and attributes without end stop at their bound. */
static void test_link_endless_stacks_too_deep(void **state)
{
	struct build f = {.n = 0};
	struct pkt p;

	(void)state;
	for (int i = 0; i < 30; i++)
		BUILD_WRAP(&f, 0x81, 0, 0, 1);
	BUILD_WRAP(&f, MACS);
	assert_int_equal(build_decode_all(&f, 1, &p, NULL), DECODE_TOO_DEEP);
	f.n = 0;
	for (int i = 0; i < 30; i++)
		BUILD_WRAP(&f, 0, 1, 0, 64);
	BUILD_WRAP(&f, MACS, 0x88, 0x47);
	assert_int_equal(build_decode_all(&f, 1, &p, NULL), DECODE_TOO_DEEP);
	f.n = 0;
	for (int i = 0; i < 60; i++)
		BUILD_WRAP(&f, 4, 0, 1, 0);
	BUILD_WRAP(&f, 2, 0, 0, 0);
	assert_int_equal(build_decode_all(&f, 239, &p, NULL), DECODE_TOO_DEEP);
}

static void test_ethernet_padding_never_payload(void **state)
{
	(void)state;
	for (size_t pad = 0; pad < 40; pad++) {
		struct build f;
		struct pkt p;

		build_tcp(&f, "x");
		build_ip4_wrap(&f, 6, 1);
		build_ether_wrap(&f, 0x0800);
		for (size_t i = 0; i < pad; i++)
			build_add(&f, "P", 1);
		assert_int_equal(build_decode_all(&f, 1, &p, NULL), DECODE_OK);
		assert_int_equal(p.payload_len, 1);
		assert_int_equal(p.payload.len, 1);
		assert_int_equal(p.l4_bytes.len, 21);
	}
}

/* With total length 0 only the trailer's removal keeps it out of the payload. */
static void test_pcapdroid_trailer_stripped(void **state)
{
	static const uint8_t trailer[32] = {0x01, 0x07, 0x20, 0x21, 0,  0,
					    0x27, 0x10, 'a',  'p',  'p'};

	(void)state;
	for (int len_zero = 0; len_zero < 2; len_zero++) {
		struct build f;
		struct pkt p;
		struct decode_note note;
		char head[16];

		build_tcp(&f, "hello");
		build_ip4_wrap(&f, 6, 1);
		if (len_zero)
			build_be16(f.b + 2, 0);
		build_ether_wrap(&f, 0x0800);
		assert_int_equal(build_decode(&f, 1, f.n, f.n, &p, &note, head), DECODE_OK);
		assert_false(note.pcapdroid);
		build_add(&f, trailer, sizeof(trailer));
		assert_int_equal(build_decode(&f, 1, f.n, f.n, &p, &note, head), DECODE_OK);
		assert_true(note.pcapdroid);
		assert_string_equal(head, "hello");
		assert_int_equal(p.payload_len, 5);
		/* Not the whole frame, so its end is not the trailer. */
		assert_int_equal(build_decode(&f, 1, f.n, f.n + 1, &p, &note, head), DECODE_OK);
		assert_false(note.pcapdroid);
		/* Other link types have none. */
		assert_int_equal(build_decode(&f, 113, f.n, f.n, &p, &note, NULL), DECODE_NOT_IP);
		assert_false(note.pcapdroid);
	}
}

static void test_output_cleared_before_failure(void **state)
{
	struct build f;
	struct pkt p;
	struct decode_note note;

	(void)state;
	build_tcp(&f, "hello");
	build_ip4_wrap(&f, 6, 1);
	memset(&p, 0xff, sizeof(p));
	assert_int_equal(build_decode(&f, 147, f.n, f.n + 5, &p, &note, NULL), DECODE_LINKTYPE);
	assert_int_equal(p.ts_ns, 77);
	assert_int_equal(p.frame_no, 9);
	assert_int_equal(p.wire_len, f.n + 5);
	assert_int_equal(p.ip_version, 0);
	assert_int_equal(p.payload.len, 0);
}

static void test_quirk_tokens_all_named(void **state)
{
	(void)state;
	for (int i = 0; i < QUIRK_N; i++) {
		assert_true(strlen(quirk_token((enum quirk_bit)i)) > 2);
		assert_true(strlen(quirk_doc((enum quirk_bit)i)) > 8);
	}
	assert_string_equal(quirk_token(QUIRK_BIT_PADDING), "padding");
	assert_string_equal(quirk_token(QUIRK_N), "unknown");
	assert_string_equal(quirk_doc(QUIRK_N), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_each_type_reaches_tcp),
		cmocka_unit_test(test_link_each_type_cut_at_every_length),
		cmocka_unit_test(test_link_other_protocols_not_ip_with_type),
		cmocka_unit_test(test_link_faults_have_their_names),
		cmocka_unit_test(test_link_endless_stacks_too_deep),
		cmocka_unit_test(test_ethernet_padding_never_payload),
		cmocka_unit_test(test_pcapdroid_trailer_stripped),
		cmocka_unit_test(test_output_cleared_before_failure),
		cmocka_unit_test(test_quirk_tokens_all_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
