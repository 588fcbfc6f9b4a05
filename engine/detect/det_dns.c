/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairs DNS questions with their answers and holds them open for late ones (Hold-On: Duan et al. 2012; METHODS d.1). The judging
 * is dns_judge.c's and dns_signs.c's, and so are most look-alikes.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - mDNS and LLMNR: answers from many hosts by design: unicast DNS only
 *     test_det_dns_other_ports_and_bytes_are_ignored mdns-many.pcap
 * - a question sent again after its answer was lost: the same transaction, two questions
 *     test_det_dns_retransmitted_question_with_rotated_answers
 * - one id for two names or types: paired by id, name and type
 *     test_det_dns_pairs_by_id_name_and_type
 * - a message that the capture cuts: contradicts nothing
 *     test_det_dns_cut_at_every_length_contradicts_nothing */
#include "detect/dns_txn.h"

#include <stdlib.h>
#include <string.h>

/* METHODS d.1: held open until 5 s after the first answer; a question nobody answers is given up
 * after the same time. */
static const int64_t hold_ns = INT64_C(5) * 1000000000;

static void txn_free(struct det_dns *dd, struct dns_txn *t)
{
	flow_table_give(dd->table, sizeof(*t) + t->cap_answers * sizeof(*t->answer));
	free(t->answer);
	free(t);
}

static void txn_judge(struct det_dns *dd, const struct flow *f, struct dns_txn *t, bool last)
{
	struct trigger question = {.kind = TRIGGER_DNS_QNAME,
				   .first_frame = t->q_frame,
				   .last_frame = t->q_frame,
				   .ts_ns = t->q_ts_ns,
				   .ip_id = t->q_ip_id,
				   .ttl = t->q_ttl};
	struct dns_signs signs[LIMIT_DNS_TXN_ANSWERS];
	struct case_list cases = {0};
	size_t len = strlen(t->qname);

	if (!t->n_answers)
		return;
	dns_judge(dd, f, t, signs, &cases);
	question.dir = (uint8_t)dir_other(t->resolver);
	question.name_len = (uint8_t)len;
	memcpy(question.name, t->qname, len + 1);
	if (!t->q_seen)
		question.first_frame = question.last_frame = t->answer[0].frame_no;
	if (cases.n)
		dd->on_judged(dd->arg, f, &question, &cases, &t->told, last);
	if (last) {
		dd->lost += t->left_out + cases.lost;
		dns_learn(dd, f, t, signs);
	}
	case_list_free(&cases);
}

static void txn_finish(struct det_dns *dd, const struct flow *f, struct dns_txn *t)
{
	txn_judge(dd, f, t, true);
	txn_free(dd, t);
}

static void finish_at(struct det_dns *dd, const struct flow *f, struct dns_open *o,
		      struct dns_txn **at)
{
	struct dns_txn *t = *at;

	*at = t->next;
	o->n--;
	txn_finish(dd, f, t);
}

/* Finishes what has waited long enough at this packet's time. At most LIMIT_DNS_OPEN rounds. */
static void expire(struct det_dns *dd, const struct flow *f, struct dns_open *o, int64_t now_ns)
{
	struct dns_txn **at = &o->first;

	while (*at) {
		int64_t since = (*at)->n_answers ? (*at)->answer[0].ts_ns : (*at)->q_ts_ns;

		if (now_ns - since > hold_ns)
			finish_at(dd, f, o, at);
		else
			at = &(*at)->next;
	}
}

static struct dns_txn *txn_find(const struct dns_open *o, const struct dns_msg *m)
{
	for (struct dns_txn *t = o->first; t; t = t->next)
		if (t->id == m->id && t->qtype == m->qtype && !strcmp(t->qname, m->qname))
			return t;
	return NULL;
}

static struct dns_txn *txn_add(struct det_dns *dd, struct dns_open *o, const struct dns_msg *m,
			       int64_t now_ns)
{
	struct dns_txn *t, **at = &o->first;

	if (!flow_table_take(dd->table, sizeof(*t)))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		flow_table_give(dd->table, sizeof(*t));
		return NULL;
	}
	t->id = m->id;
	t->qtype = m->qtype;
	t->first_ns = t->q_ts_ns = now_ns;
	memcpy(t->qname, m->qname, sizeof(t->qname));
	while (*at)
		at = &(*at)->next;
	*at = t;
	o->n++;
	return t;
}

struct dns_open *dns_open_of(struct det_dns *dd, struct flow *f)
{
	if (!f->dns && flow_table_take(dd->table, sizeof(struct dns_open))) {
		f->dns = calloc(1, sizeof(struct dns_open));
		if (!f->dns)
			flow_table_give(dd->table, sizeof(struct dns_open));
	}
	return f->dns;
}

static void query_put(struct dns_txn *t, const struct dns_msg *m, const struct pkt *p)
{
	t->n_queries++;
	t->q_ts_ns = p->ts_ns;
	t->qflags = m->flags;
	t->q_opt = m->has_opt;
	t->q_capitals = strcmp(m->qname, m->qname_sent) != 0;
	memcpy(t->qname_sent, m->qname_sent, sizeof(t->qname_sent));
	t->q_cookie = m->has_cookie;
	memcpy(t->cookie, m->cookie, sizeof(t->cookie));
	t->q_frame = p->frame_no;
	t->q_ip_id = p->ip_id;
	t->q_ttl = p->ttl;
	t->q_seen = true;
}

/* An A record answers only questions for A, ANY and what may come as additional data; a CNAME chain
 * may end in A for any type that follows aliases, so a lone A for AAAA, MX, TXT, NS, SOA is what
 * METHODS d.2 calls "qtype ignored". */
