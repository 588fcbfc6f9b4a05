/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the captures that the benchmarks read: gen KIND PACKETS SEED > file.pcap. The same
 * arguments give the same bytes.
 *
 *   mix    TCP and UDP as an access network has them: handshakes, TLS hellos and HTTP requests,
 * answers of Pareto sizes, DNS, QUIC; one connection in five over IPv6, one data segment in 256
 * sent twice small  tiny packets of many flows: refused connections, handshakes without data,
 * requests reset by three forged RSTs, DNS ele    16 bulk flows flood  SYNs from random addresses
 * to one server held  PACKETS / 5 connections that are all alive: each opened and asked, then one more packet of each
 *
 * Nothing is taken from a capture. The traffic is plausible in shape, not in content: payload is
 * noise from a fixed pool. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

struct workload {
	const char *name;
	uint32_t live, gap_ns; /* connections at a time, mean distance of packets */
	uint8_t share[8];      /* of each kind, in per cent */
};

enum kind { TLS, HTTP, DNS, QUIC, REFUSED, IDLE, FORGED, BULK };

static const struct workload workloads[] = {
	{"mix", 1000, 35000, {[TLS] = 55, [HTTP] = 10, [DNS] = 28, [QUIC] = 5, [REFUSED] = 2}},
	{"small", 4000, 8000, {[DNS] = 35, [REFUSED] = 35, [IDLE] = 20, [FORGED] = 10}},
	{"ele", 16, 11000, {[BULK] = 100}},
	{"flood", 0, 1000, {0}},
	{"held", 0, 20000, {[TLS] = 100}},
};

static size_t name_of(const struct conn *c, char out[64])
{
	return (size_t)snprintf(out, 64, "www.site-%u.example.%s", c->s[1].ip % 50021,
				c->s[1].ip & 1 ? "com" : "org");
}

/* An extension of a hello with a body of `n` bytes still to come. */
static uint8_t *extension(uint8_t *p, uint32_t type, size_t n)
{
	return put16(put16(p, type), (uint32_t)n);
}

/* A ClientHello as a browser's library sends it, RFC 8446 4.1.2; GREASE and padding left out. */
static size_t client_hello(struct gen *g, const struct conn *c)
{
	static const uint8_t suites[] = {0x13, 1,    0x13, 2,    0x13, 3,    0xc0, 0x2b,
					 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9,
					 0xcc, 0xa8, 0xc0, 0x13, 0xc0, 0x14, 0,    0x9c,
					 0,    0x9d, 0,    0x2f, 0,    0x35};
	static const uint8_t groups[] = {0, 6, 0, 0x1d, 0, 0x17, 0, 0x18};
	static const uint8_t algorithms[] = {0, 8, 4, 3, 8, 4, 4, 1, 5, 3},
			     versions[] = {4, 3, 4, 3, 3};
	static const uint8_t alpn[] = {0,   12,  2,   'h', '2', 8,   'h',
				       't', 't', 'p', '/', '1', '.', '1'};
	const uint8_t *noise = g->pool + below(g, POOL);
	uint8_t *b = g->text, *p = b + 9, *ext;
	char name[64];
	size_t n = name_of(c, name);

	p = put(put8(put(put16(p, 0x0303), noise, 32), 32), noise + 32, 32);
	p = put16(put(put16(p, sizeof(suites)), suites, sizeof(suites)), 0x0100);
	ext = p;
	p = put16(put8(put16(extension(p + 2, 0, n + 5), (uint32_t)n + 3), 0), (uint32_t)n);
	p = put(p, name, n);
	p = extension(extension(p, 23, 0), 35, 0);
	p = put(extension(p, 10, sizeof(groups)), groups, sizeof(groups));
	p = put(extension(p, 13, sizeof(algorithms)), algorithms, sizeof(algorithms));
	p = put(extension(p, 16, sizeof(alpn)), alpn, sizeof(alpn));
	p = put(extension(p, 43, sizeof(versions)), versions, sizeof(versions));
	p = put(put16(put16(put16(extension(p, 51, 38), 36), 0x1d), 32), noise + 64, 32);
	put16(ext, (uint32_t)(p - ext - 2));
	put16(put16(put8(b, 22), 0x0301), (uint32_t)(p - b - 5));
	put32(b + 5, 0x01000000 | (uint32_t)(p - b - 9));
	return (size_t)(p - b);
}

