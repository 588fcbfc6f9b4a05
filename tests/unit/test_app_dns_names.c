/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/app_dns.h"

static void test_name_is_public(void **state)
{
	static const struct {
		const char *name;
		bool want;
	} cases[] = {
		{"example.com", true},
		{"example.com.", true},
		{"www.example", true},
		{"a.b.c.d", true},
		{"mylocal.net", true},
		{"notlan.org", true},
		{"wpad2.example.com", true},
		{"home.example.com", true},
		{"", false},
		{".", false},
		{"localhost", false},
		{"printer", false},
		{"printer.local", false},
		{"a.b.lan", false},
		{"router.home", false},
		{"x.home.arpa", false},
		{"1.2.0.192.in-addr.arpa", false},
		{"8.b.d.ip6.arpa", false},
		{"db.internal", false},
		{"dc.corp", false},
		{"abc.onion", false},
		{"x.test", false},
		{"x.invalid", false},
		{"wpad.example.com", false},
		{"wpad.com.", false},
		{"10-0-0-1.aa.plex.direct", false},
		{"plex.direct", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(dns_name_is_public(cases[i].name), cases[i].want);
}

/* First and last address of each range, and its neighbours outside. */
static void test_bogon_v4_edges(void **state)
{
	static const struct {
		uint8_t addr[4];
		bool want;
	} cases[] = {
		{{0, 0, 0, 0}, true},          {{0, 255, 255, 255}, true},
		{{1, 0, 0, 0}, false},         {{9, 255, 255, 255}, false},
		{{10, 0, 0, 0}, true},         {{10, 255, 255, 255}, true},
		{{11, 0, 0, 0}, false},        {{100, 63, 255, 255}, false},
		{{100, 64, 0, 0}, true},       {{100, 127, 255, 255}, true},
		{{100, 128, 0, 0}, false},     {{126, 255, 255, 255}, false},
		{{127, 0, 0, 1}, true},        {{128, 0, 0, 0}, false},
		{{169, 253, 255, 255}, false}, {{169, 254, 0, 0}, true},
		{{169, 255, 0, 0}, false},     {{172, 15, 255, 255}, false},
		{{172, 16, 0, 0}, true},       {{172, 31, 255, 255}, true},
		{{172, 32, 0, 0}, false},      {{192, 0, 2, 1}, false},
		{{192, 167, 255, 255}, false}, {{192, 168, 0, 0}, true},
		{{192, 169, 0, 0}, false},     {{198, 51, 100, 1}, false},
		{{203, 0, 113, 1}, false},     {{223, 255, 255, 255}, false},
		{{224, 0, 0, 0}, true},        {{240, 0, 0, 0}, true},
		{{255, 255, 255, 255}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(dns_addr_bogon(DNS_A, cases[i].addr), cases[i].want);
	assert_false(dns_addr_bogon(DNS_CNAME, cases[0].addr));
}

static void test_bogon_v6_edges(void **state)
{
	static const struct {
		uint8_t addr[16];
		bool want;
	} cases[] = {
		{{0}, true},
		{{[15] = 1}, true},
		{{0x00, 0xd0, [15] = 0x11}, true}, /* d0::11, seen in Iran */
		{{0x1f, 0xff}, true},
		{{0x20, 0x00}, false},
		{{0x20, 0x01, 0x0d, 0xb8}, false},
		{{0x3f, 0xff}, false},
		{{0x40, 0x00}, true},
		{{0xfc, 0x00}, true},
		{{0xfd, 0xff}, true},
		{{0xfe, 0x80}, true},
		{{0xff, 0x02}, true},
		{{[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}, true},
		{{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, false},
		{{0x00, 0x64, 0xff, 0x9b, [12] = 192, 0, 2, 1}, false},
		{{0x00, 0x64, 0xff, 0x9b, [12] = 127, 0, 0, 1}, true},
		{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01, [12] = 10}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(dns_addr_bogon(DNS_AAAA, cases[i].addr), cases[i].want);
}

static void test_teredo0_needs_prefix_and_empty_server(void **state)
{
	uint8_t addr[16] = {0x20, 0x01, [8] = 0x80, [12] = 0x5d, 0x2e, 0x08, 0x59};

	(void)state;
	assert_true(dns_addr_teredo0(addr));
	for (size_t i = 0; i < 8; i++) {
		addr[i] ^= 1;
		assert_false(dns_addr_teredo0(addr));
		addr[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_is_public),
		cmocka_unit_test(test_bogon_v4_edges),
		cmocka_unit_test(test_bogon_v6_edges),
		cmocka_unit_test(test_teredo0_needs_prefix_and_empty_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
