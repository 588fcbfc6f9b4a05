/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow/rate_series.h"
#include "flow_build.h"

enum { SEG = 1000, FIRST = 40 }; /* FIRST segments start the series: more than RATE_START_BYTES */

static const char zero[65535];

static struct flow *down(struct fb *b, uint32_t seg)
{
	return fb_data(b, 1, seg * SEG, zero, SEG);
}

static struct flow *ack(struct fb *b, uint32_t segs)
{
	return fb_send(b, 0, TCP_ACK, FB_C + 1, FB_SV + 1 + segs * SEG, NULL, 0);
}

/* An ACK with one SACK block, in segments. */
static struct flow *sack(struct fb *b, uint32_t segs, uint32_t from, uint32_t to)
{
	uint8_t head[32] = {0};
	struct pkt p = fb_pkt(b, 0, TCP_ACK, FB_C + 1, FB_SV + 1 + segs * SEG, NULL, 0);
	uint32_t edge[2] = {FB_SV + 1 + from * SEG, FB_SV + 1 + to * SEG};

	head[20] = head[21] = 1;
	head[22] = 5;
	head[23] = 10;
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 4; j++)
			head[24 + 4 * i + j] = (uint8_t)(edge[i] >> (24 - 8 * j));
	p.l4_bytes = (struct bytes){head, sizeof(head)};
	p.tcp.hdr_len = 32;
	p.tcp.opts = TCP_OPT_SACK;
	return fb_put(b, &p);
}

static struct flow *begin(struct fb *b, uint64_t memory)
{
	struct flow *f = NULL;

	fb_init(b, memory);
	fb_open(b);
	for (uint32_t i = 0; i < FIRST; i++)
		f = down(b, i);
	return f;
}

static void test_series_below_the_start_is_none_and_then_has_all(void **state)
{
	struct fb b;
	struct flow *f;

	(void)state;
	fb_init(&b, 1 << 24);
	fb_open(&b);
	for (uint32_t i = 0; i * SEG < RATE_START_BYTES; i++) {
		f = down(&b, i);
		assert_true(!f->rate == ((i + 1) * SEG < RATE_START_BYTES));
		f = ack(&b, i + 1);
	}
	assert_true(f->rate->whole);
	assert_int_equal(f->rate->dir, DIR_RESP);
	assert_int_equal(f->rate->n, 33);
	for (uint32_t i = 0; i < f->rate->n; i++) {
		assert_int_equal(f->rate->at[i].seq, i * SEG);
		assert_int_equal(f->rate->at[i].len, SEG);
		assert_int_equal(f->rate->at[i].at_us, i * 4000);
		assert_int_equal(f->rate->at[i].ack_us, 2000);
		assert_int_equal(f->rate->at[i].flags, i ? 0 : RATE_START);
	}
	fb_fini(&b);
}

static void test_series_repeat_marks_the_latest_transmission_lost(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);
	struct rate_pkt *at;

	(void)state;
	down(&b, 30);
	down(&b, 30);
	f = ack(&b, FIRST);
	at = f->rate->at;
	assert_int_equal(f->rate->n, FIRST + 2);
	assert_int_equal(f->rate->n_again, 2);
	assert_int_equal(at[30].flags & RATE_AGAIN, RATE_AGAIN);
	assert_int_equal(at[FIRST].flags, RATE_REPEAT | RATE_AGAIN);
	assert_int_equal(at[FIRST + 1].flags, RATE_REPEAT);
	assert_int_equal(at[30].link, FIRST + 1);
	assert_int_equal(at[FIRST].link, 30);
	/* Acknowledged: the first, until its bytes were, and the last. */
	assert_int_equal(at[30].ack_us, (FIRST + 2 - 30) * 2000);
	assert_int_equal(at[FIRST + 1].ack_us, 2000);
	assert_false(f->suspicion & SUS_RATE);
	for (uint32_t i = 0; i < 13; i++)
		f = down(&b, i);
	assert_true(f->suspicion & SUS_RATE);
	fb_fini(&b);
}

/* A mirror port's second copy is no repeat. */
static void test_series_copy_within_a_millisecond_is_left_out(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	b.now_ns -= 2 * FB_MS - 500000;
	f = down(&b, FIRST - 1);
	assert_int_equal(f->rate->n, FIRST);
	assert_int_equal(f->rate->n_copies, 1);
	assert_int_equal(f->rate->n_again, 0);
	fb_fini(&b);
}

static void test_series_duplicate_sack_takes_the_loss_back(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	down(&b, 30);
	f = sack(&b, FIRST, 29, 30); /* another one's */
	assert_int_equal(f->rate->n_again, 1);
	f = sack(&b, FIRST, 30, 31);
	assert_int_equal(f->rate->n_again, 0);
	assert_int_equal(f->rate->at[30].flags & RATE_SPURIOUS, RATE_SPURIOUS);
	f = sack(&b, FIRST, 30, 31); /* said again */
	assert_int_equal(f->rate->n_again, 0);
	fb_fini(&b);
}

static void test_series_sack_is_an_acknowledgment(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	ack(&b, 30);
	f = sack(&b, 30, 32, 34);
	assert_int_equal(f->rate->at[30].ack_us, RATE_NONE);
	assert_int_equal(f->rate->at[32].ack_us, (FIRST + 1 - 32) * 2000);
	assert_int_equal(f->rate->at[33].ack_us, (FIRST + 1 - 33) * 2000);
	assert_int_equal(f->rate->at[34].ack_us, RATE_NONE);
	/* Blocks that are nonsense: empty, backwards, beyond what was sent. */
	sack(&b, 30, 35, 35);
	sack(&b, 30, 36, 35);
	f = sack(&b, 30, 100, 4000);
	assert_int_equal(f->rate->at[35].ack_us, RATE_NONE);
	f = ack(&b, FIRST);
	assert_true(f->rate->at[30].ack_us != RATE_NONE && f->rate->at[35].ack_us != RATE_NONE);
	fb_fini(&b);
}

