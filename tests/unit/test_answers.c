/* SPDX-License-Identifier: BSD-3-Clause */
/* One answer beside those of other resolvers and to other names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "across/answers.h"
#include "base/limits.h"

#define S INT64_C(1000000000)

static const uint8_t addr_a[16] = {1}, addr_b[16] = {2};

static uint8_t *resolver(uint16_t i)
{
	static uint8_t r[16];

	r[14] = (uint8_t)(i >> 8);
	r[15] = (uint8_t)i;
	return r;
}

static struct answer_note said(uint16_t who, const char *name, enum answer_kind kind, int64_t s)
{
	return (struct answer_note){.resolver = resolver(who),
				    .name = name,
				    .qtype = 1,
				    .kind = (uint8_t)kind,
				    .addr = kind == ANSWER_PUBLIC ? addr_a : NULL,
				    .rr_ttl_s = 60,
				    .ts_ns = s * S};
}

static void note(struct answers *a, uint16_t who, const char *name, enum answer_kind kind,
		 int64_t s)
{
	struct answer_note n = said(who, name, kind, s);

	answers_note(a, &n);
}

static struct answer_facts ask(const struct answers *a, uint16_t who, const char *name,
			       enum answer_kind kind, int64_t s)
{
	struct answer_note n = said(who, name, kind, s);
	struct answer_facts f;

	answers_ask(a, &n, &f);
	return f;
}

static void test_answers_nothing_known_is_nothing(void **state)
{
	struct answers *a = answers_new();
	struct answer_facts f = ask(a, 1, "blocked.example", ANSWER_DENIED, 0);

	(void)state;
	assert_int_equal(f.elsewhere_ok | f.elsewhere_denied | f.names_ok | f.denied_domains, 0);
	answers_free(a);
	answers_free(NULL);
}

static void test_answers_elsewhere_counts_other_public_resolvers_once(void **state)
{
	static const struct {
		uint16_t who;
		bool is_private;
		enum answer_kind kind;
		uint16_t qtype;
		int64_t s;
		uint32_t ok, denied;
	} t[] = {
		{2, false, ANSWER_PUBLIC, 1, 10, 1, 0},   {2, false, ANSWER_DENIED, 1, 10, 0, 1},
		{2, false, ANSWER_OTHER, 1, 10, 0, 0},    {1, false, ANSWER_PUBLIC, 1, 10, 0, 0},
		{2, true, ANSWER_PUBLIC, 1, 10, 0, 0},    {2, false, ANSWER_PUBLIC, 28, 10, 0, 0},
		{2, false, ANSWER_PUBLIC, 1, 600, 1, 0},  {2, false, ANSWER_PUBLIC, 1, 601, 0, 0},
		{2, false, ANSWER_PUBLIC, 1, -600, 1, 0}, {2, false, ANSWER_PUBLIC, 1, -601, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct answers *a = answers_new();
		struct answer_note n = said(t[i].who, "blocked.example", t[i].kind, t[i].s);
		struct answer_facts f;

		n.resolver_private = t[i].is_private;
		n.qtype = t[i].qtype;
		answers_note(a, &n);
		answers_note(a, &n);
		f = ask(a, 1, "blocked.example", ANSWER_DENIED, 0);
		assert_int_equal(f.elsewhere_ok, t[i].ok);
		assert_int_equal(f.elsewhere_denied, t[i].denied);
		assert_int_equal(f.denied_domains, t[i].ok);
		answers_free(a);
	}
}

/* A forged answer comes first, the resolver's own after it: the last one counts. */
static void test_answers_last_answer_of_a_resolver_counts(void **state)
{
	struct answers *a = answers_new();

	(void)state;
	note(a, 2, "blocked.example", ANSWER_DENIED, 1);
	note(a, 2, "blocked.example", ANSWER_PUBLIC, 2);
	assert_int_equal(ask(a, 1, "blocked.example", ANSWER_DENIED, 3).elsewhere_ok, 1);
	assert_int_equal(ask(a, 1, "blocked.example", ANSWER_DENIED, 3).elsewhere_denied, 0);
	answers_free(a);
}

