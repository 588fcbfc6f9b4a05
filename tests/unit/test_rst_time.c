/* SPDX-License-Identifier: BSD-3-Clause */
/* Could the reset have come from as far as it claims (METHODS c.4)? The round trip to resp is 100 ms here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

/* Handshake with that round trip, the request right behind it; the time at which the request was sent, in us. */
static int64_t asked(struct cb *c, int64_t rtt_us)
{
	cb_init(c);
	cb_at_us(c, 0);
	cb_send(c, 0, TCP_SYN, NULL, 0);
	cb_at_us(c, rtt_us);
	cb_send(c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	cb_at_us(c, rtt_us + 100);
	cb_ack(c, 0);
	cb_at_us(c, rtt_us + 200);
	cb_say(c, 0, CB_REQUEST);
	return rtt_us + 200;
}

static void test_rst_too_fast_below_seven_tenths_of_the_round_trip(void **state)
{
	static const struct {
		int64_t rtt_us, lag_us;
		bool fast;
	} t[] = {
		{100000, 7400, true},
		{100000, 69999, true},
		{100000, 70000, false},
		{100000, 100000, false},
		{100000, 400000, false},
		{318000, 7400, true}, /* naiveproxy #558 */
		/* a path shorter than twice the clock's jitter cannot be judged */
		{5000, 2999, true},
		{5000, 3000, false},
		{2000, 1, false},
		{2002, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct pkt r;
		struct cb c;

		cb_at_us(&c, asked(&c, t[i].rtt_us) + t[i].lag_us);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		ev = cb_found(&c, CASE_RST);
		assert_num(ev, RST_LAG, t[i].lag_us * 1000);
		assert_num(ev, RST_RTT, t[i].rtt_us * 1000);
		assert_num(ev, RST_TOO_FAST, t[i].fast);
		cb_fini(&c);
	}
}

/* The smallest of all round trips: resp acknowledges a later request faster. */
static void test_rst_rtt_is_the_smallest_seen(void **state)
{
	struct pkt r;
	struct cb c;

	(void)state;
	asked(&c, 100000);
	cb_at(&c, 260);
	cb_ack(&c, 1);
	cb_at(&c, 300);
	cb_say(&c, 0, CB_REQUEST);
	cb_at(&c, 340);
	cb_ack(&c, 1);
	cb_at(&c, 400);
	cb_say(&c, 0, CB_REQUEST);
	cb_at(&c, 430);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	assert_num(cb_found(&c, CASE_RST), RST_RTT, 40 * FB_MS);
	assert_num(cb_found(&c, CASE_RST), RST_LAG, 30 * FB_MS);
	assert_no(cb_found(&c, CASE_RST), RST_TOO_FAST); /* 30 ms is more than 28 */
	cb_fini(&c);
}

/* Karn: what was sent twice asks no question; then nothing is known of the path. */
static void test_rst_without_a_round_trip_is_not_judged(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	p = cb_next(&c, 0, TCP_SYN, NULL, 0);
	p.tcp.seq = FB_C;
	cb_put(&c, &p);
	cb_at(&c, 100);
	cb_send(&c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	cb_say(&c, 0, CB_REQUEST);
	p = cb_rst(&c, 1);
	cb_put(&c, &p);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_LAG, 2 * FB_MS);
	assert_unknown(ev, RST_RTT);
	assert_unknown(ev, RST_TOO_FAST);
	cb_fini(&c);
}

static void test_rst_without_trigger_has_no_lag(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_RTT, 100 * FB_MS);
	assert_unknown(ev, RST_LAG);
	assert_unknown(ev, RST_TOO_FAST);
	cb_fini(&c);
}

/* The opener resets after its own request: nothing of the other side is answered, so nothing can be too fast. */
static void test_rst_of_the_opener_is_never_too_fast(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	asked(&c, 100000);
	r = cb_rst(&c, 0);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_LAG, 2 * FB_MS);
	assert_unknown(ev, RST_TOO_FAST);
	cb_fini(&c);
}

/* A reset without ACK number may answer an earlier packet of orig: it counts as too fast only when that one is too young as well, or
 * older than two round trips. One that acknowledges the request's end was made by somebody who saw it. */
