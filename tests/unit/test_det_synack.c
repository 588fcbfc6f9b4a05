/* SPDX-License-Identifier: BSD-3-Clause */
/* Two answers to one SYN (HoneyBadger's handshake hijack, METHODS f.1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "evidence/evidence.h"

enum { FORGED_ISN = 0x40000000 };

static struct pkt synack(struct cb *c, uint32_t isn)
{
	struct pkt p = cb_next(c, 1, TCP_SYN | TCP_ACK, NULL, 0);

	p.tcp.seq = isn;
	p.tcp.ack = FB_C + 1;
	return p;
}

static void syn(struct cb *c)
{
	struct pkt p = cb_next(c, 0, TCP_SYN, NULL, 0);

	p.tcp.seq = FB_C;
	cb_put(c, &p);
	c->seq[0] = FB_C + 1;
}

/* A packet of either side on one of the two lines. */
static uint64_t on_line(struct cb *c, int who, uint32_t isn, uint32_t off, const char *text)
{
	struct pkt p = cb_next(c, who, TCP_ACK, text, strlen(text));

	if (who)
		p.tcp.seq = isn + 1 + off;
	else
		p.tcp.ack = isn + 1 + off;
	cb_put(c, &p);
	if (!who)
		c->seq[0] += p.payload_len;
	return p.frame_no;
}

/* The responder's kernel refuses what came to it on a line that is not its own. */
static void refuse(struct cb *c, uint32_t isn)
{
	struct pkt p = cb_next(c, 1, TCP_RST, NULL, 0);

	p.tcp.seq = isn + 1;
	cb_put(c, &p);
}

/* The hijacker is first, the connection is built on his number, resp's own answer comes too late. */
static void test_synack_hijacker_who_wins(void **state)
{
	const struct evidence *ev;
	struct pkt a, b;
	struct cb c;
	uint64_t data;

	(void)state;
	cb_init(&c);
	cb_at(&c, 0);
	syn(&c);
	cb_at(&c, 10);
	a = synack(&c, FORGED_ISN);
	cb_put(&c, &a);
	on_line(&c, 0, FORGED_ISN, 0, "");
	on_line(&c, 0, FORGED_ISN, 0, CB_REQUEST);
	cb_at(&c, 100);
	b = synack(&c, FB_SV);
	cb_put(&c, &b);
	refuse(&c, FORGED_ISN);
	data = on_line(&c, 1, FORGED_ISN, 0, CB_ANSWER);
	ev = cb_found(&c, CASE_SYNACK);
	assert_num(ev, SYNACK_COUNT, 2);
	assert_yes(ev, SYNACK_ISN_DIFFERS);
	assert_num(ev, SYNACK_GAP, 90 * FB_MS);
	assert_no(ev, SYNACK_STACK_DIFFERS);
	assert_no(ev, SYNACK_DATA_BOTH);
	assert_suspects(ev, a.frame_no, data);
	cb_fini(&c);
}

/* He comes too late, and goes on sending on a line that orig never acknowledges. */
static void test_synack_hijacker_who_loses(void **state)
{
	const struct evidence *ev;
	struct pkt a, b;
	struct cb c;
	uint64_t data;

	(void)state;
	cb_init(&c);
	syn(&c);
	a = synack(&c, FB_SV);
	cb_put(&c, &a);
	b = synack(&c, FORGED_ISN);
	b.ttl = 61;
	cb_put(&c, &b);
	on_line(&c, 0, FB_SV, 0, CB_REQUEST);
	data = on_line(&c, 1, FORGED_ISN, 0, "HTTP/1.1 302 Found\r\n\r\n");
	on_line(&c, 1, FB_SV, 0, CB_ANSWER);
	ev = cb_found(&c, CASE_SYNACK);
	assert_yes(ev, SYNACK_ISN_DIFFERS);
	assert_yes(ev, SYNACK_STACK_DIFFERS);
	assert_yes(ev, SYNACK_DATA_BOTH);
	assert_suspects(ev, b.frame_no, data);
	cb_fini(&c);
}

