/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

const char *merge_use_name(enum merge_use u)
{
	static const char *const name[] = {[MERGE_USED] = "used",
					   [MERGE_SAME] = "same",
					   [MERGE_KNOWN] = "known",
					   [MERGE_OVERLAPS] = "overlaps",
					   [MERGE_REFUSED] = "refused"};

	return name[u];
}

struct merge *merge_new(void)
{
	return calloc(1, sizeof(struct merge));
}

static void run_clear(struct merge_run *r)
{
	for (uint32_t i = 0; r->label && i < r->log.n_inputs; i++)
		free(r->label[i]);
	free(r->label);
	free(r->twice);
	free(r->file);
	event_log_clear(&r->log);
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_devices; i++) {
		device_clear(&m->device[i].d);
		free(m->device[i].member);
	}
	for (uint32_t i = 0; i < m->n_runs; i++)
		run_clear(&m->run[i]);
	free(m->device);
	free(m->finding);
	free(m->run);
	free(m);
}

static bool add_run(struct merge *m, const struct event_log *log, const char *name)
{
	struct merge_run *run;

	if (m->n_runs == LIMIT_MERGE_RUNS)
		return false;
	run = realloc(m->run, (m->n_runs + 1) * sizeof(*run));
	if (!run)
		return false;
	m->run = run;
	run += m->n_runs;
	*run = (struct merge_run){.log = *log, .file = strdup(name)};
	if (!run->file)
		return false;
	m->n_runs++;
	return true;
}

bool merge_read(struct merge *m, FILE *f, const char *name, bool findings, struct err_info *err)
{
	struct event_log log;
	uint64_t line_no = 0;
	uint32_t n = 0;

	while (event_log_read(&log, f, findings, &line_no, err)) {
		/* Empty lines, and the like, behind the last run are no run. */
		if (n && log.state == EVENTS_REFUSED) {
			m->run[m->n_runs - 1].log.n_bad += log.n_bad;
			event_log_clear(&log);
			continue;
		}
		if (!add_run(m, &log, name)) {
			event_log_clear(&log);
			return err_set(err, "more than %d runs, or out of memory",
				       LIMIT_MERGE_RUNS);
		}
		n++;
	}
	if (n || err->text[0]) {
		event_log_clear(&log);
		return !err->text[0];
	}
	/* An empty file. */
	log.state = EVENTS_REFUSED;
	if (add_run(m, &log, name))
		return true;
	event_log_clear(&log);
	return err_set(err, "more than %d runs, or out of memory", LIMIT_MERGE_RUNS);
}

/* --- which runs count --- */

static int by_weight(const void *a, const void *b)
{
	const struct merge_run *x = a, *y = b;
	int c;

	if (x->log.n_inputs != y->log.n_inputs)
		return x->log.n_inputs > y->log.n_inputs ? -1 : 1;
	c = strcmp(x->log.sha256, y->log.sha256);
	return c ? c : strcmp(x->file, y->file);
}

/* One input of one run, in lists that are sorted by what it is or by how it is called. */
struct input_ref {
	uint32_t run_i, input_i;
	const struct event_input *in;
};

static int by_sha(const void *a, const void *b)
{
	const struct input_ref *x = a, *y = b;
	int c = strcmp(x->in->sha256, y->in->sha256);

	if (c)
		return c;
	if (x->run_i != y->run_i)
		return x->run_i < y->run_i ? -1 : 1;
	return x->input_i < y->input_i ? -1 : x->input_i > y->input_i;
}

static int by_name(const void *a, const void *b)
{
	const struct input_ref *x = a, *y = b;
	int c = strcmp(x->in->file, y->in->file);

	return c ? c : by_sha(a, b);
}

static struct input_ref *all_inputs(const struct merge *m, size_t *n)
{
	struct input_ref *ref;
	size_t k = 0;

	for (uint32_t i = 0; i < m->n_runs; i++)
		k += m->run[i].log.n_inputs;
	ref = calloc(k + 1, sizeof(*ref));
	*n = k;
	k = 0;
	for (uint32_t i = 0; ref && i < m->n_runs; i++)
		for (uint32_t j = 0; j < m->run[i].log.n_inputs; j++)
			ref[k++] = (struct input_ref){i, j, &m->run[i].log.input[j]};
	return ref;
}

