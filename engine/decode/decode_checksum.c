/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/decode.h"

/* One's complement sum of 16-bit words, RFC 1071; an odd last byte is the upper half of a word. 64
 * bits cannot overflow with frames of LIMIT_FRAME_BYTES. */
static uint64_t sum_add(uint64_t sum, struct bytes b)
{
	size_t i = 0;

	for (; i + 1 < b.len; i += 2)
		sum += (uint64_t)(b.at[i] << 8 | b.at[i + 1]);
	if (i < b.len)
		sum += (uint64_t)b.at[i] << 8;
	return sum;
}

static bool sum_ok(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Source, destination, length, protocol: RFC 9293 3.1, RFC 8200 8.1. */
static uint64_t sum_pseudo(const struct pkt *p, size_t len)
{
	size_t from = p->ip_version == 4 ? 12 : 0;
	uint64_t sum = sum_add(0, (struct bytes){p->src.b + from, 16 - from});

	sum = sum_add(sum, (struct bytes){p->dst.b + from, 16 - from});
	return sum + (len & 0xffff) + (len >> 16) + p->ip_proto;
}

int decode_checksum(const struct pkt *p)
{
	size_t len = p->ip_total_len - p->ip_hdr_len;
	uint16_t udp_len, udp_sum;
	uint64_t sum;

	if (p->frag || p->l4 == L4_NONE || p->quirks & QUIRK(TRUNC_L4))
		return -1;
	if (p->l4 == L4_UDP) {
		if (!bytes_be16(p->l4_bytes, 4, &udp_len) ||
		    !bytes_be16(p->l4_bytes, 6, &udp_sum) || udp_sum == 0)
			return -1;
		if (udp_len >= 8 && udp_len < len)
			len = udp_len;
	}
	if (p->l4_bytes.len < len)
		return -1;
	sum = p->l4 == L4_ICMP && p->ip_version == 4 ? 0 : sum_pseudo(p, len);
	if (sum_ok(sum_add(sum, bytes_head(p->l4_bytes, len))))
		return 1;
	/* The sum covers the final destination (RFC 8200 8.1), and a mobile node's home address: a
	 * source route or an extension header may have named another one than the IP header does.
	 * Then nobody can say. */
	return p->quirks & (QUIRK(IP_OPTS) | QUIRK(EXT_HDR)) ? -1 : 0;
}
