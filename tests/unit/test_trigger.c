/* SPDX-License-Identifier: BSD-3-Clause */
/* What may have set a middlebox off, found however the bytes are cut and in whatever order they come. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/trigger.h"
#include "base/words.h"
#include "flow_build.h"
#include "guard.h"
#include "tls_write.h"

enum { MB64 = 64 << 20 };

static const char name[] = "blocked.example";

/* A ClientHello for `name` with `pad` bytes in an extension behind (or, `late`, before) the name. */
static size_t hello(struct out *o, size_t pad, bool late, bool sni)
{
	size_t record, message, body, exts, ext, list;

	o->len = 0;
	put_num(o, 0x160301, 3);
	record = vec_open(o, 2);
	put_num(o, 1, 1);
	message = vec_open(o, 3);
	body = o->len;
	put_num(o, 0x0303, 2);
	put_fill(o, 'r', 32);
	put_num(o, 0, 1);          /* session */
	put_num(o, 0x00021301, 4); /* suites */
	put_num(o, 0x0100, 2);     /* compression */
	exts = vec_open(o, 2);
	for (int i = 0; i < 2; i++) {
		if ((i == 0) == late) {
			put_num(o, 0xfff0, 2);
			ext = vec_open(o, 2);
			put_fill(o, 'p', pad);
			vec_close(o, ext, 2);
		} else if (sni) {
			put_num(o, 0, 2);
			ext = vec_open(o, 2);
			list = vec_open(o, 2);
			put_num(o, 0, 1);
			put_num(o, sizeof(name) - 1, 2);
			put(o, name, sizeof(name) - 1);
			vec_close(o, list, 2);
			vec_close(o, ext, 2);
		}
	}
	vec_close(o, exts, 2);
	vec_close(o, message, 3);
	vec_close(o, record, 2);
	assert_true(o->len > body);
	return o->len;
}

/* A segment of orig through table and reader; its bytes are gone afterwards. */
static struct flow *seg(struct fb *b, uint32_t off, const void *bytes, size_t len)
{
	struct guard g = guard_copy(bytes, len);
	struct pkt p = fb_pkt(b, 0, TCP_ACK | TCP_PSH, FB_C + 1 + off, FB_SV + 1, g.at, len);
	struct flow *f = fb_put(b, &p);

	trigger_look(b->t, f, b->d, &p);
	guard_free(&g);
	return f;
}

static struct flow *text(struct fb *b, uint32_t off, const char *s)
{
	return seg(b, off, s, strlen(s));
}

static void check(const struct flow *f, uint32_t i, enum trigger_kind kind, const char *value)
{
	assert_true(i < f->n_triggers);
	assert_int_equal(f->trigger[i].kind, kind);
	assert_string_equal(f->trigger[i].name, value);
	assert_int_equal(f->trigger[i].name_len, strlen(value));
	assert_int_equal(f->trigger[i].dir, DIR_ORIG);
}

/* Whatever the order in which the parts come, the name is read once, and the trigger covers the hello. */
static void parts_in_order(const uint8_t *at, const size_t cut[4], const int order[3],
			   enum trigger_kind kind, const char *app)
{
	uint32_t whole = (uint32_t)cut[3];
	struct flow *f = NULL;
	struct fb b;

	fb_init(&b, MB64);
	fb_open(&b);
	for (int i = 0; i < 3; i++)
		if (cut[order[i] + 1] > cut[order[i]])
			f = seg(&b, (uint32_t)cut[order[i]], at + cut[order[i]],
				cut[order[i] + 1] - cut[order[i]]);
	assert_int_equal(f->n_triggers, 1);
	check(f, 0, kind, name);
	assert_int_equal(f->trigger[0].seq, FB_C + 1);
	assert_int_equal(f->trigger[0].seq_end, FB_C + 1 + whole);
	assert_int_equal(f->trigger[0].first_frame, 4);
	assert_int_equal(f->trigger[0].last_frame, b.frame);
	assert_int_equal(f->trigger[0].ts_ns, b.now_ns - 2 * FB_MS);
	assert_string_equal(f->app, app);
	fb_fini(&b);
}

static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static void test_trigger_sni_in_three_parts_is_read_in_every_order(void **state)
{
	static struct out o;
	size_t whole = hello(&o, 60, false, true);

	(void)state;
	for (size_t first = 1; first < whole; first += first < 8 ? 1 : 13)
		for (size_t second = first; second < whole; second += 17) {
			const size_t cut[4] = {0, first, second, whole};

			for (int k = 0; k < 6; k++)
				parts_in_order(o.at, cut, orders[k], TRIGGER_TLS_SNI, "TLS");
		}
}

