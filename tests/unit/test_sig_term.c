/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/term_eval.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/sig_text.h"

static const char *const op_text[] = {"==", "!=", "<", "<=", ">", ">=", "in", "is"};

/* One feature of each unit, a good literal, its value. */
static const struct {
	enum feat feat;
	const char *literal;
	int64_t num;
	bool text, yesno;
} unit_row[] = {
	{FEAT_RST_COUNT, "3", 3, false, false},
	{FEAT_RST_TTL_DELTA, "-11", -11, false, false},
	{FEAT_RST_LAG, "5ms", 5000000, false, false},
	{FEAT_RST_SEQ_OFF, "1460", 1460, false, false},
	{FEAT_RST_FLAGS, "0x14", 20, false, false},
	{FEAT_RST_AFTER_FIN, "yes", 1, false, true},
	{FEAT_RST_TO, "orig", 0, true, false},
	{FEAT_RST_PAYLOAD, "beef", 0, true, false},
	{FEAT_DNS_ADDR, "10.10.34.34", 0, true, false},
};

static struct signature *read_term(const char *term)
{
	char text[1024];

	assert_in_range(
		snprintf(text, sizeof(text),
			 "format: 1\nid: benign.t\nrev: 1\nstatus: draft\ntitle: t\nexcuses: any\n"
			 "effect: veto\nwhen:\n  - %s\n",
			 term),
		1, sizeof(text) - 1);
	return sig_read(NULL, sig_bytes(text), NULL);
}

/* Every op with every unit: which are read, and to what. */
static void test_term_every_op_and_unit(void **state)
{
	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(unit_row); u++) {
		for (int op = OP_EQ; op <= OP_IS; op++) {
			bool equality = op == OP_EQ || op == OP_NE || op == OP_IN;
			bool good = unit_row[u].yesno  ? op == OP_IS
				    : unit_row[u].text ? equality
						       : op != OP_IS;
			char term[128];
			struct signature *s;

			assert_in_range(snprintf(term, sizeof(term),
						 op == OP_IN ? "%s %s {%s}" : "%s %s %s",
						 feat_info(unit_row[u].feat)->name, op_text[op],
						 unit_row[u].literal),
					1, sizeof(term) - 1);
			s = read_term(term);
			if (!s != !good)
				fail_msg("%s is %sread", term, s ? "" : "not ");
			if (!s)
				continue;
			assert_int_equal(s->when[0].feat, unit_row[u].feat);
			assert_int_equal(s->when[0].op, op);
			assert_int_equal(s->when[0].n_values, 1);
			assert_int_equal(s->when[0].value[0].num, unit_row[u].num);
			assert_string_equal(s->when[0].source, term);
			if (unit_row[u].text)
				assert_string_equal(s->when[0].value[0].text, unit_row[u].literal);
			sig_free(s);
		}
	}
}

/* Every op on numbers below, at and above the value, and unknown. */
static void test_eval_numbers_table(void **state)
{
	static const enum truth want[][3] = {
		[OP_EQ] = {TRUTH_NO, TRUTH_YES, TRUTH_NO},
		[OP_NE] = {TRUTH_YES, TRUTH_NO, TRUTH_YES},
		[OP_LT] = {TRUTH_YES, TRUTH_NO, TRUTH_NO},
		[OP_LE] = {TRUTH_YES, TRUTH_YES, TRUTH_NO},
		[OP_GT] = {TRUTH_NO, TRUTH_NO, TRUTH_YES},
		[OP_GE] = {TRUTH_NO, TRUTH_YES, TRUTH_YES},
		[OP_IN] = {TRUTH_NO, TRUTH_YES, TRUTH_NO},
	};

	(void)state;
	for (size_t u = 0; u < 5; u++) {
		for (int op = OP_EQ; op <= OP_IN; op++) {
			struct evidence *ev = evidence_new(CASE_RST);
			char term[128];
			struct signature *s;

			/* `in` finds the value behind another one. */
			const char *before = op != OP_IN ? ""
					     : feat_info(unit_row[u].feat)->unit == UNIT_TIME
						     ? "{9s, "
						     : "{99, ";

			assert_in_range(snprintf(term, sizeof(term), "%s %s %s%s%s",
						 feat_info(unit_row[u].feat)->name, op_text[op],
						 before, unit_row[u].literal,
						 op == OP_IN ? "}" : ""),
					1, sizeof(term) - 1);
			s = read_term(term);
			assert_non_null(s);
			assert_int_equal(term_eval(&s->when[0], ev), TRUTH_UNKNOWN);
			for (int d = -1; d <= 1; d++) {
				evidence_put1(ev, unit_row[u].feat, unit_row[u].num + d, 1);
				assert_int_equal(term_eval(&s->when[0], ev), want[op][d + 1]);
			}
			sig_free(s);
			evidence_free(ev);
		}
	}
}

