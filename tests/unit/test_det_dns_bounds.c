/* SPDX-License-Identifier: BSD-3-Clause */
/* What is kept of DNS questions and answers is bounded, and what was not kept is counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_wire.h"

/* 17 questions at once: the oldest is judged early, nothing is lost but its later answers' question. */
static void test_det_dns_more_open_than_fit_finish_the_oldest(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 4 << 20);
	for (uint16_t i = 0; i < LIMIT_DNS_OPEN - 1; i++) {
		ask(&d, i, "blocked.example", i);
		reply(&d, i, "blocked.example", 66, 100 + i);
		reply(&d, i, "blocked.example", 1, 200 + i);
		assert_int_equal(d.got.n, 0);
	}
	ask(&d, 100, "more.example", 1000);
	assert_int_equal(d.got.n, 0);
	ask(&d, 101, "more.example", 1001);
	assert_int_equal(d.got.n, 1);
	assert_int_equal(d.got.n_conflicts, 1);
	dn_end(&d);
	assert_int_equal(d.got.n, LIMIT_DNS_OPEN - 1);
	assert_int_equal(d.got.n_conflicts, LIMIT_DNS_OPEN - 1);
	assert_int_equal(d.dd.lost, 0);
	dn_fini(&d);
}

/* An answer to what is open needs no room: it must not push out its own question when all places are taken. */
static void test_det_dns_full_table_still_takes_answers_of_open_questions(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 4 << 20);
	for (uint16_t i = 0; i < LIMIT_DNS_OPEN; i++)
		ask(&d, i, "blocked.example", i);
	reply(&d, 0, "blocked.example", 66, 100);
	reply(&d, 0, "blocked.example", 1, 200);
	dn_end(&d);
	assert_int_equal(d.got.n_conflicts, 1);
	assert_int_equal(d.got.queries, 1);
	dn_fini(&d);
}

static void test_det_dns_more_answers_than_fit_are_counted(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "blocked.example", 0);
	for (uint8_t i = 0; i < LIMIT_DNS_TXN_ANSWERS + 5; i++)
		reply(&d, 1, "blocked.example", (uint8_t)(10 + i), 1000 + i);
	dn_end(&d);
	assert_int_equal(d.got.answers, LIMIT_DNS_TXN_ANSWERS);
	assert_int_equal(d.dd.lost, 5);
	dn_fini(&d);
}

/* All that is hung on a flow is given back, and a table without room counts what it could not keep. */
static void test_det_dns_memory_is_given_back_or_the_loss_counted(void **state)
{
	uint64_t used;
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	message(&d, 1, QUESTION, "fine.example", DNS_A, 0);
	d.len = 3;
	send_at(&d, 0, 0); /* no DNS: only the flow */
	used = fb_used(&d.b);
	for (uint16_t i = 0; i < 20; i++)
		ask(&d, i, "fine.example", 10 + i);
	assert_true(fb_used(&d.b) > used);
	dn_end(&d);
	assert_int_equal(fb_used(&d.b), used);
	det_dns_end(&d.dd, d.f); /* again: nothing to do */
	dn_fini(&d);

	dn_init(&d, 1 << 20);
	d.len = 3;
	send_at(&d, 0, 0);
	while (flow_table_take(d.b.t, 64))
		;
	ask(&d, 1, "fine.example", 10);
	assert_int_equal(d.dd.lost, 1);
	assert_int_equal(d.got.n, 0);
	dn_fini(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_det_dns_more_open_than_fit_finish_the_oldest),
		cmocka_unit_test(test_det_dns_full_table_still_takes_answers_of_open_questions),
		cmocka_unit_test(test_det_dns_more_answers_than_fit_are_counted),
		cmocka_unit_test(test_det_dns_memory_is_given_back_or_the_loss_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
