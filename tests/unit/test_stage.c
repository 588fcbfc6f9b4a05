/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage of a break and the 19 published tampering signatures (METHODS a.2), staged by sequence number (a.5). A script is one letter a
 * packet, upper case from orig, lower case from resp:
 *   S SYN   h SYN/ACK   A a pure ACK   P p 40 bytes of data   F f FIN
 *   R r RST that carries the ACK number it should   K k RST+ACK
 *   Q q RST with another ACK number   O o RST with ACK number 0
 *   E RST, X RST+ACK at the end of data that comes only after it   B RST at the byte where that data begins
 *   ' the packet before it again: a mirror port's copy   " the packet before it again, 300 ms later: a retransmission */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "case_build.h"

enum { DATA = 40 };
static const char fill[DATA + 1] = "0123456789abcdef0123456789abcdef01234567";

static struct pkt packet_of(struct cb *c, char letter)
{
	int who = islower((unsigned char)letter) != 0;
	struct pkt p;

	switch (toupper((unsigned char)letter)) {
	case 'S':
		return cb_next(c, who, TCP_SYN, NULL, 0);
	case 'H':
		return cb_next(c, who, TCP_SYN | TCP_ACK, NULL, 0);
	case 'P':
		return cb_next(c, who, TCP_ACK | TCP_PSH, fill, DATA);
	case 'F':
		return cb_next(c, who, TCP_ACK | TCP_FIN, NULL, 0);
	case 'A':
		return cb_next(c, who, TCP_ACK, NULL, 0);
	case 'K':
	case 'X':
		p = cb_next(c, who, TCP_RST | TCP_ACK, NULL, 0);
		break;
	default:
		p = cb_next(c, who, TCP_RST, NULL, 0);
		p.tcp.ack = letter == 'O' || letter == 'o' ? 0 : c->seq[!who];
		break;
	}
	if (letter == 'Q' || letter == 'q')
		p.tcp.ack += 9;
	if (letter == 'E' || letter == 'X')
		p.tcp.seq += DATA;
	return p;
}

static void play(struct cb *c, const char *script)
{
	struct pkt p = {0};

	cb_init(c);
	for (const char *s = script; *s; s++) {
		if (*s == '\'' || *s == '"') {
			p.ts_ns += *s == '"' ? 300 * FB_MS : 100000;
			p.frame_no = c->b.frame + 1;
			p.ip_id = (uint16_t)(p.ip_id + (*s == '"'));
			if (*s == '"')
				c->b.now_ns = p.ts_ns;
		} else {
			p = packet_of(c, *s);
			if (!(p.tcp.flags & TCP_RST))
				c->seq[islower((unsigned char)*s) != 0] +=
					p.payload_len + !!(p.tcp.flags & (TCP_SYN | TCP_FIN));
		}
		cb_put(c, &p);
	}
}

static void check(const char *script, int64_t silent_ns, enum flow_stage stage, const char *want)
{
	char got[TAMPERING_TEXT] = "unset";
	enum flow_stage st;
	struct cb c;

	play(&c, script);
	st = detect_tampering(c.f, c.f->last_ns + silent_ns, got);
	if (st != stage || strcmp(got, want)) {
		print_error("%s: '%s' at stage %d, not '%s' at %d\n", script, got, (int)st, want,
			    (int)stage);
		fail();
	}
	cb_fini(&c);
}

