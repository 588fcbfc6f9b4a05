/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_QUIC_H
#define WP_APP_APP_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"

enum quic_version {
	QUIC_V1 = 0x00000001,      /* RFC 9000 */
	QUIC_V2 = 0x6b3343cf,      /* RFC 9369 */
	QUIC_DRAFT29 = 0xff00001d, /* what was deployed before v1 */
};

/* Bytes of the handshake stream found in Initial packets. The caller gives `at` and `size` and
 * zeroes the rest; reading another datagram of the same side adds to it (a hello with a
 * post-quantum share takes two). */
struct quic_crypto {
	uint8_t *at;
	size_t size;
	size_t len;        /* bytes from 0 on without a gap: for tls_hello_body() */
	bool lost;         /* a piece did not fit, in bytes or in number */
	uint32_t n_pieces; /* pieces that wait for the bytes before them */
	struct {
		uint32_t off, len;
	} piece[LIMIT_QUIC_PIECES];
};

/* What opening packets takes of libcrypto: looked up by name at the first use and kept, for that costs several times what the
 * cryptography does. One for a run; not for two threads. */
struct quic_crypt;
struct quic_crypt *quic_crypt_new(void);    /* NULL when out of memory */
void quic_crypt_free(struct quic_crypt *c); /* accepts NULL */

struct quic_initial {
	uint32_t version; /* of the first packet */
	uint8_t dcid_len; /* its destination connection id, at most 20 bytes */
	uint8_t dcid[20];
	bool has_token;
	uint32_t n_packets; /* Initial packets that were opened */
};

/* What the first packet of a datagram is, by its first bytes (RFC 8999 5, RFC 9000 17). */
enum quic_type {
	QUIC_NONE, /* no QUIC, or too short to tell */
	QUIC_INITIAL,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION,   /* Version Negotiation: a server's list of its versions */
	QUIC_OTHER_VERSION, /* a long header of a version not in enum quic_version */
	QUIC_SHORT,         /* a short header, or anything else with those two bits */
};
struct quic_head {
	uint32_t version;  /* long headers; 0 in a Version Negotiation */
	struct bytes dcid; /* long headers; view of the datagram */
};

/* Looks at the header only; *out is zero where the type has no such field. Costs a few compares. */
enum quic_type quic_head_read(struct bytes datagram, struct quic_head *out);

/* Is this datagram's first packet an Initial of a version in enum quic_version? Looks at the header
 * only. */
bool quic_is_initial(struct bytes datagram);

/* Opens the Initial packets at the start of a datagram that the opening side sent before it heard
 * from the other (the keys come from the destination connection id: RFC 9001 5.2) and adds their
 * CRYPTO frames to *crypto. APP_OK: at least one was opened. APP_MORE: cut by the capture, and a
 * cut packet cannot be opened. APP_NOT: no Initial of a known version. APP_BAD: malformed, or the
 * seal does not fit (an answer, a packet after a Retry, or damage). Cost: key derivation and AES
 * over a packet. */
MUST_CHECK enum app_got quic_initial_read(struct quic_crypt *c, struct bytes datagram,
					  struct quic_crypto *crypto, struct quic_initial *out);

#endif
