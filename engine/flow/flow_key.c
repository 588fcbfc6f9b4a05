/* SPDX-License-Identifier: BSD-3-Clause */
/* What a flow is made of: which packets belong to it, which side opened it, and what goes with it
 * when it ends. */
#include "flow/flow_key.h"

#include <stdlib.h>
#include <string.h>

#include "flow/rate_series.h"

static bool same_end(const struct ip_addr *x, uint16_t px, const struct ip_addr *y, uint16_t py)
{
	return px == py && !memcmp(x->b, y->b, sizeof(x->b));
}

bool flow_has_ends(const struct flow *f, uint8_t proto, const struct ip_addr *src, uint16_t sport,
		   const struct ip_addr *dst, uint16_t dport, enum dir *d)
{
	for (int i = DIR_ORIG; i <= DIR_RESP; i++)
		if (same_end(src, sport, &f->addr[i], f->port[i]) &&
		    same_end(dst, dport, &f->addr[!i], f->port[!i])) {
			*d = (enum dir)i;
			return f->proto == proto;
		}
	return false;
}

/* Who opened the connection when its SYN was not seen: the side that speaks like a responder, else
 * the lower well-known port, else whoever was seen first. */
static bool from_orig(const struct pkt *p)
{
	if (p->l4 == L4_TCP && (p->tcp.flags & (TCP_SYN | TCP_RST)) == TCP_SYN)
		return !(p->tcp.flags & TCP_ACK);
	if (p->payload.len >= 5) {
		const uint8_t *b = p->payload.at;

		if (!memcmp(b, "HTTP/", 5) ||
		    (b[0] == 0x16 && b[1] == 3 && p->payload.len > 5 && b[5] == 2))
			return false;
		if (!memcmp(b, "GET /", 5) || !memcmp(b, "POST ", 5) || !memcmp(b, "HEAD ", 5) ||
		    (b[0] == 0x16 && b[1] == 3 && p->payload.len > 5 && b[5] == 1))
			return true;
	}
	if (p->l4 == L4_UDP && (p->sport == 53) != (p->dport == 53))
		return p->dport == 53;
	if ((p->sport < 1024) != (p->dport < 1024))
		return p->dport < 1024;
	return true;
}

void flow_orient(struct flow *f, const struct pkt *p)
{
	bool src_is_orig = from_orig(p);

	f->addr[DIR_ORIG] = src_is_orig ? p->src : p->dst;
	f->addr[DIR_RESP] = src_is_orig ? p->dst : p->src;
	f->port[DIR_ORIG] = src_is_orig ? p->sport : p->dport;
	f->port[DIR_RESP] = src_is_orig ? p->dport : p->sport;
	f->flipped = !src_is_orig;
	f->midstream = p->l4 == L4_TCP && !(p->tcp.flags & TCP_SYN);
	if (f->flipped)
		flow_history(f, DIR_ORIG, '^');
}

enum flow_list flow_list_of(const struct flow *f)
{
	if (f->proto == 17)
		return LIST_UDP;
	if (f->closed)
		return LIST_CLOSED;
	return f->established || f->midstream ? LIST_OPEN : LIST_HALF;
}

void flow_udp(struct flow *f, enum dir d, const struct pkt *p)
{
	struct flow_side *s = &f->side[d];

	s->packets++;
	s->bytes += p->payload_len;
	s->last_ns = p->ts_ns;
	flow_history(f, d, 'D');
}

void flow_free(struct flow_table *t, struct flow *f)
{
	for (int d = 0; d < 2; d++)
		stream_free(t, f->side[d].stream);
	flow_table_give(t, f->log.cap * sizeof(struct seg));
	free(f->log.at);
	if (f->conflict)
		flow_table_give(t, FLOW_CONFLICTS_MAX * sizeof(*f->conflict));
	free(f->conflict);
	flow_table_give(t, f->cap_triggers * sizeof(*f->trigger));
	free(f->trigger);
	if (f->page)
		flow_table_give(t, sizeof(*f->page));
	free(f->page);
	if (f->rst_bytes)
		flow_table_give(t, sizeof(*f->rst_bytes));
	free(f->rst_bytes);
	if (f->command)
		flow_table_give(t, sizeof(*f->command));
	free(f->command);
	if (f->icmp)
		flow_table_give(t, sizeof(*f->icmp));
	free(f->icmp);
	free(f->told);
	rate_series_free(t, f->rate);
	flow_table_give(t, sizeof(*f));
	free(f);
}
