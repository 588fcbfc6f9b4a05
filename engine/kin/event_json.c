/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/event_json.h"

#include <string.h>

#include "base/units.h"

static struct json_object *get(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, type))
		return NULL;
	return v;
}

bool event_value_int(struct json_object *v, int64_t *out)
{
	if (json_object_is_type(v, json_type_int)) {
		*out = json_object_get_int64(v);
		/* json-c answers with the nearest it has. */
		return *out != INT64_MAX && *out != INT64_MIN;
	}
	return json_object_is_type(v, json_type_string) &&
	       units_read_int(json_object_get_string(v), (size_t)json_object_get_string_len(v),
			      out) == UNITS_OK;
}

bool event_int(struct json_object *o, const char *key, int64_t *out)
{
	struct json_object *v;
	int64_t n;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    !event_value_int(v, &n))
		return false;
	*out = n;
	return true;
}

bool event_uint(struct json_object *o, const char *key, uint64_t *out)
{
	int64_t n;

	if (!event_int(o, key, &n) || n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

bool event_text(struct json_object *o, const char *key, const char **out)
{
	struct json_object *v = get(o, key, json_type_string);

	if (!v || strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return false;
	*out = json_object_get_string(v);
	return true;
}

/* Two digits below `top`. */
static bool two(const char *at, int64_t top, int64_t *out)
{
	return at[0] != '-' && units_read_int(at, 2, out) == UNITS_OK && *out < top;
}

bool event_time(struct json_object *o, const char *key, int64_t *out_ns)
{
	static const char shape[] = "0000-00-00T00:00:00.000000000Z";
	int64_t day, h, m, s, ns;
	const char *t;

	if (!event_text(o, key, &t) || strlen(t) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '0' ? t[i] < '0' || t[i] > '9' : t[i] != shape[i])
			return false;
	if (!units_read_date(t, 10, false, &day) || !two(t + 11, 24, &h) || !two(t + 14, 60, &m) ||
	    !two(t + 17, 61, &s) || units_read_int(t + 20, 9, &ns) != UNITS_OK)
		return false;
	*out_ns = day + ((h * 60 + m) * 60 + s) * INT64_C(1000000000) + ns;
	return true;
}

struct json_object *event_list(struct json_object *o, const char *key)
{
	return get(o, key, json_type_array);
}

struct json_object *event_object(struct json_object *o, const char *key)
{
	return get(o, key, json_type_object);
}
