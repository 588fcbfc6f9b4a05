/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way for what nearly every frame is: Ethernet, IPv4 or IPv6 without options, TCP or UDP, with
 * lengths that fit. Reads the same fields as the walk through the layers in decode.c and stands aside
 * for everything else; test_decode_plain.c compares the two. */
#include <string.h>

#include "decode/layer.h"

enum { ETHER_HDR = 14, IP4_HDR = 20, IP6_HDR = 40, PROTO_TCP = 6, PROTO_UDP = 17 };

/* False: nothing was read. */
static bool ip4(struct layer *l, struct pkt *p)
{
	const uint8_t *h = l->b.at;
	size_t total;

	if (l->b.len < IP4_HDR || h[0] != 0x45)
		return false;
	total = (size_t)(h[2] << 8 | h[3]);
	/* fragments too go the long way */
	if (total < IP4_HDR || total > l->wire || (h[6] & 0x3f) != 0 || h[7] != 0 ||
	    (h[9] != PROTO_TCP && h[9] != PROTO_UDP))
		return false;
	p->ip_version = 4;
	p->ip_hdr_len = IP4_HDR;
	p->ip_total_len = (uint32_t)total;
	p->tos = h[1];
	p->ip_id = (uint16_t)(h[4] << 8 | h[5]);
	p->has_ip_id = true;
	p->df = h[6] & 0x40;
	p->ttl = h[8];
	p->ip_proto = h[9];
	p->src.b[10] = p->src.b[11] = p->dst.b[10] = p->dst.b[11] = 0xff;
	memcpy(p->src.b + 12, h + 12, 4);
	memcpy(p->dst.b + 12, h + 16, 4);
	if (p->df && p->ip_id != 0)
		p->quirks |= QUIRK(DF_ID);
	layer_clamp(l, total);
	return layer_skip(l, IP4_HDR);
}

static bool ip6(struct layer *l, struct pkt *p)
{
	const uint8_t *h = l->b.at;
	size_t len;

	if (l->b.len < IP6_HDR || h[0] >> 4 != 6)
		return false;
	len = (size_t)(h[4] << 8 | h[5]);
	if (len == 0 || len > l->wire - IP6_HDR || (h[6] != PROTO_TCP && h[6] != PROTO_UDP))
		return false;
	p->ip_version = 6;
	p->ip_hdr_len = IP6_HDR;
	p->ip_total_len = (uint32_t)(IP6_HDR + len);
	p->tos = (uint8_t)((h[0] & 15) << 4 | h[1] >> 4);
	p->ttl = h[7];
	p->ip_proto = h[6];
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	layer_clamp(l, IP6_HDR + len);
	return layer_skip(l, IP6_HDR);
}

bool decode_plain(const struct layer *frame, struct pkt *p)
{
	struct layer l = *frame;
	uint16_t type;

	if (!bytes_be16(l.b, 12, &type) || !layer_skip(&l, ETHER_HDR))
		return false;
	if (type == 0x0800 ? !ip4(&l, p) : type != 0x86dd || !ip6(&l, p))
		return false;
	p->l4_bytes = l.b;
	if (p->ip_proto == PROTO_TCP) {
		(void)decode_tcp_read(p, l.wire); /* what is wrong stands in the quirks */
		return true;
	}
	l.tunnel = false;
	if (decode_udp_read(p, l.wire))
		decode_tunnel_udp(&l, p);
	return !l.tunnel;
}
