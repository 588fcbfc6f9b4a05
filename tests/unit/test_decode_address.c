/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/decode/ip.c */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "decode/decode.h"

static struct ip_addr addr_of(const char *text)
{
	struct ip_addr a = {{0}};

	if (inet_pton(AF_INET6, text, a.b) == 1)
		return a;
	a.b[10] = a.b[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, a.b + 12), 1);
	return a;
}

/* The examples of RFC 5952 4 and 5, and the edges of the zero run; each is its own usual form. */
static void test_ip_text_usual_forms(void **state)
{
	static const char *const same[] = {
		"0.0.0.0",
		"255.255.255.255",
		"1.20.103.4",
		"10.0.0.109",
		"::",
		"::1",
		"1::",
		"2001:db8::1",
		"2001:db8:0:1:1:1:1:1",
		"2001:0:0:1::1",
		"2001:db8::1:0:0:1",
		"fe80::1:2:3:4",
		"1:2:3:4:5:6:7:8",
		"0:1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:0",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"abcd:ef01::",
		"1:0:0:2::",
		"0:0:1::",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct ip_addr a = addr_of(same[i]);
		char text[IP_TEXT_MAX];

		assert_ptr_equal(ip_text(&a, text), text);
		assert_string_equal(text, same[i]);
	}
}

/* Every pattern of zero and non-zero groups agrees with the C library, except that it writes
 * addresses like ::1.2.3.4 in the mixed form, which RFC 5952 5 leaves to known prefixes. */
static void test_ip_text_all_zero_patterns_as_inet_ntop(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 256; mask++) {
		struct ip_addr a = {{0}};
		char text[IP_TEXT_MAX], want[INET6_ADDRSTRLEN];

		for (int i = 0; i < 8; i++) {
			a.b[2 * i] = 0;
			a.b[2 * i + 1] = mask >> i & 1 ? (uint8_t)(i + 0x1a) : 0;
		}
		assert_non_null(inet_ntop(AF_INET6, a.b, want, sizeof(want)));
		if (!strchr(want, '.'))
			assert_string_equal(ip_text(&a, text), want);
	}
}

static void test_ip_is_private_edges(void **state)
{
	static const struct {
		const char *text;
		bool private;
	} t[] = {
		{"10.0.0.0", true},
		{"10.255.255.255", true},
		{"9.255.255.255", false},
		{"11.0.0.0", false},
		{"172.16.0.0", true},
		{"172.31.255.255", true},
		{"172.15.255.255", false},
		{"172.32.0.0", false},
		{"192.168.0.0", true},
		{"192.168.255.255", true},
		{"192.167.255.255", false},
		{"192.169.0.0", false},
		{"100.64.0.0", true},
		{"100.127.255.255", true},
		{"100.63.255.255", false},
		{"100.128.0.0", false},
		{"169.254.0.0", true},
		{"169.253.255.255", false},
		{"169.255.0.0", false},
		{"127.0.0.1", true},
		{"126.255.255.255", false},
		{"128.0.0.0", false},
		{"8.8.8.8", false},
		{"::1", true},
		{"::", false},
		{"::2", false},
		{"1::1", false},
		{"fc00::", true},
		{"fdff:ffff::", true},
		{"fbff::", false},
		{"fe00::", false},
		{"fe80::1", true},
		{"febf::", true},
		{"fec0::", false},
		{"fe7f::", false},
		{"2001:db8::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ip_addr a = addr_of(t[i].text);

		if (ip_is_private(&a) != t[i].private)
			fail_msg("%s", t[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_text_usual_forms),
		cmocka_unit_test(test_ip_text_all_zero_patterns_as_inet_ntop),
		cmocka_unit_test(test_ip_is_private_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
