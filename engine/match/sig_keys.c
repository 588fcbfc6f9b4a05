/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "match/sig_impl.h"

/* What each key of a signature may hold. Rules about more than one value are sig_check.c's.
 * long: one short function a key, in the order of the grammar, reads best in one place. */

#define BAD(src, v, hint, ...) sig_complain(src, (v)->line, (v)->col, hint, __VA_ARGS__)

static void take_format(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);

	(void)into;
	if (text && strcmp(text, "1") != 0)
		BAD(src, v, "1", "format %s is not known to this version", text);
}

static void take_id(struct sig_src *src, const struct ynode *v, void *into)
{
	struct signature *s = src->sig;

	(void)into;
	sig_take_text(src, v, &s->id);
	if (!s->id)
		return;
	if (strspn(s->id, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(s->id))
		BAD(src, v, NULL, "an id is made of a-z, 0-9, - and _, with dots for the folders");
	if (strncmp(s->id, "mechanism.", 10) == 0)
		s->kind = SIG_MECHANISM;
	else if (strncmp(s->id, "middlebox.", 10) == 0)
		s->kind = SIG_MIDDLEBOX;
	else if (strncmp(s->id, "benign.", 7) == 0)
		s->kind = SIG_BENIGN;
	else
		BAD(src, v, src->want_id, "an id begins with mechanism., middlebox. or benign.");
	if (src->want_id && strcmp(src->want_id, s->id) != 0)
		BAD(src, v, src->want_id, "the id is not the file's path");
}

static void take_rev(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *text = sig_text_of(src, v);
	int64_t rev = 0;

	(void)into;
	if (!text)
		return;
	if (units_read_int(text, strlen(text), &rev) != UNITS_OK || rev < 1 || rev > UINT32_MAX)
		BAD(src, v, "1", "rev must be a whole number from 1 on");
	else
		src->sig->rev = (uint32_t)rev;
}

static void take_status(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"draft", "active", "retired"};
	int i = sig_take_word(src, v, word, ARRAY_LEN(word));

	(void)into;
	if (i >= 0)
		src->sig->status = (enum sig_status)i;
}

static void take_technique(struct sig_src *src, const struct ynode *v, void *into)
{
	const char *name[TECH_N];
	int i;

	(void)into;
	for (size_t t = 0; t < TECH_N; t++)
		name[t] = technique_name((enum technique)t);
	i = sig_take_word(src, v, name, TECH_N);
	if (i < 0)
		return;
	src->sig->has_technique = true;
	src->sig->technique = (enum technique)i;
}

static void take_excuses(struct sig_src *src, const struct ynode *v, void *into)
{
	if (v->kind == YNODE_TEXT && strcmp(v->text, "any") == 0)
		return;
	take_technique(src, v, into);
}

static void take_effect(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"veto", "anomaly"};

	(void)into;
	src->sig->veto = sig_take_word(src, v, word, ARRAY_LEN(word)) == 0;
}

static void take_position(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"on-path", "in-path", "unknown"};

	(void)into;
	if (sig_take_word(src, v, word, ARRAY_LEN(word)) >= 0)
		sig_take_text(src, v, &src->sig->position);
}

static void take_actor(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	sig_take_text(src, v, &src->sig->actor);
}

static bool is_country(const char *t)
{
	return strlen(t) == 2 && t[0] >= 'A' && t[0] <= 'Z' && t[1] >= 'A' && t[1] <= 'Z';
}

static void take_scope(struct sig_src *src, const struct ynode *v, void *into)
{
	struct signature *s = src->sig;
	void *room;
	uint32_t n = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->scope), &room);
	const struct ynode *c = v->child;

	(void)into;
	s->scope = room;
	for (uint32_t i = 0; i < n; i++, c = c->next) {
		const char *text = c->kind == YNODE_BAD ? NULL : sig_text_of(src, c);

		if (!text)
			continue;
		if (!is_country(text))
			BAD(src, c, "CN, as in ISO 3166",
			    "%s is no country code of two capital letters", text);
		else
			sig_take_text(src, c, &s->scope[s->n_scope]);
		s->n_scope += s->scope[s->n_scope] ? 1 : 0;
	}
}

static bool is_null(const struct ynode *v)
{
	return v->kind == YNODE_TEXT && v->plain &&
	       (!v->text[0] || strcmp(v->text, "null") == 0 || strcmp(v->text, "~") == 0);
}

static void take_date(struct sig_src *src, const struct ynode *v, bool last, int64_t *out)
{
	const char *text;

	if (is_null(v))
		return;
	text = sig_text_of(src, v);
	if (text && !units_read_date(text, strlen(text), last, out))
		BAD(src, v, "2021-01, or null", "%s is no date: YYYY, YYYY-MM or YYYY-MM-DD", text);
}

