/* SPDX-License-Identifier: BSD-3-Clause */
/* The published reset generator (MIDDLEBOXES 1.1). The packets here are computed from its formula as printed:
 * win = val + (B mod k), ipid = (M - k val + (A mod win)) mod 65536, k = 13, M = 65535; A, B are the two addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"
#include "detect/rst_group.h"

enum { K = 13, M = 65535, VAL_MAX = M / K };

/* An address as an x86 host reads its four bytes. */
static uint32_t number(const struct ip_addr *a)
{
	uint32_t v = 0;

	for (int i = 3; i >= 0; i--)
		v = v << 8 | a->b[12 + i];
	return v;
}

static struct seg generated(uint32_t val, uint32_t a, uint32_t b)
{
	uint32_t win = val + b % K;

	if (!win)
		win = 1;
	return (struct seg){.win = (uint16_t)win,
			    .ip_id = (uint16_t)(M - K * val + a % win),
			    .has_id = true,
			    .flags = TCP_RST | TCP_ACK,
			    .frame_no = 7,
			    .dir = DIR_RESP};
}

/* What is said about n resets from resp to orig. */
static struct evidence *judge(struct ip_addr orig, struct ip_addr resp, const struct seg *s,
			      uint32_t n)
{
	struct flow f = {.addr = {orig, resp}};
	struct rst_group g = {.f = &f, .dir = DIR_RESP, .n = n};
	struct evidence *ev = evidence_new(CASE_RST);

	assert_non_null(ev);
	for (uint32_t i = 0; i < n; i++)
		g.at[i] = &s[i];
	rst_facts_generator(&g, ev);
	return ev;
}

static uint32_t next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*x >> 33);
}

static struct ip_addr public_of(uint32_t r)
{
	return fb_ip4((uint8_t)(1 + r % 8), (uint8_t)(r >> 8), (uint8_t)(r >> 16),
		      (uint8_t)(r >> 24)); /* 1.x to 8.x */
}

static void test_generator_every_counter_value_in_both_address_orders(void **state)
{
	uint64_t rnd = 1;

	(void)state;
	for (uint32_t val = 1; val <= VAL_MAX; val++) {
		struct ip_addr orig = public_of(next_random(&rnd)),
			       resp = public_of(next_random(&rnd));

		for (int order = 0; order < 2; order++) {
			/* verified: B is the reset's source, A its destination */
			struct seg s = order ? generated(val, number(&resp), number(&orig))
					     : generated(val, number(&orig), number(&resp));
			struct evidence *ev = judge(orig, resp, &s, 1);

			assert_yes(ev, RST_TSG_EXACT);
			assert_yes(ev, RST_TSG_BOUND);
			assert_int_equal(evidence_get(ev, FEAT_RST_TSG_EXACT)->frame[0], 7);
			evidence_free(ev);
		}
	}
}

/* The capture shows the private address behind a NAT, the generator saw the public one. */
static void test_generator_behind_nat_is_unknown_by_address_and_yes_by_bound(void **state)
{
	struct ip_addr nat = fb_ip4(7, 44, 201, 9), inside = fb_ip4(10, 0, 0, 2),
		       resp = fb_ip4(1, 2, 3, 4);
	uint32_t n_unknown = 0;

	(void)state;
	for (uint32_t val = 100; val < 1100; val++) {
		struct seg s = generated(val, number(&nat), number(&resp));
		struct evidence *ev = judge(inside, resp, &s, 1);

		assert_yes(ev, RST_TSG_BOUND);
		n_unknown += !evidence_get(ev, FEAT_RST_TSG_EXACT);
		evidence_free(ev);
	}
	assert_in_range(n_unknown, 980,
			1000); /* chance may fit: nat mod win = inside mod win, about 1 in win */
}

/* IP ID and window drawn at random, as a stack or a simpler injector may: about 0.3 % pass the bound, 2 in 65,536 the two equations. */
static void test_generator_random_id_and_window_hardly_ever_fit(void **state)
{
	struct ip_addr orig = fb_ip4(5, 6, 7, 8), resp = fb_ip4(1, 2, 3, 4);
	uint32_t n_bound = 0, n_exact = 0;
	uint64_t rnd = 42;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct seg s = {.win = (uint16_t)next_random(&rnd),
				.ip_id = (uint16_t)next_random(&rnd),
				.has_id = true};
		struct evidence *ev = judge(orig, resp, &s, 1);

		n_bound += evidence_get(ev, FEAT_RST_TSG_BOUND)->num != 0;
		n_exact += evidence_get(ev, FEAT_RST_TSG_EXACT)->num != 0;
		evidence_free(ev);
	}
	assert_in_range(n_bound, 200, 400);
	assert_in_range(n_exact, 0, 15);
}

