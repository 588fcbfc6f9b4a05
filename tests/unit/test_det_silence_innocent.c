/* SPDX-License-Identifier: BSD-3-Clause */
/* Innocent silence: a full receiver, a path that loses large packets (MIDDLEBOXES 11). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

static const char big[1400];

/* A full receiver: its window was 0 before, or it says so only when the bytes are on their way, or it answers every probe. */
static void test_drop_zero_window_is_told(void **state)
{
	(void)state;
	for (int when = 0; when < 4;
	     when++) { /* never, before, with the ACK of what came before, during the silence */
		struct pkt w, p;
		struct cb c;
		uint32_t seq;

		cb_init(&c);
		cb_open(&c);
		cb_at(&c, 110);
		cb_say(&c, 0, "first part, which fits ");
		cb_at(&c, 210);
		w = cb_next(&c, 1, TCP_ACK, NULL, 0);
		w.tcp.win = 0;
		seq = c.seq[0];
		if (when == 1)
			cb_put(&c, &w);
		else if (when != 2)
			cb_ack(&c, 1);
		for (int i = 0; i < 4; i++) {
			cb_at(&c, 211 + 2000 * i);
			p = cb_next(&c, 0, TCP_ACK | TCP_PSH, "second part", 11);
			p.tcp.seq = seq;
			cb_put(&c, &p);
			if ((when == 2 && i == 0) || when == 3) {
				cb_at(&c, 311 + 2000 * i);
				w.ts_ns = c.b.now_ns;
				w.frame_no = c.b.frame + 1;
				cb_put(&c, &w);
			}
		}
		assert_num(cb_found(&c, CASE_DROP), DROP_ZERO_WINDOW, when != 0);
		cb_fini(&c);
	}
}

/* A path-MTU black hole: only segments above 1220 bytes are lost. */
static void test_drop_of_large_segments_only_is_told(void **state)
{
	static const struct {
		size_t len, tail; /* of the lost segment, and of what follows it */
		bool sacked; /* the tail arrives: resp acknowledges selectively, and again what it had */
		bool small_again; /* the lost bytes are sent again in a small segment */
		bool large_only;
	} t[] = {
		{1400, 0, false, false, true},    {1221, 0, false, false, true},
		{1220, 0, false, false, false},   {1400, 300, false, false, false},
		{1400, 300, true, false, true},   {1400, 300, true, true, false},
		{1400, 1300, false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pkt p;
		struct cb c;
		uint32_t seq;

		cb_init(&c);
		cb_open(&c);
		cb_at(&c, 200);
		seq = c.seq[0];
		cb_send(&c, 0, TCP_ACK, big, t[i].len);
		if (t[i].tail)
			cb_send(&c, 0, TCP_ACK | TCP_PSH, big, t[i].tail);
		if (t[i].sacked) {
			cb_at(&c, 300);
			p = cb_next(&c, 1, TCP_ACK, NULL, 0);
			p.tcp.ack = seq;
			p.tcp.opts = TCP_OPT_SACK;
			cb_put(&c, &p);
		}
		for (int k = 1; k <= 3; k++) {
			cb_at(&c, 200 + 2000 * k);
			p = cb_next(&c, 0, TCP_ACK, big,
				    t[i].small_again && k == 3 ? 500 : t[i].len);
			p.tcp.seq = seq;
			cb_put(&c, &p);
		}
		assert_num(cb_found(&c, CASE_DROP), DROP_LARGE_ONLY, t[i].large_only);
		cb_fini(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_zero_window_is_told),
		cmocka_unit_test(test_drop_of_large_segments_only_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
