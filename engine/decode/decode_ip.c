/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/limits.h"
#include "decode/layer.h"

enum {
	IP4_HDR_MIN = 20,
	IP6_HDR = 40,
	FRAGMENT_HDR = 8,
	PROTO_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_ICMP6 = 58,
	PROTO_NONE = 59,
	PROTO_DEST = 60,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

/* A packet inside another: of the outer one only what belongs to the frame stays. */
static void inner_reset(struct pkt *p)
{
	const struct pkt outer = *p;

	memset(p, 0, sizeof(*p));
	p->ts_ns = outer.ts_ns;
	p->frame_no = outer.frame_no;
	p->wire_len = outer.wire_len;
	p->tunnel_depth = outer.tunnel_depth;
	p->quirks = outer.quirks & QUIRK(FRAGMENT);
}

/* Makes l hold the `total` bytes that the IP header at its start speaks of. A header that claims
 * more than there was is believed (a capture rewritten with too short a wire length is commoner
 * than a lying header) and marked. False when l is only a guess. */
static bool total_set(struct layer *l, struct pkt *p, size_t total)
{
	if (total > l->wire) {
		if (l->strict)
			return false;
		p->quirks |= QUIRK(IP_LEN_LONG);
		l->wire = total;
	} else {
		layer_clamp(l, total);
	}
	p->ip_total_len = (uint32_t)total;
	return true;
}

static enum decode_got ip4_header(struct layer *l, struct pkt *p)
{
	const uint8_t *h = l->b.at;
	size_t hdr, total;
	uint16_t frag;

	if (l->b.len < IP4_HDR_MIN)
		return DECODE_CUT;
	hdr = (size_t)(h[0] & 15) * 4;
	total = (size_t)(h[2] << 8 | h[3]);
	if (hdr < IP4_HDR_MIN)
		return DECODE_MALFORMED;
	if (total == 0 && (!l->strict || l->whole)) {
		/* Segmentation offload: the kernel had not written the length yet when the capture
		 * saw the packet. */
		p->quirks |= QUIRK(IP_LEN_ZERO);
		total = l->wire;
	}
	if (total < hdr || !total_set(l, p, total))
		return DECODE_MALFORMED;
	if (!layer_skip(l, hdr))
		return DECODE_CUT;
	p->ip_version = 4;
	p->ip_hdr_len = (uint16_t)hdr;
	p->tos = h[1];
	p->ip_id = (uint16_t)(h[4] << 8 | h[5]);
	p->has_ip_id = true;
	frag = (uint16_t)(h[6] << 8 | h[7]);
	p->df = frag & 0x4000;
	p->ttl = h[8];
	p->ip_proto = h[9];
	p->src.b[10] = p->src.b[11] = p->dst.b[10] = p->dst.b[11] = 0xff;
	memcpy(p->src.b + 12, h + 12, 4);
	memcpy(p->dst.b + 12, h + 16, 4);
	if (hdr > IP4_HDR_MIN)
		p->quirks |= QUIRK(IP_OPTS);
	if (p->df && p->ip_id != 0)
		p->quirks |= QUIRK(DF_ID);
	l->kind = LAYER_PROTO;
	if (frag & 0x3fff) {
		p->frag = true;
		p->frag_more = frag & 0x2000;
		p->frag_off = (uint16_t)((frag & 0x1fff) << 3);
		p->frag_id = p->ip_id;
		p->l4_bytes = l->b;
		l->kind = LAYER_DONE;
	}
	return DECODE_OK;
}

static enum decode_got ip6_header(struct layer *l, struct pkt *p)
{
	const uint8_t *h = l->b.at;
	size_t len;

