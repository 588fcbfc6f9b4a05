/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reset's header says about who built it (METHODS c.1 to c.3). Each test sends a reset as the responder's own kernel would
 * (cb_rst) behind a request and changes one thing. */
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

static void test_rst_of_the_own_stack_shows_no_sign(void **state)
{
	const struct evidence *ev;
	struct cb c;
	struct pkt r;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 1);
	assert_num(ev, RST_TTL, 50);
	assert_num(ev, RST_TTL_DELTA, 0);
	assert_num(ev, RST_TTL_GAP, 0);
	assert_no(ev, RST_TTL_SHIFT);
	assert_num(ev, RST_WIN, 0);
	assert_num(ev, RST_IPID, r.ip_id);
	assert_yes(ev, RST_IPID_FITS);
	assert_no(ev, RST_IPID_ECHO);
	assert_no(ev, RST_IPID_ECHO_NEXT);
	assert_no(ev, RST_WIN_ECHO);
	assert_no(ev, RST_DF_DIFFERS);
	assert_no(ev, RST_ODD_FLAGS);
	assert_no(ev, RST_IDENTICAL);
	assert_no(ev, RST_LOCKSTEP);
	assert_no(ev, RST_TS_MISSING);
	assert_no(ev, RST_BAD_CHECKSUM);
	assert_num(ev, RST_FLAGS, 0x14);
	assert_yes(ev, RST_ACK_FLAG);
	assert_yes(ev, RST_DF);
	assert_num(ev, RST_HDR_LEN, 20);
	assert_num(ev, RST_PAYLOAD_LEN, 0);
	assert_unknown(ev, RST_PAYLOAD);
	assert_unknown(ev, RST_TTL_STEP);
	assert_unknown(ev, RST_WIN_STEP);
	assert_unknown(ev, RST_SEQ_STEP);
	assert_unknown(ev, RST_IPID_STEP);
	assert_unknown(ev, RST_AFTER_PAGE);
	cb_fini(&c);
}

/* The responder's packets arrive with TTL 50, its SYN/ACK with 60: the nearest of the two counts. */
static void test_rst_ttl_is_compared_with_the_nearest_of_its_side(void **state)
{
	static const struct {
		uint8_t ttl;
		int delta;
		bool shift;
	} t[] = {
		{50, 0, false},   {60, 0, false},   {49, -1, false},   {51, 1, false},
		{39, -11, false}, {57, -3, false},  {121, 61, false},  {122, 62, true},
		{124, 64, true},  {126, 66, true},  {184, 124, false}, {186, 126, true},
		{188, 128, true}, {190, 130, true}, {191, 131, false}, {248, 188, false},
		{249, 189, true}, {254, 194, true}, {255, 195, false}, {1, -49, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct pkt p;
		struct cb c;

		cb_init(&c);
		cb_send(&c, 0, TCP_SYN, NULL, 0);
		p = cb_next(&c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		p.ttl = 60;
		cb_put(&c, &p);
		c.seq[1]++;
		cb_ack(&c, 0);
		cb_say(&c, 0, CB_REQUEST);
		cb_ack(&c, 1);
		p = cb_rst(&c, 1);
		p.ttl = t[i].ttl;
		cb_put(&c, &p);
		ev = cb_found(&c, CASE_RST);
		assert_num(ev, RST_TTL, t[i].ttl);
		assert_num(ev, RST_TTL_DELTA, t[i].delta);
		assert_num(ev, RST_TTL_GAP, abs(t[i].delta));
		assert_num(ev, RST_TTL_SHIFT, t[i].shift);
		cb_fini(&c);
	}
}

static void test_rst_ttl_init_is_the_smallest_usual_one_not_below(void **state)
{
	static const int t[][2] = {{1, 32},   {32, 32},   {33, 64},   {64, 64},
				   {65, 128}, {128, 128}, {129, 255}, {255, 255}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;
		struct pkt r;

		start(&c);
		r = cb_rst(&c, 1);
		r.ttl = (uint8_t)t[i][0];
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_TTL_INIT, t[i][1]);
		cb_fini(&c);
	}
}

/* Nothing but resets was seen of that side: there is nothing to compare with. */
static void test_rst_of_a_side_never_seen_is_compared_with_nothing(void **state)
{
	const struct evidence *ev;
	struct cb c;
	struct pkt r;

	(void)state;
	cb_init(&c);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_TTL, 50);
	assert_unknown(ev, RST_TTL_DELTA);
	assert_unknown(ev, RST_TTL_GAP);
	assert_unknown(ev, RST_TTL_SHIFT);
	assert_unknown(ev, RST_IPID_FITS);
	assert_unknown(ev, RST_DF_DIFFERS);
	assert_unknown(ev, RST_TS_MISSING);
	assert_unknown(ev, RST_IPID_ECHO); /* no trigger */
	cb_fini(&c);
}

