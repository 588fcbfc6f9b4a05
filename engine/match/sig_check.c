/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match/sig_impl.h"

/* The lint: rules that look at several values at once. A signature that breaks one is not used,
 * because what it says in somebody else's name would not be true. */

static void check_required(struct sig_src *src)
{
	const struct signature *s = src->sig;

	/* Without a good id the kind is not known, and that was said. */
	if (!s->id || !strchr(s->id, '.'))
		return;
	if (s->kind == SIG_BENIGN) {
		if (!src->have[KEY_EXCUSES])
			sig_complain(src, src->root.line, src->root.col, "excuses: rst_injection",
				     "a benign signature lacks the key excuses");
		if (!src->have[KEY_EFFECT])
			sig_complain(src, src->root.line, src->root.col,
				     "effect: veto, or effect: anomaly",
				     "a benign signature lacks the key effect");
		if (src->have[KEY_TECHNIQUE])
			sig_complain_at(src, KEY_TECHNIQUE, "excuses",
					"a benign signature claims no technique");
		if (src->have[KEY_ARTEFACT])
			sig_complain_at(src, KEY_ARTEFACT, NULL,
					"a benign signature is no artefact of a middlebox");
		return;
	}
	if (!src->have[KEY_CLAIMS])
		sig_complain(src, src->root.line, src->root.col, "claims",
			     "a signature lacks the key claims");
	else if (!src->have[KEY_TECHNIQUE])
		sig_complain_at(src, KEY_CLAIMS, "technique", "claims lacks the key technique");
	if (src->have[KEY_EXCUSES])
		sig_complain_at(src, KEY_EXCUSES, "claims", "only a benign signature excuses");
	if (src->have[KEY_EFFECT])
		sig_complain_at(src, KEY_EFFECT, NULL, "only a benign signature has an effect");
	if (s->kind == SIG_MECHANISM && src->have[KEY_ARTEFACT] && s->artefact)
		sig_complain_at(src, KEY_ARTEFACT, NULL,
				"a mechanism is no artefact of one middlebox");
}

static void check_when(struct sig_src *src)
{
	const struct signature *s = src->sig;

	if (src->terms_lost || !src->have[KEY_WHEN])
		return;
	if (!s->n_when)
		sig_complain_at(src, KEY_WHEN, NULL,
				"when holds no term: it would match everything");
	else if (s->kase == CASE_ANY && s->kind != SIG_BENIGN)
		sig_complain_at(src, KEY_WHEN, "a term about rst, overlap, synack, page or dns",
				"no term says what kind of happening this is about");
}

static bool named_by_source(const struct signature *s, const char *who)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (s->source[i].says && strcasestr(s->source[i].says, who))
			return true;
	return false;
}

static bool has_primary(const struct signature *s)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (s->source[i].read && strcmp(s->source[i].read, "primary") == 0)
			return true;
	return false;
}

static bool two_sources(const struct signature *s)
{
	for (uint32_t i = 1; i < s->n_sources; i++)
		if (s->source[0].key && s->source[i].key &&
		    strcmp(s->source[0].key, s->source[i].key) != 0)
			return true;
	return false;
}

static void check_high(struct sig_src *src, enum sig_key key, const char *level)
{
	if (level && strcmp(level, "high") == 0 && !two_sources(src->sig))
		sig_complain_at(src, key, "medium",
				"high confidence needs two sources with different keys");
}

static void check_sources(struct sig_src *src)
{
	const struct signature *s = src->sig;

	if (s->id && s->kind == SIG_MIDDLEBOX && !s->n_sources)
		sig_complain(src, src->root.line, src->root.col,
			     "sources: [{key: ..., says: ..., read: primary}]",
			     "a middlebox signature without sources");
	if (s->actor && strcmp(s->actor, "unknown") != 0 && !named_by_source(s, s->actor))
		sig_complain_at(src, KEY_ACTOR, "unknown", "no source names the actor %s",
				s->actor);
	if (s->artefact && !has_primary(s))
		sig_complain_at(src, KEY_ARTEFACT, "no, or a source with read: primary",
				"an artefact without a primary source");
	check_high(src, KEY_CONF_MECHANISM, s->confidence_mechanism);
	check_high(src, KEY_CONF_SCOPE, s->confidence_scope);
	if (s->valid_from_ns > s->valid_to_ns)
		sig_complain_at(src, KEY_VALID, "exchange them", "valid ends before it begins");
}

static void check_tests(struct sig_src *src)
{
	const struct signature *s = src->sig;
	uint32_t n_match = 0, n_no_match = 0;

	for (uint32_t i = 0; i < s->n_tests; i++) {
		n_match += s->test[i].file && s->test[i].expect == EXPECT_MATCH ? 1 : 0;
		n_no_match += s->test[i].file && s->test[i].expect == EXPECT_NO_MATCH ? 1 : 0;
	}
	if (s->status == SIG_ACTIVE && (n_match < 2 || n_no_match < 1))
		sig_complain_at(
			src, KEY_STATUS, "draft",
			"active needs two match tests and a no-match test; there are %u and %u",
			n_match, n_no_match);
}

