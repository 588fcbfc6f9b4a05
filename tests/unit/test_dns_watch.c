/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/dns_watch.c */
/* What signatures ask of DNS answers is worth a look; what excuses is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dns_watch.h"

static bool has(const struct det_dns *dd, const char *text)
{
	for (size_t i = 0; i < dd->n_watch; i++)
		if (!strcmp(dd->watch[i], text))
			return true;
	return false;
}

static void test_dns_watch_holds_addresses_of_active_claims_in_order(void **state)
{
	const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct det_dns dd = {0};
	struct err_info err;
	struct sig_set *set;

	(void)state;
	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	assert_true(dns_watch_make(set, &dd));
	assert_true(dd.n_watch > 10);
	assert_true(has(&dd, "10.10.34.36"));   /* middlebox.ir.dns */
	assert_true(has(&dd, "195.175.254.2")); /* middlebox.tr.dns-stub */
	assert_false(has(&dd, "0.0.0.0"));      /* benign.dns-filter-service */
	for (size_t i = 1; i < dd.n_watch; i++)
		assert_true(strcmp(dd.watch[i - 1], dd.watch[i]) <= 0);
	dns_watch_free(&dd);
	assert_int_equal(dd.n_watch, 0);
	sig_problems_free(&problems);
	sig_set_free(set);
}

static void test_dns_watch_without_signatures_is_empty(void **state)
{
	const char *const dirs[] = {"tests/unit"};
	struct sig_problems problems = {0};
	struct det_dns dd = {0};
	struct err_info err;
	struct sig_set *set;

	(void)state;
	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	assert_true(dns_watch_make(set, &dd));
	assert_int_equal(dd.n_watch, 0);
	dns_watch_free(&dd);
	sig_problems_free(&problems);
	sig_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_watch_holds_addresses_of_active_claims_in_order),
		cmocka_unit_test(test_dns_watch_without_signatures_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
