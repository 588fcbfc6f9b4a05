/* SPDX-License-Identifier: BSD-3-Clause */
/* When flows end: by packet time and the watermark alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20, HALF, OPEN, MIDSTREAM, RESET, FINISHED, REVIVED, UDP };

/* Brings a flow into the state named, ends with the time of its last packet. */
static int64_t make(struct fb *b, int what)
{
	struct pkt p;

	b->port[0]++;
	switch (what) {
	case HALF:
		fb_syn(b, 0, FB_C);
		fb_send(b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
		break;
	case OPEN:
		fb_open(b);
		break;
	case MIDSTREAM:
		fb_text(b, 0, 9, "x");
		break;
	case RESET:
		fb_open(b);
		fb_send(b, 1, TCP_RST, FB_SV + 1, 0, NULL, 0);
		break;
	case FINISHED:
		fb_open(b);
		fb_send(b, 0, TCP_FIN | TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
		fb_send(b, 1, TCP_FIN | TCP_ACK, FB_SV + 1, FB_C + 2, NULL, 0);
		break;
	case REVIVED: /* data after a reset: the reset was not obeyed */
		fb_open(b);
		fb_send(b, 1, TCP_RST, FB_SV + 1, 0, NULL, 0);
		fb_text(b, 0, 0, "still here");
		break;
	default:
		p = fb_udp(b, 0);
		fb_put(b, &p);
	}
	return b->now_ns - 2 * FB_MS;
}

/* A packet of a flow that has nothing to do with them. */
static void tick(struct fb *b, int64_t ts_ns)
{
	uint16_t port = b->port[0];
	struct pkt p;

	b->now_ns = ts_ns;
	b->port[0] = 9;
	p = fb_udp(b, 0);
	fb_put(b, &p);
	b->port[0] = port;
}

static void test_flow_timeouts_are_kept_to_the_nanosecond(void **state)
{
	static const struct {
		int what;
		int64_t timeout_s;
	} row[] = {{HALF, 70},     {OPEN, 300},    {MIDSTREAM, 300}, {RESET, 15},
		   {FINISHED, 15}, {REVIVED, 300}, {UDP, 60}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fb b;
		int64_t last;

		fb_init(&b, MB64);
		last = make(&b, row[i].what);
		tick(&b, last + row[i].timeout_s * FB_S);
		assert_int_equal(b.n_ended, 0);
		tick(&b, last + row[i].timeout_s * FB_S + 1);
		assert_int_equal(b.n_ended, 1);
		assert_int_equal(b.ended[0], 1);
		fb_fini(&b);
	}
}

static void test_flow_timeout_starts_again_with_every_packet(void **state)
{
	int64_t at = FB_START;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (int i = 0; i < 5; i++, at += 70 * FB_S) {
		b.now_ns = at;
		assert_int_equal(fb_syn(&b, 0, FB_C)->no, 1);
	}
	b.now_ns = at + 1;
	assert_int_equal(fb_syn(&b, 0, FB_C)->no, 2);
	fb_fini(&b);
}

/* A packet that ends its own flow by coming too late begins a new one. */
static void test_flow_packet_after_its_timeout_is_a_new_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	b.now_ns += 301 * FB_S;
	f = fb_text(&b, 0, 0, "late");
	assert_int_equal(f->no, 2);
	assert_true(f->midstream);
	assert_int_equal(b.n_ended, 1);
	fb_fini(&b);
}

/* Merged captures jump back: counted, the watermark stays, and no flow ends or lives longer for it. */
static void test_flow_time_backwards_is_counted_and_moves_nothing(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	assert_int_equal(fb_stats(&b).time_backwards, 0);
	b.now_ns = FB_START - 500 * FB_S;
	f = fb_text(&b, 0, 0, "from before");
	assert_int_equal(f->no, 1);
	assert_int_equal(fb_stats(&b).time_backwards, 1);
	assert_int_equal(f->last_ns, FB_START + 4 * FB_MS);
	assert_int_equal(f->touched_ns, FB_START + 4 * FB_MS);
	tick(&b, FB_START + 4 * FB_MS); /* equal to the watermark: not backwards */
	assert_int_equal(fb_stats(&b).time_backwards, 1);
	tick(&b, FB_START + 300 * FB_S + 4 * FB_MS + 1);
	assert_int_equal(b.n_ended, 2); /* the UDP flow of the first tick, and this one */
	fb_fini(&b);
}

/* From one end of the range that flow.h promises to take to the other: nothing overflows. */
static void test_flow_extreme_times_are_harmless(void **state)
{
	const int64_t max = FLOW_TIME_MAX, min = FLOW_TIME_MIN;
	const int64_t at[] = {min, 0, max, min, -1, max, max - 1, min + 1, 1};
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		for (uint16_t k = 0; k < 3; k++) {
			struct pkt p = fb_pkt(&b, k & 1, k ? TCP_ACK : TCP_SYN, 5, 5, "x", 1);

			p.ts_ns = at[i];
			p.sport = (uint16_t)(p.sport + (i & 1));
			assert_non_null(flow_table_packet(b.t, &p, 0, &b.d));
			p.l4 = L4_UDP;
			assert_non_null(flow_table_packet(b.t, &p, 0, &b.d));
		}
	flow_table_end_all(b.t);
	assert_int_equal(fb_stats(&b).live, 0);
	assert_int_equal(fb_stats(&b).flows, b.n_ended);
	fb_fini(&b);
}

/* end_all ends flows in the order in which silence would have ended them; of equals, the older first. */
static void test_flow_end_all_ends_in_order_of_timeout(void **state)
{
	static const uint64_t order[] = {4, 5, 7, 1, 2, 3, 6};
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	make(&b, HALF);      /* 1: 70 */
	make(&b, OPEN);      /* 2: 300 */
	make(&b, MIDSTREAM); /* 3: 300 */
	make(&b, RESET);     /* 4: 15 */
	make(&b, FINISHED);  /* 5: 15 */
	make(&b, REVIVED);   /* 6: 300 */
	make(&b, UDP);       /* 7: 60 */
	flow_table_end_all(b.t);
	assert_int_equal(b.n_ended, 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(b.ended[i], order[i]);
	/* The next series starts afresh: an earlier time is not backwards. */
	b.now_ns = FB_START - 1000 * FB_S;
	make(&b, HALF);
	assert_int_equal(fb_stats(&b).time_backwards, 0);
	assert_int_equal(fb_stats(&b).flows, 8);
	fb_fini(&b);
	assert_int_equal(b.n_ended, 7); /* freeing tells nobody */
}

static void test_flow_end_all_of_equals_ends_the_older_first(void **state)
{
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (int i = 0; i < 6; i++) {
		/* Due at the same moment, by different lists. */
		b.port[0]++;
		b.now_ns = FB_START + (i & 1 ? 10 : 0) * FB_S;
		if (i & 1) {
			struct pkt p = fb_udp(&b, 0);

			fb_put(&b, &p);
		} else {
			fb_syn(&b, 0, FB_C);
			b.now_ns = FB_START;
		}
	}
	flow_table_end_all(b.t);
	assert_int_equal(b.n_ended, 6);
	/* 70 s from FB_START for 1; from the watermark (+10 s) for the later half-open ones. */
	assert_int_equal(b.ended[0], 1);
	assert_int_equal(b.ended[1], 2);
	assert_int_equal(b.ended[2], 4);
	assert_int_equal(b.ended[3], 6);
	assert_int_equal(b.ended[4], 3);
	assert_int_equal(b.ended[5], 5);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_timeouts_are_kept_to_the_nanosecond),
		cmocka_unit_test(test_flow_timeout_starts_again_with_every_packet),
		cmocka_unit_test(test_flow_packet_after_its_timeout_is_a_new_flow),
		cmocka_unit_test(test_flow_time_backwards_is_counted_and_moves_nothing),
		cmocka_unit_test(test_flow_extreme_times_are_harmless),
		cmocka_unit_test(test_flow_end_all_ends_in_order_of_timeout),
		cmocka_unit_test(test_flow_end_all_of_equals_ends_the_older_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
