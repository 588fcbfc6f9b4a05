/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 (Steele, Lea and Flood 2014). */
uint64_t rnd(struct gen *g)
{
	uint64_t z = g->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t below(struct gen *g, uint32_t n)
{
	return (uint32_t)((rnd(g) >> 32) * n >> 32);
}

uint8_t *put8(uint8_t *p, uint32_t v)
{
	*p = (uint8_t)v;
	return p + 1;
}

uint8_t *put16(uint8_t *p, uint32_t v)
{
	return put8(put8(p, v >> 8), v);
}

uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

uint8_t *put(uint8_t *p, const void *at, size_t n)
{
	memcpy(p, at, n);
	return p + n;
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	return i < n ? s + (uint32_t)(p[i] << 8) : s;
}

static uint32_t fold(uint32_t s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

static void write_record(struct gen *g, const uint8_t *frame, size_t n)
{
	uint32_t head[4] = {(uint32_t)(g->ts_ns / 1000000000), (uint32_t)(g->ts_ns % 1000000000),
			    (uint32_t)n, (uint32_t)n};

	if (g->packets >= g->packets_max)
		return;
	if (fwrite(head, sizeof(head), 1, stdout) != 1 || fwrite(frame, n, 1, stdout) != 1) {
		perror("gen: write");
		exit(1);
	}
	g->packets++;
	g->ts_ns += 1 + below(g, 2 * g->gap_ns);
}

static uint8_t *put_address(uint8_t *p, const struct conn *c, const struct side *s)
{
	static const uint8_t net[12] = {0x20, 0x01, 0x0d, 0xb8}; /* RFC 3849 */

	return put32(c->v6 ? put(p, net, sizeof(net)) : p, s->ip);
}

/* Ethernet and IP headers in front of `l4`, the checksum at l4[sum_at] filled in; then into the
 * file. */
static void write_ip(struct gen *g, const struct conn *c, int d, uint32_t proto,
		     uint8_t frame[FRAME], uint8_t *end, int sum_at)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	const struct side *me = &c->s[d], *peer = &c->s[!d];
	uint8_t *ip = put16(put(frame, macs, 12), c->v6 ? 0x86dd : 0x0800),
		*l4 = ip + (c->v6 ? 40 : 20), *addr;
	uint32_t n = (uint32_t)(end - l4);

	if (c->v6) {
		addr = put8(put8(put16(put32(ip, 0x60000000), n), proto), me->ttl);
	} else {
		addr = put16(put8(put8(put16(put16(put16(ip, 0x4500), n + 20), me->id), 0x40), 0),
			     0);
		ip[8] = me->ttl;
		ip[9] = (uint8_t)proto;
		addr = put16(ip + 10, 0);
	}
	put_address(put_address(addr, c, me), c, peer);
	if (!c->v6)
		put16(ip + 10, fold(sum(ip, 20, 0)));
	put16(l4 + sum_at, fold(sum(addr, (size_t)(end - addr), proto + n)));
	write_record(g, frame, (size_t)(end - frame));
}

static uint8_t *l4_of(const struct conn *c, uint8_t frame[FRAME])
{
	return frame + 14 + (c->v6 ? 40 : 20);
}

/* One TCP segment with what Linux puts into it. */
void tcp_as_is(struct gen *g, struct conn *c, int d, uint32_t flags, const void *data, size_t n)
{
	struct side *me = &c->s[d], *peer = &c->s[!d];
	uint8_t frame[FRAME], *l4 = l4_of(c, frame), *p;
	uint32_t now = (uint32_t)(g->ts_ns / 1000000);

	p = put32(put32(put16(put16(l4, me->port), peer->port), me->seq),
		  flags & ACK ? peer->seq : 0);
	p = put32(put16(put16(p, flags), flags & SYN ? 64240 : flags & RST ? 0 : 501), 0);
	if (flags & SYN)
		p = put16(put16(put32(put32(p, 0x020405b4), 0x04020103), 0x0307),
			  0x0101); /* MSS, SACK, scale */
	if (!(flags & RST))
		p = put32(put32(put32(p, 0x0101080a), now + me->ip), now + peer->ip);
	l4[12] = (uint8_t)((p - l4) / 4 << 4);
	if (n)
		p = put(p, data, n);
	write_ip(g, c, d, 6, frame, p, 16);
	me->id++;
}

void tcp(struct gen *g, struct conn *c, int d, uint32_t flags, const void *data, size_t n)
{
	tcp_as_is(g, c, d, flags, data, n);
	c->s[d].seq += (uint32_t)n + !!(flags & SYN) + !!(flags & FIN);
}

void udp(struct gen *g, struct conn *c, int d, const void *data, size_t n)
{
	uint8_t frame[FRAME], *l4 = l4_of(c, frame);
	uint8_t *p =
		put16(put16(put16(put16(l4, c->s[d].port), c->s[!d].port), (uint32_t)n + 8), 0);

	write_ip(g, c, d, 17, frame, put(p, data, n), 6);
	c->s[d].id++;
}

void write_header(void)
{
	static const uint32_t head[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 65535, 1};

	if (fwrite(head, sizeof(head), 1, stdout) != 1) {
		perror("gen: write");
		exit(1);
	}
}
