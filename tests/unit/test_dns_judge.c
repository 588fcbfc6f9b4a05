/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of several answers to one question may be forged (METHODS d.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_build.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
