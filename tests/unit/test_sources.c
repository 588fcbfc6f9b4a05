/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sources.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "match/sources.h"
#include "unit/sig_text.h"

static char dir[64];

static bool load(struct source_list *l, const char *text, struct sig_problems *p)
{
	const char *dirs[] = {dir, "/nowhere/at/all"};
	char path[128];
	bool ok;

	*p = (struct sig_problems){0};
	memcpy(dir, "/tmp/wallprint-src.XXXXXX", 26);
	assert_non_null(mkdtemp(dir));
	assert_in_range(snprintf(path, sizeof(path), "%s/SOURCES.yaml", dir), 1, sizeof(path) - 1);
	file_put(path, text);
	ok = sources_load(l, dirs, 2, p);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	return ok;
}

static void test_sources_are_found_by_key(void **state)
{
	struct source_list l;
	struct sig_problems p;

	(void)state;
	assert_true(load(&l, "# head\na2009: {cite: \"A, B\", as: paper}\nb: {cite: C}\n", &p));
	assert_int_equal(p.n, 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(sources_find(&l, "a2009")->cite, "A, B");
	assert_string_equal(sources_find(&l, "a2009")->as, "paper");
	assert_null(sources_find(&l, "b")->as);
	assert_null(sources_find(&l, "c"));
	sources_free(&l);
	assert_int_equal(l.n, 0);
}

static void test_sources_faults_are_told_and_the_rest_is_kept(void **state)
{
	static const struct {
		const char *text, *words;
		uint32_t line;
		size_t n;
	} row[] = {
		{"a: {cite: x}\na: {cite: y}\n", "duplicate key a", 2, 1},
		{"a: {cite: x}\nb: {sight: y}\n", "unknown key sight", 2, 2},
		{"a: {cite: x}\nb: {as: y}\n", "lacks the key cite", 2, 2},
		{"- a\n", "must be keys", 1, 0},
		{"a: {cite: *x}\n", "alias", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct source_list l;
		struct sig_problems p;

		assert_true(load(&l, row[i].text, &p));
		assert_true(p.n >= 1);
		if (!strstr(p.at[0].what, row[i].words) || p.at[0].line != row[i].line)
			fail_msg("row %zu: %u: %s", i, p.at[0].line, p.at[0].what);
		assert_true(l.n <= row[i].n);
		sources_free(&l);
		sig_problems_free(&p);
	}
}

#define HEAD(id, status)                                                \
	"format: 1\nid: " id "\nrev: 1\nstatus: " status "\ntitle: t\n" \
	"claims: {technique: rst_injection}\n"                          \
	"tests: [{match: a}, {match: b}, {no-match: c}]\n"
#define CAP                                                                                  \
	"captures: [{repo: a/b, commit: 0123456789abcdef0123456789abcdef01234567, path: p, " \
	"frames: [1]}]\nsources: [{key: a2009, says: s, read: primary}]\n"

static size_t complaints(const char *when, const char *status, const char *known)
{
	char text[2048];
	const char *all[] = {
		HEAD("mechanism.m", "active") "when: [rst.df is yes, rst.count >= 2]\n", text};
	struct source_entry e = {.key = (char *)known};
	struct source_list l = {&e, known ? 1 : 0};
	struct sig_problems p = {0};
	struct sig_set *set;
	size_t n;

	assert_in_range(snprintf(text, sizeof(text), HEAD("middlebox.t", "%s") "when: [%s]\n" CAP,
				 status, when),
			1, sizeof(text) - 1);
	set = set_of(all, 2);
	sig_check_set(set, &l, &p);
	n = p.n;
	sig_problems_free(&p);
	sig_set_free(set);
	return n;
}

static void test_set_active_asks_for_two_things_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(complaints("rst.df is yes, rst.win == 5, rst.count == 2", "active", NULL),
			 0);
	assert_int_equal(complaints("rst.df is yes, rst.win == 5, rst.count >= 2", "active", NULL),
			 1);
	assert_int_equal(complaints("rst.df is yes, rst.win == 5, rst.count >= 2", "draft", NULL),
			 0);
	assert_int_equal(complaints("rst.df is yes", "active", NULL), 1);
}

static void test_set_keys_of_sources_must_be_known(void **state)
{
	(void)state;
	assert_int_equal(complaints("rst.ipid == 4, rst.win == 5", "active", "a2009"), 0);
	assert_int_equal(complaints("rst.ipid == 4, rst.win == 5", "active", "b2009"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources_are_found_by_key),
		cmocka_unit_test(test_sources_faults_are_told_and_the_rest_is_kept),
		cmocka_unit_test(test_set_active_asks_for_two_things_of_its_own),
		cmocka_unit_test(test_set_keys_of_sources_must_be_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
