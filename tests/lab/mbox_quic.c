/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's QUIC Initial, opened as RFC 9001 5 and RFC 9369 3 say. Keys are public: they hang on the connection id. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "mbox.h"

enum { HASH = 32, KEY = 16, IV = 12, TAG = 16, SAMPLE = 16 };

struct version {
	uint32_t no;
	unsigned initial; /* the two type bits of an Initial */
	const char *prefix;
	uint8_t salt[20];
};

static const struct version VERSIONS[] = {
	{1, 0, "quic", {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
			0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}},
	{0x6b3343cf, 1, "quicv2", {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
				   0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9}},
	{0xff00001d, 0, "quic", {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
				 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99}},
};

static bool hmac(const uint8_t *key, size_t n, const uint8_t *msg, size_t len, uint8_t *out)
{
	unsigned got = HASH;

	return HMAC(EVP_sha256(), key, (int)n, msg, len, out, &got) != NULL;
}

/* HKDF-Expand-Label with an empty context and at most one block of output (RFC 8446 7.1). */
static bool expand(const uint8_t *secret, const char *label, size_t n, uint8_t *out)
{
	uint8_t info[64], block[HASH];
	int l = snprintf((char *)info + 3, sizeof(info) - 5, "tls13 %s", label);

	info[0] = 0;
	info[1] = (uint8_t)n;
	info[2] = (uint8_t)l;
	info[3 + l] = 0;
	info[4 + l] = 1;
	if (!hmac(secret, HASH, info, (size_t)l + 5, block))
		return false;
	memcpy(out, block, n);
	return true;
}

struct keys {
	uint8_t key[KEY], iv[IV], hp[KEY];
};

static bool keys_of(const struct version *v, const uint8_t *dcid, size_t n, struct keys *k)
{
	uint8_t initial[HASH], client[HASH];
	char label[3][16];

	snprintf(label[0], sizeof(label[0]), "%s key", v->prefix);
	snprintf(label[1], sizeof(label[1]), "%s iv", v->prefix);
	snprintf(label[2], sizeof(label[2]), "%s hp", v->prefix);
	return hmac(v->salt, sizeof(v->salt), dcid, n, initial) &&
	       expand(initial, "client in", HASH, client) &&
	       expand(client, label[0], KEY, k->key) && expand(client, label[1], IV, k->iv) &&
	       expand(client, label[2], KEY, k->hp);
}

static bool aes_block(const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = c && EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
		  EVP_EncryptUpdate(c, out, &n, in, SAMPLE) == 1;

	EVP_CIPHER_CTX_free(c);
	return ok;
}

static bool gcm_open(const struct keys *k, const uint8_t *iv, const uint8_t *head, size_t head_len,
		     const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG];
	int got = 0;
	bool ok;

	memcpy(tag, in + n, TAG);
	ok = c && EVP_DecryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, iv) == 1 &&
	     EVP_DecryptUpdate(c, NULL, &got, head, (int)head_len) == 1 &&
	     EVP_DecryptUpdate(c, out, &got, in, (int)n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
	     EVP_DecryptFinal_ex(c, out + got, &got) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* RFC 9000 16. */
static bool varint(const uint8_t *p, size_t len, size_t *i, uint64_t *v)
{
	size_t n = *i < len ? (size_t)1 << (p[*i] >> 6) : 0;

	if (!n || len - *i < n)
		return false;
	*v = p[*i] & 0x3f;
	for (size_t k = 1; k < n; k++)
		*v = *v << 8 | p[*i + k];
	*i += n;
	return true;
}

/* Moves *pn_off to the packet number; *end to where the packet ends. False if this is no Initial of a version we know. */
static bool header(const uint8_t *p, size_t len, const struct version **v, size_t *pn_off,
		   size_t *end)
{
	uint64_t token, rest;
	size_t i = 6;

	if (len < 7 || !(p[0] & 0x80) || p[5] > 20 || len < 8u + p[5])
		return false;
	*v = NULL;
	for (size_t k = 0; k < sizeof(VERSIONS) / sizeof(VERSIONS[0]); k++) {
		uint32_t no =
			(uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];

		if (VERSIONS[k].no == no && VERSIONS[k].initial == (p[0] >> 4 & 3u))
			*v = &VERSIONS[k];
	}
	i += p[5];
	i += 1u + p[i];
	if (!*v || i >= len || !varint(p, len, &i, &token) || len - i < token)
		return false;
	i += token;
	if (!varint(p, len, &i, &rest) || rest < 4 + SAMPLE || len - i < rest)
		return false;
	*pn_off = i;
	*end = i + rest;
	return true;
}

size_t quic_open(const uint8_t *p, size_t len, uint8_t *out, size_t max)
{
	uint8_t head[FRAME_MAX], mask[SAMPLE], iv[IV];
	const struct version *v;
	struct keys k;
	size_t at, end, pn_len, n;

	if (len > sizeof(head) || !header(p, len, &v, &at, &end) || !keys_of(v, p + 6, p[5], &k) ||
	    !aes_block(k.hp, p + at + 4, mask))
		return 0;
	memcpy(head, p, at + 4);
	head[0] ^= mask[0] & 0x0f;
	pn_len = (head[0] & 3u) + 1;
	memcpy(iv, k.iv, IV);
	for (size_t i = 0; i < pn_len; i++) {
		head[at + i] ^= mask[1 + i];
		iv[IV - pn_len + i] ^= head[at + i];
	}
	n = end - at - pn_len - TAG;
	if (n > max || !gcm_open(&k, iv, head, at + pn_len, p + at + pn_len, n, out))
		return 0;
	return n;
}
