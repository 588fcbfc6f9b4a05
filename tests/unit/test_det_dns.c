/* SPDX-License-Identifier: BSD-3-Clause */
/* Pairing DNS questions with their answers, on the wire (METHODS d.1), and what of it is bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "detect/det_dns.h"

enum { QUESTION = 0x0100, ANSWER = 0x8180, TYPE_MX = 15, TYPE_ANY = 255 };

/* What was judged: the last transaction's facts, and counts. */
struct judged {
	uint32_t n, n_cases, n_conflicts, lost;
	int64_t answers, queries, type_ignored;
	struct trigger question;
};

struct dn {
	struct fb b;
	struct det_dns dd;
	struct judged got;
	struct flow *f;
	uint8_t wire[512];
	size_t len;
	uint16_t ip_id;
};

static void on_judged(void *arg, const struct flow *f, const struct trigger *question,
		      struct case_list *cases)
{
	struct judged *g = arg;

	(void)f;
	g->n++;
	g->n_cases += cases->n;
	g->lost += cases->lost;
	g->question = *question;
	for (uint32_t i = 0; i < cases->n; i++) {
		const struct evidence *ev = cases->at[i];

		g->n_conflicts += evidence_get(ev, FEAT_DNS_CONFLICT)->num != 0;
		g->answers = evidence_get(ev, FEAT_DNS_ANSWERS)->num;
		g->queries = evidence_get(ev, FEAT_DNS_QUERIES)->num;
		g->type_ignored = evidence_get(ev, FEAT_DNS_TYPE_IGNORED)->num;
	}
}

static void dn_init(struct dn *d, uint64_t memory_bytes)
{
	memset(d, 0, sizeof(*d));
	fb_init(&d->b, memory_bytes);
	d->b.port[0] = 33333;
	d->b.port[1] = 53;
	d->dd = (struct det_dns){
		.table = d->b.t, .usual = usual_new(), .arg = &d->got, .on_judged = on_judged};
	assert_non_null(d->dd.usual);
	d->ip_id = 100;
}

static void dn_end(struct dn *d)
{
	if (d->f)
		det_dns_end(&d->dd, d->f);
}

static void dn_fini(struct dn *d)
{
	dn_end(d);
	usual_free(d->dd.usual);
	fb_fini(&d->b);
}

static void put(struct dn *d, uint32_t v, int n)
{
	while (n--)
		d->wire[d->len++] = (uint8_t)(v >> 8 * n);
}

static void put_name(struct dn *d, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		put(d, (uint32_t)n, 1);
		memcpy(d->wire + d->len, name, n);
		d->len += n;
		name += n + (name[n] == '.');
	}
	put(d, 0, 1);
}

static void message(struct dn *d, uint16_t id, uint16_t flags, const char *name, uint16_t qtype,
		    uint16_t n_an)
{
	d->len = 0;
	put(d, id, 2);
	put(d, flags, 2);
	put(d, 1, 2);
	put(d, n_an, 2);
	put(d, 0, 4);
	put_name(d, name);
	put(d, qtype, 2);
	put(d, 1, 2);
}

static void record(struct dn *d, uint16_t type, const void *data, uint16_t n)
{
	put(d, 0xc00c, 2);
	put(d, type, 2);
	put(d, 1, 2);
	put(d, 300, 4);
	put(d, n, 2);
	memcpy(d->wire + d->len, data, n);
	d->len += n;
}

static void send_at(struct dn *d, int who, int64_t us)
{
	struct pkt p;

	d->b.now_ns = FB_START + us * 1000;
	p = fb_udp(&d->b, who);
	p.payload = (struct bytes){d->wire, d->len};
	p.payload_len = (uint32_t)d->len;
	p.ip_id = d->ip_id++;
	d->f = fb_put(&d->b, &p);
	assert_non_null(d->f);
	det_dns_packet(&d->dd, d->f, &p);
}

static void ask(struct dn *d, uint16_t id, const char *name, int64_t us)
{
	message(d, id, QUESTION, name, DNS_A, 0);
	send_at(d, 0, us);
}

/* An A record 198.51.100.x. */
static void reply(struct dn *d, uint16_t id, const char *name, uint8_t x, int64_t us)
{
	message(d, id, ANSWER, name, DNS_A, 1);
	record(d, DNS_A, (const uint8_t[]){198, 51, 100, x}, 4);
	send_at(d, 1, us);
}

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

