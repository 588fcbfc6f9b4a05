/* SPDX-License-Identifier: BSD-3-Clause */
/* What the numbers of a reset and the packets around it say (METHODS b, a.5, a.6; RFC 9293 3.10.7). */
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

static void test_rst_numbers_against_the_next_bytes(void **state)
{
	static const struct {
		int32_t seq_off, ack_off;
		uint16_t flags;
	} t[] = {{0, 0, 0x14},  {1460, 0, 0x14},  {-1, 0, 0x14},
		 {0, -5, 0x14}, {12503, 7, 0x14}, {0, 0, 0x04}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct cb c;
		struct pkt r;

		start(&c);
		r = cb_rst(&c, 1);
		r.tcp.flags = t[i].flags;
		r.tcp.seq += (uint32_t)t[i].seq_off;
		r.tcp.ack += (uint32_t)t[i].ack_off;
		cb_put(&c, &r);
		ev = cb_found(&c, CASE_RST);
		assert_num(ev, RST_SEQ_OFF, t[i].seq_off);
		assert_num(ev, RST_SEQ_EXACT, !t[i].seq_off);
		assert_no(ev, RST_SEQ_ZERO);
		assert_no(ev, RST_ACK_ZERO);
		if (t[i].flags & TCP_ACK)
			assert_num(ev, RST_ACK_EXACT, !t[i].ack_off);
		else
			assert_unknown(ev, RST_ACK_EXACT);
		cb_fini(&c);
	}
}

static void test_rst_numbers_zero_and_across_the_wrap(void **state)
{
	const struct evidence *ev;
	struct cb c;
	struct pkt r;

	(void)state;
	cb_init(&c);
	c.seq[1] = 0xfffffff0;
	cb_talk(&c); /* resp's next byte is beyond the wrap */
	cb_ask(&c);
	r = cb_rst(&c, 1);
	r.tcp.flags = TCP_RST;
	r.tcp.seq -= 100;
	r.tcp.ack = 0;
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_num(ev, RST_SEQ_OFF, -100);
	assert_yes(ev, RST_ACK_ZERO);
	assert_unknown(ev, RST_ACK_EXACT);
	cb_fini(&c);

	start(&c);
	r = cb_rst(&c, 1);
	r.tcp.seq = 0;
	cb_put(&c, &r);
	assert_yes(cb_found(&c, CASE_RST), RST_SEQ_ZERO);
	cb_fini(&c);

	/* nothing but the reset of that side: nobody knows its next byte */
	cb_init(&c);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_unknown(ev, RST_SEQ_OFF);
	assert_unknown(ev, RST_SEQ_EXACT);
	assert_yes(ev, RST_ACK_EXACT);
	cb_fini(&c);
}

/* A closed port, RFC 9293 3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>; SEG.LEN counts SYN and data. */
static void test_rst_closed_port_is_refusal_not_injection(void **state)
{
	(void)state;
	for (int data = 0; data < 2; data++) {
		const struct evidence *ev;
		struct cb c;
		struct pkt r;

		cb_init(&c);
		cb_send(&c, 0, TCP_SYN, CB_REQUEST, data ? strlen(CB_REQUEST) : 0);
		r = cb_rst(&c, 1);
		r.tcp.seq = 0;
		r.ip_id = 0;
		cb_put(&c, &r);
		ev = cb_found(&c, CASE_RST);
		assert_yes(ev, RST_REFUSES_SYN);
		assert_no(ev, RST_AND_SYNACK);
		assert_no(ev, RST_SCAN_SYN);
		assert_yes(ev, RST_SEQ_ZERO);
		assert_no(ev, RST_SEQ_CHANGE);
		assert_no(ev, RST_LIFE_AFTER);
		assert_text(ev, FLOW_STAGE, "post_syn");
		cb_fini(&c);
	}
}

static void test_rst_that_is_no_refusal(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		struct cb c;
		struct pkt r;

		cb_init(&c);
		if (way != 4)
			cb_send(&c, 0, TCP_SYN, NULL, 0);
		r = cb_rst(&c, way == 3 ? 0 : 1);
		r.tcp.seq = way == 0 ? 77 : 0;
		r.tcp.ack = FB_C + 1;
		if (way == 1)
			r.tcp.ack++;
		if (way == 2)
			r.tcp.flags = TCP_RST;
		cb_put(&c, &r);
		assert_no(cb_found(&c, CASE_RST), RST_REFUSES_SYN);
		assert_no(cb_found(&c, CASE_RST), RST_AND_SYNACK);
		cb_fini(&c);
	}
}

/* A refusal and a SYN/ACK that answer one SYN cannot both be the responder's; with a SYN between them each answers its own. */
static void test_rst_refusal_beside_a_synack_of_the_same_syn(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++)
		for (int syns = 1; syns <= 2; syns++) {
			const struct evidence *ev;
			struct pkt r, s;
			struct cb c;

			cb_init(&c);
			cb_send(&c, 0, TCP_SYN, NULL, 0);
			s = cb_next(&c, 1, TCP_SYN | TCP_ACK, NULL, 0);
			r = cb_rst(&c, 1);
			r.tcp.seq = 0;
			for (int i = 0; i < 2; i++) {
				struct pkt *p = (i == 0) == (first == 0) ? &r : &s;

				if (i == 1 && syns == 2) {
					struct pkt again = cb_next(&c, 0, TCP_SYN, NULL, 0);

					again.tcp.seq = FB_C;
					cb_put(&c, &again);
				}
				p->frame_no = c.b.frame + 1;
				p->ts_ns = c.b.now_ns;
				cb_put(&c, p);
			}
			ev = cb_found(&c, CASE_RST);
			assert_num(ev, RST_AND_SYNACK, syns == 1);
			assert_num(ev, RST_REFUSES_SYN, syns == 2);
			cb_fini(&c);
		}
}

