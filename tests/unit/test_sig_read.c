/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_keys.c engine/match/sig_map.c engine/match/sig_yaml.c engine/match/sig_text.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/units.h"
#include "unit/guard.h"
#include "unit/sig_text.h"

static void test_read_every_key_arrives(void **state)
{
	struct signature *s = sig_good(sig_text_full);
	int64_t ns;

	(void)state;
	assert_string_equal(s->id, "middlebox.cn.burst");
	assert_null(s->path);
	assert_int_equal(s->rev, 3);
	assert_int_equal(s->kind, SIG_MIDDLEBOX);
	assert_int_equal(s->status, SIG_ACTIVE);
	assert_string_equal(s->title, "resets in a burst");
	assert_int_equal(s->kase, CASE_RST);
	assert_true(s->has_technique);
	assert_int_equal(s->technique, TECH_RST_INJECTION);
	assert_string_equal(s->position, "on-path");
	assert_string_equal(s->actor, "Acme");
	assert_true(s->artefact);
	assert_true(units_read_date("2021-01", 7, false, &ns));
	assert_int_equal(s->valid_from_ns, ns);
	assert_true(units_read_date("2023", 4, true, &ns));
	assert_int_equal(s->valid_to_ns, ns);
	assert_int_equal(s->caps, GRADE_LIKELY);
	assert_int_equal(s->n_when, 3);
	assert_int_equal(s->when[2].value[0].num, 500000000);
	assert_int_equal(s->when[2].line, 16);
	assert_int_equal(s->when[2].col, 5);
	assert_int_equal(s->n_unless, 1);
	assert_int_equal(s->n_supports, 1);
	assert_int_equal(s->supports[0].value[1].num, -2920);
	assert_int_equal(s->supports[0].value[2].num, 16);
	assert_string_equal(s->confidence_mechanism, "high");
	assert_string_equal(s->confidence_scope, "low");
	assert_string_equal(s->confidence_why, "two papers");
	assert_int_equal(s->n_rivals, 1);
	assert_string_equal(s->rival[0].tell, "no trigger");
	assert_int_equal(s->n_sources, 2);
	assert_string_equal(s->source[1].read, "summary");
	assert_int_equal(s->n_tests, 4);
	assert_int_equal(s->test[2].expect, EXPECT_NO_MATCH);
	assert_int_equal(s->test[3].expect, EXPECT_UNKNOWN);
	assert_string_equal(s->test[1].file, "sub/b.pcap");
	assert_string_equal(s->notes, "one\ntwo\n");
	sig_free(s);
	sig_free(NULL);
}

/* YAML 1.1 would read NO as false. */
static void test_read_norway_stays_norway(void **state)
{
	struct signature *s = sig_good(sig_text_full);

	(void)state;
	assert_int_equal(s->n_scope, 2);
	assert_string_equal(s->scope[0], "CN");
	assert_string_equal(s->scope[1], "NO");
	sig_free(s);
}

static void test_read_benign_and_defaults(void **state)
{
	struct signature *s =
		sig_good("format: 1\nid: benign.scan\nrev: 1\nstatus: draft\ntitle: t\n"
			 "excuses: any\neffect: anomaly\nwhen: [flow.proto == tcp]\nunless:\n");

	(void)state;
	assert_int_equal(s->kind, SIG_BENIGN);
	assert_false(s->has_technique);
	assert_false(s->veto);
	assert_int_equal(s->kase, CASE_ANY);
	assert_int_equal(s->caps, GRADE_PROOF);
	assert_true(s->valid_from_ns == INT64_MIN && s->valid_to_ns == INT64_MAX);
	assert_int_equal(s->n_unless, 0);
	sig_free(s);
}

/* A file cut short is a damaged file: it is refused or, where the cut falls between keys, a
 * shorter signature, and never read beyond its end. */
static void test_read_cut_at_every_length_is_safe(void **state)
{
	size_t n = strlen(sig_text_full), n_good = 0;

	(void)state;
	for (size_t len = 0; len <= n; len++) {
		struct guard g = guard_copy(sig_text_full, len);
		struct sig_problems p = {0};
		struct signature *s = sig_read(NULL, (struct bytes){g.at, g.len}, &p);

		assert_int_equal(s == NULL, p.n > 0);
		n_good += s ? 1 : 0;
		sig_free(s);
		sig_problems_free(&p);
		guard_free(&g);
	}
	assert_true(n_good >= 1 && n_good < 40);
}

/* Every byte in turn becomes each of a few that mean something to YAML: no crash, and a
 * complaint whenever it is refused. */
