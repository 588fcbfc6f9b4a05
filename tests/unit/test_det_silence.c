/* SPDX-License-Identifier: BSD-3-Clause */
/* Silence where a kernel must have answered (METHODS e; ARCHITECTURE "Grades": two or more retransmissions, no ACK for 5 s). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

static const char big[1400];

/* Handshake, then a request at 200 ms that is sent again at these times (ms after the start; 0 ends the list). */
static uint32_t ask_again(struct cb *c, const int64_t *ms)
{
	struct pkt p;
	uint32_t seq;

	cb_init(c);
	cb_open(c);
	seq = c->seq[0];
	cb_at(c, 200);
	cb_say(c, 0, CB_REQUEST);
	for (; *ms; ms++) {
		cb_at(c, *ms);
		p = cb_next(c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		p.tcp.seq = seq;
		cb_put(c, &p);
	}
	return seq;
}

static bool has_case(struct cb *c)
{
	cb_judge(c);
	return cb_case(c, CASE_DROP, 0) != NULL;
}

static void test_drop_of_the_trigger(void **state)
{
	static const int64_t at[] = {500, 1100, 2300, 5300, 0};
	const struct evidence *ev;
	struct cb c;

	(void)state;
	ask_again(&c, at);
	ev = cb_found(&c, CASE_DROP);
	assert_int_equal(c.cases.n, 1);
	assert_yes(ev, DROP_HANDSHAKE);
	assert_num(ev, DROP_UNACKED, strlen(CB_REQUEST));
	assert_num(ev, DROP_RETRANSMISSIONS, 4);
	assert_num(ev, DROP_SILENCE, 5100 * FB_MS);
	assert_yes(ev, DROP_IN_TRIGGER);
	assert_no(ev, DROP_AFTER_TRIGGER);
	assert_no(ev, DROP_LARGE_ONLY);
	assert_no(ev, DROP_ZERO_WINDOW);
	assert_no(ev, DROP_PEER_ALIVE);
	assert_no(ev, DROP_ANSWERED);
	assert_unknown(ev, DROP_PATH_ALIVE);
	assert_unknown(ev, DROP_SYNS);
	assert_text(ev, TRIGGER_NAME, "blocked.example");
	cb_fini(&c);
}

static void test_drop_thresholds_at_their_edges(void **state)
{
	static const struct {
		int64_t at[5];
		bool drop;
	} t[] = {
		{{500, 5200}, true},  /* two, exactly 5 s */
		{{500, 5199}, false}, /* two, 4.999 s */
		{{5200}, false},      /* one */
		{{9000}, false},      {{300, 400, 500, 600}, false}, {{300, 400, 500, 9000}, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;

		ask_again(&c, t[i].at);
		assert_int_equal(has_case(&c), t[i].drop);
		cb_fini(&c);
	}
}

/* Answered after all. */
static void test_drop_acknowledged_later_is_no_case(void **state)
{
	static const int64_t at[] = {500, 1100, 2300, 6300, 0};

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct pkt p;
		struct cb c;

		ask_again(&c, at);
		cb_at(&c, 7000);
		p = cb_next(&c, 1, how == 2 ? TCP_RST | TCP_ACK : TCP_ACK,
			    how == 1 ? CB_ANSWER : "", how == 1 ? strlen(CB_ANSWER) : 0);
		cb_put(&c, &p);
		assert_false(has_case(&c)); /* a reset is det_rst's */
		cb_fini(&c);
	}
}

/* A server that accepts and says nothing: its kernel acknowledges each packet. */
static void test_drop_mute_server_is_no_case(void **state)
{
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	cb_ask(&c);
	cb_at(&c, 400);
	cb_ack(&c, 1);
	cb_at(&c, 30000);
	cb_send(&c, 0, TCP_FIN | TCP_ACK, NULL, 0);
	cb_at(&c, 30100);
	cb_ack(&c, 1);
	assert_false(has_case(&c));
	cb_fini(&c);
}

/* An idle connection whose next request is lost for less than 5 s at the capture's end: that the responder said nothing before it
 * was asked is no silence. */
static void test_drop_idle_before_the_question_is_no_silence(void **state)
{
	struct pkt p;
	struct cb c;
	uint32_t seq;

	(void)state;
	cb_init(&c);
	cb_talk(&c);
	seq = c.seq[0];
	for (int i = 0; i < 3; i++) {
		cb_at(&c, 60000 + 300 * i);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		p.tcp.seq = seq;
		cb_put(&c, &p);
	}
	assert_false(has_case(&c));
	cb_fini(&c);
}

/* The hello was acknowledged, then nothing: FINs into the silence (ARCHITECTURE "Grades"). */
static void test_drop_after_an_acknowledged_trigger(void **state)
{
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		const struct evidence *ev;
		struct pkt p;
		struct cb c;
		uint32_t seq;

		cb_init(&c);
		cb_open(&c);
		cb_ask(&c);
		cb_at(&c, 400);
		if (answered)
			cb_say(&c, 1, CB_ANSWER);
		else
			cb_ack(&c, 1);
		seq = c.seq[0];
		for (int i = 0; i < 4; i++) {
			cb_at(&c, 1000 + 2000 * i);
			p = cb_next(&c, 0, TCP_FIN | TCP_ACK, NULL, 0);
			p.tcp.seq = seq;
			cb_put(&c, &p);
		}
		ev = cb_found(&c, CASE_DROP);
		assert_no(ev, DROP_IN_TRIGGER);
		assert_num(ev, DROP_AFTER_TRIGGER, !answered);
		assert_num(ev, DROP_ANSWERED, answered);
		assert_num(ev, DROP_RETRANSMISSIONS, 3);
		assert_num(ev, DROP_UNACKED, 1);
		assert_num(ev, DROP_SILENCE, 6 * FB_S);
		assert_num(ev, DROP_QUIET, 6600 * FB_MS);
		cb_fini(&c);
	}
}