/* IP ID against the side's counter: on it, off it, and where nothing can be said. */
static void test_rst_ipid_against_the_own_line(void **state)
{
	static const struct {
		int step; /* from the last one of that side */
		int fits;
	} t[] = {{1, 1}, {2, 1}, {8, 1}, {-1, 0}, {5000, 0}, {-300, 0}, {32768, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;
		struct pkt r;

		start(&c);
		r = cb_rst(&c, 1);
		r.ip_id = (uint16_t)(r.ip_id - 1 + t[i].step);
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_IPID_FITS, t[i].fits);
		cb_fini(&c);
	}
}

static void test_rst_ipid_without_a_line_or_id_is_unknown(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		static const uint16_t random[] = {48211, 1903, 60022, 30555};
		const struct evidence *ev;
		struct cb c;
		struct pkt p;

		cb_init(&c);
		if (way == 3) {
			cb_open(&c); /* one packet is no line: none here but the SYN/ACK */
		} else {
			cb_talk(&c);
			for (size_t i = 0; way == 0 && i < ARRAY_LEN(random); i++) {
				c.id[1] = random[i];
				cb_ack(&c, 1);
			}
		}
		cb_ask(&c);
		p = cb_rst(&c, 1);
		if (way == 0)
			p.ip_id = 5;
		if (way == 1)
			p.ip_id = 0; /* what Linux gives a reset outside a connection */
		if (way == 2) {
			p.has_ip_id = false; /* IPv6 */
			p.ip_id = 0;
		}
		cb_put(&c, &p);
		ev = cb_found(&c, CASE_RST);
		assert_unknown(ev, RST_IPID_FITS);
		if (way == 2) {
			assert_unknown(ev, RST_IPID);
			assert_unknown(ev, RST_DF);
			assert_unknown(ev, RST_DF_DIFFERS);
			assert_unknown(ev, RST_IPID_ECHO);
			assert_unknown(ev, RST_IPID_ECHO_NEXT);
		}
		cb_fini(&c);
	}
}

/* The worst of a burst counts. */
static void test_rst_ipid_of_one_off_the_line_is_off(void **state)
{
	const struct evidence *ev;
	struct pkt r[2];
	struct cb c;

	(void)state;
	start(&c);
	r[0] = cb_rst(&c, 1);
	cb_put(&c, &r[0]);
	r[1] = cb_rst(&c, 1);
	r[1].ip_id = 7;
	cb_put(&c, &r[1]);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 2);
	assert_no(ev, RST_IPID_FITS);
	assert_int_equal(evidence_get(ev, FEAT_RST_IPID_FITS)->frame[0], r[1].frame_no);
	cb_fini(&c);
}

