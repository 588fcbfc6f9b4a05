/* SPDX-License-Identifier: BSD-3-Clause */
/* Which answers to one question may be forged (METHODS d.2).
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a question sent again, answered twice, with rotated addresses: no more answers than questions
 *     test_dns_retransmitted_question_with_two_answers_is_no_conflict golden/inn-dns-dup
 *     dns-rotation.pcap
 * - the same answer twice: equal content
 *     test_dns_same_answer_twice_is_no_case dns-retransmission.pcap
 * - a resolver that changes its mind from SERVFAIL: one answer to a question
 *     test_dns_servfail_beside_an_answer_to_one_question
 * - private names, a local resolver: resolver_private, name_public
 *     test_dns_bogon_against_private_resolver_and_private_name dns-split-horizon.pcap
 * - a captive portal, a home router: the network's own resolver
 *     dns-own-resolver-b.pcap captive-portal.pcap
 * - a mirror port's copies: same IP ID, content and TTL: one answer
 *     test_dns_copies_are_not_counted
 * - a filter that the user chose: its published addresses
 *     dns-filter-umbrella.pcap dns-filter-null.pcap */
#include <stdlib.h>
#include <string.h>

#include "detect/dns_txn.h"

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

/* Answers without a record we read (other types, cut) cannot contradict except by code. */
bool dns_contradict(const struct dns_answer *a, const struct dns_answer *b)
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
	return abs(a->ttl - b->ttl) < DNS_TTL_FAR && (!a->has_id || a->df == b->df) &&
	       (!a->has_id || (a->ip_id == 0) == (b->ip_id == 0));
}

static void put_addresses(struct evidence *ev, const struct dns_answer *a)
{
	char text[IP_TEXT_MAX];

	for (uint32_t i = 0; i < a->n_addr; i++) {
		struct ip_addr ip = dns_answer_ip(a, i);

		(void)ip_text(&ip, text); /* returns text */
		evidence_add_text(ev, FEAT_DNS_ADDR, text, strlen(text), a->frame_no);
	}
	if (a->cname[0])
		evidence_put_text(ev, FEAT_DNS_CNAME, a->cname, strlen(a->cname), a->frame_no);
}

/* Beside this resolver's habits, other answers, and what the client then met. */
static void put_beside(struct evidence *ev, const struct dns_txn *t, const struct dns_answer *a,
		       const struct dns_signs *s)
{
	const uint64_t both[] = {t->q_seen ? t->q_frame : a->frame_no, a->frame_no};
	uint64_t fr = a->frame_no, visit[] = {fr, s->then.frame_no};

	if (s->own_known)
		evidence_put1(ev, FEAT_DNS_OWN, s->own, fr);
	if (s->ttl_known)
		evidence_put1(ev, FEAT_DNS_TTL_GAP, s->ttl_gap, fr);
	if (t->q_opt)
		evidence_put(ev, FEAT_DNS_OPT_LOST, s->opt_lost, both, 2);
	if (t->q_capitals)
		evidence_put(ev, FEAT_DNS_CASE_CHANGED, s->case_changed, both, 2);
	if (t->q_cookie)
		evidence_put(ev, FEAT_DNS_COOKIE_WRONG, s->cookie_wrong, both, 2);
	if (s->ra_odd)
		evidence_add_text(ev, FEAT_DNS_FLAGS_ODD, "ra", 2, fr);
	if (s->aa_odd)
		evidence_add_text(ev, FEAT_DNS_FLAGS_ODD, "aa", 2, fr);
	if (s->z_odd)
		evidence_add_text(ev, FEAT_DNS_FLAGS_ODD, "z", 1, fr);
	evidence_put1(ev, FEAT_DNS_ELSEWHERE_OK, s->beside.elsewhere_ok, fr);
	evidence_put1(ev, FEAT_DNS_ELSEWHERE_DENIED, s->beside.elsewhere_denied, fr);
	evidence_put1(ev, FEAT_DNS_NAMES_OK, s->beside.names_ok, fr);
	evidence_put1(ev, FEAT_DNS_DENIED_DOMAINS, s->beside.denied_domains, fr);
	if (a->n_addr) {
		evidence_put1(ev, FEAT_DNS_ADDR_DOMAINS, s->beside.addr_domains, fr);
		evidence_put1(ev, FEAT_DNS_RR_TTL_DOMAINS, s->beside.ttl_domains, fr);
	}
	if (s->then.what)
		evidence_put(ev, FEAT_DNS_THEN_TLS, (s->then.what & THEN_TLS) != 0, visit, 2);
	if (s->then.what & (THEN_PAGE | THEN_HTTP))
		evidence_put(ev, FEAT_DNS_THEN_PAGE, (s->then.what & THEN_PAGE) != 0, visit, 2);
}

static void put_answer(struct evidence *ev, const struct dns_txn *t, const struct dns_answer *a,
		       const struct dns_signs *s)
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
	if (a->n_addr && s->watches)
		evidence_put1(ev, FEAT_DNS_ADDR_NOTICE, s->watched_addr, fr);
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
	if (a->trailing)
		evidence_put1(ev, FEAT_DNS_TRAILING, a->trailing, fr);
	put_beside(ev, t, a, s);
	evidence_suspect(ev, fr);
}

