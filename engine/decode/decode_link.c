/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/limits.h"
#include "decode/layer.h"

/* Link types as in tcpdump.org/linktypes.html. */
enum {
	LT_NULL = 0,
	LT_ETHERNET = 1,
	LT_PPP = 9,
	LT_FDDI = 10,
	LT_RAW_12 = 12, /* DLT_RAW of most systems, found in files although it should be 101 */
	LT_RAW_14 = 14, /* OpenBSD's */
	LT_PPP_HDLC = 50,
	LT_PPP_ETHER = 51,
	LT_ATM_RFC1483 = 100,
	LT_RAW = 101,
	LT_C_HDLC = 104,
	LT_IEEE802_11 = 105,
	LT_LINUX_ATM_CLIP = 106,
	LT_LOOP = 108,
	LT_LINUX_SLL = 113,
	LT_PFLOG = 117,
	LT_IP_OVER_FC = 122,
	LT_RADIOTAP = 127,
	LT_USER2 = 149, /* Apple's PKTAP before it had a number */
	LT_PPI = 192,
	LT_PPP_WITH_DIR = 204,
	LT_IPV4 = 228,
	LT_IPV6 = 229,
	LT_NFLOG = 239,
	LT_PKTAP = 258,
	LT_LINUX_SLL2 = 276,
};

enum {
	ETHER_HDR = 14,
	TYPE_IP4 = 0x0800,
	TYPE_TEB = 0x6558,
	TYPE_VLAN = 0x8100,
	TYPE_IP6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UP = 0x8848,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_QINQ = 0x88a8,
	TYPE_PBB = 0x88e7,
	TYPE_FABRICPATH = 0x8903,
	TYPE_CMD = 0x8909, /* Cisco metadata */
	TYPE_VNTAG = 0x8926,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_QINQ_OLDER = 0x9200,
	TYPE_LENGTH_MAX = 1500, /* IEEE 802.3: up to here the field is a length */
	PPP_IP4 = 0x0021,
	PPP_IP6 = 0x0057,
	PPP_MPLS = 0x0281,
};

static enum decode_got next(struct layer *l, size_t skip, enum layer_kind kind, uint16_t type)
{
	if (!layer_skip(l, skip))
		return DECODE_CUT;
	l->kind = kind;
	l->type = type;
	return DECODE_OK;
}

enum decode_got decode_link_ether(struct layer *l)
{
	uint16_t type;

	if (!bytes_be16(l->b, 12, &type))
		return DECODE_CUT;
	if (type > TYPE_LENGTH_MAX)
		return next(l, ETHER_HDR, LAYER_TYPE, type);
	if (!layer_skip(l, ETHER_HDR))
		return DECODE_CUT;
	layer_clamp(l, type);
	l->kind = LAYER_LLC;
	l->type = 0;
	return DECODE_OK;
}

/* A tag of `skip` bytes that ends with the next ethertype (or an 802.3 length). */
static enum decode_got tag(struct layer *l, size_t skip)
{
	uint16_t type;

	if (!bytes_be16(l->b, skip - 2, &type))
		return DECODE_CUT;
	return next(l, skip, type > TYPE_LENGTH_MAX ? LAYER_TYPE : LAYER_LLC,
		    type > TYPE_LENGTH_MAX ? type : 0);
}

static bool is_known_type(uint16_t type)
{
	return type == TYPE_IP4 || type == TYPE_IP6 || type == TYPE_VLAN || type == TYPE_QINQ ||
	       type == TYPE_PPPOE_SESSION;
}

/* Labels do not say what is below them (RFC 4928 2.1 tells why guessing by the first four bits
 * works): 4 and 6 are IP; 0 starts a pseudowire's control word (RFC 4385 3); else it may be
 * Ethernet without one, if an ethertype stands where it should. */
static enum decode_got mpls(struct layer *l)
{
	uint16_t type;

	for (int i = 0; i < LIMIT_MPLS_LABELS; i++) {
		bool bottom = l->b.len >= 4 && l->b.at[2] & 1;

		if (!layer_skip(l, 4))
			return DECODE_CUT;
		if (!bottom)
			continue;
		if (l->b.len == 0)
			return DECODE_CUT;
		if (l->b.at[0] >> 4 == 4 || l->b.at[0] >> 4 == 6)
			return next(l, 0, LAYER_IP, l->type);
		if (l->b.at[0] >> 4 == 0 && bytes_be16(l->b, 16, &type) && is_known_type(type))
			return next(l, 4, LAYER_ETHER, l->type);
		if (bytes_be16(l->b, 12, &type) && is_known_type(type))
			return next(l, 0, LAYER_ETHER, l->type);
		return DECODE_NOT_IP;
	}
	return DECODE_TOO_DEEP;
}

/* RFC 2516 4: version and type, code, session, length. */
static enum decode_got pppoe(struct layer *l)
{
	uint16_t len;

