/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairing DNS questions with their answers, on the wire (METHODS d.1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_wire.h"

enum { TYPE_MX = 15, TYPE_ANY = 255 };

static void test_det_dns_ordinary_question_and_answer_say_nothing(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "fine.example", 0);
	reply(&d, 1, "fine.example", 1, 40000);
	dn_end(&d);
	assert_int_equal(d.got.n, 0);
	assert_int_equal(d.dd.lost, 0);
	assert_non_null(usual_get(d.dd.usual, d.b.addr[1].b));
	dn_fini(&d);
}

static void test_det_dns_two_answers_to_one_question_are_judged_with_the_question(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "blocked.example", 0);
	reply(&d, 1, "blocked.example", 66, 5000);
	reply(&d, 1, "blocked.example", 1, 40000);
	assert_int_equal(d.got.n, 0); /* held open for more */
	dn_end(&d);
	assert_int_equal(d.got.n, 1);
	assert_int_equal(d.got.n_conflicts, 1);
	assert_int_equal(d.got.answers, 2);
	assert_int_equal(d.got.queries, 1);
	assert_int_equal(d.got.question.kind, TRIGGER_DNS_QNAME);
	assert_string_equal(d.got.question.name, "blocked.example");
	assert_int_equal(d.got.question.name_len, 15);
	assert_int_equal(d.got.question.first_frame, 1);
	assert_int_equal(d.got.question.last_frame, 1);
	assert_int_equal(d.got.question.ts_ns, FB_START);
	assert_int_equal(d.got.question.dir, DIR_ORIG);
	assert_int_equal(d.got.question.ip_id, 100);
	assert_null(d.f->dns);
	dn_fini(&d);
}

/* With findings wanted early, each answer is judged as it comes, and the whole once more when it is over. */
static void test_det_dns_early_judging_comes_before_the_last(void **state)
{
	struct dn d;

	(void)state;
	for (int early = 0; early < 2; early++) {
		dn_init(&d, 1 << 20);
		d.dd.early = early;
		ask(&d, 1, "blocked.example", 0);
		reply(&d, 1, "blocked.example", 66, 5000);
		assert_int_equal(d.got.n_early, 0); /* one ordinary answer says nothing */
		reply(&d, 1, "blocked.example", 1, 40000);
		assert_int_equal(d.got.n_early, early);
		assert_int_equal(d.got.n, 0);
		dn_end(&d);
		assert_int_equal(d.got.n, 1);
		assert_int_equal(usual_get(d.dd.usual, d.b.addr[1].b)->n, 1); /* learned once */
		dn_fini(&d);
	}
}

/* Letter case of the name is a nonce (0x20) that some forgers do not keep: still one question. */
static void test_det_dns_pairs_by_id_name_and_type(void **state)
{
	static const struct {
		uint16_t id, type;
		const char *name;
		bool pair;
	} t[] = {
		{1, DNS_A, "blocked.example", true},     {1, DNS_A, "BlOcKeD.eXaMpLe", true},
		{2, DNS_A, "blocked.example", false},    {1, DNS_A, "other.example", false},
		{1, DNS_AAAA, "blocked.example", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dn d;

		dn_init(&d, 1 << 20);
		ask(&d, 1, "blocked.example", 0);
		message(&d, t[i].id, ANSWER, t[i].name, t[i].type, 1);
		record(&d, DNS_A, (const uint8_t[]){198, 51, 100, 66}, 4);
		send_at(&d, 1, 5000);
		reply(&d, 1, "blocked.example", 1, 40000);
		dn_end(&d);
		assert_int_equal(d.got.n_conflicts, t[i].pair);
		dn_fini(&d);
	}
}

/* The question was sent again before any answer: two answers are one to each. */
static void test_det_dns_retransmitted_question_with_rotated_answers(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "fine.example", 0);
	ask(&d, 1, "fine.example", 1000000);
	reply(&d, 1, "fine.example", 1, 1040000);
	reply(&d, 1, "fine.example", 2, 1050000);
	dn_end(&d);
	assert_int_equal(d.got.n_conflicts, 0);
	dn_fini(&d);
}

/* Held open until 5 s after the first answer. */
static void test_det_dns_holds_open_for_five_seconds(void **state)
{
	static const struct {
		int64_t us;
		bool conflict;
	} t[] = {{4999999, true}, {5000000, true}, {5000001, false}, {9000000, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dn d;

		dn_init(&d, 1 << 20);
		ask(&d, 1, "blocked.example", 0);
		reply(&d, 1, "blocked.example", 66, 5000);
		reply(&d, 1, "blocked.example", 1, 5000 + t[i].us);
		dn_end(&d);
		assert_int_equal(d.got.n_conflicts, t[i].conflict);
		dn_fini(&d);
	}
}

/* A question that nobody answered is given up, also behind an older one that is still held open. */
static void test_det_dns_gives_up_behind_one_that_is_held(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "slow.example", 0);
	ask(&d, 2, "blocked.example", 100000);
	reply(&d, 1, "slow.example", 1, 4900000);
	reply(&d, 2, "blocked.example", 66, 6000000);
	reply(&d, 2, "blocked.example", 1, 6000100);
	dn_end(&d);
	assert_int_equal(d.got.n, 1);
	assert_int_equal(d.got.queries, 0); /* too late to belong to the question */
	dn_fini(&d);
}

