/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets read (only as much as a filter reads) and packets forged. All offsets are checked first. */
#include <string.h>

#include "mbox.h"

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	if (n % 2)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void ip4_checksum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, fold(sum16(ip, (size_t)(ip[0] & 15) * 4, 0)));
}

bool craft_hops(uint8_t *f, size_t len, int n)
{
	uint8_t *ip = f + ETH_LEN;
	bool v6 = get16(f + 12) == 0x86dd;

	if (len < ETH_LEN + (v6 ? 40u : 20u))
		return false;
	if (v6) {
		if (ip[7] <= n)
			return false;
		ip[7] = (uint8_t)(ip[7] - n);
		return true;
	}
	if (ip[8] <= n)
		return false;
	ip[8] = (uint8_t)(ip[8] - n);
	ip4_checksum(ip);
	return true;
}

static void see_timestamps(const uint8_t *f, struct seen *s)
{
	size_t i = s->l4_off + 20;

	while (i < s->data_off && f[i]) {
		if (f[i] == 1) {
			i++;
			continue;
		}
		if (s->data_off - i < 2 || f[i + 1] < 2 || s->data_off - i < f[i + 1])
			return;
		if (f[i] == 8 && f[i + 1] == 10) {
			s->tsval = get32(f + i + 2);
			s->tsecr = get32(f + i + 6);
		}
		i += f[i + 1];
	}
}

static bool see_l4(const uint8_t *f, struct seen *s, unsigned proto)
{
	const uint8_t *l4 = f + s->l4_off;

	if (proto == 17 && s->end - s->l4_off >= 8) {
		s->is_udp = true;
		s->data_off = s->l4_off + 8;
	} else if (proto == 6 && s->end - s->l4_off >= 20) {
		s->is_tcp = true;
		s->data_off = s->l4_off + (size_t)(l4[12] >> 4) * 4;
		if (s->data_off < s->l4_off + 20 || s->data_off > s->end)
			return false;
		s->seq = get32(l4 + 4);
		s->ack = get32(l4 + 8);
		s->flags = get16(l4 + 12) & 0xfff;
		s->win = get16(l4 + 14);
		see_timestamps(f, s);
	} else {
		return false;
	}
	s->sport = get16(l4);
	s->dport = get16(l4 + 2);
	return true;
}

bool craft_see(const uint8_t *f, size_t len, struct seen *s)
{
	const uint8_t *ip = f + ETH_LEN;
	unsigned type;

	memset(s, 0, sizeof(*s));
	if (len < ETH_LEN + 20)
		return false;
	type = get16(f + 12);
	s->ip_off = ETH_LEN;
	if (type == 0x0800 && ip[0] >> 4 == 4) {
		s->l4_off = ETH_LEN + (size_t)(ip[0] & 15) * 4;
		s->end = ETH_LEN + (size_t)get16(ip + 2);
		s->ttl = ip[8];
		s->ipid = get16(ip + 4);
		s->addr_len = 4;
		if (s->l4_off < ETH_LEN + 20 || s->end > len || s->l4_off > s->end)
			return false;
		memcpy(s->src, ip + 12, 4);
		memcpy(s->dst, ip + 16, 4);
		return see_l4(f, s, ip[9]);
	}
	if (type != 0x86dd || len < ETH_LEN + 40)
		return false;
	s->v6 = true;
	s->l4_off = ETH_LEN + 40;
	s->end = s->l4_off + get16(ip + 4);
	s->ttl = ip[7];
	s->addr_len = 16;
	if (s->end > len)
		return false;
	memcpy(s->src, ip + 8, 16);
	memcpy(s->dst, ip + 24, 16);
	return see_l4(f, s, ip[6]);
}

static size_t forge_options(const struct act *a, const struct seen *s, uint8_t *o)
{
	size_t n = 0;

	if (a->opt_mss) {
		o[n] = 2;
		o[n + 1] = 4;
		put16(o + n + 2, (unsigned)a->opt_mss);
		n += 4;
	}
	if (a->opt_ts) {
		o[n] = o[n + 1] = 1;
		o[n + 2] = 8;
		o[n + 3] = 10;
		put32(o + n + 4, a->dir == S2C ? s->tsecr + 1 : s->tsval + 1);
		put32(o + n + 8, a->dir == S2C ? s->tsval : s->tsecr);
		n += 12;
	}
	return n;
}

/* Where the forged segment stands: it continues the flow as the trigger left it. */
static void forge_numbers(const struct act *a, const struct seen *s, uint8_t *l4)
{
	uint32_t len = (uint32_t)(s->end - s->data_off), next = s->seq + len;

	if (s->flags & (F_SYN | F_FIN))
		next++;
	uint32_t seq = a->dir == S2C ? s->ack : next;
	uint32_t ack = a->dir == S2C ? next : s->ack;

	put32(l4 + 4, (a->seq_is_abs ? 0 : seq) + (uint32_t)a->seq_add);
	put32(l4 + 8, (a->ack_is_abs ? 0 : ack) + (uint32_t)a->ack_add);
}

