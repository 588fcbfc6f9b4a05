/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_quic.c engine/app/app_quic_keys.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "app/app_quic.h"
#include "app/app_quic_keys.h"

enum { PAYLOAD_MAX = 1500, HEAD_LEN = 14 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A fuzzer cannot make a seal that fits, so this seals the payload for it: version 1, empty ids, packet number 0. */
static size_t seal(struct bytes payload, uint8_t *packet)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t rest_len = payload.len + 4 + 16;
	uint8_t mask[16], head[HEAD_LEN] = {0xc3,
					    0,
					    0,
					    0,
					    1,
					    0,
					    0,
					    0,
					    (uint8_t)(0x40 | rest_len >> 8),
					    (uint8_t)rest_len};
	uint8_t *body = packet + HEAD_LEN;
	struct quic_keys k;
	int n;

	/* The head: first byte, version, two empty ids, no token, a length of two bytes, the number. */
	must(quic_keys_derive(QUIC_V1, (struct bytes){NULL, 0}, &k));
	memcpy(packet, head, HEAD_LEN);
	must(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k.key, k.iv) == 1);
	must(EVP_EncryptUpdate(ctx, NULL, &n, packet, HEAD_LEN) == 1);
	must(EVP_EncryptUpdate(ctx, body, &n, payload.at, (int)payload.len) == 1);
	must(EVP_EncryptFinal_ex(ctx, body + n, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, body + payload.len) == 1);
	must(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k.hp, NULL) == 1);
	must(EVP_EncryptUpdate(ctx, mask, &n, body, 16) == 1);
	EVP_CIPHER_CTX_free(ctx);
	packet[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < 4; i++)
		packet[10 + i] ^= mask[1 + i];
	return 10 + rest_len;
}

/* First byte: 0 a datagram as it came, else the frames of a packet that is sealed here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t stream[4096 + 1], packet[PAYLOAD_MAX + 64];
	struct quic_crypto c = {.at = stream, .size = sizeof(stream) - 1};
	static struct quic_crypt *opener;
	struct bytes b = {data, size};
	struct quic_initial out;
	struct quic_head head;
	enum quic_type type;
	enum app_got got;

	must(opener || (opener = quic_crypt_new()));
	if (size < 2)
		return 0;
	b = bytes_head(bytes_from(b, 1), PAYLOAD_MAX);
	if (data[0])
		b = (struct bytes){packet, seal(b, packet)};
	type = quic_head_read(b, &head);
	must((type == QUIC_INITIAL) == quic_is_initial(b));
	must(!head.dcid.len ||
	     (head.dcid.at >= b.at && head.dcid.at + head.dcid.len <= b.at + b.len));
	must(type != QUIC_NEGOTIATION || !head.version);
	got = quic_initial_read(opener, b, &c, &out);
	must(stream[sizeof(stream) - 1] == 0);
	must(c.len <= c.size && c.n_pieces <= LIMIT_QUIC_PIECES &&
	     out.n_packets <= LIMIT_QUIC_PACKETS);
	must((got == APP_OK) == (out.n_packets > 0));
	must(got != APP_OK || quic_is_initial(b));
	must(!data[0] || got == APP_OK || got == APP_BAD);
	for (uint32_t i = 0; i < c.n_pieces; i++)
		must(c.piece[i].off > c.len && c.piece[i].off + c.piece[i].len <= c.size);
	return 0;
}
