/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/json_device.h"

#include <string.h>

#include "base/text.h"
#include "sink/ip.h"

static void put_time(struct json *j, const char *key, int64_t ns)
{
	char at[TEXT_TIME_SIZE];

	json_word(j, key, text_time(ns, at));
}

static void put_hops(struct json *j, uint8_t lo, uint8_t hi)
{
	json_open(j, "hops_from_capture", '[');
	json_uint(j, NULL, lo);
	json_uint(j, NULL, hi);
	json_close(j, ']');
}

static void put_feat(struct json *j, const struct device_feat *l)
{
	const struct feat_info *fi = feat_info(l->feat);

	json_open(j, fi->name, '{');
	json_word(j, "unit", unit_name(fi->unit));
	json_uint(j, "known", l->n_known);
	json_open(j, "values", '[');
	for (uint32_t i = 0; i < l->n_values; i++) {
		const struct device_value *v = &l->value[i];

		json_open(j, NULL, '[');
		if (v->text)
			json_str(j, NULL, v->text, strlen(v->text));
		else if (fi->unit == UNIT_YESNO)
			json_bool(j, NULL, v->num != 0);
		else
			json_int(j, NULL, v->num);
		json_uint(j, NULL, v->n);
		json_close(j, ']');
	}
	json_close(j, ']');
	if (l->n_more)
		json_uint(j, "more", l->n_more);
	if (l->min <= l->max && fi->unit != UNIT_YESNO) {
		json_int(j, "min", l->min);
		json_int(j, "max", l->max);
	}
	json_close(j, '}');
}

static void put_seen(struct json *j, const struct device *d)
{
	json_open(j, "seen_from", '[');
	for (uint32_t i = 0; i < d->n_seen; i++) {
		const struct device_seen *s = &d->seen[i];

		json_open(j, NULL, '{');
		json_str(j, "file", s->file, strlen(s->file));
		json_uint(j, "findings", s->n_findings);
		if (s->has_hops)
			put_hops(j, s->hops_lo, s->hops_hi);
		put_time(j, "first", s->first_ns);
		put_time(j, "last", s->last_ns);
		json_close(j, '}');
	}
	json_close(j, ']');
	if (d->seen_left_out)
		json_uint(j, "seen_from_left_out", d->seen_left_out);
}

static void put_generator(struct json *j, const struct generator_fit *g)
{
	json_open(j, "generator", '{');
	/* the name its source gives the equation; not who runs it */
	json_word(j, "name", GENERATOR_NAME);
	json_uint(j, "multiplier", g->multiplier);
	json_uint(j, "bound", g->bound);
	json_uint(j, "packets", g->packets);
	json_uint(j, "resets", g->resets);
	json_real(j, "chance", g->chance);
	if (g->has_hops)
		put_hops(j, g->hops, g->hops);
	json_close(j, '}');
}

static const char *v4_text(const uint8_t a[4], char out[SINK_IP_MAX])
{
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};

	memcpy(mapped + 12, a, 4);
	return sink_ip(mapped, out);
}

static void put_resets(struct json *j, const struct device *d)
{
	char ip[SINK_IP_MAX];

	json_open(j, "resets", '[');
	for (uint32_t i = 0; i < d->n_resets; i++) {
		const struct generator_reset *r = &d->reset[i];

		json_open(j, NULL, '{');
		put_time(j, "ts", r->ts_ns);
		json_word(j, "src", v4_text(r->src, ip));
		json_word(j, "dst", v4_text(r->dst, ip));
		json_word(j, "to", r->to_orig ? "orig" : "resp");
		json_uint(j, "ipid", r->ip_id);
		json_uint(j, "win", r->win);
		json_uint(j, "ttl", r->ttl);
		json_uint(j, "packets", r->packets);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_behaviour(struct json *j, const struct device *d)
{
	json_open(j, "reacts_to", '[');
	for (int t = TRIGGER_TLS_SNI; t <= TRIGGER_PAYLOAD; t++)
		if (d->reacts_to >> t & 1)
			json_word(j, NULL, trigger_kind_name((enum trigger_kind)t));
	json_close(j, ']');
	if (d->opportunities) {
		json_open(j, "reliability", '{');
		json_uint(j, "acted", d->acted);
		json_uint(j, "opportunities", d->opportunities);
		json_close(j, '}');
	}
	if (d->residual_ns >= 1000000000)
		json_int(j, "residual_s", d->residual_ns / 1000000000);
	if (d->has_generator)
		put_generator(j, &d->generator);
	if (d->n_resets)
		put_resets(j, d);
}

void json_device(struct json *j, const struct device *d)
{
	json_event(j, "device");
	json_word(j, "id", d->id);
	json_word(j, "kind", case_name(d->kase));
	json_uint(j, "findings", d->n_findings);
	json_uint(j, "cases", d->n_cases);
	json_open(j, "techniques", '[');
	for (uint32_t t = d->techniques; t; t &= t - 1)
		json_word(j, NULL, technique_name((enum technique)__builtin_ctz(t)));
	json_close(j, ']');
	json_word(j, "grade", grade_name(d->grade));
	if (d->local_headers)
		json_bool(j, "local_headers", true);
	json_open(j, "fingerprint", '{');
	for (uint32_t i = 0; i < d->n_feats; i++)
		put_feat(j, &d->feat[i]);
	json_close(j, '}');
	if (d->has_hops)
		put_hops(j, d->hops_lo, d->hops_hi);
	put_seen(j, d);
	put_behaviour(j, d);
	json_open(j, "matches", '[');
	for (uint32_t i = 0; i < d->n_matches; i++) {
		json_open(j, NULL, '{');
		json_word(j, "signature", d->match[i].signature);
		json_uint(j, "findings", d->match[i].n);
		json_close(j, '}');
	}
	json_close(j, ']');
	put_time(j, "first", d->first_ns);
	put_time(j, "last", d->last_ns);
	json_close(j, '}');
	json_end_line(j);
}
