/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum { UNTOUCHED = 4711 };

static void test_int_table(void **state)
{
	static const struct {
		const char *text;
		enum units_got got;
		int64_t v;
	} row[] = {
		{"0", UNITS_OK, 0},
		{"-11", UNITS_OK, -11},
		{"007", UNITS_OK, 7},
		{"0x14", UNITS_OK, 20},
		{"0XfF", UNITS_OK, 255},
		{"-0x10", UNITS_OK, -16},
		{"9223372036854775807", UNITS_OK, INT64_MAX},
		{"-9223372036854775808", UNITS_OK, INT64_MIN},
		{"-0x8000000000000000", UNITS_OK, INT64_MIN},
		{"9223372036854775808", UNITS_RANGE, 0},
		{"-9223372036854775809", UNITS_RANGE, 0},
		{"0x10000000000000000", UNITS_RANGE, 0},
		{"99999999999999999999999", UNITS_RANGE, 0},
		{"", UNITS_NOT_NUMBER, 0},
		{"-", UNITS_NOT_NUMBER, 0},
		{"--1", UNITS_NOT_NUMBER, 0},
		{"+1", UNITS_NOT_NUMBER, 0},
		{"0x", UNITS_NOT_NUMBER, 0},
		{"0xg", UNITS_NOT_NUMBER, 0},
		{"0x1g", UNITS_NOT_NUMBER, 0},
		{" 1", UNITS_NOT_NUMBER, 0},
		{"1 ", UNITS_BAD_UNIT, 0},
		{"5ms", UNITS_BAD_UNIT, 0},
		{"1.5", UNITS_BAD_UNIT, 0},
		{"abc", UNITS_NOT_NUMBER, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		int64_t v = UNTOUCHED;

		assert_int_equal(units_read_int(row[i].text, strlen(row[i].text), &v), row[i].got);
		assert_int_equal(v, row[i].got == UNITS_OK ? row[i].v : UNTOUCHED);
	}
}

static void test_time_table(void **state)
{
	static const struct {
		const char *text;
		enum units_got got;
		int64_t ns;
	} row[] = {
		{"500ms", UNITS_OK, 500000000},
		{"2s", UNITS_OK, 2000000000},
		{"0.7s", UNITS_OK, 700000000},
		{"1.5min", UNITS_OK, INT64_C(90000000000)},
		{"3us", UNITS_OK, 3000},
		{"7ns", UNITS_OK, 7},
		{"7.0ns", UNITS_OK, 7},
		{"-4ms", UNITS_OK, -4000000},
		{"0s", UNITS_OK, 0},
		{"0.000000001s", UNITS_OK, 1},
		{"0.0000000001s", UNITS_RANGE, 0},
		{"7.5ns", UNITS_RANGE, 0},
		{"9223372036854775807ns", UNITS_OK, INT64_MAX},
		{"9223372036854775808ns", UNITS_RANGE, 0},
		{"9999999999999s", UNITS_RANGE, 0},
		{"500", UNITS_NO_UNIT, 0},
		{"5.5", UNITS_NO_UNIT, 0},
		{"5h", UNITS_BAD_UNIT, 0},
		{"5 s", UNITS_BAD_UNIT, 0},
		{"5S", UNITS_BAD_UNIT, 0},
		{"5.s", UNITS_NOT_NUMBER, 0},
		{".5s", UNITS_NOT_NUMBER, 0},
		{"", UNITS_NOT_NUMBER, 0},
		{"-", UNITS_NOT_NUMBER, 0},
		{"s", UNITS_NOT_NUMBER, 0},
		{"0x5s", UNITS_BAD_UNIT, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		int64_t v = UNTOUCHED;

		assert_int_equal(units_read_time(row[i].text, strlen(row[i].text), &v), row[i].got);
		assert_int_equal(v, row[i].got == UNITS_OK ? row[i].ns : UNTOUCHED);
	}
}

static void test_time_printed_reads_back(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} row[] = {
		{0, "0s"},
		{1, "1ns"},
		{1500, "1500ns"},
		{2000, "2us"},
		{500000000, "500ms"},
		{1000000000, "1s"},
		{90000000000, "90s"},
		{60000000000, "1min"},
		{-4000000, "-4ms"},
		{INT64_MAX, "9223372036854775807ns"},
		{INT64_MIN, "-9223372036854775808ns"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		char text[UNITS_TEXT];
		int64_t back;

		units_print_time(text, row[i].ns);
		assert_string_equal(text, row[i].text);
		assert_int_equal(units_read_time(text, strlen(text), &back), UNITS_OK);
		assert_int_equal(back, row[i].ns);
	}
}

static void test_yesno_only_these_two(void **state)
{
	static const char *const bad[] = {"", "y", "Yes", "NO", "true", "yess", "nope", "1"};
	int64_t v = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(units_read_yesno(bad[i], strlen(bad[i]), &v));
	assert_int_equal(v, UNTOUCHED);
	assert_true(units_read_yesno("yes", 3, &v));
	assert_int_equal(v, 1);
	assert_true(units_read_yesno("no", 2, &v));
	assert_int_equal(v, 0);
}

/* The expected seconds are those of `date -u -d ... +%s`. */
static void test_date_table(void **state)
{
	static const int64_t S = 1000000000;
	static const struct {
		const char *text;
		int64_t from_s, end_s; /* first second, and the first after it */
	} row[] = {
		{"1970", 0, 31536000},
		{"2020-02", 1580515200, 1583020800},
		{"2021-01", 1609459200, 1612137600},
		{"2021-12", 1638316800, 1640995200},
		{"2024-02-29", 1709164800, 1709251200},
		{"2000-03-01", 951868800, 951955200},
		{"2261", 9183110400, 9214646400},
	};
	static const char *const bad[] = {"",           "1969",          "2262",    "20",
					  "2021-",      "2021-13",       "2021-00", "2023-02-29",
					  "2021-01-32", "2021-01-00",    "2021/01", "2021-1",
					  "now",        "2021-01-01T00", "-021",    "202a"};
	int64_t v = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(units_read_date(bad[i], strlen(bad[i]), false, &v));
	assert_int_equal(v, UNTOUCHED);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		assert_true(units_read_date(row[i].text, strlen(row[i].text), false, &v));
		assert_int_equal(v, row[i].from_s * S);
		assert_true(units_read_date(row[i].text, strlen(row[i].text), true, &v));
		assert_int_equal(v, row[i].end_s * S - 1);
	}
}

static void test_month_printed_at_borders(void **state)
{
	char text[UNITS_TEXT];
	int64_t ns;

	(void)state;
	units_print_month(text, 0);
	assert_string_equal(text, "1970-01");
	units_print_month(text, -1);
	assert_string_equal(text, "1969-12");
	units_print_month(text, INT64_MIN);
	assert_string_equal(text, "1677-09");
	units_print_month(text, INT64_MAX);
	assert_string_equal(text, "2262-04");
	/* Every month that can be read is printed back, from its first nanosecond and from its
	 * last. */
	for (int y = 1970; y <= 2261; y++) {
		for (int m = 1; m <= 12; m++) {
			char want[UNITS_TEXT];

			assert_in_range(snprintf(want, sizeof(want), "%04d-%02d", y, m), 7, 7);
			assert_true(units_read_date(want, 7, false, &ns));
			units_print_month(text, ns);
			assert_string_equal(text, want);
			assert_true(units_read_date(want, 7, true, &ns));
			units_print_month(text, ns);
			assert_string_equal(text, want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int_table),
		cmocka_unit_test(test_time_table),
		cmocka_unit_test(test_time_printed_reads_back),
		cmocka_unit_test(test_yesno_only_these_two),
		cmocka_unit_test(test_date_table),
		cmocka_unit_test(test_month_printed_at_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
