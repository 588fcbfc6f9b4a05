/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_TEXT_H
#define WP_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Strings from packets and file names are attacker-controlled: these make them safe for one sink
 * each. */

/* Writes at most `size` bytes, NUL included: printable text as it is, what could steer a terminal
 * or reorder the line (controls, DEL, C1, bidi overrides, line separators, bytes that are no UTF-8)
 * as \xNN. Cut at the end of a whole character. Returns the bytes written without the NUL. size 0
 * writes nothing. */
size_t text_terminal(char *out, size_t size, const char *at, size_t len);

/* Writes the string in double quotes as JSON: RFC 8259 escapes; controls, DEL, C1, bidi overrides
 * and line separators as \uXXXX; each byte that is no valid UTF-8 becomes \u00NN of its value
 * (latin-1), so that nothing is lost. Output errors stay in f. */
void text_json(FILE *f, const char *at, size_t len);

/* Two lower-case hexadecimal digits for each of n bytes, and no NUL. */
void text_hex(char *out, const uint8_t *at, size_t n);

enum { TEXT_TIME_SIZE = 48 };
/* RFC 3339 in UTC with nanoseconds, "2026-11-21T19:30:26.355342000Z"; every int64 fits (1677 to
 * 2262). No locale, no time zone. Returns out. */
const char *text_time(int64_t ns, char out[TEXT_TIME_SIZE]);

/* Bytes of the well-formed UTF-8 character at `at` (1..4) and its code point; 0 when it is none
 * (RFC 3629). */
size_t text_utf8(const char *at, size_t len, uint32_t *point);

#endif
