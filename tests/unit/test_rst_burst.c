/* SPDX-License-Identifier: BSD-3-Clause */
/* Several resets at once: how many, by which steps they differ, identical ones against a mirror port's copies, counters that run
 * in lockstep (MIDDLEBOXES 1.1, METHODS c.1.3). */
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

/* A second one after `us` microseconds, with these changes to the first. */
static void again(struct cb *c, struct pkt r, int64_t us)
{
	r.ts_ns += us * 1000;
	r.frame_no = c->b.frame + 1;
	cb_put(c, &r);
}

static void test_rst_burst_steps_are_second_minus_first(void **state)
{
	const struct evidence *ev;
	struct pkt r, s;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.ip_id = 0xfffe;
	r.ttl = 70;
	r.tcp.win = 4229;
	cb_put(&c, &r);
	s = r;
	s.ip_id = 3;
	s.ttl = 68;
	s.tcp.win = 4000;
	s.tcp.seq += 1460;
	again(&c, s, 40);
	s.ip_id = 9; /* a third one changes no step */
	s.ttl = 99;
	again(&c, s, 80);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 3);
	assert_num(ev, RST_IPID_STEP, 5);
	assert_num(ev, RST_TTL_STEP, -2);
	assert_num(ev, RST_WIN_STEP, -229);
	assert_num(ev, RST_SEQ_STEP, 1460);
	assert_num(ev, RST_SPAN, 80000);
	assert_num(ev, RST_IPID, 0xfffe);
	assert_num(ev, RST_TTL, 70);
	assert_num(ev, RST_WIN, 4229);
	assert_suspects(ev, r.frame_no, r.frame_no + 1, r.frame_no + 2);
	cb_fini(&c);
}

static void test_rst_steps_across_the_wrap_are_signed(void **state)
{
	const struct evidence *ev;
	struct pkt r, s;
	struct cb c;

	(void)state;
	cb_init(&c);
	c.seq[1] = 0xfffffff0;
	cb_talk(&c);
	cb_ask(&c);
	r = cb_rst(&c, 1);
	r.tcp.seq = 0xfffffffe;
	r.ip_id = 2;
	cb_put(&c, &r);
	s = r;
	s.tcp.seq = 1460 - 2;
	s.ip_id = 0xffff;
	again(&c, s, 10);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_SEQ_STEP, 1460);
	assert_num(ev, RST_IPID_STEP, -3);
	cb_fini(&c);
}

/* GFW II's triple: byte-identical, 0.02 ms apart, and every ordinary packet came once. */
static void test_rst_identical_triple_is_no_mirror_copy(void **state)
{
	const struct evidence *ev;
	struct pkt r;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.tcp.win = 1500;
	cb_put(&c, &r);
	again(&c, r, 20);
	again(&c, r, 40);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 3);
	assert_yes(ev, RST_IDENTICAL);
	assert_num(ev, RST_IPID_STEP, 0);
	cb_fini(&c);
}

static void test_rst_alike_in_all_but_one_field_are_not_identical(void **state)
{
	(void)state;
	for (int field = 0; field < 6; field++) {
		struct pkt r, s;
		struct cb c;

		start(&c);
		r = cb_rst(&c, 1);
		r.tcp.win = 1500;
		r.ttl = 70;
		if (field == 5)
			r.ip_id = 0;
		cb_put(&c, &r);
		s = r;
		s.ip_id = (uint16_t)(s.ip_id + (field == 0));
		s.ttl = (uint8_t)(s.ttl + (field == 1));
		s.tcp.win = (uint16_t)(s.tcp.win + (field == 2));
		s.tcp.seq += field == 3;
		s.tcp.ack += field == 4;
		again(&c, s, 20);
		assert_num(cb_found(&c, CASE_RST), RST_COUNT, 2);
		assert_no(cb_found(&c, CASE_RST), RST_IDENTICAL);
		cb_fini(&c);
	}
}

/* "Two or more resets equal": also when the first of the group is another one. */
static void test_rst_identical_pair_behind_another_one_is_found(void **state)
{
	struct pkt r, s;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.tcp.win = 1400;
	cb_put(&c, &r);
	s = r;
	s.ip_id += 50;
	s.tcp.win = 1500;
	again(&c, s, 1000);
	again(&c, s, 1020);
	assert_num(cb_found(&c, CASE_RST), RST_COUNT, 3);
	assert_yes(cb_found(&c, CASE_RST), RST_IDENTICAL);
	cb_fini(&c);
}

