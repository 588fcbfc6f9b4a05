/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/app_tls.h"
#include "app/app_tls_flight.h"
#include "unit/cert_write.h"
#include "unit/guard.h"

static uint8_t scratch[TLS_SCRATCH_BYTES];
static struct tls_flight fl;

static enum app_got read_guarded(const void *from, size_t n)
{
	struct guard g = guard_copy(from, n);
	enum app_got got = tls_flight_read((struct bytes){g.at, n}, scratch, sizeof(scratch), &fl);

	guard_free(&g);
	return got;
}

static void write_flight(struct out *o)
{
	struct cw c[2] = {{"www.example.com", "Some CA", NULL, NULL, cw_ec()},
			  {"Some CA", "Some Root", NULL, NULL, NULL}};

	o->len = 0;
	c[1].key = c[0].key;
	cw_hello(o, 0x0303, 0xc02f, 23);
	cw_certs(o, c, 2);
	EVP_PKEY_free(c[0].key);
}

static void test_flight_cut_at_every_length_asks_for_more(void **state)
{
	static struct out o;

	(void)state;
	write_flight(&o);
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	assert_true(fl.has_hello && fl.has_certs && !fl.retry);
	assert_int_equal(fl.n_certs, 2);
	assert_int_equal(fl.version, 0x0303);
	assert_int_equal(fl.cipher, 0xc02f);
	assert_int_equal(fl.n_exts, 2);
	assert_int_equal(fl.ext[1], 23);
	for (size_t n = 0; n + 4 < o.len; n++) {
		assert_int_equal(read_guarded(o.at, n), APP_MORE);
		assert_false(fl.has_certs);
	}
	/* The end of the flight is not waited for. */
	assert_int_equal(read_guarded(o.at, o.len - 4), APP_OK);
}

/* One byte a record, as evasion tools do it. */
static void test_flight_over_many_records_is_put_together(void **state)
{
	static struct out o, many;
	size_t n = 0;

	(void)state;
	write_flight(&o);
	many.len = 0;
	for (size_t off = 0; off < o.len; off += 5 + n) {
		n = (size_t)o.at[off + 3] << 8 | o.at[off + 4];
		for (size_t i = 0; i < n && many.len < sizeof(many.at) - 20; i += 3) {
			size_t len = n - i < 3 ? n - i : 3;

			put(&many, "\x16\3\3\0", 4);
			put_num(&many, len, 1);
			put(&many, o.at + off + 5 + i, len);
		}
	}
	assert_int_equal(read_guarded(many.at, many.len), APP_OK);
	assert_int_equal(fl.n_certs, 2);
}

static void test_flight_of_tls13_ends_with_the_hello(void **state)
{
	static struct out o;

	(void)state;
	o.len = 0;
	cw_hello(&o, 0x0304, 0x1301, 0);
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	assert_int_equal(fl.version, 0x0304);
	assert_false(fl.has_certs);
	assert_true(tls_flight_shape(&fl) != 0);
}

/* Resumed: change-cipher-spec right behind the hello. */
static void test_flight_without_certificates_is_whole_at_the_next_record_type(void **state)
{
	static struct out o;

	(void)state;
	o.len = 0;
	cw_hello(&o, 0x0303, 0xc02f, 0);
	assert_int_equal(read_guarded(o.at, o.len), APP_MORE);
	put(&o, "\x14\3\3\0\1\1", 6);
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	assert_false(fl.has_certs);
}

