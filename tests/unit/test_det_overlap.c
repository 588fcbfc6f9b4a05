/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that say different things about the same bytes (METHODS f.1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

#define FORGED "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n"

static void start(struct cb *c)
{
	cb_init(c);
	cb_talk(c);
	cb_ask(c);
}

/* An injector's packet in resp's name at resp's next byte; sent `ms` after the start. */
static struct pkt forged(struct cb *c, int64_t ms, const char *text)
{
	struct pkt p;

	cb_at(c, ms);
	p = cb_next(c, 1, TCP_ACK | TCP_PSH, text, strlen(text));
	c->id[1]--; /* it takes no number of resp's counter */
	p.ttl = 61;
	p.ip_id = 1;
	return p;
}

static void test_overlap_forged_first_is_told_from_the_genuine(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;
	uint64_t genuine;

	(void)state;
	start(&c);
	p = forged(&c, 305, FORGED);
	p.tcp.win = 1234;
	cb_put(&c, &p);
	cb_at(&c, 400);
	genuine = cb_say(&c, 1, CB_ANSWER);
	ev = cb_found(&c, CASE_OVERLAP);
	assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), 1);
	assert_text(ev, OVERLAP_TO, "orig");
	assert_no(ev, OVERLAP_ONE_SENDER);
	assert_yes(ev, OVERLAP_STACK_DIFFERS);
	assert_yes(ev, OVERLAP_FIRST_FORGED);
	assert_yes(ev, OVERLAP_TEXT_BOTH);
	assert_yes(ev, OVERLAP_AFTER_TRIGGER);
	assert_no(ev, OVERLAP_IPID_ECHO);
	assert_num(ev, OVERLAP_TTL_GAP, 11);
	assert_num(ev, OVERLAP_GAP, 95 * FB_MS);
	assert_num(ev, OVERLAP_IPID, 1);
	assert_num(ev, OVERLAP_WIN, 1234);
	assert_text(ev, TRIGGER_NAME, "blocked.example");
	assert_suspects(ev, p.frame_no);
	assert_int_equal(evidence_get(ev, FEAT_OVERLAP_DIFFERS)->frame[1], genuine);
	cb_fini(&c);
}

/* It lost the race: the genuine answer came first. */
static void test_overlap_forged_second_is_the_suspect(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	p = forged(&c, 402, FORGED);
	cb_at(&c, 400);
	p.frame_no++;
	cb_say(&c, 1, CB_ANSWER);
	cb_put(&c, &p);
	ev = cb_found(&c, CASE_OVERLAP);
	assert_no(ev, OVERLAP_FIRST_FORGED);
	assert_yes(ev, OVERLAP_STACK_DIFFERS);
	assert_no(ev, OVERLAP_ONE_SENDER);
	assert_suspects(ev, p.frame_no);
	cb_fini(&c);
}

/* A proxy that rewrites a retransmission, a broken or fuzzed stack: TTL and IP ID line are one sender's. */
static void test_overlap_of_one_sender_is_no_injection(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	cb_at(&c, 400);
	p = cb_next(&c, 1, TCP_ACK | TCP_PSH, "HTTP/1.1 404 Not Found\r\n\r\n", 26);
	cb_put(&c, &p);
	cb_say(&c, 1, CB_ANSWER);
	ev = cb_found(&c, CASE_OVERLAP);
	assert_yes(ev, OVERLAP_ONE_SENDER);
	assert_no(ev, OVERLAP_STACK_DIFFERS);
	assert_num(ev, OVERLAP_TTL_GAP, 0);
	assert_no(ev, OVERLAP_IPID_ECHO);
	cb_fini(&c);
}

/* Each sign alone ends "one sender"; IP ID alone is no difference of stack by the feature's words. */
static void test_overlap_each_sign_of_the_carrier(void **state)
{
	(void)state;
	for (int sign = 0; sign < 4; sign++) {
		const struct evidence *ev;
		struct pkt p;
		struct cb c;

		cb_init(&c);
		c.ts = true;
		cb_talk(&c);
		cb_ask(&c);
		cb_at(&c, 305);
		p = cb_next(&c, 1, TCP_ACK | TCP_PSH, FORGED, strlen(FORGED));
		if (sign == 0)
			p.ttl = 52;
		if (sign == 1)
			p.df = false;
		if (sign == 2)
			p.tcp.opts = 0;
		if (sign == 3)
			p.ip_id = 9;
		cb_put(&c, &p);
		cb_at(&c, 400);
		cb_say(&c, 1, CB_ANSWER);
		ev = cb_found(&c, CASE_OVERLAP);
		assert_no(ev, OVERLAP_ONE_SENDER);
		assert_num(ev, OVERLAP_STACK_DIFFERS, sign != 3);
		assert_yes(ev, OVERLAP_FIRST_FORGED);
		cb_fini(&c);
	}
}