static size_t http_request(struct gen *g, const struct conn *c)
{
	char name[64];

	name_of(c, name);
	return (size_t)snprintf(
		(char *)g->text, FRAME,
		"GET /%x HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n",
		c->s[0].ip & 0xffff, name);
}

static size_t dns_message(struct gen *g, const struct conn *c, bool answer)
{
	uint8_t *p = g->text;
	char name[64];
	size_t n = name_of(c, name), from = 0;

	p = put32(put32(put16(put16(p, c->s[0].seq), answer ? 0x8180 : 0x0100),
			answer ? 0x00010001 : 0x00010000),
		  0);
	for (size_t i = 0; i <= n; i++)
		if (i == n || name[i] == '.') {
			p = put(put8(p, (uint32_t)(i - from)), name + from, i - from);
			from = i + 1;
		}
	p = put32(put8(p, 0), 0x00010001);
	if (answer) /* A, 300 s, a public address made of the name's */
		p = put32(put16(put32(put32(put16(p, 0xc00c), 0x00010001), 300), 4),
			  0x51000000 | (c->s[1].ip & 0xffffff));
	return (size_t)(p - g->text);
}

/* The payload of a segment depends on its sequence number alone: what is sent again says the same.
 */
static void bulk(struct gen *g, struct conn *c, uint32_t ack_every)
{
	uint32_t n = c->left < MSS ? c->left : MSS;

	if (c->since >= ack_every) {
		c->since = 0;
		tcp(g, c, 0, ACK, NULL, 0);
		return;
	}
	c->since++;
	c->again = !c->again && ack_every < 16 && !below(g, 256);
	tcp_as_is(g, c, 1, n < MSS ? PSH | ACK : ACK, g->pool + (c->s[1].seq & (POOL - 1)), n);
	if (c->again)
		return;
	c->s[1].seq += n;
	c->left -= n;
}

/* The first segment of an answer: a ServerHello (RFC 8446 4.1.3) and what follows it unreadable, or
 * a page. */
static void web_answer(struct gen *g, struct conn *c)
{
	static const uint8_t before[] = {22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3};
	static const uint8_t after[] = {0x13, 1, 0,  0, 46, 0, 43,   0, 2, 3,
					4,    0, 51, 0, 36, 0, 0x1d, 0, 32};
	static const char page[] =
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>";

	memcpy(g->text, g->pool + below(g, POOL), MSS);
	if (c->kind == TLS) {
		put(g->text, before, sizeof(before));
		g->text[43] = 32; /* the session id's length, behind the random bytes */
		put(g->text + 76, after, sizeof(after));
		put16(put16(put8(g->text + 127, 23), 0x0303), MSS - 132);
	} else {
		memcpy(g->text, page, sizeof(page) - 1);
	}
	tcp(g, c, 1, ACK, g->text, MSS);
}

/* Each step_ sends the next packet of a connection; false after its last. */
static bool step_web(struct gen *g, struct conn *c)
{
	switch (c->phase++) {
	case 0:
		tcp(g, c, 0, SYN, NULL, 0);
		return true;
	case 1:
		tcp(g, c, 1, SYN | ACK, NULL, 0);
		return true;
	case 3:
		tcp(g, c, 0, PSH | ACK, g->text,
		    c->kind == TLS ? client_hello(g, c) : http_request(g, c));
		return true;
	case 5:
		web_answer(g, c);
		return true;
	case 7: /* Finished and the request inside TLS */
		if (c->kind == TLS)
			tcp(g, c, 0, PSH | ACK, g->pool + (c->s[0].seq & (POOL - 1)),
			    300 + below(g, 300));
		return true;
	case 8:
		if (c->left) {
			c->phase = 8;
			bulk(g, c, 2);
			return true;
		}
		tcp(g, c, 1, FIN | ACK, NULL, 0);
		return true;
	case 9:
		tcp(g, c, 0, FIN | ACK, NULL, 0);
		return true;
	case 4:
	case 10:
		tcp(g, c, 1, ACK, NULL, 0);
		return c->phase != 11;
	default:
		tcp(g, c, 0, ACK, NULL, 0);
		return true;
	}
}

