/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "app/app_tls.h"
#include "unit/guard.h"
#include "unit/tls_write.h"

static void put_sni(struct out *o, const char *name, size_t n)
{
	put_num(o, 0, 2);
	put_num(o, n + 5, 2);
	put_num(o, n + 3, 2);
	put_num(o, 0, 1);
	put_num(o, n, 2);
	put(o, name, n);
}

/* A hello of a present-day browser's shape; `share` bytes of key shares. n_name 0: no SNI. */
static void put_hello(struct out *o, const char *name, size_t n_name, size_t share)
{
	static const uint8_t shares[2000];
	size_t msg, exts;

	put_num(o, 1, 1);
	msg = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 0xab, 32);
	put_num(o, 32, 1);
	put_fill(o, 0xcd, 32);
	put_num(o, 6, 2);
	put(o, "\x4a\x4a\x13\x01\x13\x02", 6);
	put(o, "\1\0", 2);
	exts = vec_open(o, 2);
	put_ext(o, 0x1a1a, "", 0);
	if (n_name)
		put_sni(o, name, n_name);
	put_ext(o, 16, "\0\x0c\2h2\x08http/1.1", 14);
	put_ext(o, 43, "\6\x6a\x6a\3\4\3\3", 7);
	put_ext(o, 51, shares, share);
	put_ext(o, 0xfe0d, "\0\1", 2);
	vec_close(o, exts, 2);
	vec_close(o, msg, 3);
}

/* The message in records of at most `each` bytes. */
static void put_records(struct out *o, const struct out *msg, size_t each)
{
	for (size_t at = 0; at < msg->len; at += each) {
		size_t n = msg->len - at < each ? msg->len - at : each;

		put_num(o, 22, 1);
		put_num(o, 0x0301, 2);
		put_num(o, n, 2);
		put(o, msg->at + at, n);
	}
}

static struct tls_hello h;
static uint8_t scratch[TLS_SCRATCH_BYTES];

static enum app_got hello_guarded(const uint8_t *from, size_t n)
{
	struct guard g = guard_copy(from, n);
	enum app_got got = tls_client_hello((struct bytes){g.at, n}, scratch, sizeof(scratch), &h);

	guard_free(&g);
	return got;
}

static void assert_hello(size_t share)
{
	assert_int_equal(h.record_version, 0x0301);
	assert_int_equal(h.version, 0x0303);
	assert_int_equal(h.version_max, 0x0304);
	assert_true(h.has_random && h.has_sni && h.sni_valid && h.has_ech);
	assert_false(h.has_esni || h.sslv2 || h.exts_cut);
	assert_string_equal(h.sni, "www.example.com");
	assert_int_equal(h.sni_len, 15);
	assert_string_equal(h.alpn, "h2");
	assert_int_equal(h.n_suites, 3);
	assert_int_equal(h.n_exts, 6);
	assert_int_equal(h.key_share_bytes, share);
}

static void test_hello_in_one_record_gives_every_field(void **state)
{
	struct out msg = {.len = 0}, rec = {.len = 0};

	(void)state;
	put_hello(&msg, "WWW.example.com", 15, 1200);
	put_records(&rec, &msg, 16384);
	put(&rec, "\x14\3\3\0\1\1", 6); /* what comes next is not the hello's */
	assert_int_equal(hello_guarded(rec.at, rec.len), APP_OK);
	assert_hello(1200);
	assert_int_equal(h.msg_len, msg.len);
	assert_int_equal(h.end_off, rec.len - 6);
	assert_int_equal(h.n_records, 1);
}

/* Records of every size from 1 on: same fields, and the end is that of the last record. */
static void test_hello_over_many_records_is_put_together(void **state)
{
	struct out msg = {.len = 0};

	(void)state;
	put_hello(&msg, "www.Example.com", 15, 36);
	for (size_t each = 1; each <= msg.len; each++) {
		struct out rec = {.len = 0};

		put_records(&rec, &msg, each);
		assert_int_equal(hello_guarded(rec.at, rec.len), APP_OK);
		assert_hello(36);
		assert_int_equal(h.end_off, rec.len);
		assert_int_equal(h.n_records, (msg.len + each - 1) / each);
	}
}

