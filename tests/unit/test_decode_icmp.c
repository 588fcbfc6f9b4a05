/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

enum { RAW = 101 };

/* An ICMP message of this type around the first `quoted` bytes of a TCP packet from net 8. */
static void error_build(struct build *f, bool v6, uint8_t type, uint8_t code, size_t quoted)
{
	build_tcp(f, "0123456789");
	if (v6)
		build_ip6_wrap(f, 6, 8);
	else
		build_ip4_wrap(f, 6, 8);
	f->n = quoted < f->n ? quoted : f->n;
	BUILD_WRAP(f, type, code, 0, 0, 0, 0, 5, 0x78);
	if (v6)
		build_ip6_wrap(f, 58, 1);
	else
		build_ip4_wrap(f, 1, 1);
}

/* All 256 types of both families: only the errors quote. */
static void test_icmp_every_type_quote_only_in_errors(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		for (int type = 0; type < 256; type++) {
			bool is_error = v6 ? type >= 1 && type <= 4
					   : type == 3 || type == 4 || type == 5 || type == 11 ||
							type == 12;
			struct build f;
			struct pkt p;

			error_build(&f, v6, (uint8_t)type, 4, 100);
			assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
			assert_int_equal(p.l4, L4_ICMP);
			assert_int_equal(p.icmp.type, type);
			assert_int_equal(p.icmp.code, 4);
			assert_int_equal(p.icmp.quote.present, is_error);
			assert_int_equal(p.icmp.mtu, type == (v6 ? 2 : 3) ? 0x578 : 0);
			assert_int_equal(p.payload_len, v6 ? 70 : 50);
		}
	}
}

static void test_icmp_quote_all_fields(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct build f;
		struct pkt p;
		const struct icmp_quote *q = &p.icmp.quote;

		error_build(&f, v6, v6 ? 3 : 11, 0, 100);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(q->ip_proto, 6);
		assert_int_equal(q->src.b[15], 8);
		assert_int_equal(q->dst.b[15], 8);
		assert_int_equal(q->dst.b[12], v6 ? 0 : 198);
		assert_int_equal(ip_is_v4(&q->src), !v6);
		assert_int_equal(q->sport, 40000);
		assert_int_equal(q->dport, 443);
		assert_int_equal(q->seq, 0x01020304);
		assert_int_equal(q->ttl, v6 ? 58 : 57);
		assert_int_equal(q->ip_id, v6 ? 0 : 0x1234);
		/* The outer packet's own facts stay its own. */
		assert_int_equal(p.src.b[15], 1);
		assert_int_equal(p.sport, 0);
		assert_true(build_cuts_hold(&f, RAW));
	}
}

/* How much is quoted decides what is known: 8 bytes of transport are all that RFC 792 asks for. */
static void test_icmp_quote_short_only_what_is_there(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t quoted = 0; quoted < 60; quoted++) {
			size_t hdr = v6 ? 40 : 20;
			struct build f;
			struct pkt p;
			const struct icmp_quote *q = &p.icmp.quote;

			error_build(&f, v6, v6 ? 1 : 3, 1, quoted);
			assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
			assert_int_equal(q->present, quoted >= hdr);
			assert_int_equal(q->has_ports, quoted >= hdr + 4);
			assert_int_equal(q->has_seq, quoted >= hdr + 8);
			assert_int_equal(q->dport, q->has_ports ? 443 : 0);
			assert_int_equal(q->seq, q->has_seq ? 0x01020304 : 0);
		}
	}
}

static void test_icmp_quote_udp_has_no_seq(void **state)
{
	struct build f = {.n = 0};
	struct pkt p;

	(void)state;
	build_udp_wrap(&f, 1053, 53);
	build_ip4_wrap(&f, 17, 8);
	BUILD_WRAP(&f, 3, 3, 0, 0, 0, 0, 0, 0);
	build_ip4_wrap(&f, 1, 1);
	assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
	assert_true(p.icmp.quote.has_ports);
	assert_false(p.icmp.quote.has_seq);
	assert_int_equal(p.icmp.quote.sport, 1053);
	assert_int_equal(p.icmp.quote.ip_proto, 17);
}

/* Ports stand only in a first fragment, and behind IPv6's extension headers. */
static void test_icmp_quote_fragments_and_extensions(void **state)
{
	(void)state;
	for (unsigned off = 0; off < 2; off++) {
		struct build f;
		struct pkt p;

		build_tcp(&f, "abc");
		build_wrap(&f, (uint8_t[8]){6, 0, 0, (uint8_t)(off << 3 | 1), 0, 0, 0x77, 0x88}, 8);
		build_wrap(&f, (uint8_t[8]){44}, 8);
		build_ip6_wrap(&f, 60, 8);
		BUILD_WRAP(&f, 1, 0, 0, 0, 0, 0, 0, 0);
		build_ip6_wrap(&f, 58, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_true(p.icmp.quote.present);
		assert_int_equal(p.icmp.quote.ip_proto, 6);
		assert_int_equal(p.icmp.quote.ip_id, 0x7788);
		assert_int_equal(p.icmp.quote.has_ports, off == 0);
		assert_true(build_cuts_hold(&f, RAW));

		build_tcp(&f, "abc");
		build_ip4_wrap(&f, 6, 8);
		f.b[7] = (uint8_t)off;
		BUILD_WRAP(&f, 11, 0, 0, 0, 0, 0, 0, 0);
		build_ip4_wrap(&f, 1, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_true(p.icmp.quote.present);
		assert_int_equal(p.icmp.quote.has_ports, off == 0);
	}
}

static void test_icmp_quote_no_packet_absent(void **state)
{
	static const uint8_t first[] = {0x65, 0x44, 0x00}; /* version 6 in ICMP, IHL 4, nothing */

	(void)state;
	for (size_t i = 0; i < sizeof(first); i++) {
		struct build f;
		struct pkt p;

		error_build(&f, false, 3, 0, 100);
		f.b[28] = first[i];
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_false(p.icmp.quote.present);
		error_build(&f, true, 1, 0, 100);
		f.b[48] = 0x45;
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_false(p.icmp.quote.present);
	}
}

static void test_icmp_short_trunc_l4(void **state)
{
	struct build f;
	struct pkt p;
	struct decode_note note;

	(void)state;
	error_build(&f, false, 3, 4, 100);
	for (size_t cap = 20; cap < 28; cap++) {
		assert_int_equal(build_decode(&f, RAW, cap, f.n, &p, &note, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_ICMP);
		assert_true(p.quirks & QUIRK(TRUNC_L4));
		assert_int_equal(p.payload.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp_every_type_quote_only_in_errors),
		cmocka_unit_test(test_icmp_quote_all_fields),
		cmocka_unit_test(test_icmp_quote_short_only_what_is_there),
		cmocka_unit_test(test_icmp_quote_udp_has_no_seq),
		cmocka_unit_test(test_icmp_quote_fragments_and_extensions),
		cmocka_unit_test(test_icmp_quote_no_packet_absent),
		cmocka_unit_test(test_icmp_short_trunc_l4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
