/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_FLOW_KEY_H
#define WP_FLOW_FLOW_KEY_H

#include "flow/flow.h"

/* Orders two ends by address, then port: below 0, 0, above 0. */
int flow_key_cmp(const struct ip_addr *x, uint16_t px, const struct ip_addr *y, uint16_t py);

/* The key of a packet, the same for both directions. */
void flow_key_make(struct flow_key *k, uint8_t proto, const struct ip_addr *src, uint16_t sport,
		   const struct ip_addr *dst, uint16_t dport);

/* Says who is orig and who resp in a new flow, by its first packet, and whether its start was
 * missed. */
void flow_orient(struct flow *f, const struct pkt *p);

/* Counts one UDP packet. */
void flow_udp(struct flow *f, enum dir d, const struct pkt *p);

/* Frees a flow that no list and no slot holds any more, and all that hangs on it; its memory goes
 * back to the table's account. */
void flow_free(struct flow_table *t, struct flow *f);

#endif
