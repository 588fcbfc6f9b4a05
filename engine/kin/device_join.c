/* SPDX-License-Identifier: BSD-3-Clause */
/* Two devices told as one, and what is computed from all that is known of one. */
#include <stdlib.h>
#include <string.h>

#include "kin/device_impl.h"

/* Paths to one injector differ by a hop or two with load balancing (METHODS c.5). TTLs that spread
 * wider than this over all its packets are not read as a distance, nor are they when more than one
 * in eight follows a rule (a random packet passes the bound test of one in 0.3 %): choices, not
 * measurements. */
enum { HOPS_SPREAD = 8, NO_HOPS_SHARE = 8 };

void device_clear(struct device *d)
{
	for (uint32_t i = 0; i < d->n_feats; i++) {
		for (uint32_t k = 0; k < d->feat[i].n_values; k++)
			free(d->feat[i].value[k].text);
		free(d->feat[i].value);
	}
	free(d->feat);
	free(d->seen);
	free(d->reset);
	*d = (struct device){0};
}

struct device_seen *device_seen_get(struct device *d, const char *file)
{
	size_t n = strnlen(file, DEVICE_FILE_TEXT - 1);
	struct device_seen *more;

	for (uint32_t i = 0; i < d->n_seen; i++)
		if (strncmp(d->seen[i].file, file, n) == 0 && !d->seen[i].file[n])
			return &d->seen[i];
	if (d->n_seen == DEVICE_SEEN_MAX)
		return NULL;
	more = realloc(d->seen, (d->n_seen + 1) * sizeof(*more));
	if (!more)
		return NULL;
	d->seen = more;
	more += d->n_seen++;
	*more = (struct device_seen){.first_ns = INT64_MAX, .last_ns = INT64_MIN};
	memcpy(more->file, file, n);
	return more;
}

void device_match_add(struct device *d, const char *signature, uint64_t n)
{
	for (uint32_t i = 0; i < d->n_matches; i++) {
		if (strncmp(d->match[i].signature, signature, DEVICE_SIG_TEXT - 1) == 0) {
			d->match[i].n += n;
			return;
		}
	}
	if (d->n_matches == DEVICE_MATCHES_MAX)
		return;
	d->match[d->n_matches] = (struct device_match){.n = n};
	memcpy(d->match[d->n_matches++].signature, signature,
	       strnlen(signature, DEVICE_SIG_TEXT - 1));
}

static int by_count(const void *a, const void *b)
{
	const struct device_match *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->signature, y->signature);
}

void device_matches_order(struct device *d)
{
	if (d->n_matches > 1)
		qsort(d->match, d->n_matches, sizeof(d->match[0]), by_count);
}

static bool same_packet(const struct generator_reset *a, const struct generator_reset *b)
{
	return a->ip_id == b->ip_id && a->win == b->win && a->ttl == b->ttl &&
	       a->to_orig == b->to_orig && memcmp(a->src, b->src, 4) == 0 &&
	       memcmp(a->dst, b->dst, 4) == 0;
}

/* A total order, so that which ones are kept does not depend on who came first. */
static bool earlier(const struct generator_reset *a, const struct generator_reset *b)
{
	if (a->ts_ns != b->ts_ns)
		return a->ts_ns < b->ts_ns;
	if (a->ip_id != b->ip_id)
		return a->ip_id < b->ip_id;
	return a->win != b->win ? a->win < b->win : a->ttl < b->ttl;
}

void device_reset_add(struct device *d, const struct generator_reset *r)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < d->n_resets; i++) {
		if (!same_packet(&d->reset[i], r))
			continue;
		d->reset[i].packets += r->packets;
		return;
	}
	if (!d->reset) {
		d->reset = calloc(DEVICE_RESETS_MAX, sizeof(*d->reset));
		if (!d->reset)
			return;
	}
	while (at < d->n_resets && earlier(&d->reset[at], r))
		at++;
	if (at == DEVICE_RESETS_MAX)
		return;
	if (d->n_resets == DEVICE_RESETS_MAX)
		d->n_resets--;
	memmove(&d->reset[at + 1], &d->reset[at], (d->n_resets - at) * sizeof(*r));
	d->reset[at] = *r;
	d->n_resets++;
}

