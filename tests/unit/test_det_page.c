/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to an HTTP request that the responder may not have sent (METHODS f.2; MIDDLEBOXES 5.1, 6.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "page_build.h"

static void test_page_forged_in_every_sign(void **state)
{
	const struct evidence *ev;
	const struct ev_value *v;
	struct pkt p;
	struct cb c;

	(void)state;
	start(&c);
	p = forged(&c, 305);
	cb_put(&c, &p);
	ev = cb_found(&c, CASE_PAGE);
	assert_num(ev, PAGE_STATUS, 403);
	assert_text(ev, PAGE_VERSION, "1.1");
	assert_text(ev, PAGE_SERVER, "box");
	assert_text(ev, PAGE_LOCATION, "http://warn.example/x");
	assert_text(ev, PAGE_LOCATION_HOST, "warn.example");
	assert_num(ev, PAGE_HEADERS, 2);
	assert_text(ev, PAGE_MARK, "ir-10-10-34");
	assert_num(ev, PAGE_LEN, strlen(PAGE));
	assert_yes(ev, PAGE_FIN);
	assert_no(ev, PAGE_PSH);
	assert_num(ev, PAGE_IPID, 9);
	assert_no(ev, PAGE_IPID_FITS);
	assert_no(ev, PAGE_IPID_ECHO);
	assert_num(ev, PAGE_WIN, 5120);
	assert_no(ev, PAGE_DF);
	assert_yes(ev, PAGE_DF_DIFFERS);
	assert_num(ev, PAGE_HDR_LEN, 20);
	assert_yes(ev, PAGE_TS_MISSING);
	assert_num(ev, PAGE_TTL, 61);
	assert_num(ev, PAGE_TTL_GAP, 11);
	assert_num(ev, PAGE_LAG, 5 * FB_MS);
	assert_yes(ev, PAGE_TOO_FAST);
	assert_num(ev, PAGE_STACK_SIGNS, 4);
	assert_no(ev, PAGE_RST_FOLLOWS);
	assert_yes(ev, PAGE_NO_MORE);
	assert_unknown(ev, PAGE_LATE_ACK);
	assert_text(ev, TRIGGER_NAME, "blocked.example");
	assert_suspects(ev, p.frame_no);
	v = evidence_get(ev, FEAT_PAGE_LAG);
	assert_int_equal(v->frame[1], p.frame_no);
	cb_fini(&c);
}

/* 403, 302, 451 and a content network's challenge, sent by the responder itself. */
static void test_page_genuine_refusals_are_not_noted(void **state)
{
	static const char *const text[] = {
		"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n<html>no</html>",
		"HTTP/1.1 302 Found\r\nLocation: https://blocked.example/\r\n\r\n",
		"HTTP/1.1 451 Unavailable For Legal Reasons\r\n\r\n",
		"HTTP/1.1 503 Service Unavailable\r\nServer: edge\r\n\r\n<html>checking your browser</html>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct pkt p;
		struct cb c;

		start(&c);
		p = answer(&c, 400, text[i]);
		p.tcp.flags |= i & 1 ? TCP_FIN : 0; /* FIN beside PSH is what servers send */
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_PAGE), 0);
		cb_fini(&c);
	}
}

/* One sign is enough to note an answer; it then says which. */
static void test_page_each_sign_alone_is_noted(void **state)
{
	(void)state;
	for (int sign = 0; sign < 8; sign++) {
		const struct evidence *ev;
		struct pkt p;
		struct cb c;

		start(&c);
		p = answer(&c, sign == 7 ? 369 : 400, CB_ANSWER);
		if (sign == 0)
			p.ttl = 52;
		if (sign == 1)
			p.tcp.opts = 0;
		if (sign == 2)
			p.df = false;
		if (sign == 3)
			p.ip_id = (uint16_t)(c.id[0] - 1); /* the request's */
		if (sign == 4)
			p.tcp.flags = TCP_ACK | TCP_FIN;
		if (sign == 5 || sign == 6) {
			static const char bare[] = "<html>hello</html>",
					  mark[] = "HTTP/1.1 200 OK\r\n\r\nSurf Safely!";

			p.payload.at = (const uint8_t *)(sign == 5 ? bare : mark);
			p.payload.len = sign == 5 ? sizeof(bare) - 1 : sizeof(mark) - 1;
			p.payload_len = (uint32_t)p.payload.len;
		}
		cb_put(&c, &p);
		ev = cb_found(&c, CASE_PAGE);
		assert_num(ev, PAGE_TTL_GAP, sign == 0 ? 2 : 0);
		assert_num(ev, PAGE_TS_MISSING, sign == 1);
		assert_num(ev, PAGE_DF_DIFFERS, sign == 2);
		assert_num(ev, PAGE_IPID_ECHO, sign == 3);
		assert_num(ev, PAGE_IPID_FITS, sign != 3);
		assert_num(ev, PAGE_FIN, sign == 4);
		assert_num(ev, PAGE_TOO_FAST, sign == 7);
		assert_num(ev, PAGE_STACK_SIGNS, sign < 4);
		if (sign == 5) {
			assert_text(ev, PAGE_VERSION, "none");
			assert_unknown(ev, PAGE_STATUS);
		}
		if (sign == 6)
			assert_text(ev, PAGE_MARK, "pk-surf-safely");
		else
			assert_unknown(ev, PAGE_MARK);
		assert_unknown(ev, PAGE_LOCATION);
		assert_unknown(ev, PAGE_LOCATION_HOST);
		assert_unknown(ev, PAGE_SERVER);
		cb_fini(&c);
	}
}

