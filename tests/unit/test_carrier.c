/* SPDX-License-Identifier: BSD-3-Clause */
/* How one packet with payload differs from its side's others: TTL, IP ID line, DF, timestamps (METHODS c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "detect/carrier.h"

/* A talk, then one more answer of resp, changed by the caller. */
static struct pkt answer(struct cb *c, bool ts)
{
	cb_init(c);
	c->ts = ts;
	cb_talk(c);
	cb_ask(c);
	cb_at(c, 400);
	return cb_next(c, 1, TCP_ACK | TCP_PSH, CB_ANSWER, strlen(CB_ANSWER));
}

static struct carrier look(struct cb *c, const struct pkt *p)
{
	const struct seg *s;

	cb_put(c, p);
	s = flow_seg(c->f, p->frame_no);
	assert_non_null(s);
	return carrier_look(c->f, s, NULL, 0);
}

static void test_carrier_of_the_own_stack_shows_no_sign(void **state)
{
	struct cb c;
	struct pkt p = answer(&c, true);
	struct carrier k = look(&c, &p);

	(void)state;
	assert_int_equal(k.signs, 0);
	assert_true(k.ttl_known);
	assert_int_equal(k.ttl_gap, 0);
	assert_false(k.ttl_far);
	assert_int_equal(k.ipid, IPID_FITS);
	assert_true(k.df_known);
	assert_false(k.df_odd);
	assert_true(k.ts_known);
	assert_false(k.ts_missing);
	assert_int_equal(k.s->frame_no, p.frame_no);
	cb_fini(&c);
}

/* Every combination of the four signs. */
static void test_carrier_signs_are_counted_one_by_one(void **state)
{
	(void)state;
	for (int bits = 0; bits < 16; bits++) {
		struct cb c;
		struct pkt p = answer(&c, true);
		struct carrier k;

		if (bits & 1)
			p.ttl = 61;
		if (bits & 2)
			p.ip_id = 77;
		if (bits & 4)
			p.df = false;
		if (bits & 8)
			p.tcp.opts = 0;
		k = look(&c, &p);
		assert_int_equal(k.ttl_far, bits & 1);
		assert_int_equal(k.ttl_gap, bits & 1 ? 11 : 0);
		assert_int_equal(k.ipid == IPID_OFF, !!(bits & 2));
		assert_int_equal(k.df_odd, !!(bits & 4));
		assert_int_equal(k.ts_missing, !!(bits & 8));
		assert_int_equal(k.signs, (bits & 1) + !!(bits & 2) + !!(bits & 4) + !!(bits & 8));
		cb_fini(&c);
	}
}

