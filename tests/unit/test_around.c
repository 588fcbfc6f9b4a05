/* SPDX-License-Identifier: BSD-3-Clause */
/* What other flows tell about one that found no answer (METHODS e, g.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "around_build.h"

static void test_around_service_answered_within_ten_minutes(void **state)
{
	static const struct {
		int64_t ms;
		uint16_t port;
		bool ok;
		int64_t n;
	} t[] = {
		{650000, 443, true, 1}, {100000, 443, true, 1},  {99999, 443, true, 0},
		{650000, 80, true, 0},  {650000, 443, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct scene s;

		scene_init(&s);
		other(&s, s.c.b.addr[1], t[i].port, t[i].ms, t[i].ok);
		ev = unanswered(&s, false);
		assert_num(ev, DROP_SERVICE_OK, t[i].n);
		assert_num(ev, DROP_ADDR_SINCE, 0);
		assert_num(ev, DROP_OTHERS_OK, 0);
		if (t[i].n)
			assert_int_equal(evidence_get(ev, FEAT_DROP_SERVICE_OK)->frame[0],
					 5000 + t[i].ms);
		scene_fini(&s);
	}
}

static void test_around_others_and_the_same_host_since(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	other(&s, fb_ip4(198, 51, 100, 50), 443, 600000, true); /* more than a minute before */
	other(&s, fb_ip4(198, 51, 100, 51), 443, 705000, true);
	other(&s, fb_ip4(198, 51, 100, 51), 80, 705000, true); /* the same server */
	other(&s, s.c.b.addr[1], 80, 710000, true);            /* the host itself, another port */
	ev = unanswered(&s, false);
	assert_num(ev, DROP_SERVICE_OK, 0);
	assert_num(ev, DROP_ADDR_SINCE, 1);
	assert_num(ev, DROP_OTHERS_OK, 1);
	assert_unknown(ev, DROP_ICMP_SHORT);
	scene_fini(&s);
}

/* Where lines had to make room, none says nothing. */
static void test_around_forgotten_lines_leave_it_unknown(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	for (int64_t i = 0; i < LIMIT_CONTROL_LINES + 1; i++)
		other(&s, s.c.b.addr[1], 443, 650000 + i, false);
	ev = unanswered(&s, false);
	assert_unknown(ev, DROP_SERVICE_OK);
	scene_fini(&s);
}

/* The quote had gone 3 hops; the server's answers came with TTL 55, from 9 routers away. */
static void test_around_how_far_the_refusing_router_is_from_the_server(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	other(&s, s.c.b.addr[1], 443, 650000, true);
	ev = unanswered(&s, true);
	assert_num(ev, DROP_ICMP_HOPS, 3);
	assert_num(ev, DROP_ICMP_SHORT, 6);
	scene_fini(&s);
}

static void test_around_a_reset_before_is_told_for_syns_only(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	struck(&s, HOSTS_RESET, 39999, 690);
	ev = unanswered(&s, false);
	assert_num(ev, DROP_SINCE_RESET, 10000 * FB_MS);
	scene_fini(&s);
}

static void test_around_nothing_about_a_connection_that_was_answered(void **state)
{
	struct scene s;
	struct evidence *ev = evidence_new(CASE_DROP);

	(void)state;
	scene_init(&s);
	cb_open(&s.c);
	other(&s, s.c.b.addr[1], 443, 10, true);
	evidence_put(ev, FEAT_DROP_HANDSHAKE, 1, NULL, 0);
	around_case(&s.a, s.c.f, FB_START + 800 * FB_S, ev);
	assert_unknown(ev, DROP_SERVICE_OK);
	evidence_free(ev);
	scene_fini(&s);
}

/* A hello was dropped: how the name fares beside others at this server. */
static void test_around_names_beside_a_dropped_hello(void **state)
{
	(void)state;
	for (int64_t pairs = 1; pairs <= 9; pairs += 4) {
		struct evidence *ev = evidence_new(CASE_DROP);
		struct scene s;

		scene_init(&s);
		cb_at(&s.c, 500000);
		cb_send(&s.c, 0, TCP_SYN, NULL, 0);
		cb_send(&s.c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		for (int64_t i = 0; i < pairs; i++) {
			s.flow_no = i ? s.flow_no : s.c.f->no - 1;
			named(&s, s.c.b.addr[1], "a.example", 500 + 10 * i, false);
			s.flow_no = s.flow_no < 1000 ? 1000 : s.flow_no;
			named(&s, s.c.b.addr[1], "b.example", 505 + 10 * i, true);
		}
		evidence_put(ev, FEAT_DROP_HANDSHAKE, 1, NULL, 0);
		evidence_put_text(ev, FEAT_TRIGGER_NAME, "A.example", 9, 1);
		around_case(&s.a, s.c.f, FB_START + 800 * FB_S, ev);
		assert_unknown(ev, DROP_NAME_FAILED); /* neither the name nor what followed it */
		evidence_put(ev, FEAT_DROP_IN_TRIGGER, 1, NULL, 0);
		around_case(&s.a, s.c.f, FB_START + 800 * FB_S, ev);
		assert_num(ev, DROP_NAME_FAILED, pairs);
		assert_num(ev, DROP_CONTROLS_OK, pairs);
		if (pairs < 3)
			assert_unknown(ev, DROP_NAME_CHANCE);
		else
			assert_num(ev, DROP_NAME_CHANCE, pairs == 5 ? 7937 : 42);
		evidence_free(ev);
		scene_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_around_service_answered_within_ten_minutes),
		cmocka_unit_test(test_around_others_and_the_same_host_since),
		cmocka_unit_test(test_around_forgotten_lines_leave_it_unknown),
		cmocka_unit_test(test_around_how_far_the_refusing_router_is_from_the_server),
		cmocka_unit_test(test_around_a_reset_before_is_told_for_syns_only),
		cmocka_unit_test(test_around_names_beside_a_dropped_hello),
		cmocka_unit_test(test_around_nothing_about_a_connection_that_was_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
