/* SPDX-License-Identifier: BSD-3-Clause */
/* Several runs told as one, for people. */
#include "sink/tell_merge.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "kin/base_rates.h"
#include "sink/json_merge.h"
#include "sink/kin_words.h"
#include "sink/tell.h"

enum { SEEN_MAX = 8, MARKS_MAX = 8, RUNS_MAX = 20 };

static void say_hops(struct say *s, uint8_t lo, uint8_t hi)
{
	if (lo == hi)
		say(s, "%u hops", lo);
	else
		say(s, "%u to %u hops", lo, hi);
}

static void seen(struct page *p, struct say *s, const struct device *d, uint32_t indent)
{
	char first[TEXT_TIME_SIZE];

	say_clear(s);
	say(s, "Seen from ");
	for (uint32_t i = 0; i < d->n_seen && i < SEEN_MAX; i++) {
		const struct device_seen *v = &d->seen[i];

		say(s, "%s", i ? "; " : "");
		say_foreign(s, v->file, strlen(v->file));
		say(s, " (");
		say_count(s, v->n_findings, "finding", "findings");
		say(s, ", ");
		if (v->has_hops)
			say_hops(s, v->hops_lo, v->hops_hi);
		else
			say(s, "distance unknown");
		say(s, ", %.10s)", text_time(v->first_ns, first));
	}
	if (d->n_seen + d->seen_left_out > SEEN_MAX)
		say(s, "; and %" PRIu32 " more", d->n_seen + d->seen_left_out - SEEN_MAX);
	say(s, ".");
	page_put(p, "", indent, s->at, INK_PLAIN);
	say_clear(s);
}

/* The features that `kin` compares, where all packets agree. */
static void marks(struct page *p, struct say *s, const struct device *d, uint32_t indent)
{
	const char *lead = "Always: ", *block;
	uint32_t n = 0, n_vary = 0;
	bool is_free;

	say_clear(s);
	for (uint32_t i = 0; i < d->n_feats && n < MARKS_MAX; i++) {
		const struct device_feat *l = &d->feat[i];

		if (!kin_feat(l->feat, &block, &is_free) || l->n_values != 1 || l->n_more)
			continue;
		say(s, "%s%s ", lead, feat_info(l->feat)->name);
		kin_say_feat(s, l);
		lead = ", ";
		n++;
	}
	lead = n ? ". Varies: " : "Varies: ";
	for (uint32_t i = 0; i < d->n_feats; i++) {
		const struct device_feat *l = &d->feat[i];

		if (!kin_feat(l->feat, &block, &is_free) || (l->n_values < 2 && !l->n_more))
			continue;
		if (n_vary++ == MARKS_MAX)
			break;
		say(s, "%s%s", lead, feat_info(l->feat)->name);
		lead = ", ";
	}
	if (!n && !n_vary)
		return;
	say(s, ".");
	page_put(p, "", indent, s->at, INK_PLAIN);
	say_clear(s);
}

static void acts(struct page *p, struct say *s, const struct device *d, uint32_t indent)
{
	const char *lead = "Does ";

	say_clear(s);
	for (int t = 0; t < TECH_N; t++)
		if (d->techniques >> t & 1) {
			say(s, "%s%s", lead, technique_name((enum technique)t));
			lead = ", ";
		}
	lead = " after ";
	for (int t = TRIGGER_TLS_SNI; t <= TRIGGER_PAYLOAD; t++)
		if (d->reacts_to >> t & 1) {
			say(s, "%s%s", lead, trigger_kind_name((enum trigger_kind)t));
			lead = ", ";
		}
	say(s, " (%s)", grade_name(d->grade));
	if (d->opportunities)
		say(s, "; acted on %" PRIu64 " of %" PRIu64 " such connections", d->acted,
		    d->opportunities);
	if (d->residual_ns) {
		say(s, "; went on for at least ");
		say_time(s, d->residual_ns);
	}
	if (d->has_generator)
		say(s,
		    "; its resets follow the published equation with multiplier %" PRIu32
		    " and bound %" PRIu32,
		    d->generator.multiplier, d->generator.bound);
	if (d->local_headers)
		say(s, "; how its packets look cannot be told where it was captured");
	say(s, ".");
	page_put(p, "", indent, s->at, INK_PLAIN);
	say_clear(s);
}

static void matches(struct page *p, struct say *s, const struct device *d, uint32_t indent)
{
	const char *lead = "Behaves like ";

	say_clear(s);
	for (uint32_t i = 0; i < d->n_matches; i++) {
		const struct device_match *v = &d->match[i];

		if (strncmp(v->signature, "middlebox.", 10))
			continue;
		say(s, "%s", lead);
		say_foreign(s, v->signature, strlen(v->signature));
		say(s, " (%" PRIu64 " of %" PRIu64 " findings)", v->n, d->n_findings);
		lead = ", ";
	}
	if (s->n) {
		say(s, ".");
		page_put(p, "", indent, s->at, INK_PLAIN);
	}
	say_clear(s);
}

void tell_device_sights(struct page *p, struct say *s, const struct device *d, uint32_t indent)
{
	seen(p, s, d, indent);
	acts(p, s, d, indent);
	marks(p, s, d, indent);
}