/* A long-header Initial of QUIC version 1 with noise in it (RFC 9000 17.2.2): whoever wants to read
 * it has to derive the keys first. Short-header packets follow. */
static bool step_quic(struct gen *g, struct conn *c)
{
	int d = c->phase % 4 != 0;
	size_t n = d ? 1200 : 60;

	memcpy(g->text, g->pool + below(g, POOL), 1200);
	g->text[0] = 0x40 | (g->text[0] & 0x3f);
	if (c->phase < 2) {
		put32(put8(g->text, 0xc3), 1);
		g->text[5] = 8; /* lengths of the connection ids */
		g->text[14] = 0;
		put16(put8(g->text + 15, 0), 0x4000 | (1200 - 18));
		n = 1200;
	}
	udp(g, c, d, g->text, n);
	c->phase = c->phase < 8 ? (uint8_t)(c->phase + 1)
				: 5; /* three from the server, one from the other side */
	c->left -= c->left < n ? c->left : (uint32_t)n;
	return c->left > 0;
}

static bool step_dns(struct gen *g, struct conn *c)
{
	udp(g, c, c->phase, g->text, dns_message(g, c, c->phase));
	return !c->phase++;
}

/* A closed port; and a connection that says nothing. */
static bool step_empty(struct gen *g, struct conn *c)
{
	if (c->phase == 0)
		tcp(g, c, 0, SYN, NULL, 0);
	else if (c->phase == 1)
		tcp(g, c, 1, c->kind == REFUSED ? RST | ACK : SYN | ACK, NULL, 0);
	else if (c->phase == 2 || c->phase == 5)
		tcp(g, c, 0, ACK, NULL, 0);
	else
		tcp(g, c, c->phase == 4, FIN | ACK, NULL, 0);
	return c->phase++ < (c->kind == REFUSED ? 1 : 5);
}

/* A request, and three resets that somebody nearer than the server sends in its name. */
static bool step_forged(struct gen *g, struct conn *c)
{
	struct side real = c->s[1];

	if (c->phase < 4)
		return step_web(g, c);
	c->s[1].ttl = (uint8_t)(real.ttl - 11);
	c->s[1].id = (uint16_t)rnd(g);
	c->s[1].seq += (uint32_t)(c->phase - 4) * 1460;
	tcp_as_is(g, c, 1, RST | ACK, NULL, 0);
	c->s[1] = real;
	return c->phase++ < 6;
}

static bool step_bulk(struct gen *g, struct conn *c)
{
	if (c->phase < 3)
		return step_web(g, c);
	bulk(g, c, 16);
	return c->left > 0;
}