static void test_rst_that_may_answer_an_earlier_packet(void **state)
{
	static const struct {
		int earlier_ms; /* how long before the reset orig sent its last packet before the request */
		bool ack, fast;
	} t[] = {
		{69, false, true},   {70, false, false}, {100, false, false},
		{200, false, false}, {201, false, true}, {100, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt r;
		struct cb c;

		cb_init(&c);
		cb_open(&c); /* orig's ACK comes at 101 ms */
		cb_at(&c, 101 + t[i].earlier_ms - 5);
		cb_say(&c, 0, CB_REQUEST);
		cb_at(&c, 101 + t[i].earlier_ms);
		r = cb_rst(&c, 1);
		if (!t[i].ack) {
			r.tcp.flags = TCP_RST;
			r.tcp.ack = 0;
		}
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_LAG, 5 * FB_MS);
		assert_num(cb_found(&c, CASE_RST), RST_TOO_FAST, t[i].fast);
		cb_fini(&c);
	}
}

/* The trigger in two segments: the lag counts from the last. */
static void test_rst_lag_counts_from_the_last_packet_of_the_trigger(void **state)
{
	static const char half[] = "GET / HTTP/1.1\r\nX-Fill: yes\r\n",
			  rest[] = "Host: blocked.example\r\n\r\n";
	const struct ev_value *v;
	struct pkt r;
	struct cb c;
	uint64_t frame;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	cb_at(&c, 110);
	cb_say(&c, 0, half);
	cb_at(&c, 130);
	frame = cb_say(&c, 0, rest);
	cb_at(&c, 137);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	assert_num(cb_found(&c, CASE_RST), RST_LAG, 7 * FB_MS);
	v = evidence_get(cb_case(&c, CASE_RST, 0), FEAT_RST_LAG);
	assert_int_equal(v->frame[0], frame);
	assert_int_equal(v->frame[1], r.frame_no);
	cb_fini(&c);
}

/* A firewall's idle timeout: the reset comes after minutes of silence (MIDDLEBOXES 11). */
static void test_rst_idle_is_the_silence_before_it(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_talk(&c); /* ends at 205 ms */
	cb_at(&c, 205 + 90000);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	cb_at(&c, 205 + 90003);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_IDLE, 90 * FB_S);
	assert_num(ev, RST_SPAN, 3 * FB_MS);
	cb_fini(&c);
}

/* Within 3 hops of resp and a full round trip away: what a balancer sends. Nearer in time, farther in hops, or in orig's name: none. */
static void test_rst_near_resp_is_where_a_balancer_stands(void **state)
{
	static const struct {
		int who, ttl_off;
		int64_t lag_us;
		int near;
	} t[] = {
		{1, 0, 100000, 1}, {1, 3, 100000, 1}, {1, -3, 70000, 1}, {1, 4, 100000, 0},
		{1, -4, 90000, 0}, {1, 2, 69000, 0},  {0, 2, 100000, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt r;
		struct cb c;

		cb_at_us(&c, asked(&c, 100000) + t[i].lag_us);
		r = cb_rst(&c, t[i].who);
		r.ttl = (uint8_t)(r.ttl + t[i].ttl_off);
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_NEAR_RESP, t[i].near);
		cb_fini(&c);
	}
}

/* No round trip, no word about where it was made; but a TTL that is far is far. */
static void test_rst_near_resp_without_a_round_trip_is_unknown(void **state)
{
	(void)state;
	for (int far = 0; far < 2; far++) {
		struct pkt r;
		struct cb c;

		cb_init(&c);
		cb_ack(&c, 1);
		cb_say(&c, 0, CB_REQUEST);
		r = cb_rst(&c, 1);
		r.ttl = (uint8_t)(r.ttl + (far ? 9 : 2));
		cb_put(&c, &r);
		if (far)
			assert_no(cb_found(&c, CASE_RST), RST_NEAR_RESP);
		else
			assert_unknown(cb_found(&c, CASE_RST), RST_NEAR_RESP);
		cb_fini(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_near_resp_is_where_a_balancer_stands),
		cmocka_unit_test(test_rst_near_resp_without_a_round_trip_is_unknown),
		cmocka_unit_test(test_rst_too_fast_below_seven_tenths_of_the_round_trip),
		cmocka_unit_test(test_rst_rtt_is_the_smallest_seen),
		cmocka_unit_test(test_rst_without_a_round_trip_is_not_judged),
		cmocka_unit_test(test_rst_without_trigger_has_no_lag),
		cmocka_unit_test(test_rst_of_the_opener_is_never_too_fast),
		cmocka_unit_test(test_rst_that_may_answer_an_earlier_packet),
		cmocka_unit_test(test_rst_lag_counts_from_the_last_packet_of_the_trigger),
		cmocka_unit_test(test_rst_idle_is_the_silence_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
