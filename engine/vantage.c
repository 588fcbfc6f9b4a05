/* SPDX-License-Identifier: BSD-3-Clause */
#include "vantage.h"

#include <string.h>

enum {
	/* Checksums are computed for this many TCP packets of an input only: enough to see offload,
	   cheap enough to forget. */
	CHECKSUMS_MAX = 64,
	/* An Ethernet frame with VLAN tags is at most 1526 bytes; beyond that a host's own stack
	 * was watched, unless the link takes jumbo frames: those stop at 9 KB. */
	FRAME_MAX = 9100,
	SUPER_MIN = 2,
	BAD_MIN = 2,
	/* A handshake, a request, an answer and an end, each acknowledged. */
	ALIKE_MIN = 8,
};

/* The address that PCAPdroid's VPN gives the phone (its documentation: 10.215.173.1/30). */
static bool is_pcapdroid_addr(const struct ip_addr *a)
{
	static const uint8_t net[15] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 215, 173};

	return !memcmp(a->b, net, sizeof(net));
}

/* A proxy that logs what it decrypted writes the packets itself: SSLsplit's logpkt.c gives each TTL 64 (hop limit 255), window 32767 and no
 * options, whoever "sent" it. A kernel puts its MSS into a SYN (RFC 9293, 3.7.1), and two hosts on a path are never alike in all three. */
static void vantage_alike(struct vantage *v, const struct pkt *p)
{
	uint16_t syn = p->tcp.flags & (TCP_SYN | TCP_ACK);

	if (v->n_tcp == 1) {
		v->ttl = p->ttl;
		v->win = p->tcp.win;
	}
	v->varied |= p->ttl != v->ttl || p->tcp.win != v->win || p->tcp.hdr_len != 20;
	v->syn |= syn == TCP_SYN;
	v->syn_ack |= syn == (TCP_SYN | TCP_ACK);
}

void vantage_packet(struct vantage *v, const struct pkt *p, const struct decode_note *note,
		    bool raw_link)
{
	v->n_pcapdroid += (note->pcapdroid || raw_link) &&
			  (is_pcapdroid_addr(&p->src) || is_pcapdroid_addr(&p->dst));
	if (p->l4 != L4_TCP || (p->quirks & QUIRK(TRUNC_L4)))
		return;
	v->n_tcp++;
	if (!v->varied)
		vantage_alike(v, p);
	v->n_super += p->wire_len > FRAME_MAX;
	v->n_hop0 += p->ttl == 64 || p->ttl == 128 || p->ttl == 255;
	if (v->n_checked < CHECKSUMS_MAX) {
		int right = decode_checksum(p);

		v->n_checked += right >= 0;
		v->n_bad_checksum += right == 0;
	}
}

void vantage_joined(struct vantage *v, const struct pkt *p)
{
	/* what is longer is counted by its length */
	v->n_super += p->l4 == L4_TCP && p->wire_len <= FRAME_MAX;
}

enum capture_point vantage_judge(const struct vantage *v)
{
	if (v->n_pcapdroid)
		return POINT_VPN_API;
	if (!v->varied && v->syn && v->syn_ack && v->n_tcp >= ALIKE_MIN)
		return POINT_PROXY;
	if (v->n_super >= SUPER_MIN)
		return POINT_OFFLOAD;
	if (v->n_tcp < 2)
		return POINT_UNKNOWN;
	/* A host's own packets leave for the capture before the card computes their checksum, and
	 * with their initial TTL. */
	if (v->n_bad_checksum >= BAD_MIN && v->n_bad_checksum * 5 < v->n_checked * 4 && v->n_hop0)
		return POINT_HOST;
	return v->n_hop0 ? POINT_UNKNOWN : POINT_WIRE;
}
