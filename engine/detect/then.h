/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_THEN_H
#define WP_DETECT_THEN_H

#include "across/dns_then.h"
#include "flow/flow.h"

/* Tells across/dns_then.h what a client met that went somewhere under a name (METHODS d.4): called for each TCP packet, after
 * the flow's streams and triggers have it. A few compares a packet; once a flow has told, one. */
void then_tcp(struct dns_then *t, struct flow *f, enum dir d, const struct pkt *p);

#endif
