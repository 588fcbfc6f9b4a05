/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DECODE_DECODE_H
#define WP_DECODE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/frame.h"

/* An address of either family; IPv4 as ::ffff:a.b.c.d. */
struct ip_addr {
	uint8_t b[16];
};

enum l4 {
	L4_NONE = 0, /* an IP packet of another protocol; ip_proto says which */
	L4_TCP,
	L4_UDP,
	L4_ICMP, /* ICMP and ICMPv6 */
};

/* The 12 bits of the TCP flags field, RFC 9293 3.1; the upper three are reserved, AE is
 * RFC 9768's. */
enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE = 0x100,
	TCP_RESERVED = 0xe00,
};

/* Bits of pkt.tcp.opts: which options the segment carried. */
enum tcp_opt {
	TCP_OPT_MSS = 1 << 0,
	TCP_OPT_WSCALE = 1 << 1,
	TCP_OPT_SACK_OK = 1 << 2,
	TCP_OPT_SACK = 1 << 3,
	TCP_OPT_TS = 1 << 4,
	TCP_OPT_MD5 = 1 << 5,
	TCP_OPT_FASTOPEN = 1 << 6,
	TCP_OPT_MPTCP = 1 << 7,
	TCP_OPT_OTHER = 1 << 8,
};

/* One bit per oddity, named in quirks.def: QUIRK_<NAME>. */
enum quirk_bit {
#define X(name, token, doc) QUIRK_BIT_##name,
#include "decode/quirks.def"
#undef X
	QUIRK_N
};
#define QUIRK(name) (UINT32_C(1) << QUIRK_BIT_##name)

/* The short stable token of a quirk bit ("trunc-l4"), and its one-line meaning; static strings,
 * never NULL. */
const char *quirk_token(enum quirk_bit bit);
const char *quirk_doc(enum quirk_bit bit);

/* What an ICMP error quotes of the packet it is about; RFC 792, RFC 4443. */
struct icmp_quote {
	bool present;
	uint8_t ip_proto;
	struct ip_addr src, dst;
	uint16_t sport, dport; /* 0 when the quote is too short */
	uint32_t seq;          /* TCP only */
	bool has_ports, has_seq;
	uint8_t ttl;
	uint16_t ip_id;
};

/* One decoded packet: views into the frame (or into a reassembled datagram), no ownership. The
 * innermost IP packet that could be decoded is described; `tunnel_depth` says how many were around
 * it. */
struct pkt {
	int64_t ts_ns;
	uint64_t frame_no;
	struct ip_addr src, dst;
	uint16_t sport, dport; /* TCP, UDP; 0 else */
	uint8_t ip_version;    /* 4 or 6 */
	uint8_t ip_proto;      /* the transport's protocol number after extension headers */
	uint8_t l4;            /* enum l4 */
	uint8_t ttl;           /* hop limit for IPv6 */
	uint8_t tos;           /* traffic class for IPv6 */
	uint8_t tunnel_depth;
	bool df;
	bool has_ip_id; /* IPv4, or an IPv6 fragment header's low 16 bits */
	uint16_t ip_id;
	uint16_t ip_hdr_len;
	uint32_t ip_total_len; /* header and payload as the header says */
	uint32_t wire_len;     /* of the frame */
	uint32_t quirks;       /* QUIRK(...) */

	/* Fragments: `frag` is true for every fragment that is not the whole datagram; then l4 is
	 * L4_NONE, and `l4_bytes` is this fragment's data at `frag_off` bytes. flow/defrag.c puts
	 * them together. */
	bool frag, frag_more;
	uint16_t frag_off;
	uint32_t frag_id;

	/* from the transport header on, clamped to the IP length and to the capture */
	struct bytes l4_bytes;
	struct bytes payload; /* captured application bytes */
	uint32_t payload_len; /* application bytes on the wire by the IP length; >= payload.len */

	struct {
		uint32_t seq, ack;
		uint16_t flags; /* 12 bits: enum tcp_flag */
		uint16_t win;   /* raw field */
		uint16_t urg;
		uint16_t opts; /* enum tcp_opt bits seen */
		uint16_t mss;  /* valid with TCP_OPT_MSS */
		uint8_t wscale;
		uint8_t hdr_len; /* bytes */
		uint32_t ts_val, ts_ecr;
		uint16_t checksum;
	} tcp;
	struct {
		uint8_t type, code;
		uint32_t mtu; /* "too big" messages: the next hop's MTU; 0 when absent */
		struct icmp_quote quote;
	} icmp;
};

/* Why a frame gave no packet; each is counted by the caller. */
enum decode_got {
	DECODE_OK,        /* *out is filled, out->l4 may be L4_NONE */
	DECODE_NOT_IP,    /* a frame of another protocol; note->ethertype says which */
	DECODE_LINKTYPE,  /* the link type is not known to us */
	DECODE_CUT,       /* the capture ends inside the IP or link header */
	DECODE_MALFORMED, /* lengths that contradict each other, impossible headers */
	DECODE_TOO_DEEP,  /* more layers than LIMIT_DECODE_LAYERS */
};

struct decode_note {
	/* DECODE_NOT_IP: the innermost ethertype or PPP protocol seen, 0 when none */
	uint16_t ethertype;
	/* a PCAPdroid trailer was stripped: capture point is a VPN interface or rooted phone */
	bool pcapdroid;
};

/* Decodes one frame down to the transport. Pure: no state, no allocation. *out is always cleared
 * first; ts_ns, frame_no and wire_len are set even on failure. Never reads beyond the cap_len bytes
 * at f->at. Hot path. */
enum decode_got decode_frame(uint16_t linktype, const struct frame *f, struct pkt *out,
			     struct decode_note *note);

/* Decodes the transport of a reassembled IP datagram: p holds the IP facts of its first fragment,
 * `l4` the whole transport payload. Clears p->frag and fills the transport fields; false when the
 * bytes are no valid transport header. `l4` must outlive p. May itself be a tunnel (the inner
 * packet replaces *p). */
bool decode_datagram(struct pkt *p, struct bytes l4);

/* The transport checksum over what the IP header covers: 1 right, 0 wrong, -1 not all bytes
 * captured (or a fragment, or UDP without checksum, or no match where IP options or extension
 * headers may have named another destination). Costs a pass over the payload: for suspects only. */
int decode_checksum(const struct pkt *p);

static inline bool ip_is_v4(const struct ip_addr *a)
{
	static const uint8_t pre[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	for (int i = 0; i < 12; i++)
		if (a->b[i] != pre[i])
			return false;
	return true;
}

enum { IP_TEXT_MAX = 46 };
/* Writes the usual text form (RFC 5952 for IPv6) and a NUL; returns out. */
const char *ip_text(const struct ip_addr *a, char out[IP_TEXT_MAX]);

/* True for addresses that never cross the public Internet: RFC 1918, 6598, 3927, 4193, loopback,
 * link-local. */
bool ip_is_private(const struct ip_addr *a);

#endif
