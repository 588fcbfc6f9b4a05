/* SPDX-License-Identifier: BSD-3-Clause */
#include "telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "flow_told.h"
#include "kin/place.h"
#include "naming.h"

/* An injector may outrun the trigger by this much, METHODS a.5. */
static const int64_t race_ns = INT64_C(200) * 1000000;

/* Suspected flows that wait to be judged early; when full the flow is judged only at its end. */
enum { WAITING_MAX = 4096 };

struct waiting {
	int64_t since_ns;
	struct flow *f; /* NULL: ended meanwhile */
};

struct telling {
	const struct sig_set *sigs;
	const struct engine_hooks *hooks;
	const struct engine_config *cfg;
	struct run_summary *run;
	struct around around;
	const int64_t *now_ns;
	struct app_ndpi *ndpi;
	uint64_t lost;
	struct telling_to to;
	struct sig_result *result; /* room for every signature */
	struct waiting waiting[WAITING_MAX];
	/* ring; the delay is the same for all, so it is in order of time */
	uint32_t head, n_waiting;
	uint64_t truncated_before; /* of run->lost.truncated: in earlier series */
};

bool telling_signatures(struct telling *t, const struct sig_set *sigs)
{
	struct sig_result *result = calloc(sig_set_n(sigs) + 1, sizeof(*result));

	if (!result)
		return false;
	free(t->result);
	t->result = result;
	t->sigs = sigs;
	return true;
}

struct telling *telling_new(const struct sig_set *sigs, const struct engine_hooks *hooks,
			    const struct engine_config *cfg, struct run_summary *run,
			    const struct telling_to *to)
{
	struct telling *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct telling){.hooks = hooks, .cfg = cfg, .run = run, .to = *to};
	if (!telling_signatures(t, sigs)) {
		telling_free(t);
		return NULL;
	}
	return t;
}

void telling_free(struct telling *t)
{
	if (!t)
		return;
	free(t->result);
	free(t);
}

void telling_series(struct telling *t, const struct around *around, const int64_t *now_ns)
{
	t->around = *around;
	t->now_ns = now_ns;
	t->truncated_before = t->run->lost.truncated;
}

void telling_ndpi(struct telling *t, struct app_ndpi *n)
{
	t->ndpi = n;
}

/* The input whose frame numbers the flow's are: with one series over several, not the one being
 * read. */
static const char *file_of(const struct telling *t, const struct flow_record *r)
{
	return t->run->input[r->input_i].file;
}

uint64_t telling_lost(const struct telling *t)
{
	return t->lost;
}

static int64_t frame_time(const struct flow *f, uint64_t frame_no)
{
	const struct seg *s = flow_seg(f, frame_no);

	return s ? s->ts_ns : f->first_ns;
}

static void tell_cases(struct telling *t, const struct flow_record *r,
		       struct evidence *const *cases, uint32_t n)
{
	if (!t->hooks->on_case)
		return;
	for (uint32_t i = 0; i < n; i++) {
		size_t k = match_case(t->sigs, cases[i], r->first_ns, t->result);

		t->hooks->on_case(t->hooks->arg, r, cases[i], t->result, k, file_of(t, r));
	}
}

/* Has anything changed since this was told last? */
static uint64_t finding_digest(const struct finding *f)
{
	static const struct hash_key key = {7, 11};
	uint64_t h = keyhash(&key, f->frame, f->n_frames * sizeof(f->frame[0]));

	h = h * 31 + keyhash(&key, f->injected, f->n_injected * sizeof(f->injected[0]));
	for (uint32_t i = 0; i < f->n_matches; i++)
		h = h * 31 + keyhash(&key, f->match[i].r.sig->id, strlen(f->match[i].r.sig->id));
	return h * 31 + ((uint64_t)f->techniques << 8 | f->grade);
}

/* The same with every number that the finding shows: the last word on a flow that went on after it was judged early must be
 * what a replay of the file says. */
