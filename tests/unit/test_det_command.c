/* SPDX-License-Identifier: BSD-3-Clause */
/* A command in orig's name (METHODS f.1). Orig's own TTL is 64; the talk before is over at 205 ms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

#define MAIL_QUIT "\r\n.\r\nQUIT\r\n"

static void talk(struct cb *c)
{
	cb_init(c);
	c->ts = true;
	cb_talk(c);
	cb_at(c, 300);
}

/* At the place where orig's next byte stands, from another stack; orig's line stays where it was. */
static struct pkt forged(struct cb *c, const char *text)
{
	struct pkt p = cb_next(c, 0, TCP_ACK | TCP_PSH, text, strlen(text));

	c->id[0]--;
	p.tcp.opts = 0;
	p.tcp.hdr_len = 20;
	p.ttl = 113;
	p.ip_id = 7;
	return p;
}

static void put_reset(struct cb *c, const struct pkt *command, int64_t ms, uint8_t ttl)
{
	struct pkt r;

	cb_at(c, ms);
	r = cb_rst(c, 0);
	r.tcp.seq = command->tcp.seq + command->payload_len;
	r.ttl = ttl;
	cb_put(c, &r);
}

static void test_command_from_another_stack_that_the_client_ignores(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	talk(&c);
	p = forged(&c, MAIL_QUIT);
	cb_put(&c, &p);
	for (int i = 0; i < 3; i++)
		put_reset(&c, &p, 301 + i, 58);
	cb_at(&c, 350);
	cb_say(&c, 0, "RCPT TO:<x@y.example>\r\n");
	ev = cb_found(&c, CASE_COMMAND);
	assert_text(ev, COMMAND_WORD, "QUIT");
	assert_yes(ev, COMMAND_ENDS_DATA);
	assert_yes(ev, COMMAND_STACK_DIFFERS);
	assert_num(ev, COMMAND_TTL_GAP, 49);
	assert_num(ev, COMMAND_IPID, 7);
	assert_no(ev, COMMAND_IPID_FITS);
	assert_num(ev, COMMAND_RESETS, 3);
	assert_yes(ev, COMMAND_SEQ_IGNORED);
	assert_no(ev, COMMAND_SAID_AGAIN);
	assert_suspects(ev, p.frame_no);
	cb_fini(&c);
}

/* Each sign alone is enough to look; none is none. */
static void test_command_of_the_own_stack_is_none(void **state)
{
	(void)state;
	for (int sign = 0; sign < 4; sign++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, "QUIT\r\n", 6);
		if (sign == 1)
			p.ttl = 62;
		if (sign == 2)
			p.tcp.opts = 0;
		if (sign == 3)
			p.df = false;
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_COMMAND), sign != 0);
		cb_fini(&c);
	}
}

static void test_command_stands_alone_in_its_segment(void **state)
{
	static const struct {
		const char *text, *word;
	} t[] = {
		{"QUIT\r\n", "QUIT"},       {"quit\n", "QUIT"},     {"RSET\r\n", "RSET"},
		{"ABOR\r\n", "ABOR"},       {MAIL_QUIT, "QUIT"},    {"QUIT", NULL},
		{"QUITS\r\n", NULL},        {"QUIT now\r\n", NULL}, {"\r\nQUIT\r\n", NULL},
		{"NOOP\r\nQUIT\r\n", NULL}, {"NOOP\r\n", NULL},     {"x", NULL},
		{"I quit\r\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, t[i].text);
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_COMMAND), t[i].word != NULL);
		if (t[i].word)
			assert_text(cb_case(&c, CASE_COMMAND, 0), COMMAND_WORD, t[i].word);
		cb_fini(&c);
	}
}

/* What the capture has cut may go on behind the cut. */
static void test_command_cut_by_the_capture_is_none(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(MAIL_QUIT) - 1; cut++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, MAIL_QUIT);
		p.payload.len = cut;
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_COMMAND), 0);
		cb_fini(&c);
	}
}

/* The first copy came by another path; then the client's own stack says it again, alone or with more behind it. */
static void test_command_sent_again_by_the_own_stack_is_its_own(void **state)
{
	static const char *const again[] = {"QUIT\r\n", "QUIT\r\nNOOP\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(again); i++) {
		const struct evidence *ev;
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, "QUIT\r\n");
		cb_put(&c, &p);
		cb_at(&c, 600);
		cb_say(&c, 0, again[i]);
		ev = cb_found(&c, CASE_COMMAND);
		assert_yes(ev, COMMAND_SAID_AGAIN);
		assert_no(ev, COMMAND_SEQ_IGNORED);
		cb_fini(&c);
	}
}