static void test_series_gap_filled_later_is_a_fill(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	down(&b, FIRST + 2);
	down(&b, FIRST + 3);
	f = down(&b, FIRST);
	assert_int_equal(f->rate->at[FIRST].flags, RATE_AFTER_GAP);
	assert_int_equal(f->rate->at[FIRST + 2].flags, RATE_FILL);
	assert_int_equal(f->rate->at[FIRST + 2].link, FIRST);
	assert_int_equal(f->rate->n_fill, 1);
	assert_int_equal(f->rate->n_again, 0);
	fb_fini(&b);
}

/* A request after everything was acknowledged starts an exchange; one in between does not. */
static void test_series_exchange_starts_after_a_request_into_silence(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	fb_send(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1 + 5 * SEG, "GET", 3);
	f = down(&b, FIRST);
	assert_int_equal(f->rate->at[FIRST].flags, 0);
	fb_send(&b, 0, TCP_ACK, FB_C + 4, FB_SV + 1 + (FIRST + 1) * SEG, "GET", 3);
	down(&b, FIRST + 1);
	f = down(&b, FIRST + 2);
	assert_int_equal(f->rate->at[FIRST + 1].flags, RATE_START);
	assert_int_equal(f->rate->at[FIRST + 2].flags, 0);
	fb_fini(&b);
}

/* Segmentation offload: one packet of 14,480 bytes is ten of the size seen before; the repeat of the third marks the third. */
static void test_series_large_packet_is_taken_apart(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	f = fb_data(&b, 1, FIRST * SEG, zero, 10 * SEG);
	assert_int_equal(f->rate->n, FIRST + 10);
	f = down(&b, FIRST + 2);
	assert_int_equal(f->rate->at[FIRST + 2].flags, RATE_AGAIN);
	f = fb_data(&b, 1, (FIRST + 10) * SEG, zero, 65535);
	assert_int_equal(f->rate->n, FIRST + 11 + 66);
	fb_fini(&b);
}

/* Keep-alives, bytes before the start and numbers in nobody's window change nothing; a clock that goes back stands still. */
static void test_series_odd_packets_are_ignored(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 24);

	(void)state;
	fb_data(&b, 1, FIRST * SEG - 1, "x", 1);
	fb_data(&b, 1, 0x7ff00000, zero, SEG);
	f = fb_send(&b, 1, TCP_ACK, FB_SV - 5000, FB_C + 1, zero, SEG);
	assert_int_equal(f->rate->n, FIRST);
	b.now_ns = FB_START;
	f = down(&b, FIRST);
	assert_int_equal(f->rate->n, FIRST + 1);
	assert_true(f->rate->at[FIRST].at_us >= f->rate->at[FIRST - 1].at_us);
	fb_fini(&b);
}

static void test_series_bound_keeps_the_first_and_counts(void **state)
{
	struct fb b;
	struct flow *f = begin(&b, 1 << 26);

	(void)state;
	for (uint32_t i = FIRST; i < LIMIT_RATE_PACKETS + 100; i++)
		f = down(&b, i);
	assert_int_equal(f->rate->n, LIMIT_RATE_PACKETS);
	assert_int_equal(f->rate->left_out, 100);
	assert_int_equal(f->rate->at[LIMIT_RATE_PACKETS - 1].seq, (LIMIT_RATE_PACKETS - 1) * SEG);
	assert_true(sizeof(struct rate_pkt) <= 32);
	fb_fini(&b);
}

/* All series together get their share of the memory and no more; all of it is given back. */
static void test_series_memory_is_bounded_and_given_back(void **state)
{
	struct fb b;
	struct flow *f;
	uint64_t empty;

	(void)state;
	fb_init(&b, 1 << 20);
	empty = fb_used(&b);
	for (uint16_t port = 1; port <= 20; port++) {
		b.port[0] = port;
		fb_open(&b);
		for (uint32_t i = 0; i < 2000; i++)
			f = down(&b, i);
		assert_true(fb_used(&b) <= 1 << 20);
	}
	assert_true(fb_stats(&b).inspection_lost > 0);
	assert_true(!f->rate || f->rate->left_out);
	assert_int_equal(fb_stats(&b).evicted, 0);
	flow_table_end_all(b.t);
	assert_int_equal(fb_used(&b), empty);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series_below_the_start_is_none_and_then_has_all),
		cmocka_unit_test(test_series_repeat_marks_the_latest_transmission_lost),
		cmocka_unit_test(test_series_copy_within_a_millisecond_is_left_out),
		cmocka_unit_test(test_series_duplicate_sack_takes_the_loss_back),
		cmocka_unit_test(test_series_sack_is_an_acknowledgment),
		cmocka_unit_test(test_series_gap_filled_later_is_a_fill),
		cmocka_unit_test(test_series_exchange_starts_after_a_request_into_silence),
		cmocka_unit_test(test_series_large_packet_is_taken_apart),
		cmocka_unit_test(test_series_odd_packets_are_ignored),
		cmocka_unit_test(test_series_bound_keeps_the_first_and_counts),
		cmocka_unit_test(test_series_memory_is_bounded_and_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
