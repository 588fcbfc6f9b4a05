/* SPDX-License-Identifier: BSD-3-Clause */
/* SYNs of which the other end saw nothing: dropped where its capture is known to cover the address at that time, else unknown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pair_build.h"

/* The client's connection to 192.0.2.1, which both ends hold: it ties the clocks together. */
static void talk(struct pb *b)
{
	b->port[0][0]++;
	b->port[1][0]++;
	pb_open(b);
	pb_close(b);
}

/* What 10.0.0.9 sends to 192.0.2.2, in the server's capture only; `hole`: the answer acknowledges bytes that are not there. */
static void other_client(struct pb *b, bool hole)
{
	struct pb k = *b;
	struct pb_seg s = {.seq = 5000, .flags = TCP_SYN, .ttl = 50};

	k.addr[1][0] = pb_ip(10, 9);
	k.addr[1][1] = pb_ip(192, 2);
	k.port[1][0]++;
	pb_put(&k, 1, 0, s, k.now_ns + k.way_ns);
	s = (struct pb_seg){
		.seq = 7000, .ack = hole ? 5100 : 5001, .flags = TCP_SYN | TCP_ACK, .ttl = 64};
	pb_put(&k, 1, 1, s, k.now_ns + k.way_ns + PB_MS);
	b->frame[1] = k.frame[1];
	b->now_ns += 100 * PB_MS;
}

/* SYNs of the client (10.0.0.x) to 192.0.2.2 that never arrive; `answered`: something answers. */
static void blocked(struct pb *b, uint32_t n, uint8_t client, bool answered)
{
	struct pb_seg answer = {.seq = 1, .flags = TCP_SYN | TCP_ACK, .ttl = 60};
	struct pb k = *b;

	k.addr[0][0] = pb_ip(10, client);
	k.addr[0][1] = pb_ip(192, 2);
	k.port[0][0] = 41000;
	for (uint32_t i = 0; i < n; i++)
		pb_lose(&k, 0, TCP_SYN, 0, 0, NULL);
	if (answered)
		pb_put(&k, 0, 1, answer, k.now_ns);
	b->now_ns = k.now_ns;
	b->frame[0] = k.frame[0];
}

static void test_absent_syns(void **state)
{
	enum { BEFORE = 1, AFTER = 2, HOLE = 4, SAID = 8 };
	static const struct {
		int what;
		uint32_t syns;
		uint8_t client;
		uint32_t dropped;
		enum pair_grade grade;
	} t[] = {
		{BEFORE | AFTER, 4, 1, 4, PAIR_PROOF},
		{BEFORE, 4, 1, 0, 0},         /* it may have moved away meanwhile */
		{AFTER, 4, 1, 0, 0},          /* or come later */
		{0, 4, 1, 0, 0},              /* an address that the capture never held */
		{SAID, 4, 1, 4, PAIR_PROOF},  /* but the user says that it would have */
		{BEFORE | AFTER, 2, 1, 0, 0}, /* chance */
		{BEFORE | AFTER | HOLE, 4, 1, 4, PAIR_LIKELY}, /* the loss check */
		{BEFORE | AFTER, 4, 7, 4,
		 PAIR_LIKELY}, /* nothing of this client is known to arrive there */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct pb b = pb_new();

		talk(&b);
		if (t[i].what & BEFORE)
			other_client(&b, false);
		blocked(&b, t[i].syns, t[i].client, false);
		if (t[i].what & AFTER)
			other_client(&b, t[i].what & HOLE);
		talk(&b);
		if (t[i].what & SAID) {
			b.p->host[0] = pb_ip(192, 2);
			b.p->n_hosts = 1;
		}
		assert_true(pair_compare(b.p));
		assert_int_equal(pb_items(&b, PAIR_DROPPED), t[i].dropped);
		assert_int_equal(b.p->n_items, t[i].dropped);
		if (t[i].dropped)
			assert_int_equal(pair_judge_grade(b.p, 0, t[i].dropped), t[i].grade);
		pair_free(b.p);
	}
}

/* The server's capture ended before the SYNs, or began after them: unknown, whoever was heard. */
static void test_absent_outside_the_capture_is_unknown(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct pb b = pb_new();

		b.p->host[0] = pb_ip(192, 2);
		b.p->n_hosts = 1;
		if (late)
			blocked(&b, 4, 1, false);
		talk(&b);
		other_client(&b, false);
		talk(&b);
		if (!late)
			blocked(&b, 4, 1, false);
		assert_true(pair_compare(b.p));
		assert_int_equal(b.p->n_items, 0);
		assert_int_equal(b.p->outside[PAIR_ORIG], 4);
		pair_free(b.p);
	}
}

/* Without a packet that both ends hold there is no common time. */
static void test_absent_without_a_common_clock_is_unknown(void **state)
{
	struct pb b = pb_new();

	(void)state;
	other_client(&b, false);
	blocked(&b, 4, 1, false);
	other_client(&b, false);
	assert_true(pair_compare(b.p));
	assert_int_equal(b.p->n_items, 0);
	pair_free(b.p);
}

/* An answer came to these SYNs: they arrived somewhere. */
static void test_absent_answered_syns_are_not_dropped(void **state)
{
	struct pb b = pb_new();

	(void)state;
	talk(&b);
	other_client(&b, false);
	blocked(&b, 4, 1, true);
	other_client(&b, false);
	talk(&b);
	assert_true(pair_compare(b.p));
	assert_int_equal(pb_items(&b, PAIR_DROPPED), 0);
	pair_free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent_syns),
		cmocka_unit_test(test_absent_outside_the_capture_is_unknown),
		cmocka_unit_test(test_absent_without_a_common_clock_is_unknown),
		cmocka_unit_test(test_absent_answered_syns_are_not_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
