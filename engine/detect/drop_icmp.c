/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors as facts of a drop case (METHODS e, RFC 5927).
 *
 * An error is a claim by whoever sent it, and its sender's address costs nothing to forge: who is on the path can quote any packet
 * rightly. What it says is told beside what the flow did. */
#include "detect/drop_icmp.h"

#include <string.h>

static const char *const says_name[] = {
	[ICMP_SAYS_OTHER] = "other",
	[ICMP_SAYS_EXPIRED] = "expired",
	[ICMP_SAYS_NET] = "net",
	[ICMP_SAYS_HOST] = "host",
	[ICMP_SAYS_PORT] = "port",
	[ICMP_SAYS_TOO_BIG] = "too-big",
	[ICMP_SAYS_PROHIBITED] = "prohibited",
};

/* The one to tell of: what fits before what does not, then what says most. */
static const struct icmp_note *most_telling(const struct icmp_notes *all)
{
	const struct icmp_note *best = &all->at[0];

	for (uint32_t i = 1; i < all->n; i++) {
		const struct icmp_note *n = &all->at[i];

		if (n->fit > best->fit || (n->fit == best->fit && n->says > best->says))
			best = n;
	}
	return best;
}

/* What shares the longest prefix that networks route between them, /24 or /48 (RFC 7454 6.1.3), is one network's. */
static bool same_net(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_is_v4(a) == ip_is_v4(b) && !memcmp(a->b, b->b, ip_is_v4(a) ? 15 : 6);
}

static const char *sender(const struct flow *f, const struct icmp_note *n)
{
	const struct ip_addr *orig = &f->addr[DIR_ORIG], *resp = &f->addr[DIR_RESP];

	if (!memcmp(n->from.b, resp->b, sizeof(resp->b)))
		return "resp";
	if (!memcmp(n->from.b, orig->b, sizeof(orig->b)))
		return "orig";
	if (same_net(&n->from, resp))
		return "resp-net";
	return same_net(&n->from, orig) ? "orig-net" : "router";
}

static void put_word(struct evidence *ev, enum feat id, const char *token, uint64_t frame)
{
	evidence_put_text(ev, id, token, strlen(token), frame);
}

/* Where it comes from, as far as TTLs tell. */
static void put_place(const struct flow *f, const struct icmp_note *n, struct evidence *ev)
{
	char text[IP_TEXT_MAX];
	uint8_t near;

	put_word(ev, FEAT_DROP_ICMP_BY, sender(f, n), n->frame_no);
	put_word(ev, FEAT_DROP_ICMP_ADDR, ip_text(&n->from, text), n->frame_no);
	evidence_put1(ev, FEAT_DROP_ICMP_TTL, n->ttl, n->frame_no);
	if (!memcmp(n->from.b, f->addr[DIR_RESP].b, sizeof(n->from.b)) &&
	    model_nearest_ttl(f, DIR_RESP, n->ttl, NULL, 0, &near))
		evidence_put1(ev, FEAT_DROP_ICMP_TTL_GAP,
			      n->ttl > near ? n->ttl - near : near - n->ttl, n->frame_no);
	if (n->quoted_frame && n->seen_ttl >= n->quoted_ttl)
		evidence_put(ev, FEAT_DROP_ICMP_HOPS, n->seen_ttl - n->quoted_ttl,
			     (const uint64_t[]){n->quoted_frame, n->frame_no}, 2);
}

void drop_icmp_put(const struct flow *f, struct evidence *ev)
{
	const struct icmp_note *n = most_telling(f->icmp);
	const struct flow_side *peer = &f->side[n->dir == DIR_ORIG ? DIR_RESP : DIR_ORIG];
	uint64_t frames[LIMIT_ICMP_NOTES];
	uint32_t all = f->icmp->lost;

	for (uint32_t i = 0; i < f->icmp->n; i++) {
		frames[i] = f->icmp->at[i].frame_no;
		all += f->icmp->at[i].n;
	}
	put_word(ev, FEAT_DROP_ICMP, says_name[n->says], n->frame_no);
	put_word(ev, FEAT_DROP_ICMP_TO, n->dir == DIR_ORIG ? "orig" : "resp", n->frame_no);
	evidence_put(ev, FEAT_DROP_ICMP_COUNT, all, frames, f->icmp->n);
	evidence_put1(ev, FEAT_DROP_ICMP_PRIVATE, ip_is_private(&f->addr[DIR_RESP]), n->frame_no);
	put_place(f, n, ev);
	if (n->fit == ICMP_FIT_UNKNOWN)
		return;
	evidence_put(ev, FEAT_DROP_ICMP_FITS, n->fit == ICMP_FIT_YES,
		     (const uint64_t[]){n->quoted_frame ? n->quoted_frame : n->frame_no,
					n->frame_no},
		     2);
	if (n->fit == ICMP_FIT_YES)
		evidence_put1(ev, FEAT_DROP_ICMP_PASSED,
			      peer->have_ack && seq_diff(peer->ack_max, n->seq) > 0, n->frame_no);
}

/* The smallest IP packet that carried a segment: headers as they are, without IP options. */
static uint32_t packet_bytes(const struct flow *f, const struct seg *s)
{
	return (ip_is_v4(&f->addr[DIR_ORIG]) ? 20u : 40u) + s->hdr_len + s->len;
}

bool drop_too_big(const struct flow *f, uint32_t seq, uint64_t *frame)
{
	for (uint32_t i = 0; f->icmp && i < f->icmp->n; i++) {
		const struct icmp_note *n = &f->icmp->at[i];
		bool small = false;

		if (n->says != ICMP_SAYS_TOO_BIG || n->dir != DIR_ORIG || n->fit != ICMP_FIT_YES ||
		    seq_diff(n->seq, seq) < 0)
			continue;
		for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++)
			small |= s->dir == DIR_ORIG && s->len && s->ts_ns > n->ts_ns &&
				 seq_diff(s->seq, seq) <= 0 && n->mtu &&
				 packet_bytes(f, s) <= n->mtu;
		if (!small) {
			*frame = n->frame_no;
			return true;
		}
	}
	return false;
}