static uint64_t shown_digest(const struct finding *f)
{
	static const struct hash_key key = {13, 17};
	uint64_t h = finding_digest(f);

	h = h * 31 + keyhash(&key, f->flow.tampering, strlen(f->flow.tampering));
	h = h * 31 + keyhash(&key, f->flow.history, strlen(f->flow.history));
	h = h * 31 + ((uint64_t)f->flow.stage << 48 ^ f->flow.lost << 2 ^
		      (uint64_t)f->flow.truncated << 1 ^ f->flow.one_sided);
	h = h * 31 +
	    keyhash(&key, f->controls.frame, f->controls.n_frames * sizeof(f->controls.frame[0]));
	h = h * 31 + ((uint64_t)f->controls.ok << 32 ^ f->controls.failed);
	h = h * 31 + ((uint64_t)f->aimed_control << 32 ^ f->aimed_repeat);
	h = h * 31 + ((uint64_t)f->residual.ns ^ (uint64_t)f->residual.most_ns << 1);
	for (uint32_t c = 0; c < f->n_cases; c++)
		for (size_t i = 0; i < evidence_n(f->cases[c]); i++) {
			const struct ev_value *v = evidence_at(f->cases[c], i);

			h = h * 31 + ((uint64_t)v->feat << 32 ^ (uint64_t)v->num);
			h = h * 31 + keyhash(&key, v->frame, v->n_frames * sizeof(v->frame[0]));
			for (uint32_t k = 0; k < v->n_text; k++)
				h = h * 31 + keyhash(&key, v->text[k], strlen(v->text[k]));
		}
	return h;
}

static void tell_finding(struct telling *t, const struct flow *f, struct finding *fd,
			 struct told *told, bool last)
{
	const uint64_t *suspect;
	uint64_t digest;
	size_t n = evidence_suspects(fd->cases[0], &suspect);
	bool news;

	fd->ts_ns = n ? frame_time(f, suspect[0]) : f->first_ns;
	place_finding(fd);
	around_finding(&t->around, f, *t->now_ns, fd);
	digest = t->cfg->follow ? shown_digest(fd) : finding_digest(fd);
	if (last) {
		for (int k = 0; k < TECH_N; k++)
			t->run->findings[k] += fd->techniques >> k & 1;
		t->run->findings_by_grade[fd->grade]++;
	}
	news = !told || !told->rev || told->digest != digest;
	fd->rev = (told ? told->rev : 0) + news;
	if (told) {
		told->rev = fd->rev;
		told->digest = digest;
	}
	if (last || news)
		t->to.finding(t->to.arg, fd, file_of(t, &fd->flow), last, news);
}

/* What was told and no longer holds: a revision without techniques or grade. */
static void tell_withdrawn(struct telling *t, struct finding *fd, struct told *told)
{
	fd->rev = ++told->rev;
	told->digest = 0;
	t->to.finding(t->to.arg, fd, file_of(t, &fd->flow), false, true);
}

static void judge(struct telling *t, const struct flow *f, const struct flow_record *r,
		  struct evidence *const *cases, uint32_t n, struct told *told, bool last)
{
	struct finding *fd;
	struct ndpi_app app;

	for (uint32_t i = 0; i < n; i++) {
		const char *point = capture_point_name(r->point);

		evidence_put_text(cases[i], FEAT_CAPTURE_POINT, point, strlen(point), 0);
		evidence_put(cases[i], FEAT_CAPTURE_TRUNCATED,
			     t->run->lost.truncated > t->truncated_before, NULL, 0);
		around_case(&t->around, f, *t->now_ns, cases[i]);
	}
	tell_cases(t, r, cases, n);
	fd = malloc(sizeof(*fd));
	if (!fd) {
		t->lost++;
		return;
	}
	if (finding_make(t->sigs, r, (const struct evidence *const *)cases, n, fd)) {
		if (naming_look(t->ndpi, f, NAMING_FOUND, &app))
			naming_record(&app, NULL, &fd->flow);
		tell_finding(t, f, fd, told, last);
		around_remember(&t->around, f, fd);
	} else if (told && told->rev && told->digest) {
		finding_none(r, (const struct evidence *const *)cases, n, fd);
		tell_withdrawn(t, fd, told);
	}
	free(fd);
}

void telling_cases(struct telling *t, const struct flow *f, const struct trigger *trigger,
		   struct case_list *cases, struct told *told, bool last, enum capture_point point)
{
	struct flow_record r;

	flow_record_of(t->cfg->geo, f, trigger, point, &r);
	if (!r.app[0])
		memcpy(r.app, "DNS", 4);
	if (!r.udp)
		r.stage = detect_tampering(f, f->last_ns, r.tampering);
	judge(t, f, &r, cases->at, cases->n, told, last);
}

