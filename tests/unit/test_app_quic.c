/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_quic.c engine/app/app_quic_keys.c
 * long: holds the vectors of two RFCs */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <openssl/evp.h>

#include "app/app_quic.h"
#include "app/app_quic_keys.h"
#include "app/app_tls.h"
#include "unit/guard.h"

/* Packets are sealed here with the keys that the RFCs print, not with those we derive, and the seal is compared with
 * the RFCs': so the way there and back cannot be wrong together. */
static struct quic_crypt *opener; /* one for all, as a run has it */
static const uint8_t dcid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static const struct vector {
	uint32_t version;
	uint8_t first; /* in the clear */
	struct quic_keys keys;
	uint8_t head[22], tag[16]; /* of the sealed packet; draft 29 prints another payload */
} vectors[] = {
	{QUIC_V1,
	 0xc3, /* RFC 9001 A.1, A.2 */
	 {{0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30, 0xef, 0xcb, 0xe3, 0xb1, 0xa2,
	   0x2d},
	  {0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb, 0x25, 0x5c},
	  {0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28, 0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed,
	   0xd2}},
	 {0xc0, 0x00, 0x00, 0x00, 0x01, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e,
	  0x51, 0x57, 0x08, 0x00, 0x00, 0x44, 0x9e, 0x7b, 0x9a, 0xec, 0x34},
	 {0xe2, 0x21, 0xaf, 0x44, 0x86, 0x00, 0x18, 0xab, 0x08, 0x56, 0x97, 0x2e, 0x19, 0x4c, 0xd9,
	  0x34}},
	{QUIC_V2,
	 0xd3, /* RFC 9369 A.1, A.2 */
	 {{0x8b, 0x1a, 0x0b, 0xc1, 0x21, 0x28, 0x42, 0x90, 0xa2, 0x9e, 0x09, 0x71, 0xb5, 0xcd, 0x04,
	   0x5d},
	  {0x91, 0xf7, 0x3e, 0x23, 0x51, 0xd8, 0xfa, 0x91, 0x66, 0x0e, 0x90, 0x9f},
	  {0x45, 0xb9, 0x5e, 0x15, 0x23, 0x5d, 0x6f, 0x45, 0xa6, 0xb1, 0x9c, 0xbc, 0xb0, 0x29, 0x4b,
	   0xa9}},
	 {0xd7, 0x6b, 0x33, 0x43, 0xcf, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e,
	  0x51, 0x57, 0x08, 0x00, 0x00, 0x44, 0x9e, 0xa0, 0xc9, 0x5e, 0x82},
	 {0xa1, 0x8b, 0x2f, 0xaa, 0x74, 0x5b, 0x6f, 0xe1, 0x89, 0xcf, 0x77, 0x2a, 0x9f, 0x84, 0xcb,
	  0xfc}},
};

/* The ClientHello of both appendices, for example.com. */
static const uint8_t hello[] = {
	0x01, 0x00, 0x00, 0xed, 0x03, 0x03, 0xeb, 0xf8, 0xfa, 0x56, 0xf1, 0x29, 0x39, 0xb9, 0x58,
	0x4a, 0x38, 0x96, 0x47, 0x2e, 0xc4, 0x0b, 0xb8, 0x63, 0xcf, 0xd3, 0xe8, 0x68, 0x04, 0xfe,
	0x3a, 0x47, 0xf0, 0x6a, 0x2b, 0x69, 0x48, 0x4c, 0x00, 0x00, 0x04, 0x13, 0x01, 0x13, 0x02,
	0x01, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x10, 0x00, 0x0e, 0x00, 0x00, 0x0b, 0x65, 0x78,
	0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x63, 0x6f, 0x6d, 0xff, 0x01, 0x00, 0x01, 0x00, 0x00,
	0x0a, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x10, 0x00, 0x07,
	0x00, 0x05, 0x04, 0x61, 0x6c, 0x70, 0x6e, 0x00, 0x05, 0x00, 0x05, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x33, 0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0x93, 0x70, 0xb2, 0xc9,
	0xca, 0xa4, 0x7f, 0xba, 0xba, 0xf4, 0x55, 0x9f, 0xed, 0xba, 0x75, 0x3d, 0xe1, 0x71, 0xfa,
	0x71, 0xf5, 0x0f, 0x1c, 0xe1, 0x5d, 0x43, 0xe9, 0x94, 0xec, 0x74, 0xd7, 0x48, 0x00, 0x2b,
	0x00, 0x03, 0x02, 0x03, 0x04, 0x00, 0x0d, 0x00, 0x10, 0x00, 0x0e, 0x04, 0x03, 0x05, 0x03,
	0x06, 0x03, 0x02, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x00, 0x2d, 0x00, 0x02, 0x01,
	0x01, 0x00, 0x1c, 0x00, 0x02, 0x40, 0x01, 0x00, 0x39, 0x00, 0x32, 0x04, 0x08, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0x04, 0x80, 0x00, 0xff, 0xff, 0x07, 0x04, 0x80,
	0x00, 0xff, 0xff, 0x08, 0x01, 0x10, 0x01, 0x04, 0x80, 0x00, 0x75, 0x30, 0x09, 0x01, 0x10,
	0x0f, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0x06, 0x04, 0x80, 0x00, 0xff,
	0xff,
};

