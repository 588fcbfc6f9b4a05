/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_QUIC_KEYS_H
#define WP_APP_APP_QUIC_KEYS_H

/* Inside of app/ only: the cryptography of QUIC Initial packets, kept apart from the parser. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app_quic.h"

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* An Initial packet whose parts are found. All views are of the datagram. */
struct quic_sealed {
	struct bytes header; /* from the first byte to the one before the packet number */
	struct bytes rest;   /* packet number, sealed payload, tag */
};

/* Keys of the side that opened the connection, for the id it chose (RFC 9001 5.2, RFC 9369 3.3.1).
 * False for a version not in enum quic_version. */
MUST_CHECK bool quic_keys_derive(uint32_t version, struct bytes dcid, struct quic_keys *out);

/* Takes header protection off and opens the packet into plain[LIMIT_QUIC_PACKET_BYTES]; returns the
 * bytes written. -1 when it is too short or too long, the seal does not fit, or libcrypto fails. */
MUST_CHECK int quic_keys_open(struct quic_crypt *c, const struct quic_keys *k, struct quic_sealed s,
			      uint8_t *plain);

#endif
