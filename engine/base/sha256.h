/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_SHA256_H
#define WP_BASE_SHA256_H

#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256, libcrypto's, called by its own name. By way of EVP the first digest of a process costs 3.3 million instructions for lists
 * of all algorithms there are, more than everything else that a run over one packet does (bench/README.md, "Start-up"). It needs
 * no memory and cannot fail. */
struct sha256 {
	SHA256_CTX ctx;
};

enum { SHA256_LEN = 32 };

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *at, size_t len);
/* Start again before anything else is added. */
void sha256_end(struct sha256 *s, uint8_t out[SHA256_LEN]);
/* The three in one. */
void sha256_of(const void *at, size_t len, uint8_t out[SHA256_LEN]);

#endif
