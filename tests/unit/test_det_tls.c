/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/det_tls.c engine/app/tls_flow.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/tls_flow.h"
#include "detect/det_tls.h"

#include "case_build.h"
#include "unit/cert_write.h"

struct dt {
	struct cb c;
	struct det_tls tls;
	uint32_t n_judged, n_last;
};

static void on_judged(void *arg, struct flow *f, const struct trigger *g, struct case_list *cases,
		      bool last)
{
	struct dt *t = arg;

	(void)f;
	assert_non_null(g);
	t->n_judged += cases->n;
	t->n_last += last;
}

static void say(struct dt *t, int who, const void *data, size_t n)
{
	struct pkt p = cb_next(&t->c, who, TCP_ACK | TCP_PSH, data, n);

	t->c.f = fb_put(&t->c.b, &p);
	t->c.seq[who] += (uint32_t)n;
	trigger_look(t->c.b.t, t->c.f, t->c.b.d, &p);
	det_tls_packet(&t->tls, t->c.f, t->c.b.d, &p);
}

/* A connection from another port; its hello, and the server's flight in segments of `step` bytes. */
static void connect_to(struct dt *t, uint16_t port, const char *name, const struct out *flight,
		       size_t step)
{
	static struct out o;
	size_t rec, msg, exts, len = strlen(name);

	/* What the one before showed is known across; its own state goes. */
	if (t->c.f)
		tls_flow_free(t->tls.table, t->c.f);
	t->c.b.port[0] = port;
	t->c.seq[0] = FB_C;
	t->c.seq[1] = FB_SV;
	cb_open(&t->c);
	o.len = 0;
	put(&o, "\x16\3\1", 3);
	rec = vec_open(&o, 2);
	put_num(&o, 1, 1);
	msg = vec_open(&o, 3);
	put_num(&o, 0x0303, 2);
	put_fill(&o, 1, 32);
	put(&o, "\0\0\2\xc0\x2f\1\0", 7);
	exts = vec_open(&o, 2);
	put_num(&o, 0, 2);
	put_num(&o, len + 5, 2);
	put_num(&o, len + 3, 2);
	put_num(&o, 0, 1);
	put_num(&o, len, 2);
	put(&o, name, len);
	vec_close(&o, exts, 2);
	vec_close(&o, msg, 3);
	vec_close(&o, rec, 2);
	say(t, 0, o.at, o.len);
	for (size_t off = 0; off < flight->len; off += step)
		say(t, 1, flight->at + off, flight->len - off < step ? flight->len - off : step);
}

static void dt_init(struct dt *t)
{
	memset(t, 0, sizeof(*t));
	cb_init(&t->c);
	t->tls = (struct det_tls){
		.table = t->c.b.t, .certs = certs_new(), .arg = t, .on_judged = on_judged};
}

static const struct evidence *judge(struct dt *t)
{
	case_list_free(&t->c.cases);
	det_tls_judge(&t->tls, t->c.f, &t->c.cases);
	return t->c.cases.n ? t->c.cases.at[0] : NULL;
}

static void dt_fini(struct dt *t)
{
	case_list_free(&t->c.cases);
	det_tls_end(&t->tls, t->c.f);
	certs_free(t->tls.certs);
	cb_fini(&t->c);
}

static void flight_of(struct out *o, const char *name, const char *issuer, EVP_PKEY *key,
		      unsigned cipher)
{
	char san[80];
	struct cw c = {name, issuer, "Org", san, key};

	(void)snprintf(san, sizeof(san), "DNS:%s", name);
	o->len = 0;
	cw_hello(o, 0x0303, cipher, 0);
	cw_certs(o, &c, 1);
}

