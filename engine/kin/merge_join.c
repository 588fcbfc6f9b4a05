/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices and findings of several runs as one: what merge_sort() found to count. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "kin/merge.h"

static bool counts(const struct merge_run *r)
{
	return r->use == MERGE_USED || r->use == MERGE_OVERLAPS;
}

static int by_time(const void *a, const void *b)
{
	const struct merge_device *x = a, *y = b;
	int c;

	if (x->d.first_ns != y->d.first_ns)
		return x->d.first_ns < y->d.first_ns ? -1 : 1;
	c = strcmp(x->d.id, y->d.id);
	if (c || !x->member || !y->member)
		return c;
	return x->member[0].run_i < y->member[0].run_i ? -1
						       : x->member[0].run_i > y->member[0].run_i;
}

/* The devices of all runs that count, each alone; takes them out of their logs. */
static bool gather(struct merge *m)
{
	size_t room = 0;

	for (uint32_t i = 0; i < m->n_runs; i++)
		room += counts(&m->run[i]) ? m->run[i].log.n_devices : 0;
	m->device = calloc(room + 1, sizeof(*m->device));
	for (uint32_t i = 0; m->device && i < m->n_runs; i++) {
		struct merge_run *r = &m->run[i];

		for (size_t k = 0; counts(r) && k < r->log.n_devices; k++) {
			struct merge_device *out = &m->device[m->n_devices];

			if (m->n_devices == LIMIT_MERGE_DEVICES) {
				m->devices_lost++;
				continue;
			}
			if (merge_device_twice(r, &r->log.device[k])) {
				r->devices_twice++;
				continue;
			}
			out->member = calloc(1, sizeof(*out->member));
			if (!out->member)
				return false;
			out->n_members = 1;
			out->member->run_i = i;
			out->d = r->log.device[k];
			r->log.device[k] = (struct device){.id = ""}; /* taken */
			memcpy(out->member->id, out->d.id, sizeof(out->member->id));
			merge_relabel(r, &out->d);
			m->n_devices++;
		}
	}
	return m->device != NULL;
}

static bool has_run(const struct merge_device *d, uint32_t run_i)
{
	for (uint32_t i = 0; i < d->n_members; i++)
		if (d->member[i].run_i == run_i)
			return true;
	return false;
}

/* The same finding began both, and they hold the same: one capture without a digest, read twice. */
static bool same_device(const struct device *a, const struct device *b)
{
	return !strcmp(a->id, b->id) && a->first_ns == b->first_ns && a->last_ns == b->last_ns &&
	       a->n_findings == b->n_findings && a->n_cases == b->n_cases;
}

static void join_one(struct merge *m, struct merge_device *into, struct merge_device *from)
{
	struct merge_member *more = realloc(into->member, (into->n_members + 1) * sizeof(*more));

	if (!more || !device_join(&into->d, &from->d))
		m->devices_lost++;
	if (more) {
		into->member = more;
		more[into->n_members++] = from->member[0];
	}
}

/* In order of time each joins the first one that it is alike to. Two devices of one run stay two:
 * that run knew more of them than is left here. */
static void join_devices(struct merge *m)
{
	size_t n = 0;

	if (m->n_devices > 1)
		qsort(m->device, m->n_devices, sizeof(*m->device), by_time);
	for (size_t i = 0; i < m->n_devices; i++) {
		struct merge_device *d = &m->device[i];
		uint32_t run_i = d->member[0].run_i;
		bool twice = false;
		size_t k = 0;

		for (size_t j = 0; j < n && !twice; j++)
			twice = same_device(&m->device[j].d, &d->d);
		while (k < n &&
		       (has_run(&m->device[k], run_i) || !device_alike(&m->device[k].d, &d->d)))
			k++;
		if (!twice && k == n) {
			m->device[n++] = *d;
			continue;
		}
		if (twice)
			m->run[run_i].devices_twice++;
		else
			join_one(m, &m->device[k], d);
		device_clear(&d->d);
		free(d->member);
	}
	m->n_devices = n;
	if (m->n_devices > 1)
		qsort(m->device, m->n_devices, sizeof(*m->device), by_time);
}

static int by_moment(const void *a, const void *b)
{
	const struct merge_finding *x = a, *y = b;
	int c;

	if (x->f->ts_ns != y->f->ts_ns)
		return x->f->ts_ns < y->f->ts_ns ? -1 : 1;
	c = strcmp(x->label, y->label);
	c = c ? c : strcmp(x->f->id, y->f->id);
	if (c)
		return c;
	return x->run_i < y->run_i ? -1 : x->run_i > y->run_i;
}

static bool join_findings(struct merge *m)
{
	size_t room = 0, n = 0;

	for (uint32_t i = 0; i < m->n_runs; i++)
		room += m->run[i].log.n_findings;
	m->finding = calloc(room + 1, sizeof(*m->finding));
	for (uint32_t i = 0; m->finding && i < m->n_runs; i++) {
		struct merge_run *r = &m->run[i];

		for (size_t k = 0; counts(r) && k < r->log.n_findings; k++) {
			const struct event_finding *f = &r->log.finding[k];
			uint32_t in = merge_input_of(r, f->file);

			if (in < r->log.n_inputs && r->twice[in])
				r->findings_twice++;
			else
				m->finding[n++] = (struct merge_finding){
					i, f, in < r->log.n_inputs ? r->label[in] : f->file};
		}
	}
	if (!m->finding)
		return false;
	if (n > 1)
		qsort(m->finding, n, sizeof(*m->finding), by_moment);
	for (size_t i = 0; i < n; i++) {
		const struct merge_finding *last =
			m->n_findings ? &m->finding[m->n_findings - 1] : NULL;
		const struct event_finding *f = m->finding[i].f;

		/* An id is made of ends, time and frame: the same one is the same flow. */
		if (last && last->run_i != m->finding[i].run_i && last->f->ts_ns == f->ts_ns &&
		    !strcmp(last->f->id, f->id))
			m->run[m->finding[i].run_i].findings_twice++;
		else
			m->finding[m->n_findings++] = m->finding[i];
	}
	return true;
}

bool merge_join(struct merge *m, struct err_info *err)
{
	if (!gather(m) || !join_findings(m))
		return err_set(err, "out of memory");
	join_devices(m);
	return true;
}
