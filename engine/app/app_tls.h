/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_TLS_H
#define WP_APP_APP_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"

/* ALPN names are short ("h2", "http/1.1"); IANA's longest is below 32. */
enum { TLS_ALPN_SIZE = 33 };

/* Scratch that holds every ClientHello we read whole: one record's worth (RFC 8446 5.1). */
enum { TLS_SCRATCH_BYTES = 16384 };

/* A ClientHello. Every field is right as far as it was read, also when the hello is cut. */
struct tls_hello {
	uint16_t record_version; /* of the first record; 0 without record layer */
	uint16_t version;        /* legacy_version */
	uint16_t
		/* largest of supported_versions, GREASE left out; else legacy_version */
		version_max;
	bool sslv2;      /* the old format of RFC 5246 E.2: no extensions, so no name */
	bool has_random; /* its 32 bytes are there */
	bool has_sni;
	bool sni_valid;         /* a host name as RFC 6066 3 wants it: no address, no odd bytes */
	bool has_ech, has_esni; /* extensions 0xfe0d and 0xffce */
	bool exts_cut; /* more extensions than the bound of limits.h: the rest was not looked at */
	uint8_t sni_len;           /* bytes; a longer name is kept to 255 and is not valid */
	char sni[APP_NAME_SIZE];   /* bytes as sent, lower case; may hold NULs when not valid */
	char alpn[TLS_ALPN_SIZE];  /* first protocol offered, \DDD for odd bytes; empty: none */
	uint16_t n_suites, n_exts; /* GREASE counts */
	uint16_t
		/* of the key_share extension: a post-quantum share makes it > 1000 */
		key_share_bytes;
	uint32_t msg_len; /* bytes of the handshake message, its header included */
	/* Both only from tls_client_hello(). */
	/* first stream byte after the hello; 0: in a record that is not there yet */
	size_t end_off;
	uint32_t n_records; /* records that were read to get it, the last perhaps in part */
};

/* Finds the ClientHello at the start of `stream` (first bytes of one direction, in order), also
 * when it is spread over several records: it is put together in scratch[n], n >= 64, which *out
 * does not point into. APP_OK: whole. APP_MORE: cut; all that was there is in *out, often the name
 * too. APP_NOT: not a TLS handshake record, or not a ClientHello. APP_BAD: lengths contradict each
 * other, a record of another type in between, or a message longer than scratch. */
MUST_CHECK enum app_got tls_client_hello(struct bytes stream, uint8_t *scratch, size_t n,
					 struct tls_hello *out);

/* The same for a handshake message without record layer, as QUIC carries it (RFC 9001 4). */
MUST_CHECK enum app_got tls_hello_body(struct bytes msg, struct tls_hello *out);

enum tls_server_kind { TLS_SERVER_HELLO, TLS_SERVER_ALERT, TLS_SERVER_OTHER };

/* The first record that the side which was greeted sent. */
struct tls_server {
	enum tls_server_kind kind;
	uint8_t record_type; /* 20..24 */
	uint16_t record_version;
	/* TLS_SERVER_HELLO */
	uint16_t version; /* agreed on: supported_versions if there, else the hello's own */
	uint16_t cipher;  /* suite chosen */
	bool retry;       /* a HelloRetryRequest (RFC 8446 4.1.3) */
	/* TLS_SERVER_ALERT */
	bool alert_sealed; /* encrypted: level and description are 0 */
	uint8_t alert_level, alert_desc;
};

/* Reads the first record of `stream`. APP_OK, APP_MORE: cut inside the ServerHello or alert;
 * APP_NOT: no TLS record; APP_BAD: a ServerHello with wrong lengths. */
MUST_CHECK enum app_got tls_server_first(struct bytes stream, struct tls_server *out);

/* Do these bytes start with a TLS record header (5 bytes: a type, version 3.x, a length that is
 * allowed)? False when fewer than 5 bytes are there. */
bool tls_is_record(struct bytes b);

#endif