static void test_page_too_fast_below_seven_tenths(void **state)
{
	static const struct {
		int64_t us;
		bool fast;
	} t[] = {{1, true}, {69999, true}, {70000, false}, {200000, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		start(&c);
		cb_at_us(&c, 300000 + t[i].us);
		p = cb_next(&c, 1, TCP_ACK | TCP_FIN, PAGE, strlen(PAGE));
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_PAGE), PAGE_TOO_FAST, t[i].fast);
		assert_num(cb_case(&c, CASE_PAGE, 0), PAGE_RTT_SAMPLES, 2);
		assert_num(cb_case(&c, CASE_PAGE, 0), PAGE_LAG, t[i].us * 1000);
		cb_fini(&c);
	}
}

/* Only the page came from that side: no round trip, TTL, line or DF to compare with, no handshake. */
static void test_page_without_anything_to_compare_is_unknown(void **state)
{
	const struct evidence *ev;
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_ask(&c);
	p = cb_next(&c, 1, TCP_ACK | TCP_FIN, PAGE, strlen(PAGE));
	cb_put(&c, &p);
	ev = cb_found(&c, CASE_PAGE);
	assert_unknown(ev, PAGE_TOO_FAST);
	assert_unknown(ev, PAGE_TTL_GAP);
	assert_unknown(ev, PAGE_IPID_FITS);
	assert_unknown(ev, PAGE_DF_DIFFERS);
	assert_unknown(ev, PAGE_TS_MISSING);
	assert_num(ev, PAGE_STACK_SIGNS, 0);
	cb_fini(&c);

	cb_init(&c);
	cb_ask(&c);
	p = cb_next(&c, 1, TCP_ACK | TCP_FIN, PAGE, strlen(PAGE));
	p.has_ip_id = false; /* IPv6 */
	cb_put(&c, &p);
	ev = cb_found(&c, CASE_PAGE);
	assert_unknown(ev, PAGE_IPID);
	assert_unknown(ev, PAGE_IPID_ECHO);
	assert_unknown(ev, PAGE_DF);
	cb_fini(&c);
}

/* What is no answer of the other side to a request is not looked at. */
static void test_page_only_answers_to_a_request_are_noted(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct pkt p;
		struct cb c;

		cb_init(&c);
		cb_talk(&c);
		if (way == 0) /* the side that asked sends markup itself */
			cb_ask(&c);
		if (way == 1)
			cb_ask(&c); /* not the start of an answer */
		cb_at(&c, 305);
		p = cb_next(&c, way == 0 ? 0 : 1, TCP_ACK | TCP_FIN,
			    way == 1 ? "rest of it" : "<html>blocked</html>", way == 1 ? 10 : 20);
		if (way == 2)
			p.payload.len = p.payload_len = 5; /* "<html" is too short to be one */
		p.ttl = 61;
		cb_put(&c, &p);
		cb_judge(&c);
		assert_int_equal(cb_n_cases(&c, CASE_PAGE), 0);
		cb_fini(&c);
	}
}

