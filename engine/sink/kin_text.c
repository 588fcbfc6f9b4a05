/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices side by side, for people: each with what it behaves like, the distances, the tree, and
 * pairs in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sink/kin_words.h"
#include "sink/tell_merge.h"

enum { MATRIX_MAX = 14, PAIRS_MAX = 24, LIKE_MAX = 4, INDENT = 5 };

/* --- each device --- */

static void say_terms(struct say *s, const struct kin_sig *k, enum kin_term_state state,
		      const char *word)
{
	const char *lead = word;

	for (uint32_t i = 0; i < k->n_terms; i++)
		if (k->term[i].state == state) {
			say(s, "%s%s", lead, k->term[i].term->source);
			lead = ", ";
		}
}

static void say_like(struct say *s, const struct device *d, const struct kin_sig *k)
{
	if (k->like == KIN_LIKE_WHOLE)
		say(s, "Behaves like %s", k->sig->id);
	else
		say(s, "In part behaves like %s", k->sig->id);
	if (k->sig->status == SIG_DRAFT)
		say(s, " (a draft: not checked against captures of others)");
	if (k->matched)
		say(s, ", which matched in %" PRIu64 " of %" PRIu64 " findings", k->matched,
		    d->n_findings);
	say(s, ".");
	say_terms(s, k, KIN_HELD, " Held: ");
	say_terms(s, k, KIN_MIXED, "; in some: ");
	say_terms(s, k, KIN_FAILED, "; failed: ");
	say_terms(s, k, KIN_TERM_UNKNOWN, "; unknown: ");
	say(s, ".");
}

static void like(struct page *p, struct say *s, const struct kin_set *k, uint32_t i)
{
	struct kin_sig sig[KIN_LIKENESS_MAX];
	uint32_t n = kin_set_likeness(k, i, sig), c;
	const char *lead = "Not excluded, for want of what could be measured: ";

	for (c = 0; c < n && c < LIKE_MAX && sig[c].like != KIN_LIKE_OPEN; c++) {
		say_clear(s);
		say_like(s, k->member[i].d, &sig[c]);
		page_put(p, "", INDENT, s->at, INK_PLAIN);
	}
	if (!c)
		page_put(p, "", INDENT, "Behaves like nothing in the collection.", INK_PLAIN);
	say_clear(s);
	for (c = 0; c < n; c++)
		if (sig[c].like == KIN_LIKE_OPEN) {
			say(s, "%s%s", lead, sig[c].sig->id);
			lead = ", ";
		}
	if (s->n) {
		say(s, ".");
		page_put(p, "", INDENT, s->at, INK_DIM);
	}
	say_clear(s);
}

static void devices(struct page *p, struct say *s, const struct kin_set *k)
{
	char label[16];

	page_put(p, NULL, 0,
		 "Devices: findings of one run whose packets look as if one program built them.",
		 INK_BOLD);
	for (uint32_t i = 0; i < k->n; i++) {
		(void)snprintf(label, sizeof(label), "%u.", i + 1); /* fits: below 1000 */
		say_clear(s);
		kin_say_where(s, k, i);
		say(s, " (device %s of ", k->member[i].d->id);
		say_foreign(s, k->m->run[k->member[i].run_i].file,
			    strlen(k->m->run[k->member[i].run_i].file));
		say(s, ").");
		page_put(p, label, INDENT, s->at, INK_PLAIN);
		tell_device_sights(p, s, k->member[i].d, INDENT);
		like(p, s, k, i);
	}
	page_gap(p);
}

/* --- the table of distances --- */

static void matrix(struct page *p, struct say *s, const struct kin_kind *k)
{
	if (k->n < 2)
		return;
	if (k->n > MATRIX_MAX) {
		say_clear(s);
		say(s, "%s: %" PRIu32 " devices are too many for a table of distances.",
		    case_name(k->kase), k->n);
		page_put(p, NULL, 0, s->at, INK_DIM);
		say_clear(s);
		return;
	}
	fprintf(p->f, "%-5s", case_name(k->kase));
	for (uint32_t i = 0; i < k->n; i++)
		fprintf(p->f, "%5u", k->first + i + 1);
	fputc('\n', p->f);
	for (uint32_t i = 0; i < k->n; i++) {
		fprintf(p->f, "%5u", k->first + i + 1);
		for (uint32_t c = 0; c < k->n; c++) {
			double d = k->distance[i * k->n + c];

			if (i == c)
				fputs("    -", p->f);
			else if (d < 0)
				fputs("    ?", p->f);
			else
				fprintf(p->f, " %.2f", d);
		}
		fputc('\n', p->f);
	}
	page_gap(p);
}

