/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_CERT_WRITE_H
#define WP_TESTS_CERT_WRITE_H

/* Certificates made by libcrypto, and server flights with them. Include after cmocka.h. */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "unit/tls_write.h"

struct cw {
	const char *subject, *issuer, *org; /* issuer NULL: self-issued */
	const char *san;                    /* "DNS:a,DNS:b"; NULL: none */
	EVP_PKEY *key;
};

static inline EVP_PKEY *cw_ec(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");

	assert_non_null(k);
	return k;
}

static inline void cw_name(X509_NAME *n, const char *field, const char *text)
{
	if (text)
		assert_int_equal(X509_NAME_add_entry_by_txt(n, field, MBSTRING_UTF8,
							    (const unsigned char *)text, -1, -1, 0),
				 1);
}

/* Writes the DER to out[4096]; returns its length. Valid 1700000000 -+ 1000 s. */
static inline size_t cw_der(const struct cw *c, uint8_t out[4096])
{
	X509 *x = X509_new();
	unsigned char *at = out;
	int len;

	assert_non_null(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	ASN1_TIME_set(X509_getm_notBefore(x), 1700000000 - 1000);
	ASN1_TIME_set(X509_getm_notAfter(x), 1700000000 + 1000);
	cw_name(X509_get_subject_name(x), "CN", c->subject);
	if (c->issuer) {
		X509_NAME *n = X509_NAME_new();

		cw_name(n, "O", c->org);
		cw_name(n, "CN", c->issuer);
		X509_set_issuer_name(x, n);
		X509_NAME_free(n);
	} else {
		X509_set_issuer_name(x, X509_get_subject_name(x));
	}
	X509_set_pubkey(x, c->key);
	if (c->san) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, c->san);

		assert_non_null(e);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, c->key, EVP_sha256()) > 0);
	len = i2d_X509(x, NULL);
	assert_true(len > 0 && len <= 4096);
	i2d_X509(x, &at);
	X509_free(x);
	return (size_t)len;
}

static inline void cw_hello(struct out *o, unsigned version, unsigned cipher, unsigned more_ext)
{
	size_t rec, msg, exts;

	put(o, "\x16\3\3", 3);
	rec = vec_open(o, 2);
	put_num(o, 2, 1);
	msg = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 0xab, 32);
	put_num(o, 0, 1);
	put_num(o, cipher, 2);
	put_num(o, 0, 1);
	exts = vec_open(o, 2);
	put_ext(o, 0xff01, "", 1);
	if (more_ext)
		put_ext(o, more_ext, "", 0);
	if (version == 0x0304)
		put_ext(o, 43, "\3\4", 2);
	vec_close(o, exts, 2);
	vec_close(o, msg, 3);
	vec_close(o, rec, 2);
}

/* A Certificate message of n certificates and the end of the flight, in one record. */
static inline void cw_certs(struct out *o, const struct cw *c, size_t n)
{
	uint8_t der[4096];
	size_t rec, msg, list;

	put(o, "\x16\3\3", 3);
	rec = vec_open(o, 2);
	put_num(o, 11, 1);
	msg = vec_open(o, 3);
	list = vec_open(o, 3);
	for (size_t i = 0; i < n; i++) {
		size_t len = cw_der(&c[i], der);

		put_num(o, len, 3);
		put(o, der, len);
	}
	vec_close(o, list, 3);
	vec_close(o, msg, 3);
	put(o, "\xe\0\0\0", 4);
	vec_close(o, rec, 2);
}

#endif