static void take_from(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_date(src, v, false, &src->sig->valid_from_ns);
}

static void take_to(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_date(src, v, true, &src->sig->valid_to_ns);
}

static void take_valid(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {{"from", false, KEY_N, take_from},
					     {"to", false, KEY_N, take_to}};

	(void)into;
	sig_take_map(src, v, f, ARRAY_LEN(f), NULL, "valid");
}

static void take_artefact(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"no", "yes"};

	(void)into;
	src->sig->artefact = sig_take_word(src, v, word, ARRAY_LEN(word)) == 1;
}

static void take_claims(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {
		{"technique", false, KEY_TECHNIQUE, take_technique},
		{"position", false, KEY_N, take_position},
		{"scope", false, KEY_SCOPE, take_scope},
		{"actor", false, KEY_ACTOR, take_actor},
		{"valid", false, KEY_VALID, take_valid},
		{"artefact", false, KEY_ARTEFACT, take_artefact},
	};

	(void)into;
	sig_take_map(src, v, f, ARRAY_LEN(f), NULL, "claims");
}

/* The kind of happening is that of the features; a flow's, trigger's or capture's belong to all. */
static void take_kase(struct sig_src *src, const struct term *t)
{
	enum ev_case c = feat_info(t->feat)->kase, *have = &src->sig->kase;

	if (*have == CASE_ANY)
		*have = c;
	else if (c != CASE_ANY && c != *have)
		sig_complain(src, t->line, t->col, "write two signatures",
			     "a term about %s in a signature about %s", case_name(c),
			     case_name(*have));
}

static void take_terms(struct sig_src *src, const struct ynode *v, struct term **list,
		       uint32_t *n_terms)
{
	uint32_t n = 0;

	if (v->kind == YNODE_TEXT && !v->text[0])
		return;
	if (v->kind != YNODE_LIST) {
		BAD(src, v, "- feature op value", "%s must be a list of terms",
		    v->key ? v->key->text : "this");
		return;
	}
	if (!*list)
		*list = calloc(SIG_TERMS_MAX, sizeof(**list));
	if (!*list) {
		BAD(src, v, NULL, "out of memory");
		return;
	}
	for (const struct ynode *c = v->child; c; c = c->next, n++) {
		if (n == SIG_TERMS_MAX) {
			BAD(src, c, NULL, "more than %d terms in one list", SIG_TERMS_MAX);
			return;
		}
		if (c->kind == YNODE_MAP || c->kind == YNODE_LIST)
			BAD(src, c, "put the whole term in single quotes", "a term must be a text");
		if (c->kind != YNODE_TEXT || !term_read(src, c, &(*list)[*n_terms])) {
			src->terms_lost = true;
			continue;
		}
		take_kase(src, &(*list)[*n_terms]);
		++*n_terms;
	}
}

static void take_when(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_terms(src, v, &src->sig->when, &src->sig->n_when);
}

static void take_unless(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_terms(src, v, &src->sig->unless, &src->sig->n_unless);
}

static void take_supports(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_terms(src, v, &src->sig->supports, &src->sig->n_supports);
}

static void take_caps(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"anomaly", "likely", "confirmed", "proof"};
	int i = sig_take_word(src, v, word, ARRAY_LEN(word));

	(void)into;
	if (i >= 0)
		src->sig->caps = (enum grade)(i + GRADE_ANOMALY);
}

static void take_level(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"low", "medium", "high"};

	if (sig_take_word(src, v, word, ARRAY_LEN(word)) >= 0)
		sig_take_text(src, v, into);
}

static void take_conf_mechanism(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_level(src, v, &src->sig->confidence_mechanism);
}

static void take_conf_scope(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	take_level(src, v, &src->sig->confidence_scope);
}

static void take_conf_why(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	sig_take_text(src, v, &src->sig->confidence_why);
}

static void take_confidence(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {
		{"mechanism", true, KEY_CONF_MECHANISM, take_conf_mechanism},
		{"scope", false, KEY_CONF_SCOPE, take_conf_scope},
		{"why", true, KEY_N, take_conf_why},
	};

	(void)into;
	sig_take_map(src, v, f, ARRAY_LEN(f), NULL, "confidence");
}

static void take_cause(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct sig_rival *)into)->cause);
}

static void take_tell(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct sig_rival *)into)->tell);
}

static void take_rivals(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {{"cause", true, KEY_N, take_cause},
					     {"tell", true, KEY_N, take_tell}};
	struct signature *s = src->sig;
	void *room;
	const struct ynode *c = v->child;

	(void)into;
	s->n_rivals = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->rival), &room);
	s->rival = room;
	for (uint32_t i = 0; i < s->n_rivals; i++, c = c->next)
		sig_take_map(src, c, f, ARRAY_LEN(f), &s->rival[i], "a rival");
}

