/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_packet.h"

#include <string.h>

enum { IP4_BYTES = 20, TCP_BYTES = 20, UDP_BYTES = 8 };

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

uint16_t app_packet_build(const struct flow *f, enum dir d, const uint32_t number[2],
			  struct bytes payload, uint8_t out[APP_PACKET_MAX])
{
	static const uint8_t addr[2][4] = {{192, 0, 2, 1}, {198, 51, 100, 1}};
	bool tcp = f->proto == 6;
	uint32_t hdr = IP4_BYTES + (tcp ? TCP_BYTES : UDP_BYTES);
	uint8_t *l4 = out + IP4_BYTES;

	payload = bytes_head(payload, LIMIT_NDPI_BYTES);
	memset(out, 0, hdr);
	out[0] = 0x45;
	put16(out + 2, hdr + (uint32_t)payload.len);
	out[6] = 0x40; /* DF */
	out[8] = 64;
	out[9] = f->proto;
	memcpy(out + 12, addr[d], 4);
	memcpy(out + 16, addr[dir_other(d)], 4);
	put16(l4, f->port[d]);
	put16(l4 + 2, f->port[dir_other(d)]);
	if (tcp) {
		put32(l4 + 4, number[d]);
		put32(l4 + 8, number[dir_other(d)]);
		l4[12] = TCP_BYTES << 2;
		l4[13] = TCP_PSH | TCP_ACK;
		put16(l4 + 14, 64240);
	} else {
		put16(l4 + 4, UDP_BYTES + (uint32_t)payload.len);
	}
	memcpy(out + hdr, payload.at, payload.len);
	return (uint16_t)(hdr + payload.len);
}
