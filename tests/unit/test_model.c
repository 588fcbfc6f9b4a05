/* SPDX-License-Identifier: BSD-3-Clause */
/* What a side's packets have in common: TTL, the line of IP IDs, round trips. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20 };

/* A packet of resp as it is remembered; frames count from 1. */
static struct seg *put(struct flow *f, uint16_t flags, uint8_t ttl, uint16_t ip_id)
{
	static const struct seg blank;
	struct seg *s = &f->log.at[f->log.n++];

	*s = blank;
	s->frame_no = f->log.n;
	s->flags = flags;
	s->ttl = ttl;
	s->ip_id = ip_id;
	s->has_id = true;
	s->dir = DIR_RESP;
	return s;
}

static void test_model_nearest_ttl_skips_resets_the_other_side_and_the_suspects(void **state)
{
	struct seg at[16];
	struct flow f = {.log = {.at = at}};
	const uint64_t skip[] = {3, 4};
	uint8_t out = 99;

	(void)state;
	assert_false(model_nearest_ttl(&f, DIR_RESP, 60, NULL, 0, &out));
	put(&f, TCP_RST, 60, 1);
	put(&f, TCP_ACK, 60, 1)->dir = DIR_ORIG;
	assert_false(model_nearest_ttl(&f, DIR_RESP, 60, NULL, 0, &out));
	assert_int_equal(out, 99);
	put(&f, TCP_ACK, 58, 1);
	put(&f, TCP_ACK, 61, 1);
	put(&f, TCP_ACK, 40, 1);
	put(&f, TCP_ACK, 200, 1);
	assert_true(model_nearest_ttl(&f, DIR_RESP, 60, NULL, 0, &out));
	assert_int_equal(out, 61);
	assert_true(model_nearest_ttl(&f, DIR_RESP, 59, NULL, 0, &out));
	assert_int_equal(out, 58);
	assert_true(model_nearest_ttl(&f, DIR_RESP, 60, skip, 2, &out));
	assert_int_equal(out, 40);
	assert_true(model_nearest_ttl(&f, DIR_RESP, 255, NULL, 0, &out));
	assert_int_equal(out, 200);
	assert_true(model_nearest_ttl(&f, DIR_ORIG, 0, NULL, 0, &out));
	assert_int_equal(out, 60);
}

/* TTLs of packets that the log has forgotten still count, unless some packets are to be left out: theirs may be among them. */
static void test_model_nearest_ttl_remembers_forgotten_packets(void **state)
{
	struct seg at[4];
	struct flow f = {.log = {.at = at}};
	const uint64_t skip = 77;
	uint8_t out = 0;

	(void)state;
	put(&f, TCP_ACK, 40, 1);
	f.side[DIR_RESP].n_ttl = 1;
	f.side[DIR_RESP].ttl[0].ttl = 59;
	assert_true(model_nearest_ttl(&f, DIR_RESP, 60, NULL, 0, &out));
	assert_int_equal(out, 40);
	f.log.skipped = 1;
	assert_true(model_nearest_ttl(&f, DIR_RESP, 60, NULL, 0, &out));
	assert_int_equal(out, 59);
	assert_true(model_nearest_ttl(&f, DIR_RESP, 60, &skip, 1, &out));
	assert_int_equal(out, 40);
}

static void test_model_ttl_init_is_the_next_of_four(void **state)
{
	(void)state;
	for (int ttl = 0; ttl < 256; ttl++) {
		int init = model_ttl_init((uint8_t)ttl);

		assert_true(init == 32 || init == 64 || init == 128 || init == 255);
		assert_true(init >= ttl);
		assert_true(init == 32 || ttl > (init == 255 ? 128 : init / 2));
	}
}

