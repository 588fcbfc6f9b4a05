/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

enum {
	TCP_HDR_MIN = 20,
	OPT_END = 0,
	OPT_NOP = 1,
	/* The smallest Ethernet frame carries 46 bytes: a packet of up to 6 bytes less is padded to
	   it. */
	PADDED_TOTAL_MAX = 46,
	PADDING_MAX = 6,
};

/* Notes one option whose bytes (kind and length included) are all there; false when its length
 * cannot be. Lengths: RFC 9293 3.2, 7323 2.2 and 3.2, 2018 2 and 3, 2385 3.0, 7413 4.1.1, 8684 3,
 * 6994 (experiments). */
static bool opt_read(struct pkt *p, struct bytes o)
{
	uint16_t exid;

	switch (o.at[0]) {
	case 2:
		if (o.len != 4 || !bytes_be16(o, 2, &p->tcp.mss))
			return false;
		p->tcp.opts |= TCP_OPT_MSS;
		return true;
	case 3:
		if (o.len != 3 || !bytes_u8(o, 2, &p->tcp.wscale))
			return false;
		p->tcp.opts |= TCP_OPT_WSCALE;
		return true;
	case 4:
		p->tcp.opts |= o.len == 2 ? TCP_OPT_SACK_OK : 0;
		return o.len == 2;
	case 5:
		if (o.len < 10 || (o.len - 2) % 8 != 0)
			return false;
		p->tcp.opts |= TCP_OPT_SACK;
		return true;
	case 8:
		if (o.len != 10 || !bytes_be32(o, 2, &p->tcp.ts_val) ||
		    !bytes_be32(o, 6, &p->tcp.ts_ecr))
			return false;
		p->tcp.opts |= TCP_OPT_TS;
		return true;
	case 19:
		p->tcp.opts |= o.len == 18 ? TCP_OPT_MD5 : 0;
		return o.len == 18;
	case 34:
		p->tcp.opts |= TCP_OPT_FASTOPEN;
		return true;
	case 30:
		p->tcp.opts |= TCP_OPT_MPTCP;
		return true;
	case 254: /* Fast Open before it had a number: RFC 7413 4.1.1 names 0xF989 */
		p->tcp.opts |= bytes_be16(o, 2, &exid) && exid == 0xf989 ? TCP_OPT_FASTOPEN
									 : TCP_OPT_OTHER;
		return true;
	default:
		p->tcp.opts |= TCP_OPT_OTHER;
		return true;
	}
}

/* o: the captured option bytes, `wire` how many the header has. At most 40 bytes, so at most 40
 * turns. */
static void opts_read(struct pkt *p, struct bytes o, size_t wire)
{
	size_t off = 0;

	while (off < o.len) {
		uint8_t len;

		if (o.at[off] == OPT_END)
			return;
		if (o.at[off] == OPT_NOP) {
			off++;
			continue;
		}
		if (!bytes_u8(o, off + 1, &len)) {
			/* The length byte: missing in the capture, or in the header itself. */
			p->quirks |= off + 1 < wire ? QUIRK(TRUNC_OPTS) : QUIRK(BAD_OPTS);
			return;
		}
		if (len < 2 || len > wire - off) {
			p->quirks |= QUIRK(BAD_OPTS);
			return;
		}
		if (len > o.len - off)
			break;
		if (!opt_read(p, (struct bytes){o.at + off, len})) {
			p->quirks |= QUIRK(BAD_OPTS);
			return;
		}
		off += len;
	}
	if (o.len < wire)
		p->quirks |= QUIRK(TRUNC_OPTS);
}

/* Some publishers' tools wrote the padding of a 40-byte packet into its IP length
 * (MIDDLEBOXES.md 3.1, METHODS.md f.1). A short ACK, FIN or RST with nothing but zeros is taken for
 * that. PSH tells data from it on a plain ACK: BitTorrent's keep-alive is four zero bytes with PSH.
 * Bytes that the capture left out count as zero, so that a shorter cut never shows more payload. */
