/* SPDX-License-Identifier: BSD-3-Clause */
/* One answer beside the resolver's habits, other answers, and where it led. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_build.h"

static void habits(struct dj *j, int n, bool opt, bool kept)
{
	for (int i = 0; i < n; i++) {
		usual_habit(j->dd.usual, j->f.addr[1].b,
			    &(struct usual_habit){.ts_ns = FB_START,
						  .flags = 0x8180,
						  .opt_asked = true,
						  .opt_given = opt,
						  .case_asked = true,
						  .case_kept = kept});
		usual_note(j->dd.usual, j->f.addr[1].b, 50, true, opt, 40 * FB_MS);
	}
}

static struct dns_signs signs(const struct dj *j)
{
	return dns_signs_of(&j->dd, &j->f, &j->t, 0);
}

static void test_dns_signs_own_is_known_by_distance_and_speed(void **state)
{
	static const struct {
		int learnt;
		uint8_t ttl;
		int64_t ms;
		int own; /* -1 unknown */
	} t[] = {
		{10, 50, 41, 1}, {10, 51, 41, 1}, {10, 52, 41, 0}, {10, 50, 19, 0},
		{9, 50, 41, -1}, {9, 57, 41, -1}, {9, 50, 19, 0},  {0, 50, 41, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dns_signs s;
		struct dj j;

		dj_init(&j);
		learn(&j, t[i].learnt);
		answer(&j, t[i].ms, 66)->ttl = t[i].ttl;
		s = signs(&j);
		assert_int_equal(s.own_known ? s.own : -1, t[i].own);
		dj_fini(&j);
	}
}

/* Ten minutes on, an anycast resolver may be another: its TTL is learnt anew. */
static void test_dns_signs_usual_ttl_is_forgotten_after_ten_minutes(void **state)
{
	struct dj j;

	(void)state;
	dj_init(&j);
	habits(&j, 20, true, true);
	answer(&j, 41, 66)->ttl = 57;
	assert_true(signs(&j).ttl_far);
	usual_habit(j.dd.usual, j.f.addr[1].b,
		    &(struct usual_habit){.ts_ns = FB_START + 601 * FB_S});
	assert_false(signs(&j).ttl_known);
	dj_fini(&j);
}

static void test_dns_signs_habits_need_twenty_answers(void **state)
{
	(void)state;
	for (int n = 19; n <= 20; n++) {
		struct dns_signs s;
		struct dns_answer *a;
		struct dj j;

		dj_init(&j);
		habits(&j, n, true, true);
		j.t.q_opt = true;
		a = answer(&j, 41, 66);
		a->opt = false;
		a->case_changed = true;
		a->flags = 0x8540; /* AA and Z, no RA */
		s = signs(&j);
		assert_true(s.opt_gone);
		assert_int_equal(s.opt_lost, n == 20);
		assert_int_equal(s.case_changed, n == 20);
		assert_int_equal(s.ra_odd, n == 20);
		assert_int_equal(s.aa_odd, n == 20);
		assert_int_equal(s.z_odd, n == 20);
		dj_fini(&j);
	}
}

/* A resolver that gives EDNS or keeps spelling only now and then has no such habit. */
static void test_dns_signs_no_habit_is_no_sign(void **state)
{
	struct dns_answer *a;
	struct dj j;

	(void)state;
	dj_init(&j);
	habits(&j, 20, true, true);
	habits(&j, 2, false, false); /* 20 of 22 is below 95 % */
	j.t.q_opt = true;
	a = answer(&j, 41, 66);
	a->opt = false;
	a->case_changed = true;
	assert_false(signs(&j).opt_lost);
	assert_false(signs(&j).case_changed);
	dj_fini(&j);
}

static void test_dns_signs_watched_address_or_alias(void **state)
{
	static const char *const watch[] = {"198.51.100.66", "stub.example"};
	struct dj j;

	(void)state;
	dj_init(&j);
	answer(&j, 41, 66);
	assert_false(signs(&j).watched_addr);
	j.dd.watch = watch;
	j.dd.n_watch = 2;
	assert_true(signs(&j).watched_addr);
	assert_int_equal(judge(&j), 1);
	j.t.answer[0].addr[0][3] = 67;
	assert_false(signs(&j).watched_addr);
	assert_int_equal(judge(&j), 0);
	memcpy(j.t.answer[0].cname, "stub.example", 13);
	assert_true(signs(&j).watched_name);
	dj_fini(&j);
}

