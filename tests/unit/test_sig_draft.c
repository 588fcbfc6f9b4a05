/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "match/finding.h"
#include "unit/sig_text.h"

static struct flow_record flow_of(int64_t first_ns)
{
	return (struct flow_record){.id = "00112233aabbccdd", .first_ns = first_ns};
}

static char *draft(const struct evidence *const *cases, size_t n, int64_t first_ns)
{
	struct flow_record flow = flow_of(first_ns);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	sig_draft(f, cases, n, &flow);
	assert_int_equal(fclose(f), 0);
	return out;
}

/* The draft reads well, matches what it was drafted from, and the text is given back. */
static char *good_draft(const struct evidence *const *cases, size_t n, int64_t first_ns)
{
	char *text = draft(cases, n, first_ns);
	struct signature *s = sig_good(text);

	assert_int_equal(s->status, SIG_DRAFT);
	assert_int_equal(s->kase, evidence_case(cases[0]));
	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < s->n_when; k++)
			if (evidence_case(cases[i]) == s->kase &&
			    term_eval(&s->when[k], cases[i]) != TRUTH_YES)
				fail_msg("case %zu: %s does not hold", i, s->when[k].source);
	sig_free(s);
	return text;
}

static void put_value(struct evidence *ev, enum feat id, int64_t num)
{
	static const char quoting[] = "it's \"a\\b\", {x}: #1";
	const struct feat_info *f = feat_info(id);

	switch (f->unit) {
	case UNIT_TOKEN:
		evidence_put_text(ev, id, f->tokens, strcspn(f->tokens, "|"), 1);
		break;
	case UNIT_TEXT:
		evidence_put_text(ev, id, quoting, strlen(quoting), 1);
		break;
	case UNIT_ADDR:
		evidence_put_text(ev, id, "2001:db8::1", 11, 1);
		evidence_add_text(ev, id, "10.10.34.34", 11, 1);
		break;
	case UNIT_YESNO:
		evidence_put1(ev, id, num & 1, 1);
		break;
	default:
		evidence_put1(ev, id, num, 1);
	}
}

/* Every feature alone, with odd values: NEVER ones give no draft term, the others one that reads
 * back and holds. */
static void test_draft_every_feature_round_trips(void **state)
{
	static const int64_t num[] = {0,         1,        -1, 3, 1460, 999999, INT64_C(1500000000),
				      INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < FEAT_N; i++) {
		const struct feat_info *f = feat_info((enum feat)i);

		for (size_t k = 0; k < ARRAY_LEN(num) && f->kase != CASE_ANY; k++) {
			struct evidence *ev = evidence_new(f->kase);
			const struct evidence *cases[] = {ev};
			char *text;

			/* A count is never negative. */
			if (f->unit == UNIT_COUNT && num[k] < 0) {
				evidence_free(ev);
				continue;
			}
			put_value(ev, (enum feat)i, num[k]);
			text = f->advice == ADVICE_NEVER ? draft(cases, 1, 0)
							 : good_draft(cases, 1, 0);
			assert_int_equal(strstr(text, f->name) != NULL, f->advice != ADVICE_NEVER);
			assert_int_equal(strstr(text, "when:") != NULL, f->advice != ADVICE_NEVER);
			free(text);
			evidence_free(ev);
		}
	}
}

/* All features of a kind at once: more than a list holds. The proving ones stand first. */
static void test_draft_of_everything_fits_the_list(void **state)
{
	(void)state;
	for (int c = CASE_RST; c < CASE_N; c++) {
		struct evidence *ev = evidence_new((enum ev_case)c);
		const struct evidence *cases[] = {ev};
		bool described = false;
		struct signature *s;
		char *text;

		for (size_t i = 0; i < FEAT_N; i++)
			if (feat_info((enum feat)i)->kase == (enum ev_case)c ||
			    feat_info((enum feat)i)->kase == CASE_ANY)
				put_value(ev, (enum feat)i, 7);
		text = good_draft(cases, 1, INT64_C(1700000000000000000));
		s = sig_good(text);
		assert_in_range(s->n_when, 2, SIG_TERMS_MAX);
		for (uint32_t k = 0; k < s->n_when; k++) {
			bool proves = feat_info(s->when[k].feat)->group != GROUP_NONE;

			assert_false(proves && described);
			described |= !proves;
		}
		if (c == CASE_RST)
			assert_non_null(strstr(text, "# no room: "));
		assert_non_null(strstr(text, "valid: {from: 2023-11, to: null}"));
		sig_free(s);
		free(text);
		evidence_free(ev);
	}
}

/* Values that differ become lists, or nothing; ranges cover all; what one case lacks is only a
 * support. */
