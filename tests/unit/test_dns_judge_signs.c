/* SPDX-License-Identifier: BSD-3-Clause */
/* What speaks against one answer to a question: its addresses, its record type, its speed and stack against the resolver's usual (METHODS d.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_build.h"

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

/* A lone answer with an address that a signature names is a case, whoever the resolver is; it proves nothing. */
static void test_dns_notice_alone_is_a_case_and_another_address_is_none(void **state)
{
	static const char *const watch[] = {"175.139.142.25"};
	struct dj j;

	(void)state;
	for (int last = 25; last <= 26; last++) {
		dj_init(&j);
		j.dd.watch = watch;
		j.dd.n_watch = 1;
		j.f.addr[1] = fb_ip4(192, 168, 1, 1);
		memcpy(answer(&j, 40, 1)->addr[0], (const uint8_t[]){175, 139, 142, (uint8_t)last},
		       4);
		assert_int_equal(judge(&j), last == 25);
		if (last == 25) {
			assert_yes(j.cases.at[0], DNS_ADDR_NOTICE);
			assert_no(j.cases.at[0], DNS_CONFLICT);
		}
		dj_fini(&j);
	}
}

/* No address in the answer, or no signature that names one: not measured. */
static void test_dns_notice_is_unknown_without_addresses_on_either_side(void **state)
{
	static const char *const watch[] = {"175.139.142.25"};

	(void)state;
	for (uint32_t with = 0; with < 2; with++) {
		struct dj j;

		dj_init(&j);
		j.dd.watch = watch;
		j.dd.n_watch = with;
		j.t.qtype = DNS_AAAA;
		answer(&j, 40, 1)->type_ignored = true;
		j.t.answer[0].n_addr = 1 - with;
		assert_int_equal(judge(&j), 1);
		assert_unknown(j.cases.at[0], DNS_ADDR_NOTICE);
		dj_fini(&j);
	}
}

/* Hold-On: less than half the usual time, and TTL off by 2 or more; known from three answers on. */
static void test_dns_too_fast_and_ttl_against_the_usual(void **state)
{
	static const struct {
		int usual;
		int64_t ms;
		int fast; /* -1 unknown */
	} t[] = {{3, 19, 1}, {3, 20, 0}, {10, 19, 1}, {10, 100, 0},
		 {9, 19, 1}, {2, 1, -1}, {0, 1, -1}};

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
		if (t[i].fast < 0)
			assert_unknown(ev, DNS_TOO_FAST);
		else
			assert_num(ev, DNS_TOO_FAST, t[i].fast);
		/* The TTL of most answers wants more of them: dns_signs.c says what was measured. */
		if (t[i].usual < 10)
			assert_unknown(ev, DNS_TTL_GAP);
		else
			assert_num(ev, DNS_TTL_GAP, 7);
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
		learn(&j, 10);
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

/* Of a question sent twice nobody knows which copy is answered: no verdict on speed, and nothing is learned from it. */
static void test_dns_lag_after_a_retransmitted_question_is_not_judged(void **state)
{
	struct dj j;

	(void)state;
	dj_init(&j);
	learn(&j, 10);
	j.t.n_queries = 2;
	answer(&j, 5, 66)->ttl = 57;
	assert_int_equal(judge(&j), 0);
	answer(&j, 6, 1);
	assert_int_equal(judge(&j), 1);
	assert_unknown(j.cases.at[0], DNS_TOO_FAST);
	assert_num(j.cases.at[0], DNS_TTL_GAP, 7);
	assert_int_equal(usual_get(j.dd.usual, j.f.addr[1].b)->lag_min_ns, 40 * FB_MS);
	dj_fini(&j);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_bogon_against_private_resolver_and_private_name),
		cmocka_unit_test(test_dns_notice_alone_is_a_case_and_another_address_is_none),
		cmocka_unit_test(test_dns_notice_is_unknown_without_addresses_on_either_side),
		cmocka_unit_test(test_dns_teredo_and_type_ignored_alone),
		cmocka_unit_test(test_dns_too_fast_and_ttl_against_the_usual),
		cmocka_unit_test(test_dns_lone_answer_unlike_the_usual_ones),
		cmocka_unit_test(test_dns_opt_and_ip_id_echo),
		cmocka_unit_test(test_dns_without_the_question_what_needs_it_is_unknown),
		cmocka_unit_test(test_dns_genuine_is_the_one_with_fewest_signs),
		cmocka_unit_test(test_dns_lag_after_a_retransmitted_question_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
