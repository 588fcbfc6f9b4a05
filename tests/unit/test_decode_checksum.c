/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_decode_build.h"

enum { RAW = 101 };

/* Decodes where the bytes stay, so that the checksum can be taken. */
static struct pkt decode_here(const struct build *f, size_t cap)
{
	struct frame fr = {.at = f->b, .cap_len = (uint32_t)cap, .wire_len = (uint32_t)f->n};
	struct decode_note note;
	struct pkt p;

	assert_int_equal(decode_frame(RAW, &fr, &p, &note), DECODE_OK);
	return p;
}

/* The sum written down the long way: the pseudo-header as bytes before the segment. */
static uint16_t sum_of(const uint8_t *pseudo, size_t n, const struct build *f)
{
	struct build all = *f;
	uint32_t sum = 0;

	build_wrap(&all, pseudo, n);
	build_add(&all, "", all.n % 2);
	for (size_t i = 0; i < all.n; i += 2) {
		sum += (uint32_t)(all.b[i] << 8 | all.b[i + 1]);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static uint16_t sum_v4(const struct build *f, uint8_t proto)
{
	uint8_t ps[12] = {192, 0, 2, 1, 198, 51, 100, 1, 0, proto};

	build_be16(ps + 10, f->n);
	return sum_of(ps, sizeof(ps), f);
}

static uint16_t sum_v6(const struct build *f, uint8_t proto)
{
	uint8_t ps[40] = {0x20, 1, 0x0d, 0xb8};

	ps[15] = ps[31] = 1;
	ps[29] = 0xff;
	memcpy(ps + 16, ps, 4);
	ps[39] = proto;
	build_be16(ps + 34, f->n);
	return sum_of(ps, sizeof(ps), f);
}

struct transport {
	uint8_t proto4, proto6;
	size_t sum_off;
};

static const struct transport transports[] = {{6, 6, 16}, {17, 17, 6}, {1, 58, 2}};

/* One transport with odd and even payloads, its checksum set right, in IPv4 or IPv6. */
static void build_right(struct build *f, const struct transport *t, bool v6, const char *payload)
{
	uint16_t sum;

	build_tcp(f, payload);
	if (t->sum_off == 6) {
		f->n = 0;
		build_add(f, payload, strlen(payload));
		build_udp_wrap(f, 40000, 443);
	} else if (t->sum_off == 2) {
		f->n = 0;
		build_add(f, payload, strlen(payload));
		BUILD_WRAP(f, 128, 0, 0, 0, 0, 1, 0, 1);
	}
	build_be16(f->b + t->sum_off, 0);
	if (v6)
		sum = sum_v6(f, t->proto6);
	else
		sum = t->proto4 == 1 ? sum_of(NULL, 0, f) : sum_v4(f, t->proto4);
	build_be16(f->b + t->sum_off, sum);
	if (v6)
		build_ip6_wrap(f, t->proto6, 1);
	else
		build_ip4_wrap(f, t->proto4, 1);
}

/* Right sums are right, and one changed bit anywhere under the sum is wrong. */
static void test_checksum_right_then_each_byte_wrong(void **state)
{
	static const char *const payloads[] = {"hello", "hello!", ""};

	(void)state;
	for (size_t i = 0; i < 18; i++) {
		const struct transport *t = &transports[i % 3];
		bool v6 = i / 3 % 2;
		struct build f;
		struct pkt p;
		size_t hdr = v6 ? 40 : 20;

		build_right(&f, t, v6, payloads[i / 6]);
		p = decode_here(&f, f.n);
		assert_int_equal(decode_checksum(&p), 1);
		for (size_t at = hdr; at < f.n; at++) {
			/* The lengths that UDP and TCP tell about themselves would change what is
			 * covered. */
			if ((t->sum_off == 6 && (at == hdr + 4 || at == hdr + 5)) ||
			    (t->sum_off == 16 && at == hdr + 12))
				continue;
			f.b[at] ^= 0x10;
			p = decode_here(&f, f.n);
			assert_int_equal(decode_checksum(&p), 0);
			f.b[at] ^= 0x10;
		}
		/* An address changed by a translator that forgot the sum; ICMP's covers none. */
		f.b[hdr - 1] ^= 1;
		p = decode_here(&f, f.n);
		assert_int_equal(decode_checksum(&p), t->sum_off == 2 && !v6 ? 1 : 0);
	}
}

static void test_checksum_not_all_captured_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct build f;
		bool v6 = i >= 3;

		build_right(&f, &transports[i % 3], v6, "hello");
		for (size_t cap = v6 ? 40 : 20; cap < f.n; cap++) {
			struct pkt p = decode_here(&f, cap);

			assert_int_equal(decode_checksum(&p), -1);
		}
	}
}

static void test_checksum_udp_zero_unknown(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_right(&f, &transports[1], false, "hello");
	build_be16(f.b + 26, 0);
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), -1);
}

/* UDP covers what its own length says; bytes behind it, inside the IP length, are not summed. */
static void test_checksum_udp_own_length_counts(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_right(&f, &transports[1], false, "hello");
	build_add(&f, "junk", 4);
	build_be16(f.b + 2, f.n);
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), 1);
}

static void test_checksum_fragment_and_others_unknown(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_right(&f, &transports[0], false, "hello");
	f.b[6] = 0x20;
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), -1);
	f.b[6] = 0;
	f.b[9] = 132;
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), -1);
}

/* A route in an extension header or option may name another final destination: a mismatch proves
 * nothing then. */
static void test_checksum_mismatch_with_options_unknown(void **state)
{
	struct build f;
	struct pkt p;

	(void)state;
	build_tcp(&f, "hello");
	BUILD_WRAP(&f, 6, 0, 0, 1, 0, 0, 0, 0);
	build_ip6_wrap(&f, 43, 1);
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), -1);
	build_tcp(&f, "hello");
	BUILD_WRAP(&f, 1, 1, 1, 1);
	build_ip4_wrap(&f, 6, 1);
	f.b[0] = 0x46;
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), -1);
	/* The right sum is right all the same. */
	build_tcp(&f, "hello");
	build_be16(f.b + 16, 0);
	build_be16(f.b + 16, sum_v4(&f, 6));
	BUILD_WRAP(&f, 1, 1, 1, 1);
	build_ip4_wrap(&f, 6, 1);
	f.b[0] = 0x46;
	p = decode_here(&f, f.n);
	assert_int_equal(decode_checksum(&p), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum_right_then_each_byte_wrong),
		cmocka_unit_test(test_checksum_not_all_captured_unknown),
		cmocka_unit_test(test_checksum_udp_zero_unknown),
		cmocka_unit_test(test_checksum_udp_own_length_counts),
		cmocka_unit_test(test_checksum_fragment_and_others_unknown),
		cmocka_unit_test(test_checksum_mismatch_with_options_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
