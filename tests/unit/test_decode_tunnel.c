/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

enum { RAW = 101 };

#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2

enum inner { IN4, IN6 };

/* What stands between the outer IP header (or the outer UDP header, when port is not 0) and the
 * inner packet. */
static const struct tunnel {
	const char *name;
	enum inner inner;
	uint8_t proto;
	uint16_t port;
	size_t n;
	uint8_t hdr[64];
} tunnels[] = {
	{"ip-in-ip", IN4, 4, 0, 0, {0}},
	{"6in4", IN6, 41, 0, 0, {0}},
	{"gre", IN4, 47, 0, 4, {0, 0, 8, 0}},
	{"gre ipv6", IN6, 47, 0, 4, {0, 0, 0x86, 0xdd}},
	{"gre checksum", IN4, 47, 0, 8, {0x80, 0, 8, 0, 0, 0, 0, 0}},
	{"gre key", IN4, 47, 0, 8, {0x20, 0, 8, 0, 0, 0, 0, 1}},
	{"gre seq", IN4, 47, 0, 8, {0x10, 0, 8, 0, 0, 0, 0, 1}},
	{"gre all", IN4, 47, 0, 16, {0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}},
	{"gre ethernet", IN4, 47, 0, 18, {0, 0, 0x65, 0x58, MACS, 8, 0}},
	{"gre mpls", IN4, 47, 0, 8, {0, 0, 0x88, 0x47, 0, 1, 1, 64}},
	{"gre ppp",
	 IN4,
	 47,
	 0,
	 16,
	 {0x30, 0x81, 0x88, 0x0b, 0, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}}, /* completed below */
	{"wccp", IN4, 47, 0, 8, {0, 0, 0x88, 0x3e, 0, 0, 0, 0}},
	{"wccp plain", IN4, 47, 0, 4, {0, 0, 0x88, 0x3e}},
	{"erspan 1", IN4, 47, 0, 18, {0, 0, 0x88, 0xbe, MACS, 8, 0}},
	{"erspan 2",
	 IN4,
	 47,
	 0,
	 30,
	 {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0, MACS, 8, 0}},
	{"erspan 3", IN4, 47, 0, 34, {0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 0,
				      0,    0, 0,    0,    0, 0, 0, 0, MACS, 8, 0}},
	{"erspan 3+", IN4, 47, 0, 42, {0x10, 0, 0x22, 0xeb, 0, 0, 0,    1, 0x20, 0, 0,
				       0,    0, 0,    0,    0, 0, 0,    0, 1,    0, 0,
				       0,    0, 0,    0,    0, 0, MACS, 8, 0}},
	{"etherip", IN4, 97, 0, 16, {0x30, 0, MACS, 8, 0}},
	{"mpls in ip", IN4, 137, 0, 4, {0, 1, 1, 64}},
	{"gtp-u", IN4, 17, 2152, 8, {0x30, 255, 0, 50, 0, 0, 0, 1}},
	{"gtp-u seq", IN6, 17, 2152, 12, {0x32, 255, 0, 54, 0, 0, 0, 1, 0, 1, 0, 0}},
	{"gtp-u ext", IN4, 17, 2152, 24, {0x34, 255, 0, 66,   0, 0, 0, 1, 0, 1, 0, 0x85,
					  1,    0,   0, 0x85, 2, 0, 0, 0, 0, 0, 0, 0}},
	{"vxlan", IN4, 17, 4789, 22, {8, 0, 0, 0, 0, 0, 5, 0, MACS, 8, 0}},
	{"vxlan policy", IN6, 17, 4789, 22, {0x88, 0, 0, 9, 0, 0, 5, 0, MACS, 0x86, 0xdd}},
	{"vxlan linux", IN4, 17, 8472, 26, {8, 0, 0, 0, 0, 0, 5, 0, MACS, 0x81, 0, 0, 1, 8, 0}},
	{"geneve", IN4, 17, 6081, 22, {0, 0, 0x65, 0x58, 0, 0, 5, 0, MACS, 8, 0}},
	{"geneve opts ip",
	 IN6,
	 17,
	 6081,
	 16,
	 {2, 0, 0x86, 0xdd, 0, 0, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8}},
	{"teredo", IN6, 17, 3544, 0, {0}},
	{"teredo origin", IN6, 17, 3544, 8, {0, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd2}},
	{"teredo both", IN6, 17, 3544, 25, {0, 1, 2, 2, 1, 2, 3,    4,    1,    2,    3,    4,   5,
					    6, 7, 8, 0, 0, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xd2}},
	{"mpls in udp", IN4, 17, 6635, 4, {0, 1, 1, 64}},
};