/* The responder goes on sending, and its ACK number stands still: it lives, and does not hear. */
static void test_drop_peer_alive_five_seconds_later(void **state)
{
	static const struct {
		int64_t ms;
		bool alive;
	} t[] = {{5199, false}, {5200, true}, {8000, true}};
	static const int64_t at[] = {500, 1100, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;
		uint32_t seq = ask_again(&c, at);

		cb_at(&c, t[i].ms);
		p = cb_next(&c, 1, TCP_ACK, NULL, 0);
		p.tcp.ack = seq;
		cb_put(&c, &p);
		cb_at(&c, 9000);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		p.tcp.seq = seq;
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_DROP), DROP_PEER_ALIVE, t[i].alive);
		cb_fini(&c);
	}
}

/* Part of it was acknowledged: the rest counts, from its own first transmission. */
static void test_drop_of_the_rest_after_a_partial_ack(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;
	uint32_t seq;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	cb_at(&c, 200);
	cb_send(&c, 0, TCP_ACK, big, 100);
	seq = c.seq[0];
	cb_send(&c, 0, TCP_ACK, big, 70);
	cb_at(&c, 300);
	p = cb_next(&c, 1, TCP_ACK, NULL, 0);
	p.tcp.ack = seq;
	cb_put(&c, &p);
	for (int k = 1; k <= 3; k++) {
		cb_at(&c, 2000 * k);
		p = cb_next(&c, 0, TCP_ACK, big, 70);
		p.tcp.seq = seq;
		cb_put(&c, &p);
	}
	ev = cb_found(&c, CASE_DROP);
	assert_num(ev, DROP_UNACKED, 70);
	assert_num(ev, DROP_RETRANSMISSIONS, 3);
	assert_num(ev, DROP_SILENCE, 5798 * FB_MS);
	cb_fini(&c);
}

/* Other hosts were heard meanwhile: engine.c notes the frame in the flow. */
static void test_drop_path_alive_only_when_it_was_seen(void **state)
{
	static const int64_t at[] = {500, 1100, 5300, 0};
	const struct ev_value *v;
	struct cb c;

	(void)state;
	ask_again(&c, at);
	assert_unknown(cb_found(&c, CASE_DROP), DROP_PATH_ALIVE);
	c.f->path_alive = 77;
	assert_yes(cb_found(&c, CASE_DROP), DROP_PATH_ALIVE);
	v = evidence_get(cb_case(&c, CASE_DROP, 0), FEAT_DROP_PATH_ALIVE);
	assert_int_equal(v->frame[0], 77);
	cb_fini(&c);
}

/* SYNs at 0, 1, 3 s and no answer: the shape of a closed or filtered port, never a handshake. */
static void test_drop_of_syns(void **state)
{
	static const struct {
		int64_t at[5];
		uint32_t n;
		bool drop;
	} t[] = {
		{{1000, 3000}, 3, true}, {{1000, 2900}, 3, true},       {{1000, 2890}, 3, false},
		{{3000}, 2, false},      {{1000, 3000, 7000}, 4, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		cb_at(&c, 0);
		p = cb_next(&c, 0, TCP_SYN, NULL, 0);
		cb_put(&c, &p);
		for (const int64_t *ms = t[i].at; *ms; ms++) {
			cb_at(&c, *ms);
			p = cb_next(&c, 0, TCP_SYN, NULL, 0);
			cb_put(&c, &p);
		}
		assert_int_equal(has_case(&c), t[i].drop);
		if (t[i].drop) {
			const struct evidence *ev = cb_case(&c, CASE_DROP, 0);

			assert_no(ev, DROP_HANDSHAKE);
			assert_num(ev, DROP_SYNS, t[i].n);
			assert_yes(ev, FLOW_ONE_SIDED);
			assert_unknown(ev, DROP_RETRANSMISSIONS);
			assert_unknown(ev, DROP_IN_TRIGGER);
		}
		cb_fini(&c);
	}
}

/* Only orig's direction was captured: nobody knows what resp acknowledged. */
static void test_drop_in_a_one_sided_capture_is_no_case(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_at(&c, 0);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	cb_ack(&c, 0);
	for (int i = 0; i < 4; i++) {
		cb_at(&c, 200 + 3000 * i);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		cb_put(&c, &p);
	}
	assert_false(has_case(&c));
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_of_the_trigger),
		cmocka_unit_test(test_drop_thresholds_at_their_edges),
		cmocka_unit_test(test_drop_acknowledged_later_is_no_case),
		cmocka_unit_test(test_drop_mute_server_is_no_case),
		cmocka_unit_test(test_drop_idle_before_the_question_is_no_silence),
		cmocka_unit_test(test_drop_after_an_acknowledged_trigger),
		cmocka_unit_test(test_drop_peer_alive_five_seconds_later),
		cmocka_unit_test(test_drop_of_the_rest_after_a_partial_ack),
		cmocka_unit_test(test_drop_path_alive_only_when_it_was_seen),
		cmocka_unit_test(test_drop_of_syns),
		cmocka_unit_test(test_drop_in_a_one_sided_capture_is_no_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