/* --- contradictions: terms of `when` about one feature that no value satisfies --- */

struct range {
	int64_t lo, hi;
};

static bool next_up(int64_t v, int64_t *out)
{
	return !__builtin_add_overflow(v, INT64_C(1), out);
}

static bool next_down(int64_t v, int64_t *out)
{
	return !__builtin_sub_overflow(v, INT64_C(1), out);
}

/* Narrows r by one order term; false when nothing is left at once. */
static bool narrow(struct range *r, const struct term *t)
{
	int64_t v = t->value[0].num;

	if ((t->op == OP_GT && !next_up(v, &v)) || (t->op == OP_LT && !next_down(v, &v)))
		return false;
	if ((t->op == OP_GT || t->op == OP_GE) && v > r->lo)
		r->lo = v;
	if ((t->op == OP_LT || t->op == OP_LE) && v < r->hi)
		r->hi = v;
	return r->lo <= r->hi;
}

static bool all_hold_num(const struct term *t, uint32_t n, enum feat id, int64_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (t[i].feat == id && !term_holds_num(&t[i], v))
			return false;
	return true;
}

/* Several values of a TEXT can hold different terms at once; only `!=` is about all of them. */
static bool all_hold_text(const struct term *t, uint32_t n, enum feat id, const char *v,
			  bool single)
{
	for (uint32_t i = 0; i < n; i++)
		if (t[i].feat == id && (single || t[i].op == OP_NE) && !term_holds_text(&t[i], v))
			return false;
	return true;
}

static bool candidates_fit(const struct term *t, uint32_t n, const struct term *cand)
{
	enum unit u = feat_info(cand->feat)->unit;

	for (uint32_t i = 0; i < cand->n_values; i++) {
		if (unit_is_text(u) &&
		    all_hold_text(t, n, cand->feat, cand->value[i].text, u == UNIT_TOKEN))
			return true;
		if (!unit_is_text(u) && all_hold_num(t, n, cand->feat, cand->value[i].num))
			return true;
	}
	return false;
}

/* Whether some value satisfies all of the n terms about `id`. */
static bool satisfiable(const struct term *t, uint32_t n, enum feat id)
{
	struct range r = {feat_info(id)->unit == UNIT_COUNT ? 0 : INT64_MIN, INT64_MAX};
	bool text = unit_is_text(feat_info(id)->unit);

	for (uint32_t i = 0; i < n; i++) {
		bool lists = t[i].op == OP_EQ || t[i].op == OP_IN || t[i].op == OP_IS;

		if (t[i].feat == id && lists && !candidates_fit(t, n, &t[i]))
			return false;
		if (t[i].feat == id && !text && !lists && t[i].op != OP_NE && !narrow(&r, &t[i]))
			return false;
	}
	/* At most n values are excluded by `!=`: n + 1 tries find one that is not, if the range
	 * has so many. */
	for (uint32_t k = 0; !text && k <= n; k++) {
		int64_t v;

		if (__builtin_add_overflow(r.lo, (int64_t)k, &v) || v > r.hi)
			return false;
		bool excluded = false;

		for (uint32_t i = 0; i < n; i++)
			excluded |= t[i].feat == id && t[i].op == OP_NE && t[i].value[0].num == v;
		if (!excluded)
			return true;
	}
	return true;
}

bool sig_term_same(const struct term *a, const struct term *b)
{
	bool text = unit_is_text(feat_info(a->feat)->unit);

	if (a->feat != b->feat || a->op != b->op || a->n_values != b->n_values)
		return false;
	for (uint32_t i = 0; i < a->n_values; i++)
		if (text ? strcmp(a->value[i].text, b->value[i].text) != 0
			 : a->value[i].num != b->value[i].num)
			return false;
	return true;
}

/* Complains at the first term with which the list stops being possible. */
static void check_contradictions(struct sig_src *src)
{
	const struct signature *s = src->sig;

	for (uint32_t i = 0; i < s->n_when; i++) {
		bool before = satisfiable(s->when, i, s->when[i].feat);

		if (before && !satisfiable(s->when, i + 1, s->when[i].feat))
			sig_complain(src, s->when[i].line, s->when[i].col, "take one of them out",
				     "contradiction: with the terms before it, `%s` can never hold",
				     s->when[i].source);
		for (uint32_t k = 0; k < i; k++)
			if (sig_term_same(&s->when[i], &s->when[k]))
				sig_complain(src, s->when[i].line, s->when[i].col,
					     "take one of them out", "`%s` stands here twice",
					     s->when[i].source);
	}
	for (uint32_t i = 0; i < s->n_unless; i++)
		for (uint32_t k = 0; k < s->n_when; k++)
			if (sig_term_same(&s->unless[i], &s->when[k]))
				sig_complain(src, s->unless[i].line, s->unless[i].col,
					     "take one of them out",
					     "contradiction: `%s` also stands in when",
					     s->unless[i].source);
}

void sig_check(struct sig_src *src)
{
	check_when(src);
	check_required(src);
	check_sources(src);
	check_tests(src);
	sig_check_evidence(src);
	check_contradictions(src);
}