/* --- the tree --- */

enum { PREFIX_MAX = 160 };
struct branch {
	uint32_t node;
	bool last;
	char prefix[PREFIX_MAX];
};

static void put_branch(struct page *p, struct say *s, const struct kin_set *k,
		       const struct kin_kind *kind, const struct branch *b)
{
	say_clear(s);
	if (b->node < kind->n) {
		say(s, "%u. ", kind->first + b->node + 1);
		kin_say_where(s, k, kind->first + b->node);
	} else {
		const struct kin_node *n = &kind->tree.node[b->node - kind->n];

		say(s, "%.2f apart%s", n->distance,
		    n->distance < kin_family_distance ? ": behave alike" : "");
	}
	fprintf(p->f, "%s%s %s\n", b->prefix, b->last ? "`-" : "|-", s->at);
	say_clear(s);
}

static void push(struct branch *stack, uint32_t *n, const struct branch *up, uint32_t node,
		 bool last)
{
	struct branch *b = &stack[(*n)++];
	size_t len = strlen(up->prefix);

	*b = (struct branch){.node = node, .last = last};
	memcpy(b->prefix, up->prefix, len + 1);
	if (len + 4 < sizeof(b->prefix)) /* else the tree goes on without indenting */
		memcpy(b->prefix + len, up->last ? "   " : "|  ", 4);
}

static void tree(struct page *p, struct say *s, const struct kin_set *k,
		 const struct kin_kind *kind)
{
	const struct kin_tree *t = &kind->tree;
	struct branch *stack = calloc(2 * (size_t)t->n + 1, sizeof(*stack));
	bool *inner = calloc(2 * (size_t)t->n + 1, sizeof(*inner));
	uint32_t n = 0;

	for (uint32_t i = 0; inner && i < t->n_nodes; i++)
		inner[t->node[i].left] = inner[t->node[i].right] = true;
	for (uint32_t i = 0; stack && inner && i < t->n + t->n_nodes; i++)
		if (!inner[i])
			stack[n++] = (struct branch){.node = i, .last = true};
	fprintf(p->f, "%s\n", case_name(kind->kase));
	while (n) {
		struct branch b = stack[--n];

		put_branch(p, s, k, kind, &b);
		if (b.node < t->n)
			continue;
		push(stack, &n, &b, t->node[b.node - t->n].right, true);
		push(stack, &n, &b, t->node[b.node - t->n].left, false);
	}
	free(stack);
	free(inner);
}

/* --- pairs --- */

struct near {
	uint32_t a, b;
	double distance;
};

