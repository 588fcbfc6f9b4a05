/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_DECODE_BUILD_H
#define WP_TESTS_DECODE_BUILD_H

/* Frames for the decode tests, built from the inside out: start with a transport, wrap header after
 * header around it. */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decode/decode.h"
#include "guard.h"

struct build {
	uint8_t b[4096];
	size_t n;
};

static inline void build_add(struct build *f, const void *bytes, size_t n)
{
	assert(n <= sizeof(f->b) - f->n);
	memcpy(f->b + f->n, bytes, n);
	f->n += n;
}

/* Puts a header before what is there. */
static inline void build_wrap(struct build *f, const void *hdr, size_t n)
{
	assert(n <= sizeof(f->b) - f->n);
	if (n == 0)
		return;
	memmove(f->b + n, f->b, f->n);
	memcpy(f->b, hdr, n);
	f->n += n;
}

#define BUILD_WRAP(f, ...) \
	build_wrap(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void build_be16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void build_be32(uint8_t *at, uint32_t v)
{
	build_be16(at, v >> 16);
	build_be16(at + 2, v & 0xffff);
}

/* Port 40000 to 443, seq 0x01020304, ack 0x05060708, PSH+ACK, window 4660, no options. */
static inline void build_tcp(struct build *f, const char *payload)
{
	static const uint8_t hdr[20] = {0x9c, 0x40, 0x01, 0xbb, 1,    2,    3,    4,    5, 6,
					7,    8,    0x50, 0x18, 0x12, 0x34, 0xab, 0xcd, 0, 0};

	f->n = 0;
	build_add(f, hdr, sizeof(hdr));
	build_add(f, payload, strlen(payload));
}

static inline void build_udp_wrap(struct build *f, uint16_t sport, uint16_t dport)
{
	uint8_t h[8] = {0};

	build_be16(h, sport);
	build_be16(h + 2, dport);
	build_be16(h + 4, f->n + 8);
	build_wrap(f, h, sizeof(h));
}

/* 192.0.2.net to 198.51.100.net, TTL 57, ID 0x1234, DF. */
static inline void build_ip4_wrap(struct build *f, uint8_t proto, uint8_t net)
{
	uint8_t h[20] = {0x45, 0x10, 0,   0, 0x12, 0x34, 0x40, 0,  57,  proto,
			 0,    0,    192, 0, 2,    net,  198,  51, 100, net};

	build_be16(h + 2, f->n + 20);
	build_wrap(f, h, sizeof(h));
}

/* 2001:db8::net to 2001:db8::ff:net, hop limit 58, traffic class 0x20. */
static inline void build_ip6_wrap(struct build *f, uint8_t next, uint8_t net)
{
	uint8_t h[40] = {0x62, 0, 0, 0, 0, 0, next, 58, 0x20, 1, 0x0d, 0xb8};

	h[23] = h[39] = net;
	h[37] = 0xff;
	h[24] = 0x20;
	h[25] = 1;
	h[26] = 0x0d;
	h[27] = 0xb8;
	build_be16(h + 4, f->n);
	build_wrap(f, h, sizeof(h));
}

static inline void build_ether_wrap(struct build *f, uint16_t type)
{
	uint8_t h[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	build_be16(h + 12, type);
	build_wrap(f, h, sizeof(h));
}

/* Decodes the first `cap` bytes of the frame, placed against an unreadable page; `wire` is what the
 * record says. The views in *p are not valid afterwards, only their lengths; `head` (may be NULL)
 * gets the first payload bytes. */
static inline enum decode_got build_decode(const struct build *f, uint16_t linktype, size_t cap,
					   size_t wire, struct pkt *p, struct decode_note *note,
					   char head[16])
{
	struct guard g = guard_copy(f->b, cap);
	struct frame fr = {.at = g.at,
			   .cap_len = (uint32_t)cap,
			   .wire_len = (uint32_t)wire,
			   .ts_ns = 77,
			   .no = 9};
	enum decode_got got = decode_frame(linktype, &fr, p, note);

	if (head) {
		size_t n = p->payload.len < 15 ? p->payload.len : 15;

		memset(head, 0, 16);
		if (n > 0)
			memcpy(head, p->payload.at, n);
	}
	guard_free(&g);
	return got;
}

static inline enum decode_got build_decode_all(const struct build *f, uint16_t linktype,
					       struct pkt *p, char head[16])
{
	struct decode_note note;

	return build_decode(f, linktype, f->n, f->n, p, &note, head);
}

/* Decodes the frame cut at every length, with the true wire length and with the cut one. What a cut
 * shows must be part of what the whole shows, unless it only reaches an outer packet. Returns false
 * when it is not. */
static inline bool build_cuts_hold(const struct build *f, uint16_t linktype)
{
	struct pkt whole, p;
	struct decode_note note;
	size_t payload_before = 0;

	if (build_decode(f, linktype, f->n, f->n, &whole, &note, NULL) != DECODE_OK)
		return false;
	for (size_t cap = 0; cap < f->n; cap++) {
		for (int lies = 0; lies < 2; lies++) {
			enum decode_got got =
				build_decode(f, linktype, cap, lies ? cap : f->n, &p, &note, NULL);

			if (p.ts_ns != 77 || p.frame_no != 9 || p.payload.len > p.payload_len)
				return false;
			if (got != DECODE_OK || p.tunnel_depth != whole.tunnel_depth)
				continue;
			if (memcmp(&p.src, &whole.src, 16) || memcmp(&p.dst, &whole.dst, 16) ||
			    p.ip_proto != whole.ip_proto)
				return false;
			if (p.payload.len > whole.payload.len || p.payload_len > whole.payload_len)
				return false;
			if (p.l4 == whole.l4 && !(p.quirks & QUIRK(TRUNC_L4)) &&
			    p.payload_len != whole.payload_len)
				return false;
			if (p.payload.len < p.payload_len && !(p.quirks & QUIRK(TRUNC_PAYLOAD)))
				return false;
			if (!lies && p.payload.len < payload_before)
				return false;
			payload_before = lies ? payload_before : p.payload.len;
		}
	}
	return true;
}

#endif