enum { PACKET_MAX = 4096, PAYLOAD_LEN = 1162 };

struct out {
	uint8_t at[PACKET_MAX];
	size_t len;
};

static void put(struct out *o, const void *from, size_t n)
{
	memcpy(o->at + o->len, from, n);
	o->len += n;
}

static void put_crypto(struct out *o, size_t off, size_t n)
{
	uint8_t head[] = {6, (uint8_t)(0x40 | off >> 8), (uint8_t)off, (uint8_t)(0x40 | n >> 8),
			  (uint8_t)n};

	put(o, head, sizeof(head));
	put(o, hello + off, n);
}

/* Appends an Initial packet that seals the payload, padded to PAYLOAD_LEN, under packet number 2. */
static void put_packet(struct out *o, const struct vector *v, const struct out *payload)
{
	static const uint8_t zeros[PAYLOAD_LEN];
	uint8_t clear[22] = {v->first,
			     (uint8_t)(v->version >> 24),
			     (uint8_t)(v->version >> 16),
			     (uint8_t)(v->version >> 8),
			     (uint8_t)v->version,
			     8};
	uint8_t mask[32], nonce[12], *body = o->at + o->len + sizeof(clear);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n, m;

	memcpy(clear + 6, dcid, 8);
	memcpy(clear + 14, "\0\0\x44\x9e\0\0\0\2", 8);
	memcpy(nonce, v->keys.iv, sizeof(nonce));
	nonce[11] ^= 2;
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, v->keys.key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, clear, sizeof(clear)), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, body, &n, payload->at, (int)payload->len), 1);
	assert_int_equal(
		EVP_EncryptUpdate(ctx, body + n, &m, zeros, PAYLOAD_LEN - (int)payload->len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, body + n + m, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, body + PAYLOAD_LEN), 1);
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, v->keys.hp, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, mask, &n, body, 16), 1);
	EVP_CIPHER_CTX_free(ctx);
	clear[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < 4; i++)
		clear[18 + i] ^= mask[1 + i];
	put(o, clear, sizeof(clear));
	o->len += PAYLOAD_LEN + 16;
}

static uint8_t stream[4096];
static struct quic_crypto crypto;
static struct quic_initial initial;
static struct tls_hello h;

/* Forgets what was collected. */
static void fresh(size_t size)
{
	memset(stream, 0xee, sizeof(stream));
	crypto = (struct quic_crypto){.at = stream, .size = size};
}

static enum app_got read_guarded(const uint8_t *from, size_t n)
{
	struct guard g = guard_copy(from, n);
	enum app_got got = quic_initial_read(opener, (struct bytes){g.at, n}, &crypto, &initial);

	guard_free(&g);
	return got;
}

static void assert_hello(void)
{
	assert_int_equal(crypto.len, sizeof(hello));
	assert_memory_equal(stream, hello, sizeof(hello));
	assert_int_equal(crypto.n_pieces, 0);
	assert_false(crypto.lost);
	assert_int_equal(tls_hello_body((struct bytes){stream, crypto.len}, &h), APP_OK);
	assert_string_equal(h.sni, "example.com");
	assert_string_equal(h.alpn, "alpn");
}

