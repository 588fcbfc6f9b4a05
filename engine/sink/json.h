/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_JSON_H
#define WP_SINK_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A streaming JSON writer: knows where commas go, and how an event begins. Write errors stay in the FILE for
 * its owner to see. */
enum { JSON_DEPTH = 12 };
struct json {
	FILE *f;
	uint32_t depth;
	bool more[JSON_DEPTH]; /* something was written at this depth */
};

void json_open(struct json *j, const char *key,
	       char bracket); /* key NULL inside arrays; bracket { or [ */
void json_close(struct json *j, char bracket);
void json_str(struct json *j, const char *key, const char *text, size_t len);
void json_word(struct json *j, const char *key,
	       const char *text); /* NUL-terminated; NULL or empty writes nothing */
void json_int(struct json *j, const char *key, int64_t n); /* beyond 2^53 as a string: RFC 8259 6 */
void json_uint(struct json *j, const char *key, uint64_t n);
void json_real(struct json *j, const char *key, double x); /* three digits; finite, never zero */
void json_bool(struct json *j, const char *key, bool b);
/* Begins an event of that type, which the caller closes: ARCHITECTURE 6. */
void json_event(struct json *j, const char *type);
/* The same of type "run", with which program tells it. */
void json_run(struct json *j);
void json_end_line(struct json *j); /* newline after a whole object */

#endif