void device_settle(struct device *d)
{
	for (uint32_t i = 0; i < d->n_seen; i++) {
		struct device_seen *s = &d->seen[i];

		s->has_hops = s->n_hops && s->n_no_hops * NO_HOPS_SHARE <= s->n_hops &&
			      s->hops_hi - s->hops_lo <= HOPS_SPREAD;
	}
	d->has_generator = generator_fit(d->reset, d->n_resets, &d->generator);
	d->has_hops = d->n_seen == 1 && !d->seen_left_out && d->seen[0].has_hops;
	if (d->has_hops) {
		d->hops_lo = d->seen[0].hops_lo;
		d->hops_hi = d->seen[0].hops_hi;
	}
	/* The equation gives the TTL each packet left with: that is no guess. */
	if (d->has_generator && d->generator.has_hops && d->n_seen == 1) {
		d->has_hops = d->seen[0].has_hops = true;
		d->hops_lo = d->hops_hi = d->generator.hops;
		d->seen[0].hops_lo = d->seen[0].hops_hi = d->generator.hops;
	}
	/* A finding whose cases were of two cells counts once. */
	if (d->n_seen == 1 && !d->seen_left_out)
		d->seen[0].n_findings = d->n_findings;
	for (uint32_t i = 0; i < d->n_matches; i++)
		if (d->match[i].n > d->n_findings)
			d->match[i].n = d->n_findings;
	device_feats_order(d);
	device_matches_order(d);
}

static void join_seen(struct device *into, const struct device *from)
{
	for (uint32_t i = 0; i < from->n_seen; i++) {
		const struct device_seen *f = &from->seen[i];
		struct device_seen *s = device_seen_get(into, f->file);

		if (!s) {
			into->seen_left_out++;
			continue;
		}
		if (!s->n_hops || (f->n_hops && f->hops_lo < s->hops_lo))
			s->hops_lo = f->hops_lo;
		if (!s->n_hops || (f->n_hops && f->hops_hi > s->hops_hi))
			s->hops_hi = f->hops_hi;
		s->n_hops += f->n_hops;
		s->n_no_hops += f->n_no_hops;
		s->n_findings += f->n_findings;
		s->first_ns = f->first_ns < s->first_ns ? f->first_ns : s->first_ns;
		s->last_ns = f->last_ns > s->last_ns ? f->last_ns : s->last_ns;
	}
	into->seen_left_out += from->seen_left_out;
}

bool device_add(struct device *into, const struct device *from)
{
	bool known = into->opportunities && from->opportunities;

	if (from->first_ns < into->first_ns ||
	    (from->first_ns == into->first_ns && strcmp(from->id, into->id) < 0))
		memcpy(into->id, from->id, sizeof(into->id));
	into->first_ns = from->first_ns < into->first_ns ? from->first_ns : into->first_ns;
	into->last_ns = from->last_ns > into->last_ns ? from->last_ns : into->last_ns;
	into->n_findings += from->n_findings;
	into->n_cases += from->n_cases;
	into->techniques |= from->techniques;
	into->grade = from->grade > into->grade ? from->grade : into->grade;
	into->reacts_to |= from->reacts_to;
	into->acted = known ? into->acted + from->acted : 0;
	into->opportunities = known ? into->opportunities + from->opportunities : 0;
	if (from->residual_ns > into->residual_ns)
		into->residual_ns = from->residual_ns;
	join_seen(into, from);
	for (uint32_t i = 0; i < from->n_matches; i++)
		device_match_add(into, from->match[i].signature, from->match[i].n);
	for (uint32_t i = 0; i < from->n_resets; i++)
		device_reset_add(into, &from->reset[i]);
	return device_feats_merge(into, from);
}

bool device_join(struct device *into, const struct device *from)
{
	bool ok = device_add(into, from);

	device_settle(into);
	return ok;
}

bool device_alike(const struct device *a, const struct device *b)
{
	return a->kase == b->kase && a->local_headers == b->local_headers &&
	       device_keys_agree(a, b);
}
