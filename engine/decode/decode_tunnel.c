/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/limits.h"
#include "decode/layer.h"

enum {
	PROTO_IP4 = 4,
	PROTO_IP6 = 41,
	PROTO_GRE = 47,
	PROTO_ETHERIP = 97,
	PROTO_MPLS = 137,
	TYPE_TEB = 0x6558,
	TYPE_PPP = 0x880b,
	TYPE_WCCP = 0x883e,
	TYPE_MPLS = 0x8847,
	TYPE_ERSPAN2 = 0x88be,
	TYPE_ERSPAN3 = 0x22eb,
	TYPE_IP4 = 0x0800,
	PORT_GTPU = 2152,
	PORT_TEREDO = 3544,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
	PORT_MPLS = 6635,
	PORT_VXLAN_LINUX = 8472, /* Linux' default before IANA chose; flannel still uses it */
};

static void enter(struct layer *l, struct layer inner, enum layer_kind kind, uint16_t type)
{
	*l = inner;
	l->kind = kind;
	l->type = type;
	l->tunnel = true;
}

/* ERSPAN: type I has no header (and its GRE no sequence number), type II 8 bytes, type III 12 and 8
 * more when its last bit says so. */
static bool erspan_skip(struct layer *l, uint16_t type, bool has_seq)
{
	if (type == TYPE_ERSPAN2)
		return !has_seq || layer_skip(l, 8);
	return l->b.len >= 12 && layer_skip(l, l->b.at[11] & 1 ? 20 : 12);
}

/* RFC 2784 2.1, RFC 2890 2; version 1 (PPTP): RFC 2637 4.1. */
static void gre(struct layer *l)
{
	struct layer in = *l;
	uint16_t flags, type;
	size_t hdr = 4;

	if (!bytes_be16(in.b, 0, &flags) || !bytes_be16(in.b, 2, &type))
		return;
	if ((flags & 7) > 1 || flags & 0x4000) /* unknown version, or RFC 1701's routing */
		return;
	hdr += flags & 0x8000 ? 4 : 0;
	hdr += flags & 0x2000 ? 4 : 0;
	hdr += flags & 0x1000 ? 4 : 0;
	hdr += (flags & 7) == 1 && flags & 0x0080 ? 4 : 0;
	if (!layer_skip(&in, hdr) || in.b.len == 0)
		return;
	if (type == TYPE_ERSPAN2 || type == TYPE_ERSPAN3) {
		if (erspan_skip(&in, type, flags & 0x1000))
			enter(l, in, LAYER_ETHER, type);
		return;
	}
	if (type == TYPE_WCCP) {
		/* WCCP 2 puts four bytes of its own before the packet
		 * (draft-wilson-wrec-wccp-v2 4.12.1). */
		if (in.b.at[0] >> 4 == 4 || layer_skip(&in, 4))
			enter(l, in, LAYER_TYPE, TYPE_IP4);
		return;
	}
	enter(l, in, LAYER_TYPE, type);
}

void decode_tunnel_proto(struct layer *l, const struct pkt *p)
{
	struct layer in = *l;

	switch (p->ip_proto) {
	case PROTO_IP4:
	case PROTO_IP6:
		enter(l, in, LAYER_IP, 0);
		break;
	case PROTO_GRE:
		gre(l);
		break;
	case PROTO_ETHERIP: /* RFC 3378 3 */
		if (layer_skip(&in, 2))
			enter(l, in, LAYER_ETHER, 0);
		break;
	case PROTO_MPLS: /* RFC 4023 3 */
		enter(l, in, LAYER_TYPE, TYPE_MPLS);
		break;
	default:
		break;
	}
}

/* 3GPP TS 29.281 5.1: flags, message type (255 carries a packet), length, tunnel; four bytes more
 * when any of the flags E, S, PN is set, the last of which starts a chain of extension headers that
 * count in units of four bytes. */
