/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
#ifndef WP_BPF_DECIDE_H
#define WP_BPF_DECIDE_H

/* Which frames are worth user space's while: one decision for every kind of tap. Nothing here
 * changes a packet or returns a verdict. */
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "shared.h"

#define INLINE static __always_inline

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* user space writes follow marks into it */
	__uint(max_entries, TAP_BUCKETS);
	__type(key, __u32);
	__type(value, struct tap_bucket);
} cells SEC(".maps");

/* One line of counters a CPU, and mapped: whoever reads them needs no right to ask the kernel. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TAP_CPUS *TAP_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Where the bytes of a frame are. `hook` is a constant wherever this is used, and everything is
 * inlined: each program holds only its own way. */
enum tap_hook { AT_SOCKET, AT_TC, AT_XDP };
struct tap_bytes {
	void *ctx; /* struct xdp_md, else struct __sk_buff */
	enum tap_hook hook;
};

/* 0 when the n bytes at `off` are there. */
INLINE int tap_copy(const struct tap_bytes *b, __u32 off, void *to, __u32 n)
{
	return b->hook == AT_XDP ? (int)bpf_xdp_load_bytes(b->ctx, off, to, n)
				 : (int)bpf_skb_load_bytes(b->ctx, off, to, n);
}

/* The same for headers. XDP reads them in place: 18 ns over an empty program, where a call for each
 * made it 27 (bench/README.md); for tc the two are alike. Beyond `near`, or the part in one piece, by
 * call. */
INLINE int tap_load(const struct tap_bytes *b, __u32 off, void *to, const __u32 n)
{
	const __u32 near = 1024;
	struct xdp_md *xdp = b->ctx;
	void *at;

	if (b->hook != AT_XDP || off >= near)
		return tap_copy(b, off, to, n);
	at = (void *)(long)xdp->data + off;
	if (at + n > (void *)(long)xdp->data_end)
		return tap_copy(b, off, to, n);
	__builtin_memcpy(to, at, n);
	return 0;
}

const volatile __u64 seed = 0;
const volatile __u8 follow_all = 0;

/* What the cursor found. */
struct head {
	struct tap_flow flow;
	__u32 l4;   /* offset of the transport header */
	__u32 end;  /* where the IP packet ends */
	__u8 flags; /* TCP */
	__u8 from;  /* 1: sent by the higher end */
};

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58, IP6_HEADERS = 4 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* IPv4 at `off`. Returns a choice when that is decided here, -1 to go on. */
INLINE int head_ip4(const struct tap_bytes *b, __u32 off, struct head *h)
{
	struct {
		__u8 ver_ihl, tos;
		__be16 len, id, frag;
		__u8 ttl, proto;
		__be16 sum;
		__be32 src, dst;
	} ip;

	if (tap_load(b, off, &ip, sizeof(ip)) || ip.ver_ihl >> 4 != 4)
		return TAP_OPAQUE;
	if (ip.frag & bpf_htons(0x3fff))
		return TAP_FRAGMENT;
	h->flow.proto = ip.proto;
	h->flow.addr[0][0] = h->flow.addr[1][0] = 0;
	h->flow.addr[0][1] = 0xffff00000000ULL | bpf_ntohl(ip.src);
	h->flow.addr[1][1] = 0xffff00000000ULL | bpf_ntohl(ip.dst);
	h->l4 = off + (ip.ver_ihl & 15) * 4;
	h->end = off + bpf_ntohs(ip.len);
	return -1;
}

INLINE __u64 load64(const __be32 *at)
{
	return (__u64)bpf_ntohl(at[0]) << 32 | bpf_ntohl(at[1]);
}

INLINE int head_ip6(const struct tap_bytes *b, __u32 off, struct head *h)
{
	struct {
		__be32 ver;
		__be16 len;
		__u8 next, hops;
		__be32 src[4], dst[4];
	} ip;
	struct {
		__u8 next, len;
	} ext;
	__u8 next;

	if (tap_load(b, off, &ip, sizeof(ip)) || bpf_ntohl(ip.ver) >> 28 != 6)
		return TAP_OPAQUE;
	h->flow.addr[0][0] = load64(ip.src);
	h->flow.addr[0][1] = load64(ip.src + 2);
	h->flow.addr[1][0] = load64(ip.dst);
	h->flow.addr[1][1] = load64(ip.dst + 2);
	h->end = off + sizeof(ip) + bpf_ntohs(ip.len);
	off += sizeof(ip);
	next = ip.next;
	for (int i = 0; i < IP6_HEADERS; i++) {
		if (next == 44)
			return TAP_FRAGMENT;
		if (next != 0 && next != 43 && next != 60) /* hop-by-hop, routing, destination */
			break;
		if (tap_load(b, off, &ext, sizeof(ext)))
			return TAP_OPAQUE;
		next = ext.next;
		off += (ext.len + 1) * 8;
	}
	h->flow.proto = next;
	h->l4 = off;
	return -1;
}

