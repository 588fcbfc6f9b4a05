/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_fep.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "app/app_fep.h"
#include "unit/guard.h"

/* 0x93: four bits, not printable. Eight bits to the byte would be 8.0. */
enum { PLAIN = 0x93 };

static enum fep judge(const uint8_t *at, size_t len, uint32_t *popcount)
{
	struct guard g = guard_copy(at, len);
	enum fep got = fep_judge((struct bytes){g.at, len}, popcount);

	guard_free(&g);
	return got;
}

static enum fep judge_only(const uint8_t *at, size_t len)
{
	uint32_t popcount;

	return judge(at, len, &popcount);
}

static void test_nothing_said_is_not_judged(void **state)
{
	uint32_t popcount = 7;

	(void)state;
	assert_int_equal(fep_judge((struct bytes){NULL, 0}, &popcount), FEP_EMPTY);
	assert_int_equal(popcount, 0);
	assert_null(fep_name(FEP_EMPTY));
}

static void test_every_exemption_has_its_name(void **state)
{
	static const char *const name[] = {"none", "popcount", "first_six",
					   "half", "run",      "protocol"};

	(void)state;
	for (enum fep f = FEP_NONE; f < FEP_EMPTY; f++)
		assert_string_equal(fep_name(f), name[f]);
}

/* 3.4 and below, 4.6 and above pass; what lies between does not. 100 bytes, so that a bit is a hundredth. */
static void test_popcount_at_its_edges(void **state)
{
	static const struct {
		uint32_t bits;
		enum fep want;
	} table[] = {
		{0, FEP_POPCOUNT},   {339, FEP_POPCOUNT}, {340, FEP_POPCOUNT},
		{341, FEP_NONE},     {400, FEP_NONE},     {459, FEP_NONE},
		{460, FEP_POPCOUNT}, {461, FEP_POPCOUNT}, {800, FEP_POPCOUNT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint8_t p[100];
		uint32_t popcount, left = table[i].bits;

		for (size_t k = 0; k < sizeof(p); k++) {
			/* the rest, evenly; with the high bit, so that nothing is printable */
			uint32_t n = left / (uint32_t)(sizeof(p) - k);

			p[k] = (uint8_t)(0xff00u >> n);
			left -= n;
		}
		assert_int_equal(judge(p, sizeof(p), &popcount), table[i].want);
		assert_int_equal(popcount, table[i].bits);
	}
}

/* Four bits set a byte on average whatever is put in: 0x0f-like fillers stand beside printable bytes of few bits. */
static size_t balanced(uint8_t *at, size_t n, const char *text, size_t text_at)
{
	uint32_t bits = 0;

	memset(at, PLAIN, n);
	memcpy(at + text_at, text, strlen(text));
	for (size_t i = 0; i < n; i++)
		bits += (uint32_t)__builtin_popcount(at[i]);
	for (size_t i = 0; i < n && bits < 4 * n; i++)
		if (at[i] == PLAIN) {
			at[i] = 0xb7;
			bits += 2;
		}
	return n;
}

static void test_first_six_printable_bytes(void **state)
{
	uint8_t p[64];

	(void)state;
	assert_int_equal(judge_only(p, balanced(p, 64, "qwerty", 0)), FEP_FIRST_SIX);
	assert_int_equal(judge_only(p, balanced(p, 64, "qwertyu", 0)), FEP_FIRST_SIX);
	assert_int_equal(judge_only(p, balanced(p, 64, " ~ ~ ~", 0)), FEP_FIRST_SIX);
	assert_int_equal(judge_only(p, balanced(p, 64, "qwert", 0)), FEP_NONE);
	assert_int_equal(judge_only(p, balanced(p, 64, "qwe\x1fty", 0)), FEP_NONE);
	assert_int_equal(judge_only(p, balanced(p, 64, "qwe\x7fty", 0)), FEP_NONE);
	assert_int_equal(judge_only(p, balanced(p, 64, "qwerty", 1)), FEP_NONE);
	/* six bytes in all are the first six */
	assert_int_equal(judge_only((const uint8_t *)"qwerty", 6), FEP_FIRST_SIX);
}

static void test_more_than_half_printable(void **state)
{
	uint8_t p[40];

	(void)state;
	/* every other byte: no run, not the first six */
	memset(p, PLAIN, sizeof(p));
	for (size_t i = 1; i < sizeof(p); i += 2)
		p[i] = 'U';
	assert_int_equal(judge_only(p, sizeof(p)), FEP_NONE); /* exactly half */
	p[0] = 'U';
	assert_int_equal(judge_only(p, sizeof(p)), FEP_HALF);
}

static void test_run_of_more_than_twenty(void **state)
{
	uint8_t p[100];

	(void)state;
	balanced(p, sizeof(p), "wwwwwwwwwwwwwwwwwwww", 30); /* 20 */
	assert_int_equal(judge_only(p, sizeof(p)), FEP_NONE);
	balanced(p, sizeof(p), "wwwwwwwwwwwwwwwwwwwww", 30);
	assert_int_equal(judge_only(p, sizeof(p)), FEP_RUN);
	balanced(p, sizeof(p), "wwwwwwwwwwwwwwwwwwwww", 79); /* up to the end */
	assert_int_equal(judge_only(p, sizeof(p)), FEP_RUN);
	balanced(p, sizeof(p), "wwwwwwwwww\xe1wwwwwwwwwwww", 30); /* broken in two */
	assert_int_equal(judge_only(p, sizeof(p)), FEP_NONE);
}

static void test_beginnings_of_tls_and_http(void **state)
{
	static const struct {
		const char *head;
		enum fep want;
	} table[] = {
		{"\x16\x03\x01", FEP_PROTOCOL},
		{"\x17\x03\x09", FEP_PROTOCOL},
		{"\x16\x03\x0a", FEP_NONE},
		{"\x15\x03\x01", FEP_NONE},
		{"\x18\x03\x01", FEP_NONE},
		{"\x16\x02\x01", FEP_NONE},
		{"GET ", FEP_PROTOCOL},
		{"PUT ", FEP_PROTOCOL},
		{"POST ", FEP_PROTOCOL},
		{"HEAD ", FEP_PROTOCOL},
		{"get ", FEP_NONE},
		{"GET\xe1", FEP_NONE},
		{"PATCH", FEP_NONE},
	};
	uint8_t p[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		balanced(p, sizeof(p), table[i].head, 0);
		if (judge_only(p, sizeof(p)) != table[i].want)
			fail_msg("line %zu: %s", i, fep_name(judge_only(p, sizeof(p))));
	}
}

/* Cut at every length, ending at an unreadable page: an answer each time, and random-looking bytes stay `none`. */
static void test_cut_at_every_length(void **state)
{
	static uint8_t p[1460];
	uint32_t x = 1, popcount, none = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(p); i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
	for (size_t len = 1; len <= sizeof(p); len++) {
		assert_true(judge(p, len, &popcount) < FEP_EMPTY);
		assert_true(popcount <= 800);
		none += judge(p, len, &popcount) == FEP_NONE;
	}
	assert_int_equal(judge(p, sizeof(p), &popcount), FEP_NONE);
	assert_true(none > 1300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_said_is_not_judged),
		cmocka_unit_test(test_every_exemption_has_its_name),
		cmocka_unit_test(test_popcount_at_its_edges),
		cmocka_unit_test(test_first_six_printable_bytes),
		cmocka_unit_test(test_more_than_half_printable),
		cmocka_unit_test(test_run_of_more_than_twenty),
		cmocka_unit_test(test_beginnings_of_tls_and_http),
		cmocka_unit_test(test_cut_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