static void test_keys_are_those_of_the_rfcs(void **state)
{
	/* draft-ietf-quic-tls-29 A.1 */
	static const struct quic_keys draft29 = {
		{0x17, 0x52, 0x57, 0xa3, 0x1e, 0xb0, 0x9d, 0xea, 0x93, 0x66, 0xd8, 0xbb, 0x79, 0xad,
		 0x80, 0xba},
		{0x6b, 0x26, 0x11, 0x4b, 0x9c, 0xba, 0x2b, 0x63, 0xa9, 0xe8, 0xdd, 0x4f},
		{0x9d, 0xdd, 0x12, 0xc9, 0x94, 0xc0, 0x69, 0x8b, 0x89, 0x37, 0x4a, 0x9c, 0x07, 0x7a,
		 0x30, 0x77},
	};
	struct bytes id = {dcid, sizeof(dcid)};
	struct quic_keys k;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		assert_true(quic_keys_derive(vectors[i].version, id, &k));
		assert_memory_equal(&k, &vectors[i].keys, sizeof(k));
	}
	assert_true(quic_keys_derive(QUIC_DRAFT29, id, &k));
	assert_memory_equal(&k, &draft29, sizeof(k));
	assert_true(quic_keys_derive(QUIC_V1, (struct bytes){NULL, 0}, &k));
	assert_false(quic_keys_derive(2, id, &k));
}

static void test_initial_of_the_rfcs_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct out payload = {.len = 0}, packet = {.len = 0};

		put(&payload, "\6\0\x40\xf1", 4);
		put(&payload, hello, sizeof(hello));
		put_packet(&packet, &vectors[i], &payload);
		assert_int_equal(packet.len, 1200);
		assert_memory_equal(packet.at, vectors[i].head, 22);
		assert_memory_equal(packet.at + 1184, vectors[i].tag, 16);
		fresh(sizeof(stream));
		assert_true(quic_is_initial((struct bytes){packet.at, packet.len}));
		assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
		assert_int_equal(initial.version, vectors[i].version);
		assert_int_equal(initial.n_packets, 1);
		assert_int_equal(initial.dcid_len, 8);
		assert_memory_equal(initial.dcid, dcid, 8);
		assert_false(initial.has_token);
		assert_hello();
	}
}

static void test_initial_cut_at_every_length_says_more(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	put_crypto(&payload, 0, sizeof(hello));
	put_packet(&packet, &vectors[0], &payload);
	for (size_t n = 0; n < packet.len; n++) {
		fresh(sizeof(stream));
		assert_int_equal(read_guarded(packet.at, n), APP_MORE);
		assert_int_equal(crypto.len, 0);
		assert_int_equal(quic_is_initial((struct bytes){packet.at, n}), n >= 15);
	}
}

/* One bit of each byte turned: whatever is said, nothing is taken from a packet whose seal does not fit. */
static void test_initial_damaged_anywhere_gives_nothing(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	put_crypto(&payload, 0, sizeof(hello));
	put_packet(&packet, &vectors[0], &payload);
	for (size_t i = 0; i < packet.len; i++) {
		packet.at[i] ^= 0x01;
		fresh(sizeof(stream));
		assert_int_not_equal(read_guarded(packet.at, packet.len), APP_OK);
		assert_int_equal(crypto.len, 0);
		packet.at[i] ^= 0x01;
	}
}

/* Pieces out of order, with PING, ACK and PADDING between them, as Chrome shuffles them. */
static void test_crypto_pieces_in_any_order_are_joined(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	put_crypto(&payload, 200, sizeof(hello) - 200);
	put(&payload, "\1\0\0\2\5\0\1\0\1\1\3\5\0\0\0\1\1\1", 18);
	put_crypto(&payload, 50, 100);
	put_crypto(&payload, 0, 60); /* overlaps */
	put_crypto(&payload, 0, 0);
	put_crypto(&payload, 150, 50);
	put_packet(&packet, &vectors[1], &payload);
	fresh(sizeof(stream));
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_hello();
}

static void test_hello_over_two_datagrams_is_joined(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	fresh(sizeof(stream));
	put_crypto(&payload, 100, sizeof(hello) - 100);
	put_packet(&packet, &vectors[0], &payload);
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_int_equal(crypto.len, 0);
	assert_int_equal(crypto.n_pieces, 1);
	payload.len = packet.len = 0;
	put_crypto(&payload, 0, 100);
	put_packet(&packet, &vectors[0], &payload);
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_hello();
}

static void test_two_packets_in_a_datagram_and_padding_after(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	fresh(sizeof(stream));
	put_crypto(&payload, 0, 100);
	put_packet(&packet, &vectors[0], &payload);
	payload.len = 0;
	put_crypto(&payload, 100, sizeof(hello) - 100);
	/* a 0-RTT packet of 30 bytes in between is stepped over */
	put(&packet, "\xd0\0\0\0\1\0\0\x16", 8);
	put(&packet, hello, 0x16);
	put_packet(&packet, &vectors[0], &payload);
	put(&packet, "\0\0\0\0", 4);
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_int_equal(initial.n_packets, 2);
	assert_hello();
}