static size_t forge_tcp(const struct act *a, const struct seen *s, uint8_t *l4)
{
	size_t opt = forge_options(a, s, l4 + 20), hdr = 20 + opt;

	forge_numbers(a, s, l4);
	put16(l4 + 12, (unsigned)(hdr / 4) << 12 | (a->flags & 0xfff));
	put16(l4 + 14, a->win_echo ? s->win : (unsigned)a->win);
	memcpy(l4 + hdr, a->payload, a->payload_len);
	return hdr + a->payload_len;
}

/* Writes the message that answers the question `q` to d. Returns its length, or 0. */
static size_t forge_message(const struct act *a, const uint8_t *q, size_t qlen, uint8_t *d)
{
	char name[NAME_MAX_LEN + 1];
	size_t quest = name_question(q, qlen, name, sizeof(name)), n = 12;

	if (!quest)
		return 0;
	memcpy(d, q, 2);
	put16(d + 2, (unsigned)a->dns_flags);
	put16(d + 4, 1);
	put16(d + 6, 1);
	memcpy(d + n, q + 12, quest);
	n += quest;
	if (a->name_full) {
		memcpy(d + n, q + 12, quest - 4);
		n += quest - 4;
	} else {
		put16(d + n, 0xc00c);
		n += 2;
	}
	put16(d + n, a->rdata_len == 4 ? 1 : 28);
	put16(d + n + 2, 1);
	put32(d + n + 4, a->rr_ttl);
	put16(d + n + 8, (unsigned)a->rdata_len);
	memcpy(d + n + 10, a->rdata, a->rdata_len);
	return n + 10 + a->rdata_len;
}

/* Over TCP the message has its length in front (RFC 7766 8). */
static size_t forge_dns(const struct act *a, const uint8_t *f, const struct seen *s, uint8_t *l4)
{
	const uint8_t *q = f + s->data_off;
	size_t len = s->end - s->data_off, hdr = 8, n;

	if (s->is_tcp) {
		if (len < 2)
			return 0;
		hdr = forge_tcp(a, s, l4);
		n = forge_message(a, q + 2, len - 2, l4 + hdr + 2);
		put16(l4 + hdr, (unsigned)n);
		return n ? hdr + 2 + n : 0;
	}
	n = forge_message(a, q, len, l4 + hdr);
	put16(l4 + 4, (unsigned)(n + hdr));
	return n ? n + hdr : 0;
}

static void l4_checksum(uint8_t *ip, bool v6, unsigned proto, uint8_t *l4, size_t len)
{
	uint8_t *at = l4 + (proto == 6 ? 16 : 6);
	uint32_t sum = proto + (uint32_t)len;
	uint16_t c;

	sum = v6 ? sum16(ip + 8, 32, sum) : sum16(ip + 12, 8, sum);
	put16(at, 0);
	c = fold(sum16(l4, len, sum));
	put16(at, c || proto == 6 ? c : 0xffff);
}

static void forge_ip(const struct act *a, const struct seen *s, uint8_t *ip, size_t l4_len)
{
	const uint8_t *src = a->dir == S2C ? s->dst : s->src;
	const uint8_t *dst = a->dir == S2C ? s->src : s->dst;
	int ttl = a->ttl_mirror ? s->ttl : a->ttl;
	unsigned proto = s->is_udp ? 17 : 6;

	if (s->v6) {
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)l4_len);
		ip[6] = (uint8_t)proto;
		ip[7] = (uint8_t)ttl;
		memcpy(ip + 8, src, 16);
		memcpy(ip + 24, dst, 16);
		return;
	}
	ip[0] = 0x45;
	ip[1] = (uint8_t)a->tos;
	put16(ip + 2, (unsigned)(20 + l4_len));
	put16(ip + 4, (unsigned)(a->ipid_mode == ID_ECHO ? s->ipid + a->ipid : a->ipid) & 0xffff);
	put16(ip + 6, a->df ? 0x4000 : 0);
	ip[8] = (uint8_t)ttl;
	ip[9] = (uint8_t)proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	ip4_checksum(ip);
}

size_t craft_forge(const struct act *a, const uint8_t *f, const struct seen *s, uint8_t *out)
{
	size_t ip_len = s->v6 ? 40 : 20, n;
	uint8_t *ip = out + ETH_LEN, *l4 = ip + ip_len;

	if (s->is_udp && !a->is_dns)
		return 0;
	memset(out, 0, FRAME_MAX);
	memcpy(out, a->dir == S2C ? f + 6 : f, 6);
	memcpy(out + 6, a->dir == S2C ? f : f + 6, 6);
	memcpy(out + 12, f + 12, 2);
	put16(l4, a->dir == S2C ? s->dport : s->sport);
	put16(l4 + 2, a->dir == S2C ? s->sport : s->dport);
	n = a->is_dns ? forge_dns(a, f, s, l4) : forge_tcp(a, s, l4);
	if (!n)
		return 0;
	forge_ip(a, s, ip, n);
	l4_checksum(ip, s->v6, s->is_udp ? 17 : 6, l4, n);
	return ETH_LEN + ip_len + n;
}