/* IDs of a side's packets, the suspect among them, and how it fits. -1 ends the list. */
static void test_model_ipid_fits_follow_the_table(void **state)
{
	static const struct {
		const char *what;
		int before[8], suspect, after[8];
		enum ipid_fit fit;
	} row[] = {
		{"alone", {-1}, 5, {-1}, IPID_UNKNOWN},
		{"one other", {5, -1}, 6, {-1}, IPID_UNKNOWN},
		{"zero suspect", {5, 6, 7, -1}, 0, {-1}, IPID_UNKNOWN},
		{"zeros", {0, 0, -1}, 5, {0, -1}, IPID_OFF},
		{"constant, same", {7, 7, -1}, 7, {7, -1}, IPID_FITS},
		{"constant, other", {7, 7, -1}, 8, {7, -1}, IPID_OFF},
		{"counter, next", {10, 11, 12, -1}, 13, {-1}, IPID_FITS},
		{"counter, within 8", {10, 11, 12, -1}, 20, {-1}, IPID_FITS},
		{"counter, beyond 8", {10, 11, 12, -1}, 21, {-1}, IPID_OFF},
		{"counter, same as the one before", {10, 11, 12, -1}, 12, {-1}, IPID_OFF},
		{"counter, behind", {10, 11, 12, -1}, 9, {-1}, IPID_OFF},
		{"counter, between", {10, 11, -1}, 12, {14, 15, -1}, IPID_FITS},
		{"steps of 5, within 20", {10, 15, 20, -1}, 40, {-1}, IPID_FITS},
		{"steps of 5, beyond 20", {10, 15, 20, -1}, 41, {-1}, IPID_OFF},
		{"wrap, before", {65533, 65534, 65535, -1}, 3, {-1}, IPID_FITS},
		{"wrap inside", {65534, 65535, 0, 1, -1}, 2, {-1}, IPID_FITS},
		{"wrap, off", {65533, 65534, 65535, -1}, 60, {-1}, IPID_OFF},
		{"only after", {-1}, 9, {10, 11, 12, -1}, IPID_FITS},
		{"only after, 8 before", {-1}, 2, {10, 11, 12, -1}, IPID_FITS},
		{"only after, 9 before", {-1}, 1, {10, 11, 12, -1}, IPID_OFF},
		{"only after, behind the first", {-1}, 11, {10, 12, 13, -1}, IPID_OFF},
		{"only after, wrap", {-1}, 65535, {2, 3, 4, -1}, IPID_FITS},
		{"random", {4711, 60000, 123, 30000, 9999, -1}, 5, {-1}, IPID_UNKNOWN},
		{"random, two", {4711, 60000, -1}, 5, {-1}, IPID_UNKNOWN},
		{"one jump of four", {10, 11, 12, 40000, 40001, -1}, 40002, {-1}, IPID_FITS},
		{"one jump of four, off", {10, 11, 12, 40000, 40001, -1}, 13, {-1}, IPID_OFF},
		{"two jumps of four", {10, 11, 30000, 50000, 50001, -1}, 50002, {-1}, IPID_UNKNOWN},
		{"step 1024 is a counter's", {1, 1025, 2049, -1}, 3073, {-1}, IPID_FITS},
		{"step 1025 is not", {1, 1026, 2051, -1}, 3076, {-1}, IPID_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct seg at[24], *suspect;
		struct flow f = {.log = {.at = at}};

		/* Others that must not matter: a SYN/ACK, a reset, a mirror's copy, a packet of orig, one without ID. */
		put(&f, TCP_SYN | TCP_ACK, 60, 50000);
		put(&f, TCP_RST, 60, 50001);
		put(&f, TCP_ACK, 60, 50002)->copy = true;
		put(&f, TCP_ACK, 60, 50003)->dir = DIR_ORIG;
		put(&f, TCP_ACK, 60, 50004)->has_id = false;
		for (int k = 0; row[i].before[k] >= 0; k++)
			put(&f, TCP_ACK, 60, (uint16_t)row[i].before[k]);
		suspect = put(&f, TCP_RST, 60, (uint16_t)row[i].suspect);
		for (int k = 0; row[i].after[k] >= 0; k++)
			put(&f, TCP_ACK, 60, (uint16_t)row[i].after[k]);
		if (model_ipid(&f, suspect, NULL, 0) != row[i].fit)
			print_error("row: %s\n", row[i].what);
		assert_int_equal(model_ipid(&f, suspect, NULL, 0), row[i].fit);
		suspect->has_id = false;
		assert_int_equal(model_ipid(&f, suspect, NULL, 0), IPID_UNKNOWN);
	}
}

/* Suspects do not testify for one another. */
static void test_model_ipid_leaves_the_skipped_out(void **state)
{
	struct seg at[8], *suspect;
	struct flow f = {.log = {.at = at}};
	const uint64_t skip[] = {4};

	(void)state;
	put(&f, TCP_ACK, 60, 10);
	put(&f, TCP_ACK, 60, 11);
	put(&f, TCP_ACK, 60, 12);
	put(&f, TCP_ACK, 60, 900);
	suspect = put(&f, TCP_ACK, 60, 901);
	assert_int_equal(model_ipid(&f, suspect, NULL, 0), IPID_FITS);
	assert_int_equal(model_ipid(&f, suspect, skip, 1), IPID_OFF);
}

/* The rest goes through the table, with real packets. */
static void at_ms(struct fb *b, int64_t ms)
{
	b->now_ns = FB_START + ms * FB_MS;
}

static void test_model_rtt_of_a_handshake_measures_both_legs(void **state)
{
	struct flow *f;
	int64_t ns = -1;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_syn(&b, 0, FB_C);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 0);
	assert_int_equal(ns, -1);
	at_ms(&b, 80);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	at_ms(&b, 85);
	fb_send(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
	at_ms(&b, 100);
	fb_text(&b, 0, 0, "question");
	at_ms(&b, 150);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 5, NULL, 0); /* not all of it */
	at_ms(&b, 170);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 9, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 2);
	assert_int_equal(ns, 70 * FB_MS);
	assert_int_equal(model_rtt(f, DIR_ORIG, NULL, 0, &ns), 1);
	assert_int_equal(ns, 5 * FB_MS);
	fb_fini(&b);
}

