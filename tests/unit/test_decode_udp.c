/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

enum { RAW = 101 };

static bool has(const struct pkt *p, uint32_t quirk)
{
	return p->quirks & quirk;
}

static void test_udp_length_against_ip_length(void **state)
{
	static const struct {
		uint16_t len;
		bool quirk;
		uint32_t payload;
	} t[] = {{18, false, 10}, {17, true, 9}, {8, true, 0},   {7, true, 0},
		 {1, true, 0},    {0, true, 10}, {19, true, 10}, {65535, true, 10}};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct build f = {.n = 0};
		struct pkt p;

		build_add(&f, "0123456789", 10);
		build_udp_wrap(&f, 1053, 53);
		build_be16(f.b + 4, t[i].len);
		build_ip4_wrap(&f, 17, 1);
		assert_int_equal(build_decode_all(&f, RAW, &p, NULL), DECODE_OK);
		assert_int_equal(p.l4, L4_UDP);
		assert_int_equal(p.sport, 1053);
		assert_int_equal(p.dport, 53);
		assert_int_equal(has(&p, QUIRK(UDP_LEN)), t[i].quirk);
		assert_int_equal(p.payload_len, t[i].payload);
		assert_int_equal(p.payload.len, t[i].payload);
		assert_true(build_cuts_hold(&f, RAW));
	}
}

static void test_udp_header_cut_trunc_l4(void **state)
{
	struct build f = {.n = 0};
	struct pkt p;
	struct decode_note note;

	(void)state;
	build_add(&f, "0123456789", 10);
	build_udp_wrap(&f, 1053, 53);
	build_ip4_wrap(&f, 17, 1);
	for (size_t cap = 20; cap < f.n; cap++) {
		assert_int_equal(build_decode(&f, RAW, cap, f.n, &p, &note, NULL), DECODE_OK);
		assert_int_equal(has(&p, QUIRK(TRUNC_L4)), cap < 28);
		assert_int_equal(p.sport, cap >= 24 ? 1053 : 0);
		assert_int_equal(p.dport, cap >= 24 ? 53 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_length_against_ip_length),
		cmocka_unit_test(test_udp_header_cut_trunc_l4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