static void tunnel_build(struct build *f, const struct tunnel *t)
{
	build_tcp(f, "0123456789");
	if (t->inner == IN4)
		build_ip4_wrap(f, 6, 1);
	else
		build_ip6_wrap(f, 6, 1);
	if (strcmp(t->name, "gre ppp") == 0)
		BUILD_WRAP(f, 0xff, 3, 0, 0x21);
	build_wrap(f, t->hdr, t->n);
	if (t->port)
		build_udp_wrap(f, 5555, t->port);
	build_ip4_wrap(f, t->proto, 2);
}

static void test_tunnel_each_kind_inner_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		const struct tunnel *t = &tunnels[i];
		struct build f;
		struct pkt p;
		char head[16];

		tunnel_build(&f, t);
		assert_int_equal(build_decode_all(&f, RAW, &p, head), DECODE_OK);
		if (p.tunnel_depth != 1 || p.l4 != L4_TCP)
			fail_msg("%s: depth %u, l4 %u", t->name, p.tunnel_depth, p.l4);
		assert_int_equal(p.ip_version, t->inner == IN4 ? 4 : 6);
		assert_int_equal(p.src.b[15], 1);
		assert_int_equal(p.ttl, t->inner == IN4 ? 57 : 58);
		assert_int_equal(p.df, t->inner == IN4);
		assert_int_equal(p.has_ip_id, t->inner == IN4);
		assert_int_equal(p.ip_total_len, t->inner == IN4 ? 50 : 70);
		assert_int_equal(p.sport, 40000);
		assert_int_equal(p.payload_len, 10);
		assert_string_equal(head, "0123456789");
		assert_int_equal(p.ts_ns, 77);
		assert_int_equal(p.frame_no, 9);
		assert_int_equal(p.wire_len, f.n);
	}
}

static void test_tunnel_each_kind_cut_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		struct build f;

		tunnel_build(&f, &tunnels[i]);
		if (!build_cuts_hold(&f, RAW))
			fail_msg("%s", tunnels[i].name);
	}
}

/* A cut that takes the inner packet away leaves the outer one, whole. */
static void test_tunnel_cut_inside_outer_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		const struct tunnel *t = &tunnels[i];
		struct build f;
		struct pkt p;
		struct decode_note note;

		tunnel_build(&f, t);
		assert_int_equal(build_decode(&f, RAW, f.n - 31, f.n, &p, &note, NULL), DECODE_OK);
		assert_int_equal(p.tunnel_depth, 0);
		assert_int_equal(p.src.b[15], 2);
		assert_int_equal(p.ip_proto, t->proto);
		assert_int_equal(p.l4, t->port ? L4_UDP : L4_NONE);
		if (t->port)
			assert_int_equal(p.dport, t->port);
	}
}

/* The same ports with something else inside: a UDP packet, as it stands. Lengths that do not fit
 * count as something else. */
