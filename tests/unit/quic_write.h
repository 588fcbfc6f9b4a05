/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_QUIC_WRITE_H
#define WP_TESTS_QUIC_WRITE_H

/* Sealed Initials and other QUIC datagrams for tests of what comes after the parser; the parser itself is held against the RFCs' own bytes in
 * test_app_quic.c. Include after cmocka.h. */

#include <string.h>

#include <openssl/evp.h>

#include "app/app_quic.h"
#include "app/app_quic_keys.h"

enum { QW_SIZE = 1200, QW_HEAD = 22, QW_ROOM = QW_SIZE - QW_HEAD - 16 };

/* A ClientHello message with server_name; returns its length. */
static inline size_t qw_hello(const char *name, uint8_t *out)
{
	size_t n = strlen(name), ext = n + 9, len = 2 + 32 + 1 + 4 + 2 + 2 + ext;
	uint8_t *p = out;

	*p++ = 1;
	*p++ = 0;
	*p++ = (uint8_t)(len >> 8);
	*p++ = (uint8_t)len;
	*p++ = 3;
	*p++ = 3;
	memset(p, 7, 32);
	p += 32;
	memcpy(p, "\0\0\2\x13\1\1\0", 7);
	p += 7;
	*p++ = (uint8_t)(ext >> 8);
	*p++ = (uint8_t)ext;
	memcpy(p, "\0\0", 2);
	p[2] = 0;
	p[3] = (uint8_t)(n + 5);
	p[4] = 0;
	p[5] = (uint8_t)(n + 3);
	p[6] = 0;
	p[7] = 0;
	p[8] = (uint8_t)n;
	memcpy(p + 9, name, n);
	return 4 + len;
}

/* Bytes [from, to) of a hello in an Initial of `version` with the connection id `id` repeated 8 times; always QW_SIZE bytes. */
static inline void qw_initial(uint8_t *out, uint32_t version, uint8_t id, const uint8_t *hello,
			      size_t from, size_t to)
{
	uint8_t frames[QW_ROOM] = {6, (uint8_t)(0x40 | from >> 8), (uint8_t)from,
				   (uint8_t)(0x40 | (to - from) >> 8), (uint8_t)(to - from)};
	uint8_t mask[32], *body = out + QW_HEAD;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct quic_keys k;
	int n;

	memcpy(frames + 5, hello + from, to - from);
	out[0] = version == QUIC_V2 ? 0xd3 : 0xc3;
	for (int i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(version >> (24 - 8 * i));
	out[5] = 8;
	memset(out + 6, id, 8);
	memcpy(out + 14, "\0\0\x44\x9e\0\0\0\0",
	       8); /* no source id, no token, 1182 bytes to come, number 0 */
	assert_true(quic_keys_derive(version, (struct bytes){out + 6, 8}, &k));
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k.key, k.iv), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, out, QW_HEAD), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, body, &n, frames, QW_ROOM), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, body + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, body + QW_ROOM), 1);
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k.hp, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, mask, &n, body, 16), 1);
	EVP_CIPHER_CTX_free(ctx);
	out[0] ^= mask[0] & 0x0f;
	for (int i = 0; i < 4; i++)
		out[18 + i] ^= mask[1 + i];
}

/* The start of a datagram of another kind: a long header with the first byte given, or a short one (0x43). 40 bytes. */
static inline void qw_other(uint8_t *out, uint8_t first, uint32_t version)
{
	memset(out, 5, 40);
	out[0] = first;
	if (!(first & 0x80))
		return;
	for (int i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(version >> (24 - 8 * i));
	out[5] = 8;
	out[14] = 0;
}

#endif
