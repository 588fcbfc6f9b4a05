/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

size_t text_utf8(const char *at, size_t len, uint32_t *point)
{
	const unsigned char *b = (const unsigned char *)at;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t p;
	size_t n;

	if (!len)
		return 0;
	n = b[0] < 0x80             ? 1
	    : (b[0] & 0xe0) == 0xc0 ? 2
	    : (b[0] & 0xf0) == 0xe0 ? 3
	    : (b[0] & 0xf8) == 0xf0 ? 4
				    : 0;
	if (!n || n > len)
		return 0;
	p = n == 1 ? b[0] : b[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		p = p << 6 | (b[i] & 0x3f);
	}
	if (p < least[n] || p > 0x10ffff || (p >= 0xd800 && p <= 0xdfff))
		return 0;
	*point = p;
	return n;
}

/* Controls, C1, and what changes the order or breaks of a line: soft hyphen and zero-width marks
 * hide text as well. */
static bool is_unsafe(uint32_t p)
{
	return p < 0x20 || (p >= 0x7f && p <= 0x9f) || p == 0xad || (p >= 0x200b && p <= 0x200f) ||
	       (p >= 0x2028 && p <= 0x202e) || (p >= 0x2060 && p <= 0x206f) || p == 0x61c ||
	       p == 0xfeff || (p >= 0xfff9 && p <= 0xfffb) || (p >= 0xe0000 && p <= 0xe007f);
}

size_t text_terminal(char *out, size_t size, const char *at, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i < len;) {
		uint32_t p = 0;
		size_t step = text_utf8(at + i, len - i, &p);
		bool plain = step && !is_unsafe(p);
		size_t need = plain ? step : 4 * (step ? step : 1);

		if (need >= size - n)
			break;
		if (plain) {
			memcpy(out + n, at + i, step);
			n += step;
			i += step;
			continue;
		}
		for (size_t j = step ? step : 1; j; j--, i++) {
			unsigned char c = (unsigned char)at[i];

			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
	return n;
}

static void json_point(FILE *f, uint32_t p)
{
	if (p >= 0x10000) {
		p -= 0x10000;
		fprintf(f, "\\u%04x\\u%04x", 0xd800 + (p >> 10), 0xdc00 + (p & 0x3ff));
	} else {
		fprintf(f, "\\u%04x", p);
	}
}

/* Bytes that JSON takes as they are: printable ASCII but for '"' and '\\'. */
static size_t json_plain(const char *at, size_t len)
{
	size_t n = 0;

	while (n < len && at[n] >= ' ' && at[n] < 0x7f && at[n] != '"' && at[n] != '\\')
		n++;
	return n;
}

void text_json(FILE *f, const char *at, size_t len)
{
	fputc('"', f);
	for (size_t i = 0; i < len;) {
		uint32_t p = 0;
		size_t step = json_plain(at + i, len - i);

		if (step) {
			fwrite(at + i, 1, step, f);
			i += step;
			continue;
		}
		step = text_utf8(at + i, len - i, &p);
		if (!step) {
			json_point(f, (unsigned char)at[i]);
			step = 1;
		} else if (p == '"' || p == '\\') {
			fputc('\\', f);
			fputc((int)p, f);
		} else if (is_unsafe(p)) {
			json_point(f, p);
		} else {
			fwrite(at + i, 1, step, f);
		}
		i += step;
	}
	fputc('"', f);
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, without the C library: no locale, no
 * time zone, any year (Hinnant, "chrono-compatible low-level date algorithms", civil_from_days). */
static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

/* `n` decimal digits of v, leading zeros included; returns the place behind them. No printf: its
 * digits and width must not depend on anything but the number. */
static char *put_digits(char *at, size_t n, uint64_t v)
{
	for (size_t i = n; i; i--, v /= 10)
		at[i - 1] = (char)('0' + v % 10);
	return at + n;
}

const char *text_time(int64_t ns, char out[TEXT_TIME_SIZE])
{
	int64_t sec = ns / 1000000000, frac = ns % 1000000000, days, rest, year;
	unsigned month, day;
	char *at = out;

	if (frac < 0) {
		frac += 1000000000;
		sec--;
	}
	days = sec / 86400;
	rest = sec % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	/* int64 nanoseconds reach from 1677 to 2262: four digits always fit. */
	date_of(days, &year, &month, &day);
	at = put_digits(at, 4, (uint64_t)year);
	*at++ = '-';
	at = put_digits(at, 2, month);
	*at++ = '-';
	at = put_digits(at, 2, day);
	*at++ = 'T';
	at = put_digits(at, 2, (uint64_t)(rest / 3600));
	*at++ = ':';
	at = put_digits(at, 2, (uint64_t)(rest / 60 % 60));
	*at++ = ':';
	at = put_digits(at, 2, (uint64_t)(rest % 60));
	*at++ = '.';
	at = put_digits(at, 9, (uint64_t)frac);
	*at++ = 'Z';
	*at = '\0';
	return out;
}

void text_hex(char *out, const uint8_t *at, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[at[i] >> 4];
		out[2 * i + 1] = hex[at[i] & 15];
	}
}
