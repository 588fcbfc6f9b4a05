/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_DNS_BUILD_H
#define WP_TESTS_DNS_BUILD_H

/* DNS transactions filled in by hand: the resolver is 192.0.2.53, TTL 50, DF, IP ID counting; it usually answers in 40 ms. */

#include "case_build.h"
#include "detect/dns_txn.h"

struct dj {
	struct det_dns dd;
	struct flow f;
	struct dns_txn t;
	struct dns_answer answer[LIMIT_DNS_TXN_ANSWERS]; /* of t */
	struct case_list cases;
};

static inline void dj_init(struct dj *j)
{
	memset(j, 0, sizeof(*j));
	j->dd.usual = usual_new();
	assert_non_null(j->dd.usual);
	j->f.proto = 17;
	j->f.addr[0] = fb_ip4(10, 0, 0, 1);
	j->f.addr[1] = fb_ip4(192, 0, 2, 53);
	j->f.port[1] = 53;
	j->t = (struct dns_txn){.id = 7,
				.qtype = DNS_A,
				.qflags = 0x0100,
				.q_seen = true,
				.n_queries = 1,
				.q_ts_ns = FB_START,
				.q_frame = 1,
				.q_ip_id = 500,
				.q_ttl = 64,
				.answer = j->answer,
				.cap_answers = LIMIT_DNS_TXN_ANSWERS,
				.resolver = DIR_RESP};
	memcpy(j->t.qname, "blocked.example", 16);
}

static inline void dj_fini(struct dj *j)
{
	case_list_free(&j->cases);
	usual_free(j->dd.usual);
}

/* The resolver's answers so far, as the usual ones. */
static inline void learn(struct dj *j, int n)
{
	for (int i = 0; i < n; i++)
		usual_note(j->dd.usual, j->f.addr[1].b, 50, true, true, 40 * FB_MS);
}

/* An A answer of the resolver after that time; the last byte of 198.51.100.x, 0 for none. */
static inline struct dns_answer *answer(struct dj *j, int64_t ms, uint8_t x)
{
	struct dns_answer *a = &j->t.answer[j->t.n_answers++];

	*a = (struct dns_answer){.ts_ns = FB_START + ms * FB_MS,
				 .frame_no = 1 + j->t.n_answers,
				 .flags = 0x8180,
				 .ttl = 50,
				 .df = true,
				 .has_id = true,
				 .ip_id = (uint16_t)(9000 + j->t.n_answers),
				 .opt = j->t.q_opt};
	if (x) {
		a->n_addr = a->n_an = 1;
		a->has_rr = true;
		a->rr_ttl_s = 300;
		a->c00c = true;
		a->addr_len[0] = 4;
		memcpy(a->addr[0], (const uint8_t[]){198, 51, 100, x}, 4);
	}
	return a;
}

static inline uint32_t judge(struct dj *j)
{
	struct dns_signs signs[LIMIT_DNS_TXN_ANSWERS];

	case_list_free(&j->cases);
	memset(&j->cases, 0, sizeof(j->cases));
	dns_judge(&j->dd, &j->f, &j->t, signs, &j->cases);
	dns_learn(&j->dd, &j->f, &j->t, signs);
	return j->cases.n;
}

#endif
