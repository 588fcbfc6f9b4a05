/* SPDX-License-Identifier: BSD-3-Clause */
/* What ICMP errors say, as facts of a drop case (METHODS e, RFC 5927). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "icmp_build.h"

static struct ip_addr far_router(void)
{
	return fb_ip4(198, 51, 100, 7);
}

static uint64_t icmp(struct cb *c, struct ip_addr from, uint8_t type, uint8_t code, uint32_t seq)
{
	struct pkt p = fb_icmp(&c->b, from, type, code, 0, seq);

	return fb_icmp_put(&c->b, c->f, &p);
}

/* One SYN, one refusal: the client's kernel asks no second time (RFC 1122 4.2.3.9, Linux in SYN-SENT). */
static void test_icmp_about_a_single_syn_is_a_case(void **state)
{
	const struct evidence *ev;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	icmp(&c, far_router(), 3, 13, FB_C);
	ev = cb_found(&c, CASE_DROP);
	assert_no(ev, DROP_HANDSHAKE);
	assert_num(ev, DROP_SYNS, 1);
	assert_text(ev, DROP_ICMP, "prohibited");
	assert_text(ev, DROP_ICMP_BY, "router");
	assert_text(ev, DROP_ICMP_ADDR, "198.51.100.7");
	assert_text(ev, DROP_ICMP_TO, "orig");
	assert_yes(ev, DROP_ICMP_FITS);
	assert_no(ev, DROP_ICMP_PASSED);
	assert_num(ev, DROP_ICMP_TTL, 250);
	assert_num(ev, DROP_ICMP_HOPS, 3);
	assert_num(ev, DROP_ICMP_COUNT, 1);
	assert_no(ev, DROP_ICMP_PRIVATE);
	assert_unknown(ev, DROP_ICMP_TTL_GAP);
	assert_unknown(ev, DROP_TOO_BIG);
	cb_fini(&c);
}

static void test_icmp_about_a_private_address(void **state)
{
	struct cb c;

	(void)state;
	cb_init(&c);
	c.b.addr[1] = fb_ip4(172, 16, 9, 9);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	icmp(&c, far_router(), 3, 13, FB_C);
	assert_yes(cb_found(&c, CASE_DROP), DROP_ICMP_PRIVATE);
	cb_fini(&c);
}

