/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "match/sig_impl.h"

/* Turns what was seen into a signature that a person can finish: each feature by its advice.
 * LITERAL values are copied (as a list when the cases differ), WIDEN values become a range,
 * NEVER is left out. */

enum {
	DRAFT_CASES_MAX = 64,
	TERM_TEXT = 4096,
};

struct drafter {
	FILE *f;
	const struct sig_draft_source *from;
	bool told[FEAT_N]; /* in the first list */
};

/* Cases as a source. */
struct draft_cases {
	const struct evidence *ev[DRAFT_CASES_MAX];
	size_t n;
};

/* A term in the making; `cut` when it grew too long to be one. */
struct term_text {
	char at[TERM_TEXT];
	size_t len;
	bool cut;
};

static void add(struct term_text *t, const char *s, size_t n)
{
	if (n >= sizeof(t->at) - t->len) {
		t->cut = true;
		return;
	}
	memcpy(t->at + t->len, s, n);
	t->len += n;
	t->at[t->len] = '\0';
}

static void add_str(struct term_text *t, const char *s)
{
	add(t, s, strlen(s));
}

static void add_num(struct term_text *t, enum unit u, int64_t v)
{
	char text[UNITS_TEXT];

	if (u == UNIT_TIME)
		units_print_time(text, v);
	else if (u == UNIT_YESNO)
		/* Fits. */
		(void)snprintf(text, sizeof(text), "%s", v ? "yes" : "no");
	else
		/* 20 digits fit. */
		(void)snprintf(text, sizeof(text), "%" PRId64, v);
	add_str(t, text);
}

/* Text as a literal in double quotes. False when no literal can hold it: it came from packets
 * and may be anything. */
static bool add_quoted(struct term_text *t, const char *text)
{
	struct bytes b = {(const uint8_t *)text, strlen(text)};
	uint32_t cp;

	if (b.len > LIMIT_SIG_LITERAL)
		return false;
	add_str(t, "\"");
	for (size_t off = 0, n; off < b.len; off += n) {
		n = sig_utf8(bytes_from(b, off), &cp);
		if (!n || sig_invisible(cp))
			return false;
		if (cp == '"' || cp == '\\')
			add_str(t, "\\");
		add(t, text + off, n);
	}
	add_str(t, "\"");
	return true;
}

/* --- the values of one feature over all cases --- */

static void see_num(struct sig_draft_seen *s, int64_t v)
{
	s->lo = v < s->lo ? v : s->lo;
	s->hi = v > s->hi ? v : s->hi;
	for (size_t i = 0; i < s->n; i++)
		if (s->num[i] == v)
			return;
	if (s->n == SIG_DRAFT_VALUES)
		s->too_many = true;
	else
		s->num[s->n++] = v;
}

static void see_text(struct sig_draft_seen *s, const char *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->text[i], v) == 0)
			return;
	if (s->n == SIG_DRAFT_VALUES)
		s->too_many = true;
	else
		s->text[s->n++] = v;
}

static void see_cases(const void *arg, enum feat id, struct sig_draft_seen *s)
{
	const struct draft_cases *d = arg;

	for (size_t i = 0; i < d->n; i++) {
		const struct ev_value *v = evidence_get(d->ev[i], id);

		if (!v)
			continue;
		s->n_cases++;
		if (!unit_is_text(feat_info(id)->unit))
			see_num(s, v->num);
		for (uint32_t k = 0; k < v->n_text; k++)
			see_text(s, v->text[k]);
	}
}

static struct sig_draft_seen see(const struct drafter *d, enum feat id)
{
	struct sig_draft_seen s = {.lo = INT64_MAX, .hi = INT64_MIN};

	d->from->see(d->from->arg, id, &s);
	return s;
}

/* --- terms --- */

