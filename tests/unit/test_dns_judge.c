/* SPDX-License-Identifier: BSD-3-Clause */
/* Which answers to one question may be forged (METHODS d.2), on transactions filled in by hand: the resolver is 192.0.2.53, TTL 50, DF, IP ID
 * counting; it usually answers in 40 ms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "detect/dns_txn.h"

struct dj {
	struct det_dns dd;
	struct flow f;
	struct dns_txn t;
	struct case_list cases;
};

static void dj_init(struct dj *j)
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
				.resolver = DIR_RESP};
	memcpy(j->t.qname, "blocked.example", 16);
}

static void dj_fini(struct dj *j)
{
	case_list_free(&j->cases);
	usual_free(j->dd.usual);
}

/* The resolver's answers so far, as the usual ones. */
static void learn(struct dj *j, int n)
{
	for (int i = 0; i < n; i++)
		usual_note(j->dd.usual, j->f.addr[1].b, 50, true, true, 40 * FB_MS);
}

/* An A answer of the resolver after that time; the last byte of 198.51.100.x, 0 for none. */
static struct dns_answer *answer(struct dj *j, int64_t ms, uint8_t x)
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

static uint32_t judge(struct dj *j)
{
	case_list_free(&j->cases);
	memset(&j->cases, 0, sizeof(j->cases));
	dns_judge(&j->dd, &j->f, &j->t, &j->cases);
	return j->cases.n;
}

static void test_dns_one_ordinary_answer_is_no_case_and_teaches_what_is_usual(void **state)
{
	const struct usual_host *h;
	struct dj j;

	(void)state;
	dj_init(&j);
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 0);
	h = usual_get(j.dd.usual, j.f.addr[1].b);
	assert_non_null(h);
	assert_int_equal(h->n, 1);
	assert_int_equal(h->lag_min_ns, 40 * FB_MS);
	dj_fini(&j);
}

static void test_dns_two_answers_to_one_question_conflict(void **state)
{
	const struct evidence *ev;
	struct dj j;

	(void)state;
	dj_init(&j);
	answer(&j, 5, 66);
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 1);
	ev = j.cases.at[0];
	assert_num(ev, DNS_ANSWERS, 2);
	assert_num(ev, DNS_QUERIES, 1);
	assert_yes(ev, DNS_CONFLICT);
	assert_text(ev, DNS_CONFLICT_KIND, "address");
	assert_text(ev, DNS_ADDR, "198.51.100.66");
	assert_no(ev, DNS_STACK_DIFFERS);
	assert_yes(ev, DNS_SAME_PATH);
	assert_no(ev, DNS_OPT_DIFFERS);
	assert_no(ev, DNS_OPT_MISSING);
	assert_no(ev, DNS_ADDR_KNOWN);
	assert_no(ev, DNS_TEREDO);
	assert_no(ev, DNS_TYPE_IGNORED);
	assert_no(ev, DNS_IPID_ECHO);
	assert_num(ev, DNS_LAG, 5 * FB_MS);
	assert_num(ev, DNS_GAP, 35 * FB_MS);
	assert_num(ev, DNS_RCODE, 0);
	assert_num(ev, DNS_FLAGS, 0x8180);
	assert_num(ev, DNS_QFLAGS, 0x0100);
	assert_num(ev, DNS_QTYPE, 1);
	assert_num(ev, DNS_RR_TTL, 300);
	assert_num(ev, DNS_N_AN, 1);
	assert_yes(ev, DNS_COMPRESSED);
	assert_num(ev, DNS_IPID, 9001);
	assert_yes(ev, DNS_DF);
	assert_num(ev, DNS_TTL, 50);
	assert_num(ev, DNS_TTL_INIT, 64);
	assert_no(ev, DNS_RESOLVER_PRIVATE);
	assert_yes(ev, DNS_NAME_PUBLIC);
	assert_no(ev, DNS_MDNS);
	assert_unknown(ev, DNS_TTL_GAP); /* nothing usual is known yet */
	assert_unknown(ev, DNS_TOO_FAST);
	assert_unknown(ev, DNS_CNAME);
	assert_text(ev, TRIGGER_KIND, "dns-qname");
	assert_text(ev, TRIGGER_NAME, "blocked.example");
	assert_suspects(ev, 2);
	dj_fini(&j);
}