static void test_tls_certificate_facts(void **state)
{
	static struct out o;
	EVP_PKEY *key = cw_ec();
	const struct evidence *ev;
	struct dt t;

	(void)state;
	for (size_t step = 100; step <= 1500; step += 700) {
		dt_init(&t);
		flight_of(&o, "blocked.example", "mitmproxy", key, 0xc02f);
		connect_to(&t, 40001, "blocked.example", &o, step);
		ev = judge(&t);
		assert_non_null(ev);
		assert_text(ev, TLS_VERSION, "1.2");
		assert_num(ev, TLS_CIPHER, 0xc02f);
		assert_text(ev, TLS_SERVER_EXTS, "ff01");
		assert_text(ev, TLS_ISSUER_CN, "mitmproxy");
		assert_text(ev, TLS_ISSUER_ORG, "Org");
		assert_text(ev, TLS_ISSUER_MARK, "mitmproxy");
		assert_yes(ev, TLS_PROXY_KNOWN);
		assert_no(ev, TLS_ROOT_KNOWN);
		assert_yes(ev, TLS_NAME_COVERED);
		assert_no(ev, TLS_SELF_ISSUED);
		assert_yes(ev, TLS_IN_TIME);
		assert_text(ev, TLS_KEY_TYPE, "ec");
		assert_num(ev, TLS_KEY_BITS, 256);
		assert_unknown(ev, TLS_KEY_EXPONENT);
		assert_num(ev, TLS_CHAIN, 1);
		assert_num(ev, TLS_SHOWN_OTHER, 0);
		assert_no(ev, TLS_SHOWN_EXCEPTION);
		assert_unknown(ev, TLS_TTL_GAP);
		dt_fini(&t);
	}
	EVP_PKEY_free(key);
}

/* A router's page, a captive portal: a certificate of its own making, for another name than the one asked. */
static void test_tls_device_page_is_self_issued_and_covers_nothing(void **state)
{
	static struct out o;
	struct cw own = {"router.example", NULL, NULL, "DNS:router.example", cw_ec()};
	const struct evidence *ev;
	struct dt t;

	(void)state;
	o.len = 0;
	cw_hello(&o, 0x0303, 0xc02f, 0);
	cw_certs(&o, &own, 1);
	dt_init(&t);
	connect_to(&t, 40001, "blocked.example", &o, 1400);
	ev = judge(&t);
	assert_yes(ev, TLS_SELF_ISSUED);
	assert_no(ev, TLS_NAME_COVERED);
	assert_no(ev, TLS_PROXY_KNOWN);
	assert_no(ev, TLS_ROOT_KNOWN);
	assert_no(ev, TLS_SHOWN_EXCEPTION);
	assert_unknown(ev, TLS_ISSUER_MARK);
	dt_fini(&t);
	EVP_PKEY_free(own.key);
}

static void test_tls_cut_before_the_certificate_says_nothing(void **state)
{
	static struct out o;
	EVP_PKEY *key = cw_ec();
	struct dt t;

	(void)state;
	flight_of(&o, "blocked.example", "mitmproxy", key, 0xc02f);
	o.len -= 40;
	dt_init(&t);
	connect_to(&t, 40001, "blocked.example", &o, 500);
	assert_null(judge(&t));
	dt_fini(&t);
	EVP_PKEY_free(key);
}

/* While somebody watches it is told with the certificate's last byte, and again when the flow is over; else only then. */
static void test_tls_early_is_told_before_the_end(void **state)
{
	static struct out o;
	EVP_PKEY *key = cw_ec();

	(void)state;
	flight_of(&o, "blocked.example", "mitmproxy", key, 0xc02f);
	for (int early = 0; early < 2; early++) {
		struct dt t;

		dt_init(&t);
		t.tls.early = early;
		connect_to(&t, 40001, "blocked.example", &o, 500);
		assert_int_equal(t.n_judged, early);
		assert_int_equal(t.n_last, 0);
		det_tls_end(&t.tls, t.c.f);
		assert_int_equal(t.n_judged, early + 1);
		assert_int_equal(t.n_last, 1);
		dt_fini(&t);
	}
	EVP_PKEY_free(key);
}

