/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_KEYHASH_H
#define WP_BASE_KEYHASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* SipHash-1-3 of n bytes (Aumasson, Bernstein 2012; one compression and three finalisation rounds):
 * keyed, so that whoever chooses the input cannot choose the bucket. */
uint64_t keyhash(const struct hash_key *key, const void *at, size_t n);

/* A hash several times faster and weaker: one multiplication a 16 bytes (the folded 128-bit product of
 * Wang Yi's wyhash). For tables whose order shows nowhere, and for comparing packets of one flow. Who
 * knows the key can build collisions. */
uint64_t mixhash(const struct hash_key *key, const void *at, size_t n);
/* A key for mixhash() where who knows it gains nothing. Small numbers are none: words with few bits set would meet. */
#define HASH_KEY_KNOWN ((struct hash_key){0xa0761d6478bd642f, 0xe7037ed1a0b428db})

#endif