/* The question was sent twice, each copy answered with rotated addresses, or first refused and then answered. */
static void test_dns_retransmitted_question_with_two_answers_is_no_conflict(void **state)
{
	(void)state;
	for (int rcode = 0; rcode < 2; rcode++) {
		struct dj j;

		dj_init(&j);
		j.t.n_queries = 2;
		if (rcode)
			answer(&j, 20, 0)->flags = 0x8182; /* SERVFAIL */
		else
			answer(&j, 20, 5);
		answer(&j, 40, 1);
		for (uint32_t i = 0; i < judge(&j); i++)
			assert_no(j.cases.at[i], DNS_CONFLICT);
		dj_fini(&j);
	}
}

/* ... but of two stacks they are one, however often it was asked. */
static void test_dns_answers_of_two_stacks_conflict_whatever_was_asked(void **state)
{
	(void)state;
	for (int sign = 0; sign < 5; sign++) {
		struct dns_answer *a;
		struct dj j;

		dj_init(&j);
		j.t.n_queries = 2;
		a = answer(&j, 5, 66);
		if (sign == 0)
			a->ttl = 52;
		if (sign == 1)
			a->df = false;
		if (sign == 2)
			a->ip_id = 0;
		if (sign == 3)
			a->ttl = 51; /* one hop is no other stack */
		answer(&j, 40, 1);
		assert_int_equal(judge(&j), 1);
		assert_num(j.cases.at[0], DNS_STACK_DIFFERS, sign < 3);
		assert_num(j.cases.at[0], DNS_SAME_PATH, sign >= 3);
		assert_num(j.cases.at[0], DNS_CONFLICT, sign < 3);
		dj_fini(&j);
	}
}

static void test_dns_servfail_beside_an_answer_to_one_question(void **state)
{
	struct dj j;

	(void)state;
	dj_init(&j);
	answer(&j, 5, 0)->flags = 0x8183; /* NXDOMAIN */
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 1);
	assert_yes(j.cases.at[0], DNS_CONFLICT);
	assert_text(j.cases.at[0], DNS_CONFLICT_KIND, "rcode");
	assert_num(j.cases.at[0], DNS_RCODE, 3);
	assert_unknown(j.cases.at[0], DNS_RR_TTL);
	assert_unknown(j.cases.at[0], DNS_COMPRESSED);
	assert_unknown(j.cases.at[0], DNS_ADDR);
	dj_fini(&j);
}

/* The same content twice: by two servers, a mirror port, or with the addresses in another order. */
static void test_dns_same_answer_twice_is_no_case(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct dns_answer *a, *b;
		struct dj j;

		dj_init(&j);
		a = answer(&j, 40, 1);
		b = answer(&j, 41, 1);
		if (how == 1)
			b->ip_id = a->ip_id; /* mirror copy */
		if (how == 2) {              /* round robin: one address is shared */
			a->n_addr = b->n_addr = a->n_an = b->n_an = 2;
			a->addr_len[1] = b->addr_len[1] = 4;
			memcpy(b->addr[0], (const uint8_t[]){198, 51, 100, 9}, 4);
			memcpy(b->addr[1], a->addr[0], 4);
		}
		if (how == 3) { /* one was cut by the capture: it cannot contradict */
			b->cut = true;
			b->n_addr = 0;
		}
		assert_int_equal(judge(&j), 0);
		dj_fini(&j);
	}
}

/* A mirror's copy of one answer beside another answer: two answers, not three. */
static void test_dns_copies_are_not_counted(void **state)
{
	struct dns_answer *a;
	uint16_t id;
	struct dj j;

	(void)state;
	dj_init(&j);
	id = answer(&j, 5, 66)->ip_id;
	a = answer(&j, 5, 66);
	a->ip_id = id;
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 1);
	assert_num(j.cases.at[0], DNS_ANSWERS, 2);
	assert_suspects(j.cases.at[0], 2);
	dj_fini(&j);
}

static void test_dns_cname_counts_as_content(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		struct dns_answer *a, *b;
		struct dj j;

		dj_init(&j);
		a = answer(&j, 5, 66);
		b = answer(&j, 40, 1);
		memcpy(a->cname, "cdn.example", 12);
		memcpy(b->cname, same ? "cdn.example" : "ads.example", 12);
		assert_int_equal(judge(&j), same ? 0 : 1);
		if (!same)
			assert_text(j.cases.at[0], DNS_CNAME, "cdn.example");
		dj_fini(&j);
	}
}

