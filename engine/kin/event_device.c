/* SPDX-License-Identifier: BSD-3-Clause */
/* A `device` event back into a device. What the program computes from the rest (the generator, order,
 * hops over all) is computed anew and not believed. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "kin/event_json.h"
#include "kin/event_log.h"

/* Of one count: beyond it, sums over a thousand runs could wrap. */
static const uint64_t count_max = UINT64_C(1) << 50;

static bool get_count(struct json_object *o, const char *key, uint64_t *out)
{
	uint64_t n;

	if (!event_uint(o, key, &n) || n > count_max)
		return false;
	*out = n;
	return true;
}

static bool get_kind(struct json_object *o, enum ev_case *out)
{
	const char *kind;

	if (!event_text(o, "kind", &kind))
		return false;
	for (int c = CASE_ANY + 1; c < CASE_N; c++)
		if (!strcmp(kind, case_name((enum ev_case)c))) {
			*out = (enum ev_case)c;
			return true;
		}
	return false;
}

bool event_grade(struct json_object *o, enum grade *out)
{
	const char *grade;

	if (!event_text(o, "grade", &grade))
		return false;
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++)
		if (!strcmp(grade, grade_name((enum grade)g))) {
			*out = (enum grade)g;
			return true;
		}
	return false;
}

uint32_t event_techniques(struct json_object *o)
{
	struct json_object *list = event_list(o, "techniques");
	size_t n = list ? json_object_array_length(list) : 0;
	uint32_t out = 0;

	for (size_t i = 0; i < n && i < 2 * TECH_N; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		enum technique t;

		if (json_object_is_type(v, json_type_string) &&
		    technique_find(json_object_get_string(v), (size_t)json_object_get_string_len(v),
				   &t))
			out |= UINT32_C(1) << t;
	}
	return out;
}

static uint32_t get_triggers(struct json_object *o)
{
	struct json_object *list = event_list(o, "reacts_to");
	size_t n = list ? json_object_array_length(list) : 0;
	uint32_t out = 0;

	for (size_t i = 0; i < n && i < 32; i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		for (int t = TRIGGER_TLS_SNI; t <= TRIGGER_PAYLOAD; t++)
			if (json_object_is_type(v, json_type_string) &&
			    !strcmp(json_object_get_string(v),
				    trigger_kind_name((enum trigger_kind)t)))
				out |= UINT32_C(1) << t;
	}
	return out;
}

/* --- the fingerprint --- */

