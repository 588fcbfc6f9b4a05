/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/across/dns_then.c engine/detect/then.c */
/* From the answer to where it led. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/trigger.h"
#include "case_build.h"
#include "detect/then.h"
#include "tls_write.h"

static const uint8_t client[16] = {1}, server[16] = {2}, other[16] = {3};

static struct then_note visit(const uint8_t *c, const uint8_t *a, const char *name, int64_t s)
{
	return (struct then_note){.client = c,
				  .addr = a,
				  .name = name,
				  .name_len = strlen(name),
				  .what = THEN_TLS,
				  .ts_ns = s * FB_S,
				  .frame_no = 7};
}

static void test_dns_then_joins_client_address_name_and_time(void **state)
{
	static const struct {
		const uint8_t *client, *addr;
		const char *name;
		int64_t s;
		bool known;
	} t[] = {
		{client, server, "fine.example", 100, true},
		{client, server, "FINE.example", 0, true},
		{client, server, "fine.example", -200, true},
		{client, server, "fine.example", -201, false}, /* more than 300 s before */
		{client, server, "fine.example", 101, false},  /* went there before the answer */
		{other, server, "fine.example", 100, false},
		{client, other, "fine.example", 100, false},
		{client, server, "other.example", 100, false},
	};
	struct dns_then *d = dns_then_new();
	struct then_note n = visit(client, server, "fine.example", 100);

	(void)state;
	dns_then_note(d, &n);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct then_answer a;

		n = visit(t[i].client, t[i].addr, t[i].name, t[i].s);
		a = dns_then_ask(d, &n);
		assert_int_equal(a.what, t[i].known ? THEN_TLS : 0);
		assert_int_equal(a.frame_no, t[i].known ? 7 : 0);
	}
	dns_then_free(d);
	dns_then_free(NULL);
}

static void test_dns_then_several_notes_add_up_and_a_full_table_forgets(void **state)
{
	struct dns_then *d = dns_then_new();
	struct then_note n = visit(client, server, "fine.example", 1);

	(void)state;
	dns_then_note(d, &n);
	n.what = THEN_PAGE;
	n.frame_no = 9;
	dns_then_note(d, &n);
	assert_int_equal(dns_then_ask(d, &n).what, THEN_TLS | THEN_PAGE);
	assert_int_equal(dns_then_ask(d, &n).frame_no, 9);
	assert_int_equal(dns_then_evicted(d), 0);
	for (uint32_t i = 0; i < 4 * LIMIT_THEN_VISITS; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		n = visit(client, other, name, 2 + i);
		dns_then_note(d, &n);
	}
	assert_true(dns_then_evicted(d) >= 3 * LIMIT_THEN_VISITS);
	dns_then_free(d);
}

/* --- from packets --- */

static const char name[] = "blocked.example";

static size_t hello(struct out *o)
{
	size_t record, message, exts, ext, list;

	o->len = 0;
	put_num(o, 0x160301, 3);
	record = vec_open(o, 2);
	put_num(o, 1, 1);
	message = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 'r', 32);
	put_num(o, 0, 1);
	put_num(o, 0x00021301, 4);
	put_num(o, 0x0100, 2);
	exts = vec_open(o, 2);
	put_num(o, 0, 2);
	ext = vec_open(o, 2);
	list = vec_open(o, 2);
	put_num(o, 0, 1);
	put_num(o, sizeof(name) - 1, 2);
	put(o, name, sizeof(name) - 1);
	vec_close(o, list, 2);
	vec_close(o, ext, 2);
	vec_close(o, exts, 2);
	vec_close(o, message, 3);
	vec_close(o, record, 2);
	return o->len;
}

static size_t server_hello(struct out *o)
{
	size_t record, message;

	o->len = 0;
	put_num(o, 0x160303, 3);
	record = vec_open(o, 2);
	put_num(o, 2, 1);
	message = vec_open(o, 3);
	put_num(o, 0x0303, 2);
	put_fill(o, 's', 32);
	put_num(o, 0, 1);
	put_num(o, 0x1301, 2);
	put_num(o, 0, 1);
	put_num(o, 0, 2);
	vec_close(o, message, 3);
	vec_close(o, record, 2);
	return o->len;
}

struct td {
	struct cb c;
	struct dns_then *then;
};