/* The trigger told is the one the detector named, else the one that came before the act. */
static const struct trigger *trigger_of(const struct flow *f, const struct evidence *ev)
{
	const struct ev_value *kind = evidence_get(ev, FEAT_TRIGGER_KIND);
	const uint64_t *suspect;

	for (uint32_t i = 0; kind && kind->n_frames && i < f->n_triggers; i++)
		if (f->trigger[i].last_frame == kind->frame[0])
			return &f->trigger[i];
	if (!evidence_suspects(ev, &suspect))
		return NULL;
	return trigger_before(f, frame_time(f, suspect[0]), race_ns);
}

struct told *telling_told(struct telling *t, struct flow *f, enum ev_case kind)
{
	if (!f->told && !(f->told = calloc(FLOW_TOLD_KINDS, sizeof(*f->told))))
		t->lost++; /* every revision is told as the first then */
	return f->told ? &f->told[kind] : NULL;
}

/* All cases of one kind speak of one act; each kind is a finding of its own. */
static void judge_flow(struct telling *t, struct flow *f, enum capture_point point, bool last)
{
	struct case_list cases = {0};
	struct ndpi_app app = {.n_frames = 0};

	detect_flow(f, &cases);
	t->lost += cases.lost;
	if (cases.n && naming_look(t->ndpi, f, NAMING_SUSPECT, &app))
		for (uint32_t i = 0; i < cases.n; i++)
			naming_evidence(&app, cases.at[i]);
	for (int kase = CASE_ANY + 1; kase < CASE_N; kase++) {
		struct evidence *same[CASES_MAX];
		const struct trigger *g;
		struct flow_record r;
		uint32_t n = 0;

		for (uint32_t i = 0; i < cases.n; i++)
			if (evidence_case(cases.at[i]) == (enum ev_case)kase)
				same[n++] = cases.at[i];
		if (!n)
			continue;
		g = trigger_of(f, same[0]);
		flow_record_of(t->cfg->geo, f, g, point, &r);
		naming_record(&app, g, &r);
		r.stage = detect_tampering(f, f->last_ns, r.tampering);
		for (uint32_t i = 0; r.stage == STAGE_POST_PSH && i < n; i++)
			detect_first_words(f, same[i]);
		judge(t, f, &r, same, n, telling_told(t, f, (enum ev_case)kase), last);
	}
	case_list_free(&cases);
}

void telling_flow_end(struct telling *t, struct flow *f, int64_t watermark_ns,
		      enum capture_point point)
{
	struct flow_record r;

	t->lost += f->conflicts_lost;
	for (uint32_t i = 0; t->n_waiting && i < t->n_waiting; i++)
		if (t->waiting[(t->head + i) % WAITING_MAX].f == f)
			t->waiting[(t->head + i) % WAITING_MAX].f = NULL;
	flow_record_of(t->cfg->geo, f, f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL, point,
		       &r);
	r.stage = detect_tampering(f, watermark_ns, r.tampering);
	if (!r.udp)
		t->run->stage[r.stage]++;
	if (flow_is_mirrored(f))
		t->run->duplicates += f->dup_ordinary;
	if (f->suspicion)
		judge_flow(t, f, point, true);
	if (t->cfg->want_flows)
		naming_flow(t->ndpi, f, &r);
	t->to.flow(t->to.arg, &r, file_of(t, &r));
}

void telling_suspect(struct telling *t, struct flow *f, int64_t now_ns)
{
	/* A flow waits once; what comes later is in its last revision. */
	if (f->waits || t->n_waiting == WAITING_MAX)
		return;
	f->waits = true;
	t->waiting[(t->head + t->n_waiting++) % WAITING_MAX] = (struct waiting){now_ns, f};
}

void telling_settle(struct telling *t, int64_t until_ns, enum capture_point point)
{
	/* Flows that ended meanwhile hold nobody up: they may be of an earlier input with later
	 * times. */
	while (t->n_waiting &&
	       (!t->waiting[t->head].f || t->waiting[t->head].since_ns <= until_ns)) {
		struct flow *f = t->waiting[t->head].f;

		t->head = (t->head + 1) % WAITING_MAX;
		t->n_waiting--;
		if (!f)
			continue;
		f->waits = false;
		judge_flow(t, f, point, false);
	}
}