/* Names below one domain are one; a domain counts only where somebody else had an address for it. */
static void test_answers_denied_domains_are_unrelated_ones_that_resolve_elsewhere(void **state)
{
	static const struct {
		const char *name;
		bool elsewhere;
		uint32_t denied;
	} t[] = {
		{"www.blocked.example", true, 1}, {"news.test1.example", false, 1},
		{"a.b.other.org", true, 2},       {"c.other.org", true, 2},
		{"third.net", true, 3},           {"fourth.net", false, 3},
	};
	struct answers *a = answers_new();

	(void)state;
	note(a, 2, "blocked.example", ANSWER_PUBLIC, 0);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		note(a, 1, t[i].name, ANSWER_DENIED, 1);
		if (t[i].elsewhere)
			note(a, 2, t[i].name, ANSWER_PUBLIC, 2);
		assert_int_equal(ask(a, 1, "blocked.example", ANSWER_DENIED, 3).denied_domains,
				 t[i].denied);
	}
	/* An answer that denies nothing has no part in it itself. */
	assert_int_equal(ask(a, 1, "more.example", ANSWER_PUBLIC, 3).denied_domains, 3);
	answers_free(a);
}

static void test_answers_one_address_for_unrelated_domains(void **state)
{
	struct answers *a = answers_new();
	struct answer_note n;
	struct answer_facts f;

	(void)state;
	note(a, 1, "one.example", ANSWER_PUBLIC, 0);
	note(a, 1, "www.one.example", ANSWER_PUBLIC, 0);
	note(a, 1, "two.org", ANSWER_PUBLIC, 0);
	n = said(1, "other-address.net", ANSWER_PUBLIC, 0);
	n.addr = addr_b;
	n.rr_ttl_s = 300;
	answers_note(a, &n);
	note(a, 2, "three.net", ANSWER_PUBLIC, 0); /* another resolver */
	f = ask(a, 1, "x.four.org", ANSWER_PUBLIC, 1);
	assert_int_equal(f.addr_domains, 3);
	assert_int_equal(f.ttl_domains, 3);
	assert_int_equal(f.names_ok, 4);
	n = said(1, "other-address.net", ANSWER_PUBLIC, 1);
	n.addr = addr_b;
	answers_ask(a, &n, &f);
	assert_int_equal(f.addr_domains, 1);
	assert_int_equal(f.ttl_domains, 3); /* itself, with 60 s now, and the other two */
	answers_free(a);
}

/* Full tables let the oldest go and count it; nothing grows. */
static void test_answers_full_tables_forget_the_oldest(void **state)
{
	struct answers *a = answers_new();
	char name[32];

	(void)state;
	for (uint16_t i = 0; i < 4 * LIMIT_ANSWER_HOSTS; i++)
		note(a, (uint16_t)(i + 10), "busy.example", ANSWER_PUBLIC, i);
	assert_true(answers_evicted(a) >= 3 * LIMIT_ANSWER_HOSTS);
	assert_int_equal(ask(a, 1, "busy.example", ANSWER_DENIED, 1000).elsewhere_ok,
			 LIMIT_ANSWER_RESOLVERS);
	for (uint32_t i = 0; i < 3 * LIMIT_ANSWER_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example%u.org", i, i);
		note(a, 5, name, ANSWER_PUBLIC, 2000 + i);
	}
	assert_int_equal(
		ask(a, 5, "new.example", ANSWER_PUBLIC, 2000 + 3 * LIMIT_ANSWER_NAMES).names_ok,
		LIMIT_ANSWER_LINES);
	answers_free(a);
}

static void test_answers_next_series_knows_nothing(void **state)
{
	struct answers *a = answers_new();
	struct answer_facts f;

	(void)state;
	for (int series = 0; series < 3; series++) {
		f = ask(a, 1, "a.example", ANSWER_DENIED, 1);
		assert_int_equal(f.elsewhere_ok + f.names_ok, 0);
		for (uint16_t i = 1; i < 2000; i++)
			note(a, i, "a.example", ANSWER_PUBLIC, 1);
		note(a, 1, "b.example", ANSWER_PUBLIC, 1);
		f = ask(a, 1, "a.example", ANSWER_DENIED, 1);
		assert_true(f.elsewhere_ok && f.names_ok && answers_evicted(a));
		answers_clear(a);
		assert_int_equal(answers_evicted(a), 0);
	}
	answers_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_next_series_knows_nothing),
		cmocka_unit_test(test_answers_nothing_known_is_nothing),
		cmocka_unit_test(test_answers_elsewhere_counts_other_public_resolvers_once),
		cmocka_unit_test(test_answers_last_answer_of_a_resolver_counts),
		cmocka_unit_test(
			test_answers_denied_domains_are_unrelated_ones_that_resolve_elsewhere),
		cmocka_unit_test(test_answers_one_address_for_unrelated_domains),
		cmocka_unit_test(test_answers_full_tables_forget_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
