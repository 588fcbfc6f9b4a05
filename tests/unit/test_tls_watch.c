/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/tls_watch.c */
/* Which signatures could hold of a TLS answer that nothing is odd about. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_watch.h"

static void test_tls_watch_shipped_signatures_ask_for_something_odd(void **state)
{
	const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct err_info err;
	struct sig_set *set;

	(void)state;
	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	assert_false(tls_watch_ordinary(set));
	sig_problems_free(&problems);
	sig_set_free(set);
}

/* One signature of a folder of its own, with these terms under `when`. */
static bool wanted(const char *kind, const char *when)
{
	char dir[] = "/tmp/test_tls_watch.XXXXXX", folder[64], path[80];
	const char *const dirs[] = {dir};
	struct sig_problems problems = {0};
	struct err_info err;
	struct sig_set *set;
	bool got;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(folder, sizeof(folder), "%s/%s", dir, kind); /* fits */
	(void)snprintf(path, sizeof(path), "%s/one.yaml", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"format: 1\nid: %s.one\nrev: 1\nstatus: draft\ntitle: One\n"
		"%s\nwhen:\n%s"
		"sources:\n  - {key: raman2020, says: \"x\", read: summary}\n",
		kind,
		strcmp(kind, "benign")
			? "claims:\n  technique: tls_interception\n  position: unknown\n  actor: unknown"
			: "excuses: tls_interception\neffect: veto",
		when);
	assert_int_equal(fclose(f), 0);
	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	if (problems.n)
		sig_problem_print(stderr, &problems.at[0]);
	assert_int_equal(sig_set_n(set), 1);
	got = tls_watch_ordinary(set);
	sig_problems_free(&problems);
	sig_set_free(set);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(dir), 0);
	return got;
}

static void test_tls_watch_signature_that_an_ordinary_answer_may_fit_is_asked(void **state)
{
	(void)state;
	assert_true(wanted("mechanism", "  - tls.cipher == 4865\n"));
	assert_true(wanted("mechanism", "  - tls.hello_exception is no\n"));
	assert_false(wanted("mechanism", "  - tls.hello_exception is yes\n"));
	assert_false(wanted("mechanism", "  - tls.cipher == 4865\n  - tls.self_issued is no\n"));
	/* excuses make no finding */
	assert_false(wanted("benign", "  - tls.cipher == 4865\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_watch_shipped_signatures_ask_for_something_odd),
		cmocka_unit_test(test_tls_watch_signature_that_an_ordinary_answer_may_fit_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
