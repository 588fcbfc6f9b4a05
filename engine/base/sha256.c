/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenSSL 3 calls these deprecated in favour of EVP, and keeps them; the header says what EVP costs. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <assert.h>

/* They fail for SHA-256 never: crypto/sha/sha256.c returns 1 whatever comes. */
static void must(int done)
{
	assert(done == 1);
	(void)done;
}

void sha256_start(struct sha256 *s)
{
	must(SHA256_Init(&s->ctx));
}

void sha256_add(struct sha256 *s, const void *at, size_t len)
{
	must(SHA256_Update(&s->ctx, at, len));
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_LEN])
{
	must(SHA256_Final(out, &s->ctx));
}

void sha256_of(const void *at, size_t len, uint8_t out[SHA256_LEN])
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, at, len);
	sha256_end(&s, out);
}