static void test_tls_the_exception_among_four(void **state)
{
	static struct out own, odd;
	EVP_PKEY *a = cw_ec(), *b = cw_ec();
	struct dt t;

	(void)state;
	flight_of(&own, "x.example", "Public CA", a, 0xc02f);
	for (int what = 0; what < 3; what++) {
		/* 0: all differs; 1: the hello does not (rotation); 2: the issuer does not */
		flight_of(&odd, "x.example", what == 2 ? "Public CA" : "Filter", b,
			  what == 1 ? 0xc02f : 0xc030);
		dt_init(&t);
		for (uint16_t i = 0; i < 3; i++)
			connect_to(&t, (uint16_t)(40001 + i), "x.example", &own, 1400);
		connect_to(&t, 40009, "x.example", &odd, 1400);
		assert_num(judge(&t), TLS_SHOWN_EXCEPTION, what == 0);
		assert_num(judge(&t), TLS_SHOWN_OTHER, what == 0 ? 3 : 0);
		assert_num(judge(&t), TLS_KEY_OTHER, 3);
		assert_num(judge(&t), TLS_HELLO_EXCEPTION, what != 1);
		dt_fini(&t);
	}
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void test_tls_of_the_majority_is_no_exception(void **state)
{
	static struct out own, odd;
	EVP_PKEY *a = cw_ec(), *b = cw_ec();
	struct dt t;

	(void)state;
	flight_of(&own, "x.example", "Public CA", a, 0xc02f);
	flight_of(&odd, "x.example", "Filter", b, 0xc030);
	dt_init(&t);
	connect_to(&t, 40009, "x.example", &odd, 1400);
	for (uint16_t i = 0; i < 3; i++)
		connect_to(&t, (uint16_t)(40001 + i), "x.example", &own, 1400);
	assert_no(judge(&t), TLS_SHOWN_EXCEPTION);
	assert_num(judge(&t), TLS_SHOWN_OTHER, 1);
	dt_fini(&t);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

/* What signatures are told to be absent from an ordinary answer is absent, and only such answers are left out. */
static void test_tls_ordinary_answers_are_left_out_when_nobody_asks(void **state)
{
	static struct out own, odd;
	const struct evidence *ev;
	struct dt t;

	(void)state;
	cw_hello(&own, 0x0304, 0x1301, 0);
	cw_hello(&odd, 0x0304, 0x1302, 0);
	dt_init(&t);
	for (uint16_t i = 0; i < 3; i++)
		connect_to(&t, (uint16_t)(40001 + i), "x.example", &own, 1400);
	ev = judge(&t);
	assert_non_null(ev);
	for (size_t i = 0; i < evidence_n(ev); i++)
		if (det_tls_makes_odd(evidence_at(ev, i)->feat))
			assert_int_equal(evidence_at(ev, i)->feat, FEAT_TLS_HELLO_EXCEPTION);
	assert_no(ev, TLS_HELLO_EXCEPTION);
	t.tls.only_odd = true;
	assert_null(judge(&t));
	connect_to(&t, 40009, "x.example", &odd, 1400);
	assert_num(judge(&t), TLS_HELLO_EXCEPTION, 1);
	dt_fini(&t);
}

static void test_tls_end_tells_once_and_gives_back(void **state)
{
	static struct out o;
	EVP_PKEY *key = cw_ec();
	uint64_t used;
	struct dt t;

	(void)state;
	flight_of(&o, "blocked.example", "Some CA", key, 0xc02f);
	dt_init(&t);
	connect_to(&t, 40001, "blocked.example", &o, 1400);
	used = fb_used(&t.c.b);
	det_tls_end(&t.tls, t.c.f);
	assert_int_equal(t.n_judged, 1);
	assert_true(fb_used(&t.c.b) < used);
	det_tls_end(&t.tls, t.c.f);
	assert_int_equal(t.n_judged, 1);
	dt_fini(&t);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_certificate_facts),
		cmocka_unit_test(test_tls_device_page_is_self_issued_and_covers_nothing),
		cmocka_unit_test(test_tls_cut_before_the_certificate_says_nothing),
		cmocka_unit_test(test_tls_early_is_told_before_the_end),
		cmocka_unit_test(test_tls_the_exception_among_four),
		cmocka_unit_test(test_tls_of_the_majority_is_no_exception),
		cmocka_unit_test(test_tls_ordinary_answers_are_left_out_when_nobody_asks),
		cmocka_unit_test(test_tls_end_tells_once_and_gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