/* The same name and type from another resolver, by whom it is denied and by whom not. */
static void test_dns_signs_denied_where_another_resolver_knows(void **state)
{
	static const struct {
		uint16_t rcode;
		uint8_t first; /* of the address; 0: none */
		enum answer_kind kind;
	} t[] = {{0, 198, ANSWER_PUBLIC}, {0, 127, ANSWER_DENIED}, {0, 10, ANSWER_DENIED},
		 {3, 0, ANSWER_DENIED},   {5, 0, ANSWER_DENIED},   {2, 0, ANSWER_OTHER},
		 {0, 0, ANSWER_OTHER}};
	static const uint8_t other[16] = {9};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (int known = 0; known < 2; known++) {
			struct dns_answer *a;
			struct answer_note n;
			struct dj j;

			dj_init(&j);
			j.dd.answers = answers_new();
			a = answer(&j, 41, t[i].first ? 66 : 0);
			a->addr[0][0] = t[i].first;
			a->flags |= t[i].rcode;
			n = dns_answer_note(&j.f, &j.t, a);
			assert_int_equal(n.kind, t[i].kind);
			n.resolver = other;
			n.kind = ANSWER_PUBLIC;
			if (known)
				answers_note(j.dd.answers, &n);
			assert_int_equal(signs(&j).denied, known && t[i].kind == ANSWER_DENIED);
			answers_free(j.dd.answers);
			dj_fini(&j);
		}
}

static void test_dns_signs_private_resolver_denies_as_it_likes(void **state)
{
	static const uint8_t other[16] = {9};
	struct answer_note n;
	struct dj j;

	(void)state;
	dj_init(&j);
	j.dd.answers = answers_new();
	j.f.addr[1] = fb_ip4(192, 168, 1, 1);
	answer(&j, 41, 0)->flags |= 3;
	n = dns_answer_note(&j.f, &j.t, &j.t.answer[0]);
	assert_true(n.resolver_private);
	n.resolver = other;
	n.resolver_private = false;
	n.kind = ANSWER_PUBLIC;
	answers_note(j.dd.answers, &n);
	assert_false(signs(&j).denied);
	answers_free(j.dd.answers);
	dj_fini(&j);
}

static void test_dns_signs_where_the_answer_led(void **state)
{
	struct dns_then *then = dns_then_new();
	struct dj j;

	(void)state;
	dj_init(&j);
	j.dd.then = then;
	answer(&j, 41, 66);
	assert_int_equal(signs(&j).then.what, 0);
	for (int ours = 0; ours < 2; ours++) {
		struct ip_addr ip = fb_ip4(198, 51, 100, ours ? 66 : 67);

		dns_then_note(then, &(struct then_note){.client = j.f.addr[0].b,
							.addr = ip.b,
							.name = j.t.qname,
							.name_len = strlen(j.t.qname),
							.what = THEN_TLS,
							.ts_ns = FB_START + FB_S,
							.frame_no = 9});
		assert_int_equal(signs(&j).then.what, ours ? THEN_TLS : 0);
		assert_int_equal(signs(&j).then.frame_no, ours ? 9 : 0);
	}
	dns_then_free(then);
	dj_fini(&j);
}

static bool yes(const struct dj *j, enum feat id)
{
	const struct ev_value *v = evidence_get(j->cases.at[0], id);

	return v && v->num;
}

/* What is judged of it: a wrong cookie is a case by itself; without a cookie in the query nothing is said. */
static void test_dns_signs_wrong_cookie_is_a_case(void **state)
{
	struct dj j;

	(void)state;
	dj_init(&j);
	answer(&j, 41, 66);
	assert_int_equal(judge(&j), 0);
	j.t.q_cookie = true;
	j.t.answer[0].cookie_wrong = true;
	assert_int_equal(judge(&j), 1);
	assert_true(yes(&j, FEAT_DNS_COOKIE_WRONG));
	assert_null(evidence_get(j.cases.at[0], FEAT_DNS_CASE_CHANGED));
	assert_null(evidence_get(j.cases.at[0], FEAT_DNS_OPT_LOST));
	assert_null(evidence_get(j.cases.at[0], FEAT_DNS_THEN_TLS));
	dj_fini(&j);
}

/* The same twice: from one machine it is a repeated packet, from two and to one question it is odd. */
static void test_dns_signs_duplicate_of_another_stack(void **state)
{
	static const struct {
		uint8_t ttl;
		uint32_t queries;
		uint32_t cases;
	} t[] = {{50, 1, 0}, {51, 1, 0}, {57, 1, 1}, {57, 2, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dj j;

		dj_init(&j);
		j.t.n_queries = t[i].queries;
		answer(&j, 5, 66)->ttl = t[i].ttl;
		answer(&j, 41, 66);
		assert_int_equal(judge(&j), t[i].cases);
		if (t[i].cases) {
			assert_true(yes(&j, FEAT_DNS_DUPLICATE));
			assert_false(yes(&j, FEAT_DNS_CONFLICT));
		}
		dj_fini(&j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_signs_own_is_known_by_distance_and_speed),
		cmocka_unit_test(test_dns_signs_usual_ttl_is_forgotten_after_ten_minutes),
		cmocka_unit_test(test_dns_signs_habits_need_twenty_answers),
		cmocka_unit_test(test_dns_signs_no_habit_is_no_sign),
		cmocka_unit_test(test_dns_signs_watched_address_or_alias),
		cmocka_unit_test(test_dns_signs_denied_where_another_resolver_knows),
		cmocka_unit_test(test_dns_signs_private_resolver_denies_as_it_likes),
		cmocka_unit_test(test_dns_signs_where_the_answer_led),
		cmocka_unit_test(test_dns_signs_wrong_cookie_is_a_case),
		cmocka_unit_test(test_dns_signs_duplicate_of_another_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