static void test_flight_damaged_is_told_from_foreign(void **state)
{
	static struct out o;

	(void)state;
	assert_int_equal(read_guarded("HTTP/1.1 200 OK\r\n", 17), APP_NOT);
	assert_int_equal(read_guarded("\x15\3\3\0\2\2\x28", 7), APP_NOT);
	write_flight(&o);
	o.at[5 + 4 + 2 + 32] = 200; /* session id longer than the message */
	assert_int_equal(read_guarded(o.at, o.len), APP_BAD);
	write_flight(&o);
	{
		size_t cert = 5 + ((size_t)o.at[3] << 8 | o.at[4]) + 5 + 4;

		o.at[cert + 2]++; /* the list is longer than the message */
		assert_int_equal(read_guarded(o.at, o.len), APP_BAD);
		o.at[cert + 2]--;
		o.at[cert + 3] = 0xff; /* a certificate longer than the list */
		assert_int_equal(read_guarded(o.at, o.len), APP_BAD);
	}
	write_flight(&o);
	assert_int_equal(tls_flight_read((struct bytes){o.at, o.len}, scratch, 64, &fl), APP_BAD);
}

static void test_shape_of_a_server_depends_on_suite_and_order(void **state)
{
	static struct out o;
	uint64_t first;

	(void)state;
	o.len = 0;
	cw_hello(&o, 0x0304, 0x1301, 51);
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	first = tls_flight_shape(&fl);
	o.len = 0;
	cw_hello(&o, 0x0304, 0x1302, 51);
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	assert_true(first != tls_flight_shape(&fl));
	o.len = 0;
	cw_hello(&o, 0x0304, 0x1301, 41); /* resumption adds pre_shared_key */
	assert_int_equal(read_guarded(o.at, o.len), APP_OK);
	fl.ext[1] = 41;
	assert_true(first != tls_flight_shape(&fl));
	fl.retry = true;
	assert_int_equal(tls_flight_shape(&fl), 0);
}

static void put_client(struct out *o, const char *suites, size_t n, const unsigned *ext,
		       size_t n_ext)
{
	size_t rec, msg, exts;

	o->len = 0;
	put(o, "\x16\3\1", 3);
	rec = vec_open(o, 2);
	put_num(o, 1, 1);
	msg = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 1, 32);
	put_num(o, 0, 1);
	put_num(o, n, 2);
	put(o, suites, n);
	put(o, "\1\0", 2);
	exts = vec_open(o, 2);
	for (size_t i = 0; i < n_ext; i++)
		put_ext(o, ext[i], "abc", 3);
	vec_close(o, exts, 2);
	vec_close(o, msg, 3);
	vec_close(o, rec, 2);
}

static uint64_t client_shape(const struct out *o, size_t len)
{
	struct guard g = guard_copy(o->at, len);
	uint64_t h = tls_hello_shape((struct bytes){g.at, len}, scratch, sizeof(scratch));

	guard_free(&g);
	return h;
}

static void test_shape_of_a_client_forgets_order_grease_and_resumption(void **state)
{
	static const unsigned a[] = {0, 10, 43}, b[] = {0x1a1a, 43, 0, 10, 41}, c[] = {0, 10};
	static struct out o;
	uint64_t h;

	(void)state;
	put_client(&o, "\x13\1\xc0\x2f", 4, a, 3);
	h = client_shape(&o, o.len);
	assert_true(h != 0);
	for (size_t n = 0; n < o.len; n++)
		assert_int_equal(client_shape(&o, n), 0);
	put_client(&o, "\xfa\xfa\x13\1\xc0\x2f", 6, b, 5);
	assert_true(client_shape(&o, o.len) == h);
	put_client(&o, "\x13\1\xc0\x2f", 4, c, 2);
	assert_true(client_shape(&o, o.len) != h);
	put_client(&o, "\xc0\x2f\x13\1", 4, a, 3);
	assert_true(client_shape(&o, o.len) != h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flight_cut_at_every_length_asks_for_more),
		cmocka_unit_test(test_flight_over_many_records_is_put_together),
		cmocka_unit_test(test_flight_of_tls13_ends_with_the_hello),
		cmocka_unit_test(test_flight_without_certificates_is_whole_at_the_next_record_type),
		cmocka_unit_test(test_flight_damaged_is_told_from_foreign),
		cmocka_unit_test(test_shape_of_a_server_depends_on_suite_and_order),
		cmocka_unit_test(test_shape_of_a_client_forgets_order_grease_and_resumption),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