/* A alone for another type; not behind a CNAME, not for ANY, not an answer of the right type. */
static void test_det_dns_type_ignored(void **state)
{
	static const uint8_t a[] = {198, 51, 100, 66}, cname[] = {1, 'x', 0xc0, 0x0c},
			     aaaa[16] = {0x20, 1, 0xd, 0xb8};
	static const struct {
		uint16_t qtype, first, second;
		bool ignored;
	} t[] = {
		{DNS_AAAA, DNS_A, 0, true},     {TYPE_MX, DNS_A, 0, true},
		{TYPE_MX, DNS_A, DNS_A, true},  {DNS_AAAA, DNS_CNAME, DNS_A, false},
		{TYPE_ANY, DNS_A, 0, false},    {DNS_A, DNS_A, 0, false},
		{DNS_AAAA, DNS_AAAA, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint16_t type[2] = {t[i].first, t[i].second};
		struct dn d;

		dn_init(&d, 1 << 20);
		message(&d, 1, QUESTION, "blocked.example", t[i].qtype, 0);
		send_at(&d, 0, 0);
		message(&d, 1, ANSWER, "blocked.example", t[i].qtype, t[i].second ? 2 : 1);
		for (int k = 0; k < 2 && type[k]; k++)
			record(&d, type[k],
			       type[k] == DNS_A       ? a
			       : type[k] == DNS_CNAME ? cname
						      : aaaa,
			       type[k] == DNS_AAAA ? 16 : 4);
		send_at(&d, 1, 40000);
		dn_end(&d);
		assert_int_equal(d.got.n, t[i].ignored);
		assert_int_equal(d.got.type_ignored, t[i].ignored);
		dn_fini(&d);
	}
}

/* Multicast DNS, LLMNR and other ports, an answer not from port 53, bytes that are no DNS: not looked at. */
static void test_det_dns_other_ports_and_bytes_are_ignored(void **state)
{
	static const struct {
		uint16_t client, server;
		bool dns;
	} t[] = {{33333, 53, true}, {5353, 5353, false}, {33333, 5355, false}, {53, 53, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dn d;

		dn_init(&d, 1 << 20);
		d.b.port[0] = t[i].client;
		d.b.port[1] = t[i].server;
		ask(&d, 1, "blocked.example", 0);
		reply(&d, 1, "blocked.example", 66, 5000);
		reply(&d, 1, "blocked.example", 1, 40000);
		dn_end(&d);
		assert_int_equal(d.got.n_conflicts, t[i].dns);
		dn_fini(&d);
	}
}

/* Every prefix of an answer beside the whole one: no crash, and what is cut contradicts nothing. */
static void test_det_dns_cut_at_every_length_contradicts_nothing(void **state)
{
	size_t whole = 0;

	(void)state;
	for (size_t n = 0; n == 0 || n <= whole; n++) {
		struct dn d;

		dn_init(&d, 1 << 20);
		ask(&d, 1, "blocked.example", 0);
		message(&d, 1, ANSWER, "blocked.example", DNS_A, 1);
		record(&d, DNS_A, (const uint8_t[]){198, 51, 100, 1}, 4);
		whole = d.len;
		d.len = n;
		send_at(&d, 1, 5000);
		reply(&d, 1, "blocked.example", 1, 40000);
		dn_end(&d);
		assert_int_equal(d.got.n_conflicts, 0);
		dn_fini(&d);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_det_dns_ordinary_question_and_answer_say_nothing),
		cmocka_unit_test(
			test_det_dns_two_answers_to_one_question_are_judged_with_the_question),
		cmocka_unit_test(test_det_dns_early_judging_comes_before_the_last),
		cmocka_unit_test(test_det_dns_pairs_by_id_name_and_type),
		cmocka_unit_test(test_det_dns_retransmitted_question_with_rotated_answers),
		cmocka_unit_test(test_det_dns_holds_open_for_five_seconds),
		cmocka_unit_test(test_det_dns_gives_up_behind_one_that_is_held),
		cmocka_unit_test(test_det_dns_type_ignored),
		cmocka_unit_test(test_det_dns_other_ports_and_bytes_are_ignored),
		cmocka_unit_test(test_det_dns_cut_at_every_length_contradicts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
