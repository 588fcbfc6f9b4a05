/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/keyhash.h"

#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->b = rotl(s->b, 13) ^ s->a;
	s->a = rotl(s->a, 32);
	s->c += s->d;
	s->d = rotl(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = rotl(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = rotl(s->b, 17) ^ s->c;
	s->c = rotl(s->c, 32);
}

uint64_t keyhash(const struct hash_key *key, const void *at, size_t n)
{
	struct sip s = {key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
			key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
	const uint8_t *p = at;
	uint64_t word, last = (uint64_t)n << 56;
	size_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		s.d ^= word;
		sip_round(&s);
		s.a ^= word;
	}
	for (size_t j = 0; i + j < n; j++)
		last |= (uint64_t)p[i + j] << (8 * j);
	s.d ^= last;
	sip_round(&s);
	s.a ^= last;
	s.c ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* The last 1 to 16 bytes as two words: from the start and to the end, overlapping. */
static inline void tail(const uint8_t *p, size_t n, uint64_t w[2])
{
	if (n >= 8) {
		memcpy(&w[0], p, 8);
		memcpy(&w[1], p + n - 8, 8);
	} else {
		w[0] = w[1] = 0;
		for (size_t i = 0; i < n; i++)
			w[0] |= (uint64_t)p[i] << (8 * i);
	}
}

uint64_t mixhash(const struct hash_key *key, const void *at, size_t n)
{
	const uint8_t *p = at;
	uint64_t h = key->k0 ^ n, w[2];

	for (; n > 16; n -= 16, p += 16) {
		memcpy(w, p, 16);
		h = fold(w[0] ^ h, w[1] ^ key->k1);
	}
	tail(p, n, w);
	h = fold(w[0] ^ h, w[1] ^ key->k1);
	return fold(h ^ 0x9e3779b97f4a7c15u, key->k1);
}