/* PacketLogic's trailing ACK: same IP ID and window as the page, 90 to 110 ms after the other side's FIN. */
static void test_page_late_ack_by_time_id_and_window(void **state)
{
	static const struct {
		int64_t us;
		int id, win;
		uint16_t flags;
		bool late;
	} t[] = {
		{89999, 0, 0, TCP_ACK, false},  {90000, 0, 0, TCP_ACK, true},
		{98600, 0, 0, TCP_ACK, true},   {110000, 0, 0, TCP_ACK, true},
		{110001, 0, 0, TCP_ACK, false}, {99000, 1, 0, TCP_ACK, false},
		{99000, 0, 1, TCP_ACK, false},  {99000, 0, 0, TCP_ACK | TCP_FIN, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p, a;
		struct cb c;

		start(&c);
		p = forged(&c, 305);
		cb_put(&c, &p);
		cb_at(&c, 310);
		cb_send(&c, 0, TCP_ACK | TCP_FIN, NULL, 0);
		cb_at_us(&c, 310000 + t[i].us);
		a = p;
		a.ts_ns = c.b.now_ns;
		a.frame_no = c.b.frame + 1;
		a.payload_len = 0;
		a.payload = (struct bytes){NULL, 0};
		a.tcp.flags = t[i].flags;
		a.ip_id = (uint16_t)(a.ip_id + t[i].id);
		a.tcp.win = (uint16_t)(a.tcp.win + t[i].win);
		cb_put(&c, &a);
		assert_num(cb_found(&c, CASE_PAGE), PAGE_LATE_ACK, t[i].late);
		cb_fini(&c);
	}
}

static void test_page_rst_follows_within_ten_ms(void **state)
{
	static const struct {
		int64_t us;
		int who;
		bool follows;
	} t[] = {{20, 1, true}, {10000, 1, true}, {10001, 1, false}, {20, 0, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;

		start(&c);
		p = forged(&c, 305);
		cb_put(&c, &p);
		cb_at_us(&c, 305000 + t[i].us);
		p = cb_rst(&c, t[i].who);
		cb_put(&c, &p);
		assert_num(cb_found(&c, CASE_PAGE), PAGE_RST_FOLLOWS, t[i].follows);
		cb_fini(&c);
	}
}

/* The genuine answer still comes; the page itself again, or a reset's bytes, are no more of it. */
static void test_page_no_more_until_other_payload_comes(void **state)
{
	(void)state;
	for (int what = 0; what < 3; what++) {
		struct pkt p;
		struct cb c;

		start(&c);
		p = forged(&c, 305);
		cb_put(&c, &p);
		cb_at(&c, 400);
		if (what == 0) {
			cb_say(&c, 1, CB_ANSWER);
		} else {
			if (what == 2) {
				p.tcp.flags = TCP_RST | TCP_ACK;
				p.payload.len = p.payload_len = 10;
			}
			p.ts_ns = c.b.now_ns;
			p.frame_no = c.b.frame + 1;
			cb_put(&c, &p);
		}
		assert_num(cb_found(&c, CASE_PAGE), PAGE_NO_MORE, what != 0);
		cb_fini(&c);
	}
}

/* The first odd answer is the page; what one builder sends right behind it is no witness for it. */
static void test_page_companion_packet_is_no_witness(void **state)
{
	const struct evidence *ev;
	struct pkt p, q;
	struct cb c;

	(void)state;
	start(&c);
	p = forged(&c, 305);
	cb_put(&c, &p);
	q = p;
	q.frame_no++;
	q.ts_ns += 100000;
	q.ip_id++;
	q.tcp.seq += p.payload_len;
	cb_put(&c, &q);
	ev = cb_found(&c, CASE_PAGE);
	assert_int_equal(cb_n_cases(&c, CASE_PAGE), 1);
	assert_suspects(ev, p.frame_no);
	assert_num(ev, PAGE_TTL_GAP, 11);
	assert_yes(ev, PAGE_DF_DIFFERS);
	assert_no(ev, PAGE_IPID_FITS);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_forged_in_every_sign),
		cmocka_unit_test(test_page_genuine_refusals_are_not_noted),
		cmocka_unit_test(test_page_each_sign_alone_is_noted),
		cmocka_unit_test(test_page_too_fast_below_seven_tenths),
		cmocka_unit_test(test_page_without_anything_to_compare_is_unknown),
		cmocka_unit_test(test_page_only_answers_to_a_request_are_noted),
		cmocka_unit_test(test_page_late_ack_by_time_id_and_window),
		cmocka_unit_test(test_page_rst_follows_within_ten_ms),
		cmocka_unit_test(test_page_no_more_until_other_payload_comes),
		cmocka_unit_test(test_page_companion_packet_is_no_witness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
