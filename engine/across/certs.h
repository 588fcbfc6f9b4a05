/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_CERTS_H
#define WP_ACROSS_CERTS_H

#include <stdbool.h>
#include <stdint.h>

/* What TLS servers showed to connections of this series: key, issuer and the shape of their hello
 * (METHODS f.4), and which certificates carry one key. Two bounded tables over one series of
 * packets; when a set is full, what is oldest goes. */
struct certs;

/* One connection's server. Hashes are the caller's; 0: not known. */
struct cert_note {
	uint64_t flow_no;
	const uint8_t *resp; /* 16 bytes, a loan for the call */
	uint16_t port;
	uint8_t ttl;   /* of the server's packets as they arrived */
	uint64_t name; /* asked for; 0: none */
	/* what belongs together in a name ("example.org" of www.example.org); 0: not known */
	uint64_t site;
	/* only connections whose client offered the same are compared */
	uint64_t client_shape;
	uint64_t server_shape, cert, key, issuer;
	int64_t ts_ns;
	uint64_t frame;
};

struct cert_answer {
	/* Other connections to the same address, port and name, by clients that offered the same,
	 * of which the certificate was seen too: */
	uint32_t key_same, key_other; /* ... with this key, with another */
	/* ... of these with another key, another issuer, and a server hello of another shape */
	uint32_t all_other;
	uint64_t all_other_frame; /* the latest of them; 0 none */
	/* Those whose server hello is known, with or without certificate: */
	uint32_t hello_same, hello_other;
	uint64_t hello_other_frame;
	uint8_t ttl_gap; /* largest TTL difference to those of hello_other */
	/* Other certificates with the same key, for names of other sites, from other addresses. */
	uint32_t key_certs;
};

struct certs *certs_new(void);    /* NULL when out of memory */
void certs_free(struct certs *c); /* accepts NULL */
/* Forgets all, for the next series; costs nothing. */
void certs_clear(struct certs *c);
/* Writes one connection's line. Called once a connection. */
void certs_note(struct certs *c, const struct cert_note *n);
/* What other connections showed beside this one. Pure. */
void certs_ask(const struct certs *c, const struct cert_note *n, struct cert_answer *out);
uint64_t certs_evicted(const struct certs *c);

#endif
