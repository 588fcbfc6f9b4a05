/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices side by side, in JSON lines: docs/ARCHITECTURE.md, "Kinship". */
#include <string.h>

#include "sink/json.h"
#include "sink/json_merge.h"
#include "sink/kin_words.h"

static void put_value(struct json *j, const char *key, enum feat feat, const struct device_value *v)
{
	if (v->text)
		json_str(j, key, v->text, strlen(v->text));
	else if (feat_info(feat)->unit == UNIT_YESNO)
		json_bool(j, key, v->num != 0);
	else
		json_int(j, key, v->num);
}

/* Values and how often, as in a fingerprint. */
static void put_feat(struct json *j, const char *key, const struct device_feat *l)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; l && i < l->n_values; i++) {
		json_open(j, NULL, '[');
		put_value(j, NULL, l->feat, &l->value[i]);
		json_uint(j, NULL, l->value[i].n);
		json_close(j, ']');
	}
	json_close(j, ']');
}

static void put_member(struct json *j, const char *key, const struct kin_set *k, uint32_t i)
{
	const struct kin_member *m = &k->member[i];

	json_open(j, key, '{');
	json_uint(j, "n", i + 1);
	json_word(j, "id", m->d->id);
	json_word(j, "run", k->m->run[m->run_i].log.sha256);
	json_close(j, '}');
}

static void put_lines(struct json *j, const struct kin_pair *p)
{
	json_open(j, "same", '[');
	for (uint32_t i = 0; i < p->n_lines; i++) {
		const struct kin_line *l = &p->line[i];

		if (l->verdict != KIN_SAME)
			continue;
		json_open(j, NULL, '{');
		json_word(j, "feature", feat_info(l->feat)->name);
		json_word(j, "block", l->block);
		if (l->vary)
			json_bool(j, "varies", true);
		else
			put_value(j, "value", l->feat, l->value);
		if (l->of) {
			json_uint(j, "ordinary", l->ordinary);
			json_uint(j, "of", l->of);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "differ", '[');
	for (uint32_t i = 0; i < p->n_lines; i++) {
		const struct kin_line *l = &p->line[i];

		if (l->verdict != KIN_DIFFERS)
			continue;
		json_open(j, NULL, '{');
		json_word(j, "feature", feat_info(l->feat)->name);
		json_word(j, "block", l->block);
		put_feat(j, "a", l->a);
		put_feat(j, "b", l->b);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "unknown", '[');
	for (uint32_t i = 0; i < p->n_lines; i++)
		if (p->line[i].verdict == KIN_UNKNOWN)
			json_word(j, NULL, feat_info(p->line[i].feat)->name);
	json_close(j, ']');
}

/* The writer shows three digits and no zero; distances may be 0. */
static void put_share(struct json *j, const char *key, double x)
{
	json_int(j, key, (int64_t)(x * 1000 + 0.5));
}

static void put_pair(struct json *j, const struct kin_set *k, const struct kin_kind *kind,
		     uint32_t a, uint32_t b)
{
	struct kin_pair p;

	kin_compare(k->member[a].d, k->member[b].d, k->rates, &p);
	json_event(j, "kinship");
	json_word(j, "kind", case_name(kind->kase));
	put_member(j, "a", k, a);
	put_member(j, "b", k, b);
	json_bool(j, "comparable", p.comparable);
	if (p.comparable) {
		put_share(j, "distance_permille", p.distance);
		json_bool(j, "family", k->member[a].family == k->member[b].family);
	}
	put_share(j, "known_permille", p.known);
	put_lines(j, &p);
	if (p.of) {
		json_open(j, "surprise", '{');
		json_uint(j, "values", p.n_shared);
		json_uint(j, "ordinary", p.ordinary);
		json_uint(j, "of", p.of);
		put_share(j, "millibits", p.bits);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_end_line(j);
}

static void put_terms(struct json *j, const char *key, const struct kin_sig *s,
		      enum kin_term_state state)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; i < s->n_terms; i++)
		if (s->term[i].state == state)
			json_word(j, NULL, s->term[i].term->source);
	json_close(j, ']');
}