INLINE __u16 now_ticks(void)
{
	return (__u16)(bpf_ktime_get_ns() >> 30);
}

INLINE void cell_follow(struct tap_cell *c, __u16 tag)
{
	c->tag = tag;
	c->until = now_ticks() + TAP_FOLLOW_TICKS;
	c->follow_left = TAP_FOLLOW_PACKETS;
}

INLINE int cell_followed(struct tap_cell *c)
{
	if (!c->follow_left)
		return 0;
	if ((__s16)(c->until - now_ticks()) < 0) {
		c->follow_left = 0;
		return 0;
	}
	return 1;
}

/* A cell for a flow that has none: free, or another's. NULL when that one's is being followed. */
INLINE struct tap_cell *cell_take(struct tap_bucket *b, __u64 hash)
{
	struct tap_cell *c = tap_cell_in(b, 0);

	if (!c) {
		c = &b->way[tap_way_of(hash)];
		if (cell_followed(c))
			return 0;
	}
	*c = (struct tap_cell){.tag = tap_tag_of(hash)};
	return c;
}

/* Counts a packet of the flow in its cell; a choice, or TAP_NOT_WANTED. */
INLINE int decide_cell(const struct head *h, int payload)
{
	__u64 hash = tap_hash(seed, &h->flow);
	__u32 at = tap_bucket_of(hash);
	struct tap_bucket *b = bpf_map_lookup_elem(&cells, &at);
	int shift = h->from ? 4 : 0, n;
	__u16 tag = tap_tag_of(hash);
	struct tap_cell *c;

	if (!b)
		return TAP_FIRST;
	c = tap_cell_in(b, tag);
	if (!c)
		c = cell_take(b, hash);
	if (!c)
		return TAP_FIRST;
	if (h->flow.proto == PROTO_TCP && h->flags & (SYN | FIN | RST)) {
		if ((h->flags & (SYN | ACK)) == SYN) /* the tuple begins anew */
			*c = (struct tap_cell){
				.tag = tag, .follow_left = c->follow_left, .until = c->until};
		if (h->flags & RST ||
		    ((h->flags & (SYN | ACK)) == (SYN | ACK) && c->bits & TAP_SYNACK_SEEN))
			cell_follow(c, tag);
		if ((h->flags & (SYN | ACK)) == (SYN | ACK))
			c->bits |= TAP_SYNACK_SEEN;
		return TAP_FLAGS;
	}
	if (cell_followed(c)) {
		c->follow_left--;
		return TAP_FOLLOWED;
	}
	if (payload) {
		n = c->data >> shift & 15;
		if (n >= TAP_FIRST_DATA)
			return TAP_NOT_WANTED;
		c->data += 1 << shift;
		return TAP_FIRST;
	}
	n = c->bare >> shift & 15;
	if (n >= TAP_FIRST_BARE)
		return TAP_NOT_WANTED;
	c->bare += 1 << shift;
	return TAP_FIRST;
}

INLINE int decide_tcp(const struct tap_bytes *b, struct head *h)
{
	struct {
		__be16 sport, dport;
		__be32 seq, ack;
		__u8 off, flags;
	} tcp;

	if (tap_load(b, h->l4, &tcp, 14))
		return TAP_OPAQUE;
	h->flow.port[0] = bpf_ntohs(tcp.sport);
	h->flow.port[1] = bpf_ntohs(tcp.dport);
	h->flags = tcp.flags;
	h->from = tap_order(&h->flow);
	return decide_cell(h, h->l4 + (tcp.off >> 4) * 4 < h->end);
}

