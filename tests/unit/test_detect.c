/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of cases, which detectors are asked, which trigger counts, and what every case says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

static void test_case_new_states_what_belongs_to_every_case(void **state)
{
	struct flow f = {.proto = 6, .port = {40000, 443}};
	struct case_list l = {0};
	struct evidence *ev;

	(void)state;
	f.side[0].packets = f.side[1].packets = 1;
	ev = case_new(&l, CASE_PAGE, &f);
	assert_non_null(ev);
	assert_ptr_equal(l.at[0], ev);
	assert_int_equal(evidence_case(ev), CASE_PAGE);
	assert_text(ev, FLOW_PROTO, "tcp");
	assert_num(ev, FLOW_RESP_PORT, 443);
	assert_no(ev, FLOW_ONE_SIDED);
	assert_no(ev, FLOW_MIDSTREAM);
	f.proto = 17;
	f.side[0].packets = 0;
	f.midstream = true;
	ev = case_new(&l, CASE_DNS, &f);
	assert_text(ev, FLOW_PROTO, "udp");
	assert_yes(ev, FLOW_ONE_SIDED);
	assert_yes(ev, FLOW_MIDSTREAM);
	case_list_free(&l);
	assert_int_equal(l.n, 0);
	case_list_free(&l);
}

static void test_case_new_beyond_the_list_is_counted(void **state)
{
	struct flow f = {.proto = 6};
	struct case_list l = {0};

	(void)state;
	for (int i = 0; i < CASES_MAX; i++)
		assert_non_null(case_new(&l, CASE_RST, &f));
	assert_int_equal(l.lost, 0);
	for (uint32_t i = 1; i < 4; i++) {
		assert_null(case_new(&l, CASE_RST, &f));
		assert_int_equal(l.lost, i);
	}
	assert_int_equal(l.n, CASES_MAX);
	case_list_free(&l);
}

/* The last one before, or else one that races within the time given. */
static void test_trigger_before_by_time(void **state)
{
	struct trigger t[3] = {{.ts_ns = 100}, {.ts_ns = 200}, {.ts_ns = 300}};
	struct flow f = {.trigger = t, .n_triggers = 3};
	static const struct {
		int64_t at, race;
		int want; /* -1 none */
	} w[] = {
		{50, 0, -1}, {50, 49, -1}, {50, 50, 0},  {50, 1000, 0}, {99, 0, -1},
		{100, 0, 0}, {199, 0, 0},  {199, 50, 0}, {200, 0, 1},   {900, 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		assert_ptr_equal(trigger_before(&f, w[i].at, w[i].race),
				 w[i].want < 0 ? NULL : &t[w[i].want]);
	f.n_triggers = 0;
	assert_null(trigger_before(&f, 900, 900));
}

static void test_case_trigger_tells_kind_name_and_hello_extension(void **state)
{
	static const char *const ech[] = {"none", "ech", "esni"};
	struct flow f = {.proto = 6};
	struct case_list l = {0};
	struct evidence *ev;

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct trigger t = {.kind = TRIGGER_TLS_SNI,
				    .ech = i,
				    .name_len = 5,
				    .name = "a.org",
				    .last_frame = 9};

		ev = case_new(&l, CASE_RST, &f);
		case_trigger(ev, &t);
		assert_text(ev, TRIGGER_KIND, "tls-sni");
		assert_text(ev, TRIGGER_NAME, "a.org");
		assert_text(ev, TRIGGER_ECH, ech[i]);
		assert_int_equal(evidence_get(ev, FEAT_TRIGGER_NAME)->frame[0], 9);
	}
	{
		struct trigger t = {.kind = TRIGGER_PAYLOAD};

		ev = case_new(&l, CASE_RST, &f);
		case_trigger(ev, &t);
		assert_text(ev, TRIGGER_KIND, "payload");
		assert_unknown(ev, TRIGGER_NAME);
		assert_unknown(ev, TRIGGER_ECH);
	}
	case_list_free(&l);
}

/* An ordinary connection, closed by both: nobody is asked, nothing is said. */
static void test_detect_ordinary_flow_has_no_case(void **state)
{
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	cb_ask(&c);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	cb_send(&c, 0, TCP_FIN | TCP_ACK, NULL, 0);
	cb_send(&c, 1, TCP_FIN | TCP_ACK, NULL, 0);
	cb_ack(&c, 0);
	assert_int_equal(c.f->suspicion & ~SUS_RATE, 0);
	cb_judge(&c);
	assert_int_equal(c.cases.n, 0);
	cb_fini(&c);
}

/* A detector that does not want the flow's suspicion is not asked. */
static void test_detect_asks_only_who_wants_the_flow(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	cb_ask(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_RST), 1);
	c.f->suspicion &= (uint8_t)~SUS_RST;
	cb_judge(&c);
	assert_int_equal(c.cases.n, 0);
	cb_fini(&c);
}

/* One flow, several happenings: a forged page, its reset and the genuine answer over the same bytes. */
static void test_detect_gathers_the_cases_of_all_detectors(void **state)
{
	struct pkt p, r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	cb_ask(&c);
	cb_at(&c, 305);
	p = cb_next(&c, 1, TCP_ACK | TCP_FIN, "<html>blocked</html>", 20);
	p.ttl = 61;
	cb_put(&c, &p);
	r = cb_rst(&c, 1);
	r.ttl = 61;
	r.tcp.seq += 21;
	cb_put(&c, &r);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_PAGE), 1);
	assert_int_equal(cb_n_cases(&c, CASE_RST), 1);
	assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), 1);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_new_states_what_belongs_to_every_case),
		cmocka_unit_test(test_case_new_beyond_the_list_is_counted),
		cmocka_unit_test(test_trigger_before_by_time),
		cmocka_unit_test(test_case_trigger_tells_kind_name_and_hello_extension),
		cmocka_unit_test(test_detect_ordinary_flow_has_no_case),
		cmocka_unit_test(test_detect_asks_only_who_wants_the_flow),
		cmocka_unit_test(test_detect_gathers_the_cases_of_all_detectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