/* The first one was never acknowledged, the connection is built on the second: the first was forged. */
static void test_synack_first_that_nobody_took_is_the_suspect(void **state)
{
	struct pkt a, b;
	struct cb c;

	(void)state;
	cb_init(&c);
	syn(&c);
	a = synack(&c, FORGED_ISN);
	cb_put(&c, &a);
	b = synack(&c, FB_SV);
	cb_put(&c, &b);
	on_line(&c, 0, FB_SV, 0, CB_REQUEST);
	on_line(&c, 1, FB_SV, 0, CB_ANSWER);
	assert_suspects(cb_found(&c, CASE_SYNACK), a.frame_no);
	cb_fini(&c);
}

/* SYN cookies, a load balancer: each copy of a retransmitted SYN gets an answer of its own. */
static void test_synack_to_each_of_several_syns_is_no_conflict(void **state)
{
	(void)state;
	for (int order = 0; order < 2; order++) {
		struct pkt a, b;
		struct cb c;

		cb_init(&c);
		syn(&c);
		if (order)
			syn(&c); /* both SYNs, then both answers */
		a = synack(&c, FB_SV);
		cb_put(&c, &a);
		if (!order)
			syn(&c);
		b = synack(&c, FB_SV + 777777);
		cb_put(&c, &b);
		assert_no(cb_found(&c, CASE_SYNACK), SYNACK_ISN_DIFFERS);
		cb_fini(&c);
	}
}

/* Three answers to two SYNs are one too many, the same ones again are not. */
static void test_synack_more_answers_than_syns(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		syn(&c);
		p = synack(&c, FB_SV);
		cb_put(&c, &p);
		syn(&c);
		p = synack(&c, FB_SV + 777777);
		cb_put(&c, &p);
		p = synack(&c, extra ? FORGED_ISN : FB_SV);
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_SYNACK), SYNACK_ISN_DIFFERS, extra);
		cb_fini(&c);
	}
}

/* A mirror port shows the SYN twice: it was sent once. */
static void test_synack_beside_a_mirror_copy_of_the_syn(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	for (int i = 0; i < 3; i++) {
		p = i ? synack(&c, i == 1 ? FB_SV : FORGED_ISN) : cb_next(&c, 0, TCP_SYN, NULL, 0);
		if (!i)
			p.tcp.seq = FB_C;
		cb_put(&c, &p);
		p.ts_ns += 100000;
		p.frame_no++;
		cb_put(&c, &p);
	}
	assert_yes(cb_found(&c, CASE_SYNACK), SYNACK_ISN_DIFFERS);
	cb_fini(&c);
}

/* A restarted responder answers the timer's next SYN; both answers to one SYN come within a round trip. */
static void test_synack_gap_of_a_retransmission_timer(void **state)
{
	static const struct {
		int64_t ms;
		bool differs;
	} t[] = {{1, true}, {300, true}, {899, true}, {900, false}, {3000, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		cb_at(&c, 0);
		syn(&c);
		cb_at(&c, 10);
		p = synack(&c, FB_SV);
		cb_put(&c, &p);
		cb_at(&c, 10 + t[i].ms);
		p = synack(&c, FORGED_ISN);
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_SYNACK), SYNACK_ISN_DIFFERS, t[i].differs);
		assert_num(cb_case(&c, CASE_SYNACK, 0), SYNACK_GAP, t[i].ms * FB_MS);
		cb_fini(&c);
	}
}

static void test_synack_retransmitted_or_of_another_syn_is_no_case(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		syn(&c);
		p = synack(&c, FB_SV);
		cb_put(&c, &p);
		p = synack(&c, way ? FORGED_ISN : FB_SV);
		if (way == 1)
			p.tcp.ack += 5000; /* answers no SYN we know */
		if (way == 2)
			p.tcp.flags |= TCP_RST;
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_SYNACK), 0);
		cb_fini(&c);
	}
}

/* TTL by 2 or more, or options. */
static void test_synack_stack_differs_by_ttl_or_options(void **state)
{
	static const struct {
		uint8_t ttl;
		uint16_t opts;
		bool differs;
	} t[] = {{50, 0xff, false}, {51, 0xff, false}, {52, 0xff, true},
		 {48, 0xff, true},  {50, 0, true},     {50, TCP_OPT_MSS, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		syn(&c);
		p = synack(&c, FB_SV);
		cb_put(&c, &p);
		p = synack(&c, FORGED_ISN);
		p.ttl = t[i].ttl;
		if (t[i].opts != 0xff)
			p.tcp.opts = t[i].opts;
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_SYNACK), SYNACK_STACK_DIFFERS, t[i].differs);
		cb_fini(&c);
	}
}