static void test_rst_to_a_scanner_s_syn(void **state)
{
	static const struct {
		uint16_t id, opts;
		uint8_t ttl;
		bool scan;
	} t[] = {
		{54321, TCP_OPT_MSS, 64, true}, {54320, 0, 199, false}, {54320, 0, 200, true},
		{1, TCP_OPT_MSS, 255, false},   {1, 0, 64, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		p = cb_next(&c, 0, TCP_SYN, NULL, 0);
		p.ip_id = t[i].id;
		p.tcp.opts = t[i].opts;
		p.ttl = t[i].ttl;
		cb_put(&c, &p);
		p = cb_rst(&c, 1);
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_RST), RST_SCAN_SYN, t[i].scan);
		cb_fini(&c);
	}
}

static void test_rst_after_a_fin_of_either_side(void **state)
{
	(void)state;
	for (int who = -1; who < 2; who++) {
		struct cb c;
		struct pkt r;

		start(&c);
		if (who >= 0)
			cb_send(&c, who, TCP_FIN | TCP_ACK, NULL, 0);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		if (who < 0)
			cb_send(&c, 0, TCP_FIN | TCP_ACK, NULL,
				0); /* later than the reset: does not count */
		assert_num(cb_found(&c, CASE_RST), RST_AFTER_FIN, who >= 0);
		cb_fini(&c);
	}
}

static void test_rst_of_the_other_kind_and_way_are_counted(void **state)
{
	const struct evidence *ev;
	struct pkt r, a, o;
	struct cb c;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.tcp.flags = TCP_RST;
	cb_put(&c, &r);
	for (int i = 0; i < 3; i++) {
		a = cb_rst(&c, 1);
		cb_put(&c, &a);
	}
	o = cb_rst(&c, 0);
	cb_put(&c, &o);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_RST), 3);
	ev = cb_case(&c, CASE_RST, 0);
	assert_num(ev, RST_OTHER_KIND, 3);
	assert_num(ev, RST_OTHER_WAY, 1);
	assert_no(ev, RST_BY_OPENER);
	assert_text(ev, RST_TO, "orig");
	ev = cb_case(&c, CASE_RST, 1);
	assert_num(ev, RST_OTHER_KIND, 1);
	assert_num(ev, RST_OTHER_WAY, 1);
	ev = cb_case(&c, CASE_RST, 2);
	assert_num(ev, RST_OTHER_KIND, 0);
	assert_num(ev, RST_OTHER_WAY, 4);
	assert_yes(ev, RST_BY_OPENER);
	assert_text(ev, RST_TO, "resp");
	cb_fini(&c);
}

/* A socket closed with data that nobody read sends RST, not FIN (METHODS a.6): it had not acknowledged what came last. */
static void test_rst_of_a_close_with_unread_data(void **state)
{
	(void)state;
	for (int acked = 0; acked < 2; acked++) {
		struct cb c;
		struct pkt r;

		start(&c);
		if (acked)
			cb_ack(&c, 1);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		assert_num(cb_found(&c, CASE_RST), RST_UNREAD_DATA, !acked);
		cb_fini(&c);
	}
	{
		struct cb c;
		struct pkt r;

		cb_init(&c); /* that side never acknowledged anything */
		cb_send(&c, 0, TCP_SYN, NULL, 0);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		assert_unknown(cb_found(&c, CASE_RST), RST_UNREAD_DATA);
		cb_fini(&c);
	}
}

static void test_rst_after_the_trigger_or_after_the_answer(void **state)
{
	const struct evidence *ev;
	struct cb c;
	struct pkt r;

	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		start(&c);
		if (answered)
			cb_say(&c, 1, CB_ANSWER);
		r = cb_rst(&c, 1);
		cb_put(&c, &r);
		ev = cb_found(&c, CASE_RST);
		assert_num(ev, RST_AFTER_TRIGGER, !answered);
		assert_num(ev, RST_AFTER_DATA, answered);
		assert_text(ev, TRIGGER_KIND, "http-host");
		assert_text(ev, TRIGGER_NAME, "blocked.example");
		cb_fini(&c);
	}
	cb_init(&c);
	cb_open(&c);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	ev = cb_found(&c, CASE_RST);
	assert_no(ev, RST_AFTER_TRIGGER);
	assert_unknown(ev, RST_AFTER_DATA);
	assert_unknown(ev, TRIGGER_KIND);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_numbers_against_the_next_bytes),
		cmocka_unit_test(test_rst_numbers_zero_and_across_the_wrap),
		cmocka_unit_test(test_rst_closed_port_is_refusal_not_injection),
		cmocka_unit_test(test_rst_that_is_no_refusal),
		cmocka_unit_test(test_rst_refusal_beside_a_synack_of_the_same_syn),
		cmocka_unit_test(test_rst_to_a_scanner_s_syn),
		cmocka_unit_test(test_rst_after_a_fin_of_either_side),
		cmocka_unit_test(test_rst_of_the_other_kind_and_way_are_counted),
		cmocka_unit_test(test_rst_of_a_close_with_unread_data),
		cmocka_unit_test(test_rst_after_the_trigger_or_after_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
