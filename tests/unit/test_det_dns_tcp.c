/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/det_dns_tcp.c */
/* DNS messages in TCP streams, however they are cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/trigger.h"
#include "base/words.h"
#include "dns_wire.h"

struct dt {
	struct dn n;
	uint32_t seq[2];
	bool taken;
};

static void dt_init(struct dt *t)
{
	memset(t, 0, sizeof(*t));
	dn_init(&t->n, 64 << 20);
	t->seq[0] = FB_C + 1;
	t->seq[1] = FB_SV + 1;
	fb_open(&t->n.b);
	t->n.b.now_ns = FB_START + 80 * FB_MS;
}

/* The packet as the engine takes it, its bytes gone afterwards. */
static void put_pkt(struct dt *t, struct pkt p)
{
	uint8_t *copy = malloc(p.payload.len ? p.payload.len : 1);

	assert_non_null(copy);
	memcpy(copy, p.payload.at, p.payload.len);
	p.payload.at = copy;
	t->n.f = fb_put(&t->n.b, &p);
	assert_non_null(t->n.f);
	t->taken = det_dns_tcp(&t->n.dd, t->n.f, t->n.b.d, &p);
	if (!t->taken)
		trigger_look(t->n.b.t, t->n.f, t->n.b.d, &p);
	memset(copy, 0xee, p.payload.len);
	free(copy);
}

/* Bytes at that place of a side's stream. */
static struct pkt bytes_at(struct dt *t, int who, uint32_t seq, const void *at, size_t len)
{
	return fb_pkt(&t->n.b, who, TCP_ACK | TCP_PSH, seq, t->seq[!who], at, len);
}

static void say(struct dt *t, int who, const void *at, size_t len)
{
	put_pkt(t, bytes_at(t, who, t->seq[who], at, len));
	t->seq[who] += (uint32_t)len;
}

/* The message in n.wire with its length before it, at out; returns the bytes. */
static size_t framed(const struct dn *n, uint8_t *out)
{
	out[0] = (uint8_t)(n->len >> 8);
	out[1] = (uint8_t)n->len;
	memcpy(out + 2, n->wire, n->len);
	return n->len + 2;
}

static size_t question(struct dt *t, uint16_t id, const char *name, uint8_t *out)
{
	message(&t->n, id, QUESTION, name, DNS_A, 0);
	return framed(&t->n, out);
}

static size_t reply_with(struct dt *t, uint16_t id, const char *name, uint8_t x, uint16_t n_an,
			 uint8_t *out)
{
	message(&t->n, id, ANSWER, name, DNS_A, n_an);
	for (uint16_t i = 0; i < n_an; i++)
		record(&t->n, DNS_A, (const uint8_t[]){198, 51, 100, (uint8_t)(x + i)}, 4);
	return framed(&t->n, out);
}

static void test_det_dns_tcp_question_is_the_trigger(void **state)
{
	const struct trigger *g;
	struct dt t;
	uint8_t w[256];
	size_t n;

	(void)state;
	dt_init(&t);
	n = question(&t, 1, "fine.example", w);
	say(&t, 0, w, n);
	assert_true(t.taken);
	assert_string_equal(t.n.f->app, "DNS");
	assert_int_equal(t.n.f->n_triggers, 1);
	g = &t.n.f->trigger[0];
	assert_int_equal(g->kind, TRIGGER_DNS_QNAME);
	assert_string_equal(g->name, "fine.example");
	assert_int_equal(g->seq, FB_C + 1);
	assert_int_equal(g->seq_end, FB_C + 1 + n);
	assert_int_equal(g->first_frame, 4);
	n = reply_with(&t, 1, "fine.example", 1, 1, w);
	say(&t, 1, w, n);
	assert_int_equal(t.n.f->n_triggers, 1);
	dn_end(&t.n);
	assert_int_equal(t.n.got.n, 0);
	assert_null(usual_get(t.n.dd.usual, t.n.b.addr[1].b)); /* teaches nothing about UDP */
	dn_fini(&t.n);
}

