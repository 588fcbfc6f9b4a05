/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON lines, `wallprint.event/1`: the contract is docs/ARCHITECTURE.md, "The output contract".
 * Unknown is absent, never 0. Key order is fixed, so that two runs can be compared byte by byte.
 * long: the output contract, whole, in one place */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sink/ip.h"
#include "sink/json.h"
#include "sink/json_device.h"
#include "sink/outage_out.h"
#include "sink/sink.h"

struct sink {
	struct json j;
	int error; /* errno of the first write that failed; 0 none */
};

static bool jsonl_open(struct sink **out, FILE *f, const struct sink_options *opts,
		       struct err_info *err)
{
	(void)opts; /* JSON lines look the same everywhere */
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_set(err, "out of memory");
	(*out)->j.f = f;
	return true;
}

static void put_time(struct json *j, const char *key, int64_t ns)
{
	char at[TEXT_TIME_SIZE];

	json_word(j, key, text_time(ns, at));
}

static void put_frames(struct json *j, const char *key, const uint64_t *frame, uint32_t n)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; i < n; i++)
		json_uint(j, NULL, frame[i]);
	json_close(j, ']');
}

static void put_end(struct json *j, const char *key, const struct flow_end *e)
{
	char ip[SINK_IP_MAX];

	json_open(j, key, '{');
	json_word(j, "ip", sink_ip(e->addr, ip));
	json_uint(j, "port", e->port);
	json_word(j, "country", e->country);
	json_close(j, '}');
}

static void put_flow(struct json *j, const struct flow_record *r)
{
	json_open(j, "flow", '{');
	json_word(j, "id", r->id);
	json_word(j, "proto", r->udp ? "udp" : "tcp");
	put_end(j, "orig", &r->orig);
	put_end(j, "resp", &r->resp);
	json_word(j, "history", r->history);
	json_word(j, "stage",
		  r->stage != STAGE_NONE ? flow_stage_name(r->stage)
		  : r->stage_known       ? "none"
					 : NULL);
	json_word(j, "tampering", r->tampering);
	json_word(j, "app", r->app);
	json_close(j, '}');
}

static void put_trigger(struct json *j, const struct flow_record *r)
{
	if (r->trigger == TRIGGER_NONE)
		return;
	json_open(j, "trigger", '{');
	json_word(j, "kind", trigger_kind_name(r->trigger));
	if (r->trigger_len)
		json_str(j, "value", r->trigger_value, r->trigger_len);
	if (r->trigger_frame)
		json_uint(j, "frame", r->trigger_frame);
	json_close(j, '}');
}

static void put_quality(struct json *j, const struct flow_record *r)
{
	json_open(j, "quality", '{');
	json_word(j, "capture_point", capture_point_name(r->point));
	json_bool(j, "one_sided", r->one_sided);
	json_bool(j, "truncated", r->truncated);
	json_uint(j, "lost", r->lost);
	json_close(j, '}');
}

static void put_value(struct json *j, const struct ev_value *v, uint32_t case_i, bool several)
{
	const struct feat_info *fi = feat_info(v->feat);

	json_open(j, NULL, '{');
	json_word(j, "feature", fi->name);
	if (fi->unit == UNIT_YESNO) {
		json_bool(j, "value", v->num != 0);
	} else if (!v->n_text) {
		json_int(j, "value", v->num);
	} else if (v->n_text == 1) {
		json_str(j, "value", v->text[0], strlen(v->text[0]));
	} else {
		json_open(j, "value", '[');
		for (uint32_t i = 0; i < v->n_text; i++)
			json_str(j, NULL, v->text[i], strlen(v->text[i]));
		json_close(j, ']');
	}
	json_word(j, "unit", unit_name(fi->unit));
	if (fi->group != GROUP_NONE)
		json_word(j, "group", group_name(fi->group));
	if (v->n_frames)
		put_frames(j, "frames", v->frame, v->n_frames);
	if (several)
		json_uint(j, "case", case_i);
	json_close(j, '}');
}

static void put_evidence(struct json *j, const struct finding *f)
{
	json_open(j, "evidence", '[');
	for (uint32_t c = 0; c < f->n_cases; c++)
		for (size_t i = 0; i < evidence_n(f->cases[c]); i++)
			put_value(j, evidence_at(f->cases[c], i), c, f->n_cases > 1);
	json_close(j, ']');
}