/* One hop is within what a path does (METHODS a.4), two are not. */
static void test_carrier_ttl_near_and_far(void **state)
{
	static const struct {
		uint8_t ttl;
		bool far;
	} t[] = {{48, true}, {49, false}, {50, false}, {51, false}, {52, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;
		struct pkt p = answer(&c, false);
		struct carrier k;

		p.ttl = t[i].ttl;
		k = look(&c, &p);
		assert_int_equal(k.ttl_far, t[i].far);
		assert_int_equal(k.ttl_gap, abs(t[i].ttl - 50));
		cb_fini(&c);
	}
}

/* Where timestamps were not agreed on by both, or the handshake was not seen, none is missing. */
static void test_carrier_timestamps_only_when_both_agreed(void **state)
{
	(void)state;
	for (int who = 0; who < 3; who++) { /* orig alone, resp alone, nobody seen */
		struct carrier k;
		struct pkt p;
		struct cb c;

		cb_init(&c);
		for (int i = 0; who < 2 && i < 2; i++) {
			p = cb_next(&c, i, i ? TCP_SYN | TCP_ACK : TCP_SYN, NULL, 0);
			if (i == who)
				p.tcp.opts |= TCP_OPT_TS;
			cb_put(&c, &p);
			c.seq[i]++;
		}
		cb_ask(&c);
		cb_ack(&c, 1);
		p = cb_next(&c, 1, TCP_ACK, CB_ANSWER, strlen(CB_ANSWER));
		k = look(&c, &p);
		assert_int_equal(k.ts_known, who < 2);
		assert_false(k.ts_missing);
		cb_fini(&c);
	}
}

/* The only packet of its side besides SYNs: nothing is known; the SYN/ACK's TTL is. */
static void test_carrier_alone_is_compared_with_nothing(void **state)
{
	struct carrier k;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_ask(&c);
	p = cb_next(&c, 1, TCP_ACK, CB_ANSWER, strlen(CB_ANSWER));
	k = look(&c, &p);
	assert_false(k.ttl_known);
	assert_false(k.ttl_far);
	assert_false(k.df_known);
	assert_false(k.df_odd);
	assert_false(k.ts_known);
	assert_int_equal(k.ipid, IPID_UNKNOWN);
	assert_int_equal(k.signs, 0);
	cb_fini(&c);

	cb_init(&c);
	cb_open(&c);
	p = cb_next(&c, 1, TCP_ACK, CB_ANSWER, strlen(CB_ANSWER));
	p.ttl = 61;
	k = look(&c, &p);
	assert_true(k.ttl_known);
	assert_true(k.ttl_far);
	assert_false(k.df_known);
	cb_fini(&c);
}

/* Other suspects are no witnesses. */
static void test_carrier_skips_the_other_suspects(void **state)
{
	struct pkt p, q;
	struct carrier k;
	struct cb c;

	(void)state;
	q = answer(&c, false);
	q.ttl = 61;
	q.ip_id = 77;
	q.df = false;
	cb_put(&c, &q);
	p = q;
	p.frame_no++;
	p.ip_id = 78;
	p.tcp.seq += p.payload_len;
	k = look(&c, &p);
	assert_false(k.ttl_far);
	assert_false(k.df_odd);
	k = carrier_look(c.f, flow_seg(c.f, p.frame_no), &q.frame_no, 1);
	assert_true(k.ttl_far);
	assert_true(k.df_odd);
	assert_int_equal(k.ipid, IPID_OFF);
	cb_fini(&c);
}

/* IPv6 without fragment header: neither ID nor DF to compare. */
static void test_carrier_without_ip_id_has_no_id_and_df_signs(void **state)
{
	struct carrier k;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_ask(&c);
	for (int i = 0; i < 4; i++) {
		p = cb_next(&c, 1, TCP_ACK | TCP_PSH, CB_ANSWER, strlen(CB_ANSWER));
		c.seq[1] += p.payload_len;
		p.has_ip_id = false;
		p.ip_id = 0;
		p.df = false;
		k = look(&c, &p);
	}
	assert_int_equal(k.ipid, IPID_UNKNOWN);
	assert_false(k.df_known);
	assert_int_equal(k.signs, 0);
	cb_fini(&c);
}

static void test_carrier_answers_the_last_packet_of_the_other_side(void **state)
{
	struct pkt p, r;
	struct cb c;
	uint64_t asked;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	asked = cb_ask(&c);
	r = cb_rst(&c, 0);
	cb_put(&c, &r); /* a reset asks nothing */
	p = cb_next(&c, 1, TCP_ACK, CB_ANSWER, strlen(CB_ANSWER));
	cb_put(&c, &p);
	cb_ask(&c);
	assert_int_equal(carrier_answers(c.f, flow_seg(c.f, p.frame_no))->frame_no, asked);
	assert_null(carrier_answers(c.f, &c.f->log.at[0]));
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carrier_of_the_own_stack_shows_no_sign),
		cmocka_unit_test(test_carrier_signs_are_counted_one_by_one),
		cmocka_unit_test(test_carrier_ttl_near_and_far),
		cmocka_unit_test(test_carrier_timestamps_only_when_both_agreed),
		cmocka_unit_test(test_carrier_alone_is_compared_with_nothing),
		cmocka_unit_test(test_carrier_skips_the_other_suspects),
		cmocka_unit_test(test_carrier_without_ip_id_has_no_id_and_df_signs),
		cmocka_unit_test(test_carrier_answers_the_last_packet_of_the_other_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