/* Two questions and two answers, the second answer forged before the real one: the same whatever the segments are. */
static void cut_run(size_t step)
{
	uint8_t w[1024], bad[256];
	struct dt t;
	size_t n, n_bad, second;

	dt_init(&t);
	n = question(&t, 1, "fine.example", w);
	n += question(&t, 2, "blocked.example", w + n);
	for (size_t i = 0; i < n; i += step)
		say(&t, 0, w + i, n - i < step ? n - i : step);
	assert_int_equal(t.n.f->n_triggers, 2);
	assert_string_equal(t.n.f->trigger[1].name, "blocked.example");
	assert_int_equal(t.n.f->trigger[1].seq_end, FB_C + 1 + n);
	second = reply_with(&t, 1, "fine.example", 1, 1, w);
	for (size_t i = 0; i < second; i += step)
		say(&t, 1, w + i, second - i < step ? second - i : step);
	n_bad = reply_with(&t, 2, "blocked.example", 66, 1, bad);
	put_pkt(&t, bytes_at(&t, 1, t.seq[1], bad, n_bad));
	n = reply_with(&t, 2, "blocked.example", 5, 3, w);
	put_pkt(&t, bytes_at(&t, 1, t.seq[1], w, n));
	t.seq[1] += (uint32_t)n;
	/* The connection goes on behind the longer version. */
	n = question(&t, 3, "later.example", w);
	say(&t, 0, w, n);
	n = reply_with(&t, 3, "later.example", 9, 1, w);
	say(&t, 1, w, n);
	assert_int_equal(t.n.f->n_triggers, 3);
	dn_end(&t.n);
	assert_int_equal(t.n.got.n, 1);
	assert_int_equal(t.n.got.n_conflicts, 1);
	assert_int_equal(t.n.got.answers, 2);
	assert_int_equal(t.n.got.queries, 1);
	assert_int_equal(t.n.dd.lost, 0);
	dn_fini(&t.n);
}

static void test_det_dns_tcp_forged_answer_is_found_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 130; step++)
		cut_run(step);
}

static void test_det_dns_tcp_answer_sent_again_is_one_answer(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	dt_init(&t);
	n = question(&t, 1, "fine.example", w);
	say(&t, 0, w, n);
	n = reply_with(&t, 1, "fine.example", 1, 2, w);
	for (int i = 0; i < 3; i++)
		put_pkt(&t, bytes_at(&t, 1, t.seq[1], w, n));
	dn_end(&t.n);
	assert_int_equal(t.n.got.n, 0);
	dn_fini(&t.n);
}

/* A resolver may be asked the same again on one connection, and turn its set round. */
static void test_det_dns_tcp_asked_twice_answered_twice(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	dt_init(&t);
	for (uint8_t i = 0; i < 2; i++) {
		n = question(&t, 1, "fine.example", w);
		say(&t, 0, w, n);
		n = reply_with(&t, 1, "fine.example", (uint8_t)(1 + 7 * i), 1, w);
		say(&t, 1, w, n);
	}
	dn_end(&t.n);
	assert_int_equal(t.n.got.n_conflicts, 0);
	dn_fini(&t.n);
}

/* Only the resolver's direction is in the capture: a second version is still one, but whether the question came once is
 * not known. */
