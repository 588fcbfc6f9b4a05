/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_FLOW_BUILD_H
#define WP_TESTS_FLOW_BUILD_H

/* Packets built by hand and put into a flow table: one connection from 10.0.0.1:40000 to 192.0.2.1:443 unless the
 * test says otherwise. Include after cmocka.h. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"
#include "flow/flow.h"

#define FB_S     INT64_C(1000000000)
#define FB_MS    INT64_C(1000000)
#define FB_START (INT64_C(1700000000) * FB_S)

enum { FB_ENDED_MAX = 64 };
enum { FB_C = 1000, FB_SV = 900000 }; /* ISNs of orig and resp */

struct fb {
	struct flow_table *t;
	struct ip_addr addr[2]; /* client, server */
	uint16_t port[2];
	int64_t now_ns; /* time of the next packet */
	uint64_t frame; /* number of the last packet */
	enum dir d;     /* direction of the last packet, as the table saw it */
	uint64_t n_ended;
	uint64_t ended[FB_ENDED_MAX]; /* flow.no of the first ones, in order */
};

static inline struct ip_addr fb_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ip_addr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

static inline void fb_on_end(void *arg, struct flow *f)
{
	struct fb *b = arg;

	if (b->n_ended < FB_ENDED_MAX)
		b->ended[b->n_ended] = f->no;
	b->n_ended++;
}

/* `b` stays where it is until fb_fini. */
static inline void fb_init(struct fb *b, uint64_t memory_bytes)
{
	struct flow_options o = {.memory_bytes = memory_bytes, .arg = b, .on_end = fb_on_end};

	*b = (struct fb){
		.addr = {fb_ip4(10, 0, 0, 1), fb_ip4(192, 0, 2, 1)},
		.port = {40000, 443},
		.now_ns = FB_START,
	};
	b->t = flow_table_new(&o);
	assert_non_null(b->t);
}

static inline void fb_fini(struct fb *b)
{
	flow_table_free(b->t);
}

static inline uint64_t fb_used(const struct fb *b)
{
	struct flow_stats st;

	flow_table_stats(b->t, &st);
	return st.bytes_used;
}

static inline struct flow_stats fb_stats(const struct fb *b)
{
	struct flow_stats st;

	flow_table_stats(b->t, &st);
	return st;
}

/* A TCP packet of the connection. `who` 0: from the client, 1: from the server. */
static inline struct pkt fb_pkt(const struct fb *b, int who, uint16_t flags, uint32_t seq,
				uint32_t ack, const void *data, size_t len)
{
	return (struct pkt){
		.ts_ns = b->now_ns,
		.frame_no = b->frame + 1,
		.src = b->addr[who],
		.dst = b->addr[!who],
		.sport = b->port[who],
		.dport = b->port[!who],
		.ip_version = 4,
		.ip_proto = 6,
		.l4 = L4_TCP,
		.ttl = who ? 50 : 64,
		.df = true,
		.has_ip_id = true,
		.ip_id = (uint16_t)(b->frame + 100),
		.wire_len = (uint32_t)(54 + len),
		.payload = {data, len},
		.payload_len = (uint32_t)len,
		.tcp = {.seq = seq, .ack = ack, .flags = flags, .win = 65000, .hdr_len = 20},
	};
}

/* Puts it in; time goes on by 2 ms, too far for a mirror port's copy. */
static inline struct flow *fb_put(struct fb *b, const struct pkt *p)
{
	struct flow *f = flow_table_packet(b->t, p, 0, &b->d);

	b->frame = p->frame_no;
	b->now_ns += 2 * FB_MS;
	return f;
}

static inline struct flow *fb_send(struct fb *b, int who, uint16_t flags, uint32_t seq,
				   uint32_t ack, const void *data, size_t len)
{
	struct pkt p = fb_pkt(b, who, flags, seq, ack, data, len);

	return fb_put(b, &p);
}

static inline struct flow *fb_syn(struct fb *b, int who, uint32_t seq)
{
	return fb_send(b, who, TCP_SYN, seq, 0, NULL, 0);
}

/* SYN, SYN/ACK, ACK with the ISNs above. */
static inline struct flow *fb_open(struct fb *b)
{
	fb_syn(b, 0, FB_C);
	fb_send(b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	return fb_send(b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
}

/* Data at stream offset `off` (0 is the byte after the SYN). */
static inline struct flow *fb_data(struct fb *b, int who, uint32_t off, const void *data,
				   size_t len)
{
	return fb_send(b, who, TCP_ACK | TCP_PSH, (uint32_t)(who ? FB_SV : FB_C) + 1 + off,
		       who ? FB_C + 1 : FB_SV + 1, data, len);
}

static inline struct flow *fb_text(struct fb *b, int who, uint32_t off, const char *text)
{
	return fb_data(b, who, off, text, strlen(text));
}

static inline struct pkt fb_udp(const struct fb *b, int who)
{
	struct pkt p = fb_pkt(b, who, 0, 0, 0, "x", 1);

	p.l4 = L4_UDP;
	p.ip_proto = 17;
	memset(&p.tcp, 0, sizeof(p.tcp));
	return p;
}

#endif
