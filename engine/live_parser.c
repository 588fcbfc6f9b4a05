/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test runs it as a process */
#include "live_parser.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "heap.h"
#include "metrics.h"
#include "rights.h"

static void on_finding(void *arg, const struct finding *f, const char *file)
{
	struct live_run *r = arg;

	r->ops->finding(r->sink, f, file);
	live_lines_commit(r->lines);
}

static void on_flow(void *arg, const struct flow_record *rec, const char *file)
{
	struct live_run *r = arg;

	r->ops->flow(r->sink, rec, file);
	live_lines_commit(r->lines);
}

static void snapshot(struct live_run *r, const struct run_summary *so_far)
{
	struct run_summary now = *so_far;

	now.lost.output = live_lines_lost(r->lines);
	metrics_write(live_lines_stream(r->metrics), &now);
	fputs(KEEPER_SNAPSHOT_END, live_lines_stream(r->metrics));
	live_lines_commit(r->metrics);
}

/* A pipe that is full is read by nobody: what would it help to wait? */
static void say(const struct live_run *r, enum live_status what)
{
	char c = (char)what;

	if (write(r->says, &c, 1) != 1)
		return;
}

static void take_reload(struct live_run *r, struct engine *e, struct live_order *o)
{
	if (o->sigs && !engine_signatures(e, o->sigs)) {
		sig_set_free(o->sigs);
		o->sigs = NULL;
		(void)err_set(&o->err, "out of memory"); /* always false */
	}
	if (!o->sigs) {
		cmd_complain("live", "reload: the old signatures stay: %s", o->err.text);
		say(r, LIVE_KEPT);
		return;
	}
	sig_set_free(r->sigs);
	r->sigs = o->sigs;
	r->metrics_s = o->metrics_s;
	r->next_metrics.tv_sec = 0;
	cmd_complain("live", "reload: %zu signatures in use", sig_set_n(r->sigs));
	say(r, LIVE_TAKEN);
}

static void on_tick(void *arg, struct engine *e, const struct run_summary *so_far)
{
	struct live_run *r = arg;
	struct live_order order;
	struct timespec now;

	switch (live_orders_next(&r->orders, &order)) {
	case ORDERS_RELOAD:
		take_reload(r, e, &order);
		return; /* so_far speaks of the old ones */
	case ORDERS_STOP:
		*r->stop = 1;
		break;
	default:
		break;
	}
	/* Nobody reads the results any more: there is nothing left to do. */
	if (!live_lines_push(r->lines)) {
		*r->stop = 1;
		r->status = EXIT_OUTPUT;
	}
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return;
	if (now.tv_sec >= r->next_turn.tv_sec) {
		say(r, LIVE_TURN);
		r->next_turn.tv_sec = now.tv_sec + 1;
	}
	if ((r->keep.metrics_path || r->keep.metrics_listen) &&
	    now.tv_sec >= r->next_metrics.tv_sec) {
		snapshot(r, so_far);
		r->next_metrics.tv_sec = now.tv_sec + r->metrics_s;
	}
}

static bool on_ready(void *arg, const char *note)
{
	struct live_run *r = arg;
	struct err_info err;

	if (*note)
		cmd_complain("live", "%s", note);
	if (rights_parser(r->user, &err)) {
		cmd_complain("live", "listening at %s", r->live.device);
		say(r, LIVE_LISTENING);
		return true;
	}
	cmd_complain("live", "rights cannot be given up: %s", err.text);
	return false;
}

static void on_input(void *arg, const struct run_input *in)
{
	struct live_run *r = arg;
	char why[512];

	if (in->state == INPUT_WHOLE)
		return;
	text_terminal(why, sizeof(why), in->why, strlen(in->why));
	cmd_complain("live", "%s: %s", r->live.device, why);
	r->status = in->state == INPUT_REFUSED ? EXIT_REFUSED : EXIT_LOSSY;
}

int live_parse(struct live_run *r, const struct live_pipes *to)
{
	enum { DRAIN_MS = 5000 };
	struct engine_hooks hooks = {.arg = r,
				     .on_finding = on_finding,
				     .on_flow = on_flow,
				     .on_ready = on_ready,
				     .on_tick = on_tick,
				     .on_input = on_input};
	struct run_summary summary;
	struct err_info err;

	heap_long_run();
	r->sigs = cmd_collection("live", &r->dirs);
	if (!r->sigs)
		return EXIT_USAGE;
	r->orders = (struct live_orders){.fd = to->orders};
	r->says = to->status;
	r->lines = live_lines_new(to->lines, LIMIT_LIVE_LINES_BYTES);
	r->metrics = live_lines_new(to->metrics, LIMIT_LIVE_METRICS_BYTES);
	if (!r->lines || !r->metrics ||
	    !r->ops->open(&r->sink, live_lines_stream(r->lines), &r->sink_opts, &err)) {
		cmd_complain("live", "out of memory");
		return EXIT_REFUSED;
	}
	if (!engine_run(&r->cfg, r->sigs, &r->live.device, 1, &hooks, &summary, &err)) {
		cmd_complain("live", "%s", err.text);
		r->status = EXIT_REFUSED;
	}
	live_lines_drain(r->lines, DRAIN_MS);
	summary.lost.output = live_lines_lost(r->lines);
	if (r->keep.metrics_path || r->keep.metrics_listen)
		snapshot(r, &summary);
	/* A stream in memory: it has taken everything, or the queue has counted it. */
	(void)r->ops->end(r->sink, &summary, &err);
	live_lines_commit(r->lines);
	live_lines_drain(r->lines, DRAIN_MS);
	live_lines_drain(r->metrics, DRAIN_MS);
	r->ops->close(r->sink);
	live_lines_free(r->lines);
	live_lines_free(r->metrics);
	run_summary_free(&summary);
	live_orders_fini(&r->orders);
	sig_set_free(r->sigs);
	return r->status;
}
