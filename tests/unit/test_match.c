/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/names.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "match/match_impl.h"
#include "unit/sig_text.h"

#define HEAD(id) "format: 1\nid: " id "\nrev: 1\nstatus: draft\ntitle: t\n"
#define CLAIMS   "claims: {technique: rst_injection}\n"

static void put(struct evidence *ev, enum feat id, enum truth t)
{
	if (t != TRUTH_UNKNOWN)
		evidence_put1(ev, id, t == TRUTH_YES ? 1 : 0, 1);
}

/* All 27 combinations of two `when` terms and an `unless` term. The expected verdict is written
 * out by the words of finding.h, not by the code's way of getting there. */
static void test_match_three_truth_values_table(void **state)
{
	static const char *const text[] = {
		HEAD("mechanism.a") CLAIMS
		"when:\n  - rst.identical is yes\n  - rst.df is yes\nunless:\n  - rst.after_fin is yes\n"
		"supports:\n  - rst.after_fin is yes\n"};
	struct sig_set *set = set_of(text, 1);

	(void)state;
	for (int i = 0; i < 27; i++) {
		enum truth a = (enum truth)(i % 3), b = (enum truth)(i / 3 % 3),
			   u = (enum truth)(i / 9);
		struct evidence *ev = evidence_new(CASE_RST);
		enum truth want = TRUTH_YES;
		struct sig_result r;

		if (a == TRUTH_UNKNOWN || b == TRUTH_UNKNOWN)
			want = TRUTH_UNKNOWN;
		if (a == TRUTH_NO || b == TRUTH_NO || u == TRUTH_YES)
			want = TRUTH_NO;
		put(ev, FEAT_RST_IDENTICAL, a);
		put(ev, FEAT_RST_DF, b);
		put(ev, FEAT_RST_AFTER_FIN, u);
		assert_int_equal(match_case(set, ev, 0, &r), 1);
		assert_int_equal(r.verdict, want);
		assert_int_equal(match_holds(r.sig, ev, 0), want == TRUTH_YES);
		assert_ptr_equal(r.sig, sig_set_at(set, 0));
		assert_false(r.out_of_date);
		assert_int_equal(r.unless_unknown, u == TRUTH_UNKNOWN);
		assert_int_equal(r.when_held, (a == TRUTH_YES ? 1 : 0) | (b == TRUTH_YES ? 2 : 0));
		assert_int_equal(r.when_failed, (a == TRUTH_NO ? 1 : 0) | (b == TRUTH_NO ? 2 : 0));
		assert_int_equal(r.when_unknown,
				 (a == TRUTH_UNKNOWN ? 1 : 0) | (b == TRUTH_UNKNOWN ? 2 : 0));
		assert_int_equal(r.unless_held, u == TRUTH_YES);
		assert_int_equal(r.unless_unknown_mask, u == TRUTH_UNKNOWN);
		assert_int_equal(r.supports_held, u == TRUTH_YES);
		assert_int_equal(r.supports_failed, u == TRUTH_NO);
		assert_int_equal(r.supports_unknown, u == TRUTH_UNKNOWN);
		evidence_free(ev);
	}
	sig_set_free(set);
}

/* A list as long as can be: the last term's bit is there. */
static void test_match_longest_list_uses_every_bit(void **state)
{
	char text[4096];
	const char *one[] = {text};
	int at = snprintf(text, sizeof(text), "%s", HEAD("mechanism.a") CLAIMS "when:\n");
	struct evidence *ev = evidence_new(CASE_RST);
	struct sig_set *set;
	struct sig_result r;

	(void)state;
	for (int i = 0; i < SIG_TERMS_MAX; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "  - rst.count > %d\n", i);
	set = set_of(one, 1);
	evidence_put1(ev, FEAT_RST_COUNT, SIG_TERMS_MAX - 1, 1);
	assert_int_equal(match_case(set, ev, 0, &r), 1);
	assert_int_equal(r.when_held, (1U << (SIG_TERMS_MAX - 1)) - 1);
	assert_int_equal(r.when_failed, 1U << (SIG_TERMS_MAX - 1));
	evidence_free(ev);
	sig_set_free(set);
}

static void test_match_validity_at_both_borders(void **state)
{
	static const char *const text[] = {HEAD(
		"mechanism.a") "claims: {technique: rst_injection, valid: {from: 2021-02, to: 2021-03}}\n"
			       "when:\n  - rst.df is yes\n"};
	struct sig_set *set = set_of(text, 1);
	struct evidence *ev = evidence_new(CASE_RST);
	int64_t from, end;
	struct sig_result r;

	(void)state;
	assert_true(units_read_date("2021-02-01", 10, false, &from));
	assert_true(units_read_date("2021-04-01", 10, false, &end));
	evidence_put1(ev, FEAT_RST_DF, 1, 1);
	for (int i = 0; i < 4; i++) {
		const int64_t at[] = {from - 1, from, end - 1, end};
		bool valid = i == 1 || i == 2;

		assert_int_equal(match_case(set, ev, at[i], &r), 1);
		assert_int_equal(r.out_of_date, !valid);
		assert_int_equal(r.verdict, valid ? TRUTH_YES : TRUTH_NO);
		assert_int_equal(match_holds(r.sig, ev, at[i]), valid);
		assert_int_equal(r.when_held, 1);
	}
	evidence_free(ev);
	sig_set_free(set);
}

static void test_match_only_signatures_of_the_kind_in_id_order(void **state)
{
	static const char *const text[] = {
		HEAD("mechanism.z") CLAIMS "when:\n  - rst.df is yes\n",
		HEAD("mechanism.dns") "claims: {technique: dns_injection}\nwhen:\n  - dns.df is yes\n",
		HEAD("mechanism.b") CLAIMS "when:\n  - rst.count > 1\n",
		HEAD("benign.any") "excuses: any\neffect: veto\nwhen:\n  - flow.proto == udp\n",
		"format: 1\nid: mechanism.old\nrev: 1\nstatus: retired\ntitle: t\n" CLAIMS
		"when:\n  - rst.df is yes\n",
	};
	struct sig_set *set = set_of(text, ARRAY_LEN(text));
	struct evidence *ev = evidence_new(CASE_RST);
	struct sig_result r[ARRAY_LEN(text)];

	(void)state;
	assert_int_equal(match_case(set, ev, 0, r), 3);
	assert_string_equal(r[0].sig->id, "benign.any");
	assert_string_equal(r[1].sig->id, "mechanism.b");
	assert_string_equal(r[2].sig->id, "mechanism.z");
	evidence_free(ev);
	sig_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_three_truth_values_table),
		cmocka_unit_test(test_match_longest_list_uses_every_bit),
		cmocka_unit_test(test_match_validity_at_both_borders),
		cmocka_unit_test(test_match_only_signatures_of_the_kind_in_id_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