static void test_det_dns_tcp_one_direction_knows_no_question(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	memset(&t, 0, sizeof(t));
	dn_init(&t.n, 64 << 20);
	t.seq[0] = FB_C + 1;
	t.seq[1] = FB_SV + 1;
	fb_send(&t.n.b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	n = reply_with(&t, 2, "blocked.example", 66, 1, w);
	put_pkt(&t, bytes_at(&t, 1, t.seq[1], w, n));
	n = reply_with(&t, 2, "blocked.example", 5, 1, w);
	put_pkt(&t, bytes_at(&t, 1, t.seq[1], w, n));
	dn_end(&t.n);
	assert_int_equal(t.n.got.queries, 0);
	assert_int_equal(t.n.got.answers, 2);
	dn_fini(&t.n);
}

static void test_det_dns_tcp_other_protocols_on_port_53_are_left_to_others(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} t[] = {
		{"GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n", 41},
		/* a TLS hello: its bytes could be the length and counts of a question */
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
		{"SSH-2.0-x\r\n", 11},
		{"\x00\x0c\x00\x01\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00", 14}, /* an answer */
		{"\x00\x0c\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00",
		 14}, /* cut in itself */
		{"\x00\x05hello", 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct dt d;

		dt_init(&d);
		say(&d, 0, t[i].bytes, t[i].len);
		assert_false(d.taken);
		assert_int_equal(d.n.f->n_triggers, i != 1); /* the hello goes on */
		assert_string_not_equal(d.n.f->app, "DNS");
		say(&d, 0, t[i].bytes, t[i].len);
		assert_false(d.taken);
		dn_end(&d.n);
		assert_int_equal(d.n.got.n, 0);
		dn_fini(&d.n);
	}
}

/* More than is kept of a stream: messages that begin in a packet of their own are still read. */
static void test_det_dns_tcp_long_connections_go_on(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	dt_init(&t);
	for (uint16_t i = 0; i < 600; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		n = question(&t, i, name, w);
		say(&t, 0, w, n);
		n = reply_with(&t, i, name, 1, 1, w);
		say(&t, 1, w, n);
	}
	assert_true(t.seq[0] - FB_C > LIMIT_STREAM_BYTES);
	assert_string_equal(t.n.f->trigger[t.n.f->n_triggers - 1].name, "n599.example");
	/* One in two segments is lost, and that is counted. */
	n = question(&t, 601, "halved.example", w);
	say(&t, 0, w, n / 2);
	say(&t, 0, w + n / 2, n - n / 2);
	assert_int_equal(t.n.dd.lost, 1);
	assert_true(t.taken);
	dn_end(&t.n);
	assert_int_equal(t.n.got.n, 0);
	dn_fini(&t.n);
}

static void test_det_dns_tcp_zone_transfer_is_given_up(void **state)
{
	static const uint8_t zone[1400] = {0x40, 0x00, 0, 1, 0x81, 0x80, 0, 1, 0xff, 0xff};
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	dt_init(&t);
	n = question(&t, 1, "zone.example", w);
	say(&t, 0, w, n);
	for (int i = 0; i < 20; i++)
		say(&t, 1, zone, sizeof(zone));
	assert_true(t.taken);
	dn_end(&t.n);
	assert_int_equal(t.n.got.n, 0);
	dn_fini(&t.n);
}

static void test_det_dns_tcp_other_ports_cost_nothing(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	memset(&t, 0, sizeof(t));
	dn_init(&t.n, 64 << 20);
	t.n.b.port[1] = 5353;
	t.seq[0] = FB_C + 1;
	fb_open(&t.n.b);
	n = question(&t, 1, "fine.example", w);
	say(&t, 0, w, n);
	assert_false(t.taken);
	assert_null(t.n.f->dns);
	dn_fini(&t.n);
}

static void test_det_dns_tcp_no_memory_is_counted(void **state)
{
	uint8_t w[256];
	struct dt t;
	size_t n;

	(void)state;
	dt_init(&t);
	assert_true(flow_table_take(t.n.b.t, (64 << 20) - fb_used(&t.n.b) - 32));
	n = question(&t, 1, "fine.example", w);
	say(&t, 0, w, n);
	assert_true(t.n.dd.lost > 0);
	assert_false(t.taken);
	dn_fini(&t.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_det_dns_tcp_question_is_the_trigger),
		cmocka_unit_test(test_det_dns_tcp_forged_answer_is_found_however_it_is_cut),
		cmocka_unit_test(test_det_dns_tcp_answer_sent_again_is_one_answer),
		cmocka_unit_test(test_det_dns_tcp_asked_twice_answered_twice),
		cmocka_unit_test(test_det_dns_tcp_one_direction_knows_no_question),
		cmocka_unit_test(test_det_dns_tcp_other_protocols_on_port_53_are_left_to_others),
		cmocka_unit_test(test_det_dns_tcp_long_connections_go_on),
		cmocka_unit_test(test_det_dns_tcp_zone_transfer_is_given_up),
		cmocka_unit_test(test_det_dns_tcp_other_ports_cost_nothing),
		cmocka_unit_test(test_det_dns_tcp_no_memory_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
