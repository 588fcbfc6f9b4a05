/* SPDX-License-Identifier: BSD-3-Clause */
/* One answer beside what is usual of its resolver, what others say, and what the client then met (METHODS d.2, d.4).
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - an anycast resolver whose path changes: the usual TTL is forgotten after ten minutes
 *     test_dns_signs_usual_ttl_is_forgotten_after_ten_minutes dns-anycast-moved.pcap
 * - answers from a cache, faster than others: speed alone is no more than a look
 *     test_dns_signs_habits_need_twenty_answers dns-cached.pcap
 * - other addresses for other places, a new address: the client's TLS is accepted there
 *     test_dns_signs_where_the_answer_led dns-then-tls.pcap
 * - a provider that sells names which do not exist: nobody else knows them
 *     test_dns_signs_denied_where_another_resolver_knows nxdomain-sold.pcap
 * - a resolver that refuses everybody: names_ok
 *     dns-refuses-all.pcap
 * - a filtering resolver of the user's choice: its address
 *     dns-denied-chosen-filter.pcap
 * - a local block list: the null address, its own network
 *     test_dns_signs_private_resolver_denies_as_it_likes dns-blocklist-127.pcap */
#include <stdlib.h>
#include <string.h>

#include "detect/dns_txn.h"

/* How many answers of a resolver make its habits known. METHODS d.2 asks for 20 of the TTL. Measured over the benign captures
 * with DNS of the project's corpus (2026-11: 89 captures, 147 resolvers, 796 answers): against the usual TTL of 3 answers 6 of 522
 * later ones were off by 2 or more, of 5 answers 4 of 461, of 10 answers 0 of 361. In under half the smallest of 3 answer times
 * came 7 of 117 (answers from a cache), of 10 answer times 1 of 37; so speed alone is never more than a look. Of habits one
 * resolver changed RA, three AA (their own zones), none of 33 EDNS, of 7 the spelling, of 147 Z; METHODS d.2 asks for 95 % of the
 * EDNS. */
enum { TTL_LEAST = 10, FAST_LEAST = 3, HABIT_LEAST = 20, OPT_PERCENT = 95 };
/* Hold-On (Duan et al. 2012): half the usual time, TTL off by 2 or more. */
enum { TTL_FAR = DNS_TTL_FAR };
/* A mirror port's second view follows within this (METHODS 0). */
static const int64_t copy_ns = 1000000;
/* unsourced: below this an answer comes from the local network whatever the path: no verdict on speed. */
static const int64_t lag_floor_ns = 2000000;

static bool is_copy(const struct dns_answer *a, const struct dns_answer *b)
{
	return b->ts_ns - a->ts_ns <= copy_ns && a->ip_id == b->ip_id && a->has_id && a->ip_id &&
	       a->ttl == b->ttl && a->flags == b->flags && a->rr_ttl_s == b->rr_ttl_s &&
	       !dns_contradict(a, b);
}

/* Over UDP: this answer beside the resolver's earlier ones. */
static void signs_usual(const struct usual_host *h, const struct dns_txn *t,
			const struct dns_answer *a, struct dns_signs *s)
{
	uint8_t usual;

	if (usual_ttl(h, TTL_LEAST, &usual)) {
		s->ttl_known = true;
		s->ttl_gap = abs(usual - a->ttl);
	}
	/* Good enough to say which of several answers is the resolver's, where one of them must be. */
	if (usual_ttl(h, FAST_LEAST, &usual))
		s->n += abs(usual - a->ttl) >= TTL_FAR;
	/* Of a question sent twice nobody knows which copy the answer is for (Karn). */
	if (t->q_seen && t->n_queries == 1 && h && h->n >= FAST_LEAST &&
	    h->lag_min_ns > lag_floor_ns) {
		s->fast_known = true;
		s->fast = (a->ts_ns - t->q_ts_ns) * 2 < h->lag_min_ns;
	}
	if (!h)
		return;
	if (h->n_opt_asked >= HABIT_LEAST)
		s->opt_lost = t->q_opt && !a->opt &&
			      h->n_opt_given >= h->n_opt_asked / 100.0 * OPT_PERCENT;
	if (h->n_case_asked >= HABIT_LEAST)
		s->case_changed = a->case_changed && h->n_case_kept == h->n_case_asked;
	if (h->n_habit >= HABIT_LEAST) {
		s->habit_known = true;
		s->ra_odd = h->n_ra == h->n_habit && !(a->flags & DNS_RA);
		s->aa_odd = !h->n_aa && a->flags & DNS_AA;
		s->z_odd = !h->n_z && a->flags & DNS_Z;
	}
}

/* Over TCP: this answer beside the packets of the connection's other end that no answer to this question came in. The
 * handshake measures the path to the resolver itself (METHODS d.2, "TCP/53"). */
static void signs_connection(const struct flow *f, const struct dns_txn *t,
			     const struct dns_answer *a, struct dns_signs *s)
{
	uint64_t skip[LIMIT_DNS_TXN_ANSWERS];
	int64_t rtt_ns = 0;
	uint8_t ttl;

	for (uint32_t i = 0; i < t->n_answers; i++)
		skip[i] = t->answer[i].frame_no;
	if (model_nearest_ttl(f, t->resolver, a->ttl, skip, t->n_answers, &ttl)) {
		s->ttl_known = true;
		s->ttl_gap = abs(ttl - a->ttl);
		s->n += s->ttl_gap >= TTL_FAR;
	}
	if (t->q_seen && t->n_queries == 1 &&
	    model_rtt(f, t->resolver, skip, t->n_answers, &rtt_ns) && rtt_ns > lag_floor_ns) {
		s->fast_known = true;
		s->fast = (a->ts_ns - t->q_ts_ns) * 2 < rtt_ns;
	}
}