static void test_crypto_outside_the_buffer_is_lost(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	put_crypto(&payload, 0, 100);
	put_crypto(&payload, 100, 100);
	put_packet(&packet, &vectors[0], &payload);
	fresh(199);
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_int_equal(crypto.len, 100);
	assert_true(crypto.lost);
	assert_int_equal(stream[199], 0xee);
}

static void test_too_many_pieces_are_lost_not_written(void **state)
{
	struct out payload = {.len = 0}, packet = {.len = 0};

	(void)state;
	for (size_t i = 0; i <= LIMIT_QUIC_PIECES; i++)
		put_crypto(&payload, 2 + 2 * i, 1);
	put_packet(&packet, &vectors[0], &payload);
	fresh(sizeof(stream));
	assert_int_equal(read_guarded(packet.at, packet.len), APP_OK);
	assert_int_equal(crypto.n_pieces, LIMIT_QUIC_PIECES);
	assert_true(crypto.lost);
	assert_int_equal(crypto.len, 0);
}

/* Frames that an Initial may not hold, or that end too soon. */
static void test_malformed_frames_are_bad(void **state)
{
	static const struct {
		const char *at;
		size_t len;
		enum app_got want;
	} cases[] = {
		{"\1", 1, APP_OK},            /* PING */
		{"\x1c\0\0\0", 4, APP_OK},    /* CONNECTION_CLOSE */
		{"\x08", 1, APP_BAD},         /* STREAM */
		{"\6\0\x44\xff", 4, APP_BAD}, /* CRYPTO longer than the packet */
		{"\2\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 12,
		 APP_BAD}, /* ACK with 2^62 ranges */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct out payload = {.len = 0}, packet = {.len = 0};

		put(&payload, cases[i].at, cases[i].len);
		put_packet(&packet, &vectors[0], &payload);
		fresh(sizeof(stream));
		assert_int_equal(read_guarded(packet.at, packet.len), cases[i].want);
		assert_int_equal(crypto.len, 0);
	}
}

static void test_not_an_initial_is_told(void **state)
{
	static const struct {
		const char *at;
		size_t len;
		enum app_got want;
	} cases[] = {
		{"\x40\1\2\3\4\5\6\7\x08", 9, APP_NOT},            /* short header */
		{"\xc0\0\0\0\0\0\0\0\0\0\1", 11, APP_NOT},         /* version negotiation */
		{"\xc0\x1a\x2a\x3a\x4a\0\0\0\0\0\0", 11, APP_NOT}, /* a version made up */
		{"\xc0\0\0\0\1\x15"
		 "0123456789abcdef01234\0",
		 28, APP_NOT},                                      /* id of 21 bytes */
		{"\xe0\0\0\0\1\0\0\5hello", 13, APP_NOT},           /* Handshake */
		{"\xf0\0\0\0\1\0\0token", 12, APP_NOT},             /* Retry */
		{"\xc0\x6b\x33\x43\xcf\0\0token", 12, APP_NOT},     /* Retry of version 2 */
		{"\xc0\0\0\0\1\0\0\0\5hello", 14, APP_BAD},         /* too short to be sealed */
		{"\xc0\0\0\0\1\0\0\x80\1\0\0\5hello", 17, APP_BAD}, /* token of 64 KB */
		{"\xc0\0\0\0\1\0\0\0\x80\1\0\0hello", 17, APP_BAD}, /* packet of 64 KB */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fresh(sizeof(stream));
		assert_int_equal(read_guarded((const uint8_t *)cases[i].at, cases[i].len),
				 cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_those_of_the_rfcs),
		cmocka_unit_test(test_initial_of_the_rfcs_is_opened),
		cmocka_unit_test(test_initial_cut_at_every_length_says_more),
		cmocka_unit_test(test_initial_damaged_anywhere_gives_nothing),
		cmocka_unit_test(test_crypto_pieces_in_any_order_are_joined),
		cmocka_unit_test(test_hello_over_two_datagrams_is_joined),
		cmocka_unit_test(test_two_packets_in_a_datagram_and_padding_after),
		cmocka_unit_test(test_crypto_outside_the_buffer_is_lost),
		cmocka_unit_test(test_too_many_pieces_are_lost_not_written),
		cmocka_unit_test(test_malformed_frames_are_bad),
		cmocka_unit_test(test_not_an_initial_is_told),
	};
	int failed;

	opener = quic_crypt_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	quic_crypt_free(opener);
	return failed;
}