	if (!bytes_be16(l->b, 4, &len))
		return DECODE_CUT;
	if (l->b.at[1] != 0) /* a session frame has code 0 */
		return DECODE_NOT_IP;
	if (!layer_skip(l, 6))
		return DECODE_CUT;
	layer_clamp(l, len);
	l->kind = LAYER_PPP;
	return DECODE_OK;
}

enum decode_got decode_link_type(struct layer *l)
{
	switch (l->type) {
	case TYPE_IP4:
		if (l->b.len > 0 && l->b.at[0] >> 4 != 4)
			return DECODE_MALFORMED;
		return next(l, 0, LAYER_IP, l->type);
	case TYPE_IP6:
		if (l->b.len > 0 && l->b.at[0] >> 4 != 6)
			return DECODE_MALFORMED;
		return next(l, 0, LAYER_IP, l->type);
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
	case TYPE_QINQ_OLDER:
		return tag(l, 4);
	case TYPE_VNTAG:
		return tag(l, 6);
	case TYPE_CMD:
		return tag(l, 8);
	case TYPE_FABRICPATH:
		return next(l, 2, LAYER_ETHER, l->type);
	case TYPE_PBB: /* IEEE 802.1ah: an instance tag, then the customer's frame */
		return next(l, 4, LAYER_ETHER, l->type);
	case TYPE_TEB:
		return next(l, 0, LAYER_ETHER, l->type);
	case TYPE_PPP:
		return next(l, 0, LAYER_PPP, l->type);
	case TYPE_MPLS:
	case TYPE_MPLS_UP:
		return mpls(l);
	case TYPE_PPPOE_SESSION:
		return pppoe(l);
	default:
		return DECODE_NOT_IP;
	}
}

/* IEEE 802.2: SNAP (RFC 1042) with an ethertype, or IP's own service access point. */
enum decode_got decode_link_llc(struct layer *l)
{
	uint32_t oui;

	if (l->b.len < 3)
		return DECODE_CUT;
	if (l->b.at[0] == 0x06 && l->b.at[1] == 0x06 && l->b.at[2] == 0x03)
		return next(l, 3, LAYER_IP, TYPE_IP4);
	if (l->b.at[0] != 0xaa || l->b.at[1] != 0xaa || l->b.at[2] != 0x03)
		return DECODE_NOT_IP;
	if (!bytes_be24(l->b, 3, &oui))
		return DECODE_CUT;
	if (oui != 0 && oui != 0x0000f8) /* 0000f8: RFC 1390's and 802.1H's */
		return DECODE_NOT_IP;
	return tag(l, 8);
}

/* RFC 1661 2, 1662 3.1: address and control may be left out, and the protocol's first byte when it
 * is 0. */
enum decode_got decode_link_ppp(struct layer *l)
{
	uint16_t proto;

	if (l->b.len >= 2 && l->b.at[0] == 0xff && l->b.at[1] == 0x03 && !layer_skip(l, 2))
		return DECODE_CUT;
	if (l->b.len == 0)
		return DECODE_CUT;
	if (l->b.at[0] & 1) {
		proto = l->b.at[0];
		if (!layer_skip(l, 1))
			return DECODE_CUT;
	} else if (!bytes_be16(l->b, 0, &proto) || !layer_skip(l, 2)) {
		return DECODE_CUT;
	}
	l->type = proto;
	if (proto == PPP_IP4 || proto == PPP_IP6)
		return next(l, 0, LAYER_IP, proto);
	if (proto == PPP_MPLS)
		return mpls(l);
	return DECODE_NOT_IP;
}

/* The address family of BSD loopback headers, in either byte order: 2 is IPv4 everywhere; IPv6 has
 * been 10, 24, 28 and 30. */
static enum decode_got loop(struct layer *l)
{
	uint32_t be, le, af;

	if (!bytes_be32(l->b, 0, &be) || !bytes_le32(l->b, 0, &le))
		return DECODE_CUT;
	/* Some writers put an ethertype in the last two bytes. */
	if ((be & 0xffff) == TYPE_IP4 || (be & 0xffff) == TYPE_IP6)
		return next(l, 4, LAYER_TYPE, be & 0xffff);
	af = be < le ? be : le;
	if (af != 2 && af != 10 && af != 23 && af != 24 && af != 28 && af != 30)
		return DECODE_NOT_IP;
	return next(l, 4, LAYER_IP, af == 2 ? TYPE_IP4 : TYPE_IP6);
}

/* Linux "any" captures: `type_off` is where the protocol stands in a header of `len` bytes. Values
 * below 1501 are no ethertypes but say what kind of header follows: 4 is 802.2 (linux/if_ether.h,
 * ETH_P_802_2). */
static enum decode_got cooked(struct layer *l, size_t type_off, size_t len)
{
	uint16_t type;

	if (!bytes_be16(l->b, type_off, &type))
		return DECODE_CUT;
	if (type == 4)
		return next(l, len, LAYER_LLC, 0);
	return next(l, len, LAYER_TYPE, type);
}

