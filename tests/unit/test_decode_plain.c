/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way reads what the long way reads: each frame is decoded as it is and behind a VLAN tag, which
 * the short way does not know, whole and cut at every length. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

enum { ETHERNET = 1, TAG = 4 };

/* Views and the frame's length differ by the tag; everything else must not. */
static void check_same(const struct build *f, size_t cap, size_t wire)
{
	struct build tagged = {.n = 0};
	struct decode_note note_a, note_b;
	char head_a[16], head_b[16];
	enum decode_got a, b;
	struct pkt p, q;

	build_add(&tagged, f->b, 12);
	build_add(&tagged, (const uint8_t[]){0x81, 0, 0, 5}, TAG);
	build_add(&tagged, f->b + 12, f->n - 12);
	a = build_decode(f, ETHERNET, cap, wire, &p, &note_a, head_a);
	b = build_decode(&tagged, ETHERNET, cap + TAG, wire + TAG, &q, &note_b, head_b);
	assert_int_equal(a, b);
	assert_int_equal(note_a.ethertype, note_b.ethertype);
	assert_memory_equal(head_a, head_b, sizeof(head_a));
	assert_int_equal(p.payload.len, q.payload.len);
	assert_int_equal(p.l4_bytes.len, q.l4_bytes.len);
	assert_int_equal(p.wire_len + TAG, q.wire_len);
	p.payload = q.payload;
	p.l4_bytes = q.l4_bytes;
	p.wire_len = q.wire_len;
	assert_memory_equal(&p, &q, sizeof(p));
}

static void check_cuts(const struct build *f)
{
	for (size_t cap = 14; cap <= f->n; cap++) {
		check_same(f, cap, f->n);
		check_same(f, cap, cap);
	}
	check_same(f, f->n, f->n + 9);
}

static void wrap_ip(struct build *f, bool v6, uint8_t proto)
{
	if (v6)
		build_ip6_wrap(f, proto, 1);
	else
		build_ip4_wrap(f, proto, 1);
	build_ether_wrap(f, v6 ? 0x86dd : 0x0800);
}

static void test_plain_tcp_is_read_the_same(void **state)
{
	static const char *const payload[] = {"", "\1", "GET / HTTP/1.1\r\n",
					      "12345678901234567890123456"};
	struct build f;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t i = 0; i < sizeof(payload) / sizeof(payload[0]); i++) {
			build_tcp(&f, payload[i]);
			wrap_ip(&f, v6, 6);
			check_cuts(&f);
			build_add(&f, "\0\0\0\0\0\0", 6); /* an Ethernet trailer */
			check_cuts(&f);
		}
}

/* Every value of the bytes that decide, one at a time. */
static void test_plain_any_byte_of_the_headers_is_read_the_same(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t at = 14; at < 14 + (v6 ? 40u : 20u) + 20; at++)
			for (int value = 0; value < 256; value++) {
				struct build f;

				build_tcp(&f, "12345678901234567890123456");
				wrap_ip(&f, v6, 6);
				f.b[at] = (uint8_t)value;
				check_same(&f, f.n, f.n);
			}
}

static void test_plain_udp_and_its_tunnels_are_read_the_same(void **state)
{
	static const uint16_t port[] = {53, 443, 2152, 3544, 4789, 6081, 6635, 8472};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++) {
			struct build f;

			build_tcp(&f, "inside");
			build_ip4_wrap(&f, 6, 7);
			build_ether_wrap(&f, 0x0800);
			BUILD_WRAP(&f, 0x08, 0, 0, 0, 0, 0, 1, 0);
			build_udp_wrap(&f, 40000, port[i]);
			wrap_ip(&f, v6, 17);
			check_cuts(&f);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_tcp_is_read_the_same),
		cmocka_unit_test(test_plain_any_byte_of_the_headers_is_read_the_same),
		cmocka_unit_test(test_plain_udp_and_its_tunnels_are_read_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