static void test_generator_window_zero_of_ordinary_stacks_never_fits(void **state)
{
	struct ip_addr orig = fb_ip4(5, 6, 7, 8), resp = fb_ip4(1, 2, 3, 4);

	(void)state;
	for (uint32_t id = 0; id < 65536; id++) {
		struct seg s = {.win = 0, .ip_id = (uint16_t)id, .has_id = true};
		struct evidence *ev = judge(orig, resp, &s, 1);

		assert_no(ev, RST_TSG_BOUND);
		assert_no(ev, RST_TSG_EXACT);
		evidence_free(ev);
	}
}

/* Gate and bound at their edges: 1 <= win <= 5053, x < win + 156. */
static void test_generator_bound_edges(void **state)
{
	static const struct {
		uint16_t win;
		uint32_t x;
		bool bound;
	} t[] = {
		{1, 0, true},        {1, 156, true},       {1, 157, false},   {5053, 0, true},
		{5053, 5208, true},  {5053, 5209, false},  {5054, 0, false},  {1000, 1155, true},
		{1000, 1156, false}, {1000, 65535, false}, {65535, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct seg s = {.win = t[i].win,
				.ip_id = (uint16_t)(t[i].x - K * t[i].win + M),
				.has_id = true};
		struct evidence *ev = judge(fb_ip4(5, 6, 7, 8), fb_ip4(1, 2, 3, 4), &s, 1);

		assert_num(ev, RST_TSG_BOUND, t[i].bound);
		evidence_free(ev);
	}
}

/* Two resets published in googlehosts/hosts#4 (2018), TW21's triple, and TW21's plain reset of another injector. */
static void test_generator_published_pairs_pass_the_bound(void **state)
{
	static const struct {
		uint16_t id, win;
		bool bound;
	} t[] = {{23135, 3306, true}, {24815, 3312, true}, {0x8bc6, 2453, true}, {0, 33393, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct seg s = {.win = t[i].win, .ip_id = t[i].id, .has_id = true};
		struct evidence *ev = judge(fb_ip4(10, 0, 0, 1), fb_ip4(1, 2, 3, 4), &s, 1);

		assert_num(ev, RST_TSG_BOUND, t[i].bound);
		evidence_free(ev);
	}
}

static void test_generator_all_resets_of_the_group_must_fit(void **state)
{
	struct ip_addr orig = fb_ip4(5, 6, 7, 8), resp = fb_ip4(1, 2, 3, 4);
	struct seg s[3];
	struct evidence *ev;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		s[i] = generated(1496 + 40 * i, number(&orig), number(&resp));
	s[1].frame_no = 8;
	s[2].frame_no = 9;
	ev = judge(orig, resp, s, 3);
	assert_yes(ev, RST_TSG_EXACT);
	assert_yes(ev, RST_TSG_BOUND);
	assert_int_equal(evidence_get(ev, FEAT_RST_TSG_EXACT)->n_frames, 3);
	evidence_free(ev);
	s[2].ip_id++;
	ev = judge(orig, resp, s, 3);
	assert_no(ev, RST_TSG_EXACT);
	evidence_free(ev);
	s[2].win = 6000;
	ev = judge(orig, resp, s, 3);
	assert_no(ev, RST_TSG_BOUND);
	evidence_free(ev);
}

static void test_generator_without_ip_id_is_unknown(void **state)
{
	struct ip_addr six = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
	struct seg s = generated(1500, 1, 2);
	struct evidence *ev;

	(void)state;
	s.has_id = false;
	ev = judge(fb_ip4(5, 6, 7, 8), fb_ip4(1, 2, 3, 4), &s, 1);
	assert_unknown(ev, RST_TSG_BOUND);
	assert_unknown(ev, RST_TSG_EXACT);
	evidence_free(ev);
	s.has_id = true; /* a fragment header's */
	ev = judge(six, six, &s, 1);
	assert_unknown(ev, RST_TSG_BOUND);
	assert_unknown(ev, RST_TSG_EXACT);
	evidence_free(ev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generator_every_counter_value_in_both_address_orders),
		cmocka_unit_test(test_generator_behind_nat_is_unknown_by_address_and_yes_by_bound),
		cmocka_unit_test(test_generator_random_id_and_window_hardly_ever_fit),
		cmocka_unit_test(test_generator_window_zero_of_ordinary_stacks_never_fits),
		cmocka_unit_test(test_generator_bound_edges),
		cmocka_unit_test(test_generator_published_pairs_pass_the_bound),
		cmocka_unit_test(test_generator_all_resets_of_the_group_must_fit),
		cmocka_unit_test(test_generator_without_ip_id_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
