/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_JSON_COPY_H
#define WP_SINK_JSON_COPY_H

#include "sink/json.h"

struct json_object;

/* Writes a value that was read from somebody's file, its text escaped anew: keys in their order,
 * numbers above 2^53 as strings, what is deeper than the writer goes as null. */
void json_copy(struct json *j, const char *key, struct json_object *v);

#endif