static enum truth eval(const char *term, const struct evidence *ev)
{
	struct signature *s = read_term(term);
	enum truth t;

	assert_non_null(s);
	t = term_eval(&s->when[0], ev);
	sig_free(s);
	return t;
}

static void test_eval_yesno_three_values(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);

	(void)state;
	assert_int_equal(eval("rst.after_fin is yes", ev), TRUTH_UNKNOWN);
	assert_int_equal(eval("rst.after_fin is no", ev), TRUTH_UNKNOWN);
	evidence_put1(ev, FEAT_RST_AFTER_FIN, 0, 1);
	assert_int_equal(eval("rst.after_fin is yes", ev), TRUTH_NO);
	assert_int_equal(eval("rst.after_fin is no", ev), TRUTH_YES);
	evidence_put1(ev, FEAT_RST_AFTER_FIN, 1, 1);
	assert_int_equal(eval("rst.after_fin is yes", ev), TRUTH_YES);
	assert_int_equal(eval("rst.after_fin is no", ev), TRUTH_NO);
	evidence_free(ev);
}

static void test_eval_texts_any_holds_and_not_means_none(void **state)
{
	struct evidence *ev = evidence_new(CASE_PAGE);

	(void)state;
	assert_int_equal(eval("page.mark != a", ev), TRUTH_UNKNOWN);
	evidence_put_text(ev, FEAT_PAGE_MARK, "a", 1, 1);
	evidence_add_text(ev, FEAT_PAGE_MARK, "b c", 3, 2);
	assert_int_equal(eval("page.mark == a", ev), TRUTH_YES);
	assert_int_equal(eval("page.mark == \"b c\"", ev), TRUTH_YES);
	assert_int_equal(eval("page.mark == b", ev), TRUTH_NO);
	assert_int_equal(eval("page.mark != a", ev), TRUTH_NO);
	assert_int_equal(eval("page.mark != b", ev), TRUTH_YES);
	assert_int_equal(eval("page.mark in {x, \"b c\"}", ev), TRUTH_YES);
	assert_int_equal(eval("page.mark in {x, y}", ev), TRUTH_NO);
	evidence_free(ev);
}

static void test_eval_tokens_and_addresses(void **state)
{
	struct evidence *ev = evidence_new(CASE_DNS);

	(void)state;
	evidence_put_text(ev, FEAT_DNS_CONFLICT_KIND, "rcode", 5, 1);
	evidence_put_text(ev, FEAT_DNS_ADDR, "2001:db8::1", 11, 1);
	assert_int_equal(eval("dns.conflict_kind == rcode", ev), TRUTH_YES);
	assert_int_equal(eval("dns.conflict_kind != rcode", ev), TRUTH_NO);
	assert_int_equal(eval("dns.conflict_kind in {ttl, address}", ev), TRUTH_NO);
	/* However it is written, it is the same address. */
	assert_int_equal(eval("'dns.addr == 2001:DB8:0:0::1'", ev), TRUTH_YES);
	assert_int_equal(eval("'dns.addr in {10.0.0.1, \"2001:db8::1\"}'", ev), TRUTH_YES);
	assert_int_equal(eval("'dns.addr == 2001:db8::2'", ev), TRUTH_NO);
	evidence_free(ev);
}