/* Karn: which of two SYNs a SYN/ACK answers, nobody knows. */
static void test_model_rtt_of_what_was_sent_twice_is_no_sample(void **state)
{
	struct flow *f;
	int64_t ns = -1;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_syn(&b, 0, FB_C);
	at_ms(&b, 1000);
	f = fb_syn(&b, 0, FB_C);
	at_ms(&b, 1010);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 0);
	at_ms(&b, 1020);
	fb_text(&b, 0, 0, "data");
	at_ms(&b, 1220);
	fb_text(&b, 0, 0, "data");
	at_ms(&b, 1230);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 5, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 0);
	assert_int_equal(ns, -1);
	/* What is asked next counts again. */
	at_ms(&b, 1300);
	fb_text(&b, 0, 4, "more");
	at_ms(&b, 1390);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 9, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 1);
	assert_int_equal(ns, 90 * FB_MS);
	fb_fini(&b);
}

/* A forged answer that is faster does not count when it is skipped, nor does a reset ever; the genuine one behind does. */
static void test_model_rtt_of_forged_answers_is_left_out(void **state)
{
	const uint64_t skip = 2;
	struct flow *f;
	int64_t ns = -1;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_syn(&b, 0, FB_C);
	at_ms(&b, 3);
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV + 9, FB_C + 1, NULL, 0);
	at_ms(&b, 4);
	fb_send(&b, 1, TCP_RST | TCP_ACK, 0, FB_C + 1, NULL, 0);
	at_ms(&b, 80);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, &skip, 1, &ns), 1);
	assert_int_equal(ns, 80 * FB_MS);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 1);
	assert_int_equal(ns, 3 * FB_MS);
	fb_fini(&b);
}

/* Times that go backwards, and acknowledgements across the wrap of sequence numbers. */
static void test_model_rtt_of_answers_before_the_question_is_no_sample(void **state)
{
	struct flow *f;
	int64_t ns = -1;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	at_ms(&b, 50);
	fb_syn(&b, 0, UINT32_MAX);
	at_ms(&b, 40);
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, 0, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 0);
	at_ms(&b, 60);
	fb_send(&b, 0, TCP_ACK, 0, FB_SV + 1, "x", 1);
	at_ms(&b, 90);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, 1, NULL, 0);
	assert_int_equal(model_rtt(f, DIR_RESP, NULL, 0, &ns), 1);
	assert_int_equal(ns, 30 * FB_MS);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_model_nearest_ttl_skips_resets_the_other_side_and_the_suspects),
		cmocka_unit_test(test_model_nearest_ttl_remembers_forgotten_packets),
		cmocka_unit_test(test_model_ttl_init_is_the_next_of_four),
		cmocka_unit_test(test_model_ipid_fits_follow_the_table),
		cmocka_unit_test(test_model_ipid_leaves_the_skipped_out),
		cmocka_unit_test(test_model_rtt_of_a_handshake_measures_both_legs),
		cmocka_unit_test(test_model_rtt_of_what_was_sent_twice_is_no_sample),
		cmocka_unit_test(test_model_rtt_of_forged_answers_is_left_out),
		cmocka_unit_test(test_model_rtt_of_answers_before_the_question_is_no_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
