/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/base/text.c engine/base/log.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "unit/guard.h"

static void is_terminal(const char *in, size_t len, const char *want)
{
	struct guard g = guard_copy(in, len);
	char out[256];
	size_t n = text_terminal(out, sizeof(out), (const char *)g.at, g.len);

	assert_string_equal(out, want);
	assert_int_equal(n, strlen(want));
	guard_free(&g);
}

static void is_json(const char *in, size_t len, const char *want)
{
	struct guard g = guard_copy(in, len);
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	assert_non_null(f);
	text_json(f, (const char *)g.at, g.len);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(out, want);
	assert_int_equal(n, strlen(want));
	free(out);
	guard_free(&g);
}

/* input, terminal, JSON. The C1 control U+009B is CSI, an escape sequence in one character. */
static const struct {
	const char *in;
	size_t len;
	const char *terminal, *json;
} row[] = {
	{"", 0, "", "\"\""},
	{"a\"b\\c/", 6, "a\"b\\c/", "\"a\\\"b\\\\c/\""},
	{"\0", 1, "\\x00", "\"\\u0000\""},
	{"\033[2J", 4, "\\x1b[2J", "\"\\u001b[2J\""},
	{"\r\n\t\x7f", 4, "\\x0d\\x0a\\x09\\x7f", "\"\\u000d\\u000a\\u0009\\u007f\""},
	{"\xc2\x9b", 2, "\\xc2\\x9b", "\"\\u009b\""},
	{"\x9b", 1, "\\x9b", "\"\\u009b\""},
	{"\xe2\x80\xae", 3, "\\xe2\\x80\\xae", "\"\\u202e\""},
	{"\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6", "\"\\u2066\""},
	{"\xe2\x80\xa8\xe2\x80\xa9", 6, "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", "\"\\u2028\\u2029\""},
	{"\xf3\xa0\x81\x81", 4, "\\xf3\\xa0\\x81\\x81", "\"\\udb40\\udc41\""},
	{"\xd0\xb9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xd0\xb9\xe2\x82\xac\xf0\x9f\x98\x80",
	 "\"\xd0\xb9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	{"\xc0\xaf", 2, "\\xc0\\xaf", "\"\\u00c0\\u00af\""},                 /* overlong */
	{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* surrogate */
	{"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""},
	{"\xe2\x82", 2, "\\xe2\\x82", "\"\\u00e2\\u0082\""}, /* cut */
	{"\xff\xfe", 2, "\\xff\\xfe", "\"\\u00ff\\u00fe\""},
};

static void test_hostile_strings_are_neutralised(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		is_terminal(row[i].in, row[i].len, row[i].terminal);
		is_json(row[i].in, row[i].len, row[i].json);
	}
}

/* Every code point: those of Unicode that steer a terminal or reorder a line never come out as they are. */
static void test_every_code_point_is_a_character(void **state)
{
	(void)state;
	for (uint32_t p = 0; p <= 0x10ffff; p++) {
		char u[4], out[64];
		size_t n = 0;
		uint32_t got = 0;

		if (p >= 0xd800 && p <= 0xdfff)
			continue;
		if (p < 0x80) {
			u[n++] = (char)p;
		} else if (p < 0x800) {
			u[n++] = (char)(0xc0 | p >> 6);
		} else if (p < 0x10000) {
			u[n++] = (char)(0xe0 | p >> 12);
			u[n++] = (char)(0x80 | (p >> 6 & 63));
		} else {
			u[n++] = (char)(0xf0 | p >> 18);
			u[n++] = (char)(0x80 | (p >> 12 & 63));
			u[n++] = (char)(0x80 | (p >> 6 & 63));
		}
		if (p >= 0x80)
			u[n++] = (char)(0x80 | (p & 63));
		assert_int_equal(text_utf8(u, n, &got), n);
		assert_int_equal(got, p);
		text_terminal(out, sizeof(out), u, n);
		if (p < 0x20 || (p >= 0x7f && p < 0xa0) || (p >= 0x202a && p <= 0x202e) ||
		    (p >= 0x2066 && p <= 0x2069) || p == 0x2028 || p == 0x2029)
			assert_int_equal(strlen(out), 4 * n);
		for (size_t cut = 1; cut < n; cut++)
			assert_int_equal(text_utf8(u, cut, &got), 0);
	}
}

/* Whatever the room, the result is a whole number of characters and ends in NUL. */
static void test_terminal_cut_at_every_size_keeps_characters_whole(void **state)
{
	static const char in[] = "a\xd0\xb9\x1b\xe2\x80\xae\xf0\x9f\x98\x80z";

	(void)state;
	for (size_t size = 0; size < 40; size++) {
		char out[64];
		size_t n;

		memset(out, '#', sizeof(out));
		n = text_terminal(out, size, in, strlen(in));
		assert_int_equal(out[size], '#');
		if (!size)
			continue;
		assert_true(n < size);
		assert_int_equal(out[n], 0);
		for (size_t i = 0; i < n;) {
			uint32_t p;
			size_t step = text_utf8(out + i, n - i, &p);

			assert_true(step > 0);
			i += step;
		}
	}
}

static void test_time_is_utc_with_nanoseconds(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} t[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{INT64_C(1511764638219219000), "2017-11-27T06:37:18.219219000Z"},
		{INT64_C(951782400) * 1000000000, "2000-02-29T00:00:00.000000000Z"},
		{INT64_C(4107542400) * 1000000000, "2100-03-01T00:00:00.000000000Z"},
		{INT64_C(1798761599999999999), "2026-12-31T23:59:59.999999999Z"},
		{INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
		{INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
	};
	char out[TEXT_TIME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(text_time(t[i].ns, out), t[i].want);
}

/* Standard error goes to a file meanwhile. */
static size_t log_lines(char *out, size_t size, const char *level)
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	assert_true(saved >= 0);
	assert_int_equal(level ? setenv("WALLPRINT_LOG", level, 1) : unsetenv("WALLPRINT_LOG"), 0);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	log_warn("flow", "lost %d", 3);
	log_info("flow", "info\033[2J");
	log_debug("flow", "debug");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(saved), 0);
	rewind(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	assert_int_equal(fclose(f), 0);
	return n;
}

static void test_log_levels_follow_the_environment(void **state)
{
	char out[512];

	(void)state;
	log_lines(out, sizeof(out), NULL);
	assert_string_equal(out, "wallprint: flow: lost 3\n");
	log_lines(out, sizeof(out), "info");
	assert_string_equal(out, "wallprint: flow: lost 3\nwallprint: flow: info\\x1b[2J\n");
	log_lines(out, sizeof(out), "debug");
	assert_string_equal(
		out,
		"wallprint: flow: lost 3\nwallprint: flow: info\\x1b[2J\nwallprint: flow: debug\n");
	log_lines(out, sizeof(out), "loud");
	assert_string_equal(out, "wallprint: flow: lost 3\n");
}

static void test_hex_is_two_lower_digits_a_byte_and_no_more(void **state)
{
	static const uint8_t at[] = {0x00, 0x09, 0x9a, 0xff};
	char out[10] = "xxxxxxxxx";

	(void)state;
	text_hex(out, at, sizeof(at));
	assert_string_equal(out, "00099affx");
	text_hex(out, at, 0);
	assert_string_equal(out, "00099affx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_strings_are_neutralised),
		cmocka_unit_test(test_every_code_point_is_a_character),
		cmocka_unit_test(test_terminal_cut_at_every_size_keeps_characters_whole),
		cmocka_unit_test(test_hex_is_two_lower_digits_a_byte_and_no_more),
		cmocka_unit_test(test_time_is_utc_with_nanoseconds),
		cmocka_unit_test(test_log_levels_follow_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
