/* SPDX-License-Identifier: BSD-3-Clause */
/* Several runs as one, in JSON lines: docs/ARCHITECTURE.md, "Several runs". */
#include "sink/json_merge.h"

#include <string.h>

#include "base/text.h"
#include "kin/event_json.h"
#include "sink/json.h"
#include "sink/json_copy.h"
#include "sink/json_device.h"

static const char *const lost_key[] = {"kernel",      "ring",    "truncated", "undecoded",
				       "prefiltered", "evicted", "output"};
static const char *const odd_key[] = {"time_backwards",  "duplicates",  "defrag_failed",
				      "inspection_lost", "clock_steps", "across_evicted"};

static bool counts(const struct merge_run *r)
{
	return r->use == MERGE_USED || r->use == MERGE_OVERLAPS;
}

static void add(struct json_object *o, const char *key, uint64_t *sum)
{
	uint64_t n;

	if (event_uint(o, key, &n) && n <= UINT64_MAX / 4096)
		*sum += n;
}

static void add_signatures(struct json_object *run, struct merge_sums *s, bool *any, bool *differ)
{
	struct json_object *sigs = event_object(run, "signatures");
	const char *sha;

	if (!event_text(sigs, "sha256", &sha)) {
		*differ = true;
		return;
	}
	*differ |= *any && strcmp(s->sig_sha256, sha) != 0;
	*any = true;
	s->sig_sha256 = sha;
	s->sig_n = 0;
	add(sigs, "n", &s->sig_n);
}

void merge_add_up(const struct merge *m, struct merge_sums *s)
{
	bool any = false, differ = false;

	memset(s, 0, sizeof(*s));
	for (uint32_t i = 0; i < m->n_runs; i++) {
		const struct merge_run *r = &m->run[i];
		struct json_object *run = r->log.run, *o;

		if (!counts(r) || !run)
			continue;
		for (uint32_t k = 0; k < r->log.n_inputs; k++) {
			s->packets += r->twice[k] ? 0 : r->log.input[k].packets;
			s->inputs_twice += r->twice[k];
		}
		add(run, "bytes", &s->bytes);
		add(run, "flows", &s->flows);
		o = event_object(run, "tampering");
		for (int st = STAGE_POST_SYN; st < STAGE_N; st++)
			add(o, flow_stage_name((enum flow_stage)st), &s->stage[st]);
		add(o, "none", &s->stage[STAGE_NONE]);
		for (size_t k = 0; k < ARRAY_LEN(lost_key); k++)
			add(event_object(run, "lost"), lost_key[k], &s->lost[k]);
		for (size_t k = 0; k < ARRAY_LEN(odd_key); k++)
			add(event_object(run, "summary"), odd_key[k], &s->odd[k]);
		add_signatures(run, s, &any, &differ);
	}
	if (differ)
		s->sig_sha256 = NULL;
	for (size_t i = 0; i < m->n_findings; i++) {
		s->grades[m->finding[i].f->grade]++;
		for (int t = 0; t < TECH_N; t++)
			s->findings[t] += m->finding[i].f->techniques >> t & 1;
	}
}

/* --- findings --- */

static void set_country(struct json_object *flow, const char *end, merge_place *place, void *arg)
{
	struct json_object *e = event_object(flow, end);
	const char *ip;
	char country[3];

	if (!e)
		return;
	json_object_object_del(e, "country"); /* another database's word */
	if (event_text(e, "ip", &ip) && place(arg, ip, country))
		json_object_object_add(e, "country", json_object_new_string(country));
}

static void put_finding(struct json *j, const struct merge_finding *f, merge_place *place,
			void *arg)
{
	struct json_object *e = json_tokener_parse(f->f->line); /* was read once already */
	struct json_object *src = event_object(e, "src"), *flow = event_object(e, "flow");

	if (src)
		json_object_object_add(src, "file", json_object_new_string(f->label));
	if (place && flow) {
		set_country(flow, "orig", place, arg);
		set_country(flow, "resp", place, arg);
	}
	json_copy(j, NULL, e);
	json_end_line(j);
	json_object_put(e);
}

/* --- the run --- */

static void put_inputs(struct json *j, const struct merge *m)
{
	json_open(j, "inputs", '[');
	for (uint32_t i = 0; i < m->n_runs; i++) {
		const struct merge_run *r = &m->run[i];

		for (uint32_t k = 0; counts(r) && k < r->log.n_inputs; k++) {
			const struct event_input *in = &r->log.input[k];

			if (r->twice[k])
				continue;
			json_open(j, NULL, '{');
			json_str(j, "file", r->label[k], strlen(r->label[k]));
			json_word(j, "sha256", in->sha256);
			json_uint(j, "packets", in->packets);
			json_word(j, "state", in->state);
			json_word(j, "why", in->why);
			json_close(j, '}');
		}
	}
	json_close(j, ']');
}

/* Each run's list; equal ones of several runs are not added up. */
static void put_undecoded(struct json *j, const struct merge *m)
{
	json_open(j, "undecoded", '[');
	for (uint32_t i = 0; i < m->n_runs; i++) {
		const struct merge_run *r = &m->run[i];
		struct json_object *list =
			counts(r) && r->log.run ? event_list(r->log.run, "undecoded") : NULL;
		size_t n = list ? json_object_array_length(list) : 0;

		for (size_t k = 0; k < n && k < RUN_UNDECODED_MAX; k++)
			json_copy(j, NULL, json_object_array_get_idx(list, k));
	}
	json_close(j, ']');
}

