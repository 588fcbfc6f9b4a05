/* SPDX-License-Identifier: BSD-3-Clause */
/* One ceiling for everything: what it costs, who has to go, and that all is given back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20, KB256 = 256 << 10 };

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* SYNs from anywhere. */
static void flood(uint64_t ceiling, uint32_t live_min, int syns)
{
	uint64_t x = 88172645463325252u, high = 0;
	struct flow_stats st;
	struct fb b;

	fb_init(&b, ceiling);
	for (int i = 0; i < syns; i++) {
		struct pkt p = fb_pkt(&b, 0, TCP_SYN, (uint32_t)next_random(&x), 0, NULL, 0);
		uint64_t r = next_random(&x);

		memcpy(p.src.b + 12, &r, 4);
		p.sport = (uint16_t)(r >> 32);
		p.ts_ns = FB_START + i * INT64_C(1000);
		assert_non_null(flow_table_packet(b.t, &p, 0, &b.d));
		st = fb_stats(&b);
		assert_true(st.bytes_used <= ceiling);
		if (i == syns / 2)
			high = st.bytes_max;
	}
	/* Nothing grows in the second half, and nothing is unaccounted for. */
	assert_int_equal(st.bytes_max, high);
	assert_int_equal(st.flows, syns); /* no two of these are alike */
	assert_int_equal(st.evicted + st.live, syns);
	assert_int_equal(b.n_ended, st.evicted);
	assert_true(st.live >= live_min);
	/* Every packet was looked at: nothing is to be counted as lost to inspection. */
	assert_int_equal(st.inspection_lost, 0);
	fb_fini(&b);
}

static void test_flow_memory_random_syns_stay_below_the_ceiling(void **state)
{
	(void)state;
	flood(KB256, 100, 200000);
	/* Wherever the ceiling is met: before, at and after the first growth of the index. */
	for (uint64_t ceiling = 500 << 10; ceiling < 1100 << 10; ceiling += 8 << 10)
		flood(ceiling, 300, 3000);
}

/* Half-open flows go first, then UDP, closed, and the open ones last; of each the one silent longest. */
static void test_flow_memory_evicts_what_tells_least_first(void **state)
{
	uint32_t syns = 0;
	struct pkt udp;
	struct fb b;

	(void)state;
	fb_init(&b, KB256);
	fb_open(&b); /* 1 */
	b.port[0]++;
	fb_open(&b); /* 2: closed */
	fb_send(&b, 1, TCP_RST, FB_SV + 1, 0, NULL, 0);
	b.port[0]++;
	udp = fb_udp(&b, 0); /* 3 */
	fb_put(&b, &udp);
	b.port[0]++;
	fb_syn(&b, 0, FB_C); /* 4 */
	b.port[0]++;
	fb_syn(&b, 0, FB_C); /* 5 */
	/* Flow 4 is heard of again, so 5 is the one silent longest. */
	b.port[0]--;
	fb_syn(&b, 0, FB_C);
	b.port[0]++;
	/* Open flows fill the rest: each is half-open only until its handshake is done. */
	while (b.n_ended < 4 && syns++ < 5000) {
		b.port[0]++;
		fb_open(&b);
	}
	assert_int_equal(fb_stats(&b).evicted, b.n_ended);
	assert_int_equal(b.ended[0], 5);
	assert_int_equal(b.ended[1], 4);
	assert_int_equal(b.ended[2], 3);
	assert_int_equal(b.ended[3], 2);
	while (b.n_ended < 5 && syns++ < 5000) {
		b.port[0]++;
		fb_open(&b);
	}
	assert_int_equal(b.ended[4], 1);
	fb_fini(&b);
}

/* A flow with everything on it: log grown past its head, both streams, conflicts, a reset's bytes. */
static void fill(struct fb *b)
{
	uint8_t data[1400], other[1400];

	memset(data, 'a', sizeof(data));
	memset(other, 'b', sizeof(other));
	fb_open(b);
	for (uint32_t i = 0; i < 40; i++) {
		fb_data(b, 0, i * 1400, data, sizeof(data));
		fb_data(b, 1, i * 1400, data, sizeof(data));
	}
	fb_data(b, 0, 39 * 1400, other, sizeof(other));
	fb_send(b, 1, TCP_RST, FB_SV + 1, 0, "why", 3);
}

