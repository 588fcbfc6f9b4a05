/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of a host's answers, and that the table stays as large as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "across/usual.h"
#include "base/limits.h"

static void host(uint32_t i, uint8_t out[16])
{
	memset(out, 0, 16);
	out[10] = out[11] = 0xff;
	for (int b = 0; b < 4; b++)
		out[12 + b] = (uint8_t)(i >> (24 - 8 * b));
}

static void test_usual_host_unseen_is_unknown(void **state)
{
	struct usual *u = usual_new();
	uint8_t a[16], b[16], ttl = 77;

	(void)state;
	host(1, a);
	host(2, b);
	assert_null(usual_get(u, a));
	usual_note(u, a, 60, true, true, 10);
	assert_non_null(usual_get(u, a));
	assert_null(usual_get(u, b));
	assert_false(usual_ttl(NULL, 0, &ttl));
	assert_int_equal(ttl, 77);
	usual_free(u);
	usual_free(NULL);
}

static void test_usual_cleared_knows_nothing(void **state)
{
	struct usual *u = usual_new();
	uint8_t a[16];

	(void)state;
	host(1, a);
	for (int round = 0; round < 3; round++) {
		assert_null(usual_get(u, a));
		usual_note(u, a, 60, true, true, 10);
		assert_int_equal(usual_get(u, a)->n, 1);
		usual_clear(u);
	}
	usual_free(u);
}

static void test_usual_note_counts_answers_and_keeps_the_fastest(void **state)
{
	static const int64_t lag[] = {500, -3, 900, 20};
	struct usual *u = usual_new();
	const struct usual_host *h;
	uint8_t a[16], ttl = 0;

	(void)state;
	host(9, a);
	for (uint32_t i = 0; i < 4; i++) {
		usual_note(u, a, i == 1 ? 128 : 60, i != 2, i == 3, lag[i]);
		h = usual_get(u, a);
		assert_int_equal(h->n, i + 1);
		assert_int_equal(h->lag_min_ns, i == 0 ? 500 : -3);
	}
	assert_int_equal(h->n_df, 3);
	assert_int_equal(h->n_opt, 1);
	assert_memory_equal(h->addr, a, 16);
	assert_true(usual_ttl(h, 4, &ttl));
	assert_int_equal(ttl, 60);
	ttl = 0;
	assert_false(usual_ttl(h, 5, &ttl));
	assert_int_equal(ttl, 0);
	usual_free(u);
}

/* The first answer's time counts, however large: no zero of an empty entry stands in for it. */
static void test_usual_note_first_lag_is_not_compared_with_zero(void **state)
{
	struct usual *u = usual_new();
	uint8_t a[16];

	(void)state;
	host(3, a);
	usual_note(u, a, 60, false, false, INT64_C(7000000000));
	assert_int_equal(usual_get(u, a)->lag_min_ns, INT64_C(7000000000));
	usual_free(u);
}

/* Five TTLs where four fit: the rarest gives way, the usual one stays. */
static void test_usual_ttls_more_than_fit_replace_the_rarest(void **state)
{
	struct usual *u = usual_new();
	const struct usual_host *h;
	uint8_t a[16], ttl = 0;
	bool seen99 = false, seen3 = false;

	(void)state;
	host(4, a);
	for (uint8_t k = 1; k <= 4; k++)
		for (uint8_t i = 0; i < 6 - k; i++)
			usual_note(u, a, k, false, false, 1);
	for (int i = 0; i < 2; i++)
		usual_note(u, a, 99, false, false, 1);
	h = usual_get(u, a);
	assert_int_equal(h->n_ttl, USUAL_TTLS);
	for (uint32_t i = 0; i < h->n_ttl; i++) {
		assert_int_not_equal(h->ttl[i].ttl, 4); /* seen twice, the rarest when 99 came */
		seen99 |= h->ttl[i].ttl == 99 && h->ttl[i].n == 2;
		seen3 |= h->ttl[i].ttl == 3 && h->ttl[i].n == 3;
	}
	assert_true(seen99 && seen3);
	assert_true(usual_ttl(h, 1, &ttl));
	assert_int_equal(ttl, 1);
	usual_free(u);
}

/* Far more hosts than places: a host that answers often outlives those that answered once, and each one lost is counted. */
static void test_usual_table_full_keeps_the_busy_and_counts_the_lost(void **state)
{
	enum { HOSTS = 4 * LIMIT_USUAL_HOSTS, BUSY = 40 };
	struct usual *u = usual_new();
	uint32_t there = 0;
	uint8_t a[16];

	(void)state;
	for (uint32_t i = 0; i < BUSY; i++) {
		host(i, a);
		for (int k = 0; k < 5; k++)
			usual_note(u, a, 64, false, false, 1);
	}
	for (uint32_t i = BUSY; i < HOSTS; i++) {
		host(i, a);
		usual_note(u, a, 64, false, false, 1);
	}
	for (uint32_t i = 0; i < HOSTS; i++) {
		host(i, a);
		there += usual_get(u, a) != NULL;
		if (i < BUSY)
			assert_int_equal(usual_get(u, a)->n, 5);
	}
	assert_true(there <= LIMIT_USUAL_HOSTS);
	/* Sets of four fill at random: with 16 hosts a set on average, hardly any place stays empty. */
	assert_true(there > LIMIT_USUAL_HOSTS / 100 * 99);
	assert_int_equal(usual_evicted(u), HOSTS - there);
	usual_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_host_unseen_is_unknown),
		cmocka_unit_test(test_usual_cleared_knows_nothing),
		cmocka_unit_test(test_usual_note_counts_answers_and_keeps_the_fastest),
		cmocka_unit_test(test_usual_note_first_lag_is_not_compared_with_zero),
		cmocka_unit_test(test_usual_ttls_more_than_fit_replace_the_rarest),
		cmocka_unit_test(test_usual_table_full_keeps_the_busy_and_counts_the_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
