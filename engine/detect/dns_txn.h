/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DNS_TXN_H
#define WP_DETECT_DNS_TXN_H

#include "detect/det_dns.h"

enum { DNS_ADDRS_KEPT = 8 };
/* Hold-On (Duan et al. 2012): TTLs that differ by 2 or more are two senders'. */
enum { DNS_TTL_FAR = 2 };

/* One answer as it came, reduced to what is compared. */
struct dns_answer {
	int64_t ts_ns;
	uint64_t frame_no;
	uint16_t flags, ip_id, n_an;
	uint8_t ttl;
	bool df, has_id, opt, c00c, cut, type_ignored;
	/* The name is spelt otherwise than it was asked with capitals in it; the cookie is not the
	 * query's. */
	bool case_changed, cookie_wrong;
	uint16_t trailing; /* bytes behind the message */
	bool has_rr;
	uint32_t rr_ttl_s;
	uint32_t n_addr;
	uint8_t addr_len[DNS_ADDRS_KEPT], addr[DNS_ADDRS_KEPT][16];
	char cname[APP_NAME_SIZE]; /* the first CNAME target; empty when none */
	uint32_t off;              /* TCP: where in the resolver's stream its message begins */
};

/* One question and everything that came back for it. */
struct dns_txn {
	struct dns_txn *next;
	struct told told;
	uint16_t id, qtype, qflags;
	bool q_seen, q_opt, tcp;
	bool q_capitals, q_cookie; /* capitals in the name, a cookie in the EDNS */
	uint8_t cookie[8];
	uint32_t n_queries;
	int64_t first_ns, q_ts_ns; /* first packet; last time the question was sent */
	uint64_t q_frame;
	uint16_t q_ip_id;
	uint8_t q_ttl;
	enum dir resolver; /* side that answers */
	char qname[APP_NAME_SIZE], qname_sent[APP_NAME_SIZE];
	uint32_t n_answers, cap_answers, left_out;
	struct dns_answer *answer; /* room for cap_answers, at most LIMIT_DNS_TXN_ANSWERS */
};

/* Where one direction of a TCP connection stands: the first byte of the message that is waited for
 * (offset in its stream), and the packet that began it. */
struct dns_line {
	uint32_t off;
	uint64_t first_frame;
	bool given_up; /* no DNS, or bytes that the capture does not hold */
};

/* The transactions of one flow. */
struct dns_open {
	uint32_t n;
	struct dns_txn *first; /* oldest first */
	struct dns_line line[2];
};

/* The flow's transactions, made when there are none; NULL when there is no memory. */
struct dns_open *dns_open_of(struct det_dns *dd, struct flow *f);
/* Takes one message that was read (not NULL) from packet p, its last one over TCP: pairs it, and
 * judges what has waited long enough. `off`: TCP, where it begins; 0 over UDP. */
void dns_message(struct det_dns *dd, struct flow *f, struct dns_open *o, const struct dns_msg *m,
		 const struct pkt *p, uint32_t off);
/* The answer as it is kept; no state is touched. */
struct dns_answer dns_answer_of(const struct dns_msg *m, const struct pkt *p, uint32_t off);

/* One answer beside what else is known. What is not known is false or 0 here. */
struct dns_signs {
	bool copy; /* a second view of an earlier answer */
	bool ttl_known, ttl_far, fast, fast_known, opt_gone, echo, bogon, teredo;
	/* against this resolver's habits */
	bool opt_lost, case_changed, cookie_wrong, habit_known, ra_odd, aa_odd, z_odd;
	bool own_known, own;             /* looks like the resolver's other answers */
	bool watches;                    /* det_dns.watch holds something */
	bool watched_addr, watched_name; /* the answer holds an address or alias of it */
	bool denied;                     /* and another resolver had a public address */
	int ttl_gap;
	uint32_t n; /* signs against it */
	struct answer_facts beside;
	struct then_answer then;
};

/* The signs of answer k. */
struct dns_signs dns_signs_of(const struct det_dns *dd, const struct flow *f,
			      const struct dns_txn *t, uint32_t k);
/* Do the two say different things? */
bool dns_contradict(const struct dns_answer *a, const struct dns_answer *b);
struct ip_addr dns_answer_ip(const struct dns_answer *a, uint32_t i);
/* For across/answers.h; views of f and t. */
struct answer_note dns_answer_note(const struct flow *f, const struct dns_txn *t,
				   const struct dns_answer *a);
/* Judges one transaction: fills s with the signs of its answers and writes a case for each answer
 * that may be forged. */
void dns_judge(struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
	       struct dns_signs s[LIMIT_DNS_TXN_ANSWERS], struct case_list *out);
/* What a finished transaction teaches of the resolver's usual answers; s from dns_judge(). */
void dns_learn(struct det_dns *dd, const struct flow *f, const struct dns_txn *t,
	       const struct dns_signs s[LIMIT_DNS_TXN_ANSWERS]);

#endif
