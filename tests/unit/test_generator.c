/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/generator.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "kin/generator.h"

/* Numbers that repeat: xorshift64* (Vigna 2016). */
static uint32_t draw(uint64_t *s, uint32_t below)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return (uint32_t)(*s * 0x2545f4914f6cdd1d >> 33) % below;
}

static uint32_t le32(const uint8_t a[4])
{
	return (uint32_t)a[0] | (uint32_t)a[1] << 8 | (uint32_t)a[2] << 16 | (uint32_t)a[3] << 24;
}

static void address(uint64_t *s, uint8_t a[4])
{
	a[0] = (uint8_t)(1 + draw(s, 223));
	for (int i = 1; i < 4; i++)
		a[i] = (uint8_t)draw(s, 256);
}

/* The published generator, listing 1, written down a second time. */
struct listing {
	uint32_t k, m, val;
	uint8_t hops;
	bool swapped;
};

static struct generator_reset make(struct listing *g, const uint8_t client[4],
				   const uint8_t server[4], bool to_orig)
{
	struct generator_reset r = {.to_orig = to_orig, .packets = 3};
	uint32_t a, b, win;

	memcpy(r.src, to_orig ? server : client, 4);
	memcpy(r.dst, to_orig ? client : server, 4);
	a = le32(g->swapped ? r.src : r.dst);
	b = le32(g->swapped ? r.dst : r.src);
	if (g->k * g->val > g->m)
		g->val = 128;
	win = g->val + b % g->k;
	r.win = (uint16_t)win;
	r.ip_id = (uint16_t)(g->m - g->k * g->val + a % win);
	r.ttl = (uint8_t)(g->val % 200 + 48 - g->hops);
	g->val++;
	return r;
}

static void test_fit_random_parameters_recovered(void **state)
{
	uint64_t s = 20261124;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct listing g = {.k = 2 + draw(&s, 200), .hops = (uint8_t)(1 + draw(&s, 25))};
		struct generator_reset r[12];
		struct generator_fit fit;
		uint8_t client[4], server[4];
		uint32_t n = 6 + draw(&s, 7);

		g.m = 40000 + draw(&s, 25536);
		g.swapped = draw(&s, 2);
		address(&s, client);
		for (uint32_t i = 0; i < n; i++) {
			g.val = 128 + draw(&s, g.m / g.k - 128);
			address(&s, server);
			r[i] = make(&g, client, server, draw(&s, 2));
		}
		assert_true(generator_fit(r, n, &fit));
		if (fit.multiplier != g.k || fit.bound != g.m || !fit.has_hops)
			fail_msg("round %d: k %u M %u, found %u %u", round, g.k, g.m,
				 fit.multiplier, fit.bound);
		assert_int_equal(fit.resets, n);
		assert_int_equal(fit.packets, 3 * n);
		assert_int_equal(fit.hops, g.hops);
		assert_true(fit.chance < 1e-6);
	}
}

/* One pair of hosts, and the counter goes on by small steps: windows near each other. */
static void test_fit_one_pair_of_hosts_recovered(void **state)
{
	const uint8_t client[4] = {198, 51, 100, 7}, server[4] = {203, 0, 113, 90};
	struct listing g = {.k = 17, .m = 61000, .val = 2900, .hops = 9};
	struct generator_reset r[6];
	struct generator_fit fit;

	(void)state;
	for (int i = 0; i < 6; i++) {
		g.val += 7 + (uint32_t)i;
		r[i] = make(&g, client, server, true);
	}
	assert_true(generator_fit(r, 6, &fit));
	assert_int_equal(fit.multiplier, 17);
	assert_int_equal(fit.bound, 61000);
}

static void test_fit_fewer_than_four_windows_none(void **state)
{
	const uint8_t client[4] = {198, 51, 100, 7}, server[4] = {203, 0, 113, 90};
	struct listing g = {.k = 13, .m = 65535, .val = 4000};
	struct generator_reset r[8];
	struct generator_fit fit;

	(void)state;
	for (int i = 0; i < 8; i++) {
		g.val = 4000 + 300 * (uint32_t)(i % 3);
		r[i] = make(&g, client, server, true);
	}
	assert_false(generator_fit(r, 3, &fit));
	assert_false(generator_fit(r, 8, &fit));
	assert_false(generator_fit(r, 0, &fit));
}

