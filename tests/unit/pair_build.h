/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_PAIR_BUILD_H
#define WP_TESTS_PAIR_BUILD_H

/* Two captures made packet by packet: 10.0.0.1:40000 (orig) and 192.0.2.1:443 (resp), 20 ms apart, the same clock, IP IDs that count up
 * and 5 hops, unless the test says otherwise. Include after cmocka.h. */

#include <stdlib.h>
#include <string.h>

#include "pair/pair.h"

#define PB_MS INT64_C(1000000)

enum { PB_ISN_O = 1000, PB_ISN_R = 90000 };

struct pb {
	struct pair *p;
	struct ip_addr addr[2][2]; /* of orig and resp, as each file has them */
	uint16_t port[2][2];
	int64_t now_ns;    /* of orig's clock */
	int64_t offset_ns; /* resp's clock minus orig's */
	int64_t way_ns;
	uint64_t frame[2];
	uint16_t id[2]; /* next IP ID of each end */
	uint8_t proto, ttl;
	int hops;
	bool no_id;
};

static inline struct ip_addr pb_ip(uint8_t a, uint8_t b)
{
	return (struct ip_addr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, 0, 0, b}};
}

static inline struct pb pb_new(void)
{
	struct pb b = {.p = pair_new(),
		       .now_ns = INT64_C(1700000000) * 1000 * PB_MS,
		       .way_ns = 20 * PB_MS,
		       .id = {100, 7000},
		       .proto = 6,
		       .ttl = 64,
		       .hops = 5};

	if (!b.p)
		abort();
	for (int f = 0; f < 2; f++) {
		b.addr[f][0] = pb_ip(10, 1);
		b.addr[f][1] = pb_ip(192, 1);
		b.port[f][0] = 40000;
		b.port[f][1] = 443;
	}
	return b;
}

struct pb_seg {
	uint32_t seq, ack;
	uint16_t flags, id;
	const char *text; /* payload */
	uint32_t len;     /* of text, when it is not a string */
	uint8_t ttl;
};

/* Into one file, at that file's time. */
static inline void pb_put(struct pb *b, int file, int dir, struct pb_seg s, int64_t ts_ns)
{
	uint32_t n = s.len ? s.len : s.text ? (uint32_t)strlen(s.text) : 0;
	struct pkt k = {.ts_ns = ts_ns,
			.frame_no = ++b->frame[file],
			.src = b->addr[file][dir],
			.dst = b->addr[file][!dir],
			.sport = b->port[file][dir],
			.dport = b->port[file][!dir],
			.ip_version = 4,
			.ip_proto = b->proto,
			.l4 = b->proto == 6 ? L4_TCP : L4_UDP,
			.ttl = s.ttl,
			.has_ip_id = !b->no_id,
			.ip_id = b->no_id ? 0 : s.id,
			.payload = {(const uint8_t *)s.text, n},
			.payload_len = n};

	k.tcp.seq = s.seq;
	k.tcp.ack = s.ack;
	k.tcp.flags = s.flags;
	if (!pair_capture_add(b->p, (enum pair_file)file, &k))
		abort();
}

/* Sent and captured by its sender only; 1 ms passes. Numbers are relative to the ISNs. */
static inline struct pb_seg pb_send(struct pb *b, int dir, uint16_t flags, uint32_t seq,
				    uint32_t ack, const char *text)
{
	struct pb_seg s = {.seq = seq + (dir ? PB_ISN_R : PB_ISN_O),
			   .flags = flags,
			   .text = text,
			   .ttl = b->ttl,
			   .id = b->id[dir]++};

	s.ack = flags & TCP_ACK ? ack + (dir ? PB_ISN_O : PB_ISN_R) : 0;
	pb_put(b, dir, dir, s, b->now_ns + (dir ? b->offset_ns : 0));
	return s;
}

/* Received: in the other file, later, with a smaller TTL. */
static inline void pb_arrive(struct pb *b, int dir, struct pb_seg s)
{
	s.ttl = (uint8_t)(s.ttl - b->hops);
	pb_put(b, !dir, dir, s, b->now_ns + b->way_ns + (dir ? 0 : b->offset_ns));
}

static inline struct pb_seg pb_pass(struct pb *b, int dir, uint16_t flags, uint32_t seq,
				    uint32_t ack, const char *text)
{
	struct pb_seg s = pb_send(b, dir, flags, seq, ack, text);

	pb_arrive(b, dir, s);
	b->now_ns += 2 * b->way_ns;
	return s;
}

static inline void pb_lose(struct pb *b, int dir, uint16_t flags, uint32_t seq, uint32_t ack,
			   const char *text)
{
	(void)pb_send(b, dir, flags, seq, ack, text); /* nobody needs what was lost */
	b->now_ns += 200 * PB_MS;
}

/* Handshake, a question of 5 bytes and its acknowledgement. */
static inline void pb_open(struct pb *b)
{
	pb_pass(b, 0, TCP_SYN, 0, 0, NULL);
	pb_pass(b, 1, TCP_SYN | TCP_ACK, 0, 1, NULL);
	pb_pass(b, 0, TCP_ACK, 1, 1, NULL);
	pb_pass(b, 0, TCP_ACK | TCP_PSH, 1, 1, "hello");
	pb_pass(b, 1, TCP_ACK, 1, 6, NULL);
}

/* An answer of 4 bytes and the end of it all. */
static inline void pb_close(struct pb *b)
{
	pb_pass(b, 1, TCP_ACK, 1, 6, "fine");
	pb_pass(b, 0, TCP_ACK, 6, 5, NULL);
	pb_pass(b, 0, TCP_ACK | TCP_FIN, 6, 5, NULL);
	pb_pass(b, 1, TCP_ACK | TCP_FIN, 5, 7, NULL);
	pb_pass(b, 0, TCP_ACK, 7, 6, NULL);
}

/* How many items of a kind. */
static inline uint32_t pb_items(const struct pb *b, enum pair_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->p->n_items; i++)
		n += b->p->item[i].kind == kind;
	return n;
}

#endif
