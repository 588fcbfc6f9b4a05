/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates as a middlebox or a server shows them. Nothing is verified: who is trusted depends on
 * the machine, and what is told must not. */
#include "app/app_cert.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static void name_text(const X509_NAME *n, int nid, char out[CERT_TEXT])
{
	int i = n ? X509_NAME_get_index_by_NID(n, nid, -1) : -1, len;
	unsigned char *utf8 = NULL;
	size_t keep;

	out[0] = '\0';
	if (i < 0)
		return;
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, i)));
	if (len < 0)
		return;
	keep = (size_t)len < CERT_TEXT - 1 ? (size_t)len : CERT_TEXT - 1;
	for (size_t k = 0; k < keep; k++)
		out[k] = utf8[k] ? (char)utf8[k] : '.';
	out[keep] = '\0';
	OPENSSL_free(utf8);
}

static bool time_s(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return false;
	*out = timegm(&tm);
	return true;
}

static void read_key(X509 *x, struct cert *out)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	BIGNUM *e = NULL;

	if (!key)
		return;
	out->key = EVP_PKEY_is_a(key, "RSA")  ? CERT_KEY_RSA
		   : EVP_PKEY_is_a(key, "EC") ? CERT_KEY_EC
					      : CERT_KEY_OTHER;
	out->key_bits = EVP_PKEY_get_bits(key) > 0 ? (uint32_t)EVP_PKEY_get_bits(key) : 0;
	if (out->key == CERT_KEY_RSA && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e)) {
		if (BN_num_bits(e) <= 64)
			out->rsa_exponent = (uint64_t)BN_get_word(e);
		BN_free(e);
	}
}

static bool hash_key_and_issuer(X509 *x, struct cert *out)
{
	unsigned char *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	bool ok = len > 0 && EVP_Digest(spki, (size_t)len, out->key_hash, NULL, EVP_sha256(), NULL);
	unsigned int n = CERT_HASH;

	OPENSSL_free(spki);
	return ok && X509_NAME_digest(X509_get_issuer_name(x), EVP_sha256(), out->issuer_hash, &n);
}

static X509 *parse(struct bytes der)
{
	const unsigned char *at = der.at;

	return der.len && der.len <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
}

bool cert_read(struct bytes der, const char *name, size_t name_len, struct cert *out)
{
	X509 *x = parse(der);
	const X509_NAME *issuer, *subject;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!x)
		return false;
	issuer = X509_get_issuer_name(x);
	subject = X509_get_subject_name(x);
	ok = EVP_Digest(der.at, der.len, out->hash, NULL, EVP_sha256(), NULL) &&
	     hash_key_and_issuer(x, out);
	name_text(issuer, NID_commonName, out->issuer_cn);
	name_text(issuer, NID_organizationName, out->issuer_org);
	name_text(issuer, NID_organizationalUnitName, out->issuer_unit);
	name_text(subject, NID_commonName, out->subject_cn);
	out->self_issued = X509_NAME_cmp(issuer, subject) == 0;
	out->has_times = time_s(X509_get0_notBefore(x), &out->from_s) &&
			 time_s(X509_get0_notAfter(x), &out->until_s);
	read_key(x, out);
	if (name && name_len) {
		int got = X509_check_host(x, name, name_len, 0, NULL);

		out->covers = got == 1 ? CERT_YES : got == 0 ? CERT_NO : CERT_UNKNOWN;
	}
	X509_free(x);
	return ok;
}

bool cert_names(struct bytes der, char subject[CERT_TEXT], char issuer[CERT_TEXT])
{
	X509 *x = parse(der);

	if (!x)
		return false;
	name_text(X509_get_subject_name(x), NID_commonName, subject);
	name_text(X509_get_issuer_name(x), NID_commonName, issuer);
	X509_free(x);
	return true;
}