static void test_trigger_host_in_three_parts_is_read_in_every_order(void **state)
{
	static const char get[] =
		"GET /a/page HTTP/1.1\r\nAccept: */*\r\nHost: blocked.example\r\n\r\n";
	const size_t whole = sizeof(get) - 1;

	(void)state;
	/* Cuts before the host name: later the name is read before the last part is there. */
	for (size_t first = 1; first < whole - 24; first += first < 8 ? 1 : 7)
		for (size_t second = first; second < whole - 24; second += 5) {
			const size_t cut[4] = {0, first, second, whole};

			for (int k = 0; k < 6; k++)
				parts_in_order((const uint8_t *)get, cut, orders[k],
					       TRIGGER_HTTP_HOST, "HTTP");
		}
}

static void test_trigger_sni_over_n_segments_is_read(void **state)
{
	static struct out o;
	size_t whole = hello(&o, 1700, true, true);

	(void)state;
	for (size_t n = 1; n <= 20; n++) {
		size_t step = (whole + n - 1) / n;
		struct flow *f = NULL;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		for (size_t off = 0; off < whole; off += step)
			f = seg(&b, (uint32_t)off, o.at + off,
				whole - off < step ? whole - off : step);
		assert_int_equal(f->n_triggers, 1);
		check(f, 0, TRIGGER_TLS_SNI, name);
		assert_int_equal(f->trigger[0].seq_end, FB_C + 1 + whole);
		assert_int_equal(f->trigger[0].first_frame, 4);
		assert_int_equal(f->trigger[0].last_frame, b.frame);
		assert_false(f->trigger[0].open);
		/* What follows is no part of it. */
		f = text(&b, (uint32_t)whole, "\x17\x03\x03 sealed");
		assert_int_equal(f->n_triggers, 1);
		assert_int_equal(f->trigger[0].last_frame, b.frame - 1);
		fb_fini(&b);
	}
}

/* A hello that never becomes whole is not waited for forever. */
static void test_trigger_hello_without_end_is_given_up(void **state)
{
	static struct out o;
	struct flow *f;
	struct fb b;

	(void)state;
	hello(&o, 2000, true, true);
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = 0; i < 30; i++) {
		f = seg(&b, i * 10, o.at + i * 10, 10);
		assert_true(f->n_triggers == (i >= 23));
	}
	check(f, 0, TRIGGER_PAYLOAD, "");
	assert_int_equal(f->trigger[0].first_frame, 4);
	/* Nor are first words behind a gap that stays open. */
	b.port[0]++;
	fb_open(&b);
	for (uint32_t i = 0; i < 30; i++)
		f = seg(&b, 5 + i * 10, o.at + i * 10, 10);
	check(f, 0, TRIGGER_PAYLOAD, "");
	assert_int_equal(f->n_triggers, 1);
	fb_fini(&b);
}

static void test_trigger_hello_without_name_is_payload_of_tls(void **state)
{
	static struct out o;
	struct flow *f;
	struct fb b;

	(void)state;
	hello(&o, 10, false, false);
	fb_init(&b, MB64);
	fb_open(&b);
	f = seg(&b, 0, o.at, o.len);
	assert_int_equal(f->n_triggers, 1);
	check(f, 0, TRIGGER_PAYLOAD, "");
	assert_string_equal(f->app, "TLS");
	fb_fini(&b);
}

static void test_trigger_first_words_of_any_protocol_are_noted_once(void **state)
{
	static const char *const words[] = {"SSH-2.0-x\r\n", "EHLO me\r\n",
					    "\x16\x02\x01\x01\x01\x01", "GETTING /", "\x01"};
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct flow *f;

		b.port[0]++;
		fb_open(&b);
		f = text(&b, 0, words[i]);
		assert_int_equal(f->n_triggers, 1);
		check(f, 0, TRIGGER_PAYLOAD, "");
		assert_int_equal(f->trigger[0].last_frame, b.frame);
		assert_int_equal(f->trigger[0].seq_end, FB_C + 1 + strlen(words[i]));
		f = text(&b, (uint32_t)strlen(words[i]),
			 "GET / HTTP/1.1\r\nHost: late.example\r\n\r\n");
		assert_int_equal(f->n_triggers, 1);
		assert_string_equal(f->app, "");
	}
	fb_fini(&b);
}

