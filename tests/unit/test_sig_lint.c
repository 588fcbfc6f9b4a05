/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_check.c engine/match/sig_problem.c engine/match/sig_print.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/signature.h"

/* Every file of tests/lint has one fault. Its first line says what the reader must say:
 *   # lint: LINE:COL: words of the complaint[: words of the suggestion]
 * `lint-tests` instead of `lint`: the file reads well, and sig_check_tests_exist complains. */

struct expect {
	bool tests;
	unsigned int line, col;
	char words[128], hint[128];
};

/* The text up to the next ": ", or the line's end; *at moves behind it. */
static void next_part(const char **at, char *out, size_t room)
{
	size_t n = 0;

	while ((*at)[n] && (*at)[n] != '\n' && strncmp(*at + n, ": ", 2) != 0)
		n++;
	assert_true(n < room);
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	if (**at == ':')
		*at += 2;
}

static unsigned int next_number(const char **at)
{
	char *end;
	unsigned long v = strtoul(*at, &end, 10);

	assert_ptr_not_equal(end, *at);
	assert_int_equal(*end, ':');
	*at = end + 1;
	return (unsigned int)v;
}

static struct expect expect_of(const char *path)
{
	struct expect e = {.tests = false};
	char head[256] = "", tag[16];
	const char *at = head;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(head, sizeof(head), f));
	assert_int_equal(fclose(f), 0);
	next_part(&at, tag, sizeof(tag));
	e.tests = strcmp(tag, "# lint-tests") == 0;
	if (!e.tests && strcmp(tag, "# lint") != 0)
		fail_msg("%s: the first line does not say what to expect", path);
	e.line = next_number(&at);
	e.col = next_number(&at);
	at++;
	next_part(&at, e.words, sizeof(e.words));
	next_part(&at, e.hint, sizeof(e.hint));
	return e;
}

static void check_problem(const struct sig_problem *p, const struct expect *e)
{
	if (p->line != e->line || p->col != e->col || !strstr(p->what, e->words))
		fail_msg("%s: said %u:%u: %s; expected %u:%u: %s", p->file, p->line, p->col,
			 p->what, e->line, e->col, e->words);
	if (e->hint[0] && (!p->suggestion || !strstr(p->suggestion, e->hint)))
		fail_msg("%s: suggested %s; expected %s", p->file,
			 p->suggestion ? p->suggestion : "nothing", e->hint);
	assert_non_null(p->text);
}

static void test_lint_each_fault_is_named_where_it_stands(void **state)
{
	struct sig_problems all = {0};
	struct sig_set *set;
	struct err_info err;
	glob_t g;
	size_t n_sets = 0, at = 0;

	(void)state;
	assert_true(sig_set_load(&set, (const char *const[]){"tests/lint"}, 1, &all, &err));
	sig_check_tests_exist(set, NULL, 0, &all);
	assert_int_equal(glob("tests/lint/*/*.yaml", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 60);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct expect e = expect_of(g.gl_pathv[i]);
		size_t n = 0;

		for (size_t k = 0; k < all.n; k++) {
			if (strcmp(all.at[k].file, g.gl_pathv[i]) != 0)
				continue;
			check_problem(&all.at[k], &e);
			n++;
		}
		if (n != 1)
			fail_msg("%s: %zu complaints", g.gl_pathv[i], n);
		n_sets += e.tests ? 1 : 0;
		at += n;
	}
	/* Nothing was said about anything else, and only what reads well was kept. */
	assert_int_equal(at, all.n);
	assert_int_equal(sig_set_n(set), n_sets);
	globfree(&g);
	sig_set_free(set);
	sig_problems_free(&all);
}

static void test_tests_exist_below_a_given_folder_is_found(void **state)
{
	struct sig_problems p = {0};
	struct sig_set *set;
	struct err_info err;
	char *path, dir[] = "/tmp/wallprint-lint.XXXXXX", file[64];
	const char *dirs[] = {"/nowhere", dir};
	FILE *f;

	(void)state;
	assert_true(sig_set_load(&set, (const char *const[]){"tests/lint"}, 1, &p, &err));
	sig_problems_free(&p);
	assert_int_equal(sig_set_n(set), 1);
	assert_non_null(mkdtemp(dir));
	assert_true(snprintf(file, sizeof(file), "%s/no-such.pcap", dir) > 0);
	f = fopen(file, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	sig_check_tests_exist(set, dirs, 2, &p);
	assert_int_equal(p.n, 0);
	path = sig_test_path(sig_set_at(set, 0), "no-such.pcap", dirs, 2);
	assert_string_equal(path, file);
	free(path);
	/* Beside the signature needs no folder given. */
	path = sig_test_path(sig_set_at(set, 0), "tag.yaml", NULL, 0);
	assert_string_equal(path, "tests/lint/middlebox/tag.yaml");
	free(path);
	assert_int_equal(remove(file), 0);
	assert_int_equal(remove(dir), 0);
	sig_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lint_each_fault_is_named_where_it_stands),
		cmocka_unit_test(test_tests_exist_below_a_given_folder_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
