/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_TLS_FLIGHT_H
#define WP_APP_APP_TLS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"
#include "base/limits.h"

enum { TLS_FLIGHT_EXTS = 32 };

/* What a server says in the clear before it encrypts: its hello, and up to TLS 1.2 its certificates
 * (RFC 5246 7.4.2). */
struct tls_flight {
	bool has_hello, has_certs;
	bool retry;       /* the hello is a HelloRetryRequest (RFC 8446 4.1.3) */
	uint16_t version; /* agreed on */
	uint16_t cipher;
	uint16_t n_exts; /* of the hello; those kept in order of appearance */
	uint16_t ext[TLS_FLIGHT_EXTS];
	uint32_t n_certs; /* as many as are kept; views into the scratch given */
	struct bytes cert[LIMIT_TLS_CERTS];
};

/* Reads the first bytes of the side that was greeted. APP_OK: all that will come in the clear is in
 * *out. APP_MORE: cut; what was there is in *out. APP_NOT: no TLS handshake. APP_BAD: lengths
 * contradict each other, or more than scratch[n]. */
MUST_CHECK enum app_got tls_flight_read(struct bytes stream, uint8_t *scratch, size_t n,
					struct tls_flight *out);

/* A number for what a ClientHello offers: suites in order, extensions as a set (browsers shuffle
 * them), without GREASE (RFC 8701), padding, and what only resumption brings. Two connections of
 * one program agree in it. 0: the hello is not whole. */
uint64_t tls_hello_shape(struct bytes stream, uint8_t *scratch, size_t n);
/* The same for the server's answer: version, suite, extensions in order. 0: no hello, or a retry. */
uint64_t tls_flight_shape(const struct tls_flight *fl);

#endif