/* Cut anywhere, in one record or in several: APP_MORE, and never a wrong name. */
static void test_hello_cut_at_every_length_says_more(void **state)
{
	struct out msg = {.len = 0};
	const size_t sizes[] = {16384, 100, 7};

	(void)state;
	put_hello(&msg, "www.example.com", 15, 36);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct out rec = {.len = 0};

		put_records(&rec, &msg, sizes[i]);
		for (size_t n = 0; n < rec.len; n++) {
			assert_int_equal(hello_guarded(rec.at, n), APP_MORE);
			assert_true(h.end_off == 0 || h.end_off == rec.len);
			assert_string_equal(h.sni, h.has_sni ? "www.example.com" : "");
		}
		assert_true(h.has_sni);
	}
}

/* The first of two segments holds the name: it is known before the second comes, and so is the end. */
static void test_hello_first_segment_gives_name_and_end(void **state)
{
	struct out msg = {.len = 0}, rec = {.len = 0};

	(void)state;
	put_hello(&msg, "www.example.com", 15, 1900);
	put_records(&rec, &msg, 16384);
	assert_int_equal(hello_guarded(rec.at, 1400), APP_MORE);
	assert_string_equal(h.sni, "www.example.com");
	assert_int_equal(h.end_off, rec.len);
}

static void test_hello_without_record_layer(void **state)
{
	struct out msg = {.len = 0};
	struct guard g;

	(void)state;
	put_hello(&msg, "www.example.com", 15, 36);
	for (size_t n = 0; n <= msg.len; n++) {
		g = guard_copy(msg.at, n);
		assert_int_equal(tls_hello_body((struct bytes){g.at, n}, &h),
				 n < msg.len ? APP_MORE : APP_OK);
		guard_free(&g);
	}
	h.record_version = 0x0301;
	assert_hello(36);
	assert_int_equal(tls_hello_body((struct bytes){(const uint8_t *)"\2", 1}, &h), APP_NOT);
}

/* Every byte of a hello set to 0, 0xff and one more: any answer, but none reads outside or breaks text. */
static void test_hello_with_each_byte_changed_stays_inside(void **state)
{
	struct out msg = {.len = 0}, rec = {.len = 0};

	(void)state;
	put_hello(&msg, "www.example.com", 15, 36);
	put_records(&rec, &msg, 90);
	for (size_t i = 0; i < rec.len * 3; i++) {
		uint8_t was = rec.at[i / 3];
		uint8_t set[] = {0, 0xff, (uint8_t)(was + 1)};

		rec.at[i / 3] = set[i % 3];
		(void)hello_guarded(rec.at, rec.len); /* any of the four may be right */
		assert_true(h.end_off <= rec.len + 65535);
		assert_int_equal(h.sni[h.sni_len], 0);
		rec.at[i / 3] = was;
	}
}

static void test_sni_validity(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		bool valid;
	} cases[] = {
		{"a", 1, true},
		{"ex_am-ple.co", 12, true},
		{"xn--p1ai", 8, true},
		{"1.2.3.a", 7, true},
		{"1.2.3.4", 7, false},
		{"12", 2, false},
		{".a", 2, false},
		{"a.", 2, false},
		{"a..b", 4, false},
		{"a b", 3, false},
		{"a\0b", 3, false},
		{"a:443", 5, false},
		{"\xc3\xa4.de", 5, false},
		{"fe80::1", 7, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct out msg = {.len = 0};

		put_hello(&msg, cases[i].name, cases[i].len, 36);
		assert_int_equal(tls_hello_body((struct bytes){msg.at, msg.len}, &h), APP_OK);
		assert_true(h.has_sni);
		assert_int_equal(h.sni_valid, cases[i].valid);
		assert_int_equal(h.sni_len, cases[i].len);
		assert_memory_equal(h.sni, cases[i].name, cases[i].len);
	}
}

static void test_sni_too_long_is_kept_in_part(void **state)
{
	struct out msg = {.len = 0};
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	put_hello(&msg, name, 253, 36);
	assert_int_equal(tls_hello_body((struct bytes){msg.at, msg.len}, &h), APP_OK);
	assert_true(h.sni_valid);
	msg.len = 0;
	put_hello(&msg, name, 300, 36);
	assert_int_equal(tls_hello_body((struct bytes){msg.at, msg.len}, &h), APP_OK);
	assert_true(h.has_sni);
	assert_false(h.sni_valid);
	assert_int_equal(h.sni_len, 255);
}

