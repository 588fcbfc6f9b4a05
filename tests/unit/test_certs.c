/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "across/certs.h"
#include "base/limits.h"

static uint8_t addr[16];

static struct cert_note note(uint64_t no, uint64_t key, uint64_t issuer, uint64_t shape)
{
	return (struct cert_note){.flow_no = no,
				  .resp = addr,
				  .port = 443,
				  .ttl = 50,
				  .name = 77,
				  .site = 88,
				  .client_shape = 5,
				  .server_shape = shape,
				  .cert = key * 10,
				  .key = key,
				  .issuer = issuer,
				  .ts_ns = (int64_t)no,
				  .frame = no * 100};
}

static void test_certs_compare_key_issuer_and_hello(void **state)
{
	struct certs *c = certs_new();
	struct cert_note n[] = {
		note(1, 1, 1, 1), /* the one that asks */
		note(2, 1, 1, 1), /* alike */
		note(3, 2, 1, 1), /* another key */
		note(4, 2, 2, 1), /* and issuer: rotation */
		note(5, 2, 2, 2), /* and hello */
		note(6, 0, 0, 2), /* no certificate seen */
	};
	struct cert_answer a;

	(void)state;
	n[4].ttl = 61;
	for (size_t i = 0; i < 6; i++)
		certs_note(c, &n[i]);
	certs_ask(c, &n[0], &a);
	assert_int_equal(a.key_same, 1);
	assert_int_equal(a.key_other, 3);
	assert_int_equal(a.all_other, 1);
	assert_int_equal(a.all_other_frame, 500);
	assert_int_equal(a.hello_same, 3);
	assert_int_equal(a.hello_other, 2);
	assert_int_equal(a.hello_other_frame, 600);
	assert_int_equal(a.ttl_gap, 11);
	certs_free(c);
}

static void test_certs_of_other_servers_names_and_offers_are_no_controls(void **state)
{
	uint8_t other[16] = {1};
	struct certs *c = certs_new();
	struct cert_note me = note(1, 1, 1, 1), n;
	struct cert_answer a;

	(void)state;
	for (int i = 0; i < 5; i++) {
		n = note((uint64_t)i + 2, 2, 2, 2);
		n.resp = i == 0 ? other : addr;
		n.port = i == 1 ? 8443 : 443;
		n.name = i == 2 ? 78 : 77;
		n.client_shape = i == 3 ? 6 : i == 4 ? 0 : 5;
		certs_note(c, &n);
	}
	certs_note(c, &me);
	certs_ask(c, &me, &a);
	assert_int_equal(a.key_other + a.key_same + a.hello_other + a.hello_same, 0);
	me.client_shape = 0; /* its own offer is not known */
	certs_ask(c, &me, &a);
	assert_int_equal(a.key_other + a.hello_other, 0);
	certs_free(c);
}

static void test_certs_one_key_for_other_sites_at_other_addresses(void **state)
{
	uint8_t other[16] = {1};
	struct certs *c = certs_new();
	struct cert_note me = note(1, 1, 1, 1), n;
	struct cert_answer a;

	(void)state;
	certs_note(c, &me);
	for (uint64_t i = 0; i < 4; i++) {
		n = note(2 + i, 1, 1, 1);
		n.cert = i == 0 ? me.cert : 20 + i;  /* the same certificate */
		n.site = i == 1 ? me.site : 100 + i; /* the same site */
		n.resp = i == 2 ? addr : other;      /* the same address */
		certs_note(c, &n);
	}
	certs_ask(c, &me, &a);
	assert_int_equal(a.key_certs, 1);
	me.site = 0;
	certs_ask(c, &me, &a);
	assert_int_equal(a.key_certs, 0);
	certs_free(c);
}

static void test_certs_tables_are_bounded(void **state)
{
	struct certs *c = certs_new();
	struct cert_note n = note(0, 1, 1, 1);
	struct cert_answer a;

	(void)state;
	for (uint64_t i = 1; i <= 4 * LIMIT_CERT_LINES; i++) {
		n = note(i, 2, 2, 2);
		certs_note(c, &n);
	}
	n = note(999, 1, 1, 1);
	certs_ask(c, &n, &a);
	assert_int_equal(a.all_other, LIMIT_CERT_LINES);
	assert_int_equal(certs_evicted(c), 0);
	for (uint64_t i = 1; i <= 4 * LIMIT_CERT_SERVERS; i++) {
		n = note(i, i + 10, 2, 2);
		n.name = i;
		certs_note(c, &n);
	}
	assert_true(certs_evicted(c) > 0);
	certs_free(c);
	certs_free(NULL);
}

static void test_certs_next_series_knows_nothing(void **state)
{
	struct certs *c = certs_new();
	struct cert_note first = note(1, 1, 1, 1), other = note(2, 2, 2, 2);
	struct cert_answer a;

	(void)state;
	for (int series = 0; series < 3; series++) {
		static const uint8_t elsewhere[16] = {9};
		struct cert_note site = first;

		certs_ask(c, &first, &a);
		assert_int_equal(a.key_other + a.hello_other + a.key_certs, 0);
		site.resp = elsewhere;
		site.site = site.cert = 5;
		certs_note(c, &other);
		certs_note(c, &site);
		certs_ask(c, &first, &a);
		assert_int_equal(a.key_other, 1);
		assert_int_equal(a.key_certs, 1);
		certs_clear(c);
	}
	certs_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certs_next_series_knows_nothing),
		cmocka_unit_test(test_certs_compare_key_issuer_and_hello),
		cmocka_unit_test(test_certs_of_other_servers_names_and_offers_are_no_controls),
		cmocka_unit_test(test_certs_one_key_for_other_sites_at_other_addresses),
		cmocka_unit_test(test_certs_tables_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
