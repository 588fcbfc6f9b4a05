/* SPDX-License-Identifier: BSD-3-Clause */
/* A fingerprint: for each feature, which values it had in how many cases. */
#include <stdlib.h>
#include <string.h>

#include "kin/device_impl.h"

static bool is_text(enum feat id)
{
	enum unit u = feat_info(id)->unit;

	return u == UNIT_TOKEN || u == UNIT_TEXT || u == UNIT_ADDR;
}

/* Where the feature is, or would be. */
static uint32_t place_of(const struct device *d, enum feat id)
{
	uint32_t i = 0;

	while (i < d->n_feats && d->feat[i].feat < id)
		i++;
	return i;
}

const struct device_feat *device_feat(const struct device *d, enum feat id)
{
	uint32_t i = place_of(d, id);

	return i < d->n_feats && d->feat[i].feat == id ? &d->feat[i] : NULL;
}

/* The feature's line, made when there is none; NULL when out of memory. */
static struct device_feat *line_of(struct device *d, enum feat id)
{
	uint32_t i = place_of(d, id);
	struct device_feat *more;

	if (i < d->n_feats && d->feat[i].feat == id)
		return &d->feat[i];
	more = realloc(d->feat, (d->n_feats + 1) * sizeof(*more));
	if (!more)
		return NULL;
	d->feat = more;
	memmove(&more[i + 1], &more[i], (d->n_feats - i) * sizeof(*more));
	more[i] = (struct device_feat){.feat = id, .min = INT64_MAX, .max = INT64_MIN};
	d->n_feats++;
	return &more[i];
}

/* A number, or a text when `text` is not NULL, seen n times. */
static void count_value(struct device_feat *l, int64_t num, const char *text, uint64_t n)
{
	struct device_value *more;
	char *copy = NULL;

	for (uint32_t i = 0; i < l->n_values; i++) {
		struct device_value *v = &l->value[i];

		if (text ? strcmp(v->text, text) == 0 : v->num == num) {
			v->n += n;
			return;
		}
	}
	if (l->n_values == DEVICE_VALUES_MAX) {
		l->n_more += n;
		return;
	}
	more = realloc(l->value, (l->n_values + 1) * sizeof(*more));
	if (more) {
		l->value = more;
		copy = text ? strdup(text) : NULL;
	}
	if (!more || (text && !copy)) {
		l->n_more += n;
		return;
	}
	more[l->n_values++] = (struct device_value){.num = num, .text = copy, .n = n};
}

static bool belongs(const struct device *d, enum feat id)
{
	const struct feat_info *fi = feat_info(id);

	return fi->advice != ADVICE_NEVER && (fi->kase == CASE_ANY || fi->kase == d->kase) &&
	       !(d->local_headers && device_feat_is_header(id));
}

void device_feats_add(struct device *d, const struct evidence *ev)
{
	for (size_t i = 0; i < evidence_n(ev); i++) {
		const struct ev_value *v = evidence_at(ev, i);
		struct device_feat *l = belongs(d, v->feat) ? line_of(d, v->feat) : NULL;

		if (!l)
			continue;
		l->n_known++;
		for (uint32_t k = 0; k < v->n_text; k++)
			count_value(l, 0, v->text[k], 1);
		if (is_text(v->feat))
			continue;
		count_value(l, v->num, NULL, 1);
		l->min = v->num < l->min ? v->num : l->min;
		l->max = v->num > l->max ? v->num : l->max;
	}
}

bool device_feats_merge(struct device *into, const struct device *from)
{
	for (uint32_t i = 0; i < from->n_feats; i++) {
		const struct device_feat *f = &from->feat[i];
		struct device_feat *l = line_of(into, f->feat);

		if (!l)
			return false;
		l->n_known += f->n_known;
		l->n_more += f->n_more;
		l->min = f->min < l->min ? f->min : l->min;
		l->max = f->max > l->max ? f->max : l->max;
		for (uint32_t k = 0; k < f->n_values; k++)
			count_value(l, f->value[k].num, f->value[k].text, f->value[k].n);
	}
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

void device_feats_order(struct device *d)
{
	for (uint32_t i = 0; i < d->n_feats; i++)
		if (d->feat[i].n_values > 1)
			qsort(d->feat[i].value, d->feat[i].n_values, sizeof(struct device_value),
			      by_count);
}