static bool literal_term(struct term_text *t, enum feat id, const struct sig_draft_seen *s)
{
	const struct feat_info *f = feat_info(id);

	/* Both yes and no were seen: no mark. */
	if (s->too_many || !s->n || (f->unit == UNIT_YESNO && s->n > 1))
		return false;
	add_str(t, f->name);
	add_str(t, f->unit == UNIT_YESNO ? " is " : s->n > 1 ? " in {" : " == ");
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			add_str(t, ", ");
		if (!unit_is_text(f->unit))
			add_num(t, f->unit, s->num[i]);
		else if (f->unit != UNIT_TOKEN && !add_quoted(t, s->text[i]))
			return false;
		else if (f->unit == UNIT_TOKEN)
			add_str(t, s->text[i]);
	}
	add_str(t, s->n > 1 ? "}" : "");
	return !t->cut;
}

/* A quarter more on either side, and at least one step: what a second observation would show
 * nobody knows yet. */
static int64_t slack(int64_t v, enum unit u)
{
	int64_t s = v / 4 < 0 ? -(v / 4) : v / 4;

	if (u == UNIT_TIME && s < 1000000)
		return 1000000;
	return s ? s : 1;
}

static int64_t sub_or(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_sub_overflow(a, b, &r) ? INT64_MIN : r;
}