static void put_counts(struct json *j, const struct merge_sums *s)
{
	json_uint(j, "packets", s->packets);
	json_uint(j, "bytes", s->bytes);
	json_uint(j, "flows", s->flows);
	json_open(j, "tampering", '{');
	for (int st = STAGE_POST_SYN; st < STAGE_N; st++)
		json_uint(j, flow_stage_name((enum flow_stage)st), s->stage[st]);
	json_uint(j, "none", s->stage[STAGE_NONE]);
	json_close(j, '}');
	json_open(j, "findings", '{');
	for (int t = 0; t < TECH_N; t++)
		if (s->findings[t])
			json_uint(j, technique_name((enum technique)t), s->findings[t]);
	json_close(j, '}');
	json_open(j, "lost", '{');
	for (size_t k = 0; k < ARRAY_LEN(lost_key); k++)
		json_uint(j, lost_key[k], s->lost[k]);
	json_close(j, '}');
}

void json_run_geo(struct json *j, const struct run_geo *g)
{
	char text[64];

	if (!g->known)
		return;
	text_hex(text, g->sha256, sizeof(g->sha256));
	json_open(j, "geo", '{');
	json_word(j, "name", g->name);
	json_word(j, "date", g->date);
	json_str(j, "sha256", text, sizeof(text));
	json_close(j, '}');
}

static void put_run(struct json *j, const struct merge_run *r)
{
	const char *version = NULL, *sha = NULL;
	struct json_object *geo = r->log.run ? event_object(r->log.run, "geo") : NULL;

	json_open(j, NULL, '{');
	json_str(j, "file", r->file, strlen(r->file));
	json_word(j, "sha256", r->log.sha256);
	json_word(j, "state", event_log_state_name(r->log.state));
	json_word(j, "use", merge_use_name(r->use));
	if (r->log.run && event_text(event_object(r->log.run, "tool"), "version", &version))
		json_word(j, "version", version);
	if (r->log.run && event_text(event_object(r->log.run, "signatures"), "sha256", &sha))
		json_word(j, "signatures", sha);
	if (geo)
		json_copy(j, "geo", geo);
	json_uint(j, "lines", r->log.n_lines);
	json_uint(j, "inputs", r->log.n_inputs);
	json_uint(j, "devices", r->log.n_devices);
	if (r->log.n_bad) {
		json_uint(j, "bad_lines", r->log.n_bad);
		json_uint(j, "first_bad_line", r->log.first_bad);
	}
	if (r->log.n_other)
		json_uint(j, "other_events", r->log.n_other);
	if (r->log.n_left_out)
		json_uint(j, "left_out", r->log.n_left_out);
	if (r->findings_twice)
		json_uint(j, "findings_twice", r->findings_twice);
	if (r->devices_twice)
		json_uint(j, "devices_twice", r->devices_twice);
	json_close(j, '}');
}

void json_merged_runs(struct json *j, const struct merge *m)
{
	json_open(j, "runs", '[');
	for (uint32_t i = 0; i < m->n_runs; i++)
		put_run(j, &m->run[i]);
	json_close(j, ']');
}

static void put_merged(struct json *j, const struct merge *m, const struct merge_sums *s)
{
	json_open(j, "merged", '{');
	json_merged_runs(j, m);
	json_open(j, "devices", '[');
	for (size_t i = 0; i < m->n_devices; i++) {
		json_open(j, NULL, '{');
		json_word(j, "id", m->device[i].d.id);
		json_open(j, "from", '[');
		for (uint32_t k = 0; k < m->device[i].n_members; k++) {
			json_open(j, NULL, '{');
			json_word(j, "run", m->run[m->device[i].member[k].run_i].log.sha256);
			json_word(j, "id", m->device[i].member[k].id);
			json_close(j, '}');
		}
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
	json_uint(j, "inputs_twice", s->inputs_twice);
	json_uint(j, "devices_lost", m->devices_lost);
	json_close(j, '}');
}

void json_merge(FILE *f, const struct merge *m, merge_place *place, void *arg,
		const struct run_geo *geo)
{
	struct json j = {.f = f};
	struct merge_sums s;

	merge_add_up(m, &s);
	for (size_t i = 0; i < m->n_findings; i++)
		put_finding(&j, &m->finding[i], place, arg);
	for (size_t i = 0; i < m->n_devices; i++)
		json_device(&j, &m->device[i].d);
	json_run(&j);
	if (s.sig_sha256) {
		json_open(&j, "signatures", '{');
		json_word(&j, "sha256", s.sig_sha256);
		json_uint(&j, "n", s.sig_n);
		json_close(&j, '}');
	}
	put_inputs(&j, m);
	put_counts(&j, &s);
	put_undecoded(&j, m);
	json_open(&j, "summary", '{');
	json_open(&j, "grades", '{');
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++)
		json_uint(&j, grade_name((enum grade)g), s.grades[g]);
	json_close(&j, '}');
	for (size_t k = 0; k < ARRAY_LEN(odd_key); k++)
		json_uint(&j, odd_key[k], s.odd[k]);
	json_uint(&j, "devices", m->n_devices);
	json_close(&j, '}');
	json_run_geo(&j, geo);
	put_merged(&j, m, &s);
	json_close(&j, '}');
	json_end_line(&j);
}