/* --- one answer alone --- */

/* A private address for a public name: not when the resolver is private, nor when the name is. */
static void test_dns_bogon_against_private_resolver_and_private_name(void **state)
{
	static const struct {
		const char *name;
		bool private_resolver, bogon;
	} t[] = {{"blocked.example", false, true},
		 {"blocked.example", true, false},
		 {"printer.lan", false, false},
		 {"wpad", false, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dj j;

		dj_init(&j);
		memcpy(j.t.qname, t[i].name, strlen(t[i].name) + 1);
		if (t[i].private_resolver)
			j.f.addr[1] = fb_ip4(192, 168, 1, 1);
		memcpy(answer(&j, 40, 1)->addr[0], (const uint8_t[]){10, 10, 34, 35}, 4);
		assert_int_equal(judge(&j), t[i].bogon);
		if (t[i].bogon) {
			assert_yes(j.cases.at[0], DNS_ADDR_KNOWN);
			assert_no(j.cases.at[0], DNS_CONFLICT);
			assert_num(j.cases.at[0], DNS_ANSWERS, 1);
			assert_unknown(j.cases.at[0], DNS_STACK_DIFFERS);
			assert_unknown(j.cases.at[0], DNS_GAP);
			assert_unknown(j.cases.at[0], DNS_CONFLICT_KIND);
			assert_null(usual_get(j.dd.usual,
					      j.f.addr[1].b)); /* a forged answer teaches nothing */
		}
		dj_fini(&j);
	}
}

static void test_dns_teredo_and_type_ignored_alone(void **state)
{
	struct dns_answer *a;
	struct dj j;

	(void)state;
	dj_init(&j);
	j.t.qtype = DNS_AAAA;
	a = answer(&j, 40, 1);
	a->addr_len[0] = 16;
	memcpy(a->addr[0], (const uint8_t[]){0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4},
	       16);
	assert_int_equal(judge(&j), 1);
	assert_yes(j.cases.at[0], DNS_TEREDO);
	assert_text(j.cases.at[0], DNS_ADDR, "2001::102:304");
	dj_fini(&j);

	dj_init(&j);
	j.t.qtype = DNS_AAAA;
	answer(&j, 40, 1)->type_ignored = true;
	assert_int_equal(judge(&j), 1);
	assert_yes(j.cases.at[0], DNS_TYPE_IGNORED);
	dj_fini(&j);
}

/* Hold-On: less than half the usual time, and TTL off by 2 or more; known from three answers on. */
static void test_dns_too_fast_and_ttl_against_the_usual(void **state)
{
	static const struct {
		int usual;
		int64_t ms;
		int fast; /* -1 unknown */
	} t[] = {{3, 19, 1}, {3, 20, 0}, {3, 100, 0}, {2, 1, -1}, {0, 1, -1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct dns_answer *a;
		struct dj j;

		dj_init(&j);
		learn(&j, t[i].usual);
		a = answer(&j, t[i].ms, 66);
		a->ttl = 57;
		answer(&j, 200, 1);
		assert_int_equal(judge(&j), 1);
		ev = j.cases.at[0];
		assert_suspects(ev, a->frame_no);
		if (t[i].fast < 0) {
			assert_unknown(ev, DNS_TOO_FAST);
			assert_unknown(ev, DNS_TTL_GAP);
		} else {
			assert_num(ev, DNS_TOO_FAST, t[i].fast);
			assert_num(ev, DNS_TTL_GAP, 7);
		}
		dj_fini(&j);
	}
}

/* A lone answer that differs from the usual in two ways is a case; in one way it is not. */
static void test_dns_lone_answer_unlike_the_usual_ones(void **state)
{
	for (int bits = 0; bits < 8; bits++) {
		bool fast = bits & 1, far = bits & 2, opt_gone = bits & 4;
		struct dns_answer *a;
		struct dj j;

		(void)state;
		dj_init(&j);
		learn(&j, 3);
		j.t.q_opt = true;
		a = answer(&j, fast ? 5 : 40, 66);
		a->ttl = far ? 57 : 50;
		a->opt = !opt_gone;
		assert_int_equal(judge(&j), far && (fast || opt_gone));
		if (j.cases.n)
			assert_num(j.cases.at[0], DNS_OPT_MISSING, opt_gone);
		dj_fini(&j);
	}
}

static void test_dns_opt_and_ip_id_echo(void **state)
{
	struct dns_answer *a;
	struct dj j;

	(void)state;
	dj_init(&j);
	j.t.q_opt = true;
	a = answer(&j, 5, 66);
	a->opt = false;
	a->ip_id = 500; /* the question's */
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 1);
	assert_yes(j.cases.at[0], DNS_OPT_MISSING);
	assert_yes(j.cases.at[0], DNS_OPT_DIFFERS);
	assert_yes(j.cases.at[0], DNS_IPID_ECHO);
	dj_fini(&j);

	dj_init(&j); /* both 0 is no echo; IPv6 has none */
	j.t.q_ip_id = 0;
	a = answer(&j, 5, 66);
	a->ip_id = 0;
	a = answer(&j, 40, 1);
	a->ip_id = 0;
	assert_int_equal(judge(&j), 1);
	assert_no(j.cases.at[0], DNS_IPID_ECHO);
	j.t.answer[0].has_id = false;
	judge(&j);
	assert_unknown(j.cases.at[0], DNS_IPID_ECHO);
	assert_unknown(j.cases.at[0], DNS_IPID);
	assert_unknown(j.cases.at[0], DNS_DF);
	dj_fini(&j);
}

/* The capture does not hold the question. */
static void test_dns_without_the_question_what_needs_it_is_unknown(void **state)
{
	const struct evidence *ev;
	struct dj j;

	(void)state;
	dj_init(&j);
	j.t.q_seen = false;
	j.t.n_queries = 0;
	answer(&j, 5, 66);
	answer(&j, 40, 1);
	assert_int_equal(judge(&j), 1);
	ev = j.cases.at[0];
	assert_num(ev, DNS_QUERIES, 0);
	assert_unknown(ev, DNS_LAG);
	assert_unknown(ev, DNS_TOO_FAST);
	assert_unknown(ev, DNS_QFLAGS);
	assert_unknown(ev, DNS_OPT_MISSING);
	assert_unknown(ev, DNS_IPID_ECHO);
	assert_null(usual_get(j.dd.usual, j.f.addr[1].b));
	dj_fini(&j);
}

/* The genuine one has fewest signs, wherever it stands; of equals the last, since a forger must be first to be believed. */
static void test_dns_genuine_is_the_one_with_fewest_signs(void **state)
{
	(void)state;
	for (int odd = -1; odd < 3; odd++) {
		struct dj j;

		dj_init(&j);
		learn(&j, 3);
		for (uint8_t i = 0; i < 3; i++) {
			struct dns_answer *a = answer(&j, 40 + i, (uint8_t)(10 + i));

			a->ttl = odd >= 0 && i != odd ? 57 : 50;
		}
		assert_int_equal(judge(&j), 2);
		for (uint32_t k = 0; k < 2; k++) {
			const uint64_t *f;

			assert_int_equal(evidence_suspects(j.cases.at[k], &f), 1);
			assert_int_not_equal(f[0], (odd < 0 ? 2 : odd) + 2);
		}
		dj_fini(&j);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_one_ordinary_answer_is_no_case_and_teaches_what_is_usual),
		cmocka_unit_test(test_dns_two_answers_to_one_question_conflict),
		cmocka_unit_test(test_dns_retransmitted_question_with_two_answers_is_no_conflict),
		cmocka_unit_test(test_dns_answers_of_two_stacks_conflict_whatever_was_asked),
		cmocka_unit_test(test_dns_servfail_beside_an_answer_to_one_question),
		cmocka_unit_test(test_dns_same_answer_twice_is_no_case),
		cmocka_unit_test(test_dns_copies_are_not_counted),
		cmocka_unit_test(test_dns_cname_counts_as_content),
		cmocka_unit_test(test_dns_bogon_against_private_resolver_and_private_name),
		cmocka_unit_test(test_dns_teredo_and_type_ignored_alone),
		cmocka_unit_test(test_dns_too_fast_and_ttl_against_the_usual),
		cmocka_unit_test(test_dns_lone_answer_unlike_the_usual_ones),
		cmocka_unit_test(test_dns_opt_and_ip_id_echo),
		cmocka_unit_test(test_dns_without_the_question_what_needs_it_is_unknown),
		cmocka_unit_test(test_dns_genuine_is_the_one_with_fewest_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
