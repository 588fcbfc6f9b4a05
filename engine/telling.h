/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TELLING_H
#define WP_TELLING_H

#include "app/app_ndpi.h"
#include "around.h"
#include "detect/detect.h"
#include "engine.h"

/* From a flow's facts to what the hooks are told: the flow record, the cases, the judged findings
 * and their revisions. */
struct telling;

/* Who is told, in the order in which it is decided. Everything given is a loan for the call. */
struct telling_to {
	void *arg;
	/* `last`: this is its last revision, and counts; `news`: it was not told like this before. */
	void (*finding)(void *arg, const struct finding *f, const char *file, bool last, bool news);
	/* Every flow that is over, after its findings; with want_flows it has been named. */
	void (*flow)(void *arg, const struct flow_record *r, const char *file);
};

/* Of the hooks only on_case is called. Counts go into *run. */
struct telling *telling_new(const struct sig_set *sigs, const struct engine_hooks *hooks,
			    const struct engine_config *cfg, struct run_summary *run,
			    const struct telling_to *to);
void telling_free(struct telling *t);
/* From now on judges by these; what is told stands until it is judged again. False, and as before, when out of memory. */
MUST_CHECK bool telling_signatures(struct telling *t, const struct sig_set *sigs);
/* Who names applications; a loan. */
void telling_ndpi(struct telling *t, struct app_ndpi *n);
/* A new series begins: what is known across its flows and its watermark, loans until the next call. Frames cut in earlier ones count no more. */
void telling_series(struct telling *t, const struct around *around, const int64_t *now_ns);

/* What was told of this flow's cases of one kind; lives with the flow. NULL without memory, which is counted. */
struct told *telling_told(struct telling *t, struct flow *f, enum ev_case kind);
/* Judges cases that are complete in themselves (a DNS transaction), again when more has come;
 * `told` remembers what was said. */
void telling_cases(struct telling *t, const struct flow *f, const struct trigger *trigger,
		   struct case_list *cases, struct told *told, bool last, enum capture_point point);
/* The flow is over: counts it, judges it, tells it. */
void telling_flow_end(struct telling *t, struct flow *f, int64_t watermark_ns,
		      enum capture_point point);
/* Follow mode: the flow is under suspicion since `now_ns`; it will be judged when it has settled,
 * and again at its end. */
void telling_suspect(struct telling *t, struct flow *f, int64_t now_ns);
/* Follow mode: judges every suspected flow whose suspicion began at or before `until_ns`. */
void telling_settle(struct telling *t, int64_t until_ns, enum capture_point point);
/* cases or findings for which there was no memory */
uint64_t telling_lost(const struct telling *t);

#endif
