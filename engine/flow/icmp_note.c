/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors as facts about the TCP flow whose packet they quote. Kernels obey few of them on an open connection (RFC 1122 4.2.3.9,
 * RFC 5927): what they do to the flow is read from its packets, not from here. */
#include <stdlib.h>
#include <string.h>

#include "flow/flow.h"
#include "flow/flow_key.h"

static enum icmp_says says_v4(uint8_t type, uint8_t code)
{
	/* destination unreachable; 2, 5, 8, 14 and 15 (protocol, source route, source host, precedence) tell nothing of the kinds here */
	static const uint8_t unreachable[] = {
		[0] = ICMP_SAYS_NET,        [1] = ICMP_SAYS_HOST,        [3] = ICMP_SAYS_PORT,
		[4] = ICMP_SAYS_TOO_BIG,    [6] = ICMP_SAYS_NET,         [7] = ICMP_SAYS_HOST,
		[9] = ICMP_SAYS_PROHIBITED, [10] = ICMP_SAYS_PROHIBITED, [11] = ICMP_SAYS_NET,
		[12] = ICMP_SAYS_HOST,      [13] = ICMP_SAYS_PROHIBITED,
	};

	if (type == 11 && code == 0)
		return ICMP_SAYS_EXPIRED;
	return type == 3 && code < sizeof(unreachable) ? unreachable[code] : ICMP_SAYS_OTHER;
}

static enum icmp_says says_v6(uint8_t type, uint8_t code)
{
	/* 5 and 6: source address failed policy, reject route: RFC 4443 3.1 calls both subsets of 1 */
	static const uint8_t unreachable[] = {
		[0] = ICMP_SAYS_NET,  [1] = ICMP_SAYS_PROHIBITED, [3] = ICMP_SAYS_HOST,
		[4] = ICMP_SAYS_PORT, [5] = ICMP_SAYS_PROHIBITED, [6] = ICMP_SAYS_PROHIBITED,
	};

	if (type == 2)
		return ICMP_SAYS_TOO_BIG;
	if (type == 3 && code == 0)
		return ICMP_SAYS_EXPIRED;
	return type == 1 && code < sizeof(unreachable) ? unreachable[code] : ICMP_SAYS_OTHER;
}

/* The latest packet of that direction with the quoted sequence number. */
static const struct seg *quoted_seg(const struct flow *f, enum dir d, uint32_t seq, bool *all)
{
	uint32_t n = 0;

	*all = !f->log.skipped;
	for (uint32_t i = f->log.n; i-- > 0;) {
		const struct seg *s = &f->log.at[i];

		if (n++ == LIMIT_ICMP_LOOK_BACK) {
			*all = false;
			break;
		}
		if (s->dir == d && s->seq == seq)
			return s;
	}
	return NULL;
}

static void look_up_quote(const struct flow *f, const struct pkt *p, struct icmp_note *n)
{
	const struct icmp_quote *q = &p->icmp.quote;
	const struct seg *s;
	bool all;

	if (!q->has_seq || !f->side[n->dir].packets)
		return;
	n->has_seq = true;
	n->seq = q->seq;
	s = quoted_seg(f, n->dir, q->seq, &all);
	if (s) {
		n->quoted_frame = s->frame_no;
		n->seen_ttl = s->ttl;
	}
	/* An error goes to whom the quoted packet names as its sender. */
	if (memcmp(p->dst.b, q->src.b, sizeof(p->dst.b)) != 0)
		n->fit = ICMP_FIT_NO;
	else if (s || all)
		n->fit = s ? ICMP_FIT_YES : ICMP_FIT_NO;
}

static bool same_kind(const struct icmp_note *a, const struct icmp_note *b)
{
	return a->type == b->type && a->code == b->code && a->dir == b->dir && a->fit == b->fit &&
	       !memcmp(a->from.b, b->from.b, sizeof(a->from.b));
}

void icmp_note(struct flow_table *t, struct flow *f, const struct pkt *p)
{
	const struct icmp_quote *q = &p->icmp.quote;
	struct icmp_note n = {
		.ts_ns = p->ts_ns,
		.frame_no = p->frame_no,
		.from = p->src,
		.n = 1,
		.mtu = p->icmp.mtu,
		.says = (uint8_t)(p->ip_version == 4 ? says_v4(p->icmp.type, p->icmp.code)
						     : says_v6(p->icmp.type, p->icmp.code)),
		.type = p->icmp.type,
		.code = p->icmp.code,
		.ttl = p->ttl,
		.quoted_ttl = q->ttl,
	};
	enum dir d;

	/* Source quench and redirect say nothing about delivery. */
	if (p->ip_version == 4 && (p->icmp.type == 4 || p->icmp.type == 5))
		return;
	if (!flow_has_ends(f, 6, &q->src, q->sport, &q->dst, q->dport, &d))
		return;
	n.dir = (uint8_t)d;
	look_up_quote(f, p, &n);
	if (!f->icmp) {
		if (!flow_table_take(t, sizeof(*f->icmp)))
			return;
		f->icmp = calloc(1, sizeof(*f->icmp));
		if (!f->icmp) {
			flow_table_give(t, sizeof(*f->icmp));
			return;
		}
		f->suspicion |= SUS_ICMP;
	}
	for (uint32_t i = 0; i < f->icmp->n; i++)
		if (same_kind(&f->icmp->at[i], &n)) {
			f->icmp->at[i].n++;
			return;
		}
	if (f->icmp->n == LIMIT_ICMP_NOTES)
		f->icmp->lost++;
	else
		f->icmp->at[f->icmp->n++] = n;
}