static void test_read_one_byte_changed_is_safe(void **state)
{
	static const char change[] = "\0\n\t\r{}[]:#&*!|>'\"%@`-? ,\xff\x80";
	size_t n = strlen(sig_text_full);
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(change) - 1; k++) {
			struct sig_problems p = {0};
			struct signature *s;

			memcpy(text, sig_text_full, n);
			text[i] = change[k];
			s = sig_read(NULL, (struct bytes){(const uint8_t *)text, n}, &p);
			assert_int_equal(s == NULL, p.n > 0);
			sig_free(s);
			sig_problems_free(&p);
		}
	}
	free(text);
}

static void test_read_all_faults_in_one_run_in_order(void **state)
{
	static const char text[] =
		"format: 2\nid: middlebox.x\nrev: -1\nstatus: drfat\ntitle: t\n"
		"claims: {technique: rst_injektion}\nwhen:\n  - rst.cuont > 1\n  - rst.lag < 5\n"
		"cpas: likely\n";
	struct sig_problems p = {0};

	(void)state;
	assert_null(sig_read(NULL, sig_bytes(text), &p));
	/* One a line in lines 1, 3, 4, 6, 8, 9, 10, and no sources. */
	assert_int_equal(p.n, 8);
	for (size_t i = 1; i < p.n; i++)
		assert_true(p.at[i - 1].line <= p.at[i].line);
	assert_string_equal(p.at[p.n - 1].suggestion, "caps");
	assert_string_equal(p.at[0].file, "signature");
	sig_problems_free(&p);
	assert_int_equal(p.n, 0);
}