static bool type_ignored(const struct dns_msg *m)
{
	enum { TYPE_ANY = 255 };

	if (m->qtype == DNS_A || m->qtype == TYPE_ANY || !m->n_answer || m->answer[0].type != DNS_A)
		return false;
	for (uint32_t i = 0; i < m->n_answer; i++)
		if (m->answer[i].type != DNS_A)
			return false;
	return true;
}

/* Most questions get one answer, so the list grows by need: 1, 2, 4, 8. */
static bool answer_room(struct det_dns *dd, struct dns_txn *t)
{
	uint32_t cap = t->cap_answers ? t->cap_answers * 2 : 1;
	size_t more = (cap - t->cap_answers) * sizeof(*t->answer);
	struct dns_answer *bigger;

	if (t->n_answers < t->cap_answers)
		return true;
	if (cap > LIMIT_DNS_TXN_ANSWERS || !flow_table_take(dd->table, more))
		return false;
	bigger = realloc(t->answer, cap * sizeof(*bigger));
	if (!bigger) {
		flow_table_give(dd->table, more);
		return false;
	}
	t->answer = bigger;
	t->cap_answers = cap;
	return true;
}

struct dns_answer dns_answer_of(const struct dns_msg *m, const struct pkt *p, uint32_t off)
{
	struct dns_answer a = {
		.ts_ns = p->ts_ns,
		.frame_no = p->frame_no,
		.flags = m->flags,
		.ip_id = p->ip_id,
		.n_an = m->n_an,
		.ttl = p->ttl,
		.df = p->df,
		.has_id = p->has_ip_id,
		.opt = m->has_opt,
		.cut = m->cut || m->skipped,
		.type_ignored = type_ignored(m),
		.off = off,
		.trailing = (uint16_t)m->trailing_bytes,
	};

	if (m->n_answer) {
		a.has_rr = true;
		a.rr_ttl_s = m->answer[0].ttl_s;
		a.c00c = m->answer[0].name_c00c;
	}
	for (uint32_t i = 0; i < m->n_answer; i++) {
		const struct dns_rr *rr = &m->answer[i];

		if (rr->addr_len && a.n_addr < DNS_ADDRS_KEPT) {
			a.addr_len[a.n_addr] = rr->addr_len;
			memcpy(a.addr[a.n_addr++], rr->addr, sizeof(rr->addr));
		}
		if (rr->type == DNS_CNAME && !a.cname[0])
			memcpy(a.cname, rr->target, sizeof(a.cname));
	}
	return a;
}

/* Keeps an answer, with what it must have from its question, and tells across/ of it. */
static void answer_put(struct det_dns *dd, const struct flow *f, struct dns_txn *t,
		       const struct dns_msg *m, const struct pkt *p, uint32_t off)
{
	struct dns_answer *a = &t->answer[t->n_answers++];
	struct answer_note n;

	*a = dns_answer_of(m, p, off);
	/* RFC 7873 5.3: a client cookie that is not the one sent was not made by who got it. */
	a->cookie_wrong = t->q_cookie && m->has_cookie &&
			  memcmp(t->cookie, m->cookie, sizeof(t->cookie)) != 0;
	a->case_changed = t->q_capitals && strcmp(t->qname_sent, m->qname_sent) != 0;
	if (!dd->answers || !dns_name_is_public(t->qname))
		return;
	n = dns_answer_note(f, t, a);
	answers_note(dd->answers, &n);
}

void dns_message(struct det_dns *dd, struct flow *f, struct dns_open *o, const struct dns_msg *m,
		 const struct pkt *p, uint32_t off)
{
	bool answer = (m->flags & DNS_QR) != 0;
	struct dns_txn *t;

	expire(dd, f, o, p->ts_ns);
	t = txn_find(o, m);
	if (!t) {
		if (o->n == LIMIT_DNS_OPEN)
			finish_at(dd, f, o, &o->first);
		t = txn_add(dd, o, m, p->ts_ns);
	}
	if (!t) {
		dd->lost++;
		return;
	}
	t->tcp = p->l4 == L4_TCP;
	if (!memcmp(&p->src, &f->addr[DIR_ORIG], sizeof(p->src)) && p->sport == f->port[DIR_ORIG])
		t->resolver = answer ? DIR_ORIG : DIR_RESP;
	else
		t->resolver = answer ? DIR_RESP : DIR_ORIG;
	if (!answer)
		query_put(t, m, p);
	else if (!answer_room(dd, t))
		t->left_out++;
	else
		answer_put(dd, f, t, m, p, off);
	if (answer && dd->early)
		txn_judge(dd, f, t, false);
}

void det_dns_packet(struct det_dns *dd, struct flow *f, const struct pkt *p)
{
	struct dns_open *o;
	struct dns_msg m;

	/* Only unicast DNS: answers to mDNS and LLMNR come from many hosts by design. */
	if ((p->sport != 53 && p->dport != 53) || dns_read(p->payload, &m) != APP_OK ||
	    !m.has_question)
		return;
	if ((m.flags & DNS_QR) != 0 ? p->sport != 53 : p->dport != 53)
		return;
	o = dns_open_of(dd, f);
	if (o)
		dns_message(dd, f, o, &m, p, 0);
	else
		dd->lost++;
}

void det_dns_end(struct det_dns *dd, struct flow *f)
{
	struct dns_open *o = f->dns;

	if (!o)
		return;
	while (o->first) {
		struct dns_txn *t = o->first;

		o->first = t->next;
		txn_finish(dd, f, t);
	}
	f->dns = NULL;
	flow_table_give(dd->table, sizeof(*o));
	free(o);
}