static bool get_value(enum unit unit, struct json_object *v, struct device_value *out)
{
	int64_t n;

	if (unit == UNIT_TOKEN || unit == UNIT_TEXT || unit == UNIT_ADDR) {
		if (!json_object_is_type(v, json_type_string) ||
		    json_object_get_string_len(v) > EV_TEXT_BYTES ||
		    strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
			return false;
		out->text = strdup(json_object_get_string(v));
		return out->text != NULL;
	}
	if (unit == UNIT_YESNO) {
		out->num = json_object_get_boolean(v);
		return json_object_is_type(v, json_type_boolean);
	}
	if (!event_value_int(v, &n))
		return false;
	out->num = n;
	return true;
}

static int by_count(const void *a, const void *b)
{
	const struct device_value *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	if (x->text && y->text)
		return strcmp(x->text, y->text);
	return x->num < y->num ? -1 : x->num > y->num;
}

static bool get_values(enum unit unit, struct json_object *list, struct device_feat *l)
{
	size_t n = json_object_array_length(list);

	if (!n || n > DEVICE_VALUES_MAX)
		return false;
	l->value = calloc(n, sizeof(*l->value));
	if (!l->value)
		return false;
	for (; l->n_values < n; l->n_values++) {
		struct json_object *pair = json_object_array_get_idx(list, l->n_values);
		struct device_value *v = &l->value[l->n_values];
		int64_t times;

		if (!json_object_is_type(pair, json_type_array) ||
		    json_object_array_length(pair) != 2 ||
		    !event_value_int(json_object_array_get_idx(pair, 1), &times) || times < 1 ||
		    times > (int64_t)count_max ||
		    !get_value(unit, json_object_array_get_idx(pair, 0), v))
			return false;
		v->n = (uint64_t)times;
	}
	if (l->n_values > 1)
		qsort(l->value, l->n_values, sizeof(*l->value), by_count);
	return true;
}

static bool get_feat(const struct feat_info *fi, struct json_object *o, struct device_feat *l)
{
	struct json_object *values = event_list(o, "values");
	const char *unit;

	if (!values || !event_text(o, "unit", &unit) || strcmp(unit, unit_name(fi->unit)) ||
	    !get_count(o, "known", &l->n_known) || !get_values(fi->unit, values, l))
		return false;
	if (!get_count(o, "more", &l->n_more))
		l->n_more = 0;
	for (uint32_t i = 0; i < l->n_values; i++) {
		l->min = l->value[i].num < l->min ? l->value[i].num : l->min;
		l->max = l->value[i].num > l->max ? l->value[i].num : l->max;
	}
	if (l->value[0].text) {
		l->min = INT64_MAX;
		l->max = INT64_MIN;
		return true;
	}
	/* What is not listed may lie outside of what is, never the other way round. */
	if (fi->unit != UNIT_YESNO) {
		int64_t lo, hi;

		if (!event_int(o, "min", &lo) || !event_int(o, "max", &hi) || lo > l->min ||
		    hi < l->max)
			return false;
		l->min = lo;
		l->max = hi;
	}
	return true;
}

static int by_feat(const void *a, const void *b)
{
	const struct device_feat *x = a, *y = b;

	return (x->feat > y->feat) - (x->feat < y->feat);
}

static bool get_fingerprint(struct json_object *o, struct device *d)
{
	struct json_object *f = event_object(o, "fingerprint");
	size_t n = f ? (size_t)json_object_object_length(f) : 0;

	if (!f)
		return false;
	d->feat = calloc((n < FEAT_N ? n : FEAT_N) + 1, sizeof(*d->feat));
	if (!d->feat)
		return false;
	json_object_object_foreach(f, name, v)
	{
		struct device_feat *l = &d->feat[d->n_feats];
		enum feat id;

		if (!feat_find(name, strlen(name), &id))
			continue;
		*l = (struct device_feat){.feat = id, .min = INT64_MAX, .max = INT64_MIN};
		d->n_feats++; /* before it is read, so that a half-read one is freed */
		if ((feat_info(id)->kase != CASE_ANY && feat_info(id)->kase != d->kase) ||
		    !get_feat(feat_info(id), v, l))
			return false;
	}
	if (d->n_feats > 1)
		qsort(d->feat, d->n_feats, sizeof(*d->feat), by_feat);
	return true;
}

/* --- where it was seen, and what it did --- */

static bool get_hops(struct json_object *o, uint8_t *lo, uint8_t *hi)
{
	struct json_object *list = event_list(o, "hops_from_capture");
	int64_t a, b;

	if (!list || json_object_array_length(list) != 2 ||
	    !event_value_int(json_object_array_get_idx(list, 0), &a) ||
	    !event_value_int(json_object_array_get_idx(list, 1), &b) || a < 0 || b < a || b > 255)
		return false;
	*lo = (uint8_t)a;
	*hi = (uint8_t)b;
	return true;
}

static bool get_seen(struct json_object *o, struct device *d)
{
	struct json_object *list = event_list(o, "seen_from");
	size_t n = list ? json_object_array_length(list) : 0;

	if (!n || n > DEVICE_SEEN_MAX)
		return false;
	d->seen = calloc(n, sizeof(*d->seen));
	if (!d->seen)
		return false;
	for (; d->n_seen < n; d->n_seen++) {
		struct json_object *s = json_object_array_get_idx(list, d->n_seen);
		struct device_seen *seen = &d->seen[d->n_seen];
		const char *file;

		if (!event_text(s, "file", &file) || !get_count(s, "findings", &seen->n_findings) ||
		    !event_time(s, "first", &seen->first_ns) ||
		    !event_time(s, "last", &seen->last_ns) || seen->first_ns > seen->last_ns)
			return false;
		memcpy(seen->file, file, strnlen(file, DEVICE_FILE_TEXT - 1));
		seen->has_hops = get_hops(s, &seen->hops_lo, &seen->hops_hi);
		/* What was told without a distance may have had several: another input's does not
		 * speak for it. */
		seen->n_hops = seen->has_hops ? seen->n_findings : 0;
		seen->n_no_hops = seen->has_hops ? 0 : seen->n_findings;
	}
	if (!get_count(o, "seen_from_left_out", &n))
		n = 0;
	d->seen_left_out = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	return true;
}

static bool get_reset(struct json_object *o, struct generator_reset *r)
{
	uint64_t ipid, win, ttl, packets;
	const char *src, *dst, *to;

	if (!event_time(o, "ts", &r->ts_ns) || !event_text(o, "src", &src) ||
	    !event_text(o, "dst", &dst) || !event_text(o, "to", &to) ||
	    inet_pton(AF_INET, src, r->src) != 1 || inet_pton(AF_INET, dst, r->dst) != 1 ||
	    !event_uint(o, "ipid", &ipid) || ipid > UINT16_MAX || !event_uint(o, "win", &win) ||
	    win > UINT16_MAX || !event_uint(o, "ttl", &ttl) || ttl > UINT8_MAX ||
	    !event_uint(o, "packets", &packets) || !packets || packets > UINT16_MAX)
		return false;
	r->to_orig = !strcmp(to, "orig");
	r->ip_id = (uint16_t)ipid;
	r->win = (uint16_t)win;
	r->ttl = (uint8_t)ttl;
	r->packets = (uint32_t)packets;
	return true;
}

static bool get_resets(struct json_object *o, struct device *d)
{
	struct json_object *list = event_list(o, "resets");
	size_t n = list ? json_object_array_length(list) : 0;

	if (!n)
		return true;
	if (n > DEVICE_RESETS_MAX)
		return false;
	d->reset = calloc(DEVICE_RESETS_MAX, sizeof(*d->reset)); /* as device_join expects it */
	if (!d->reset)
		return false;
	for (; d->n_resets < n; d->n_resets++)
		if (!get_reset(json_object_array_get_idx(list, d->n_resets),
			       &d->reset[d->n_resets]))
			return false;
	return true;
}

static bool get_matches(struct json_object *o, struct device *d)
{
	struct json_object *list = event_list(o, "matches");
	size_t n = list ? json_object_array_length(list) : 0;

	if (!list || n > DEVICE_MATCHES_MAX)
		return false;
	for (; d->n_matches < n; d->n_matches++) {
		struct device_match *m = &d->match[d->n_matches];
		struct json_object *v = json_object_array_get_idx(list, d->n_matches);
		const char *id;

		if (!event_text(v, "signature", &id) || !get_count(v, "findings", &m->n))
			return false;
		memcpy(m->signature, id, strnlen(id, DEVICE_SIG_TEXT - 1));
	}
	return true;
}

static void get_behaviour(struct json_object *o, struct device *d)
{
	struct json_object *r = event_object(o, "reliability");
	uint64_t acted, of, residual_s;

	if (r && get_count(r, "acted", &acted) && get_count(r, "opportunities", &of) &&
	    acted <= of) {
		d->acted = acted;
		d->opportunities = of;
	}
	if (event_uint(o, "residual_s", &residual_s) && residual_s < INT32_MAX)
		d->residual_ns = (int64_t)residual_s * 1000000000;
	d->has_hops = d->n_seen == 1 && get_hops(o, &d->hops_lo, &d->hops_hi);
	d->has_generator = generator_fit(d->reset, d->n_resets, &d->generator);
}

bool event_device_read(struct json_object *event, struct device *out)
{
	struct json_object *local;
	const char *id;

	memset(out, 0, sizeof(*out));
	if (!event_text(event, "id", &id) || strlen(id) != 16 ||
	    strspn(id, "0123456789abcdef") != 16 || !get_kind(event, &out->kase) ||
	    !event_grade(event, &out->grade) || !get_count(event, "findings", &out->n_findings) ||
	    !get_count(event, "cases", &out->n_cases) ||
	    !event_time(event, "first", &out->first_ns) ||
	    !event_time(event, "last", &out->last_ns) || out->first_ns > out->last_ns)
		goto bad;
	memcpy(out->id, id, sizeof(out->id));
	out->local_headers = json_object_object_get_ex(event, "local_headers", &local) &&
			     json_object_get_boolean(local);
	out->techniques = event_techniques(event);
	out->reacts_to = get_triggers(event);
	if (!get_fingerprint(event, out) || !get_seen(event, out) || !get_resets(event, out) ||
	    !get_matches(event, out))
		goto bad;
	get_behaviour(event, out);
	return true;
bad:
	device_clear(out);
	return false;
}