static void test_trigger_every_request_of_a_kept_connection_is_noted(void **state)
{
	struct flow *f;
	uint32_t off = 0;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	for (int i = 0; i < 5; i++) {
		char get[80];
		int n = snprintf(get, sizeof(get), "GET /%d HTTP/1.1\r\nHost: h%d.example\r\n\r\n",
				 i, i);

		f = text(&b, off, get);
		snprintf(get, sizeof(get), "h%d.example", i);
		assert_int_equal(f->n_triggers, i + 1);
		check(f, (uint32_t)i, TRIGGER_HTTP_HOST, get);
		assert_int_equal(f->trigger[i].last_frame, b.frame);
		assert_int_equal(f->trigger[i].seq, FB_C + 1 + off);
		assert_int_equal(f->trigger[i].seq_end, FB_C + 1 + off + (uint32_t)n);
		off += (uint32_t)n;
		f = text(&b, off, "body bytes"); /* no request */
		assert_int_equal(f->n_triggers, i + 1);
		off += 10;
	}
	fb_fini(&b);
}

/* A later request that is cut in two tells its own name, not the first one's. */
static void test_trigger_later_request_in_parts_tells_its_own_name(void **state)
{
	static const char first[] = "GET /1 HTTP/1.1\r\nHost: first.example\r\n\r\n";
	static const char second[] = "GET /2 HTTP/1.1\r\nHost: second.example\r\n\r\n";
	const uint32_t from = sizeof(first) - 1;

	(void)state;
	for (uint32_t cut = 1; cut < 37; cut++) {
		struct flow *f;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		text(&b, 0, first);
		f = seg(&b, from, second, cut);
		assert_int_equal(f->n_triggers, 1);
		f = text(&b, from + cut, second + cut);
		assert_int_equal(f->n_triggers, 2);
		check(f, 1, TRIGGER_HTTP_HOST, "second.example");
		assert_int_equal(f->trigger[1].first_frame, 5);
		assert_int_equal(f->trigger[1].last_frame, 6);
		assert_int_equal(f->trigger[1].seq, FB_C + 1 + from);
		fb_fini(&b);
	}
}

static void test_trigger_ninth_request_takes_the_place_of_the_second(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	for (uint32_t i = 0; i < FLOW_TRIGGERS_MAX + 3; i++) {
		char get[64];

		snprintf(get, sizeof(get), "GET / HTTP/1.1\r\nHost: h%02u\r\n\r\n", i);
		f = text(&b, i * 30, get);
	}
	assert_int_equal(f->n_triggers, FLOW_TRIGGERS_MAX);
	check(f, 0, TRIGGER_HTTP_HOST, "h00");
	check(f, 1, TRIGGER_HTTP_HOST, "h04");
	check(f, FLOW_TRIGGERS_MAX - 1, TRIGGER_HTTP_HOST, "h10");
	fb_fini(&b);
}

static void test_trigger_resets_and_answers_are_none(void **state)
{
	struct flow *f;
	struct pkt p;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	p = fb_pkt(&b, 0, TCP_RST, FB_C + 1, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	trigger_look(b.t, f, DIR_ORIG, &p);
	p = fb_pkt(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 1, "220 mail.example ESMTP\r\n", 24);
	fb_put(&b, &p);
	trigger_look(b.t, f, DIR_RESP, &p);
	assert_int_equal(f->n_triggers, 0);
	assert_null(f->trigger);
	fb_fini(&b);
}

static void test_trigger_without_memory_is_unknown(void **state)
{
	struct flow_stats st;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	st = fb_stats(&b);
	assert_true(flow_table_take(b.t, MB64 - st.bytes_used));
	f = text(&b, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(f->n_triggers, 0);
	assert_true(fb_stats(&b).inspection_lost > 0);
	flow_table_give(b.t, MB64 - st.bytes_used);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trigger_sni_in_three_parts_is_read_in_every_order),
		cmocka_unit_test(test_trigger_host_in_three_parts_is_read_in_every_order),
		cmocka_unit_test(test_trigger_sni_over_n_segments_is_read),
		cmocka_unit_test(test_trigger_hello_without_end_is_given_up),
		cmocka_unit_test(test_trigger_hello_without_name_is_payload_of_tls),
		cmocka_unit_test(test_trigger_first_words_of_any_protocol_are_noted_once),
		cmocka_unit_test(test_trigger_every_request_of_a_kept_connection_is_noted),
		cmocka_unit_test(test_trigger_later_request_in_parts_tells_its_own_name),
		cmocka_unit_test(test_trigger_ninth_request_takes_the_place_of_the_second),
		cmocka_unit_test(test_trigger_resets_and_answers_are_none),
		cmocka_unit_test(test_trigger_without_memory_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
