/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets gathered into groups that one sender would have made, the trigger each answers, every combination of flags, and the innocent
 * look-alikes of det_rst.c as a whole (MIDDLEBOXES 11). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

static void start(struct cb *c)
{
	cb_init(c);
	cb_talk(c);
	cb_ask(c);
	cb_at(c, 305);
}

/* All 2,048 flag values with RST set, in either side's name: one case each, and odd exactly when AE or a reserved bit is set. */
static void test_rst_every_flag_combination(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++)
		for (uint16_t flags = 0; flags < 4096; flags++) {
			const struct evidence *ev;
			struct pkt r;
			struct cb c;

			if (!(flags & TCP_RST))
				continue;
			start(&c);
			r = cb_rst(&c, who);
			r.tcp.flags = flags;
			cb_put(&c, &r);
			ev = cb_found(&c, CASE_RST);
			assert_int_equal(c.cases.n, 1);
			assert_num(ev, RST_FLAGS, flags);
			assert_num(ev, RST_ODD_FLAGS, (flags & 0xf00) != 0);
			assert_num(ev, RST_ACK_FLAG, (flags & 0x010) != 0);
			assert_num(ev, RST_BY_OPENER, who == 0);
			assert_suspects(ev, r.frame_no);
			cb_fini(&c);
		}
}

/* Direction, flags, near or far TTL, empty window or not: each tells two senders apart; nothing else does. */
static void test_rst_groups_by_what_one_sender_keeps(void **state)
{
	(void)state;
	for (int what = 0; what < 7; what++) {
		struct pkt r, s;
		struct cb c;

		start(&c);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		s = cb_rst(&c, what == 0 ? 0 : 1);
		if (what == 1)
			s.tcp.flags = TCP_RST;
		if (what == 2)
			s.ttl = 70;
		if (what == 3)
			s.tcp.win = 500;
		if (what == 4)
			s.tcp.seq += 1460;
		if (what == 5)
			s.ttl = 51; /* one hop: the same path */
		if (what == 6)
			s.ip_id += 9000;
		cb_put(&c, &s);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_RST), what < 4 ? 2 : 1);
		if (what >= 4) {
			assert_num(cb_case(&c, CASE_RST, 0), RST_COUNT, 2);
			assert_suspects(cb_case(&c, CASE_RST, 0), r.frame_no, s.frame_no);
		} else {
			assert_suspects(cb_case(&c, CASE_RST, 0), r.frame_no);
			assert_suspects(cb_case(&c, CASE_RST, 1), s.frame_no);
		}
		cb_fini(&c);
	}
}

static void test_rst_more_than_a_group_keeps_are_counted(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	for (int i = 0; i < 200; i++) {
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
	}
	assert_num(cb_found(&c, CASE_RST), RST_COUNT, 200);
	assert_int_equal(c.cases.n, 1);
	assert_int_equal(c.cases.lost, 0);
	cb_fini(&c);
}

static void test_rst_more_kinds_than_fit_are_counted_as_lost(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	for (uint16_t i = 0; i < 12; i++) {
		r = cb_rst(&c, 1);
		r.tcp.flags = (uint16_t)(TCP_RST | i << 8);
		cb_put(&c, &r);
	}
	cb_judge(&c);
	assert_int_equal(c.cases.n, CASES_MAX);
	assert_int_equal(c.cases.lost, 12 - CASES_MAX);
	cb_fini(&c);
}

/* Asked again, a detector says the same; with more packets it says more. */
static void test_rst_judging_twice_changes_nothing(void **state)
{
	size_t n[2];
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.ttl = 70;
	cb_put(&c, &r);
	for (int i = 0; i < 2; i++)
		n[i] = evidence_n(cb_found(&c, CASE_RST));
	assert_int_equal(n[0], n[1]);
	assert_no(cb_case(&c, CASE_RST, 0), RST_LIFE_AFTER);
	cb_at(&c, 400);
	cb_ack(&c, 1);
	assert_yes(cb_found(&c, CASE_RST), RST_LIFE_AFTER);
	cb_fini(&c);
}

/* --- which trigger --- */

static void test_rst_answers_the_last_trigger_before_it(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	cb_at(&c, 350);
	cb_say(&c, 0, "GET /b HTTP/1.1\r\nHost: later.example\r\n\r\n");
	assert_text(cb_found(&c, CASE_RST), TRIGGER_NAME, "blocked.example");
	cb_fini(&c);
}