static void test_draft_of_several_cases(void **state)
{
	struct evidence *a = evidence_new(CASE_RST), *b = evidence_new(CASE_RST),
			*other = evidence_new(CASE_DNS);
	const struct evidence *cases[] = {a, b, other};
	char *text;

	(void)state;
	evidence_put1(a, FEAT_RST_COUNT, 3, 1);
	evidence_put1(b, FEAT_RST_COUNT, 2, 1);
	evidence_put1(a, FEAT_RST_TTL_DELTA, -8, 1);
	evidence_put1(b, FEAT_RST_TTL_DELTA, -16, 1);
	evidence_put1(a, FEAT_RST_LAG, 4000000, 1);
	evidence_put1(b, FEAT_RST_LAG, 8000000, 1);
	evidence_put1(a, FEAT_RST_IDENTICAL, 1, 1);
	evidence_put1(b, FEAT_RST_IDENTICAL, 0, 1);
	evidence_put1(a, FEAT_RST_DF, 1, 1);
	evidence_put1(a, FEAT_RST_WIN, 100, 1);
	evidence_put1(b, FEAT_RST_WIN, 100, 1);
	evidence_put1(a, FEAT_RST_TTL, 50, 1);
	evidence_put1(b, FEAT_RST_TTL, 42, 1);
	evidence_put1(other, FEAT_DNS_ANSWERS, 2, 1);
	text = good_draft(cases, 3, 0);
	assert_non_null(strstr(text, "from 2 cases"));
	assert_non_null(strstr(text, "  - 'rst.count in {3, 2}'\n"));
	assert_non_null(strstr(text, "  - 'rst.ttl_delta >= -20'\n  - 'rst.ttl_delta <= -6'\n"));
	assert_non_null(strstr(text, "  - 'rst.lag >= 3ms'\n  - 'rst.lag <= 10ms'\n"));
	assert_non_null(strstr(text, "  - 'rst.win == 100'\n"));
	assert_non_null(strstr(text, "supports:\n  - 'rst.df is yes'\n"));
	assert_null(strstr(text, "rst.identical"));
	assert_null(strstr(text, "rst.ttl "));
	assert_null(strstr(text, "dns."));
	free(text);
	evidence_free(a);
	evidence_free(b);
	evidence_free(other);
}

/* A bound never crosses zero: what was never negative has no negative bound, and the other way
 * round. */
static void test_draft_ranges_keep_their_sign(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);
	const struct evidence *cases[] = {ev};
	char *text;

	(void)state;
	evidence_put1(ev, FEAT_RST_LAG, 0, 1);
	evidence_put1(ev, FEAT_RST_TTL_DELTA, -1, 1);
	text = good_draft(cases, 1, 0);
	assert_non_null(strstr(text, "'rst.lag >= 0s'"));
	assert_non_null(strstr(text, "'rst.ttl_delta <= 0'"));
	free(text);
	evidence_free(ev);
}

/* Text comes from packets: what no literal can hold is left out, and nothing of it gets into the
 * file. */
static void test_draft_hostile_text_is_left_out(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} row[] = {
		{"a\nstatus: active", 16}, {"\x1b[31m", 5}, {"\xff", 1}, {"a\0b", 3},
		{"\xe2\x80\xae", 3},       {NULL, 201},
	};
	char longer[201];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct evidence *ev = evidence_new(CASE_PAGE);
		const struct evidence *cases[] = {ev};
		char *text;

		evidence_put1(ev, FEAT_PAGE_DF, 1, 1);
		evidence_put_text(ev, FEAT_PAGE_SERVER, row[i].text ? row[i].text : longer,
				  row[i].len, 1);
		text = good_draft(cases, 1, 0);
		assert_null(strstr(text, "page.server"));
		free(text);
		evidence_free(ev);
	}
}

static void test_draft_odd_times_have_no_date(void **state)
{
	static const int64_t ns[] = {-1, INT64_MIN, INT64_MAX};
	struct evidence *ev = evidence_new(CASE_RST);
	const struct evidence *cases[] = {ev};
	char *text;

	(void)state;
	evidence_put1(ev, FEAT_RST_DF, 1, 1);
	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		text = good_draft(cases, 1, ns[i]);
		assert_non_null(strstr(text, "valid: {from: null, to: null}"));
		free(text);
	}
	text = draft(cases, 0, 0);
	assert_string_equal(text, "");
	free(text);
	evidence_free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draft_every_feature_round_trips),
		cmocka_unit_test(test_draft_of_everything_fits_the_list),
		cmocka_unit_test(test_draft_of_several_cases),
		cmocka_unit_test(test_draft_ranges_keep_their_sign),
		cmocka_unit_test(test_draft_hostile_text_is_left_out),
		cmocka_unit_test(test_draft_odd_times_have_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
