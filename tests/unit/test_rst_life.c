/* SPDX-License-Identifier: BSD-3-Clause */
/* What no conforming stack does around its own reset: it lives on, sends data after it, resets with a number its data reaches only
 * later, or resets above everything it sent (METHODS b: LIFE_AFTER_RST, DATA_SEQ_RST, a.5 step 3, RST_SEQ_CHANGE). */
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

/* A reset at 305 ms, then one packet of the same side `ms` later. */
static void test_rst_life_after_by_time_ttl_and_number(void **state)
{
	static const struct {
		int ms;
		uint8_t ttl;
		int32_t off; /* of its number from the next byte */
		const char *data;
		uint16_t flags;
		bool life;
	} t[] = {
		{50, 50, 0, "", TCP_ACK, true},
		{50, 50, 0, "HTTP/1.1 200 OK", TCP_ACK, true},
		{50, 50, 0, "", TCP_ACK | TCP_FIN, true},
		{50, 43, 0, "", TCP_ACK, false}, /* a TTL that side never used: another forgery */
		{5, 50, 0, "", TCP_ACK, false},  /* overtaken on the way, perhaps */
		{5, 50, 0, "HTTP/1.1 200 OK", TCP_ACK,
		 true}, /* new data is no reordering of older packets */
		{5, 50, -40, "HTTP/1.1 200 OK", TCP_ACK, false},
		{2000, 50, 0, "", TCP_ACK, true},
		{2001, 50, 0, "", TCP_ACK, false},
		{50, 50, 0, "", TCP_RST, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		start(&c);
		p = cb_rst(&c, 1);
		p.ttl = 70;
		cb_put(&c, &p);
		cb_at(&c, 305 + t[i].ms);
		p = cb_next(&c, 1, t[i].flags, t[i].data, strlen(t[i].data));
		p.ttl = t[i].ttl;
		p.tcp.seq += (uint32_t)t[i].off;
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_RST), RST_LIFE_AFTER, t[i].life);
		if (t[i].life)
			assert_int_equal(evidence_get(cb_case(&c, CASE_RST, 0), FEAT_RST_LIFE_AFTER)
						 ->frame[0],
					 p.frame_no);
		cb_fini(&c);
	}
}

/* What the other side does after the reset is not that side's life. */
static void test_rst_life_of_the_other_side_does_not_count(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	p = cb_rst(&c, 1);
	cb_put(&c, &p);
	cb_at(&c, 400);
	cb_ack(&c, 0);
	assert_no(cb_found(&c, CASE_RST), RST_LIFE_AFTER);
	assert_no(cb_found(&c, CASE_RST), RST_DATA_AFTER);
	cb_fini(&c);
}

