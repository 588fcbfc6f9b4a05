/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_TLS_FLOW_H
#define WP_APP_TLS_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/app_cert.h"
#include "app/app_tls_flight.h"
#include "flow/flow.h"

enum { TLS_EXTS = 31, TLS_MARKS = 4, TLS_NAMES = 6 };

/* The certificate that a server showed, and those sent with it. */
struct tls_shown {
	struct cert leaf;
	uint32_t n_chain; /* certificates in the message */
	uint32_t n_names; /* common names along the chain, each once */
	char name[TLS_NAMES][CERT_TEXT];
	uint32_t n_marks; /* lines of issuers.def that fit */
	const char *mark[TLS_MARKS];
	bool root_known, proxy_known;
};

/* What the two sides of a TLS connection said in the clear; about 150 bytes, and 1.5 KB more where
 * certificates were seen. */
struct tls_flow {
	bool done, has_hello, retry;
	uint8_t tries;
	uint8_t ttl; /* of the packet that made it whole */
	uint16_t version, cipher;
	uint64_t client_shape, server_shape; /* 0: not known */
	uint16_t n_exts, ext[TLS_EXTS];      /* of the server's hello, the first of them */
	uint64_t first_frame, last_frame;    /* packets of the server's flight */
	uint32_t seen;                       /* bytes of it when it was last looked at */
	struct tls_shown *shown;             /* NULL: no certificate in the clear */
};

/* Looks at a TCP packet of resp after trigger_look(), while a TLS hello of orig waits for its answer.
 * True when the answer is whole: tls_flow_get() then has it. All other packets cost two compares. */
bool tls_flow_packet(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);
/* NULL when nothing was read. */
const struct tls_flow *tls_flow_get(const struct flow *f);
/* Gives everything back; at the flow's end. */
void tls_flow_free(struct flow_table *t, struct flow *f);

#endif