INLINE int decide_udp(const struct tap_bytes *b, struct head *h)
{
	struct {
		__be16 sport, dport, len, sum;
		__u8 first;
	} udp = {};
	__u16 s, d;

	if (tap_load(b, h->l4, &udp, 8))
		return TAP_OPAQUE;
	s = bpf_ntohs(udp.sport);
	d = bpf_ntohs(udp.dport);
	if (s == 53 || d == 53)
		return TAP_DNS;
	/* VXLAN, GTP-U, Teredo: decode/ looks inside */
	if (s == 4789 || d == 4789 || s == 2152 || d == 2152 || s == 3544 || d == 3544)
		return TAP_OPAQUE;
	if (s == 443 || d == 443) {
		/* RFC 9000 17.2: the header form bit */
		if (!tap_load(b, h->l4 + 8, &udp.first, 1) && udp.first & 0x80)
			return TAP_QUIC;
	}
	h->flow.port[0] = s;
	h->flow.port[1] = d;
	h->from = tap_order(&h->flow);
	return decide_cell(h, 1);
}

/* An ICMP error is chosen, and the flow that it quotes is followed. */
INLINE int decide_icmp(const struct tap_bytes *b, __u32 off, int six)
{
	struct head q = {};
	__be16 port[2];
	__u8 type;

	if (tap_load(b, off, &type, 1))
		return TAP_OPAQUE;
	/* RFC 792: 3 unreachable, 4 quench, 5 redirect, 11 time, 12 parameter; RFC 4443: below 128
	 */
	if (six ? type >= 128 : type != 3 && type != 4 && type != 5 && type != 11 && type != 12)
		return TAP_NOT_WANTED;
	if ((six ? head_ip6(b, off + 8, &q) : head_ip4(b, off + 8, &q)) < 0 &&
	    (q.flow.proto == PROTO_TCP || q.flow.proto == PROTO_UDP) &&
	    !tap_load(b, q.l4, port, 4)) {
		struct tap_bucket *bucket;
		struct tap_cell *c;
		__u64 hash;
		__u32 at;

		q.flow.port[0] = bpf_ntohs(port[0]);
		q.flow.port[1] = bpf_ntohs(port[1]);
		(void)tap_order(&q.flow);
		hash = tap_hash(seed, &q.flow);
		at = tap_bucket_of(hash);
		bucket = bpf_map_lookup_elem(&cells, &at);
		c = bucket ? tap_cell_in(bucket, tap_tag_of(hash)) : 0;
		if (c)
			cell_follow(c, c->tag);
	}
	return TAP_ICMP;
}

/* `off`: where the network header is; `type`: its ethertype, network order. */
INLINE int decide_net(const struct tap_bytes *b, __u32 off, __be16 type)
{
	struct head h = {};
	int got;

	for (int i = 0;
	     i < 2 && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)); i++) {
		__be16 tag[2];

		if (tap_load(b, off, tag, sizeof(tag)))
			return TAP_OPAQUE;
		type = tag[1];
		off += 4;
	}
	if (type == bpf_htons(ETH_P_IP))
		got = head_ip4(b, off, &h);
	else if (type == bpf_htons(ETH_P_IPV6))
		got = head_ip6(b, off, &h);
	else /* MPLS, PPPoE: decode/ looks inside */
		return type == bpf_htons(0x8847) || type == bpf_htons(0x8848) ||
				       type == bpf_htons(0x8864)
			       ? TAP_OPAQUE
			       : TAP_NOT_IP;
	if (got >= 0)
		return got;
	switch (h.flow.proto) {
	case PROTO_TCP:
		return decide_tcp(b, &h);
	case PROTO_UDP:
		return decide_udp(b, &h);
	case PROTO_ICMP:
		return decide_icmp(b, h.l4, 0);
	case PROTO_ICMP6:
		return decide_icmp(b, h.l4, 1);
	case 4:  /* IP in IP */
	case 41: /* 6in4 */
	case 47: /* GRE */
	case 0:
	case 43:
	case 60: /* more extension headers than we walk */
		return TAP_OPAQUE;
	default:
		return TAP_NOT_WANTED;
	}
}

INLINE void count(__u32 what)
{
	__u32 at = (bpf_get_smp_processor_id() & (TAP_CPUS - 1)) * TAP_COUNTERS + what;
	__u64 *n = bpf_map_lookup_elem(&counts, &at);

	if (n)
		++*n;
}

/* Is the frame chosen? Counted. */
INLINE int decide(const struct tap_bytes *b, __u32 off, __be16 type)
{
	__u32 choice = (__u32)decide_net(b, off, type);

	if (follow_all && choice == TAP_NOT_WANTED)
		choice = TAP_EVERYTHING;
	count(choice);
	return choice != TAP_NOT_WANTED && choice != TAP_NOT_IP;
}

#endif