static void test_rst_data_after_is_new_and_at_or_above_the_reset(void **state)
{
	static const struct {
		int ms;
		int32_t off; /* of the data from the reset's number */
		bool sent_before, data;
	} t[] = {
		{30, 0, false, true}, {30, 1460, false, true}, {30, -1, false, false},
		{30, 0, true, false}, {1999, 0, false, true},  {2001, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p, d;
		struct cb c;

		start(&c);
		p = cb_rst(&c, 1);
		d = cb_next(&c, 1, TCP_ACK | TCP_PSH, CB_ANSWER, strlen(CB_ANSWER));
		d.tcp.seq += (uint32_t)t[i].off;
		if (t[i].sent_before) {
			cb_put(&c, &d);
			p.frame_no++;
		}
		cb_put(&c, &p);
		cb_at(&c, 305 + t[i].ms);
		d.ts_ns = c.b.now_ns;
		d.frame_no = c.b.frame + 1;
		cb_put(&c, &d);
		assert_num(cb_found(&c, CASE_RST), RST_DATA_AFTER, t[i].data);
		cb_fini(&c);
	}
}

/* Server-side view: the reset in orig's name carries the number that orig's request reaches only after it. */
static void test_rst_raced_was_built_from_data_that_came_after_it(void **state)
{
	static const struct {
		int32_t off; /* of the reset's number from the request's end */
		int ms;
		bool raced;
	} t[] = {{0, 5, true}, {0, 1999, true}, {0, 2100, false}, {1, 5, false}, {-1, 5, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint32_t end;
		struct pkt r;
		struct cb c;

		cb_init(&c);
		cb_talk(&c);
		end = c.seq[0] + (uint32_t)strlen(CB_REQUEST);
		cb_at(&c, 300);
		r = cb_rst(&c, 0);
		r.tcp.seq = end + (uint32_t)t[i].off;
		cb_put(&c, &r);
		cb_at(&c, 300 + t[i].ms);
		cb_say(&c, 0, CB_REQUEST);
		assert_num(cb_found(&c, CASE_RST), RST_RACED, t[i].raced);
		if (t[i].raced && t[i].ms == 5) {
			assert_text(cb_case(&c, CASE_RST, 0), TRIGGER_NAME, "blocked.example");
			assert_num(cb_case(&c, CASE_RST, 0), RST_LAG, -5 * FB_MS);
			assert_unknown(cb_case(&c, CASE_RST, 0), RST_TOO_FAST);
			assert_no(cb_case(&c, CASE_RST, 0), RST_AFTER_DATA);
		}
		cb_fini(&c);
	}
}

/* An ordinary reset: its number is what was sent before it. */
static void test_rst_at_the_next_byte_is_not_raced(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 0);
	cb_put(&c, &r);
	assert_no(cb_found(&c, CASE_RST), RST_RACED);
	cb_fini(&c);
}

/* Two resets of resp; N is resp's next byte, and orig acknowledged everything below it. `before` and `between` put one more packet
 * before the first and between the two. */
enum extra { NOTHING, FIN_OF_X, RST_OF_PEER, ACK_AHEAD, DATA_UNACKED, PEER_ECHO };

static bool seq_change(uint32_t isn, int32_t first, int32_t second, int64_t gap_us,
		       enum extra before, enum extra between)
{
	const struct ev_value *v;
	struct cb c;
	uint32_t n;
	bool yes;

	cb_init(&c);
	c.seq[1] = isn;
	cb_talk(&c);
	cb_ask(&c);
	n = c.seq[1];
	for (int i = 0; i < 2; i++) {
		enum extra e = i ? between : before;
		struct pkt p;

		if (e == FIN_OF_X || e == RST_OF_PEER) {
			p = cb_next(&c, e == FIN_OF_X,
				    TCP_ACK | (e == FIN_OF_X ? TCP_FIN : TCP_RST), NULL, 0);
			p.tcp.seq -= e == FIN_OF_X; /* keeps resp's next byte at N */
			cb_put(&c, &p);
		}
		if (e == ACK_AHEAD || e == PEER_ECHO) {
			p = cb_next(&c, 0, TCP_ACK, NULL, 0);
			p.tcp.ack = e == ACK_AHEAD ? n + 1000 : n + (uint32_t)second;
			cb_put(&c, &p);
		}
		if (e == DATA_UNACKED) {
			p = cb_next(&c, 1, TCP_ACK, "0123456789", 10);
			cb_put(&c, &p);
		}
		if (!i)
			cb_at(&c, 400);
		else
			c.b.now_ns = FB_START + 400 * FB_MS + gap_us * 1000;
		p = cb_rst(&c, 1);
		p.tcp.seq = n + (uint32_t)(i ? second : first);
		cb_put(&c, &p);
	}
	cb_judge(&c);
	v = NULL;
	for (uint32_t i = 0; i < c.cases.n && !v; i++)
		if (evidence_get(c.cases.at[i], FEAT_RST_COUNT)->num == 2)
			v = evidence_get(c.cases.at[i], FEAT_RST_SEQ_CHANGE);
	assert_non_null(v);
	yes = v->num;
	cb_fini(&c);
	return yes;
}

/* Weaver 2009, RST_SEQ_CHANGE: each of the six conditions alone undoes it; every one also where the numbers wrap. */
static void test_rst_seq_change_six_conditions_one_by_one(void **state)
{
	static const uint32_t isn[] = {900000, 0xffffff00, 0xffffffb0, 0xfffffff0, 0x7fffffc0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(isn); i++) {
		uint32_t n = isn[i];

		assert_true(seq_change(n, 0, 1460, 100, NOTHING, NOTHING));
		assert_true(seq_change(n, 0, 3, 100, NOTHING, NOTHING));
		/* 1: above the first by more than 2 */
		assert_false(seq_change(n, 0, 0, 100, NOTHING, NOTHING));
		assert_false(seq_change(n, 1460, 0, 100, NOTHING, NOTHING));
		assert_false(seq_change(n, 1, 3, 100, NOTHING, NOTHING));
		assert_true(seq_change(n, 1, 4, 100, NOTHING, NOTHING));
		/* 2: within 2 s */
		assert_true(seq_change(n, 0, 1460, 1999999, NOTHING, NOTHING));
		assert_false(seq_change(n, 0, 1460, 2000000, NOTHING, NOTHING));
		/* 3: above all that X sent; the last 10 bytes are not acknowledged */
		assert_false(seq_change(n, 0, 10, 100, DATA_UNACKED, NOTHING));
		assert_true(seq_change(n, 0, 11, 100, DATA_UNACKED, NOTHING));
		/* 4: above the peer's ACK by more than 2 */
		assert_false(seq_change(n, 0, 1002, 100, ACK_AHEAD, NOTHING));
		assert_true(seq_change(n, 0, 1003, 100, ACK_AHEAD, NOTHING));
		/* 5: no FIN of X, no RST of the peer before the first */
		assert_false(seq_change(n, 0, 1460, 100, FIN_OF_X, NOTHING));
		assert_false(seq_change(n, 0, 1460, 100, RST_OF_PEER, NOTHING));
		assert_true(seq_change(n, 0, 1460, 100, NOTHING, FIN_OF_X));
		assert_true(seq_change(n, 0, 1460, 100, NOTHING, RST_OF_PEER));
		/* not in the paper: the second only echoes what orig acknowledged meanwhile (a hijacked handshake) */
		assert_false(seq_change(n, 0, 1460, 100, NOTHING, PEER_ECHO));
	}
}

/* 6: the peer's direction must have been seen. */
static void test_rst_seq_change_without_the_peer_is_not_claimed(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_say(&c, 1, CB_ANSWER);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	r = cb_rst(&c, 1);
	r.tcp.seq += 1460;
	cb_put(&c, &r);
	assert_num(cb_found(&c, CASE_RST), RST_COUNT, 2);
	assert_no(cb_found(&c, CASE_RST), RST_SEQ_CHANGE);
	cb_fini(&c);
}

/* The pair slides: the second is the first of the next pair. */
static void test_rst_seq_change_in_the_second_pair_is_found(void **state)
{
	const struct ev_value *v;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	for (int i = 0; i < 3; i++) {
		r = cb_rst(&c, 1);
		r.tcp.seq += i == 2 ? 4380 : 0;
		cb_put(&c, &r);
	}
	assert_yes(cb_found(&c, CASE_RST), RST_SEQ_CHANGE);
	v = evidence_get(cb_case(&c, CASE_RST, 0), FEAT_RST_SEQ_CHANGE);
	assert_int_equal(v->frame[0], r.frame_no - 1);
	assert_int_equal(v->frame[1], r.frame_no);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_life_after_by_time_ttl_and_number),
		cmocka_unit_test(test_rst_life_of_the_other_side_does_not_count),
		cmocka_unit_test(test_rst_data_after_is_new_and_at_or_above_the_reset),
		cmocka_unit_test(test_rst_raced_was_built_from_data_that_came_after_it),
		cmocka_unit_test(test_rst_at_the_next_byte_is_not_raced),
		cmocka_unit_test(test_rst_seq_change_six_conditions_one_by_one),
		cmocka_unit_test(test_rst_seq_change_without_the_peer_is_not_claimed),
		cmocka_unit_test(test_rst_seq_change_in_the_second_pair_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