static void put_pair(struct evidence *ev, const struct dns_txn *t, const struct dns_answer *a,
		     const struct dns_answer *other)
{
	const uint64_t both[] = {a->frame_no, other->frame_no};
	bool same = same_stack(a, other), differ = dns_contradict(a, other);
	bool extra = t->n_answers > t->n_queries;

	evidence_put(ev, FEAT_DNS_STACK_DIFFERS, !same, both, 2);
	evidence_put(ev, FEAT_DNS_SAME_PATH, same, both, 2);
	evidence_put(ev, FEAT_DNS_CONFLICT, differ && (extra || !same), both, 2);
	evidence_put(ev, FEAT_DNS_DUPLICATE, !differ && extra && !same, both, 2);
	evidence_put(ev, FEAT_DNS_GAP, llabs(other->ts_ns - a->ts_ns), both, 2);
	evidence_put(ev, FEAT_DNS_OPT_DIFFERS, a->opt != other->opt, both, 2);
	if (differ && (a->flags & 15) != (other->flags & 15))
		evidence_put_text(ev, FEAT_DNS_CONFLICT_KIND, "rcode", 5, a->frame_no);
	else if (differ)
		evidence_put_text(ev, FEAT_DNS_CONFLICT_KIND, "address", 7, a->frame_no);
}

/* The answer that looks most like the resolver's own: fewest signs, and of equals the one that came
 * last, since a forger must be first to be believed. */
static uint32_t genuine_of(const struct dns_txn *t, const struct dns_signs *s)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < t->n_answers; i++)
		if (!s[i].copy && (s[best].copy || s[i].n <= s[best].n))
			best = i;
	return best;
}

static void case_for(const struct flow *f, const struct dns_txn *t, uint32_t k,
		     const struct dns_signs *s, uint32_t genuine, struct case_list *out)
{
	struct evidence *ev = case_new(out, CASE_DNS, f);
	uint64_t frames[LIMIT_DNS_TXN_ANSWERS];
	char text[IP_TEXT_MAX];
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
	(void)ip_text(&f->addr[t->resolver], text); /* returns text */
	evidence_put_text(ev, FEAT_DNS_RESOLVER, text, strlen(text), t->answer[k].frame_no);
	if (n > 1)
		put_pair(ev, t, &t->answer[k], &t->answer[genuine]);
	else
		evidence_put1(ev, FEAT_DNS_CONFLICT, 0, t->answer[k].frame_no);
	put_answer(ev, t, &t->answer[k], &s[k]);
}

/* Is the only answer worth a look? */
static bool odd_alone(const struct dns_answer *a, const struct dns_signs *s)
{
	return s->bogon || s->teredo || s->watched_addr || s->watched_name || a->type_ignored ||
	       s->denied || s->cookie_wrong ||
	       (s->ttl_far && (s->fast || s->opt_gone || s->case_changed));
}

/* The same answer twice to one question, from two machines. */
static bool duplicate(const struct dns_txn *t, const struct dns_answer *a,
		      const struct dns_answer *genuine)
{
	return t->q_seen && t->n_answers > t->n_queries && !same_stack(a, genuine);
}

void dns_judge(struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
	       struct dns_signs s[LIMIT_DNS_TXN_ANSWERS], struct case_list *out)
{
	uint32_t distinct = 0, genuine;

	for (uint32_t i = 0; i < t->n_answers; i++) {
		s[i] = dns_signs_of(dd, f, t, i);
		distinct += !s[i].copy;
	}
	genuine = genuine_of(t, s);
	for (uint32_t i = 0; i < t->n_answers; i++) {
		const struct dns_answer *a = &t->answer[i];

		if (s[i].copy)
			continue;
		if (distinct == 1 ? odd_alone(a, &s[i])
				  : i != genuine && (dns_contradict(a, &t->answer[genuine]) ||
						     duplicate(t, a, &t->answer[genuine])))
			case_for(f, t, i, s, genuine, out);
	}
}

void dns_learn(struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
	       const struct dns_signs s[LIMIT_DNS_TXN_ANSWERS])
{
	uint32_t genuine = genuine_of(t, s);
	const struct dns_answer *a = &t->answer[genuine];

	/* Only what looks like the resolver's own teaches what is usual. */
	if (t->tcp || !t->q_seen || t->n_queries != 1 || a->ts_ns < t->q_ts_ns ||
	    s[genuine].bogon || s[genuine].teredo)
		return;
	usual_habit(dd->usual, f->addr[t->resolver].b,
		    &(struct usual_habit){.ts_ns = a->ts_ns,
					  .flags = a->flags,
					  .opt_asked = t->q_opt,
					  .opt_given = a->opt,
					  .case_asked = t->q_capitals,
					  .case_kept = !a->case_changed});
	usual_note(dd->usual, f->addr[t->resolver].b, a->ttl, a->df, a->opt, a->ts_ns - t->q_ts_ns);
}