static int64_t add_or(int64_t a, int64_t b)
{
	int64_t r;

	return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

/* Half of a range: `feature >= value`. A bound never crosses zero: a value that was never
 * negative, or never positive, keeps its sign in the draft. */
static bool range_term(struct term_text *t, enum feat id, const struct sig_draft_seen *s, bool low)
{
	enum unit u = feat_info(id)->unit;
	int64_t v = low ? sub_or(s->lo, slack(s->lo, u)) : add_or(s->hi, slack(s->hi, u));

	if (unit_is_text(u) || !s->n)
		return false;
	if (low && s->lo >= 0 && v < 0)
		v = 0;
	if (!low && s->hi <= 0 && v > 0)
		v = 0;
	add_str(t, feat_info(id)->name);
	add_str(t, low ? " >= " : " <= ");
	add_num(t, u, v);
	return true;
}

/* One list item, in single quotes so that YAML leaves it alone. */
static void print_item(FILE *f, const struct term_text *t)
{
	fputs("  - '", f);
	for (size_t i = 0; i < t->len; i++)
		fputs(t->at[i] == '\'' ? "''" : (const char[]){t->at[i], '\0'}, f);
	fputs("'\n", f);
}

/* One list of the draft. */
struct list {
	const char *key;
	/* `when` takes what every case knows, `supports` the rest and what had no room */
	bool known_in_all;
	bool dry;           /* only count */
	uint32_t n, n_kind; /* terms so far; of these, about this kind of happening */
};

/* The terms of one feature, none to two. */
static void feature_terms(struct drafter *d, struct list *l, enum feat id,
			  const struct sig_draft_seen *s)
{
	const struct feat_info *info = feat_info(id);

	for (uint32_t i = 0; i < 2; i++) {
		struct term_text t = {.len = 0};
		bool widen = info->advice == ADVICE_WIDEN;

		if (!(widen ? range_term(&t, id, s, i == 0) : i == 0 && literal_term(&t, id, s)))
			continue;
		if (l->n == SIG_TERMS_MAX) {
			if (!l->dry && !l->known_in_all)
				fprintf(d->f, "  # no room: %s\n", info->name);
			return;
		}
		if (!l->dry && !l->n)
			fprintf(d->f, "%s:\n", l->key);
		if (!l->dry)
			print_item(d->f, &t);
		d->told[id] |= !l->dry;
		l->n++;
		l->n_kind += info->kase != CASE_ANY ? 1 : 0;
	}
}

/* What proves something goes before what only describes, and what was there before what was not:
 * room is short. */
enum { RANK_PROVES, RANK_DESCRIBES, RANK_PROVES_NOT, RANK_DESCRIBES_NOT, RANK_N };

static int rank_of(const struct feat_info *info, const struct sig_draft_seen *s)
{
	bool not = info->unit == UNIT_YESNO && s->n == 1 && !s->num[0];

	if (info->group != GROUP_NONE)
		return not ? RANK_PROVES_NOT : RANK_PROVES;
	return not ? RANK_DESCRIBES_NOT : RANK_DESCRIBES;
}

static struct list make_list(struct drafter *d, const char *key, bool known_in_all, bool dry)
{
	struct list l = {.key = key, .known_in_all = known_in_all, .dry = dry};

	for (int rank = 0; rank < RANK_N; rank++) {
		for (size_t i = 0; i < FEAT_N; i++) {
			const struct feat_info *info = feat_info((enum feat)i);
			struct sig_draft_seen s = see(d, (enum feat)i);
			bool in_all = s.n_cases == d->from->n_cases;

			if (info->advice == ADVICE_NEVER || !s.n_cases || rank_of(info, &s) != rank)
				continue;
			if (known_in_all ? in_all : !d->told[i])
				feature_terms(d, &l, (enum feat)i, &s);
		}
	}
	return l;
}

static enum technique technique_of(enum ev_case c)
{
	switch (c) {
	case CASE_RST:
		return TECH_RST_INJECTION;
	case CASE_DNS:
		return TECH_DNS_INJECTION;
	case CASE_PAGE:
		return TECH_HTTP_BLOCKPAGE;
	case CASE_DROP:
		return TECH_PACKET_DROP;
	case CASE_RATE:
		return TECH_THROTTLING;
	case CASE_QUIC:
		return TECH_QUIC_BLOCKING;
	case CASE_TLS:
		return TECH_TLS_INTERCEPTION;
	default:
		return TECH_DATA_INJECTION;
	}
}

static void print_head(const struct drafter *d)
{
	const struct sig_draft_source *from = d->from;
	const char *kase = case_name(from->kase);
	char month[UNITS_TEXT];
	int64_t ns;

	units_print_month(month, from->first_ns);
	/* A clock that was never set says nothing about when. */
	if (!units_read_date(month, strlen(month), false, &ns))
		memcpy(month, "null", 5);
	fprintf(d->f,
		"# Drafted by wallprint from %" PRIu64 " case%s, %s %s.\n"
		"# To finish it: find a name and a place for the file, take out what only this\n"
		"# observation has, add sources and captures.\n"
		"format: 1\n"
		"id: middlebox.unknown.draft-%s-%s\n"
		"rev: 1\n"
		"status: draft\n"
		"title: unnamed %s case of %s %s\n"
		"claims:\n"
		"  technique: %s\n"
		"  position: unknown\n"
		"  actor: unknown\n"
		"  valid: {from: %s, to: null}\n",
		from->n_cases, from->n_cases == 1 ? "" : "s", from->where, from->id, kase, from->id,
		kase, from->what, from->id, technique_name(technique_of(from->kase)), month);
}

void sig_draft_from(FILE *f, const struct sig_draft_source *from)
{
	struct drafter d = {.f = f, .from = from};

	if (!make_list(&d, "when", true, true).n_kind) {
		fputs("# nothing was measured that a signature could be made of\n", f);
		return;
	}
	print_head(&d);
	/* The counts were asked for above. */
	(void)make_list(&d, "when", true, false);
	(void)make_list(&d, "supports", false, false);
	fputs("caps: likely\n"
	      "confidence: {mechanism: low, scope: low, why: drafted from one capture}\n"
	      "sources:\n"
	      "  - {key: own-capture, says: seen in the capture this was drafted from, read: primary}\n",
	      f);
}

void sig_draft(FILE *f, const struct evidence *const *cases, size_t n,
	       const struct flow_record *flow)
{
	struct draft_cases d = {.n = 0};
	struct sig_draft_source from = {.arg = &d,
					.see = see_cases,
					.what = "flow",
					.where = "the first in flow",
					.id = flow->id,
					.first_ns = flow->first_ns};

	for (size_t i = 0; i < n && d.n < DRAFT_CASES_MAX; i++)
		if (evidence_case(cases[i]) == evidence_case(cases[0]))
			d.ev[d.n++] = cases[i];
	if (!d.n)
		return;
	from.kase = evidence_case(d.ev[0]);
	from.n_cases = d.n;
	sig_draft_from(f, &from);
}
