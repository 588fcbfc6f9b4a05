/* SPDX-License-Identifier: BSD-3-Clause */
/* The remembered packets: which are forgotten, and which are a mirror port's second copy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20 };

static struct flow *acks(struct fb *b, uint32_t n)
{
	struct flow *f = NULL;

	for (uint32_t i = 0; i < n; i++)
		f = fb_send(b, 0, TCP_ACK, FB_C + 1, FB_SV + 1 + i, NULL, 0);
	return f;
}

/* Head and tail by frame number, and no frame that is neither in the log nor counted. */
static void check(const struct flow *f, uint64_t frames)
{
	const struct flow_log *l = &f->log;

	assert_int_equal(l->n + l->skipped, frames);
	for (uint32_t i = 0; i < l->n; i++)
		assert_int_equal(l->at[i].frame_no, i < LOG_HEAD ? i + 1 : frames - l->n + i + 1);
}

static void test_log_unsuspected_flow_keeps_head_and_tail(void **state)
{
	enum { KEPT = LOG_HEAD + LOG_TAIL + LOG_SLACK };
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	for (uint32_t frames = 3; frames < 1000; frames++) {
		check(f, frames);
		assert_true(f->log.n <= KEPT);
		assert_true(frames < KEPT ? f->log.n == frames : f->log.n >= LOG_HEAD + LOG_TAIL);
		acks(&b, 1);
	}
	fb_fini(&b);
}

/* After a reset nothing more is forgotten, up to the limit; from there on packets are only counted. */
static void test_log_sealed_by_a_reset_forgets_nothing_until_the_limit(void **state)
{
	uint32_t skipped;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	acks(&b, 500);
	f = fb_send(&b, 1, TCP_RST, FB_SV + 1, 0, NULL, 0);
	skipped = f->log.skipped;
	assert_int_equal(f->log.n + skipped, 504);
	acks(&b, LIMIT_LOG_SEGS - f->log.n);
	assert_int_equal(f->log.n, LIMIT_LOG_SEGS);
	assert_int_equal(f->log.skipped, skipped);
	acks(&b, 10);
	assert_int_equal(f->log.n, LIMIT_LOG_SEGS);
	assert_int_equal(f->log.skipped, skipped + 10);
	assert_int_equal(f->log.cap, LIMIT_LOG_SEGS);
	fb_fini(&b);
}

static void test_log_without_room_is_counted_and_goes_on(void **state)
{
	struct flow_stats st;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 20000); /* 16 KB of index: one flow and a short log */
	fb_open(&b);
	f = acks(&b, 100);
	assert_true(f->log.n >= LOG_FIRST && f->log.n < 100);
	assert_int_equal(f->log.n + f->log.skipped, 103);
	assert_int_equal(f->side[DIR_ORIG].packets, 102);
	st = fb_stats(&b);
	assert_int_equal(st.inspection_lost, f->log.skipped);
	fb_fini(&b);
}

static void test_log_seg_holds_what_the_packet_said(void **state)
{
	struct flow *f;
	struct pkt p;
	const struct seg *s;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	p = fb_pkt(&b, 1, TCP_ACK | TCP_PSH | TCP_AE, FB_SV + 1, FB_C + 1, "abc", 3);
	p.ttl = 33;
	p.ip_id = 0xbeef;
	p.df = false;
	p.payload_len = 1400;
	p.tcp.win = 512;
	p.tcp.opts = TCP_OPT_TS;
	p.tcp.ts_val = 77;
	p.tcp.hdr_len = 32;
	fb_put(&b, &p);
	s = flow_seg(f, 4);
	assert_non_null(s);
	assert_null(flow_seg(f, 5));
	assert_int_equal(s->ts_ns, FB_START + 6 * FB_MS);
	assert_int_equal(s->dir, DIR_RESP);
	assert_int_equal(s->seq, FB_SV + 1);
	assert_int_equal(s->ack, FB_C + 1);
	assert_int_equal(s->len, 1400);
	assert_int_equal(s->flags, TCP_ACK | TCP_PSH | TCP_AE);
	assert_int_equal(s->ttl, 33);
	assert_int_equal(s->ip_id, 0xbeef);
	assert_int_equal(s->win, 512);
	assert_int_equal(s->opts, TCP_OPT_TS);
	assert_int_equal(s->ts_val, 77);
	assert_int_equal(s->hdr_len, 32);
	assert_false(s->df);
	assert_true(s->has_id);
	assert_int_not_equal(s->digest, 0);
	assert_int_equal(flow_seg(f, 3)->digest, 0);
	assert_int_equal(s->checksum, -1); /* told of resets only */
	fb_fini(&b);
}