static void test_rst_ipid_echo_is_the_trigger_s_of_the_other_side(void **state)
{
	struct cb c;
	struct pkt r;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.ip_id = (uint16_t)(c.id[0] - 1); /* the request's */
	cb_put(&c, &r);
	assert_yes(cb_found(&c, CASE_RST), RST_IPID_ECHO);
	cb_fini(&c);

	/* a reset in orig's name: orig sent the trigger itself, so nothing is echoed */
	start(&c);
	r = cb_rst(&c, 0);
	r.ip_id = (uint16_t)(c.id[0] - 2);
	cb_put(&c, &r);
	assert_unknown(cb_found(&c, CASE_RST), RST_IPID_ECHO);
	cb_fini(&c);

	/* both 0 */
	cb_init(&c);
	cb_open(&c);
	c.id[0] = 0;
	cb_ask(&c);
	r = cb_rst(&c, 1);
	r.ip_id = 0;
	cb_put(&c, &r);
	assert_no(cb_found(&c, CASE_RST), RST_IPID_ECHO);
	cb_fini(&c);

	/* equal, but this side's own counter is just there */
	cb_init(&c);
	c.id[1] = CB_ORIG_ID;
	cb_talk(&c);
	cb_ask(&c);
	r = cb_rst(&c, 1);
	r.ip_id = (uint16_t)(c.id[0] - 1);
	cb_put(&c, &r);
	assert_yes(cb_found(&c, CASE_RST), RST_IPID_FITS);
	assert_no(cb_found(&c, CASE_RST), RST_IPID_ECHO);
	assert_no(cb_found(&c, CASE_RST), RST_IPID_ECHO_NEXT);
	cb_fini(&c);
}

static void test_rst_ipid_echo_next_is_the_other_side_s_last_plus_one(void **state)
{
	(void)state;
	for (int step = 0; step < 4; step++) {
		struct cb c;
		struct pkt r;

		start(&c);
		r = cb_rst(&c, 1);
		r.ip_id = (uint16_t)(c.id[0] - 1 + step);
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_IPID_ECHO_NEXT, step == 1);
		cb_fini(&c);
	}
}

static void test_rst_win_echo_is_the_other_side_s_last_window(void **state)
{
	static const struct {
		uint16_t peer, mine, rst;
		bool echo;
	} t[] = {
		{64240, 29000, 64240, true}, {64240, 29000, 64239, false}, {64240, 29000, 0, false},
		{0, 29000, 0, false},        {65535, 65535, 65535, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;
		struct pkt p;

		cb_init(&c);
		cb_talk(&c);
		p = cb_next(&c, 1, TCP_ACK, NULL, 0);
		p.tcp.win = t[i].mine;
		cb_put(&c, &p);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		p.tcp.win = t[i].peer;
		cb_put(&c, &p);
		p = cb_rst(&c, 1);
		p.tcp.win = t[i].rst;
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_RST), RST_WIN_ECHO, t[i].echo);
		cb_fini(&c);
	}
}

/* Only resets and the packets of one side: nothing could be echoed. */
static void test_rst_echoes_without_the_other_side_are_unknown(void **state)
{
	const struct evidence *ev;
	struct cb c;
	struct pkt r;

	(void)state;
	cb_init(&c);
	cb_ack(&c, 1);
	cb_say(&c, 1, CB_ANSWER);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_unknown(ev, RST_WIN_ECHO);
	assert_unknown(ev, RST_IPID_ECHO_NEXT);
	assert_yes(ev, FLOW_ONE_SIDED);
	assert_yes(ev, FLOW_MIDSTREAM);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_of_the_own_stack_shows_no_sign),
		cmocka_unit_test(test_rst_ttl_is_compared_with_the_nearest_of_its_side),
		cmocka_unit_test(test_rst_ttl_init_is_the_smallest_usual_one_not_below),
		cmocka_unit_test(test_rst_of_a_side_never_seen_is_compared_with_nothing),
		cmocka_unit_test(test_rst_ipid_against_the_own_line),
		cmocka_unit_test(test_rst_ipid_without_a_line_or_id_is_unknown),
		cmocka_unit_test(test_rst_ipid_of_one_off_the_line_is_off),
		cmocka_unit_test(test_rst_ipid_echo_is_the_trigger_s_of_the_other_side),
		cmocka_unit_test(test_rst_ipid_echo_next_is_the_other_side_s_last_plus_one),
		cmocka_unit_test(test_rst_win_echo_is_the_other_side_s_last_window),
		cmocka_unit_test(test_rst_echoes_without_the_other_side_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