static void test_fit_with_a_stranger_among_them_recovered(void **state)
{
	const uint8_t client[4] = {198, 51, 100, 7};
	struct listing g = {.k = 29, .m = 65535};
	struct generator_reset r[9];
	struct generator_fit fit;
	uint64_t s = 99;

	(void)state;
	for (int i = 0; i < 9; i++) {
		uint8_t server[4];

		address(&s, server);
		g.val = 130 + 200 * (uint32_t)i;
		r[i] = make(&g, client, server, true);
	}
	r[4].ip_id = (uint16_t)(r[4].ip_id + 1);
	assert_true(generator_fit(r, 9, &fit));
	assert_int_equal(fit.multiplier, 29);
	assert_int_equal(fit.resets, 8);
	/* A third of them strangers: not this device's program. */
	r[5].ip_id = (uint16_t)(r[5].ip_id + 1);
	r[6].ip_id = (uint16_t)(r[6].ip_id + 1);
	assert_false(generator_fit(r, 9, &fit));
}

static void test_fit_more_than_are_looked_at_bounded(void **state)
{
	enum { N = LIMIT_GENERATOR_RESETS + 40 };
	const uint8_t client[4] = {198, 51, 100, 7}, server[4] = {203, 0, 113, 90};
	struct listing g = {.k = 5, .m = 65535, .val = 1000};
	static struct generator_reset r[N];
	struct generator_fit fit;

	(void)state;
	for (int i = 0; i < N; i++)
		r[i] = make(&g, client, server, i % 2);
	assert_true(generator_fit(r, N, &fit));
	assert_int_equal(fit.tested, LIMIT_GENERATOR_RESETS);
}

/* --- controls: 10,000 groups each, no fit --- */

static struct generator_reset random_reset(uint64_t *s)
{
	struct generator_reset r = {.ip_id = (uint16_t)draw(s, 65536),
				    .win = (uint16_t)draw(s, 65536),
				    .ttl = (uint8_t)(1 + draw(s, 255)),
				    .to_orig = draw(s, 2),
				    .packets = 1};

	address(s, r.src);
	address(s, r.dst);
	return r;
}

static void test_fit_random_id_and_window_none(void **state)
{
	struct generator_reset r[16];
	struct generator_fit fit;
	uint64_t s = 7;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		uint32_t n = 4 + draw(&s, 6);

		for (uint32_t i = 0; i < n; i++)
			r[i] = random_reset(&s);
		assert_false(generator_fit(r, n, &fit));
	}
}

/* What kernels send. Kinds: no ID and no window (a closed port); the host's counter and the
 * window of the connection (an abort); ID 0 and a scaled window of a few hundreds; a constant ID. */
static void test_fit_ordinary_stacks_none(void **state)
{
	struct generator_reset r[16];
	struct generator_fit fit;
	uint64_t s = 11;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		uint32_t n = 4 + draw(&s, 9), kind = (uint32_t)round % 4;
		uint16_t id = (uint16_t)draw(&s, 65536);
		struct generator_reset one = random_reset(&s);

		for (uint32_t i = 0; i < n; i++) {
			r[i] = random_reset(&s);
			if (draw(&s, 2)) /* often the same two hosts */
				r[i] = one;
			id = (uint16_t)(id + 1 + draw(&s, 5));
			r[i].ip_id = kind == 1 ? id : kind == 3 ? 4660 : 0;
			r[i].win = (uint16_t)(kind == 0   ? 0
					      : kind == 2 ? 229 + draw(&s, 300)
							  : 1 + draw(&s, 65535));
		}
		assert_false(generator_fit(r, n, &fit));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit_random_parameters_recovered),
		cmocka_unit_test(test_fit_one_pair_of_hosts_recovered),
		cmocka_unit_test(test_fit_fewer_than_four_windows_none),
		cmocka_unit_test(test_fit_with_a_stranger_among_them_recovered),
		cmocka_unit_test(test_fit_more_than_are_looked_at_bounded),
		cmocka_unit_test(test_fit_random_id_and_window_none),
		cmocka_unit_test(test_fit_ordinary_stacks_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