static void test_overlap_ipid_echo_of_the_request(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	p = forged(&c, 305, FORGED);
	p.ip_id = (uint16_t)(c.id[0] - 1);
	cb_put(&c, &p);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	assert_yes(cb_found(&c, CASE_OVERLAP), OVERLAP_IPID_ECHO);
	cb_fini(&c);

	/* without IP ID nothing of the kind is known */
	start(&c);
	p = forged(&c, 305, FORGED);
	p.has_ip_id = false;
	cb_put(&c, &p);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	assert_unknown(cb_found(&c, CASE_OVERLAP), OVERLAP_IPID_ECHO);
	assert_unknown(cb_found(&c, CASE_OVERLAP), OVERLAP_IPID);
	cb_fini(&c);
}

/* The first version, the second, and whether the pair is a conflict: both longer than 6 bytes and min(8, overlap) bytes different. */
static void test_overlap_how_much_must_differ(void **state)
{
	static const struct {
		const char *a, *b;
		uint32_t off;    /* where b begins in a */
		uint32_t differ; /* 0: no conflict */
	} t[] = {
		{"abcdefghijkl", "abcdefghijkl", 0, 0}, /* a retransmission */
		{"abcdefghijkl", "ABCDEFGHijkl", 0, 8},
		{"abcdefghijkl", "ABCDEFGhijkl", 0, 0}, /* 7 of 12 */
		{"abcdefg", "ABCDEFG", 0, 7},           /* all of an overlap below 8 */
		{"abcdefg", "ABCDEFg", 0, 0},
		{"abcdef", "ABCDEF", 0, 0},            /* 6 bytes are padding's size */
		{"abcdefghijkl", "IJKLmnopqrs", 8, 4}, /* the shared 4 bytes */
		{"abcdefghijkl", "IJKlmnopqrs", 8, 0},
		{"abcdefghijkl", "A", 0, 0}, /* a keep-alive's byte */
		{"abcdefghijkl", "ABCDEF", 2, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		start(&c);
		p = cb_next(&c, 1, TCP_ACK | TCP_PSH, t[i].a, strlen(t[i].a));
		cb_put(&c, &p);
		p = cb_next(&c, 1, TCP_ACK | TCP_PSH, t[i].b, strlen(t[i].b));
		p.tcp.seq += t[i].off;
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), t[i].differ ? 1 : 0);
		if (t[i].differ) {
			assert_num(cb_case(&c, CASE_OVERLAP, 0), OVERLAP_DIFFERS, t[i].differ);
			assert_no(cb_case(&c, CASE_OVERLAP, 0), OVERLAP_TEXT_BOTH);
		}
		cb_fini(&c);
	}
}

/* Garbage in a keep-alive at the byte before the next (RFC 9293 3.8.4). */
static void test_overlap_keep_alive_is_no_conflict(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	cb_at(&c, 400);
	cb_say(&c, 1, CB_ANSWER);
	for (int i = 0; i < 3; i++) {
		p = cb_next(&c, 1, TCP_ACK, "\xff", 1);
		p.tcp.seq--;
		cb_put(&c, &p);
	}
	cb_judge(&c);
	assert_int_equal(c.cases.n, 0);
	cb_fini(&c);
}

/* A snapshot length cut both: only what was captured is compared, and it is equal. */
static void test_overlap_of_cut_packets_compares_what_is_there(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	for (int i = 0; i < 2; i++) {
		p = cb_next(&c, 1, TCP_ACK | TCP_PSH, "0123456789", 10);
		p.payload_len = 500;
		p.quirks = QUIRK(TRUNC_PAYLOAD);
		cb_put(&c, &p);
	}
	p = cb_next(&c, 1, TCP_ACK | TCP_PSH, "and other bytes behind the cut", 30);
	p.tcp.seq += 10;
	cb_put(&c, &p);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), 0);
	cb_fini(&c);
}

