/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_ICMP_BUILD_H
#define WP_TESTS_ICMP_BUILD_H

/* ICMP errors about packets of the connection of flow_build.h. Include after it. */

/* From `from`, IPv4, about a packet of `who` with this sequence number. */
static inline struct pkt fb_icmp(const struct fb *b, struct ip_addr from, uint8_t type,
				 uint8_t code, int who, uint32_t seq)
{
	return (struct pkt){
		.ts_ns = b->now_ns,
		.frame_no = b->frame + 1,
		.src = from,
		.dst = b->addr[who],
		.ip_version = 4,
		.ip_proto = 1,
		.l4 = L4_ICMP,
		.ttl = 250,
		.icmp = {.type = type,
			 .code = code,
			 .quote = {.present = true,
				   .ip_proto = 6,
				   .src = b->addr[who],
				   .dst = b->addr[!who],
				   .sport = b->port[who],
				   .dport = b->port[!who],
				   .seq = seq,
				   .has_ports = true,
				   .has_seq = true,
				   .ttl = (uint8_t)((who ? 50 : 64) - 3)}},
	};
}

/* Gives it to the flow, as the engine would; returns its frame. */
static inline uint64_t fb_icmp_put(struct fb *b, struct flow *f, const struct pkt *p)
{
	icmp_note(b->t, f, p);
	b->frame = p->frame_no;
	b->now_ns += 2 * FB_MS;
	return p->frame_no;
}

#endif