static void put_terms(struct json *j, const struct term *t, uint32_t n, uint32_t mask)
{
	for (uint32_t i = 0; i < n; i++)
		if (mask >> i & 1)
			json_word(j, NULL, t[i].source);
}

static void put_matches(struct json *j, const struct finding *f)
{
	json_open(j, "matches", '[');
	for (uint32_t i = 0; i < f->n_matches; i++) {
		const struct sig_result *r = &f->match[i].r;
		const struct signature *s = r->sig;

		json_open(j, NULL, '{');
		json_word(j, "signature", s->id);
		json_uint(j, "rev", s->rev);
		json_open(j, "held", '[');
		put_terms(j, s->when, s->n_when, r->when_held);
		put_terms(j, s->supports, s->n_supports, r->supports_held);
		json_close(j, ']');
		json_open(j, "failed", '[');
		put_terms(j, s->supports, s->n_supports, r->supports_failed);
		json_close(j, ']');
		json_open(j, "unknown", '[');
		put_terms(j, s->supports, s->n_supports, r->supports_unknown);
		json_close(j, ']');
		if (r->unless_unknown_mask) { /* why the grade stops at anomaly */
			json_open(j, "unless_unknown", '[');
			put_terms(j, s->unless, s->n_unless, r->unless_unknown_mask);
			json_close(j, ']');
		}
		if (f->n_cases > 1)
			json_uint(j, "case", f->match[i].case_i);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Has an earlier match named this cause already? */
static bool cause_told(const struct finding *f, uint32_t match_i, uint32_t rival_i)
{
	const char *cause = f->match[match_i].r.sig->rival[rival_i].cause;

	for (uint32_t i = 0; i <= match_i; i++)
		for (uint32_t k = 0; k < (i == match_i ? rival_i : f->match[i].r.sig->n_rivals);
		     k++)
			if (!strcmp(f->match[i].r.sig->rival[k].cause, cause))
				return true;
	return false;
}

static void put_alternatives(struct json *j, const struct finding *f)
{
	json_open(j, "alternatives", '[');
	for (uint32_t i = 0; i < f->n_matches; i++)
		for (uint32_t k = 0; k < f->match[i].r.sig->n_rivals; k++) {
			const struct sig_rival *v = &f->match[i].r.sig->rival[k];

			/* What else an innocent look-alike could be is no alternative to the act.
			 */
			if (f->match[i].r.sig->kind == SIG_BENIGN || cause_told(f, i, k))
				continue;
			json_open(j, NULL, '{');
			json_word(j, "cause", v->cause);
			json_word(j, "tell", v->tell);
			json_close(j, '}');
		}
	json_close(j, ']');
}

/* An aim with several bases is told with the best one. */
static void put_aims(struct json *j, const struct finding *f)
{
	uint32_t aims = f->aimed_follows | f->aimed_control;

	if (!aims)
		return;
	json_open(j, "aimed_at", '[');
	for (; aims; aims &= aims - 1) {
		uint32_t t = (uint32_t)__builtin_ctz(aims);

		json_open(j, NULL, '{');
		json_word(j, "technique", technique_name((enum technique)t));
		json_word(j, "basis",
			  f->aimed_control >> t & 1  ? "control"
			  : f->aimed_repeat >> t & 1 ? "repeat"
						     : "follows");
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_techniques(struct json *j, const struct finding *f)
{
	json_open(j, "techniques", '[');
	for (uint32_t t = f->techniques; t; t &= t - 1)
		json_word(j, NULL, technique_name((enum technique)__builtin_ctz(t)));
	json_close(j, ']');
	put_aims(j, f);
}

/* What other flows tell; absent when there were none. */
static void put_around(struct json *j, const struct finding *f)
{
	static const int64_t second_ns = 1000000000;

	if (f->controls.ok || f->controls.failed) {
		json_open(j, "controls", '{');
		json_uint(j, "ok", f->controls.ok);
		json_uint(j, "failed", f->controls.failed);
		put_frames(j, "frames", f->controls.frame, f->controls.n_frames);
		json_close(j, '}');
	}
	if (!f->residual.tuple)
		return;
	json_open(j, "residual", '{');
	json_uint(j, "tuple", f->residual.tuple);
	json_int(j, "seconds", f->residual.ns / second_ns);
	json_bool(j, "at_least", !f->residual.most_ns);
	if (f->residual.most_ns)
		json_int(j, "at_most", f->residual.most_ns / second_ns + 1);
	json_close(j, '}');
}

/* Absent: the TTLs tell no distance. */
static void put_injector(struct json *j, const struct finding *f)
{
	if (!f->has_injector)
		return;
	json_open(j, "injector", '{');
	json_open(j, "hops_from_capture", '[');
	json_uint(j, NULL, f->injector_lo);
	json_uint(j, NULL, f->injector_hi);
	json_close(j, ']');
	json_close(j, '}');
}

static void jsonl_finding(struct sink *s, const struct finding *f, const char *file)
{
	struct json *j = &s->j;

	json_event(j, "finding");
	json_word(j, "id", f->id);
	json_uint(j, "rev", f->rev);
	put_time(j, "ts", f->ts_ns);
	json_open(j, "src", '{');
	json_str(j, "file", file, strlen(file));
	put_frames(j, "frames", f->frame, f->n_frames);
	if (f->frames_cut)
		json_bool(j, "frames_cut", true);
	json_close(j, '}');
	put_flow(j, &f->flow);
	put_trigger(j, &f->flow);
	put_techniques(j, f);
	/* An earlier revision said something; this one takes it back. */
	if (f->grade == GRADE_NONE)
		json_bool(j, "withdrawn", true);
	else
		json_word(j, "grade", grade_name(f->grade));
	put_frames(j, "injected", f->injected, f->n_injected);
	put_evidence(j, f);
	put_matches(j, f);
	put_alternatives(j, f);
	put_around(j, f);
	put_injector(j, f);
	put_quality(j, &f->flow);
	json_close(j, '}');
	json_end_line(j);
	if (fflush(j->f) && !s->error)
		s->error = errno;
}

static void jsonl_flow(struct sink *s, const struct flow_record *r, const char *file)
{
	struct json *j = &s->j;

	json_event(j, "flow");
	put_time(j, "ts", r->first_ns);
	put_time(j, "end", r->last_ns);
	json_open(j, "src", '{');
	json_str(j, "file", file, strlen(file));
	put_frames(j, "frames", (const uint64_t[]){r->first_frame, r->last_frame},
		   r->first_frame == r->last_frame ? 1 : 2);
	json_close(j, '}');
	put_flow(j, r);
	put_trigger(j, r);
	json_open(j, "packets", '{');
	json_uint(j, "orig", r->packets[0]);
	json_uint(j, "resp", r->packets[1]);
	json_close(j, '}');
	json_open(j, "bytes", '{');
	json_uint(j, "orig", r->bytes[0]);
	json_uint(j, "resp", r->bytes[1]);
	json_close(j, '}');
	put_quality(j, r);
	json_close(j, '}');
	json_end_line(j);
}

static void jsonl_devices(struct sink *s, const struct devices *ds)
{
	for (size_t i = 0; i < devices_n(ds); i++)
		json_device(&s->j, devices_at(ds, i));
}

static void jsonl_outages(struct sink *s, const struct outages *o)
{
	json_outages(&s->j, o);
}

static void put_hex(struct json *j, const char *key, const uint8_t *at, size_t n)
{
	char text[64];

	assert(n <= sizeof(text) / 2);
	text_hex(text, at, n);
	json_str(j, key, text, 2 * n);
}

static void put_lists(struct json *j, const struct run_summary *r)
{
	if (!r->n_lists)
		return;
	json_open(j, "blockpages", '[');
	for (uint32_t i = 0; i < r->n_lists; i++) {
		const struct run_list *l = &r->list[i];

		json_open(j, NULL, '{');
		json_str(j, "list", l->name, strlen(l->name));
		json_word(j, "format", l->format);
		put_hex(j, "sha256", l->sha256, sizeof(l->sha256));
		json_uint(j, "entries", l->n_entries);
		json_uint(j, "used", l->n_used);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_inputs(struct json *j, const struct run_summary *r)
{
	json_open(j, "inputs", '[');
	for (uint32_t i = 0; i < r->n_inputs; i++) {
		const struct run_input *in = &r->input[i];

		json_open(j, NULL, '{');
		json_str(j, "file", in->file, strlen(in->file));
		if (in->sha256_valid)
			put_hex(j, "sha256", in->sha256, sizeof(in->sha256));
		json_uint(j, "packets", in->packets);
		json_word(j, "state", input_state_name(in->state));
		json_word(j, "why", in->why);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_lost(struct json *j, const struct run_summary *r)
{
	json_open(j, "lost", '{');
	json_uint(j, "kernel", r->lost.kernel);
	json_uint(j, "ring", r->lost.ring);
	json_uint(j, "truncated", r->lost.truncated);
	json_uint(j, "undecoded", r->lost.undecoded);
	json_uint(j, "prefiltered", r->lost.prefiltered);
	json_uint(j, "evicted", r->lost.evicted);
	json_uint(j, "output", r->lost.output);
	json_close(j, '}');
	json_open(j, "undecoded", '[');
	for (uint32_t i = 0; i < r->n_undecoded; i++) {
		json_open(j, NULL, '{');
		json_uint(j, "linktype", r->undecoded[i].linktype);
		if (r->undecoded[i].ethertype)
			json_uint(j, "ethertype", r->undecoded[i].ethertype);
		json_word(j, "why", r->undecoded[i].why);
		json_uint(j, "n", r->undecoded[i].n);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "summary", '{');
	json_open(j, "grades", '{');
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++)
		json_uint(j, grade_name((enum grade)g), r->findings_by_grade[g]);
	json_close(j, '}');
	json_uint(j, "time_backwards", r->time_backwards);
	json_uint(j, "duplicates", r->duplicates);
	json_uint(j, "defrag_failed", r->defrag_failed);
	json_uint(j, "inspection_lost", r->inspection_lost);
	json_uint(j, "devices", r->devices);
	json_uint(j, "devices_left_out", r->devices_left_out);
	json_uint(j, "clock_steps", r->clock_steps);
	json_uint(j, "across_evicted", r->across_evicted);
	json_close(j, '}');
}

static void put_geo(struct json *j, const char *key, const struct run_geo *g)
{
	if (!g->known)
		return;
	json_open(j, key, '{');
	json_word(j, "name", g->name);
	json_word(j, "date", g->date);
	put_hex(j, "sha256", g->sha256, sizeof(g->sha256));
	json_close(j, '}');
}

static bool jsonl_end(struct sink *s, const struct run_summary *r, struct err_info *err)
{
	struct json *j = &s->j;

	json_run(j);
	json_open(j, "signatures", '{');
	put_hex(j, "sha256", r->sig_sha256, sizeof(r->sig_sha256));
	json_uint(j, "n", r->sig_n);
	json_close(j, '}');
	put_lists(j, r);
	put_inputs(j, r);
	json_uint(j, "packets", r->packets);
	json_uint(j, "bytes", r->bytes);
	json_uint(j, "flows", r->flows);
	json_open(j, "tampering", '{');
	for (int st = STAGE_POST_SYN; st < STAGE_N; st++)
		json_uint(j, flow_stage_name((enum flow_stage)st), r->stage[st]);
	json_uint(j, "none", r->stage[STAGE_NONE]);
	json_close(j, '}');
	json_open(j, "findings", '{');
	for (int t = 0; t < TECH_N; t++)
		if (r->findings[t])
			json_uint(j, technique_name((enum technique)t), r->findings[t]);
	json_close(j, '}');
	put_lost(j, r);
	put_geo(j, "geo", &r->geo);
	put_geo(j, "networks", &r->series.networks);
	if (r->series.known)
		json_series(j, &r->series.st, r->series.outages_left_out);
	json_close(j, '}');
	json_end_line(j);
	if (fflush(j->f) && !s->error)
		s->error = errno;
	if (!s->error && !ferror(j->f))
		return true;
	/* An earlier write may have failed inside stdio, which tells that it failed and no longer
	 * why. */
	return err_set(err, "output could not be written%s%s", s->error ? ": " : "",
		       s->error ? strerror(s->error) : "");
}

static void jsonl_close(struct sink *s)
{
	free(s);
}

const struct sink_ops sink_jsonl = {
	.name = "jsonl",
	.help = "one JSON object a line, for programs",
	.open = jsonl_open,
	.finding = jsonl_finding,
	.flow = jsonl_flow,
	.devices = jsonl_devices,
	.outages = jsonl_outages,
	.end = jsonl_end,
	.close = jsonl_close,
};