static void conn_new(struct gen *g, const struct workload *w, struct conn *c)
{
	static const uint16_t port[] = {
		[TLS] = 443,      [HTTP] = 80,  [DNS] = 53,    [QUIC] = 443,
		[REFUSED] = 8443, [IDLE] = 443, [FORGED] = 80, [BULK] = 443};
	uint32_t dice = below(g, 100), n = g->flows++;
	double u = ((double)below(g, 1u << 30) + 1) / (1u << 30),
	       size = 2000 / pow(u, 1 / 1.2); /* Pareto, shape 1.2 */
	int kind = 0;

	for (; dice >= w->share[kind]; kind++)
		dice -= w->share[kind];
	*c = (struct conn){.kind = (uint8_t)kind, .v6 = w->share[TLS] && !below(g, 5)};
	/* Clients 10.0.0.0/12, servers 81.0.0.0/12, each client's ports in turn: no two live
	 * connections share a 5-tuple. */
	c->s[0] = (struct side){.ip = 0x0a000000 | (n * 2654435761u >> 12),
				.port = (uint16_t)(32768 + n / 4099 % 28000),
				.ttl = 64};
	c->s[1] = (struct side){.ip = 0x51000000 | below(g, 1 << 16),
				.port = port[kind],
				.ttl = (uint8_t)(48 + below(g, 12))};
	for (int d = 0; d < 2; d++) {
		c->s[d].seq = (uint32_t)rnd(g);
		c->s[d].id = (uint16_t)rnd(g);
	}
	c->left = kind == BULK ? 1u << 30 : size > 2e7 ? 20000000 : (uint32_t)size;
}

static bool step(struct gen *g, struct conn *c)
{
	static bool (*const by_kind[])(struct gen *, struct conn *) = {
		[TLS] = step_web,       [HTTP] = step_web,      [DNS] = step_dns,
		[QUIC] = step_quic,     [REFUSED] = step_empty, [IDLE] = step_empty,
		[FORGED] = step_forged, [BULK] = step_bulk};

	return by_kind[c->kind](g, c);
}

static void flood(struct gen *g)
{
	while (g->packets < g->packets_max) {
		uint64_t r = rnd(g);
		struct conn c = {.s = {{.ip = (uint32_t)r,
					.port = (uint16_t)(r >> 32),
					.seq = (uint32_t)(r >> 16),
					.ttl = 50},
				       {.ip = 0x51000001, .port = 443, .ttl = 64}}};

		tcp(g, &c, 0, SYN, NULL, 0);
	}
}

static void interleave(struct gen *g, const struct workload *w)
{
	struct conn *c = calloc(w->live, sizeof(*c));

	if (!c) {
		perror("gen");
		exit(1);
	}
	for (uint32_t i = 0; i < w->live; i++)
		conn_new(g, w, &c[i]);
	while (g->packets < g->packets_max) {
		struct conn *now = &c[below(g, w->live)];

		if (!step(g, now))
			conn_new(g, w, now);
	}
	free(c);
}

static void held(struct gen *g, const struct workload *w)
{
	uint64_t n = g->packets_max / 5;
	struct conn *c = calloc(n, sizeof(*c));

	if (!c) {
		perror("gen");
		exit(1);
	}
	for (uint64_t i = 0; i < n; i++)
		conn_new(g, w, &c[i]);
	/* SYN, SYN/ACK, ACK, request, and the ACK of that */
	for (int round = 0; round < 5; round++)
		for (uint64_t i = 0; i < n; i++)
			(void)step(g, &c[i]); /* none is over yet */
	free(c);
}

int main(int argc, char **argv)
{
	static struct gen g = {.ts_ns = UINT64_C(1767225600) * 1000000000}; /* 2026-01-01 */
	const struct workload *w = workloads, *end = w + sizeof(workloads) / sizeof(*workloads);

	while (argc == 4 && w < end && strcmp(w->name, argv[1]))
		w++;
	if (argc != 4 || w == end) {
		fprintf(stderr, "usage: gen mix|small|ele|flood|held PACKETS SEED > FILE\n");
		return 2;
	}
	g.packets_max = strtoull(argv[2], NULL, 10);
	g.rng = strtoull(argv[3], NULL, 10);
	g.gap_ns = w->gap_ns;
	for (size_t i = 0; i < sizeof(g.pool); i++)
		g.pool[i] = (uint8_t)rnd(&g);
	write_header();
	if (w->live)
		interleave(&g, w);
	else if (w->share[TLS])
		held(&g, w);
	else
		flood(&g);
	if (fflush(stdout)) {
		perror("gen: write");
		return 1;
	}
	return 0;
}
