/* SPDX-License-Identifier: BSD-3-Clause */
/* Which answers to one question may be forged (METHODS d.2).
 *
 * Innocent look-alikes: a retransmitted question answered twice, with rotated addresses (answers
 * not more than questions and one stack: no conflict); the same answer twice (equal content); a
 * local resolver with private names (resolver_private, name_public); a resolver that changes its
 * mind from SERVFAIL to an answer (only where more answers than questions came); mirror-port copies
 * (same IP ID, content and TTL: one answer). */
#include <stdlib.h>
#include <string.h>

#include "detect/dns_txn.h"

/* Hold-On (Duan et al. 2012): half the usual time, TTL off by 2 or more. */
enum { TTL_FAR = 2, USUAL_LEAST = 3 };
/* Below this an answer comes from the local network whatever the path: no verdict on speed. */
/* A mirror port's second view follows within this (METHODS 0). */
static const int64_t copy_ns = 1000000;
static const int64_t lag_floor_ns = 2000000;

struct signs {
	bool copy; /* a second view of an earlier answer */
	bool ttl_known, ttl_far, fast, fast_known, opt_gone, echo, bogon, teredo, notice;
	int ttl_gap;
	uint32_t n;
};

static bool share_address(const struct dns_answer *a, const struct dns_answer *b)
{
	for (uint32_t i = 0; i < a->n_addr; i++)
		for (uint32_t j = 0; j < b->n_addr; j++)
			if (a->addr_len[i] == b->addr_len[j] && !memcmp(a->addr[i], b->addr[j], 16))
				return true;
	return false;
}

static bool is_empty(const struct dns_answer *a)
{
	return !a->n_addr && !a->cname[0];
}

/* Do the two say different things? Answers without a record we read (other types, cut) cannot
 * contradict except by code. */
static bool contradict(const struct dns_answer *a, const struct dns_answer *b)
{
	if ((a->flags & 15) != (b->flags & 15))
		return true;
	if (a->cut || b->cut)
		return false;
	if (is_empty(a) && is_empty(b))
		return a->n_an != b->n_an && a->type_ignored != b->type_ignored;
	if (is_empty(a) || is_empty(b))
		return true;
	if (a->cname[0] && !strcmp(a->cname, b->cname))
		return false;
	if (a->n_addr && b->n_addr)
		return !share_address(a, b);
	return true;
}

static bool same_stack(const struct dns_answer *a, const struct dns_answer *b)
{
	return abs(a->ttl - b->ttl) < TTL_FAR && (!a->has_id || a->df == b->df) &&
	       (!a->has_id || (a->ip_id == 0) == (b->ip_id == 0));
}

static bool is_copy(const struct dns_answer *a, const struct dns_answer *b)
{
	return b->ts_ns - a->ts_ns <= copy_ns && a->ip_id == b->ip_id && a->has_id && a->ip_id &&
	       a->ttl == b->ttl && a->flags == b->flags && a->rr_ttl_s == b->rr_ttl_s &&
	       !contradict(a, b);
}

/* Over UDP: this answer beside the resolver's earlier ones. */
static void signs_usual(const struct usual_host *h, const struct dns_txn *t,
			const struct dns_answer *a, struct signs *s)
{
	uint8_t usual;

	if (usual_ttl(h, USUAL_LEAST, &usual)) {
		s->ttl_known = true;
		s->ttl_gap = abs(usual - a->ttl);
	}
	/* Of a question sent twice nobody knows which copy the answer is for (Karn). */
	if (t->q_seen && t->n_queries == 1 && h && h->n >= USUAL_LEAST &&
	    h->lag_min_ns > lag_floor_ns) {
		s->fast_known = true;
		s->fast = (a->ts_ns - t->q_ts_ns) * 2 < h->lag_min_ns;
	}
}

/* Over TCP: this answer beside the packets of the connection's other end that no answer to this question came in. The
 * handshake measures the path to the resolver itself (METHODS d.2, "TCP/53"). */
static void signs_connection(const struct flow *f, const struct dns_txn *t,
			     const struct dns_answer *a, struct signs *s)
{
	uint64_t skip[LIMIT_DNS_TXN_ANSWERS];
	int64_t rtt_ns = 0;
	uint8_t ttl;

	for (uint32_t i = 0; i < t->n_answers; i++)
		skip[i] = t->answer[i].frame_no;
	if (model_nearest_ttl(f, t->resolver, a->ttl, skip, t->n_answers, &ttl)) {
		s->ttl_known = true;
		s->ttl_gap = abs(ttl - a->ttl);
	}
	if (t->q_seen && t->n_queries == 1 &&
	    model_rtt(f, t->resolver, skip, t->n_answers, &rtt_ns) && rtt_ns > lag_floor_ns) {
		s->fast_known = true;
		s->fast = (a->ts_ns - t->q_ts_ns) * 2 < rtt_ns;
	}
}