/* The same packet `after_ns` later, `between` packets of the other side in between, with one field changed. */
enum change { NOTHING, SEQ, ACK, FLAGS, WIN, ID, HAS_ID, LEN, BYTES, TS_VAL, TTL };

static bool is_copy(enum change c, int64_t after_ns, int between)
{
	struct flow *f;
	struct pkt p;
	bool copy;
	struct fb b;

	fb_init(&b, MB64);
	fb_open(&b);
	p = fb_pkt(&b, 0, TCP_ACK | TCP_PSH, FB_C + 1, FB_SV + 1, "payload", 7);
	fb_put(&b, &p);
	for (int i = 0; i < between; i++) {
		b.now_ns = p.ts_ns;
		fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 8, NULL, 0);
	}
	p.ts_ns += after_ns;
	p.frame_no = b.frame + 1;
	p.tcp.seq += c == SEQ;
	p.tcp.ack += c == ACK;
	p.tcp.flags ^= c == FLAGS ? TCP_PSH : 0;
	p.tcp.win = (uint16_t)(p.tcp.win - (c == WIN));
	p.ip_id = (uint16_t)(p.ip_id + (c == ID));
	p.has_ip_id = c != HAS_ID;
	p.payload_len += c == LEN;
	if (c == BYTES)
		p.payload.at = (const uint8_t *)"Payload";
	p.tcp.ts_val += c == TS_VAL;
	p.ttl = (uint8_t)(p.ttl - (c == TTL));
	f = fb_put(&b, &p);
	copy = f->log.at[f->log.n - 1].copy;
	assert_int_equal(f->dup_ordinary, copy);
	assert_int_equal(f->n_ordinary,
			 4); /* SYN, SYN/ACK, the packet twice; bare ACKs are not asked */
	fb_fini(&b);
	return copy;
}

static void test_log_copy_is_the_same_packet_within_a_millisecond(void **state)
{
	(void)state;
	assert_true(is_copy(NOTHING, 0, 0));
	assert_true(is_copy(NOTHING, FB_MS, 0));
	assert_false(is_copy(NOTHING, FB_MS + 1, 0));
	/* The second view may be from behind a router. */
	assert_true(is_copy(TTL, 1000, 0));
	for (int c = SEQ; c <= TS_VAL; c++)
		assert_false(is_copy((enum change)c, 1000, 0));
	/* The look back is bounded. */
	assert_true(is_copy(NOTHING, 0, 10));
	assert_false(is_copy(NOTHING, 0, 11));
}

/* A burst of identical resets is marked too, but it is no sign of a mirror port: only ordinary packets are. */
static void test_log_copies_of_resets_are_not_counted_as_ordinary(void **state)
{
	struct flow *f;
	struct pkt p;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	p = fb_pkt(&b, 1, TCP_RST | TCP_ACK, FB_SV + 1, FB_C + 1, NULL, 0);
	for (int i = 0; i < 3; i++) {
		f = fb_put(&b, &p);
		p.frame_no++;
	}
	assert_int_equal(f->log.n, 6);
	assert_false(f->log.at[3].copy);
	assert_true(f->log.at[4].copy && f->log.at[5].copy);
	assert_int_equal(f->dup_ordinary, 0);
	assert_int_equal(f->n_ordinary, 2);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_unsuspected_flow_keeps_head_and_tail),
		cmocka_unit_test(test_log_sealed_by_a_reset_forgets_nothing_until_the_limit),
		cmocka_unit_test(test_log_without_room_is_counted_and_goes_on),
		cmocka_unit_test(test_log_seg_holds_what_the_packet_said),
		cmocka_unit_test(test_log_copy_is_the_same_packet_within_a_millisecond),
		cmocka_unit_test(test_log_copies_of_resets_are_not_counted_as_ordinary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