/* Resp answers the command; orig acknowledges the answer. Does its number count the command? */
static void test_command_is_ignored_by_whoever_does_not_count_it(void **state)
{
	(void)state;
	for (int counts = 0; counts < 2; counts++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, "QUIT\r\n");
		cb_put(&c, &p);
		cb_at(&c, 301);
		cb_say(&c, 1, "221 bye\r\n");
		cb_at(&c, 401);
		if (counts)
			c.seq[0] += 6;
		cb_ack(&c, 0);
		assert_num(cb_found(&c, CASE_COMMAND), COMMAND_SEQ_IGNORED, !counts);
		cb_fini(&c);
	}
}

/* An ACK sent before the command and overtaken by it acknowledges nothing that came behind it; and nothing at all came. */
static void test_command_that_overtook_an_ack_is_not_ignored(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, "QUIT\r\n");
		cb_put(&c, &p);
		cb_at(&c, 310);
		if (late)
			cb_ack(&c, 0);
		cb_at(&c, 311);
		cb_say(&c, 1, "221 bye\r\n");
		assert_unknown(cb_found(&c, CASE_COMMAND), COMMAND_SEQ_IGNORED);
		assert_no(cb_case(&c, CASE_COMMAND, 0), COMMAND_SAID_AGAIN);
		cb_fini(&c);
	}
}

/* From the command on everything of orig's comes with another TTL. */
static void test_command_behind_a_changed_path_is_not_ignored(void **state)
{
	struct pkt p, a;
	struct cb c;

	(void)state;
	talk(&c);
	p = cb_next(&c, 0, TCP_ACK | TCP_PSH, "QUIT\r\n", 6);
	p.ttl = 61;
	c.seq[0] += 6;
	cb_put(&c, &p);
	cb_at(&c, 301);
	cb_say(&c, 1, "221 bye\r\n");
	for (int i = 0; i < 2; i++) {
		cb_at(&c, 401 + 10 * i);
		a = cb_next(&c, 0, TCP_ACK, NULL, 0);
		a.ttl = 61;
		cb_put(&c, &a);
	}
	cb_judge(&c);
	if (cb_n_cases(&c, CASE_COMMAND))
		assert_num(cb_case(&c, CASE_COMMAND, 0), COMMAND_SEQ_IGNORED, 0);
	cb_fini(&c);
}

static void test_command_resets_are_counted_within_ten_ms(void **state)
{
	static const struct {
		int64_t ms;
		uint8_t ttl;
		int64_t n;
	} t[] = {{301, 58, 1}, {309, 113, 1}, {311, 58, 0}, {301, 64, 0}, {301, 65, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		talk(&c);
		p = forged(&c, "QUIT\r\n");
		cb_put(&c, &p);
		put_reset(&c, &p, t[i].ms, t[i].ttl);
		assert_num(cb_found(&c, CASE_COMMAND), COMMAND_RESETS, t[i].n);
		cb_fini(&c);
	}
}

/* In resp's name, or without anything of orig's to compare with: nothing. */
static void test_command_of_resp_or_alone_is_none(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	talk(&c);
	p = cb_next(&c, 1, TCP_ACK | TCP_PSH, "QUIT\r\n", 6);
	p.ttl = 99;
	cb_put(&c, &p);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_COMMAND), 0);
	cb_fini(&c);
	cb_init(&c);
	p = forged(&c, "QUIT\r\n");
	cb_put(&c, &p);
	cb_judge(&c);
	assert_int_equal(cb_n_cases(&c, CASE_COMMAND), 0);
	cb_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_from_another_stack_that_the_client_ignores),
		cmocka_unit_test(test_command_of_the_own_stack_is_none),
		cmocka_unit_test(test_command_stands_alone_in_its_segment),
		cmocka_unit_test(test_command_cut_by_the_capture_is_none),
		cmocka_unit_test(test_command_sent_again_by_the_own_stack_is_its_own),
		cmocka_unit_test(test_command_is_ignored_by_whoever_does_not_count_it),
		cmocka_unit_test(test_command_that_overtook_an_ack_is_not_ignored),
		cmocka_unit_test(test_command_behind_a_changed_path_is_not_ignored),
		cmocka_unit_test(test_command_resets_are_counted_within_ten_ms),
		cmocka_unit_test(test_command_of_resp_or_alone_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
