/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/app_cert.h"
#include "unit/cert_write.h"
#include "unit/guard.h"

static uint8_t der[4096];

static bool read_guarded(size_t n, const char *name, struct cert *c)
{
	struct guard g = guard_copy(der, n);
	bool ok = cert_read((struct bytes){g.at, n}, name, name ? strlen(name) : 0, c);

	guard_free(&g);
	return ok;
}

static void test_cert_says_who_issued_it_for_whom(void **state)
{
	struct cw w = {"www.example.com", "mitmproxy", "mitm org",
		       "DNS:www.example.com,DNS:*.example.net", cw_ec()};
	size_t n = cw_der(&w, der);
	struct cert c;

	(void)state;
	assert_true(read_guarded(n, "www.example.com", &c));
	assert_string_equal(c.issuer_cn, "mitmproxy");
	assert_string_equal(c.issuer_org, "mitm org");
	assert_string_equal(c.issuer_unit, "");
	assert_string_equal(c.subject_cn, "www.example.com");
	assert_int_equal(c.key, CERT_KEY_EC);
	assert_int_equal(c.key_bits, 256);
	assert_int_equal(c.rsa_exponent, 0);
	assert_false(c.self_issued);
	assert_true(c.has_times);
	assert_int_equal(c.until_s - c.from_s, 2000);
	assert_int_equal(c.covers, CERT_YES);
	assert_true(read_guarded(n, "a.example.net", &c) && c.covers == CERT_YES);
	assert_true(read_guarded(n, "example.org", &c) && c.covers == CERT_NO);
	assert_true(read_guarded(n, NULL, &c) && c.covers == CERT_UNKNOWN);
	EVP_PKEY_free(w.key);
}

static void test_cert_of_an_rsa_key_and_of_nobody_else(void **state)
{
	struct cw w = {"192.168.1.1", NULL, NULL, NULL, EVP_RSA_gen(1024)};
	struct cert a, b;
	size_t n;

	(void)state;
	n = cw_der(&w, der);
	assert_true(read_guarded(n, "router.example", &a));
	assert_int_equal(a.key, CERT_KEY_RSA);
	assert_int_equal(a.key_bits, 1024);
	assert_int_equal(a.rsa_exponent, 65537);
	assert_true(a.self_issued);
	assert_int_equal(a.covers, CERT_NO);
	w.subject = "192.168.1.2"; /* another certificate, the same key */
	n = cw_der(&w, der);
	assert_true(read_guarded(n, NULL, &b));
	assert_memory_equal(a.key_hash, b.key_hash, CERT_HASH);
	assert_memory_not_equal(a.hash, b.hash, CERT_HASH);
	assert_memory_not_equal(a.issuer_hash, b.issuer_hash, CERT_HASH);
	EVP_PKEY_free(w.key);
}

static void test_cert_cut_or_damaged_is_none(void **state)
{
	struct cw w = {"a", "b", NULL, NULL, cw_ec()};
	size_t n = cw_der(&w, der);
	struct cert c;

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_false(read_guarded(i, "a", &c));
	/* Any one byte wrong: read or refused, never a crash. */
	for (size_t i = 0; i < n; i++) {
		der[i] ^= 0xff;
		(void)read_guarded(n, "a", &c); /* either is right */
		der[i] ^= 0xff;
	}
	EVP_PKEY_free(w.key);
}

static void test_cert_names_long_and_with_nul_are_kept_as_text(void **state)
{
	char longest[65], subject[CERT_TEXT], issuer[CERT_TEXT];
	struct cw w = {longest, "with#nul", NULL, NULL, cw_ec()};
	uint8_t *at;
	size_t n;

	(void)state;
	memset(longest, 'x', 64);
	longest[64] = '\0';
	n = cw_der(&w, der);
	at = memmem(der, n, "with#nul", 8);
	assert_non_null(at);
	at[4] = 0;
	assert_true(cert_names((struct bytes){der, n}, subject, issuer));
	assert_string_equal(subject, longest);
	assert_string_equal(issuer, "with.nul");
	assert_false(cert_names((struct bytes){der, 0}, subject, issuer));
	EVP_PKEY_free(w.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cert_says_who_issued_it_for_whom),
		cmocka_unit_test(test_cert_of_an_rsa_key_and_of_nobody_else),
		cmocka_unit_test(test_cert_cut_or_damaged_is_none),
		cmocka_unit_test(test_cert_names_long_and_with_nul_are_kept_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