/* Every packet comes twice within a millisecond: the second view of a reset is no second reset. */
static void test_rst_mirror_copies_are_one_reset(void **state)
{
	const struct evidence *ev;
	struct pkt p, r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	for (int i = 0; i < 4; i++) {
		p = cb_next(&c, i & 1, TCP_ACK | TCP_PSH, i & 1 ? CB_ANSWER : CB_REQUEST,
			    i & 1 ? strlen(CB_ANSWER) : strlen(CB_REQUEST));
		c.seq[i & 1] += p.payload_len;
		cb_put(&c, &p);
		again(&c, p, 300);
	}
	r = cb_rst(&c, 1);
	r.tcp.win = 1500;
	cb_put(&c, &r);
	again(&c, r, 300);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 1);
	assert_no(ev, RST_IDENTICAL);
	assert_suspects(ev, r.frame_no);
	cb_fini(&c);
}

/* One ordinary packet that comes twice (a retransmission seen at two points) is no mirror port. */
static void test_rst_burst_beside_one_copied_packet_is_a_burst(void **state)
{
	const struct evidence *ev;
	struct pkt p, r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
	c.seq[0] += p.payload_len;
	cb_put(&c, &p);
	again(&c, p, 300);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	again(&c, r, 20);
	again(&c, r, 40);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_COUNT, 3);
	assert_yes(ev, RST_IDENTICAL);
	cb_fini(&c);
}

/* (ttl, window) of the resets in order, and whether they count in lockstep: METHODS c.1.3's (65,4229) (66,4230) (67,4231). */
static void test_rst_lockstep_in_a_burst(void **state)
{
	static const struct {
		uint16_t ttl[3], win[3];
		bool lock;
	} t[] = {
		{{65, 66, 67}, {4229, 4230, 4231}, true},
		{{128, 166, 174}, {1503, 1541, 1549}, true}, /* CT22 */
		{{65, 65, 65}, {4229, 4229, 4229}, false},
		{{65, 66, 67}, {4229, 4230, 4232}, false},
		{{65, 66, 67}, {4229, 4229, 4229}, false},
		{{65, 65, 65}, {4229, 4230, 4231}, false},
		{{65, 66, 67}, {4231, 4230, 4229}, false},
		{{65, 65, 66}, {4229, 4229, 4230}, true}, /* TW21 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt r;
		struct cb c;

		start(&c);
		r = cb_rst(&c, 1);
		for (int k = 0; k < 3; k++) {
			r.ttl = (uint8_t)t[i].ttl[k];
			r.tcp.win = t[i].win[k];
			r.ip_id += 3;
			again(&c, r, k);
		}
		assert_num(cb_found(&c, CASE_RST), RST_COUNT, 3);
		assert_num(cb_found(&c, CASE_RST), RST_LOCKSTEP, t[i].lock);
		cb_fini(&c);
	}
}

/* A forged SYN/ACK out of the same counter as the reset after it; the kernel's own SYN/ACK is on no such line. */
static void test_rst_lockstep_with_a_forged_synack(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		const struct evidence *ev;
		struct pkt p, r;
		struct cb c;

		cb_init(&c);
		cb_send(&c, 0, TCP_SYN, NULL, 0);
		p = cb_next(&c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		p.ttl = 100;
		p.tcp.win = 2000;
		cb_put(&c, &p);
		r = cb_rst(&c, 1);
		r.ttl = 110;
		r.tcp.win = (uint16_t)(2010 + off);
		cb_put(&c, &r);
		ev = cb_found(&c, CASE_RST);
		assert_num(ev, RST_LOCKSTEP, !off);
		if (!off)
			assert_int_equal(evidence_get(ev, FEAT_RST_LOCKSTEP)->frame[0], p.frame_no);
		cb_fini(&c);
	}
}

/* A kernel's reset with window 0 counts nothing, even where the side's window had shrunk to the number of hops that a load
 * balancer's TTL differs. */
static void test_rst_with_window_zero_is_in_lockstep_with_nothing(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	p = cb_next(&c, 1, TCP_ACK, NULL, 0);
	p.tcp.win = 3;
	cb_put(&c, &p);
	p = cb_rst(&c, 1);
	p.ttl = 47;
	cb_put(&c, &p);
	assert_no(cb_found(&c, CASE_RST), RST_LOCKSTEP);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_burst_steps_are_second_minus_first),
		cmocka_unit_test(test_rst_steps_across_the_wrap_are_signed),
		cmocka_unit_test(test_rst_identical_triple_is_no_mirror_copy),
		cmocka_unit_test(test_rst_alike_in_all_but_one_field_are_not_identical),
		cmocka_unit_test(test_rst_identical_pair_behind_another_one_is_found),
		cmocka_unit_test(test_rst_mirror_copies_are_one_reset),
		cmocka_unit_test(test_rst_burst_beside_one_copied_packet_is_a_burst),
		cmocka_unit_test(test_rst_lockstep_in_a_burst),
		cmocka_unit_test(test_rst_lockstep_with_a_forged_synack),
		cmocka_unit_test(test_rst_with_window_zero_is_in_lockstep_with_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