static void test_term_spellings(void **state)
{
	static const char *const good[] = {
		"rst.count==3",
		"rst.count  >=   3",
		"rst.count in{1,2}",
		"rst.count in { 1 , 2 }",
		"'rst.count >= 3'",
		"\"rst.count >= 3\"",
		"page.server == \"a, {b} c\"",
		"page.server == nginx/1.2",
		"page.server == \"\"",
		"page.server == \"a\\\\b\\\"c\"",
		"page.location != http://10.10.34.34/?a=b&c",
		"rst.lag < 0.5s",
	};
	static const char *const bad[] = {
		"rst.count",
		"rst.count >=",
		"rst.count >= ",
		">= 3",
		"rst.count 3",
		"rst.count >= 3 4",
		"rst.count in 3",
		"rst.count in {}",
		"rst.count in {1,}",
		"rst.count in {1 2}",
		"rst.count in {1",
		"rst.count in {1}}",
		"rst.count >= \"3\"",
		"rst.count = 3",
		"rst.count === 3",
		"rst.count => 3",
		"rst.count =< 3",
		"rst.count <> 3",
		"rst.count >= {3}",
		"rst.count not 3",
		"RST.count >= 3",
		"rst.count >= three",
		"rst.count >= 1e3",
		"rst.count >= 3.5",
		"rst.lag < 5",
		"rst.lag < 5m",
		"page.server == \"a",
		"page.server == a b",
		"page.server == \"a\\nb\"",
		"page.server == \"a\"b",
		"'dns.addr == 10.0.0'",
		"'dns.addr == 10.0.0.0/8'",
		"'dns.addr == \"\"'",
		"rst.after_fin is maybe",
		"rst.after_fin is",
		"rst.to == server",
		"rst.to is orig",
		"''",
		"'rst.count >= 3\n\n    '",
		"rst.count >= 99999999999999999999",
		"{rst.count: 3}",
		"[rst.count]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct signature *s = read_term(good[i]);

		if (!s)
			fail_msg("not read: %s", good[i]);
		sig_free(s);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct signature *s = read_term(bad[i]);

		if (s)
			fail_msg("read: %s", bad[i]);
	}
}

static void test_term_quoted_text_is_unescaped(void **state)
{
	struct signature *s = read_term("page.server == \"a\\\\b\\\"c, d\"");

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->when[0].value[0].text, "a\\b\"c, d");
	sig_free(s);
}

/* SIG_VALUES_MAX values and a literal of LIMIT_SIG_LITERAL bytes are read, one more is not. */
static void test_term_limits(void **state)
{
	char term[1024], longer[202];

	(void)state;
	for (int n = SIG_VALUES_MAX; n <= SIG_VALUES_MAX + 1; n++) {
		int at = snprintf(term, sizeof(term), "rst.count in {0");
		struct signature *s;

		for (int i = 1; i < n; i++)
			at += snprintf(term + at, sizeof(term) - (size_t)at, ", %d", i);
		assert_in_range(snprintf(term + at, sizeof(term) - (size_t)at, "}"), 1, 1);
		s = read_term(term);
		assert_int_equal(s != NULL, n == SIG_VALUES_MAX);
		sig_free(s);
	}
	for (size_t n = 200; n <= 201; n++) {
		struct signature *s;

		memset(longer, 'x', n);
		longer[n] = '\0';
		assert_in_range(snprintf(term, sizeof(term), "page.server == %s", longer), 1,
				sizeof(term) - 1);
		s = read_term(term);
		assert_int_equal(s != NULL, n == 200);
		sig_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_term_every_op_and_unit),
		cmocka_unit_test(test_eval_numbers_table),
		cmocka_unit_test(test_eval_yesno_three_values),
		cmocka_unit_test(test_eval_texts_any_holds_and_not_means_none),
		cmocka_unit_test(test_eval_tokens_and_addresses),
		cmocka_unit_test(test_term_spellings),
		cmocka_unit_test(test_term_quoted_text_is_unescaped),
		cmocka_unit_test(test_term_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
