/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_evidence.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/sig_text.h"

/* An active middlebox signature with these sources and what else follows. */
static bool is_active(const char *kind, const char *rest)
{
	char text[4096];
	struct sig_problems p = {0};
	struct signature *s;
	int n = snprintf(text, sizeof(text),
			 "format: 1\nid: %s.t\nrev: 1\nstatus: active\ntitle: t\n"
			 "claims: {technique: rst_injection}\n"
			 "when: [rst.df is yes, rst.win == 5]\nsupports: [rst.count == 3]\n"
			 "tests: [{match: a}, {match: b}, {no-match: c}]\n%s",
			 kind, rest);
	bool good;

	assert_in_range(n, 1, sizeof(text) - 1);
	s = sig_read(NULL, sig_bytes(text), &p);
	good = s != NULL;
	if (!good && (p.n != 1 || !strstr(p.at[0].what, "active needs captures")))
		fail_msg("%s: %s", rest, p.n ? p.at[0].what : "nothing said");
	if (!good)
		assert_int_equal(p.at[0].line, 4);
	sig_free(s);
	sig_problems_free(&p);
	return good;
}

#define SRC(key, read, fields) "  - {key: " key ", says: s, read: " read ", fields: [" fields "]}\n"
#define CAP                                                                                  \
	"captures: [{repo: a/b, commit: 0123456789abcdef0123456789abcdef01234567, path: p, " \
	"frames: [1]}]\n"

static void test_active_needs_what_nobody_here_made(void **state)
{
	static const struct {
		const char *rest;
		bool good;
	} row[] = {
		{"sources:\n" SRC("a", "primary", "rst.win") SRC("b", "primary", "rst.win"), true},
		{"sources:\n" SRC("a", "primary", "rst.df, rst.win") SRC("b", "summary", "rst.win")
			 SRC("c", "primary", "rst.count, rst.df"),
		 true},
		/* the same source twice is one */
		{"sources:\n" SRC("a", "primary", "rst.win") SRC("a", "primary", "rst.win"), false},
		{"sources:\n" SRC("a", "primary", "rst.win") SRC("b", "summary", "rst.win"), false},
		{"sources:\n" SRC("a", "primary", "rst.win") SRC("b", "recalled", "rst.win"),
		 false},
		{"sources:\n" SRC("a", "primary", "rst.win") SRC("b", "primary", "rst.df"), false},
		/* what no `when` asks for carries nothing */
		{"sources:\n" SRC("a", "primary", "rst.count") SRC("b", "primary", "rst.count"),
		 false},
		{"sources:\n" SRC("a", "primary", ""), false},
		{"sources:\n" SRC("a", "recalled", "") CAP, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (is_active("middlebox", row[i].rest) != row[i].good)
			fail_msg("row %zu is %sactive", i, row[i].good ? "not " : "");
	/* A mechanism is not somebody's: it stands on its tests. */
	assert_true(is_active("mechanism", ""));
}

static void test_active_is_not_judged_when_a_term_was_lost(void **state)
{
	struct sig_problems p = {0};

	(void)state;
	assert_null(sig_read(
		NULL,
		sig_bytes("format: 1\nid: middlebox.t\nrev: 1\nstatus: active\ntitle: t\n"
			  "claims: {technique: rst_injection}\nwhen: [rst.dv is yes]\n"
			  "tests: [{match: a}, {match: b}, {no-match: c}]\n"
			  "sources: [{key: a, says: s, read: primary, fields: [rst.df]}]\n"),
		&p));
	assert_int_equal(p.n, 1);
	sig_problems_free(&p);
}

static void test_evidence_is_read_as_written(void **state)
{
	struct signature *s = sig_good(sig_text_full);

	(void)state;
	assert_int_equal(s->source[0].n_fields, 2);
	assert_int_equal(s->source[0].field[1], FEAT_RST_LAG);
	assert_int_equal(s->n_captures, 1);
	assert_string_equal(s->capture[0].repo, "some/where");
	assert_string_equal(s->capture[0].path, "pcaps/a.pcap");
	assert_int_equal(s->capture[0].n_frames, 2);
	assert_int_equal(s->capture[0].frame[1], 9);
	assert_int_equal(s->capture[0].line, 34);
	sig_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evidence_is_read_as_written),
		cmocka_unit_test(test_active_needs_what_nobody_here_made),
		cmocka_unit_test(test_active_is_not_judged_when_a_term_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
