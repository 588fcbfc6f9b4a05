/* SPDX-License-Identifier: BSD-3-Clause */
/* The reset right behind a forged page, by the same builder (MIDDLEBOXES 6.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "page_build.h"

/* rst.after_page: the reset behind a page of another builder, with its IP ID or the next, within 10 ms. */
static void test_rst_behind_a_page_of_the_same_builder(void **state)
{
	static const struct {
		int64_t us;
		int id_step;
		bool odd_page, after;
	} t[] = {
		{170, 0, true, true},   {170, 1, true, true},   {170, 2, true, false},
		{170, -1, true, false}, {10000, 1, true, true}, {10001, 1, true, false},
		{170, 1, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p, r;
		struct cb c;

		start(&c);
		p = t[i].odd_page ? forged(&c, 305)
				  : answer(&c, 305, PAGE); /* too fast, but of resp's own stack */
		cb_put(&c, &p);
		cb_at_us(&c, 305000 + t[i].us);
		r = cb_rst(&c, 1);
		r.ip_id = (uint16_t)(p.ip_id + t[i].id_step);
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_AFTER_PAGE, t[i].after);
		cb_fini(&c);
	}
}

static void test_rst_before_or_against_the_page_is_not_behind_it(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct pkt p, r;
		struct cb c;

		start(&c);
		cb_at(&c, 304);
		r = cb_rst(&c, who);
		if (who)
			cb_put(&c, &r); /* before it */
		p = forged(&c, 305);
		cb_put(&c, &p);
		if (!who) {
			r.ts_ns = c.b.now_ns;
			r.frame_no = c.b.frame + 1;
			cb_put(&c, &r); /* the other side's */
		}
		assert_unknown(cb_found(&c, CASE_RST), RST_AFTER_PAGE);
		cb_fini(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_behind_a_page_of_the_same_builder),
		cmocka_unit_test(test_rst_before_or_against_the_page_is_not_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
