/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_PACKET_H
#define WP_APP_APP_PACKET_H

#include "flow/flow.h"

enum { APP_PACKET_MAX = 40 + LIMIT_NDPI_BYTES };

/* Builds an IPv4 packet of the flow's transport with that payload (its first LIMIT_NDPI_BYTES), from
 * side `d`, for readers that want whole packets. Ports are the flow's, addresses are 192.0.2.1 and
 * 198.51.100.1 (RFC 5737) whatever the flow's are; `number` holds either side's sequence number;
 * checksums stay 0. Returns the packet's bytes. */
uint16_t app_packet_build(const struct flow *f, enum dir d, const uint32_t number[2],
			  struct bytes payload, uint8_t out[APP_PACKET_MAX]);

#endif
