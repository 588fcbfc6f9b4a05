/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs that are series of their own, by several workers. Each worker has an engine of its own and takes the next input that nobody
 * has; what it decides goes into blocks of messages, and the calling thread tells these in order of input. A worker that is far ahead
 * waits. The input whose turn it is never has to: what it says is told at once, and whoever works on it has nothing older to hand over. */
#include "jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "engine_series.h"
#include "summary.h"
#include "told_queue.h"

struct job_input {
	struct told_block *first, *last; /* not told yet */
	struct worker *worker;           /* NULL: nobody has it yet */
	bool over;                       /* no block follows */
	uint64_t done, size, packets;    /* for the progress line */
};

struct worker {
	struct jobs *jobs;
	pthread_t thread;
	struct engine e;
	struct engine_hooks hooks;
	struct run_summary part;
	struct told_writer w;
	bool ndpi_missing;
	struct job_input *in; /* being read */
	size_t ahead;         /* bytes handed on and not told; jobs->lock */
};

struct jobs {
	const struct engine_config *cfg; /* a worker's */
	const struct sig_set *sigs;
	const char *const *files;
	struct teller *teller;
	struct run_summary *out;
	uint32_t n_inputs, n_workers;
	pthread_mutex_t ndpi; /* for nDPI */
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t news;  /* the input whose turn it is has a block, or is over */
	pthread_cond_t told;  /* a worker is not far ahead any more */
	struct job_input *input;
	uint32_t next, turn; /* nobody has it; is being told */
	bool failed;
	struct err_info why;
	struct worker *worker;
};

uint32_t jobs_of(const struct engine_config *cfg, const struct engine_hooks *hooks, size_t n_files)
{
	uint64_t n = cfg->jobs;

	/* explain and signature tests look at cases, which are not handed on; flows are counted in order of time */
	if (cfg->live || cfg->follow || cfg->one_series || hooks->on_case || cfg->tally)
		return 1;
	n = n > n_files ? n_files : n;
	n = n > LIMIT_JOBS ? LIMIT_JOBS : n;
	n = n > cfg->memory_bytes / LIMIT_JOB_MEMORY_BYTES
		    ? cfg->memory_bytes / LIMIT_JOB_MEMORY_BYTES
		    : n;
	return n > 1 ? (uint32_t)n : 1;
}

/* --- on a worker's thread --- */

static void fail(struct jobs *j, const struct err_info *why)
{
	pthread_mutex_lock(&j->lock);
	if (!j->failed)
		j->why = *why;
	j->failed = true;
	pthread_cond_broadcast(&j->news);
	pthread_cond_broadcast(&j->told);
	pthread_mutex_unlock(&j->lock);
}

/* Hands on what is written. Waits while too much of this worker's is not told. */
static void hand_on(struct worker *w, bool over)
{
	struct jobs *j = w->jobs;
	struct job_input *in = w->in;

	pthread_mutex_lock(&j->lock);
	if (in->last)
		in->last->next = w->w.first;
	else
		in->first = w->w.first;
	in->last = w->w.last ? w->w.last : in->last;
	in->over = over;
	w->ahead += w->w.bytes;
	if (in == &j->input[j->turn])
		pthread_cond_signal(&j->news);
	while (w->ahead > LIMIT_JOB_AHEAD_BYTES && !j->failed)
		pthread_cond_wait(&j->told, &j->lock);
	pthread_mutex_unlock(&j->lock);
	w->w.first = w->w.last = NULL;
	w->w.bytes = 0;
}

static void handed_on_when_much(struct worker *w)
{
	enum { MUCH = 256 * 1024 };

	if (w->w.bytes >= MUCH)
		hand_on(w, false);
}

static void job_finding(void *arg, const struct finding *f, const char *file, bool last, bool news)
{
	struct worker *w = arg;

	(void)file; /* the input's */
	told_put_finding(&w->w, f, last, news);
	handed_on_when_much(w);
}

static void job_flow(void *arg, const struct flow_record *r, const char *file)
{
	struct worker *w = arg;
	const struct teller *t = w->jobs->teller;
	uint64_t pass;

	(void)file;
	if (t->want_flows) {
		told_put_flow(&w->w, r);
	} else {
		pass = t->devices ? devices_pass_of(r) : 0;
		if (pass)
			told_put_pass(&w->w, pass, r->id);
	}
	handed_on_when_much(w);
}

static void job_read(void *arg, const struct run_input *in)
{
	struct worker *w = arg;

	(void)in; /* stands in the list of inputs, that all share */
	told_put_input(&w->w);
}

static void job_progress(void *arg, const char *file, uint64_t done, uint64_t size,
			 uint64_t packets)
{
	struct worker *w = arg;

	(void)file;
	pthread_mutex_lock(&w->jobs->lock);
	w->in->done = done;
	w->in->size = size;
	w->in->packets = packets;
	pthread_mutex_unlock(&w->jobs->lock);
}