/* At the server a forged reset may come before the request it was made of: the number tells, though an older request was there. */
static void test_rst_in_orig_s_name_may_race_its_trigger(void **state)
{
	static const struct {
		int ms;
		int32_t off;
		const char *name;
	} t[] = {{5, 0, "blocked.example"},
		 {200, 0, "blocked.example"},
		 {201, 0, "fine.example"},
		 {5, -1, "fine.example"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt r;
		struct cb c;

		cb_init(&c);
		cb_talk(&c);
		cb_at(&c, 300);
		r = cb_rst(&c, 0);
		r.tcp.seq += (uint32_t)strlen(CB_REQUEST) + (uint32_t)t[i].off;
		cb_put(&c, &r);
		cb_at(&c, 300 + t[i].ms);
		cb_say(&c, 0, CB_REQUEST);
		assert_text(cb_found(&c, CASE_RST), TRIGGER_NAME, t[i].name);
		cb_fini(&c);
	}
}

static void test_rst_in_resp_s_name_cannot_race_its_trigger(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	cb_say(&c, 0, CB_REQUEST);
	assert_unknown(cb_found(&c, CASE_RST), TRIGGER_KIND);
	assert_no(cb_case(&c, CASE_RST, 0), RST_AFTER_TRIGGER);
	cb_fini(&c);
}

/* --- innocent look-alikes --- */

/* A browser closes the tab: RST in the client's own line, after the server's data, at its next byte. */
static void test_rst_client_abort_looks_like_the_client(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	cb_at(&c, 401);
	r = cb_rst(&c, 0);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_yes(ev, RST_BY_OPENER);
	assert_num(ev, RST_TTL_GAP, 0);
	assert_yes(ev, RST_IPID_FITS);
	assert_yes(ev, RST_SEQ_EXACT);
	assert_no(ev, RST_LIFE_AFTER);
	assert_no(ev, RST_RACED);
	assert_unknown(ev, RST_TOO_FAST);
	cb_fini(&c);
}

/* Late data reaches a client that has closed: its kernel resets with IP ID 0, window 0, the number it is told (RFC 9293 3.10.7.1). */
static void test_rst_to_late_data_after_the_clients_fin(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	cb_send(&c, 0, TCP_FIN | TCP_ACK, NULL, 0);
	cb_ack(&c, 1);
	for (int i = 0; i < 2; i++) {
		cb_say(&c, 1, CB_ANSWER);
		r = cb_rst(&c, 0);
		r.tcp.flags = TCP_RST;
		r.tcp.ack = 0;
		r.ip_id = 0;
		cb_put(&c, &r);
	}
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 2);
	assert_yes(ev, RST_AFTER_FIN);
	assert_unknown(ev, RST_IPID_FITS);
	assert_no(ev, RST_IDENTICAL);
	assert_no(ev, RST_SEQ_CHANGE);
	cb_fini(&c);
}

/* A load balancer's reset with its own initial TTL (Weaver 2009, appendix C). */
static void test_rst_load_balancer_ttl_is_a_shift(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.ttl = 241; /* 255 - 14 where the host's 64 - 14 is 50 */
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_TTL_GAP, 191);
	assert_yes(ev, RST_TTL_SHIFT);
	cb_fini(&c);
}

/* Windows: RST+ACK with window 0 and the next IP ID: nothing but its flags is special (MIDDLEBOXES 11). */
static void test_rst_of_windows_fits_its_line(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	cb_ack(&c, 1);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_yes(ev, RST_IPID_FITS);
	assert_no(ev, RST_UNREAD_DATA);
	assert_no(ev, RST_TSG_BOUND);
	assert_no(ev, RST_WIN_ECHO);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_every_flag_combination),
		cmocka_unit_test(test_rst_groups_by_what_one_sender_keeps),
		cmocka_unit_test(test_rst_more_than_a_group_keeps_are_counted),
		cmocka_unit_test(test_rst_more_kinds_than_fit_are_counted_as_lost),
		cmocka_unit_test(test_rst_judging_twice_changes_nothing),
		cmocka_unit_test(test_rst_answers_the_last_trigger_before_it),
		cmocka_unit_test(test_rst_in_orig_s_name_may_race_its_trigger),
		cmocka_unit_test(test_rst_in_resp_s_name_cannot_race_its_trigger),
		cmocka_unit_test(test_rst_client_abort_looks_like_the_client),
		cmocka_unit_test(test_rst_to_late_data_after_the_clients_fin),
		cmocka_unit_test(test_rst_load_balancer_ttl_is_a_shift),
		cmocka_unit_test(test_rst_of_windows_fits_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
