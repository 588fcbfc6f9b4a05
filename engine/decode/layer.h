/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DECODE_LAYER_H
#define WP_DECODE_LAYER_H

/* Inside of decode/ only: how the files of this room hand a frame on to each other, one header
 * after the other. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "decode/decode.h"

/* What the next header is. */
enum layer_kind {
	LAYER_DONE,  /* *p is complete */
	LAYER_ETHER, /* two MAC addresses and a type or a length */
	LAYER_TYPE,  /* what the ethertype in layer.type says */
	LAYER_LLC,   /* IEEE 802.2 */
	LAYER_PPP,   /* PPP, with or without address and control bytes */
	LAYER_IP,    /* IPv4 or IPv6: the first four bits say which */
	LAYER_PROTO, /* what pkt.ip_proto says: extension headers, transports, tunnels */
};

/* Where the walk through a frame stands. */
struct layer {
	struct bytes b; /* captured bytes from the next header on */
	size_t wire;    /* the same, counting what the capture left out; >= b.len */
	enum layer_kind kind;
	uint16_t type; /* the last ethertype or PPP protocol seen; 0 none */
	/* *p is complete as it stands, and the next header starts a packet inside its payload */
	bool tunnel;
	/* that packet is a guess from a port number: believe it only if its lengths fit */
	bool strict;
	bool whole; /* strict, but total length 0 is allowed: the outer packet had it too */
};

/* Steps over n bytes; false, and nothing moved, when the capture does not hold them. */
MUST_CHECK static inline bool layer_skip(struct layer *l, size_t n)
{
	if (l->b.len < n)
		return false;
	l->b.at += n;
	l->b.len -= n;
	l->wire -= n;
	return true;
}

/* Forgets everything after n bytes: what an inner length field does not cover is padding or a
 * trailer. */
static inline void layer_clamp(struct layer *l, size_t n)
{
	l->b = bytes_head(l->b, n);
	if (l->wire > n)
		l->wire = n;
}

/* Strips the link type's own header and sets l->kind. DECODE_LINKTYPE when the type is not known to
 * us. */
enum decode_got decode_link_start(uint16_t linktype, struct layer *l);
/* One step each, for LAYER_ETHER, LAYER_TYPE, LAYER_LLC, LAYER_PPP. */
enum decode_got decode_link_ether(struct layer *l);
enum decode_got decode_link_type(struct layer *l);
enum decode_got decode_link_llc(struct layer *l);
enum decode_got decode_link_ppp(struct layer *l);

/* IEEE 802.11 data frames, plain or behind a radiotap or PPI header; leaves LAYER_LLC. */
enum decode_got decode_wifi_frame(struct layer *l);
enum decode_got decode_wifi_radiotap(struct layer *l);

/* The whole of an Ethernet frame that holds a plain TCP or UDP packet. False when it holds anything else:
 * then *p, which the caller has cleared, is to be cleared again. */
bool decode_plain(const struct layer *frame, struct pkt *p);
/* LAYER_IP: fills the IP facts of *p; leaves LAYER_PROTO, or LAYER_DONE for a fragment. */
enum decode_got decode_ip_header(struct layer *l, struct pkt *p);
/* LAYER_PROTO: extension headers, then the transport; leaves LAYER_DONE or a tunnel. */
enum decode_got decode_ip_proto(struct layer *l, struct pkt *p);
/* Walks the extension headers in l from *proto on, for at most LIMIT_IP6_EXT_HDRS of them.
 * DECODE_OK with *proto the first protocol that is none, or 44 (fragment) with l standing on that
 * header. */
enum decode_got decode_ip_skip_ext(struct layer *l, uint8_t *proto);

/* Transports. Each reads p->l4_bytes; `wire` is the length that the IP header gives them. Sets
 * p->l4, fields, payload, quirks. False when the bytes are no valid header (the quirks say why). */
bool decode_tcp_read(struct pkt *p, size_t wire);
bool decode_udp_read(struct pkt *p, size_t wire);
bool decode_icmp_read(struct pkt *p, size_t wire);

/* If the IP protocol, or the UDP ports and first bytes, say that a packet is inside, moves l to it
 * and sets l->tunnel. */
void decode_tunnel_proto(struct layer *l, const struct pkt *p);
void decode_tunnel_udp(struct layer *l, const struct pkt *p);

#endif