/* In orig's name, as an injector's command to a mail server: nothing of the other side came before. */
static void test_overlap_towards_resp_without_trigger(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	p = cb_next(&c, 0, TCP_ACK | TCP_PSH, "\r\n.\r\nQUIT\r\n", 11);
	p.ttl = 113;
	cb_put(&c, &p);
	cb_say(&c, 0, "MAIL FROM:<a@fine.example>\r\n");
	ev = cb_found(&c, CASE_OVERLAP);
	assert_text(ev, OVERLAP_TO, "resp");
	assert_no(ev, OVERLAP_AFTER_TRIGGER);
	assert_unknown(ev, TRIGGER_KIND);
	assert_suspects(ev, p.frame_no);
	cb_fini(&c);
}

/* One forged segment over two genuine ones is one case; several forged ones are at most four, those that differ most. */
static void test_overlap_worst_conflicts_speak_for_the_rest(void **state)
{
	static const char noise[] = "################################################",
			  *const genuine[] = {"0123456789", "abcdefghij"};
	struct pkt p;
	struct cb c;
	uint64_t worst = 0;

	(void)state;
	start(&c);
	p = forged(&c, 305, "####################");
	cb_put(&c, &p);
	for (int i = 0; i < 2; i++)
		cb_say(&c, 1, genuine[i]);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), 1);
	cb_fini(&c);

	start(&c);
	for (int i = 0; i < 6; i++) { /* the last differs most */
		size_t len = i == 5 ? 40 : 10;

		p = forged(&c, 305 + 10 * i, "");
		p.payload = (struct bytes){(const uint8_t *)noise, len};
		p.payload_len = (uint32_t)len;
		cb_put(&c, &p);
		worst = p.frame_no;
		cb_send(&c, 1, TCP_ACK, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH", len);
	}
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_OVERLAP), 4);
	assert_num(cb_case(&c, CASE_OVERLAP, 0), OVERLAP_DIFFERS, 40);
	assert_suspects(cb_case(&c, CASE_OVERLAP, 0), worst);
	cb_fini(&c);
}

/* A carrier that the log has forgotten: the bytes differ, more is not known. */
static void test_overlap_of_a_forgotten_carrier_says_only_what_differs(void **state)
{
	struct conflict k = {.first_frame = 3,
			     .second_frame = 900,
			     .overlap = 20,
			     .differ = 12,
			     .dir = DIR_RESP};
	struct flow f = {.proto = 6, .suspicion = SUS_CONFLICT, .n_conflicts = 1, .conflict = &k};
	struct case_list l = {0};

	(void)state;
	detect_flow(&f, &l);
	assert_int_equal(l.n, 1);
	assert_num(l.at[0], OVERLAP_DIFFERS, 12);
	assert_text(l.at[0], OVERLAP_TO, "orig");
	assert_unknown(l.at[0], OVERLAP_ONE_SENDER);
	assert_unknown(l.at[0], OVERLAP_STACK_DIFFERS);
	assert_unknown(l.at[0], OVERLAP_TTL_GAP);
	assert_unknown(l.at[0], OVERLAP_FIRST_FORGED);
	assert_unknown(l.at[0], OVERLAP_AFTER_TRIGGER);
	assert_unknown(l.at[0], OVERLAP_GAP);
	case_list_free(&l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap_forged_first_is_told_from_the_genuine),
		cmocka_unit_test(test_overlap_forged_second_is_the_suspect),
		cmocka_unit_test(test_overlap_of_one_sender_is_no_injection),
		cmocka_unit_test(test_overlap_each_sign_of_the_carrier),
		cmocka_unit_test(test_overlap_ipid_echo_of_the_request),
		cmocka_unit_test(test_overlap_how_much_must_differ),
		cmocka_unit_test(test_overlap_keep_alive_is_no_conflict),
		cmocka_unit_test(test_overlap_of_cut_packets_compares_what_is_there),
		cmocka_unit_test(test_overlap_towards_resp_without_trigger),
		cmocka_unit_test(test_overlap_worst_conflicts_speak_for_the_rest),
		cmocka_unit_test(test_overlap_of_a_forgotten_carrier_says_only_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
