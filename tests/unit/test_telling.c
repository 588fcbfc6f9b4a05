/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of a flow, when, and how often. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_build.h"

static const struct engine_config at_end = {.memory_bytes = 64 << 20, .want_flows = true};
static const struct engine_config early = {
	.memory_bytes = 64 << 20, .want_flows = true, .follow = true};

/* A flow that ends first of all, then a request reset by a forger, then others' packets until `last_s` after the reset. */
static void scene(struct eb *b, double last_s)
{
	double start = b->at_s, reset;

	b->port = 50000;
	eb_pkt(b, 0, EB_UDP, 0, 0, "first of all");
	b->at_s = start + 50;
	b->port = 40000;
	eb_request(b, "blocked.example");
	reset = b->at_s;
	eb_forged_reset(b);
	b->port = 50001;
	b->at_s = reset + last_s;
	eb_pkt(b, 0, EB_UDP, 0, 0, "last of all");
}

static size_t place(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	if (!at)
		fail_msg("no \"%s\" in:\n%s", what, text);
	return (size_t)(at - text);
}

static uint32_t count(const char *text, const char *what)
{
	uint32_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

static void run_scene(const struct engine_config *cfg, double last_s, struct told_lines *o,
		      struct run_summary *run)
{
	struct eb b;
	const char *file;

	eb_init(&b);
	file = eb_file(&b, "a.pcap");
	scene(&b, last_s);
	eb_end(&b);
	eb_run(cfg, &file, 1, o, run);
	eb_fini(&b);
}

static void test_telling_finding_waits_for_the_end_unless_followed(void **state)
{
	static struct told_lines o;
	struct run_summary run;

	(void)state;
	run_scene(&at_end, 2.6, &o, &run);
	assert_true(run.findings[TECH_RST_INJECTION] == 1);
	assert_true(place(o.text, "flow a.pcap") < place(o.text, "finding a.pcap"));
	run_summary_free(&run);
	run_scene(&early, 2.6, &o, &run);
	assert_true(place(o.text, "flow a.pcap") > place(o.text, "finding a.pcap"));
	run_summary_free(&run);
	/* Not before the flow has settled: 2.5 s, METHODS b. */
	run_scene(&early, 2.4, &o, &run);
	assert_true(place(o.text, "flow a.pcap") < place(o.text, "finding a.pcap"));
	run_summary_free(&run);
}

/* Told early and unchanged at the end: one finding, told once, counted once. */
static void test_telling_unchanged_finding_is_told_once(void **state)
{
	static struct told_lines o;
	struct run_summary late, soon;

	(void)state;
	run_scene(&at_end, 5, &o, &late);
	assert_int_equal(o.findings, 1);
	run_scene(&early, 5, &o, &soon);
	assert_int_equal(o.findings, 1);
	assert_int_equal(count(o.text, "rev 1"), 1);
	assert_memory_equal(late.findings, soon.findings, sizeof(late.findings));
	assert_memory_equal(late.findings_by_grade, soon.findings_by_grade,
			    sizeof(late.findings_by_grade));
	run_summary_free(&late);
	run_summary_free(&soon);
}

/* Life after the reset makes a second revision of what was told early, with the same totals as without following. */
static void test_telling_changed_finding_is_a_later_revision(void **state)
{
	static struct told_lines o;
	struct run_summary run;

	(void)state;
	for (int follow = 0; follow < 2; follow++) {
		struct eb b;
		const char *file;

		eb_init(&b);
		file = eb_file(&b, "a.pcap");
		scene(&b, 3);
		b.port = 40000;
		eb_pkt(&b, 1, TCP_PSH | TCP_ACK, EB_SV + 1, EB_C + 42, "HTTP/1.1 200 OK\r\n\r\n");
		eb_forged_reset(&b);
		eb_forged_reset(&b);
		eb_end(&b);
		eb_run(follow ? &early : &at_end, &file, 1, &o, &run);
		eb_fini(&b);
		assert_int_equal(run.findings[TECH_RST_INJECTION], 1);
		assert_int_equal(count(o.text, "rev 1"), 1);
		assert_int_equal(count(o.text, "rev 2"), follow);
		assert_int_equal(o.findings, 1 + follow);
		run_summary_free(&run);
	}
}

/* A first file whose suspects ended before they had settled must not hold up those of an earlier one read later. */
static void test_telling_follow_in_a_second_file_from_earlier_is_not_held_up(void **state)
{
	static struct told_lines o;
	struct run_summary run;
	const char *file[2];
	struct eb b;

	(void)state;
	eb_init(&b);
	file[0] = eb_file(&b, "a.pcap");
	b.at_s = 100000;
	scene(&b, 1);
	eb_end(&b);
	file[1] = eb_file(&b, "b.pcap");
	b.at_s = 0;
	scene(&b, 5);
	eb_end(&b);
	eb_run(&early, file, 2, &o, &run);
	assert_int_equal(o.findings, 2);
	assert_true(place(o.text, "flow b.pcap") > place(o.text, "finding b.pcap"));
	run_summary_free(&run);
	eb_fini(&b);
}

static void test_telling_record_says_what_the_flow_was(void **state)
{
	static const uint8_t orig[16] = {[10] = 0xff, 0xff, 10, 0, 0, 7},
			     resp[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	static struct told_lines o;
	const struct flow_record *r = &o.last_flow;
	struct run_summary run;
	const char *file;
	struct eb b;

	(void)state;
	eb_init(&b);
	b.host = 7;
	file = eb_file(&b, "a.pcap");
	eb_request(&b, "one.example");
	b.at_s += 0.05; /* an answer faster than the round trip would be a finding */
	eb_pkt(&b, 1, TCP_PSH | TCP_ACK, EB_SV + 1, EB_C + 1 + 37, "HTTP/1.1 200 OK\r\n\r\n");
	eb_pkt(&b, 1, TCP_FIN | TCP_ACK, EB_SV + 20, EB_C + 1 + 37, "");
	eb_pkt(&b, 0, TCP_FIN | TCP_ACK, EB_C + 1 + 37, EB_SV + 21, "");
	eb_end(&b);
	eb_run(&at_end, &file, 1, &o, &run);
	assert_int_equal(o.flows, 1);
	assert_int_equal(o.findings, 0);
	assert_int_equal(run.stage[STAGE_NONE], 1);
	assert_memory_equal(r->orig.addr, orig, 16);
	assert_memory_equal(r->resp.addr, resp, 16);
	assert_int_equal(r->orig.port, 40000);
	assert_int_equal(r->resp.port, 443);
	assert_false(r->udp);
	assert_int_equal(r->packets[0], 4);
	assert_int_equal(r->packets[1], 3);
	assert_int_equal(r->bytes[0], 37);
	assert_int_equal(r->bytes[1], 19);
	assert_int_equal(r->first_ns, EB_START * INT64_C(1000000000));
	assert_int_equal(r->first_frame, 1);
	assert_int_equal(r->last_frame, 7);
	assert_string_equal(r->history, "ShADdfF");
	assert_string_equal(r->app, "HTTP");
	assert_int_equal(r->trigger, TRIGGER_HTTP_HOST);
	assert_string_equal(r->trigger_value, "one.example");
	assert_int_equal(r->trigger_frame, 4);
	assert_int_equal(r->point, POINT_WIRE);
	assert_false(r->one_sided);
	assert_false(r->truncated);
	assert_int_equal(r->lost, 0);
	assert_string_equal(r->tampering, "");
	run_summary_free(&run);
	eb_fini(&b);
}

/* A flow's id is made of its ends, start and first frame: stable over runs and neighbours, different for any other flow. */
static void test_telling_flow_id_is_stable_and_its_own(void **state)
{
	static struct told_lines o;
	struct run_summary run;
	char id[3][FLOW_ID_TEXT];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *file[2];
		struct eb b;

		eb_init(&b);
		file[0] = eb_file(&b, "other.pcap");
		b.host = 9;
		eb_pkt(&b, 0, TCP_SYN, 1, 0, "");
		eb_end(&b);
		file[1] = eb_file(&b, "a.pcap");
		b.host = 1;
		b.at_s = 5;
		b.port = (uint16_t)(40000 + (i == 2));
		eb_request(&b, "one.example");
		eb_end(&b);
		/* Alone, or behind another file. */
		eb_run(&at_end, i ? file : file + 1, i ? 2 : 1, &o, &run);
		memcpy(id[i], o.last_flow.id, FLOW_ID_TEXT);
		assert_int_equal(strspn(id[i], "0123456789abcdef"), 16);
		run_summary_free(&run);
		eb_fini(&b);
	}
	assert_string_equal(id[0], id[1]);
	assert_string_not_equal(id[0], id[2]);
}

/* Every case is shown before the finding that is made of it. */
static void test_telling_cases_come_before_their_finding(void **state)
{
	static struct told_lines o;
	struct run_summary run;

	(void)state;
	run_scene(&at_end, 1, &o, &run);
	assert_true(o.cases >= 1);
	assert_true(place(o.text, "case a.pcap") < place(o.text, "finding a.pcap"));
	run_summary_free(&run);
}

/* The finding's time is that of the first suspected packet; the trigger told is the one before it. */
static void test_telling_finding_has_the_time_of_the_act(void **state)
{
	static struct told_lines o;
	struct run_summary run;
	char at[64];

	(void)state;
	run_scene(&at_end, 1, &o, &run);
	/* The reset follows 0.07 s after the handshake began, which was 50 s after the first packet. */
	snprintf(at, sizeof(at), "at %d070000000:", EB_START + 50);
	(void)place(o.text, at);
	run_summary_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_telling_finding_waits_for_the_end_unless_followed),
		cmocka_unit_test(test_telling_unchanged_finding_is_told_once),
		cmocka_unit_test(test_telling_changed_finding_is_a_later_revision),
		cmocka_unit_test(test_telling_follow_in_a_second_file_from_earlier_is_not_held_up),
		cmocka_unit_test(test_telling_record_says_what_the_flow_was),
		cmocka_unit_test(test_telling_flow_id_is_stable_and_its_own),
		cmocka_unit_test(test_telling_cases_come_before_their_finding),
		cmocka_unit_test(test_telling_finding_has_the_time_of_the_act),
	};

	return cmocka_run_group_tests(tests, eb_group_setup, eb_group_teardown);
}