static void fin_on_line(struct cb *c, int who, uint32_t isn, uint32_t off)
{
	struct pkt p = cb_next(c, who, TCP_ACK | TCP_FIN, NULL, 0);

	if (who)
		p.tcp.seq = isn + 1 + off;
	else
		p.tcp.ack = isn + 1 + off;
	cb_put(c, &p);
	c->seq[0] += !who;
}

/* The forged one comes second and changes nothing: the page is the server's own (lab play synack-second, seed 1: it was called forged). */
static void test_synack_second_that_changes_nothing_is_the_suspect(void **state)
{
	const struct evidence *ev;
	struct pkt a, b;
	struct cb c;
	uint32_t len = sizeof(CB_ANSWER) - 1;

	(void)state;
	cb_init(&c);
	syn(&c);
	a = synack(&c, FB_SV);
	cb_put(&c, &a);
	b = synack(&c, FORGED_ISN);
	cb_put(&c, &b);
	on_line(&c, 0, FB_SV, 0, CB_REQUEST);
	on_line(&c, 1, FB_SV, 0, CB_ANSWER);
	fin_on_line(&c, 0, FB_SV, len);
	fin_on_line(&c, 1, FB_SV, len);
	on_line(&c, 0, FB_SV, len + 1, "");
	ev = cb_found(&c, CASE_SYNACK);
	assert_suspects(ev, b.frame_no);
	assert_unknown(ev, SYNACK_HTTP);
	cb_fini(&c);
}

/* Nothing tells which of the two it was: neither is suspected, and no page is spoken of. */
static void test_synack_undecided_suspects_nobody(void **state)
{
	const struct evidence *ev;
	const uint64_t *frames;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	syn(&c);
	p = synack(&c, FB_SV);
	cb_put(&c, &p);
	p = synack(&c, FORGED_ISN);
	cb_put(&c, &p);
	on_line(&c, 0, FB_SV, 0, CB_REQUEST);
	on_line(&c, 1, FB_SV, 0, CB_ANSWER);
	ev = cb_found(&c, CASE_SYNACK);
	assert_yes(ev, SYNACK_ISN_DIFFERS);
	assert_int_equal(evidence_suspects(ev, &frames), 0);
	assert_unknown(ev, SYNACK_HTTP);
	cb_fini(&c);
}

/* Sequence lines that wrap just behind their start. */
static void test_synack_lines_across_the_wrap(void **state)
{
	struct pkt a, b;
	struct cb c;
	uint64_t data;

	(void)state;
	cb_init(&c);
	syn(&c);
	a = synack(&c, 0xfffffff8);
	cb_put(&c, &a);
	on_line(&c, 0, 0xfffffff8, 0, CB_REQUEST);
	b = synack(&c, 0x7ffffff8);
	cb_put(&c, &b);
	refuse(&c, 0xfffffff8);
	data = on_line(&c, 1, 0xfffffff8, 20, CB_ANSWER);
	assert_suspects(cb_found(&c, CASE_SYNACK), a.frame_no, data);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_synack_hijacker_who_wins),
		cmocka_unit_test(test_synack_hijacker_who_loses),
		cmocka_unit_test(test_synack_first_that_nobody_took_is_the_suspect),
		cmocka_unit_test(test_synack_to_each_of_several_syns_is_no_conflict),
		cmocka_unit_test(test_synack_more_answers_than_syns),
		cmocka_unit_test(test_synack_beside_a_mirror_copy_of_the_syn),
		cmocka_unit_test(test_synack_gap_of_a_retransmission_timer),
		cmocka_unit_test(test_synack_retransmitted_or_of_another_syn_is_no_case),
		cmocka_unit_test(test_synack_stack_differs_by_ttl_or_options),
		cmocka_unit_test(test_synack_second_that_changes_nothing_is_the_suspect),
		cmocka_unit_test(test_synack_undecided_suspects_nobody),
		cmocka_unit_test(test_synack_lines_across_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