/* Cisco HDLC: address 0f or 8f, control, ethertype. */
static enum decode_got chdlc(struct layer *l)
{
	uint16_t type;

	if (!bytes_be16(l->b, 2, &type))
		return DECODE_CUT;
	if (l->b.at[0] != 0x0f && l->b.at[0] != 0x8f)
		return DECODE_NOT_IP;
	return next(l, 4, LAYER_TYPE, type);
}

/* PFLOG: the length of its header (padded to 4, without its padding), address family, ... */
static enum decode_got pflog(struct layer *l)
{
	if (l->b.len < 2)
		return DECODE_CUT;
	return next(l, ((size_t)l->b.at[0] + 3) & ~(size_t)3, LAYER_IP, 0);
}

/* NFLOG: family, version, resource id; then attributes with a length (host order: both are tried)
 * and a type, of which 9 is the packet. */
static enum decode_got nflog(struct layer *l)
{
	if (l->b.len < 4)
		return DECODE_CUT;
	if (l->b.at[1] != 0 || !layer_skip(l, 4))
		return DECODE_NOT_IP;
	for (int i = 0; i < LIMIT_NFLOG_ATTRS; i++) {
		size_t len, type;

		if (l->b.len < 4)
			return DECODE_CUT;
		len = (size_t)(l->b.at[0] | l->b.at[1] << 8);
		type = (size_t)(l->b.at[2] | l->b.at[3] << 8);
		if (type > 255) { /* a big-endian writer */
			len = (size_t)(l->b.at[1] | l->b.at[0] << 8);
			type >>= 8;
		}
		if (len < 4)
			return DECODE_MALFORMED;
		if (type == 9) {
			layer_clamp(l, len);
			return next(l, 4, LAYER_IP, 0);
		}
		if (!layer_skip(l, (len + 3) & ~(size_t)3))
			return DECODE_CUT;
	}
	return DECODE_TOO_DEEP;
}

static enum decode_got plain(uint16_t linktype, struct layer *l)
{
	switch (linktype) {
	case LT_ETHERNET:
		return next(l, 0, LAYER_ETHER, 0);
	case LT_RAW:
	case LT_RAW_12:
	case LT_RAW_14:
	case LT_IPV4:
	case LT_IPV6:
	case LT_LINUX_ATM_CLIP:
		return next(l, 0, LAYER_IP, 0);
	case LT_NULL:
	case LT_LOOP:
		return loop(l);
	case LT_LINUX_SLL:
		return cooked(l, 14, 16);
	case LT_LINUX_SLL2:
		return cooked(l, 0, 20);
	case LT_PPP:
	case LT_PPP_HDLC: /* may hold Cisco's framing instead, as its first byte tells */
		if (l->b.len > 0 && (l->b.at[0] == 0x0f || l->b.at[0] == 0x8f))
			return chdlc(l);
		return next(l, 0, LAYER_PPP, 0);
	case LT_PPP_ETHER:
		return pppoe(l);
	case LT_PPP_WITH_DIR:
		return next(l, 1, LAYER_PPP, 0);
	case LT_C_HDLC:
		return chdlc(l);
	case LT_FDDI:
		return next(l, 13, LAYER_LLC, 0);
	case LT_ATM_RFC1483:
		return next(l, 0, LAYER_LLC, 0);
	case LT_IP_OVER_FC:
		return next(l, 16, LAYER_LLC, 0);
	case LT_IEEE802_11:
		return decode_wifi_frame(l);
	case LT_RADIOTAP:
		return decode_wifi_radiotap(l);
	case LT_PFLOG:
		return pflog(l);
	case LT_NFLOG:
		return nflog(l);
	default:
		return DECODE_LINKTYPE;
	}
}

/* Apple's header (macOS bsd/net/pktap.h): its length, the kind of record, the link type of what
 * follows. PPI's: version, flags, length in two bytes, link type. Neither may hold another such
 * header. */
enum decode_got decode_link_start(uint16_t linktype, struct layer *l)
{
	uint32_t len, inner;
	size_t len_min = 12;

	if (linktype != LT_PKTAP && linktype != LT_USER2 && linktype != LT_PPI)
		return plain(linktype, l);
	if (linktype == LT_PPI) {
		if (!bytes_le32(l->b, 0, &len) || !bytes_le32(l->b, 4, &inner))
			return DECODE_CUT;
		len >>= 16;
		len_min = 8;
	} else if (!bytes_le32(l->b, 0, &len) || !bytes_le32(l->b, 8, &inner)) {
		return DECODE_CUT;
	}
	if (len < len_min || len > 1024 || inner > UINT16_MAX)
		return linktype == LT_USER2 ? DECODE_LINKTYPE : DECODE_MALFORMED;
	if (!layer_skip(l, len))
		return DECODE_CUT;
	return plain((uint16_t)inner, l);
}