static void test_icmp_sender_by_its_address(void **state)
{
	const struct {
		struct ip_addr from;
		const char *by;
	} t[] = {
		{fb_ip4(192, 0, 2, 1), "resp"},       {fb_ip4(10, 0, 0, 1), "orig"},
		{fb_ip4(192, 0, 2, 254), "resp-net"}, {fb_ip4(10, 0, 0, 254), "orig-net"},
		{fb_ip4(192, 0, 3, 1), "router"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;

		cb_init(&c);
		cb_send(&c, 0, TCP_SYN, NULL, 0);
		icmp(&c, t[i].from, 3, 13, FB_C);
		assert_text(cb_found(&c, CASE_DROP), DROP_ICMP_BY, t[i].by);
		cb_fini(&c);
	}
}

/* The packet arrived: whoever says otherwise is wrong, or forges. */
static void test_icmp_that_the_flow_belies(void **state)
{
	const struct evidence *ev;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	cb_ask(&c);
	icmp(&c, c.b.addr[1], 3, 13, FB_C + 1);
	cb_at(&c, 400);
	cb_ack(&c, 1);
	ev = cb_found(&c, CASE_DROP);
	assert_yes(ev, DROP_ICMP_FITS);
	assert_yes(ev, DROP_ICMP_PASSED);
	assert_num(ev, DROP_ICMP_TTL_GAP, 200);
	assert_unknown(ev, DROP_SILENCE);
	assert_unknown(ev, DROP_HANDSHAKE);
	cb_fini(&c);
}

static void test_icmp_that_quotes_what_nobody_sent(void **state)
{
	const struct evidence *ev;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	icmp(&c, far_router(), 3, 13, FB_C + 5000);
	ev = cb_found(&c, CASE_DROP);
	assert_no(ev, DROP_ICMP_FITS);
	assert_unknown(ev, DROP_ICMP_PASSED);
	assert_unknown(ev, DROP_ICMP_HOPS);
	cb_fini(&c);
}

/* Only the responder's packets were captured, and the error: whether it fits cannot be told. */
static void test_icmp_one_sided_fit_is_unknown(void **state)
{
	const struct evidence *ev;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_at(&c, 100);
	cb_send(&c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	icmp(&c, far_router(), 3, 13, FB_C);
	ev = cb_found(&c, CASE_DROP);
	assert_text(ev, DROP_ICMP, "prohibited");
	assert_unknown(ev, DROP_ICMP_FITS);
	assert_unknown(ev, DROP_ICMP_PASSED);
	cb_fini(&c);
}

/* Of several the one that fits is told, and of these the one that says most. */
static void test_icmp_most_telling_first(void **state)
{
	const struct evidence *ev;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_send(&c, 0, TCP_SYN, NULL, 0);
	icmp(&c, far_router(), 3, 13, FB_C + 9);
	icmp(&c, far_router(), 11, 0, FB_C);
	icmp(&c, far_router(), 3, 1, FB_C);
	ev = cb_found(&c, CASE_DROP);
	assert_text(ev, DROP_ICMP, "host");
	assert_num(ev, DROP_ICMP_COUNT, 3);
	cb_fini(&c);
}

static void test_icmp_does_not_speak_into_a_reset(void **state)
{
	struct pkt p;
	struct cb c;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	icmp(&c, far_router(), 3, 13, FB_C + 1);
	p = cb_rst(&c, 1);
	cb_put(&c, &p);
	cb_judge(&c);
	assert_null(cb_case(&c, CASE_DROP, 0));
	cb_fini(&c);
}

/* A request of `len` bytes sent five times into silence over 6 s; a router says after the first that the path takes `mtu`. */
static const struct evidence *too_big(struct cb *c, size_t len, uint32_t mtu, size_t then_len)
{
	static const char body[1400];
	uint32_t seq;

	cb_init(c);
	cb_open(c);
	seq = c->seq[0];
	for (int i = 0; i < 5; i++) {
		struct pkt p;

		cb_at(c, 200 + 1500 * i);
		p = cb_next(c, 0, TCP_ACK | TCP_PSH, body, i ? then_len : len);
		p.tcp.seq = seq;
		cb_put(c, &p);
		if (!i) {
			p = fb_icmp(&c->b, far_router(), 3, 4, 0, seq);
			p.icmp.mtu = mtu;
			fb_icmp_put(&c->b, c->f, &p);
		}
	}
	return cb_found(c, CASE_DROP);
}

static void test_too_big_until_it_is_sent_small_enough(void **state)
{
	static const struct {
		size_t len, then_len;
		uint32_t mtu;
		bool is;
	} t[] = {
		{1300, 1300, 1280, true},
		{1300, 1241, 1280, true},  /* 20 + 20 + 1241: one byte too many */
		{1300, 1240, 1280, false}, /* heeded, and still nothing comes back */
		{1300, 300, 1280, false},
		{1300, 300, 0, true}, /* an old router that tells no number: RFC 1191 4 */
		{1000, 1000, 900, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct cb c;
		const struct evidence *ev = too_big(&c, t[i].len, t[i].mtu, t[i].then_len);

		assert_num(ev, DROP_TOO_BIG, t[i].is);
		assert_text(ev, DROP_ICMP, "too-big");
		cb_fini(&c);
	}
}

/* Somebody who cannot see the flow says so: that excuses nothing. */
static void test_too_big_must_quote_what_was_sent(void **state)
{
	static const int64_t at[] = {200, 1000, 3000, 6000};
	struct cb c;
	uint32_t seq;

	(void)state;
	cb_init(&c);
	cb_open(&c);
	seq = c.seq[0];
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct pkt p;

		cb_at(&c, at[i]);
		p = cb_next(&c, 0, TCP_ACK | TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
		p.tcp.seq = seq;
		cb_put(&c, &p);
		icmp(&c, far_router(), 3, 4, seq + 12345);
	}
	assert_no(cb_found(&c, CASE_DROP), DROP_TOO_BIG);
	cb_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp_about_a_single_syn_is_a_case),
		cmocka_unit_test(test_icmp_about_a_private_address),
		cmocka_unit_test(test_icmp_sender_by_its_address),
		cmocka_unit_test(test_icmp_that_the_flow_belies),
		cmocka_unit_test(test_icmp_that_quotes_what_nobody_sent),
		cmocka_unit_test(test_icmp_one_sided_fit_is_unknown),
		cmocka_unit_test(test_icmp_most_telling_first),
		cmocka_unit_test(test_icmp_does_not_speak_into_a_reset),
		cmocka_unit_test(test_too_big_until_it_is_sent_small_enough),
		cmocka_unit_test(test_too_big_must_quote_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
