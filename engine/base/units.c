/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t DAY_NS = INT64_C(86400) * 1000000000;

static int digit_of(char c, int base)
{
	int v = -1;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	return v < base ? v : -1;
}

/* Reads digits at the start of s; *used says how many there were. */
static enum units_got read_digits(const char *s, size_t len, int base, uint64_t *out, size_t *used)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && digit_of(s[i], base) >= 0; i++)
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_of(s[i], base), &v))
			return UNITS_RANGE;
	*used = i;
	*out = v;
	return i ? UNITS_OK : UNITS_NOT_NUMBER;
}

static enum units_got with_sign(uint64_t v, bool minus, int64_t *out)
{
	if (v > (uint64_t)INT64_MAX + (minus ? 1U : 0U))
		return UNITS_RANGE;
	/* Subtraction in unsigned arithmetic: INT64_MIN has no positive twin. */
	*out = (int64_t)(minus ? 0U - v : v);
	return UNITS_OK;
}

enum units_got units_read_int(const char *s, size_t len, int64_t *out)
{
	bool minus = len && s[0] == '-';
	size_t at = minus ? 1 : 0, used;
	int base = 10;
	uint64_t v;
	enum units_got got;

	if (len - at >= 2 && s[at] == '0' && (s[at + 1] == 'x' || s[at + 1] == 'X')) {
		base = 16;
		at += 2;
	}
	got = read_digits(s + at, len - at, base, &v, &used);
	if (got != UNITS_OK)
		return got;
	if (used != len - at)
		return base == 10 ? UNITS_BAD_UNIT : UNITS_NOT_NUMBER;
	return with_sign(v, minus, out);
}

static const struct {
	const char *name;
	uint64_t ns;
} time_unit[] = {
	{"min", UINT64_C(60000000000)}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1},
};

static enum units_got find_time_unit(const char *s, size_t len, uint64_t *ns)
{
	if (!len)
		return UNITS_NO_UNIT;
	for (size_t i = 0; i < ARRAY_LEN(time_unit); i++) {
		if (strlen(time_unit[i].name) != len || memcmp(time_unit[i].name, s, len) != 0)
			continue;
		*ns = time_unit[i].ns;
		return UNITS_OK;
	}
	return UNITS_BAD_UNIT;
}

/* Adds digits after the point, as parts of a whole of `unit_ns`. A digit that is not a whole
 * number of nanoseconds is refused: the value printed back would be another one. */
static enum units_got add_fraction(const char *s, size_t n, uint64_t unit_ns, uint64_t *v)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t digit = (uint64_t)(s[i] - '0');

		if (unit_ns % 10 && digit)
			return UNITS_RANGE;
		unit_ns /= 10;
		if (__builtin_add_overflow(*v, unit_ns * digit, v))
			return UNITS_RANGE;
	}
	return UNITS_OK;
}

enum units_got units_read_time(const char *s, size_t len, int64_t *out_ns)
{
	bool minus = len && s[0] == '-';
	size_t at = minus ? 1 : 0, used, frac_off, n_frac = 0;
	uint64_t v, unit_ns = 0, frac;
	enum units_got got = read_digits(s + at, len - at, 10, &v, &used);

	if (got != UNITS_OK)
		return got;
	at += used;
	frac_off = at + 1;
	if (at < len && s[at] == '.') {
		got = read_digits(s + frac_off, len - frac_off, 10, &frac, &n_frac);
		if (got != UNITS_OK)
			return got;
		at = frac_off + n_frac;
	}
	got = find_time_unit(s + at, len - at, &unit_ns);
	if (got != UNITS_OK)
		return got;
	if (__builtin_mul_overflow(v, unit_ns, &v))
		return UNITS_RANGE;
	got = n_frac ? add_fraction(s + frac_off, n_frac, unit_ns, &v) : UNITS_OK;
	return got != UNITS_OK ? got : with_sign(v, minus, out_ns);
}

bool units_read_yesno(const char *s, size_t len, int64_t *out)
{
	if (len == 3 && memcmp(s, "yes", 3) == 0)
		*out = 1;
	else if (len == 2 && memcmp(s, "no", 2) == 0)
		*out = 0;
	else
		return false;
	return true;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar, and back: Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms" (2013), days_from_civil and civil_from_days,
 * with years that begin in March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void month_of(int64_t days, int64_t *year, int64_t *month)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

/* Exactly `n` decimal digits at s. */
static bool fixed_digits(const char *s, size_t n, int64_t *out)
{
	uint64_t v;
	size_t used;

	if (read_digits(s, n, 10, &v, &used) != UNITS_OK || used != n)
		return false;
	*out = (int64_t)v;
	return true;
}

bool units_read_date(const char *s, size_t len, bool last, int64_t *out_ns)
{
	int64_t y, m = 1, d = 1, from, to;

	if (len != 4 && len != 7 && len != 10)
		return false;
	if (!fixed_digits(s, 4, &y) || y < 1970 || y > 2261)
		return false;
	if (len >= 7 && (s[4] != '-' || !fixed_digits(s + 5, 2, &m) || m < 1 || m > 12))
		return false;
	if (len == 10 && (s[7] != '-' || !fixed_digits(s + 8, 2, &d) || d < 1))
		return false;
	from = days_of(y, m, d);
	to = m == 12 ? days_of(y + 1, 1, 1) : days_of(y, m + 1, 1);
	if (from >= to)
		return false; /* 30 February */
	if (len == 10)
		to = from + 1;
	else if (len == 4)
		to = days_of(y + 1, 1, 1);
	*out_ns = last ? to * DAY_NS - 1 : from * DAY_NS;
	return true;
}

void units_print_time(char out[UNITS_TEXT], int64_t ns)
{
	size_t i = 0;

	/* Zero has no largest unit; people read 0s best. */
	while (ns && i + 1 < ARRAY_LEN(time_unit) && ns % (int64_t)time_unit[i].ns)
		i++;
	if (!ns)
		i = 1;
	/* 20 digits, sign and unit fit in UNITS_TEXT. */
	(void)snprintf(out, UNITS_TEXT, "%" PRId64 "%s", ns / (int64_t)time_unit[i].ns,
		       time_unit[i].name);
}

void units_print_month(char out[UNITS_TEXT], int64_t ns)
{
	int64_t y, m, days = ns / DAY_NS - (ns % DAY_NS < 0 ? 1 : 0);

	month_of(days, &y, &m);
	/* An int64_t of nanoseconds stays inside the years 1677..2262. */
	(void)snprintf(out, UNITS_TEXT, "%04" PRId64 "-%02" PRId64, y, m);
}
