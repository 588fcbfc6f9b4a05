/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/kin_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static int by_findings(const void *a, const void *b)
{
	const struct kin_member *x = a, *y = b;
	int c;

	if (x->d->n_findings != y->d->n_findings)
		return x->d->n_findings > y->d->n_findings ? -1 : 1;
	c = strcmp(x->d->id, y->d->id);
	return c ? c : (x->run_i > y->run_i) - (x->run_i < y->run_i);
}

static int by_kind(const void *a, const void *b)
{
	const struct kin_member *x = a, *y = b;
	int c;

	if (x->d->kase != y->d->kase)
		return x->d->kase < y->d->kase ? -1 : 1;
	if (x->d->first_ns != y->d->first_ns)
		return x->d->first_ns < y->d->first_ns ? -1 : 1;
	c = strcmp(x->d->id, y->d->id);
	return c ? c : (x->run_i > y->run_i) - (x->run_i < y->run_i);
}

static bool gather(struct merge *m, struct kin_set *s)
{
	size_t room = 0, n = 0;

	for (uint32_t i = 0; i < m->n_runs; i++)
		room += m->run[i].log.n_devices;
	s->member = calloc(room + 1, sizeof(*s->member));
	for (uint32_t i = 0; s->member && i < m->n_runs; i++) {
		struct merge_run *r = &m->run[i];

		for (size_t k = 0; k < r->log.n_devices; k++) {
			struct device *d = &r->log.device[k];

			if (r->use != MERGE_USED && r->use != MERGE_OVERLAPS)
				continue;
			/* The other run's device tells the same packets. */
			if (merge_device_twice(r, d)) {
				r->devices_twice++;
				continue;
			}
			merge_relabel(r, d);
			s->member[n++] = (struct kin_member){.d = d, .run_i = i};
		}
	}
	if (!s->member)
		return false;
	if (n > 1)
		qsort(s->member, n, sizeof(*s->member), by_findings);
	s->n = n < LIMIT_KIN_DEVICES ? (uint32_t)n : LIMIT_KIN_DEVICES;
	s->left_out = n - s->n;
	if (s->n > 1)
		qsort(s->member, s->n, sizeof(*s->member), by_kind);
	return true;
}

static bool compare_kind(struct kin_set *s, struct kin_kind *k, uint32_t *n_families)
{
	size_t n = (size_t)k->n * k->n + 1;

	k->distance = calloc(n, sizeof(*k->distance));
	k->tree_distance = calloc(n, sizeof(*k->tree_distance));
	for (uint32_t i = 0; k->distance && k->tree_distance && i < k->n; i++)
		for (uint32_t j = i + 1; j < k->n; j++) {
			struct kin_pair p;

			kin_compare(s->member[k->first + i].d, s->member[k->first + j].d, s->rates,
				    &p);
			k->distance[i * k->n + j] = k->distance[j * k->n + i] =
				p.comparable ? p.distance : -1;
			k->tree_distance[i * k->n + j] = k->tree_distance[j * k->n + i] =
				kin_tree_distance(&p);
		}
	if (!k->distance || !k->tree_distance || !kin_tree_make(k->tree_distance, k->n, &k->tree))
		return false;
	for (uint32_t i = 0; i < k->n; i++)
		s->member[k->first + i].family = *n_families + k->tree.family[i];
	*n_families += k->tree.n_families;
	return true;
}

bool kin_set_make(struct merge *m, const struct base_rates *rates, const struct sig_set *sigs,
		  struct kin_set *out)
{
	uint32_t n_families = 0;
	bool ok;

	*out = (struct kin_set){.m = m, .rates = rates, .sigs = sigs};
	ok = gather(m, out);
	for (uint32_t i = 0; ok && i < out->n; i++) {
		struct kin_kind *k = &out->kind[out->n_kinds];

		if (!i || out->member[i].d->kase != out->member[i - 1].d->kase) {
			*k = (struct kin_kind){.kase = out->member[i].d->kase, .first = i};
			out->n_kinds++;
		}
		out->kind[out->n_kinds - 1].n++;
	}
	for (uint32_t i = 0; ok && i < out->n_kinds; i++)
		ok = compare_kind(out, &out->kind[i], &n_families);
	if (!ok)
		kin_set_clear(out);
	return ok;
}

void kin_set_clear(struct kin_set *s)
{
	for (uint32_t i = 0; i < s->n_kinds; i++) {
		free(s->kind[i].distance);
		free(s->kind[i].tree_distance);
		kin_tree_clear(&s->kind[i].tree);
	}
	free(s->member);
	*s = (struct kin_set){.n = 0};
}

static bool better(const struct kin_sig *a, const struct kin_sig *b)
{
	if (a->like != b->like)
		return a->like < b->like;
	if (a->matched != b->matched)
		return a->matched > b->matched;
	return a->n_held > b->n_held;
}

uint32_t kin_set_likeness(const struct kin_set *s, uint32_t i, struct kin_sig out[KIN_LIKENESS_MAX])
{
	uint32_t n = 0;

	for (size_t k = 0; k < sig_set_n(s->sigs); k++) {
		const struct signature *sig = sig_set_at(s->sigs, k);
		struct kin_sig one;
		uint32_t at;

		if (sig->kind != SIG_MIDDLEBOX || sig->status == SIG_RETIRED ||
		    !kin_signature(s->member[i].d, sig, &one) || one.like == KIN_LIKE_NOT)
			continue;
		at = n;
		while (at && better(&one, &out[at - 1]))
			at--;
		if (at == KIN_LIKENESS_MAX)
			continue;
		n += n < KIN_LIKENESS_MAX;
		memmove(&out[at + 1], &out[at], (n - 1 - at) * sizeof(one));
		out[at] = one;
	}
	return n;
}