/* A hello of TLS 1.0 without any extension. */
static void test_hello_without_extensions(void **state)
{
	static const char hello[] = "\x16\3\1\0\x2d\1\0\0\x29\3\1"
				    "0123456789abcdef0123456789abcdef"
				    "\0\0\2\0\x2f\1\0";

	(void)state;
	assert_int_equal(hello_guarded((const uint8_t *)hello, sizeof(hello) - 1), APP_OK);
	assert_int_equal(h.version_max, 0x0301);
	assert_int_equal(h.n_suites, 1);
	assert_int_equal(h.n_exts, 0);
	assert_false(h.has_sni);
}

static void test_hello_longer_than_scratch_is_bad(void **state)
{
	struct out msg = {.len = 0}, rec = {.len = 0};

	(void)state;
	put_hello(&msg, "www.example.com", 15, 1200);
	put_records(&rec, &msg, 500);
	assert_int_equal(tls_client_hello((struct bytes){rec.at, rec.len}, scratch, 600, &h),
			 APP_BAD);
	assert_string_equal(h.sni, "www.example.com");
	assert_int_equal(tls_client_hello((struct bytes){rec.at, rec.len}, scratch, msg.len, &h),
			 APP_OK);
}

static void test_not_a_hello_is_told(void **state)
{
	static const struct {
		const char *at;
		size_t len;
		enum app_got want;
	} cases[] = {
		{"GET / HTTP/1.1\r\n", 16, APP_NOT},
		{"\x16\2\1\0\5\1\0\0\1\0", 10, APP_NOT},     /* version 2.x */
		{"\x17\3\3\0\5\1\0\0\1\0", 10, APP_NOT},     /* application data */
		{"\x16\3\1\0\4\2\0\0\0", 9, APP_NOT},        /* ServerHello */
		{"\x16\3\1\xff\xff\1\0\0\1\0", 10, APP_NOT}, /* no record is that long */
		{"\x16\3\1\0\0\x16\3\1\0\5", 10, APP_BAD},   /* empty handshake record */
		{"\x16\3\1\0\5\1\0\0\1\0", 10, APP_BAD},     /* message too short for a version */
		{"\x16\3\1\0\2\1\0\x15\3\1\0\2\1\0", 14, APP_BAD}, /* an alert in the middle */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(hello_guarded((const uint8_t *)cases[i].at, cases[i].len),
				 cases[i].want);
}

static void test_sslv2_hello_has_no_name(void **state)
{
	static const char hello[] = "\x80\x1f\1\3\1\0\6\0\0\0\x10\0\0\x2f\7\0\xc0"
				    "0123456789abcdef";

	(void)state;
	assert_int_equal(hello_guarded((const uint8_t *)hello, sizeof(hello) - 1), APP_OK);
	assert_true(h.sslv2);
	assert_int_equal(h.version, 0x0301);
	assert_int_equal(h.n_suites, 2);
	assert_int_equal(h.end_off, sizeof(hello) - 1);
	for (size_t n = 0; n < sizeof(hello) - 1; n++)
		assert_int_equal(hello_guarded((const uint8_t *)hello, n), APP_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_in_one_record_gives_every_field),
		cmocka_unit_test(test_hello_over_many_records_is_put_together),
		cmocka_unit_test(test_hello_cut_at_every_length_says_more),
		cmocka_unit_test(test_hello_first_segment_gives_name_and_end),
		cmocka_unit_test(test_hello_without_record_layer),
		cmocka_unit_test(test_hello_with_each_byte_changed_stays_inside),
		cmocka_unit_test(test_sni_validity),
		cmocka_unit_test(test_sni_too_long_is_kept_in_part),
		cmocka_unit_test(test_hello_without_extensions),
		cmocka_unit_test(test_hello_longer_than_scratch_is_bad),
		cmocka_unit_test(test_not_a_hello_is_told),
		cmocka_unit_test(test_sslv2_hello_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
