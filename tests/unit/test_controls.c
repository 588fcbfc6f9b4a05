/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "across/controls.h"
#include "base/limits.h"

#define S INT64_C(1000000000)

static const uint8_t client[16] = {1}, client2[16] = {2}, server[16] = {9}, server2[16] = {10};

/* A TCP attempt at server:443 under `name` at `at` seconds. */
static void note(struct controls *c, uint64_t flow_no, const char *name,
		 enum control_outcome outcome, int64_t at)
{
	struct control_note n = {.flow_no = flow_no,
				 .orig = client,
				 .resp = server,
				 .resp_port = 443,
				 .proto = 6,
				 .outcome = (uint8_t)outcome,
				 .name = controls_name(name, strlen(name)),
				 .ts_ns = at * S};

	if (outcome == CONTROL_OK) {
		n.ttl = 50;
		n.rtt_ns = S / 10;
	}
	controls_note(c, &n);
}

static struct control_answer ask(const struct controls *c, const char *name, int64_t from,
				 int64_t to)
{
	struct control_ask a = {.flow_no = 1000,
				.addr = server,
				.proto = 6,
				.port = 443,
				.name = controls_name(name, strlen(name)),
				.from_ns = from * S,
				.to_ns = to * S,
				.now_ns = to * S};
	struct control_answer out;

	controls_ask(c, &a, &out);
	return out;
}

static void test_ask_same_and_other_name_are_told_apart(void **state)
{
	struct controls *c = controls_new();
	struct control_answer k;

	(void)state;
	note(c, 1, "a.example", CONTROL_TRIED, 10);
	note(c, 1, "a.example", CONTROL_OK, 11);
	note(c, 2, "b.example", CONTROL_TRIED, 12);
	note(c, 3, "B.Example", CONTROL_FAILED, 13);
	note(c, 4, "c.example", CONTROL_OK, 14);
	k = ask(c, "b.example", 0, 60);
	assert_int_equal(k.same.ok, 0);
	assert_int_equal(k.same.failed, 2);
	assert_int_equal(k.same.failed_first_ns, 12 * S);
	assert_int_equal(k.same.failed_last_ns, 13 * S);
	assert_int_equal(k.other.ok, 2);
	assert_int_equal(k.other.ok_first_ns, 11 * S);
	assert_int_equal(k.other.ok_last_ns, 14 * S);
	assert_int_equal(k.names_ok, 2);
	assert_false(k.mixed);
	controls_free(c);
}

static void test_ask_cleared_knows_nothing(void **state)
{
	struct controls *c = controls_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ask(c, "a.example", 0, 100).same.ok, 0);
		note(c, 1, "a.example", CONTROL_OK, 10);
		note(c, 2, "a.example", CONTROL_OK, 20);
		assert_int_equal(ask(c, "a.example", 0, 100).same.ok, 2);
		controls_clear(c);
	}
	controls_free(c);
}

static void test_ask_young_attempt_is_neither(void **state)
{
	struct controls *c = controls_new();
	struct control_answer k;

	(void)state;
	note(c, 1, "a.example", CONTROL_TRIED, 10);
	k = ask(c, "a.example", 0, 14);
	assert_int_equal(k.same.failed + k.same.ok, 0);
	k = ask(c, "a.example", 0, 15);
	assert_int_equal(k.same.failed, 1);
	controls_free(c);
}

static void test_note_outcome_never_falls(void **state)
{
	struct controls *c = controls_new();
	struct control_answer k;

	(void)state;
	note(c, 1, "a.example", CONTROL_OK, 10);
	note(c, 1, "a.example", CONTROL_TRIED, 11);
	k = ask(c, "a.example", 0, 60);
	assert_int_equal(k.same.ok, 1);
	note(c, 1, "a.example", CONTROL_FAILED, 12);
	note(c, 1, "a.example", CONTROL_OK, 13);
	k = ask(c, "a.example", 0, 60);
	assert_int_equal(k.same.ok, 0);
	assert_int_equal(k.same.failed, 1);
	controls_free(c);
}

static void test_ask_own_flow_other_port_and_other_time_do_not_count(void **state)
{
	struct controls *c = controls_new();
	struct control_note n = {.flow_no = 5,
				 .orig = client,
				 .resp = server,
				 .resp_port = 8443,
				 .proto = 6,
				 .outcome = CONTROL_OK,
				 .ts_ns = 10 * S};
	struct control_answer k;

	(void)state;
	note(c, 1000, "a.example", CONTROL_OK, 10);
	note(c, 1, "a.example", CONTROL_OK, 100);
	controls_note(c, &n);
	n.flow_no = 6;
	n.resp_port = 443;
	n.proto = 17;
	controls_note(c, &n);
	k = ask(c, "a.example", 0, 60);
	assert_int_equal(k.same.ok + k.same.failed + k.other.ok + k.other.failed, 0);
	controls_free(c);
}