static void say_run(struct say *s, const struct merge_run *r)
{
	static const char *const use[] = {
		[MERGE_USED] = "counts",
		[MERGE_SAME] = "left out: the same lines as another",
		[MERGE_KNOWN] = "left out: all its captures were read by another run",
		[MERGE_OVERLAPS] = "counts, less what was seen in captures that another run read",
		[MERGE_REFUSED] = "refused: not one event of wallprint's in it",
	};

	say_foreign(s, r->file, strlen(r->file));
	say(s, " (%.8s): %s", r->log.sha256, use[r->use]);
	if (r->log.state == EVENTS_CUT)
		say(s, "; it does not end with a run event, so that it may not be all");
	if (r->log.n_bad)
		say(s, "; %" PRIu64 " lines are no events (the first: line %" PRIu64 ")",
		    r->log.n_bad, r->log.first_bad);
	if (r->log.n_left_out)
		say(s, "; %" PRIu64 " events found no room", r->log.n_left_out);
	if (r->devices_twice)
		say(s, "; %" PRIu64 " devices left out, being another run's as well",
		    r->devices_twice);
	if (r->findings_twice)
		say(s, "; %" PRIu64 " findings left out, being another run's as well",
		    r->findings_twice);
	say(s, ".");
}

void tell_merged_runs(struct page *p, struct say *s, const struct merge *m)
{
	for (uint32_t i = 0; i < m->n_runs && i < RUNS_MAX; i++) {
		say_clear(s);
		say_run(s, &m->run[i]);
		page_put(p, i ? NULL : "Runs:", TELL_INDENT, s->at, INK_PLAIN);
	}
	say_clear(s);
	if (m->n_runs <= RUNS_MAX)
		return;
	say(s, "and %" PRIu32 " more; `--format jsonl` has all.", m->n_runs - RUNS_MAX);
	page_put(p, NULL, TELL_INDENT, s->at, INK_PLAIN);
	say_clear(s);
}

void tell_geo(struct page *p, struct say *s, const struct run_geo *g)
{
	if (!g->known)
		return;
	say_clear(s);
	say(s, "countries of addresses are what the database \"");
	say_foreign(s, g->name, strlen(g->name));
	say(s, "\"%s%s says; such databases err.", g->date[0] ? " of " : "", g->date);
	page_put(p, "Places:", TELL_INDENT, s->at, INK_PLAIN);
	say_clear(s);
}

static void totals(struct page *p, struct say *s, const struct merge *m)
{
	struct merge_sums sum;
	const char *lead = "";

	merge_add_up(m, &sum);
	say_count(s, sum.packets, "packet", "packets");
	say(s, ", ");
	say_count(s, sum.flows, "flow", "flows");
	say(s, ".");
	if (sum.inputs_twice)
		say(s, " Flows of %" PRIu64 " captures that two runs read are counted twice.",
		    sum.inputs_twice);
	page_put(p, "Read:", TELL_INDENT, s->at, INK_PLAIN);
	say_clear(s);
	for (int g = GRADE_PROOF; g >= GRADE_ANOMALY; g--)
		if (sum.grades[g]) {
			say(s, "%s%" PRIu64 " %s", lead, sum.grades[g], grade_name((enum grade)g));
			lead = ", ";
		}
	say(s, "%s", lead[0] ? " findings." : "no findings.");
	page_put(p, "Found:", TELL_INDENT, s->at, INK_BOLD);
	say_clear(s);
	if (!sum.sig_sha256)
		page_put(p, "Signatures:", TELL_INDENT,
			 "not all runs were judged by the same collection.", INK_PLAIN);
	if (m->devices_lost) {
		say(s, "%" PRIu64 " devices found no room.", m->devices_lost);
		page_put(p, "Lost:", TELL_INDENT, s->at, INK_BOLD);
		say_clear(s);
	}
}

void tell_merge(FILE *f, const struct merge *m, uint32_t width, bool colour,
		const struct run_geo *geo)
{
	struct page p = {.f = f, .width = width ? width : 100, .colour = colour};
	struct say s;
	char label[32];

	p.width = p.width < 60 ? 60 : p.width > 100 ? 100 : p.width;
	say_clear(&s);
	page_put(
		&p, NULL, 0,
		m->n_devices
			? "Devices, over all runs: findings whose packets look as if one program built them."
			: "No devices: no run found anything at `likely` or better.",
		INK_BOLD);
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct device *d = &m->device[i].d;

		(void)snprintf(label, sizeof(label), "%zu.", i + 1); /* fits */
		say_clear(&s);
		say(&s, "%s, ", case_name(d->kase));
		say_count(&s, d->n_findings, "finding", "findings");
		say(&s, " (device %s", d->id);
		if (m->device[i].n_members > 1)
			say(&s, ", joined from %" PRIu32, m->device[i].n_members);
		say(&s, ").");
		page_put(&p, label, 5, s.at, INK_PLAIN);
		tell_device_sights(&p, &s, d, 5);
		matches(&p, &s, d, 5);
	}
	page_gap(&p);
	totals(&p, &s, m);
	tell_merged_runs(&p, &s, m);
	tell_geo(&p, &s, geo);
}
