/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_quic_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "app/app_quic.h"
#include "base/sha256.h"

enum { BLOCK_LEN = 64, TAG_LEN = 16, SAMPLE_AT = 4, SAMPLE_LEN = 16, LABEL_MAX = 16 };

static const struct version {
	uint32_t version;
	uint8_t salt[20];
	const char *label; /* what the labels of key, iv and hp start with */
} versions[] = {
	{QUIC_V1, /* RFC 9001 5.2 */
	 {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
	 "quic"},
	{QUIC_V2, /* RFC 9369 3.3.1 */
	 {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
	 "quicv2"},
	{QUIC_DRAFT29, /* draft-ietf-quic-tls-29 5.2 */
	 {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
	  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
	 "quic"},
};

static const struct version *version_get(uint32_t version)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].version == version)
			return &versions[i];
	return NULL;
}

struct quic_crypt {
	EVP_CIPHER_CTX *ecb, *gcm;
};

struct quic_crypt *quic_crypt_new(void)
{
	return calloc(1, sizeof(struct quic_crypt));
}

void quic_crypt_free(struct quic_crypt *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->ecb);
	EVP_CIPHER_CTX_free(c->gcm);
	free(c);
}

/* Looks the algorithms up by name when the first Initial comes. False when libcrypto refuses. */
static bool ready(struct quic_crypt *c)
{
	if (c->ecb && c->gcm)
		return true;
	c->ecb = c->ecb ? c->ecb : EVP_CIPHER_CTX_new();
	c->gcm = c->gcm ? c->gcm : EVP_CIPHER_CTX_new();
	return c->ecb && c->gcm &&
	       EVP_EncryptInit_ex(c->ecb, EVP_aes_128_ecb(), NULL, NULL, NULL) == 1 &&
	       EVP_DecryptInit_ex(c->gcm, EVP_aes_128_gcm(), NULL, NULL, NULL) == 1;
}

/* RFC 2104, for keys of one block or less: salts and secrets are. libcrypto's own, by way of EVP, takes three times as long. */
static void hmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t n,
		 uint8_t out[SHA256_LEN])
{
	uint8_t inner[BLOCK_LEN], outer[BLOCK_LEN];
	struct sha256 s;

	assert(key_len <= BLOCK_LEN);
	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (size_t i = 0; i < key_len; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	sha256_start(&s);
	sha256_add(&s, inner, sizeof(inner));
	sha256_add(&s, data, n);
	sha256_end(&s, out);
	sha256_start(&s);
	sha256_add(&s, outer, sizeof(outer));
	sha256_add(&s, out, SHA256_LEN);
	sha256_end(&s, out);
}

/* HKDF-Expand-Label with an empty context (RFC 8446 7.1), n <= SHA256_LEN: then one round of
 * HKDF-Expand is all of it (RFC 5869 2.3). The label is "tls13 " + before + word. */
static bool expand(const uint8_t secret[SHA256_LEN], const char *before, const char *word,
		   uint8_t *out, size_t n)
{
	uint8_t info[3 + 6 + LABEL_MAX + 2], full[SHA256_LEN];
	size_t before_len = strlen(before), word_len = strlen(word), len = 0;

	if (before_len + word_len > LABEL_MAX)
		return false;
	info[len++] = 0;
	info[len++] = (uint8_t)n;
	info[len++] = (uint8_t)(6 + before_len + word_len);
	memcpy(info + len, "tls13 ", 6);
	len += 6;
	memcpy(info + len, before, before_len);
	len += before_len;
	memcpy(info + len, word, word_len);
	len += word_len;
	info[len++] = 0; /* length of the context */
	info[len++] = 1; /* number of the round */
	hmac(secret, SHA256_LEN, info, len, full);
	memcpy(out, full, n);
	return true;
}

bool quic_keys_derive(uint32_t version, struct bytes dcid, struct quic_keys *out)
{
	uint8_t initial[SHA256_LEN], secret[SHA256_LEN];
	const struct version *v = version_get(version);

	if (!v)
		return false;
	hmac(v->salt, sizeof(v->salt), dcid.at ? dcid.at : initial, dcid.len, initial);
	return expand(initial, "", "client in", secret, sizeof(secret)) &&
	       expand(secret, v->label, " key", out->key, sizeof(out->key)) &&
	       expand(secret, v->label, " iv", out->iv, sizeof(out->iv)) &&
	       expand(secret, v->label, " hp", out->hp, sizeof(out->hp));
}

/* One AES block: the mask of header protection (RFC 9001 5.4.3). */
static bool mask_make(struct quic_crypt *c, const struct quic_keys *k,
		      const uint8_t sample[SAMPLE_LEN], uint8_t mask[SAMPLE_LEN])
{
	int n = 0;

	return EVP_EncryptInit_ex(c->ecb, NULL, NULL, k->hp, NULL) == 1 &&
	       EVP_EncryptUpdate(c->ecb, mask, &n, sample, SAMPLE_LEN) == 1 && n == SAMPLE_LEN;
}

/* Opens `sealed` (payload and tag, TAG_LEN at least). The three parts of `clear` are the header. */
static int aead_open(struct quic_crypt *c, const struct quic_keys *k, const uint8_t nonce[12],
		     const struct bytes clear[3], struct bytes sealed, uint8_t *plain)
{
	EVP_CIPHER_CTX *ctx = c->gcm;
	int n = 0, body_len = (int)(sealed.len - TAG_LEN), len = 0;
	uint8_t tag[TAG_LEN];
	bool ok;

	memcpy(tag, sealed.at + body_len, TAG_LEN);
	ok = EVP_DecryptInit_ex(ctx, NULL, NULL, k->key, nonce) == 1;
	for (int i = 0; ok && i < 3; i++)
		ok = EVP_DecryptUpdate(ctx, NULL, &n, clear[i].at, (int)clear[i].len) == 1;
	ok = ok && EVP_DecryptUpdate(ctx, plain, &len, sealed.at, body_len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
	     EVP_DecryptFinal_ex(ctx, plain + len, &n) == 1;
	return ok ? len + n : -1;
}

int quic_keys_open(struct quic_crypt *c, const struct quic_keys *k, struct quic_sealed s,
		   uint8_t *plain)
{
	uint8_t mask[SAMPLE_LEN], first, number[4], nonce[12];
	struct bytes clear[3];
	size_t number_len;

	if (s.rest.len < SAMPLE_AT + SAMPLE_LEN || s.rest.len > LIMIT_QUIC_PACKET_BYTES ||
	    !s.header.len)
		return -1;
	if (!ready(c) || !mask_make(c, k, s.rest.at + SAMPLE_AT, mask))
		return -1;
	first = s.header.at[0] ^ (mask[0] & 0x0f);
	number_len = (size_t)(first & 0x03) + 1;
	memcpy(nonce, k->iv, sizeof(nonce));
	for (size_t i = 0; i < number_len; i++) {
		number[i] = s.rest.at[i] ^ mask[i + 1];
		/* The first packets of a connection have small numbers: nothing above these bytes
		 * is set. */
		nonce[sizeof(nonce) - number_len + i] ^= number[i];
	}
	clear[0] = (struct bytes){&first, 1};
	clear[1] = bytes_from(s.header, 1);
	clear[2] = (struct bytes){number, number_len};
	return aead_open(c, k, nonce, clear, bytes_from(s.rest, number_len), plain);
}