static void test_tunnel_port_only_outer_packet(void **state)
{
	static const struct {
		uint16_t sport, dport;
		size_t n;
		uint8_t b[80];
	} t[] = {
		{5555, 2152, 40, {0x30, 1, 0, 0}},                     /* echo request */
		{5555, 2152, 40, {0x50, 255, 0, 0, 0, 0, 0, 1, 0x45}}, /* version 2 */
		{5555, 2152, 40, {0x30, 255, 0, 0, 0, 0, 0, 1, 0x95}}, /* no IP */
		{5555, 2152, 12, {0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85}},
		{5555, 2152, 20, {0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0}},
		{5555, 4789, 80, {0, 0, 0, 0, 0, 0, 0, 0, MACS, 8, 0, 0x45}},
		{5555, 4789, 80, {8, 0, 0, 0, 0, 0, 0, 0, MACS, 8, 6, 0, 1}}, /* ARP */
		{5555,
		 4789,
		 80,
		 {8, 0, 0, 0, 0, 0, 0, 0, MACS, 8, 0, 0x45, 0, 1, 0}}, /* 256 bytes in 58 */
		{5555,
		 4789,
		 80,
		 {8, 0, 0, 0, 0, 0, 0, 0, MACS, 8, 0, 0x45, 0, 0, 0}}, /* length 0 */
		{4789,
		 8471,
		 80,
		 {8, 0, 0, 0, 0, 0, 0, 1, MACS, 8, 0, 0x45, 0, 0, 40}}, /* reserved byte */
		{5555, 6081, 80, {0x40, 0, 8, 0, 0, 0, 0, 0, 0x45, 0, 0, 40}},
		{5555, 3544, 80, {0x60, 0, 0, 0, 0xff, 0xff, 6}},
		{5555, 3544, 80, {0x45, 0, 0, 40}},
		{5555, 3544, 10, {0, 1, 200, 200}},
		{5555, 53, 80, {0x60, 0, 0, 0, 0, 40, 6}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f = {.n = 0};
		struct pkt p;

		build_add(&f, t[i].b, t[i].n);
		build_udp_wrap(&f, t[i].sport, t[i].dport);
		build_ip4_wrap(&f, 17, 2);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		if (p.l4 != L4_UDP || p.tunnel_depth != 0 || p.payload_len != t[i].n ||
		    p.src.b[15] != 2)
			fail_msg("line %zu: l4 %u depth %u payload %u", i, p.l4, p.tunnel_depth,
				 p.payload_len);
		assert_int_equal(p.quirks, QUIRK(DF_ID));
		assert_true(build_cuts_hold(&f, RAW));
	}
}

static void test_tunnel_gre_not_understood_outer_packet(void **state)
{
	static const uint8_t t[][16] = {
		{0x40, 0, 8, 0, 0x45}, /* routing */
		{0, 2, 8, 0, 0x45},    /* version 2 */
		{0, 0, 8, 6, 0x45},    /* ARP */
		{0x30, 0x81, 0x88, 0x0b, 0, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0,
		 1}, /* PPTP acknowledgement without a packet */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f = {.n = 0};
		struct pkt p;

		build_add(&f, t[i], 16);
		build_ip4_wrap(&f, 47, 2);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_NONE);
		assert_int_equal(p.ip_proto, 47);
		assert_int_equal(p.tunnel_depth, 0);
		assert_int_equal(p.l4_bytes.len, 16);
	}
}

/* Offload leaves length 0 in both headers. */
static void test_tunnel_offload_length_zero_inside(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_tcp(&f, "0123456789");
	build_ip4_wrap(&f, 6, 1);
	build_be16(f.b + 2, 0);
	BUILD_WRAP(&f, 8, 0, 0, 0, 0, 0, 5, 0, MACS, 8, 0);
	build_udp_wrap(&f, 5555, 4789);
	build_be16(f.b + 4, 0);
	build_ip4_wrap(&f, 17, 2);
	build_be16(f.b + 2, 0);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.tunnel_depth, 1);
	assert_int_equal(p.payload_len, 10);
	assert_true(p.quirks & QUIRK(IP_LEN_ZERO));
}

static void test_tunnel_nested_depth_counted_then_refused(void **state)
{
	(void)state;
	for (int n = 1; n < 20; n++) {
		struct build f;
		struct pkt p;
		enum decode_got got;

		build_tcp(&f, "0123456789");
		build_ip4_wrap(&f, 6, 1);
		for (int i = 0; i < n; i++)
			build_ip4_wrap(&f, 4, 2);
		got = build_decode_all(&f, RAW, &p, NULL);
		/* Two layers a packet (its header, its protocol), 16 in all. */
		assert_int_equal(got, n <= 7 ? DECODE_OK : DECODE_TOO_DEEP);
		if (got == DECODE_OK) {
			assert_int_equal(p.tunnel_depth, n);
			assert_int_equal(p.l4, L4_TCP);
		}
	}
}

/* The inner packet is itself a fragment. */
static void test_tunnel_inner_fragment_described(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_tcp(&f, "0123");
	build_ip4_wrap(&f, 6, 1);
	f.b[6] = 0x20;
	build_ip4_wrap(&f, 4, 2);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_int_equal(p.tunnel_depth, 1);
	assert_true(p.frag);
	assert_int_equal(p.src.b[15], 1);
	assert_int_equal(p.l4_bytes.len, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunnel_each_kind_inner_packet),
		cmocka_unit_test(test_tunnel_each_kind_cut_at_every_length),
		cmocka_unit_test(test_tunnel_cut_inside_outer_packet),
		cmocka_unit_test(test_tunnel_port_only_outer_packet),
		cmocka_unit_test(test_tunnel_gre_not_understood_outer_packet),
		cmocka_unit_test(test_tunnel_offload_length_zero_inside),
		cmocka_unit_test(test_tunnel_nested_depth_counted_then_refused),
		cmocka_unit_test(test_tunnel_inner_fragment_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