static void say_use(struct merge *m, uint32_t i)
{
	struct merge_run *r = &m->run[i];
	uint32_t n_twice = 0;

	for (uint32_t k = 0; k < r->log.n_inputs; k++)
		n_twice += r->twice[k];
	if (r->log.state == EVENTS_REFUSED)
		r->use = MERGE_REFUSED;
	else if (i && !strcmp(r->log.sha256, m->run[i - 1].log.sha256))
		r->use = MERGE_SAME;
	else if (n_twice && n_twice == r->log.n_inputs)
		r->use = MERGE_KNOWN;
	else
		r->use = n_twice ? MERGE_OVERLAPS : MERGE_USED;
}

/* In order of runs an input counts where it comes first. Twice in one run is that run's affair. */
static void mark_twice(struct merge *m, struct input_ref *ref, size_t n)
{
	if (n > 1)
		qsort(ref, n, sizeof(*ref), by_sha);
	for (size_t i = 0, first = 0; i < n; i++) {
		if (strcmp(ref[first].in->sha256, ref[i].in->sha256))
			first = i;
		if (ref[i].in->sha256[0] && ref[first].run_i != ref[i].run_i)
			m->run[ref[i].run_i].twice[ref[i].input_i] = true;
	}
}

/* A name that stands for different captures says which: by the capture's digest, or its run's. */
static bool give_labels(struct merge *m, struct input_ref *ref, size_t n)
{
	if (n > 1)
		qsort(ref, n, sizeof(*ref), by_name);
	for (size_t i = 0, first = 0; i < n; i++) {
		struct merge_run *r = &m->run[ref[i].run_i];
		const struct event_input *in = ref[i].in;
		bool several = false;
		char *label;

		if (strcmp(ref[first].in->file, in->file))
			first = i;
		for (size_t k = first; k < n && !several && k < first + LIMIT_MERGE_NAMES; k++) {
			if (strcmp(ref[k].in->file, in->file))
				break;
			several = strcmp(ref[k].in->sha256, in->sha256) != 0 ||
				  (!in->sha256[0] &&
				   strcmp(m->run[ref[k].run_i].log.sha256, r->log.sha256) != 0);
		}
		if (!several)
			label = strdup(in->file);
		else if (asprintf(&label, "%s (%s %.16s)", in->file,
				  in->sha256[0] ? "sha256" : "run",
				  in->sha256[0] ? in->sha256 : r->log.sha256) < 0)
			label = NULL;
		r->label[ref[i].input_i] = label;
		if (!label)
			return false;
	}
	return true;
}

bool merge_sort(struct merge *m, struct err_info *err)
{
	struct input_ref *ref;
	bool ok = true;
	size_t n;

	if (m->n_runs > 1)
		qsort(m->run, m->n_runs, sizeof(*m->run), by_weight);
	ref = all_inputs(m, &n);
	for (uint32_t i = 0; i < m->n_runs; i++) {
		struct merge_run *r = &m->run[i];

		r->label = calloc(r->log.n_inputs + 1, sizeof(*r->label));
		r->twice = calloc(r->log.n_inputs + 1, sizeof(*r->twice));
		ok = ok && r->label && r->twice;
	}
	ok = ok && ref;
	if (ok) {
		mark_twice(m, ref, n);
		ok = give_labels(m, ref, n);
	}
	for (uint32_t i = 0; ok && i < m->n_runs; i++)
		say_use(m, i);
	free(ref);
	return ok || err_set(err, "out of memory");
}

uint32_t merge_input_of(const struct merge_run *r, const char *file)
{
	size_t n = strlen(file);
	uint32_t i = 0;

	while (i < r->log.n_inputs &&
	       (n == DEVICE_FILE_TEXT - 1 ? strncmp(r->log.input[i].file, file, n)
					  : strcmp(r->log.input[i].file, file)))
		i++;
	return i;
}

bool merge_device_twice(const struct merge_run *r, const struct device *d)
{
	for (uint32_t i = 0; i < d->n_seen; i++) {
		uint32_t k = merge_input_of(r, d->seen[i].file);

		if (k < r->log.n_inputs && r->twice[k])
			return true;
	}
	return false;
}

void merge_relabel(const struct merge_run *r, struct device *d)
{
	for (uint32_t i = 0; i < d->n_seen; i++) {
		uint32_t k = merge_input_of(r, d->seen[i].file);
		size_t n;

		if (k == r->log.n_inputs)
			continue;
		n = strnlen(r->label[k], DEVICE_FILE_TEXT - 1);
		memset(d->seen[i].file, 0, sizeof(d->seen[i].file));
		memcpy(d->seen[i].file, r->label[k], n);
	}
}