/* The next input that nobody has; false: none is left, or the run has failed. */
static bool take_input(struct worker *w, uint32_t *input_i)
{
	struct jobs *j = w->jobs;
	bool ok;

	pthread_mutex_lock(&j->lock);
	ok = !j->failed && j->next < j->n_inputs;
	if (ok) {
		*input_i = j->next++;
		w->in = &j->input[*input_i];
		w->in->worker = w;
	}
	pthread_mutex_unlock(&j->lock);
	return ok;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct jobs *j = w->jobs;
	struct err_info err = {{0}};
	uint32_t i;
	bool ok;

	w->part = (struct run_summary){.n_inputs = j->out->n_inputs, .input = j->out->input};
	w->hooks =
		(struct engine_hooks){.arg = w, .on_progress = job_progress, .on_input = job_read};
	w->e = (struct engine){.cfg = j->cfg, .hooks = &w->hooks};
	ok = series_set_up(&w->e, j->sigs, &w->part, &(struct telling_to){w, job_finding, job_flow},
			   &err);
	while (ok && take_input(w, &i)) {
		ok = engine_input(&w->e, j->files[i], i, &err);
		ok = ok && (told_put_part(&w->w, &w->part) || err_set(&err, "out of memory"));
		summary_take(&(struct run_summary){0}, &w->part); /* they are the message's now */
		if (ok)
			hand_on(w, true);
	}
	if (!ok)
		fail(j, &err);
	else
		series_totals(&w->e, &w->part);
	w->part.inspection_lost += w->w.lost;
	w->ndpi_missing = app_ndpi_missing(w->e.ndpi);
	series_free(&w->e);
	told_free(w->w.first);
	return NULL;
}

/* --- on the calling thread --- */

static void tell(struct jobs *j, uint32_t input_i, const struct told_block *b)
{
	const struct run_input *in = &j->out->input[input_i];
	const struct engine_hooks *hooks = j->teller->hooks;
	enum told_kind kind;
	const void *m;

	for (size_t off = 0; (m = told_next(b, &off, &kind));) {
		const struct told_finding *f = m;
		const struct told_pass *p = m;

		switch (kind) {
		case TOLD_FINDING:
			teller_finding(j->teller, &f->f, in->file, f->last, f->news);
			break;
		case TOLD_FLOW:
			teller_flow(j->teller, m, in->file);
			break;
		case TOLD_PASS:
			devices_pass(j->teller->devices, p->pass, p->flow_id);
			break;
		case TOLD_INPUT:
			if (hooks->on_input)
				hooks->on_input(hooks->arg, in);
			break;
		case TOLD_PART:
			summary_take(j->out, (struct run_summary *)m);
			break;
		}
	}
}

/* Waits for something of this input to tell; now and then says how far it is. Has the lock at its start and end. */
static void wait_for_news(struct jobs *j, const struct job_input *in)
{
	const struct engine_hooks *hooks = j->teller->hooks;
	struct timespec until;
	struct job_input now;

	if (!hooks->on_progress) {
		pthread_cond_wait(&j->news, &j->lock);
		return;
	}
	(void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail for this clock */
	until.tv_nsec += 200 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (!pthread_cond_timedwait(&j->news, &j->lock, &until) || !in->packets)
		return;
	now = *in;
	pthread_mutex_unlock(&j->lock);
	hooks->on_progress(hooks->arg, j->out->input[j->turn].file, now.done, now.size,
			   j->out->packets + now.packets);
	pthread_mutex_lock(&j->lock);
}

/* Tells all of the input whose turn it is. False: the run has failed. */
static bool tell_input(struct jobs *j)
{
	struct job_input *in = &j->input[j->turn];
	bool over = false, failed = false;

	while (!over && !failed) {
		struct told_block *first;
		size_t bytes = 0;

		pthread_mutex_lock(&j->lock);
		while (!in->first && !in->over && !j->failed)
			wait_for_news(j, in);
		first = in->first;
		in->first = in->last = NULL;
		over = in->over;
		failed = j->failed;
		pthread_mutex_unlock(&j->lock);
		for (const struct told_block *b = first; b && !failed; b = b->next) {
			tell(j, j->turn, b);
			bytes += told_block_bytes(b);
		}
		told_free(first);
		pthread_mutex_lock(&j->lock);
		if (in->worker)
			in->worker->ahead -= bytes;
		j->turn += over;
		pthread_cond_broadcast(&j->told);
		pthread_mutex_unlock(&j->lock);
	}
	return !failed;
}

static uint32_t start(struct jobs *j)
{
	uint32_t n = 0;

	for (; n < j->n_workers; n++) {
		j->worker[n].jobs = j;
		if (pthread_create(&j->worker[n].thread, NULL, work, &j->worker[n]))
			break;
	}
	return n;
}

bool jobs_run(const struct engine_config *cfg, const struct sig_set *sigs, const char *const *files,
	      struct teller *t, struct run_summary *out, struct err_info *err)
{
	struct engine_config share = *cfg;
	struct jobs j = {.cfg = &share, .sigs = sigs, .files = files, .teller = t, .out = out};
	uint32_t n = 0;
	bool ok;

	share.memory_bytes /= cfg->jobs;
	j.n_inputs = out->n_inputs;
	j.n_workers = cfg->jobs;
	j.input = calloc(j.n_inputs, sizeof(*j.input));
	j.worker = calloc(j.n_workers, sizeof(*j.worker));
	pthread_mutex_init(&j.lock, NULL);
	pthread_mutex_init(&j.ndpi, NULL);
	share.ndpi_lock = &j.ndpi;
	pthread_cond_init(&j.news, NULL);
	pthread_cond_init(&j.told, NULL);
	if (j.input && j.worker)
		n = start(&j);
	ok = n || err_set(&j.why, "no memory, or no threads, for %u jobs", j.n_workers);
	while (ok && j.turn < j.n_inputs)
		ok = tell_input(&j);
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(j.worker[i].thread, NULL);
		summary_take(out, &j.worker[i].part);
		t->ndpi_missing |= j.worker[i].ndpi_missing;
	}
	for (uint32_t i = 0; j.input && i < j.n_inputs; i++)
		told_free(j.input[i].first);
	pthread_cond_destroy(&j.told);
	pthread_cond_destroy(&j.news);
	pthread_mutex_destroy(&j.ndpi);
	pthread_mutex_destroy(&j.lock);
	free(j.worker);
	free(j.input);
	if (!ok)
		*err = j.why;
	return ok;
}