	if (l->b.len < IP6_HDR)
		return DECODE_CUT;
	len = (size_t)(h[4] << 8 | h[5]);
	if (len == 0 && h[6] != PROTO_NONE && l->wire > IP6_HDR && (!l->strict || l->whole)) {
		/* Offload again, or a jumbogram (RFC 2675 3): no link that we read pads frames this
		 * long. */
		p->quirks |= QUIRK(IP_LEN_ZERO);
		len = l->wire - IP6_HDR;
	}
	if (!total_set(l, p, IP6_HDR + len))
		return DECODE_MALFORMED;
	if (!layer_skip(l, IP6_HDR))
		return DECODE_CUT;
	p->ip_version = 6;
	p->ip_hdr_len = IP6_HDR;
	p->tos = (uint8_t)((h[0] & 15) << 4 | h[1] >> 4);
	p->ttl = h[7];
	p->ip_proto = h[6];
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	l->kind = LAYER_PROTO;
	return DECODE_OK;
}

enum decode_got decode_ip_header(struct layer *l, struct pkt *p)
{
	if (l->b.len == 0)
		return DECODE_CUT;
	if (p->ip_version != 0)
		inner_reset(p);
	switch (l->b.at[0] >> 4) {
	case 4:
		return ip4_header(l, p);
	case 6:
		return ip6_header(l, p);
	default:
		return DECODE_MALFORMED;
	}
}

/* Length of the extension header that starts with these two bytes, 0 when the protocol is none: RFC
 * 8200 4, 4302 2.2, 6275 6.1.1. */
static size_t ext_len(uint8_t proto, uint8_t units)
{
	switch (proto) {
	case PROTO_HOP:
	case PROTO_ROUTING:
	case PROTO_DEST:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return ((size_t)units + 1) * 8;
	case PROTO_AH:
		return ((size_t)units + 2) * 4;
	default:
		return 0;
	}
}

enum decode_got decode_ip_skip_ext(struct layer *l, uint8_t *proto)
{
	for (int i = 0; i < LIMIT_IP6_EXT_HDRS; i++) {
		size_t len = ext_len(*proto, 0);
		uint8_t next;

		if (len == 0)
			return DECODE_OK;
		if (l->b.len < 2)
			return l->wire < len ? DECODE_MALFORMED : DECODE_CUT;
		next = l->b.at[0];
		len = ext_len(*proto, l->b.at[1]);
		if (len > l->wire)
			return DECODE_MALFORMED;
		if (!layer_skip(l, len))
			return DECODE_CUT;
		*proto = next;
	}
	return ext_len(*proto, 0) ? DECODE_TOO_DEEP : DECODE_OK;
}

/* IPv6's fragment header, RFC 8200 4.5. One with offset 0 and no more to come is a whole datagram
 * (RFC 6946). */
static enum decode_got fragment_header(struct layer *l, struct pkt *p)
{
	const uint8_t *h = l->b.at;
	uint16_t off;

	if (l->wire < FRAGMENT_HDR)
		return DECODE_MALFORMED;
	if (!layer_skip(l, FRAGMENT_HDR))
		return DECODE_CUT;
	p->ip_hdr_len = (uint16_t)(p->ip_hdr_len + FRAGMENT_HDR);
	p->ip_proto = h[0];
	off = (uint16_t)(h[2] << 8 | h[3]);
	p->frag_id = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	p->ip_id = (uint16_t)p->frag_id;
	p->has_ip_id = true;
	p->frag_off = off & 0xfff8;
	p->frag_more = off & 1;
	p->frag = p->frag_off != 0 || p->frag_more;
	if (p->frag) {
		p->l4_bytes = l->b;
		l->kind = LAYER_DONE;
	}
	return DECODE_OK;
}

/* Extension headers of IPv6, and AH, which IPv4 may carry too. */
static enum decode_got ext_headers(struct layer *l, struct pkt *p)
{
	size_t before = l->wire;
	uint8_t proto = p->ip_proto;
	enum decode_got got = DECODE_OK;

	if (p->ip_version == 6 || proto == PROTO_AH)
		got = decode_ip_skip_ext(l, &proto);
	if (got != DECODE_OK)
		return got;
	/* Room for one fragment header more: the field must not wrap, and only a hostile packet
	 * gets there. */
	if (p->ip_hdr_len + (before - l->wire) + FRAGMENT_HDR > UINT16_MAX)
		return DECODE_MALFORMED;
	p->ip_hdr_len = (uint16_t)(p->ip_hdr_len + (before - l->wire));
	p->ip_proto = proto;
	if (p->ip_version != 6)
		return DECODE_OK;
	if (before != l->wire || proto == PROTO_FRAGMENT)
		p->quirks |= QUIRK(EXT_HDR);
	/* A second fragment header, after this one or in a reassembled datagram, is met by the next
	 * turn of the layer loop. */
	return proto == PROTO_FRAGMENT ? fragment_header(l, p) : DECODE_OK;
}

enum decode_got decode_ip_proto(struct layer *l, struct pkt *p)
{
	bool more;
	enum decode_got got;

	if (p->ip_proto != PROTO_TCP && p->ip_proto != PROTO_UDP) {
		got = ext_headers(l, p);
		more = p->ip_version == 6 &&
		       (p->ip_proto == PROTO_FRAGMENT || ext_len(p->ip_proto, 0));
		if (got != DECODE_OK || l->kind == LAYER_DONE || more)
			return got;
	}
	p->l4_bytes = l->b;
	l->kind = LAYER_DONE;
	/* What a transport reader says about its header stands in the quirks; the packet is decoded
	 * either way. */
	if (p->ip_proto == PROTO_TCP) {
		(void)decode_tcp_read(p, l->wire);
	} else if (p->ip_proto == PROTO_UDP) {
		if (decode_udp_read(p, l->wire))
			decode_tunnel_udp(l, p);
	} else if (p->ip_proto == (p->ip_version == 4 ? PROTO_ICMP : PROTO_ICMP6)) {
		(void)decode_icmp_read(p, l->wire);
	} else {
		decode_tunnel_proto(l, p);
	}
	return DECODE_OK;
}