static void take_source_key(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct sig_source *)into)->key);
}

static void take_says(struct sig_src *src, const struct ynode *v, void *into)
{
	sig_take_text(src, v, &((struct sig_source *)into)->says);
}

static void take_read(struct sig_src *src, const struct ynode *v, void *into)
{
	static const char *const word[] = {"primary", "summary", "recalled"};

	if (sig_take_word(src, v, word, ARRAY_LEN(word)) >= 0)
		sig_take_text(src, v, &((struct sig_source *)into)->read);
}

static void take_sources(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {{"key", true, KEY_N, take_source_key},
					     {"says", true, KEY_N, take_says},
					     {"read", true, KEY_N, take_read},
					     {"fields", false, KEY_N, sig_take_fields}};
	struct signature *s = src->sig;
	void *room;
	const struct ynode *c = v->child;

	(void)into;
	s->n_sources = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->source), &room);
	s->source = room;
	for (uint32_t i = 0; i < s->n_sources; i++, c = c->next) {
		s->source[i].line = c->line;
		s->source[i].col = c->col;
		sig_take_map(src, c, f, ARRAY_LEN(f), &s->source[i], "a source");
	}
}

static void take_test(struct sig_src *src, const struct ynode *v, void *into,
		      enum sig_expect expect)
{
	struct sig_test *t = into;
	const char *text = sig_text_of(src, v);

	if (t->file) {
		BAD(src, v, "- one test a line", "two expectations in one test");
		return;
	}
	if (!text)
		return;
	if (text[0] == '/' || strstr(text, ".."))
		BAD(src, v, NULL,
		    "a test's file stands below the signature's folder or the captures'");
	t->expect = expect;
	t->line = v->line;
	t->col = v->col;
	sig_take_text(src, v, &t->file);
}

static void take_match(struct sig_src *src, const struct ynode *v, void *into)
{
	take_test(src, v, into, EXPECT_MATCH);
}

static void take_no_match(struct sig_src *src, const struct ynode *v, void *into)
{
	take_test(src, v, into, EXPECT_NO_MATCH);
}

static void take_unknown(struct sig_src *src, const struct ynode *v, void *into)
{
	take_test(src, v, into, EXPECT_UNKNOWN);
}

static void take_tests(struct sig_src *src, const struct ynode *v, void *into)
{
	static const struct sig_field f[] = {{"match", false, KEY_N, take_match},
					     {"no-match", false, KEY_N, take_no_match},
					     {"unknown", false, KEY_N, take_unknown}};
	struct signature *s = src->sig;
	void *room;
	const struct ynode *c = v->child;

	(void)into;
	s->n_tests = sig_list_of(src, v, LIMIT_SIG_ITEMS, sizeof(*s->test), &room);
	s->test = room;
	for (uint32_t i = 0; i < s->n_tests; i++, c = c->next) {
		sig_take_map(src, c, f, ARRAY_LEN(f), &s->test[i], "a test");
		if (c->kind == YNODE_MAP && !c->child)
			BAD(src, c, "- match: file.pcap", "a test without a file");
	}
}

static void take_title(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	sig_take_text(src, v, &src->sig->title);
}

static void take_notes(struct sig_src *src, const struct ynode *v, void *into)
{
	(void)into;
	sig_take_text(src, v, &src->sig->notes);
}

static const struct sig_field top[] = {
	{"format", true, KEY_FORMAT, take_format},
	{"id", true, KEY_ID, take_id},
	{"rev", true, KEY_REV, take_rev},
	{"status", true, KEY_STATUS, take_status},
	{"title", true, KEY_TITLE, take_title},
	{"claims", false, KEY_CLAIMS, take_claims},
	{"excuses", false, KEY_EXCUSES, take_excuses},
	{"effect", false, KEY_EFFECT, take_effect},
	{"when", true, KEY_WHEN, take_when},
	{"unless", false, KEY_UNLESS, take_unless},
	{"supports", false, KEY_SUPPORTS, take_supports},
	{"caps", false, KEY_CAPS, take_caps},
	{"confidence", false, KEY_CONFIDENCE, take_confidence},
	{"rivals", false, KEY_RIVALS, take_rivals},
	{"sources", false, KEY_SOURCES, take_sources},
	{"tests", false, KEY_TESTS, take_tests},
	{"captures", false, KEY_CAPTURES, sig_take_captures},
	{"notes", false, KEY_NOTES, take_notes},
};

void sig_take_all(struct sig_src *src, const struct ynode *root)
{
	sig_take_map(src, root, top, ARRAY_LEN(top), NULL, "a signature");
}