static struct signs signs_of(const struct det_dns *dd, const struct flow *f,
			     const struct dns_txn *t, uint32_t k)
{
	const struct dns_answer *a = &t->answer[k];
	bool resolver_private = ip_is_private(&f->addr[t->resolver]),
	     public = dns_name_is_public(t->qname);
	struct signs s = {0};

	for (uint32_t i = 0; i < k; i++)
		s.copy |= is_copy(&t->answer[i], a);
	if (t->tcp)
		signs_connection(f, t, a, &s);
	else
		signs_usual(usual_get(dd->usual, f->addr[t->resolver].b), t, a, &s);
	s.ttl_far = s.ttl_known && s.ttl_gap >= TTL_FAR;
	s.opt_gone = t->q_opt && !a->opt;
	s.echo = t->q_ip_id && a->has_id && a->ip_id == t->q_ip_id;
	for (uint32_t i = 0; i < a->n_addr; i++) {
		uint16_t type = a->addr_len[i] == 4 ? DNS_A : DNS_AAAA;

		s.bogon |= public && !resolver_private && dns_addr_bogon(type, a->addr[i]);
		s.teredo |= type == DNS_AAAA && dns_addr_teredo0(a->addr[i]);
		s.notice |= dns_addr_notice(type, a->addr[i]);
	}
	s.n = (uint32_t)s.ttl_far + s.fast + s.opt_gone + s.echo + s.bogon + s.teredo +
	      a->type_ignored;
	return s;
}

static void put_addresses(struct evidence *ev, const struct dns_answer *a)
{
	char text[IP_TEXT_MAX];

	for (uint32_t i = 0; i < a->n_addr; i++) {
		struct ip_addr ip = {{0}};

		if (a->addr_len[i] == 4) {
			ip.b[10] = ip.b[11] = 0xff;
			memcpy(ip.b + 12, a->addr[i], 4);
		} else {
			memcpy(ip.b, a->addr[i], 16);
		}
		(void)ip_text(&ip, text); /* returns text */
		evidence_add_text(ev, FEAT_DNS_ADDR, text, strlen(text), a->frame_no);
	}
	if (a->cname[0])
		evidence_put_text(ev, FEAT_DNS_CNAME, a->cname, strlen(a->cname), a->frame_no);
}

static void put_answer(struct evidence *ev, const struct dns_txn *t, const struct dns_answer *a,
		       const struct signs *s)
{
	uint64_t fr = a->frame_no;

	put_addresses(ev, a);
	evidence_put1(ev, FEAT_DNS_FLAGS, a->flags, fr);
	evidence_put1(ev, FEAT_DNS_RCODE, a->flags & 15, fr);
	evidence_put1(ev, FEAT_DNS_N_AN, a->n_an, fr);
	evidence_put1(ev, FEAT_DNS_TYPE_IGNORED, a->type_ignored, fr);
	evidence_put1(ev, FEAT_DNS_TTL, a->ttl, fr);
	evidence_put1(ev, FEAT_DNS_TTL_INIT, model_ttl_init(a->ttl), fr);
	evidence_put1(ev, FEAT_DNS_ADDR_KNOWN, s->bogon, fr);
	if (a->n_addr)
		evidence_put1(ev, FEAT_DNS_ADDR_NOTICE, s->notice, fr);
	evidence_put1(ev, FEAT_DNS_TEREDO, s->teredo, fr);
	if (a->has_rr) {
		evidence_put1(ev, FEAT_DNS_RR_TTL, a->rr_ttl_s, fr);
		evidence_put1(ev, FEAT_DNS_COMPRESSED, a->c00c, fr);
	}
	if (a->has_id) {
		evidence_put1(ev, FEAT_DNS_IPID, a->ip_id, fr);
		evidence_put1(ev, FEAT_DNS_DF, a->df, fr);
	}
	if (t->q_seen) {
		const uint64_t both[] = {t->q_frame, fr};

		evidence_put1(ev, FEAT_DNS_QFLAGS, t->qflags, t->q_frame);
		evidence_put(ev, FEAT_DNS_OPT_MISSING, s->opt_gone, both, 2);
		if (a->has_id)
			evidence_put(ev, FEAT_DNS_IPID_ECHO, s->echo, both, 2);
		if (a->ts_ns >= t->q_ts_ns)
			evidence_put(ev, FEAT_DNS_LAG, a->ts_ns - t->q_ts_ns, both, 2);
		if (s->fast_known)
			evidence_put(ev, FEAT_DNS_TOO_FAST, s->fast, both, 2);
	}
	if (s->ttl_known)
		evidence_put1(ev, FEAT_DNS_TTL_GAP, s->ttl_gap, fr);
	evidence_suspect(ev, fr);
}