/* The address as the flow table writes it. */
struct ip_addr dns_answer_ip(const struct dns_answer *a, uint32_t i)
{
	struct ip_addr ip = {{0}};

	if (a->addr_len[i] == 4) {
		ip.b[10] = ip.b[11] = 0xff;
		memcpy(ip.b + 12, a->addr[i], 4);
	} else {
		memcpy(ip.b, a->addr[i], 16);
	}
	return ip;
}

static int text_order(const void *key, const void *at)
{
	return strcmp(key, *(const char *const *)at);
}

static bool is_watched(const struct det_dns *dd, const char *text)
{
	return dd->n_watch && bsearch(text, dd->watch, dd->n_watch, sizeof(*dd->watch), text_order);
}

static void signs_content(const struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
			  const struct dns_answer *a, struct dns_signs *s)
{
	bool honest_private = ip_is_private(&f->addr[t->resolver]) || !dns_name_is_public(t->qname);
	char text[IP_TEXT_MAX];

	s->watches = dd->n_watch > 0;
	for (uint32_t i = 0; i < a->n_addr; i++) {
		uint16_t type = a->addr_len[i] == 4 ? DNS_A : DNS_AAAA;
		struct ip_addr ip = dns_answer_ip(a, i);

		s->bogon |= !honest_private && dns_addr_bogon(type, a->addr[i]);
		s->teredo |= type == DNS_AAAA && dns_addr_teredo0(a->addr[i]);
		s->watched_addr |= is_watched(dd, ip_text(&ip, text));
	}
	s->watched_name |= a->cname[0] && is_watched(dd, a->cname);
}

struct answer_note dns_answer_note(const struct flow *f, const struct dns_txn *t,
				   const struct dns_answer *a)
{
	enum { NXDOMAIN = 3, REFUSED = 5 };
	uint16_t rcode = a->flags & 15;
	struct answer_note n = {.resolver = f->addr[t->resolver].b,
				.resolver_private = ip_is_private(&f->addr[t->resolver]),
				.name = t->qname,
				.qtype = t->qtype,
				.kind = ANSWER_OTHER,
				.rr_ttl_s = a->rr_ttl_s,
				.ts_ns = a->ts_ns};

	if (a->n_addr)
		n.addr = a->addr[0];
	if (a->cut || (t->qtype != DNS_A && t->qtype != DNS_AAAA))
		return n;
	if (rcode == NXDOMAIN || rcode == REFUSED)
		n.kind = ANSWER_DENIED;
	else if (rcode == 0 && a->n_addr)
		n.kind = ANSWER_PUBLIC;
	for (uint32_t i = 0; i < a->n_addr; i++)
		if (dns_addr_bogon(a->addr_len[i] == 4 ? DNS_A : DNS_AAAA, a->addr[i]))
			n.kind = ANSWER_DENIED;
	return n;
}

/* What other answers say, and what the client then met where this one led. */
static void signs_across(const struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
			 const struct dns_answer *a, struct dns_signs *s)
{
	struct answer_note n = dns_answer_note(f, t, a);

	if (dd->answers && dns_name_is_public(t->qname)) {
		answers_ask(dd->answers, &n, &s->beside);
		s->denied =
			n.kind == ANSWER_DENIED && s->beside.elsewhere_ok && !n.resolver_private;
	}
	for (uint32_t i = 0; dd->then && i < a->n_addr; i++) {
		struct ip_addr ip = dns_answer_ip(a, i);
		struct then_answer then = dns_then_ask(
			dd->then, &(struct then_note){.client = f->addr[dir_other(t->resolver)].b,
						      .addr = ip.b,
						      .name = t->qname,
						      .name_len = strlen(t->qname),
						      .ts_ns = a->ts_ns});

		s->then.what |= then.what;
		if (then.what)
			s->then.frame_no = then.frame_no;
	}
}

/* Does it look like the resolver's other answers in everything that is known of them? */
static void signs_own(struct dns_signs *s)
{
	bool off = s->ttl_far || s->fast || s->opt_lost || s->case_changed || s->cookie_wrong;

	s->own_known = off || (s->ttl_known && s->fast_known);
	s->own = s->own_known && !off;
}

struct dns_signs dns_signs_of(const struct det_dns *dd, const struct flow *f,
			      const struct dns_txn *t, uint32_t k)
{
	const struct dns_answer *a = &t->answer[k];
	struct dns_signs s = {0};

	for (uint32_t i = 0; i < k; i++)
		s.copy |= is_copy(&t->answer[i], a);
	if (t->tcp)
		signs_connection(f, t, a, &s);
	else
		signs_usual(usual_get(dd->usual, f->addr[t->resolver].b), t, a, &s);
	s.ttl_far = s.ttl_known && s.ttl_gap >= TTL_FAR;
	s.opt_gone = t->q_opt && !a->opt;
	s.cookie_wrong = a->cookie_wrong;
	s.echo = t->q_ip_id && a->has_id && a->ip_id == t->q_ip_id;
	signs_content(dd, f, t, a, &s);
	signs_own(&s);
	signs_across(dd, f, t, a, &s);
	s.n += (uint32_t)s.fast + s.opt_gone + s.echo + s.bogon + s.teredo + a->type_ignored +
	       s.case_changed + s.cookie_wrong;
	return s;
}