static void test_ask_controls_that_disagree_are_left_out(void **state)
{
	struct controls *c = controls_new();
	struct control_ask a = {.flow_no = 1000,
				.addr = server,
				.to_ns = 60 * S,
				.now_ns = 60 * S,
				.ttl = 50,
				.rtt_ns = S / 10};
	struct control_note n = {.flow_no = 2,
				 .orig = client,
				 .resp = server,
				 .resp_port = 443,
				 .proto = 6,
				 .outcome = CONTROL_OK,
				 .ts_ns = 10 * S,
				 .ttl = 120,
				 .rtt_ns = S / 10};
	struct control_answer k;

	(void)state;
	note(c, 1, "a.example", CONTROL_OK, 10);
	controls_note(c, &n);
	n.flow_no = 3;
	n.ttl = 51;
	n.rtt_ns = S;
	controls_note(c, &n);
	controls_ask(c, &a, &k);
	assert_int_equal(k.other.ok, 1);
	assert_int_equal(k.disagree, 2);
	a.ttl = 0;
	a.rtt_ns = 0;
	controls_ask(c, &a, &k);
	assert_int_equal(k.other.ok, 3);
	assert_true(k.mixed);
	controls_free(c);
}

static void test_ask_by_orig_counts_peers_once(void **state)
{
	struct controls *c = controls_new();
	struct control_note n = {.flow_no = 1,
				 .orig = client,
				 .resp = server2,
				 .resp_port = 443,
				 .proto = 17,
				 .outcome = CONTROL_OK,
				 .ts_ns = 10 * S,
				 .version = 1};
	struct control_ask a = {.flow_no = 1000,
				.by = CONTROL_BY_ORIG,
				.addr = client,
				.to_ns = 60 * S,
				.now_ns = 60 * S,
				.version = 2};
	struct control_answer k;

	(void)state;
	controls_note(c, &n);
	n.flow_no = 2;
	n.outcome = CONTROL_TRIED;
	controls_note(c, &n);
	note(c, 3, "a.example", CONTROL_TRIED, 10);
	note(c, 4, "a.example", CONTROL_TRIED, 11);
	n.flow_no = 5;
	n.orig = client2;
	controls_note(c, &n);
	controls_ask(c, &a, &k);
	assert_int_equal(k.peers_ok, 1);
	assert_int_equal(k.peers_failed, 1);
	assert_int_equal(k.other_version_ok, 1);
	a.not_resp = server;
	controls_ask(c, &a, &k);
	assert_int_equal(k.peers_failed, 0);
	a.by = CONTROL_BY_RESP;
	a.addr = server2;
	a.orig = client2;
	controls_ask(c, &a, &k);
	assert_int_equal(k.other.ok, 0);
	assert_int_equal(k.other.failed, 1);
	controls_free(c);
}

static void test_note_lines_of_a_host_are_bounded(void **state)
{
	struct controls *c = controls_new();
	struct control_answer k;

	(void)state;
	for (uint64_t i = 1; i <= LIMIT_CONTROL_LINES; i++)
		note(c, i, "a.example", CONTROL_OK, 10);
	assert_int_equal(controls_evicted(c), 0);
	note(c, LIMIT_CONTROL_LINES + 1, "b.example", CONTROL_OK, 11);
	/* One line of the responder's, one of the originator's, one of the pair's. */
	assert_int_equal(controls_evicted(c), 3);
	k = ask(c, "b.example", 0, 60);
	assert_int_equal(k.same.ok, 1);
	assert_int_equal(k.other.ok, LIMIT_CONTROL_LINES - 1);
	assert_true(k.cut);
	assert_false(ask(c, "b.example", 11, 60).cut);
	controls_free(c);
}

static void test_note_hosts_are_bounded(void **state)
{
	struct controls *c = controls_new();
	uint8_t orig[16] = {7}, resp[16] = {8};
	struct control_note n = {.orig = orig,
				 .resp = resp,
				 .resp_port = 443,
				 .proto = 6,
				 .outcome = CONTROL_OK,
				 .ts_ns = 20 * S};
	uint64_t held = 0;

	(void)state;
	for (uint32_t i = 0; i < 3 * LIMIT_CONTROL_HOSTS; i++) {
		struct control_ask a = {.flow_no = 0, .addr = resp, .to_ns = 60 * S};
		struct control_answer k;

		n.flow_no = i + 1;
		memcpy(orig + 4, &i, 4);
		memcpy(resp + 4, &i, 4);
		controls_note(c, &n);
		controls_ask(c, &a, &k);
		held += k.other.ok;
	}
	/* Whoever came last is always there, and all that came before went or are there still. */
	assert_int_equal(held, 3 * LIMIT_CONTROL_HOSTS);
	assert_true(controls_evicted(c) >= 3 * 2 * LIMIT_CONTROL_HOSTS);
	assert_true(controls_evicted(c) < 3 * 3 * LIMIT_CONTROL_HOSTS);
	controls_free(c);
}

static void test_name_is_blind_to_case_and_never_zero(void **state)
{
	(void)state;
	assert_int_equal(controls_name("", 0), 0);
	assert_true(controls_name("A.Example", 9) == controls_name("a.eXAMPLE", 9));
	assert_true(controls_name("a.example", 9) != controls_name("b.example", 9));
	assert_true(controls_name("a", 1) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask_same_and_other_name_are_told_apart),
		cmocka_unit_test(test_ask_cleared_knows_nothing),
		cmocka_unit_test(test_ask_young_attempt_is_neither),
		cmocka_unit_test(test_note_outcome_never_falls),
		cmocka_unit_test(test_ask_own_flow_other_port_and_other_time_do_not_count),
		cmocka_unit_test(test_ask_controls_that_disagree_are_left_out),
		cmocka_unit_test(test_ask_by_orig_counts_peers_once),
		cmocka_unit_test(test_note_lines_of_a_host_are_bounded),
		cmocka_unit_test(test_note_hosts_are_bounded),
		cmocka_unit_test(test_name_is_blind_to_case_and_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