static void test_tampering_all_nineteen_by_name(void **state)
{
	static const struct {
		const char *script;
		enum flow_stage stage;
		const char *name;
	} t[] = {
		{"S", STAGE_POST_SYN, "SYN->nothing"},
		{"SR", STAGE_POST_SYN, "SYN->RST"},
		{"SK", STAGE_POST_SYN, "SYN->RST+ACK"},
		{"SRK", STAGE_POST_SYN, "SYN->RST;RST+ACK"},
		{"ShA", STAGE_POST_ACK, "SYN;ACK->nothing"},
		{"ShAR", STAGE_POST_ACK, "SYN;ACK->RST"},
		{"ShARR", STAGE_POST_ACK, "SYN;ACK->RST;RST"},
		{"ShAK", STAGE_POST_ACK, "SYN;ACK->RST+ACK"},
		{"ShAKK", STAGE_POST_ACK, "SYN;ACK->RST+ACK;RST+ACK"},
		{"ShAP", STAGE_POST_PSH, "PSH+ACK->nothing"},
		{"ShAPR", STAGE_POST_PSH, "PSH+ACK->RST"},
		{"ShAPK", STAGE_POST_PSH, "PSH+ACK->RST+ACK"},
		{"ShAPRK", STAGE_POST_PSH, "PSH+ACK->RST;RST+ACK"},
		{"ShAPKK", STAGE_POST_PSH, "PSH+ACK->RST+ACK;RST+ACK"},
		{"ShAPRR", STAGE_POST_PSH, "PSH+ACK->RST=RST"},
		{"ShAPRQ", STAGE_POST_PSH, "PSH+ACK->RST!=RST"},
		{"ShAPRO", STAGE_POST_PSH, "PSH+ACK->RST;RST0"},
		{"ShAPPR", STAGE_LATER, "PSH+ACK;Data->RST"},
		{"ShAPPK", STAGE_LATER, "PSH+ACK;Data->RST+ACK"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		check(t[i].script, 4 * FB_S, t[i].stage, t[i].name);
}

/* "at least one" and "more than one" of the table, in any order and in resp's name too. */
static void test_tampering_counts_and_order_of_resets(void **state)
{
	static const struct {
		const char *script;
		enum flow_stage stage;
		const char *name;
	} t[] = {
		{"SRR", STAGE_POST_SYN, "SYN->RST"},
		{"SKKK", STAGE_POST_SYN, "SYN->RST+ACK"},
		{"SKR", STAGE_POST_SYN, "SYN->RST;RST+ACK"},
		{"Sk", STAGE_POST_SYN, "SYN->RST+ACK"},
		{"Shr", STAGE_POST_SYN, "SYN->RST"},
		{"ShARRR", STAGE_POST_ACK, "SYN;ACK->RST;RST"},
		{"ShArr", STAGE_POST_ACK, "SYN;ACK->RST;RST"},
		{"ShAPkkk", STAGE_POST_PSH, "PSH+ACK->RST+ACK;RST+ACK"},
		{"ShAPkr", STAGE_POST_PSH, "PSH+ACK->RST;RST+ACK"},
		{"ShAPrkkk", STAGE_POST_PSH, "PSH+ACK->RST;RST+ACK"},
		{"ShAPRQR", STAGE_POST_PSH, "PSH+ACK->RST!=RST"},
		{"ShAPOR", STAGE_POST_PSH, "PSH+ACK->RST;RST0"},
		{"ShAPOO", STAGE_POST_PSH, "PSH+ACK->RST=RST"},
		{"ShAPQRO", STAGE_POST_PSH, "PSH+ACK->RST;RST0"},
		{"ShAPPRK", STAGE_LATER, "PSH+ACK;Data->RST+ACK"},
		{"ShAPaPrr", STAGE_LATER, "PSH+ACK;Data->RST"},
		/* the direction that was reset first tells */
		{"ShAPkRR", STAGE_POST_PSH, "PSH+ACK->RST+ACK"},
		{"ShAPRkk", STAGE_POST_PSH, "PSH+ACK->RST"},
		/* the table has no name for both kinds after the handshake */
		{"ShARK", STAGE_POST_ACK, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		check(t[i].script, 0, t[i].stage, t[i].name);
}

/* a.5 step 3: the reset is at the server before the data it was built from. By arrival the first would be SYN -> RST+ACK. */
static void test_tampering_raced_reset_is_staged_by_its_number(void **state)
{
	(void)state;
	check("ShAXP", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK");
	check("ShXAP", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK");
	check("ShAEP", 0, STAGE_POST_PSH, "PSH+ACK->RST");
	check("ShAXXP", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK;RST+ACK");
	check("ShAPXP", 0, STAGE_LATER, "PSH+ACK;Data->RST+ACK");
}

/* ... and "x >= len(first data) for any RST", not only for the first one. */
static void test_tampering_raced_reset_other_than_the_first(void **state)
{
	(void)state;
	check("ShABEP", 0, STAGE_POST_PSH, "PSH+ACK->RST=RST");
	check("ShAEBP", 0, STAGE_POST_PSH, "PSH+ACK->RST=RST");
	check("ShPREP", 0, STAGE_LATER, "PSH+ACK;Data->RST");
}

/* At x = 0 both hypotheses stand; data that follows within a round trip (at most 200 ms) was on its way already. */
static void test_tampering_reset_at_the_first_byte_by_the_time_of_the_data(void **state)
{
	static const struct {
		int64_t rtt_ms, ms;
		enum flow_stage stage;
	} t[] = {
		{100, 5, STAGE_POST_PSH},   {100, 99, STAGE_POST_PSH},  {100, 100, STAGE_POST_ACK},
		{100, 150, STAGE_POST_ACK}, {500, 199, STAGE_POST_PSH}, {500, 201, STAGE_POST_ACK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char got[TAMPERING_TEXT];
		struct pkt r;
		struct cb c;

		cb_init(&c);
		cb_at(&c, 0);
		cb_send(&c, 0, TCP_SYN, NULL, 0);
		cb_send(&c, 1, TCP_SYN | TCP_ACK, NULL, 0); /* at 2 ms: the capture is at resp */
		cb_at(&c, 2 + t[i].rtt_ms);
		cb_ack(&c, 0);
		cb_at(&c, 3 + t[i].rtt_ms);
		r = cb_rst(&c, 0);
		cb_put(&c, &r);
		cb_at(&c, 3 + t[i].rtt_ms + t[i].ms);
		cb_send(&c, 0, TCP_ACK | TCP_PSH, fill, DATA);
		assert_int_equal(detect_tampering(c.f, c.f->last_ns, got), t[i].stage);
		cb_fini(&c);
	}
}

/* Data long after the reset was not what it was built from. */
static void test_tampering_data_much_later_does_not_race(void **state)
{
	char got[TAMPERING_TEXT];
	struct cb c;

	(void)state;
	for (int late = 0; late < 2; late++) {
		play(&c, "ShAE");
		c.b.now_ns += late * 300 * FB_MS;
		cb_send(&c, 0, TCP_ACK | TCP_PSH, fill, DATA);
		assert_int_equal(detect_tampering(c.f, c.f->last_ns, got),
				 late ? STAGE_POST_ACK : STAGE_POST_PSH);
		cb_fini(&c);
	}
}

/* a.5 step 1: second views by a mirror port and retransmissions are no packets of their own. */
static void test_tampering_copies_and_retransmissions_do_not_count(void **state)
{
	(void)state;
	check("ShAP\"R", 0, STAGE_POST_PSH, "PSH+ACK->RST");
	check("ShAP\"\"K", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK");
	check("S'h'A'P'R'", 0, STAGE_POST_PSH, "PSH+ACK->RST");
	check("S'h'A'P'k'", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK");
	check("S'h'A'P'K'K'", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK;RST+ACK");
	check("S'h'A'R'", 0, STAGE_POST_ACK, "SYN;ACK->RST");
	/* a burst of identical resets where ordinary packets come once */
	check("ShAPK''", 0, STAGE_POST_PSH, "PSH+ACK->RST+ACK;RST+ACK");
}

static void test_tampering_silence_needs_three_seconds_and_no_goodbye(void **state)
{
	(void)state;
	check("S", 3 * FB_S, STAGE_POST_SYN, "SYN->nothing");
	check("S", 3 * FB_S - 1, STAGE_NONE, "");
	check("ShAP", 3 * FB_S - 1, STAGE_NONE, "");
	check("ShAPFa", 9 * FB_S, STAGE_NONE, "");
	check("ShAPapf", 9 * FB_S, STAGE_NONE, "");
	check("ShAPap", 9 * FB_S, STAGE_NONE, ""); /* answered, then idle */
	check("ShAPa", 9 * FB_S, STAGE_POST_PSH, "PSH+ACK->nothing");
	check("ShAPP", 9 * FB_S, STAGE_NONE, ""); /* the table has no silence after more data */
	check("A", 9 * FB_S, STAGE_NONE, "");     /* the start was not seen */
}

/* The start was not seen: nobody knows how much came before; data that was seen counts. */
static void test_tampering_midstream_without_data_has_no_stage(void **state)
{
	(void)state;
	check("AR", 0, STAGE_NONE, "");
	check("R", 0, STAGE_NONE, "");
	check("PR", 0, STAGE_POST_PSH, "PSH+ACK->RST");
	check("PPk", 0, STAGE_LATER, "PSH+ACK;Data->RST+ACK");
}

/* A hello in two segments is one push. */
static void test_tampering_segments_of_one_request_are_one_push(void **state)
{
	static const char half[] = "GET / HTTP/1.1\r\nX-Fill: yes\r\n",
			  rest[] = "Host: blocked.example\r\n\r\n";
	char got[TAMPERING_TEXT];
	struct pkt r;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	cb_say(&c, 0, half);
	cb_say(&c, 0, rest);
	r = cb_rst(&c, 1);
	cb_put(&c, &r);
	assert_int_equal(detect_tampering(c.f, c.f->last_ns, got), STAGE_POST_PSH);
	assert_string_equal(got, "PSH+ACK->RST+ACK");
	cb_say(&c, 0, CB_REQUEST); /* another request, after the reset: changes nothing */
	assert_int_equal(detect_tampering(c.f, c.f->last_ns, got), STAGE_POST_PSH);
	cb_fini(&c);
}

static void test_tampering_of_udp_is_none(void **state)
{
	char got[TAMPERING_TEXT] = "unset";
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	p = fb_udp(&c.b, 0);
	cb_put(&c, &p);
	assert_int_equal(detect_tampering(c.f, c.f->last_ns + 9 * FB_S, got), STAGE_NONE);
	assert_string_equal(got, "");
	cb_fini(&c);
}

/* Sequence numbers that wrap inside the handshake or the data. */
static void test_tampering_across_the_wrap_is_the_same(void **state)
{
	static const uint32_t isn[] = {0xffffffff, 0xfffffffe, 0xffffffe0, 0xffffffd0, 0x7fffffe0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(isn); i++)
		for (int raced = 0; raced < 2; raced++) {
			char got[TAMPERING_TEXT];
			struct pkt r;
			struct cb c;

			cb_init(&c);
			c.seq[0] = isn[i];
			cb_open(&c);
			if (!raced)
				cb_send(&c, 0, TCP_ACK | TCP_PSH, fill, DATA);
			r = cb_rst(&c, 0);
			r.tcp.seq = isn[i] + 1 + DATA;
			cb_put(&c, &r);
			if (raced)
				cb_send(&c, 0, TCP_ACK | TCP_PSH, fill, DATA);
			assert_int_equal(detect_tampering(c.f, c.f->last_ns, got), STAGE_POST_PSH);
			assert_string_equal(got, "PSH+ACK->RST+ACK");
			cb_fini(&c);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampering_all_nineteen_by_name),
		cmocka_unit_test(test_tampering_counts_and_order_of_resets),
		cmocka_unit_test(test_tampering_raced_reset_is_staged_by_its_number),
		cmocka_unit_test(test_tampering_raced_reset_other_than_the_first),
		cmocka_unit_test(test_tampering_reset_at_the_first_byte_by_the_time_of_the_data),
		cmocka_unit_test(test_tampering_data_much_later_does_not_race),
		cmocka_unit_test(test_tampering_copies_and_retransmissions_do_not_count),
		cmocka_unit_test(test_tampering_silence_needs_three_seconds_and_no_goodbye),
		cmocka_unit_test(test_tampering_midstream_without_data_has_no_stage),
		cmocka_unit_test(test_tampering_segments_of_one_request_are_one_push),
		cmocka_unit_test(test_tampering_of_udp_is_none),
		cmocka_unit_test(test_tampering_across_the_wrap_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
