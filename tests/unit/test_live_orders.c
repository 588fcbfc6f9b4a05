/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_orders.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live_orders.h"

static struct sig_set *collection(void)
{
	static const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct sig_set *set;
	struct err_info err;

	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	sig_problems_free(&problems);
	return set;
}

/* Two orders, in pieces that end anywhere; between them there is nothing, and behind them the end. */
static void test_orders_in_pieces_arrive_whole_and_then_the_end(void **state)
{
	struct sig_set *set = collection();
	struct live_orders o = {0};
	struct live_order got;
	size_t len;
	char *order = live_orders_pack(7, set, &len);
	int fd[2];

	(void)state;
	assert_non_null(order);
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	o.fd = fd[0];
	for (int round = 0; round < 2; round++) {
		assert_int_equal(live_orders_next(&o, &got), ORDERS_NOTHING);
		for (size_t at = 0, n = 1; at < len; at += n, n = n < 4000 ? n * 3 : 1) {
			n = n < len - at ? n : len - at;
			assert_int_equal(write(fd[1], order + at, n), n);
			assert_int_equal(live_orders_next(&o, &got),
					 at + n < len ? ORDERS_NOTHING : ORDERS_RELOAD);
		}
		assert_int_equal(got.metrics_s, 7);
		assert_int_equal(sig_set_n(got.sigs), sig_set_n(set));
		sig_set_free(got.sigs);
	}
	close(fd[1]);
	assert_int_equal(live_orders_next(&o, &got), ORDERS_STOP);
	close(fd[0]);
	live_orders_fini(&o);
	free(order);
	sig_set_free(set);
}

/* A length that no order has: nothing is read on, nothing is allocated. */
static void test_orders_absurd_length_is_not_followed(void **state)
{
	static const uint64_t head[2] = {UINT64_MAX, 0}, small[2] = {3, 0};
	struct live_orders o = {0};
	struct live_order got;
	int fd[2];

	(void)state;
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	o.fd = fd[0];
	assert_int_equal(write(fd[1], head, sizeof(head)), sizeof(head));
	assert_int_equal(live_orders_next(&o, &got), ORDERS_NOTHING);
	assert_int_equal(live_orders_next(&o, &got), ORDERS_NOTHING);
	live_orders_fini(&o);
	assert_int_equal(write(fd[1], small, sizeof(small)), sizeof(small));
	assert_int_equal(live_orders_next(&o, &got), ORDERS_RELOAD);
	assert_null(got.sigs);
	assert_true(got.err.text[0]);
	close(fd[0]);
	close(fd[1]);
	live_orders_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_in_pieces_arrive_whole_and_then_the_end),
		cmocka_unit_test(test_orders_absurd_length_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