static bool is_padding(const struct pkt *p)
{
	const uint16_t ends = TCP_FIN | TCP_RST;

	if (p->payload_len == 0 || p->payload_len > PADDING_MAX ||
	    p->ip_total_len > PADDED_TOTAL_MAX)
		return false;
	if (p->tcp.flags & TCP_SYN || !(p->tcp.flags & (TCP_ACK | ends)))
		return false;
	if (p->tcp.flags & TCP_PSH && !(p->tcp.flags & ends))
		return false;
	for (size_t i = 0; i < p->payload.len; i++)
		if (p->payload.at[i] != 0)
			return false;
	return true;
}

static void flags_check(struct pkt *p)
{
	if (p->tcp.ack != 0 && !(p->tcp.flags & TCP_ACK))
		p->quirks |= QUIRK(ACK_NO_FLAG);
	if (p->tcp.urg != 0 && !(p->tcp.flags & TCP_URG))
		p->quirks |= QUIRK(URG_NO_FLAG);
	if (p->tcp.flags & (TCP_RESERVED | TCP_AE))
		p->quirks |= QUIRK(RESERVED);
}

static void payload_set(struct pkt *p, size_t wire, size_t hdr)
{
	p->payload = bytes_from(p->l4_bytes, hdr);
	p->payload_len = (uint32_t)(wire - hdr);
	if (is_padding(p)) {
		p->quirks |= QUIRK(PADDING);
		p->payload = (struct bytes){NULL, 0};
		p->payload_len = 0;
	}
	if (p->payload.len < p->payload_len)
		p->quirks |= QUIRK(TRUNC_PAYLOAD);
}

/* The header is not all there. Ports are kept when they are (they name the flow), and the payload's
 * length when the data offset is. */
static bool short_read(struct pkt *p, struct bytes b, size_t wire)
{
	size_t hdr;

	p->quirks |= QUIRK(TRUNC_L4);
	if (bytes_be16(b, 2, &p->dport) && !bytes_be16(b, 0, &p->sport))
		p->dport = 0;
	if (wire < TCP_HDR_MIN) {
		p->quirks |= QUIRK(BAD_DOFF);
		return false;
	}
	hdr = b.len > 12 ? (size_t)(b.at[12] >> 4) * 4 : 0;
	/* What could turn out to be padding is not called payload. */
	if (hdr >= TCP_HDR_MIN && hdr < wire &&
	    !(wire - hdr <= PADDING_MAX && p->ip_total_len <= PADDED_TOTAL_MAX)) {
		p->payload_len = (uint32_t)(wire - hdr);
		p->quirks |= QUIRK(TRUNC_PAYLOAD);
	}
	return false;
}

bool decode_tcp_read(struct pkt *p, size_t wire)
{
	struct bytes b = p->l4_bytes;
	const uint8_t *h = b.at;
	size_t hdr;

	p->l4 = L4_TCP;
	if (b.len < TCP_HDR_MIN)
		return short_read(p, b, wire);
	p->sport = (uint16_t)(h[0] << 8 | h[1]);
	p->dport = (uint16_t)(h[2] << 8 | h[3]);
	p->tcp.seq = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	p->tcp.ack = (uint32_t)h[8] << 24 | (uint32_t)h[9] << 16 | (uint32_t)h[10] << 8 | h[11];
	p->tcp.flags = (uint16_t)((h[12] & 0x0f) << 8 | h[13]);
	p->tcp.win = (uint16_t)(h[14] << 8 | h[15]);
	p->tcp.checksum = (uint16_t)(h[16] << 8 | h[17]);
	p->tcp.urg = (uint16_t)(h[18] << 8 | h[19]);
	hdr = (size_t)(h[12] >> 4) * 4;
	p->tcp.hdr_len = (uint8_t)hdr;
	flags_check(p);
	if (hdr < TCP_HDR_MIN || hdr > wire) {
		p->quirks |= QUIRK(BAD_DOFF);
		return false;
	}
	if (hdr > TCP_HDR_MIN)
		opts_read(p, bytes_head(bytes_from(b, TCP_HDR_MIN), hdr - TCP_HDR_MIN),
			  hdr - TCP_HDR_MIN);
	payload_set(p, wire, hdr);
	return true;
}
