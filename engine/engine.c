/* SPDX-License-Identifier: BSD-3-Clause */
/* One run: its inputs one after the other, from files or an interface, and the time that goes on between packets. What becomes of a
 * packet is in engine_series.c. These two are the only files that see every room. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine_live.h"
#include "engine_series.h"
#include "jobs.h"
#include "summary.h"
#include "teller.h"

enum { PROGRESS_EVERY = 65536 };

/* A pipe that is idle: packet time goes on with the clock, so that what was waited for is told. */
static void on_idle(struct engine *e)
{
	struct timespec now;
	int64_t idle_ns;

	if (!e->cfg->follow || clock_gettime(CLOCK_MONOTONIC, &now))
		return;
	idle_ns = (now.tv_sec - e->last_read.tv_sec) * INT64_C(1000000000) +
		  (now.tv_nsec - e->last_read.tv_nsec);
	telling_settle(e->telling, e->watermark_ns + idle_ns - SETTLE_NS,
		       vantage_judge(&e->vantage));
}

static void note_input(struct engine *e, const struct source *s, enum input_state state,
		       const struct err_info *err)
{
	struct run_input *in = &e->run->input[e->input_i];

	in->state = state;
	if (s) {
		struct source_stats st;

		source_stats(s, &st);
		in->packets = st.frames;
		in->bytes = st.bytes;
		e->run->lost.kernel += st.kernel_lost;
		e->run->lost.ring += st.ring_lost;
		e->run->lost.prefiltered += st.prefiltered;
		in->sha256_valid = st.sha256_valid;
		memcpy(in->sha256, st.sha256, sizeof(in->sha256));
	}
	if (state != INPUT_WHOLE) {
		size_t n = strnlen(err->text, sizeof(in->why) - 1);

		memcpy(in->why, err->text, n);
		in->why[n] = '\0';
	}
	if (e->hooks->on_input)
		e->hooks->on_input(e->hooks->arg, in);
}

static void progress(struct engine *e, const struct source *s)
{
	struct source_stats st;

	if (!e->hooks->on_progress)
		return;
	source_stats(s, &st);
	e->hooks->on_progress(e->hooks->arg, e->file, st.file_bytes, st.file_size,
			      e->packets_before + e->run->packets);
}

static void read_input(struct engine *e, struct source *s)
{
	struct err_info err = {{0}};
	uint64_t next_progress = e->run->packets + PROGRESS_EVERY;
	struct batch b;

	for (;;) {
		enum source_got got =
			e->cfg->live ? live_next(e, s, &b, &err) : source_next(s, &b, &err);

		switch (got) {
		case SOURCE_FRAMES:
			e->linktype = b.linktype;
			for (uint32_t i = 0; i < b.n; i++)
				series_frame(e, &b.frame[i]);
			if (e->cfg->follow)
				/* cannot fail for this clock */
				(void)clock_gettime(CLOCK_MONOTONIC, &e->last_read);
			if (e->run->packets >= next_progress) {
				progress(e, s);
				next_progress = e->run->packets + PROGRESS_EVERY;
			}
			if (e->cfg->live)
				live_turn(e);
			continue;
		case SOURCE_IDLE:
			if (e->cfg->live)
				live_turn(e);
			else
				on_idle(e);
			continue;
		case SOURCE_END:
			note_input(e, s, INPUT_WHOLE, &err);
			return;
		case SOURCE_CUT:
			note_input(e, s, INPUT_CUT, &err);
			return;
		default:
			note_input(e, s, INPUT_FAILED, &err);
			return;
		}
	}
}

static bool open_input(struct engine *e, const char *name, struct err_info *why)
{
	struct err_info note;

	if (!e->cfg->live)
		return source_open(&e->source, name, NULL, why);
	if (!source_live_open(&e->source, e->cfg->live, &note, why))
		return false;
	/* Behind on_ready no library can be loaded. Without it applications stay unnamed. */
	if (!app_ndpi_prepare(e->ndpi) && app_ndpi_missing(e->ndpi))
		app_ndpi_warn();
	if (!e->hooks->on_ready || e->hooks->on_ready(e->hooks->arg, note.text))
		return true;
	source_close(e->source);
	return err_set(why, "stopped before the first packet");
}

bool engine_input(struct engine *e, const char *name, uint32_t input_i, struct err_info *err)
{
	bool goes_on = e->cfg->one_series && e->defrag;
	struct err_info why = {{0}};

	e->input_i = input_i;
	e->file = e->run->input[input_i].file;
	if (!open_input(e, name, &why)) {
		note_input(e, NULL, INPUT_REFUSED, &why);
		return true;
	}
	if (!goes_on && !series_new(e, err)) {
		source_close(e->source);
		return false;
	}
	e->frame_base = e->cfg->one_series ? e->frame_base + e->last_no : 0;
	e->last_no = 0;
	read_input(e, e->source);
	source_close(e->source);
	if (!e->cfg->one_series) {
		flow_table_end_all(e->table);
		series_close(e);
	}
	return true;
}

/* All inputs one after the other, on this thread. */
static bool run_alone(const struct engine_config *cfg, const struct sig_set *sigs,
		      const char *const *files, struct teller *t, struct run_summary *out,
		      struct err_info *err)
{
	struct run_summary part = {.n_inputs = out->n_inputs, .input = out->input};
	struct engine e = {.cfg = cfg, .hooks = t->hooks};
	bool ok = series_set_up(&e, sigs, &part,
				&(struct telling_to){t, teller_finding, teller_flow}, err);

	for (uint32_t i = 0; ok && i < out->n_inputs; i++) {
		ok = engine_input(&e, files[i], i, err);
		if (ok && !cfg->one_series) {
			summary_take(out, &part);
			e.packets_before = out->packets;
		}
	}
	if (ok) {
		flow_table_end_all(e.table);
		series_close(&e);
		series_totals(&e, &part);
		summary_take(out, &part);
	}
	t->ndpi_missing = !cfg->live && app_ndpi_missing(e.ndpi);
	series_free(&e);
	return ok;
}

static bool name_inputs(struct run_summary *out, const char *const *files, size_t n)
{
	out->input = calloc(n ? n : 1, sizeof(*out->input));
	for (size_t i = 0; out->input && i < n; i++) {
		out->input[i].file = strdup(files[i]);
		if (!out->input[i].file)
			return false;
		out->n_inputs++;
	}
	return out->input;
}

bool engine_run(const struct engine_config *cfg, const struct sig_set *sigs,
		const char *const *files, size_t n_files, const struct engine_hooks *hooks,
		struct run_summary *out, struct err_info *err)
{
	struct engine_config c = *cfg;
	struct teller t;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!c.memory_bytes) {
		long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

		c.memory_bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 4
						       : UINT64_C(1) << 30;
	}
	if (!teller_open(&t, hooks, c.want_flows) || !name_inputs(out, files, n_files)) {
		teller_free(&t);
		return err_set(err, "out of memory");
	}
	c.jobs = jobs_of(&c, hooks, n_files);
	ok = c.jobs > 1 ? jobs_run(&c, sigs, files, &t, out, err)
			: run_alone(&c, sigs, files, &t, out, err);
	if (ok)
		teller_end(&t, out);
	teller_free(&t);
	return ok;
}
