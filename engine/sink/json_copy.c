/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/json_copy.h"

#include <math.h>
#include <string.h>

#include "kin/event_json.h"

/* One object or list that is being written. */
struct level {
	struct json_object *v;
	struct json_object_iterator at, end; /* of an object */
	size_t i;                            /* of a list */
};

static bool is_open(struct json_object *v)
{
	return json_object_is_type(v, json_type_object) || json_object_is_type(v, json_type_array);
}

static void put_double(struct json *j, const char *key, double x)
{
	if (fpclassify(x) == FP_NORMAL)
		json_real(j, key, x);
	else if (isfinite(x) || !key)
		json_int(j, key, 0);
}

static void put_plain(struct json *j, const char *key, struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		json_bool(j, key, json_object_get_boolean(v));
		break;
	case json_type_int:
		json_int(j, key, json_object_get_int64(v));
		break;
	case json_type_double:
		put_double(j, key, json_object_get_double(v));
		break;
	case json_type_string:
		json_str(j, key, json_object_get_string(v), (size_t)json_object_get_string_len(v));
		break;
	default: /* null, or too deep: unknown is absent, but a list keeps its places */
		if (!key)
			json_str(j, NULL, "", 0);
		break;
	}
}

static void open_level(struct json *j, const char *key, struct json_object *v, struct level *l)
{
	*l = (struct level){.v = v};
	if (json_object_is_type(v, json_type_object)) {
		l->at = json_object_iter_begin(v);
		l->end = json_object_iter_end(v);
		json_open(j, key, '{');
	} else {
		json_open(j, key, '[');
	}
}

/* The next key and value of the level; false when it is over. */
static bool next_of(struct level *l, const char **key, struct json_object **v)
{
	*key = NULL;
	if (json_object_is_type(l->v, json_type_array)) {
		if (l->i == json_object_array_length(l->v))
			return false;
		*v = json_object_array_get_idx(l->v, l->i++);
		return true;
	}
	if (json_object_iter_equal(&l->at, &l->end))
		return false;
	*key = json_object_iter_peek_name(&l->at);
	*v = json_object_iter_peek_value(&l->at);
	json_object_iter_next(&l->at);
	return true;
}

void json_copy(struct json *j, const char *key, struct json_object *v)
{
	struct level level[JSON_DEPTH];
	uint32_t n = 0, room = JSON_DEPTH - 1 - j->depth;

	if (!is_open(v) || !room) {
		put_plain(j, key, v);
		return;
	}
	open_level(j, key, v, &level[n++]);
	while (n) {
		struct level *l = &level[n - 1];

		if (!next_of(l, &key, &v)) {
			json_close(j, json_object_is_type(l->v, json_type_array) ? ']' : '}');
			n--;
		} else if (is_open(v) && n < room) {
			open_level(j, key, v, &level[n++]);
		} else {
			put_plain(j, key, v);
		}
	}
}
