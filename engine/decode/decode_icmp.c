/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "decode/layer.h"

enum {
	ICMP_HDR = 8,
	IP4_HDR = 20,
	IP6_HDR = 40,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_FRAGMENT = 44,
};

/* The first bytes of the quoted transport. Eight are all that RFC 792 promises: ports and, for TCP,
 * the sequence number. */
static void quote_l4(struct icmp_quote *q, struct bytes b)
{
	if (q->ip_proto != PROTO_TCP && q->ip_proto != PROTO_UDP)
		return;
	if (b.len < 4 || !bytes_be16(b, 0, &q->sport) || !bytes_be16(b, 2, &q->dport))
		return;
	q->has_ports = true;
	if (q->ip_proto == PROTO_TCP)
		q->has_seq = bytes_be32(b, 4, &q->seq);
}

static void quote_v4(struct icmp_quote *q, struct bytes b)
{
	size_t hdr;

	if (b.len < IP4_HDR || b.at[0] >> 4 != 4 || (b.at[0] & 15) < 5)
		return;
	hdr = (size_t)(b.at[0] & 15) * 4;
	q->present = true;
	q->ip_proto = b.at[9];
	q->ttl = b.at[8];
	q->ip_id = (uint16_t)(b.at[4] << 8 | b.at[5]);
	q->src.b[10] = q->src.b[11] = q->dst.b[10] = q->dst.b[11] = 0xff;
	memcpy(q->src.b + 12, b.at + 12, 4);
	memcpy(q->dst.b + 12, b.at + 16, 4);
	/* Only a first fragment starts with the transport header. */
	if (((b.at[6] & 0x1f) | b.at[7]) == 0)
		quote_l4(q, bytes_from(b, hdr));
}

static void quote_v6(struct icmp_quote *q, struct bytes b)
{
	struct layer l = {.b = bytes_from(b, IP6_HDR), .wire = b.len};
	uint8_t proto;
	uint16_t off;

	if (b.len < IP6_HDR || b.at[0] >> 4 != 6)
		return;
	l.wire = l.b.len;
	q->present = true;
	q->ttl = b.at[7];
	memcpy(q->src.b, b.at + 8, 16);
	memcpy(q->dst.b, b.at + 24, 16);
	proto = b.at[6];
	q->ip_proto = proto;
	if (decode_ip_skip_ext(&l, &proto) != DECODE_OK)
		return;
	q->ip_proto = proto;
	if (proto == PROTO_FRAGMENT) {
		if (l.b.len < 8 || !bytes_be16(l.b, 2, &off) || !bytes_be16(l.b, 6, &q->ip_id))
			return;
		q->ip_proto = l.b.at[0];
		if (off >> 3 != 0 || !layer_skip(&l, 8))
			return;
	}
	quote_l4(q, l.b);
}

/* RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem. */
static bool is_error_v4(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void error_read(struct pkt *p, struct bytes b)
{
	uint16_t mtu;
	uint32_t mtu6;

	if (p->ip_version == 4 && is_error_v4(p->icmp.type)) {
		if (p->icmp.type == 3 && p->icmp.code == 4 &&
		    bytes_be16(b, 6, &mtu)) /* RFC 1191 4 */
			p->icmp.mtu = mtu;
		quote_v4(&p->icmp.quote, bytes_from(b, ICMP_HDR));
	} else if (p->ip_version == 6 && p->icmp.type >= 1 && p->icmp.type <= 4) { /* RFC 4443 3 */
		if (p->icmp.type == 2 && bytes_be32(b, 4, &mtu6))
			p->icmp.mtu = mtu6;
		quote_v6(&p->icmp.quote, bytes_from(b, ICMP_HDR));
	}
}

bool decode_icmp_read(struct pkt *p, size_t wire)
{
	struct bytes b = p->l4_bytes;

	p->l4 = L4_ICMP;
	if (wire > ICMP_HDR)
		p->payload_len = (uint32_t)(wire - ICMP_HDR);
	p->payload = bytes_from(b, ICMP_HDR);
	if (p->payload.len < p->payload_len)
		p->quirks |= QUIRK(TRUNC_PAYLOAD);
	if (b.len < ICMP_HDR) {
		p->quirks |= QUIRK(TRUNC_L4);
		return false;
	}
	p->icmp.type = b.at[0];
	p->icmp.code = b.at[1];
	error_read(p, b);
	return true;
}