static void test_flow_memory_all_is_given_back_at_the_end(void **state)
{
	uint64_t before, one;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	before = fb_used(&b);
	for (uint16_t i = 0; i < 50; i++) {
		struct flow *f;

		b.port[0] = (uint16_t)(1000 + i);
		fill(&b);
		f = flow_table_find(b.t, 6, &b.addr[0], b.port[0], &b.addr[1], b.port[1]);
		assert_non_null(f->rst_bytes);
		assert_int_equal(f->n_conflicts, 1);
		if (i == 0)
			one = fb_used(&b) - before;
	}
	assert_int_equal(fb_used(&b), before + 50 * one);
	flow_table_end_all(b.t);
	assert_int_equal(b.n_ended, 50);
	assert_int_equal(fb_used(&b), before);
	assert_int_equal(fb_stats(&b).bytes_max, before + 50 * one);
	assert_int_equal(fb_stats(&b).evicted, 0);
	fb_fini(&b);
}

/* The index grows with the flows; only it is still paid for when they are gone. */
static void test_flow_memory_index_growth_is_accounted(void **state)
{
	uint64_t before;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	before = fb_used(&b);
	for (uint32_t i = 0; i < 3000; i++) {
		b.port[0] = (uint16_t)(1000 + i);
		fb_syn(&b, 0, i);
	}
	flow_table_end_all(b.t);
	/* 1,024 slots at the start; 8,192 are the power of two that leaves 3,000 flows half of them. */
	assert_int_equal(fb_used(&b), before * 8);
	fb_fini(&b);
}

/* Ceilings too low for a single flow, for its log, for a stream: nothing crashes, what is missing is counted. */
static void test_flow_memory_any_ceiling_is_kept(void **state)
{
	(void)state;
	for (uint64_t ceiling = 0; ceiling < 48 << 10; ceiling += 331) {
		uint64_t start;
		struct fb b;

		fb_init(&b, ceiling);
		start = fb_used(&b);
		for (uint16_t i = 0; i < 5; i++) {
			b.port[0] = (uint16_t)(1000 + i);
			fill(&b);
			assert_true(fb_used(&b) <= (ceiling > start ? ceiling : start));
		}
		if (ceiling < start)
			assert_int_equal(fb_stats(&b).flows, 0);
		if (!fb_stats(&b).flows)
			assert_true(fb_stats(&b).inspection_lost >= 5);
		flow_table_end_all(b.t);
		assert_int_equal(fb_used(&b), start);
		assert_int_equal(b.n_ended, fb_stats(&b).flows);
		fb_fini(&b);
	}
}

static void test_flow_memory_take_beyond_the_ceiling_is_refused(void **state)
{
	struct fb b;
	uint64_t free_bytes;

	(void)state;
	fb_init(&b, KB256);
	free_bytes = KB256 - fb_used(&b);
	assert_false(flow_table_take(b.t, free_bytes + 1));
	assert_int_equal(fb_stats(&b).inspection_lost, 1);
	assert_true(flow_table_take(b.t, free_bytes));
	assert_false(flow_table_take(b.t, 1));
	assert_int_equal(fb_stats(&b).bytes_max, KB256);
	flow_table_give(b.t, free_bytes);
	assert_int_equal(fb_used(&b), KB256 - free_bytes);
	fb_fini(&b);
	flow_table_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_memory_random_syns_stay_below_the_ceiling),
		cmocka_unit_test(test_flow_memory_evicts_what_tells_least_first),
		cmocka_unit_test(test_flow_memory_all_is_given_back_at_the_end),
		cmocka_unit_test(test_flow_memory_index_growth_is_accounted),
		cmocka_unit_test(test_flow_memory_any_ceiling_is_kept),
		cmocka_unit_test(test_flow_memory_take_beyond_the_ceiling_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