/* 17 questions at once: the oldest is judged early, nothing is lost but its later answers' question. */
static void test_det_dns_more_open_than_fit_finish_the_oldest(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 4 << 20);
	for (uint16_t i = 0; i < LIMIT_DNS_OPEN - 1; i++) {
		ask(&d, i, "blocked.example", i);
		reply(&d, i, "blocked.example", 66, 100 + i);
		reply(&d, i, "blocked.example", 1, 200 + i);
		assert_int_equal(d.got.n, 0);
	}
	ask(&d, 100, "more.example", 1000);
	assert_int_equal(d.got.n, 0);
	ask(&d, 101, "more.example", 1001);
	assert_int_equal(d.got.n, 1);
	assert_int_equal(d.got.n_conflicts, 1);
	dn_end(&d);
	assert_int_equal(d.got.n, LIMIT_DNS_OPEN - 1);
	assert_int_equal(d.got.n_conflicts, LIMIT_DNS_OPEN - 1);
	assert_int_equal(d.dd.lost, 0);
	dn_fini(&d);
}

/* An answer to what is open needs no room: it must not push out its own question when all places are taken. */
static void test_det_dns_full_table_still_takes_answers_of_open_questions(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 4 << 20);
	for (uint16_t i = 0; i < LIMIT_DNS_OPEN; i++)
		ask(&d, i, "blocked.example", i);
	reply(&d, 0, "blocked.example", 66, 100);
	reply(&d, 0, "blocked.example", 1, 200);
	dn_end(&d);
	assert_int_equal(d.got.n_conflicts, 1);
	assert_int_equal(d.got.queries, 1);
	dn_fini(&d);
}

static void test_det_dns_more_answers_than_fit_are_counted(void **state)
{
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	ask(&d, 1, "blocked.example", 0);
	for (uint8_t i = 0; i < LIMIT_DNS_TXN_ANSWERS + 5; i++)
		reply(&d, 1, "blocked.example", (uint8_t)(10 + i), 1000 + i);
	dn_end(&d);
	assert_int_equal(d.got.answers, LIMIT_DNS_TXN_ANSWERS);
	assert_int_equal(d.dd.lost, 5);
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

/* All that is hung on a flow is given back, and a table without room counts what it could not keep. */
static void test_det_dns_memory_is_given_back_or_the_loss_counted(void **state)
{
	uint64_t used;
	struct dn d;

	(void)state;
	dn_init(&d, 1 << 20);
	message(&d, 1, QUESTION, "fine.example", DNS_A, 0);
	d.len = 3;
	send_at(&d, 0, 0); /* no DNS: only the flow */
	used = fb_used(&d.b);
	for (uint16_t i = 0; i < 20; i++)
		ask(&d, i, "fine.example", 10 + i);
	assert_true(fb_used(&d.b) > used);
	dn_end(&d);
	assert_int_equal(fb_used(&d.b), used);
	det_dns_end(&d.dd, d.f); /* again: nothing to do */
	dn_fini(&d);

	dn_init(&d, 1 << 20);
	d.len = 3;
	send_at(&d, 0, 0);
	while (flow_table_take(d.b.t, 64))
		;
	ask(&d, 1, "fine.example", 10);
	assert_int_equal(d.dd.lost, 1);
	assert_int_equal(d.got.n, 0);
	dn_fini(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_det_dns_ordinary_question_and_answer_say_nothing),
		cmocka_unit_test(
			test_det_dns_two_answers_to_one_question_are_judged_with_the_question),
		cmocka_unit_test(test_det_dns_pairs_by_id_name_and_type),
		cmocka_unit_test(test_det_dns_retransmitted_question_with_rotated_answers),
		cmocka_unit_test(test_det_dns_holds_open_for_five_seconds),
		cmocka_unit_test(test_det_dns_gives_up_behind_one_that_is_held),
		cmocka_unit_test(test_det_dns_more_open_than_fit_finish_the_oldest),
		cmocka_unit_test(test_det_dns_full_table_still_takes_answers_of_open_questions),
		cmocka_unit_test(test_det_dns_more_answers_than_fit_are_counted),
		cmocka_unit_test(test_det_dns_type_ignored),
		cmocka_unit_test(test_det_dns_other_ports_and_bytes_are_ignored),
		cmocka_unit_test(test_det_dns_cut_at_every_length_contradicts_nothing),
		cmocka_unit_test(test_det_dns_memory_is_given_back_or_the_loss_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