static void test_read_id_is_checked_against_the_path(void **state)
{
	static const struct {
		const char *path;
		bool good;
	} row[] = {
		{"signatures/middlebox/cn/burst.yaml", true},
		{"middlebox/cn/burst.yaml", true},
		{"/opt/benign/middlebox/cn/burst.yaml", true},
		{"signatures/middlebox/burst.yaml", false},
		{"signatures/mechanism/cn/burst.yaml", false},
		{"signatures/xmiddlebox/cn/burst.yaml", false},
		{"burst.yaml", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sig_problems p = {0};
		struct signature *s = sig_read(row[i].path, sig_bytes(sig_text_full), &p);

		assert_int_equal(s != NULL, row[i].good);
		assert_int_equal(p.n, row[i].good ? 0 : 1);
		if (s)
			assert_string_equal(s->path, row[i].path);
		sig_free(s);
		sig_problems_free(&p);
	}
}

/* Every status with up to three tests of each kind: only `active` asks for two matches and a
 * no-match. */
static void test_read_active_needs_its_tests_table(void **state)
{
	static const char *const status[] = {"draft", "active", "retired"};

	(void)state;
	for (int i = 0; i < 3 * 16; i++) {
		int st = i / 16, n_match = i % 4, n_not = i / 4 % 4;
		struct signature *s;
		char text[1024];
		int at = snprintf(
			text, sizeof(text),
			"format: 1\nid: mechanism.a\nrev: 1\nstatus: %s\ntitle: t\n"
			"claims: {technique: rst_injection}\nwhen: [rst.df is yes]\ntests:\n"
			"  - unknown: u.pcap\n",
			status[st]);

		for (int k = 0; k < n_match; k++)
			at += snprintf(text + at, sizeof(text) - (size_t)at, "  - match: m.pcap\n");
		for (int k = 0; k < n_not; k++)
			at += snprintf(text + at, sizeof(text) - (size_t)at,
				       "  - no-match: n.pcap\n");
		s = sig_read(NULL, sig_bytes(text), NULL);
		assert_int_equal(s != NULL, st != SIG_ACTIVE || (n_match >= 2 && n_not >= 1));
		sig_free(s);
	}
}

static char *repeat(const char *head, const char *part, size_t n)
{
	size_t h = strlen(head), l = strlen(part);
	char *out = malloc(h + n * l + 1);

	assert_non_null(out);
	memcpy(out, head, h + 1);
	for (size_t i = 0; i < n; i++)
		memcpy(out + h + i * l, part, l + 1);
	return out;
}

static void test_read_limits_are_named(void **state)
{
	static const struct {
		const char *part, *words;
		size_t n;
	} row[] = {
		{"#", "longer than 65536 bytes", LIMIT_SIG_BYTES},
		{"  - x\n", "values in one file", LIMIT_SIG_NODES},
		{"  - rst.count > 1\n", "more than 24 terms", SIG_TERMS_MAX + 1},
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct sig_problems p = {0};
		size_t found = 0;

		text = repeat("format: 1\nwhen:\n", row[i].part, row[i].n);
		assert_null(sig_read(NULL, sig_bytes(text), &p));
		for (size_t k = 0; k < p.n; k++)
			found += strstr(p.at[k].what, row[i].words) != NULL ? 1 : 0;
		assert_int_equal(found, 1);
		sig_problems_free(&p);
		free(text);
	}
}

static void test_read_too_many_problems_are_counted(void **state)
{
	char *text = repeat("", "k: v\n", LIMIT_SIG_PROBLEMS + 10);
	struct sig_problems p = {0};

	(void)state;
	assert_null(sig_read(NULL, sig_bytes(text), &p));
	assert_int_equal(p.n, LIMIT_SIG_PROBLEMS);
	/* `k` unknown once, then a duplicate a line; six keys are missing, and nothing is judged
	 * without an id. */
	assert_int_equal(p.left_out, 10 + 6);
	sig_problems_free(&p);
	free(text);
}

static void test_read_empty_and_odd_documents_are_refused(void **state)
{
	static const char *const text[] = {"",
					   "\n",
					   "# only a comment\n",
					   "---\n",
					   "word",
					   "- a\n- b\n",
					   "{}",
					   "[]",
					   "? [a]\n: b\n",
					   "{{a: b}: c}",
					   "a: b: c",
					   "\"",
					   "*",
					   "&",
					   "!",
					   "%",
					   "--- a\n--- b\n",
					   "<<: *a\n",
					   "\r",
					   "a:\rb: c\n",
					   "? a\n",
					   ": b\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct sig_problems p = {0};

		assert_null(sig_read(NULL, sig_bytes(text[i]), &p));
		assert_true(p.n > 0);
		sig_problems_free(&p);
	}
}

static void test_read_crlf_file_is_read_alike(void **state)
{
	size_t n = 0;
	char *text = malloc(2 * sizeof(sig_text_full));
	struct signature *s;

	(void)state;
	assert_non_null(text);
	for (const char *p = sig_text_full; *p; p++) {
		if (*p == '\n')
			text[n++] = '\r';
		text[n++] = *p;
	}
	text[n] = '\0';
	s = sig_good(text);
	assert_int_equal(s->when[2].line, 16);
	sig_free(s);
	free(text);
}

static char *printed(const struct sig_problem *p)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	sig_problem_print(f, p);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void test_print_caret_and_escapes(void **state)
{
	struct sig_problem p = {.file = (char *)"a\x1b[31m.yaml",
				.line = 3,
				.col = 6,
				.what = (char *)"b\xc2\x9b",
				.suggestion = (char *)"c\xff",
				.text = (char *)"\t\xc3\xa4\x1b"
						"xyz"};
	struct sig_problem whole = {.file = (char *)"f", .what = (char *)"w"};
	char *text = printed(&p);

	(void)state;
	assert_string_equal(text, "a\\x1b[31m.yaml:3:6: error: b\\xc2\\x9b\n"
				  "   \xc3\xa4\\x1bxyz\n"
				  "          ^\n"
				  "  suggestion: c\\xff\n");
	free(text);
	text = printed(&whole);
	assert_string_equal(text, "f: error: w\n");
	free(text);
}

static void test_names_of_techniques_and_grades(void **state)
{
	enum technique t;

	(void)state;
	for (int i = 0; i < TECH_N; i++) {
		const char *name = technique_name((enum technique)i);

		assert_true(technique_find(name, strlen(name), &t));
		assert_int_equal(t, i);
	}
	assert_string_equal(technique_name(TECH_DNS_MANIPULATION), "dns_manipulation");
	assert_false(technique_find("rst", 3, &t));
	assert_null(grade_name(GRADE_NONE));
	assert_string_equal(grade_name(GRADE_ANOMALY), "anomaly");
	assert_string_equal(grade_name(GRADE_PROOF), "proof");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_every_key_arrives),
		cmocka_unit_test(test_read_norway_stays_norway),
		cmocka_unit_test(test_read_benign_and_defaults),
		cmocka_unit_test(test_read_cut_at_every_length_is_safe),
		cmocka_unit_test(test_read_one_byte_changed_is_safe),
		cmocka_unit_test(test_read_all_faults_in_one_run_in_order),
		cmocka_unit_test(test_read_id_is_checked_against_the_path),
		cmocka_unit_test(test_read_active_needs_its_tests_table),
		cmocka_unit_test(test_read_limits_are_named),
		cmocka_unit_test(test_read_too_many_problems_are_counted),
		cmocka_unit_test(test_read_empty_and_odd_documents_are_refused),
		cmocka_unit_test(test_read_crlf_file_is_read_alike),
		cmocka_unit_test(test_print_caret_and_escapes),
		cmocka_unit_test(test_names_of_techniques_and_grades),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