static int by_distance(const void *a, const void *b)
{
	const struct near *x = a, *y = b;

	if (x->distance < y->distance || x->distance > y->distance)
		return x->distance < y->distance ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

static void say_lines(struct say *s, const struct kin_pair *p, enum kin_verdict verdict,
		      const char *word)
{
	const char *lead = word;

	for (uint32_t i = 0; i < p->n_lines; i++) {
		const struct kin_line *l = &p->line[i];

		if (l->verdict != verdict)
			continue;
		say(s, "%s%s", lead, feat_info(l->feat)->name);
		lead = verdict == KIN_UNKNOWN ? ", " : "; ";
		if (l->vary) {
			say(s, " varies");
		} else if (verdict == KIN_SAME) {
			say(s, " ");
			kin_say_value(s, l->feat, l->value);
			if (l->of)
				say(s, " (%" PRIu64 " of %" PRIu64 ")", l->ordinary, l->of);
		} else if (verdict == KIN_DIFFERS) {
			say(s, " ");
			kin_say_feat(s, l->a);
			say(s, " against ");
			kin_say_feat(s, l->b);
		}
	}
	if (lead != word)
		say(s, ".");
}

static void pair(struct page *p, struct say *s, const struct kin_set *k, const struct near *at)
{
	struct kin_pair r;

	kin_compare(k->member[at->a].d, k->member[at->b].d, k->rates, &r);
	say_clear(s);
	say(s, "%u and %u: %.2f apart, by %.0f %% of what is known of either.", at->a + 1,
	    at->b + 1, r.distance, 100 * r.known);
	say_lines(s, &r, KIN_SAME, " Same: ");
	say_lines(s, &r, KIN_DIFFERS, " Differ: ");
	say_lines(s, &r, KIN_UNKNOWN, " Unknown of one: ");
	if (r.of)
		say(s,
		    " Of %" PRIu64 " ordinary cases %" PRIu64
		    " have all %u shared values: %.1f bits of surprise.",
		    r.of, r.ordinary, r.n_shared, r.bits);
	else
		say(s,
		    " How common this is in ordinary traffic was not measured, so that it is not told as kinship.");
	page_put(p, NULL, 0, s->at, INK_PLAIN);
	say_clear(s);
}

static void pairs(struct page *p, struct say *s, const struct kin_set *k)
{
	struct near *list = calloc((size_t)k->n * k->n / 2 + 1, sizeof(*list));
	size_t n = 0;

	for (uint32_t c = 0; list && c < k->n_kinds; c++) {
		const struct kin_kind *kind = &k->kind[c];

		for (uint32_t i = 0; i < kind->n; i++)
			for (uint32_t j = i + 1; j < kind->n; j++)
				if (kind->distance[i * kind->n + j] >= 0)
					list[n++] = (struct near){kind->first + i, kind->first + j,
								  kind->distance[i * kind->n + j]};
	}
	if (n) {
		qsort(list, n, sizeof(*list), by_distance);
		page_put(
			p, NULL, 0,
			"Pairs, nearest first. In brackets: how many ordinary cases have that value.",
			INK_BOLD);
	}
	for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
		pair(p, s, k, &list[i]);
	if (n > PAIRS_MAX) {
		say(s, "And %zu pairs more; `--format jsonl` has all.", n - PAIRS_MAX);
		page_put(p, NULL, 0, s->at, INK_DIM);
		say_clear(s);
	}
	if (n)
		page_gap(p);
	free(list);
}

static void ending(struct page *p, struct say *s, const struct kin_set *k,
		   const struct run_geo *geo)
{
	page_put(
		p, NULL, 0,
		"Devices of different kinds leave different traces, and are not compared. What is near behaves alike: it may be one "
		"product, one programmer's habit, or chance. Nothing here says who runs a device.",
		INK_PLAIN);
	say_clear(s);
	if (k->rates) {
		say(s, "What is ordinary was measured in: ");
		say_foreign(s, k->rates->provenance ? k->rates->provenance : "?",
			    k->rates->provenance ? strlen(k->rates->provenance) : 1);
		say(s, " (table %.8s).", k->rates->sha256);
	} else {
		say(s, "No table of base rates: every feature weighs the same.");
	}
	page_put(p, NULL, 0, s->at, INK_PLAIN);
	say_clear(s);
	if (k->left_out) {
		say(s, "%" PRIu64 " devices with fewer findings are not compared: too many.",
		    k->left_out);
		page_put(p, NULL, 0, s->at, INK_BOLD);
		say_clear(s);
	}
	tell_merged_runs(p, s, k->m);
	tell_geo(p, s, geo);
}

void kin_text(FILE *f, const struct kin_set *k, uint32_t width, bool colour,
	      const struct run_geo *geo)
{
	struct page p = {.f = f, .width = width ? width : 100, .colour = colour};
	struct say s;

	p.width = p.width < 60 ? 60 : p.width > 100 ? 100 : p.width;
	say_clear(&s);
	if (!k->n) {
		page_put(&p, NULL, 0, "No devices: no run found anything at `likely` or better.",
			 INK_BOLD);
		tell_merged_runs(&p, &s, k->m);
		return;
	}
	devices(&p, &s, k);
	page_put(&p, NULL, 0,
		 "Distances: 0 alike, 1 nothing in common; ? too little known of both.", INK_BOLD);
	for (uint32_t i = 0; i < k->n_kinds; i++)
		matrix(&p, &s, &k->kind[i]);
	say(&s,
	    "The tree, joined by average distance. Below %.2f devices behave alike; what more than one in 64 ordinary cases shares as well "
	    "is not drawn nearer than that:",
	    kin_family_distance);
	page_put(&p, NULL, 0, s.at, INK_BOLD);
	say_clear(&s);
	for (uint32_t i = 0; i < k->n_kinds; i++)
		tree(&p, &s, k, &k->kind[i]);
	page_gap(&p);
	pairs(&p, &s, k);
	ending(&p, &s, k, geo);
}