static void td_init(struct td *t)
{
	cb_init(&t->c);
	t->then = dns_then_new();
	t->c.b.port[1] = 443;
	cb_send(&t->c, 0, TCP_SYN, NULL, 0);
	cb_send(&t->c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	cb_send(&t->c, 0, TCP_ACK, NULL, 0);
}

static void say(struct td *t, int who, uint16_t flags, const void *at, size_t len)
{
	struct pkt p = cb_next(&t->c, who, TCP_ACK | flags, at, len);

	cb_put(&t->c, &p);
	t->c.seq[who] += (uint32_t)len;
	then_tcp(t->then, t->c.f, t->c.b.d, &p);
}

static uint32_t met(struct td *t)
{
	struct then_note n = {.client = t->c.b.addr[0].b,
			      .addr = t->c.b.addr[1].b,
			      .name = name,
			      .name_len = sizeof(name) - 1,
			      .ts_ns = FB_START};
	uint32_t what = dns_then_ask(t->then, &n).what;

	dns_then_free(t->then);
	cb_fini(&t->c);
	return what;
}

/* Hello, the server's, so many bytes of the client, and the server once more. */
static uint32_t tls(size_t client_bytes, bool server_speaks_tls, bool more)
{
	static const uint8_t record[256] = {0x17, 3, 3};
	struct out o;
	struct td t;

	td_init(&t);
	say(&t, 0, TCP_PSH, o.at, hello(&o));
	if (server_speaks_tls)
		say(&t, 1, TCP_PSH, o.at, server_hello(&o));
	else
		say(&t, 1, TCP_PSH, record, sizeof(record));
	if (client_bytes)
		say(&t, 0, TCP_PSH, record, client_bytes);
	if (more)
		say(&t, 1, TCP_PSH, record, 64);
	return met(&t);
}

static void test_then_tls_needs_a_client_that_goes_on(void **state)
{
	(void)state;
	assert_int_equal(tls(0, true, true), 0);  /* never said more */
	assert_int_equal(tls(7, true, true), 0);  /* an alert */
	assert_int_equal(tls(30, true, true), 0); /* sealed, behind a ChangeCipherSpec */
	assert_int_equal(tls(58, true, true), THEN_TLS);
	assert_int_equal(tls(200, true, true), THEN_TLS);
	assert_int_equal(tls(200, true, false), 0); /* the server never answered that */
	assert_int_equal(tls(200, false, true), 0); /* no ServerHello */
}

static uint32_t http(const char *answer, uint16_t flags)
{
	struct td t;

	td_init(&t);
	say(&t, 0, TCP_PSH, CB_REQUEST, strlen(CB_REQUEST));
	say(&t, 1, flags, answer, strlen(answer));
	say(&t, 1, TCP_PSH, CB_ANSWER, strlen(CB_ANSWER));
	return met(&t);
}

static void test_then_http_tells_a_known_page_from_others(void **state)
{
	(void)state;
	assert_int_equal(http(CB_ANSWER, TCP_PSH), THEN_HTTP);
	assert_int_equal(http("HTTP/1.1 403 Forbidden\r\n\r\n<iframe src=\"http://10.10.34.36\">",
			      TCP_PSH),
			 THEN_PAGE);
	/* What a reset carries is no answer; the next one is. */
	assert_int_equal(http("HTTP/1.1 403 Forbidden\r\n\r\n<iframe src=\"http://10.10.34.36\">",
			      TCP_RST),
			 THEN_HTTP);
}

static void test_dns_then_next_series_knows_nothing(void **state)
{
	struct dns_then *d = dns_then_new();
	struct then_note n = visit(client, server, "fine.example", 100);

	(void)state;
	for (int series = 0; series < 3; series++) {
		assert_int_equal(dns_then_ask(d, &n).what, 0);
		dns_then_note(d, &n);
		assert_int_equal(dns_then_ask(d, &n).what, THEN_TLS);
		dns_then_clear(d);
	}
	dns_then_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_then_next_series_knows_nothing),
		cmocka_unit_test(test_dns_then_joins_client_address_name_and_time),
		cmocka_unit_test(test_dns_then_several_notes_add_up_and_a_full_table_forgets),
		cmocka_unit_test(test_then_tls_needs_a_client_that_goes_on),
		cmocka_unit_test(test_then_http_tells_a_known_page_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
