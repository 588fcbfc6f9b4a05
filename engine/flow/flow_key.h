/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_FLOW_KEY_H
#define WP_FLOW_FLOW_KEY_H

#include <string.h>

#include "base/keyhash.h"
#include "flow/flow.h"

/* The hash of a flow's ends, the same for both directions: symmetric by ordering the two ends, never by XOR (ARCHITECTURE 4). Any order will do that is the same for
 * both directions; no padding byte is hashed. */
static inline uint64_t flow_hash(const struct hash_key *key, uint8_t proto,
				 const struct ip_addr *src, uint16_t sport,
				 const struct ip_addr *dst, uint16_t dport)
{
	struct {
		uint64_t low[2], high[2], ports;
	} k;
	uint64_t s[2], d[2];
	bool src_first;

	memcpy(s, src->b, 16);
	memcpy(d, dst->b, 16);
	if (s[1] != d[1])
		src_first = s[1] < d[1];
	else if (s[0] != d[0])
		src_first = s[0] < d[0];
	else
		src_first = sport <= dport;
	memcpy(k.low, src_first ? s : d, 16);
	memcpy(k.high, src_first ? d : s, 16);
	k.ports = (uint64_t)proto << 32 | (uint32_t)(src_first ? sport : dport) << 16 |
		  (src_first ? dport : sport);
	return mixhash(key, &k, sizeof(k));
}

/* Are these the flow's protocol and ends? *d: which way src to dst goes. */
bool flow_has_ends(const struct flow *f, uint8_t proto, const struct ip_addr *src, uint16_t sport,
		   const struct ip_addr *dst, uint16_t dport, enum dir *d);

/* Says who is orig and who resp in a new flow, by its first packet, and whether its start was
 * missed. */
void flow_orient(struct flow *f, const struct pkt *p);

/* The list it belongs into by its state. */
enum flow_list flow_list_of(const struct flow *f);

/* Counts one UDP packet. */
void flow_udp(struct flow *f, enum dir d, const struct pkt *p);

/* Frees a flow that no list and no slot holds any more, and all that hangs on it; its memory goes
 * back to the table's account. */
void flow_free(struct flow_table *t, struct flow *f);

#endif
