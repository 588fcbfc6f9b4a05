/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_EVENT_JSON_H
#define WP_KIN_EVENT_JSON_H

/* sink/json.h has a function of that name. */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Values of one object of an event. Each is false, and *out untouched, when the key is not there or
 * is something else than asked for. Pure, no allocation. */

MUST_CHECK bool event_uint(struct json_object *o, const char *key, uint64_t *out);
MUST_CHECK bool event_int(struct json_object *o, const char *key, int64_t *out);
/* The same of a value; above 2^53 events hold numbers as strings. */
MUST_CHECK bool event_value_int(struct json_object *v, int64_t *out);
/* A string without NUL in it; it lives as long as the object. */
MUST_CHECK bool event_text(struct json_object *o, const char *key, const char **out);
/* RFC 3339 in UTC as text_time() writes it, from 1970 on. */
MUST_CHECK bool event_time(struct json_object *o, const char *key, int64_t *out_ns);
/* A list; NULL when there is none. */
struct json_object *event_list(struct json_object *o, const char *key);
struct json_object *event_object(struct json_object *o, const char *key);

#endif