static bool gtpu(struct layer *in)
{
	uint8_t flags, kind, ext = 0;

	if (!bytes_u8(in->b, 0, &flags) || !bytes_u8(in->b, 1, &kind) || flags >> 5 != 1 ||
	    !(flags & 0x10) || kind != 255)
		return false;
	if (!layer_skip(in, 8))
		return false;
	if (!(flags & 7))
		return true;
	if (flags & 4 && !bytes_u8(in->b, 3, &ext))
		return false;
	if (!layer_skip(in, 4))
		return false;
	for (int i = 0; ext != 0; i++) {
		uint8_t units;
		size_t len;

		if (i == LIMIT_GTP_EXT_HDRS || !bytes_u8(in->b, 0, &units) || units == 0)
			return false;
		len = (size_t)units * 4;
		if (!bytes_u8(in->b, len - 1, &ext) || !layer_skip(in, len))
			return false;
	}
	return true;
}

/* RFC 4380 5.1.1: an authentication and an origin header may come before the IPv6 packet. */
static bool teredo(struct layer *in)
{
	if (in->b.len >= 4 && in->b.at[0] == 0 && in->b.at[1] == 1) {
		size_t len = (size_t)4 + in->b.at[2] + in->b.at[3] + 9;

		if (!layer_skip(in, len))
			return false;
	}
	if (in->b.len >= 2 && in->b.at[0] == 0 && in->b.at[1] == 0 && !layer_skip(in, 8))
		return false;
	return in->b.len > 0 && in->b.at[0] >> 4 == 6;
}

/* RFC 7348 5: the I flag, a network number, one reserved byte. Vendors use other flag bits (group
 * policy: 0x80), so they are not looked at. */
static bool vxlan(struct layer *in)
{
	return in->b.len > 8 && in->b.at[0] & 0x08 && in->b.at[7] == 0 && layer_skip(in, 8);
}

/* RFC 8926 3.4: version 0, options in units of four bytes, a protocol type, a network number. */
static bool geneve(struct layer *in, uint16_t *type)
{
	if (in->b.len < 8 || in->b.at[0] >> 6 != 0)
		return false;
	return bytes_be16(in->b, 2, type) && layer_skip(in, 8 + (size_t)(in->b.at[0] & 0x3f) * 4);
}

static bool uses_port(const struct pkt *p, uint16_t port)
{
	return p->sport == port || p->dport == port;
}

/* A port is only a hint, so `strict`: the walk comes back to the UDP packet unless what follows is
 * IP whose lengths fit. */
void decode_tunnel_udp(struct layer *l, const struct pkt *p)
{
	struct layer in = {
		.b = p->payload,
		.wire = p->payload_len,
		.strict = true,
		.whole = p->quirks & QUIRK(IP_LEN_ZERO),
	};
	uint16_t type;

	if (p->payload.len == 0)
		return;
	/* One branch for nearly all packets: every port of ours lies between these. */
	if ((p->sport < PORT_GTPU || p->sport > PORT_VXLAN_LINUX) &&
	    (p->dport < PORT_GTPU || p->dport > PORT_VXLAN_LINUX))
		return;
	if (uses_port(p, PORT_GTPU)) {
		if (gtpu(&in))
			enter(l, in, LAYER_IP, 0);
	} else if (uses_port(p, PORT_VXLAN) || uses_port(p, PORT_VXLAN_LINUX)) {
		if (vxlan(&in))
			enter(l, in, LAYER_ETHER, 0);
	} else if (uses_port(p, PORT_GENEVE)) {
		if (geneve(&in, &type))
			enter(l, in, LAYER_TYPE, type);
	} else if (uses_port(p, PORT_TEREDO)) {
		if (teredo(&in))
			enter(l, in, LAYER_IP, 0);
	} else if (p->dport == PORT_MPLS) {
		enter(l, in, LAYER_TYPE, TYPE_MPLS);
	}
}
