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

static struct tls_server s;

static enum app_got server_guarded(const void *from, size_t n)
{
	struct guard g = guard_copy(from, n);
	enum app_got got = tls_server_first((struct bytes){g.at, n}, &s);

	guard_free(&g);
	return got;
}

static void put_server_hello(struct out *o, bool tls13)
{
	size_t rec, msg, exts;

	put(o, "\x16\3\3", 3);
	rec = vec_open(o, 2);
	put_num(o, 2, 1);
	msg = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 0xab, 32);
	put_num(o, 0, 1);
	put_num(o, tls13 ? 0x1301 : 0xc02f, 2);
	put_num(o, 0, 1);
	exts = vec_open(o, 2);
	put_ext(o, 51, "\0\x1d\0\0", 4);
	if (tls13)
		put_ext(o, 43, "\3\4", 2);
	vec_close(o, exts, 2);
	vec_close(o, msg, 3);
	vec_close(o, rec, 2);
}

static void test_server_hello_gives_version_and_suite(void **state)
{
	(void)state;
	for (int tls13 = 0; tls13 < 2; tls13++) {
		struct out o = {.len = 0};

		put_server_hello(&o, tls13);
		assert_int_equal(server_guarded(o.at, o.len), APP_OK);
		assert_int_equal(s.kind, TLS_SERVER_HELLO);
		assert_int_equal(s.version, tls13 ? 0x0304 : 0x0303);
		assert_int_equal(s.cipher, tls13 ? 0x1301 : 0xc02f);
		assert_false(s.retry);
		for (size_t n = 0; n < o.len; n++)
			assert_int_equal(server_guarded(o.at, n), APP_MORE);
		o.at[5 + 4 + 2 + 32]++; /* a session id that runs into the suite */
		assert_int_equal(server_guarded(o.at, o.len), APP_BAD);
	}
}

static void test_server_hello_retry_is_told_by_its_random(void **state)
{
	static const uint8_t head[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
				       0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
				       0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
				       0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
	struct out o = {.len = 0};

	(void)state;
	put_server_hello(&o, true);
	memcpy(o.at + 11, head, sizeof(head));
	assert_int_equal(server_guarded(o.at, o.len), APP_OK);
	assert_true(s.retry);
}

static void test_server_alert_and_others(void **state)
{
	(void)state;
	assert_int_equal(server_guarded("\x15\3\3\0\2\2\x28", 7), APP_OK);
	assert_int_equal(s.kind, TLS_SERVER_ALERT);
	assert_int_equal(s.alert_level, 2);
	assert_int_equal(s.alert_desc, 40);
	assert_int_equal(server_guarded("\x15\3\3\0\2\2", 6), APP_MORE);
	assert_int_equal(server_guarded("\x15\3\3\0\x13zz", 7), APP_OK);
	assert_true(s.alert_sealed);
	assert_int_equal(server_guarded("\x14\3\3\0\1\1", 6), APP_OK);
	assert_int_equal(s.kind, TLS_SERVER_OTHER);
	assert_int_equal(s.record_type, 20);
	assert_int_equal(server_guarded("HTTP/1.1 400", 12), APP_NOT);
	assert_int_equal(server_guarded("HT", 2), APP_NOT);
	assert_int_equal(server_guarded("\x16\4\1\0\2\2\0", 7), APP_NOT);
}

/* All types and versions around the allowed ones. */
static void test_is_record(void **state)
{
	(void)state;
	for (int type = 0; type < 256; type++)
		for (int major = 2; major <= 4; major++)
			for (int minor = 0; minor < 8; minor++) {
				uint8_t b[5] = {(uint8_t)type, (uint8_t)major, (uint8_t)minor, 0x48,
						0};
				bool want = type >= 20 && type <= 24 && major == 3 && minor <= 4;

				assert_int_equal(tls_is_record((struct bytes){b, 5}), want);
				assert_false(tls_is_record((struct bytes){b, 4}));
				b[4] = 1; /* 16384 + 2048 + 1 */
				assert_false(tls_is_record((struct bytes){b, 5}));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_hello_gives_version_and_suite),
		cmocka_unit_test(test_server_hello_retry_is_told_by_its_random),
		cmocka_unit_test(test_server_alert_and_others),
		cmocka_unit_test(test_is_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