static void put_pair(struct evidence *ev, const struct dns_txn *t, const struct dns_answer *a,
		     const struct dns_answer *other)
{
	const uint64_t both[] = {a->frame_no, other->frame_no};
	bool same = same_stack(a, other), differ = contradict(a, other);
	bool extra = t->n_answers > t->n_queries;

	evidence_put(ev, FEAT_DNS_STACK_DIFFERS, !same, both, 2);
	evidence_put(ev, FEAT_DNS_SAME_PATH, same, both, 2);
	evidence_put(ev, FEAT_DNS_CONFLICT, differ && (extra || !same), both, 2);
	evidence_put(ev, FEAT_DNS_GAP, llabs(other->ts_ns - a->ts_ns), both, 2);
	evidence_put(ev, FEAT_DNS_OPT_DIFFERS, a->opt != other->opt, both, 2);
	if (differ && (a->flags & 15) != (other->flags & 15))
		evidence_put_text(ev, FEAT_DNS_CONFLICT_KIND, "rcode", 5, a->frame_no);
	else if (differ)
		evidence_put_text(ev, FEAT_DNS_CONFLICT_KIND, "address", 7, a->frame_no);
}

/* The answer that looks most like the resolver's own: fewest signs, and of equals the one that came
 * last, since a forger must be first to be believed. */
static uint32_t genuine_of(const struct dns_txn *t, const struct signs *s)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < t->n_answers; i++)
		if (!s[i].copy && (s[best].copy || s[i].n <= s[best].n))
			best = i;
	return best;
}

static void case_for(const struct flow *f, const struct dns_txn *t, uint32_t k,
		     const struct signs *s, uint32_t genuine, struct case_list *out)
{
	struct evidence *ev = case_new(out, CASE_DNS, f);
	uint64_t frames[LIMIT_DNS_TXN_ANSWERS];
	uint32_t n = 0;

	if (!ev)
		return;
	for (uint32_t i = 0; i < t->n_answers; i++)
		if (!s[i].copy)
			frames[n++] = t->answer[i].frame_no;
	evidence_put(ev, FEAT_DNS_ANSWERS, n, frames, n);
	evidence_put1(ev, FEAT_DNS_QUERIES, t->n_queries, t->q_frame);
	evidence_put1(ev, FEAT_DNS_QTYPE, t->qtype, t->answer[k].frame_no);
	evidence_put_text(ev, FEAT_TRIGGER_KIND, "dns-qname", 9,
			  t->q_seen ? t->q_frame : t->answer[k].frame_no);
	evidence_put_text(ev, FEAT_TRIGGER_NAME, t->qname, strlen(t->qname),
			  t->q_seen ? t->q_frame : t->answer[k].frame_no);
	evidence_put(ev, FEAT_DNS_NAME_PUBLIC, dns_name_is_public(t->qname), NULL, 0);
	evidence_put(ev, FEAT_DNS_RESOLVER_PRIVATE, ip_is_private(&f->addr[t->resolver]), NULL, 0);
	evidence_put(ev, FEAT_DNS_MDNS, 0, NULL, 0);
	evidence_put(ev, FEAT_DNS_TCP, t->tcp, NULL, 0);
	if (n > 1)
		put_pair(ev, t, &t->answer[k], &t->answer[genuine]);
	else
		evidence_put1(ev, FEAT_DNS_CONFLICT, 0, t->answer[k].frame_no);
	put_answer(ev, t, &t->answer[k], &s[k]);
}

void dns_judge(struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
	       struct case_list *out)
{
	struct signs s[LIMIT_DNS_TXN_ANSWERS];
	uint32_t distinct = 0, genuine;
	bool conflict = false;

	for (uint32_t i = 0; i < t->n_answers; i++) {
		s[i] = signs_of(dd, f, t, i);
		distinct += !s[i].copy;
	}
	genuine = genuine_of(t, s);
	for (uint32_t i = 0; i < t->n_answers; i++)
		conflict |= i != genuine && !s[i].copy &&
			    contradict(&t->answer[i], &t->answer[genuine]);
	for (uint32_t i = 0; i < t->n_answers; i++) {
		const struct dns_answer *a = &t->answer[i];
		bool alone = distinct == 1;

		if (s[i].copy)
			continue;
		if (conflict && i != genuine && contradict(a, &t->answer[genuine]))
			case_for(f, t, i, s, genuine, out);
		else if (alone && (s[i].bogon || s[i].teredo || s[i].notice || a->type_ignored ||
				   (s[i].ttl_far && (s[i].fast || s[i].opt_gone))))
			case_for(f, t, i, s, genuine, out);
	}
}

void dns_learn(struct det_dns *dd, const struct flow *f, const struct dns_txn *t)
{
	struct signs s[LIMIT_DNS_TXN_ANSWERS];
	uint32_t genuine;

	for (uint32_t i = 0; i < t->n_answers; i++)
		s[i] = signs_of(dd, f, t, i);
	genuine = genuine_of(t, s);
	/* Only what looks like the resolver's own teaches what is usual. */
	if (!t->tcp && t->q_seen && t->n_queries == 1 && t->answer[genuine].ts_ns >= t->q_ts_ns &&
	    !s[genuine].bogon && !s[genuine].teredo)
		usual_note(dd->usual, f->addr[t->resolver].b, t->answer[genuine].ttl,
			   t->answer[genuine].df, t->answer[genuine].opt,
			   t->answer[genuine].ts_ns - t->q_ts_ns);
}