static void put_likeness(struct json *j, const struct kin_set *k, uint32_t i)
{
	struct kin_sig sig[KIN_LIKENESS_MAX];
	uint32_t n = kin_set_likeness(k, i, sig);

	for (uint32_t s = 0; s < n; s++) {
		json_event(j, "likeness");
		put_member(j, "device", k, i);
		json_word(j, "signature", sig[s].sig->id);
		json_uint(j, "rev", sig[s].sig->rev);
		json_word(j, "status", sig[s].sig->status == SIG_ACTIVE ? "active" : "draft");
		json_word(j, "behaves_like", kin_like_name(sig[s].like));
		json_uint(j, "matched", sig[s].matched);
		json_uint(j, "findings", k->member[i].d->n_findings);
		put_terms(j, "held", &sig[s], KIN_HELD);
		put_terms(j, "mixed", &sig[s], KIN_MIXED);
		put_terms(j, "failed", &sig[s], KIN_FAILED);
		put_terms(j, "unknown", &sig[s], KIN_TERM_UNKNOWN);
		json_close(j, '}');
		json_end_line(j);
	}
}

static void put_tree(struct json *j, const struct kin_set *k, const struct kin_kind *kind)
{
	const struct kin_tree *t = &kind->tree;

	json_event(j, "kinship_tree");
	json_word(j, "kind", case_name(kind->kase));
	json_open(j, "devices", '[');
	for (uint32_t i = 0; i < kind->n; i++) {
		const struct kin_member *m = &k->member[kind->first + i];

		json_open(j, NULL, '{');
		json_uint(j, "n", kind->first + i + 1);
		json_word(j, "id", m->d->id);
		json_word(j, "run", k->m->run[m->run_i].log.sha256);
		json_uint(j, "findings", m->d->n_findings);
		json_uint(j, "family", m->family + 1);
		json_open(j, "files", '[');
		for (uint32_t s = 0; s < m->d->n_seen; s++)
			json_str(j, NULL, m->d->seen[s].file, strlen(m->d->seen[s].file));
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
	/* `left` and `right`: a number up to the devices' is one of them, in their order from 1 on;
	 * above that a node, in order. */
	json_open(j, "nodes", '[');
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		json_open(j, NULL, '{');
		json_uint(j, "left", t->node[i].left + 1);
		json_uint(j, "right", t->node[i].right + 1);
		put_share(j, "distance_permille", t->node[i].distance);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	json_end_line(j);
}

void kin_jsonl(FILE *f, const struct kin_set *k, const struct run_geo *geo)
{
	struct json j = {.f = f};

	for (uint32_t i = 0; i < k->n; i++)
		put_likeness(&j, k, i);
	for (uint32_t c = 0; c < k->n_kinds; c++) {
		const struct kin_kind *kind = &k->kind[c];

		for (uint32_t a = 0; a < kind->n; a++)
			for (uint32_t b = a + 1; b < kind->n; b++)
				put_pair(&j, k, kind, kind->first + a, kind->first + b);
		put_tree(&j, k, kind);
	}
	json_run(&j);
	json_open(&j, "kinship", '{');
	json_uint(&j, "devices", k->n);
	json_uint(&j, "left_out", k->left_out);
	put_share(&j, "family_below_permille", kin_family_distance);
	if (k->rates) {
		json_open(&j, "base_rates", '{');
		json_word(&j, "sha256", k->rates->sha256);
		json_word(&j, "from", k->rates->provenance);
		json_close(&j, '}');
	}
	json_merged_runs(&j, k->m);
	json_close(&j, '}');
	json_run_geo(&j, geo);
	json_close(&j, '}');
	json_end_line(&j);
}
