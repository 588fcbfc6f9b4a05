/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_UNITS_H
#define WP_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Literals as people write them in signatures and on the command line, and the same in print.
 * The whole of `s` must be the literal: no space around it, nothing behind it. `s` need not end
 * in NUL. */

enum units_got {
	UNITS_OK,
	UNITS_NOT_NUMBER, /* no digits, or something other than digits */
	UNITS_NO_UNIT,    /* a plain number where a time needs ns, us, ms, s or min */
	UNITS_BAD_UNIT,   /* digits with an ending that is none of these */
	UNITS_RANGE,      /* does not fit, or is finer than a nanosecond */
};

enum { UNITS_TEXT = 32 }; /* room for any printed literal and its NUL */

/* Decimal, or hex after 0x; a leading minus is allowed. Unless UNITS_OK, *out is untouched. */
MUST_CHECK enum units_got units_read_int(const char *s, size_t len, int64_t *out);

/* A decimal number, with a fraction if you like, and one of ns us ms s min: "500ms", "0.7s",
 * "-2min". *out is in ns. Unless UNITS_OK, *out is untouched. */
MUST_CHECK enum units_got units_read_time(const char *s, size_t len, int64_t *out_ns);

/* "yes" is 1 and "no" is 0; everything else is false, and *out untouched. */
MUST_CHECK bool units_read_yesno(const char *s, size_t len, int64_t *out);

/* A day, month or year of UTC as YYYY-MM-DD, YYYY-MM or YYYY (1970..2261). *out_ns is the first
 * nanosecond of it since 1970, or, with `last`, the last. False for anything else, and *out_ns
 * untouched. */
MUST_CHECK bool units_read_date(const char *s, size_t len, bool last, int64_t *out_ns);

/* Prints what units_read_time reads back to the same value, in the largest unit that needs no
 * fraction. */
void units_print_time(char out[UNITS_TEXT], int64_t ns);
/* Prints YYYY-MM of a time in ns since 1970-01-01 UTC, at any time an int64_t can hold. */
void units_print_month(char out[UNITS_TEXT], int64_t ns);

#endif
