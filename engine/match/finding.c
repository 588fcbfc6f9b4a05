/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "base/text.h"
#include "match/match_impl.h"

_Static_assert(TECH_N <= 32 && GROUP_N <= 32, "techniques and groups fit a mask");

/* What one case says, technique by technique. */
struct judged {
	uint32_t by_mechanism; /* techniques that a mechanism signature matched */
	uint32_t matched;      /* the same, or an artefact */
	uint32_t groups_to[GRADE_PROOF + 1]
			  [TECH_N];  /* groups that may count towards a grade: `caps` cuts */
	uint32_t groups[TECH_N];     /* all groups of the mechanism signatures that matched */
	enum grade artefact[TECH_N]; /* what the best artefact gives */
	uint32_t vetoed, capped;     /* techniques excused by a benign signature */
	enum grade grade[TECH_N];
	enum grade mechanism[TECH_N]; /* the grade without artefacts: what a middlebox may stand
					 beside */
};

/* On a capture of a VPN interface or a proxy the packets are built by the phone's own stack:
 * their TTL, IP ID and timing are not those of the path (ARCHITECTURE 5). */
static uint32_t groups_allowed(const struct flow_record *flow)
{
	uint32_t all = BIT(GROUP_N) - 1 - BIT(GROUP_NONE);

	if (flow->point == POINT_VPN_API || flow->point == POINT_PROXY)
		all &= ~(BIT(GROUP_STACK) | BIT(GROUP_TIMING));
	return all;
}

static uint32_t groups_of(const struct signature *s, uint32_t held)
{
	uint32_t groups = 0;

	for (uint32_t i = 0; i < s->n_when; i++)
		if (held & BIT(i))
			groups |= BIT(feat_info(s->when[i].feat)->group);
	return groups & ~BIT(GROUP_NONE);
}

/* The highest grade that one matched signature may give. */
static enum grade cap_of(const struct sig_result *r)
{
	return r->unless_unknown && r->sig->caps > GRADE_ANOMALY ? GRADE_ANOMALY : r->sig->caps;
}

static void judge_mechanism(struct judged *j, const struct sig_result *r, uint32_t allowed)
{
	enum technique t = r->sig->technique;
	uint32_t groups = groups_of(r->sig, r->when_held) & allowed;

	j->by_mechanism |= BIT(t);
	j->matched |= BIT(t);
	j->groups[t] |= groups;
	for (int g = GRADE_ANOMALY; g <= (int)cap_of(r); g++)
		j->groups_to[g][t] |= groups;
}

/* Only marks of a signature that is no draft raise a grade, and marks that this place of capture
 * cannot show raise none. */
static void judge_artefact(struct judged *j, const struct sig_result *r, uint32_t allowed)
{
	uint32_t groups = groups_of(r->sig, r->when_held);
	enum technique t = r->sig->technique;
	enum grade g = cap_of(r) < GRADE_CONFIRMED ? cap_of(r) : GRADE_CONFIRMED;

	if (!r->sig->artefact || r->sig->status != SIG_ACTIVE || (groups && !(groups & allowed)))
		return;
	j->matched |= BIT(t);
	if (g > j->artefact[t])
		j->artefact[t] = g;
}

static uint32_t excused_by(const struct signature *benign)
{
	return benign->has_technique ? BIT(benign->technique) : UINT32_MAX;
}

static void judge_benign(struct judged *j, const struct sig_result *r)
{
	if (r->sig->veto)
		j->vetoed |= excused_by(r->sig);
	else
		j->capped |= excused_by(r->sig);
}

static enum grade grade_of(const struct judged *j, int t)
{
	if (!(j->by_mechanism & BIT(t)))
		return GRADE_NONE;
	if (__builtin_popcount(j->groups_to[GRADE_CONFIRMED][t]) >= 2)
		return GRADE_CONFIRMED;
	return j->groups_to[GRADE_LIKELY][t] ? GRADE_LIKELY : GRADE_ANOMALY;
}

static void grade_techniques(struct judged *j)
{
	for (int t = 0; t < TECH_N; t++) {
		if (!(j->matched & BIT(t)) || (j->vetoed & BIT(t)))
			continue;
		j->mechanism[t] = grade_of(j, t);
		j->grade[t] = j->artefact[t] > j->mechanism[t] ? j->artefact[t] : j->mechanism[t];
		if (!(j->capped & BIT(t)))
			continue;
		if (j->mechanism[t])
			j->mechanism[t] = GRADE_ANOMALY;
		j->grade[t] = GRADE_ANOMALY;
	}
}

static void judge_case(const struct sig_set *set, const struct evidence *ev, int64_t at_ns,
		       uint32_t allowed, struct judged *j)
{
	size_t n;
	const struct signature *const *sig = sig_set_for(set, evidence_case(ev), &n);

	*j = (struct judged){0};
	for (size_t i = 0; i < n; i++) {
		const struct signature *s = sig[i];
		struct sig_result r;

		if (!match_holds(s, ev, at_ns))
			continue;
		match_one(s, ev, at_ns, &r);
		if (s->kind == SIG_MECHANISM) {
			judge_mechanism(j, &r, allowed);
		} else if (s->kind == SIG_BENIGN) {
			judge_benign(j, &r);
		} else {
			judge_artefact(j, &r, allowed);
		}
	}
	grade_techniques(j);
}

/* --- what is told of it --- */

/* Inserts into an ascending list without doubles; when it is full the highest goes. */
static void add_frame(uint64_t *list, uint32_t *n, uint64_t frame, bool *cut)
{
	uint32_t lo = 0, hi = *n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (list[mid] < frame)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!frame || (lo < *n && list[lo] == frame))
		return;
	if (*n == FINDING_FRAMES_MAX) {
		*cut = true;
		if (lo == *n)
			return;
		--*n;
	}
	memmove(list + lo + 1, list + lo, (*n - lo) * sizeof(*list));
	list[lo] = frame;
	++*n;
}

static void add_case_frames(struct finding *f, const struct evidence *ev)
{
	const uint64_t *suspect;
	size_t n = evidence_suspects(ev, &suspect);

	for (size_t i = 0; i < n; i++)
		add_frame(f->frame, &f->n_frames, suspect[i], &f->frames_cut);
	for (size_t i = 0; i < evidence_n(ev); i++) {
		const struct ev_value *v = evidence_at(ev, i);

		f->frames_cut |= v->n_frames_all > v->n_frames;
		for (uint32_t k = 0; k < v->n_frames; k++)
			add_frame(f->frame, &f->n_frames, v->frame[k], &f->frames_cut);
	}
}

static bool reported(const struct judged *j, const struct sig_result *r)
{
	enum technique t = r->sig->technique;

	if (r->sig->kind == SIG_BENIGN)
		return !r->sig->veto && (excused_by(r->sig) & j->matched);
	if (!j->grade[t])
		return false;
	if (r->sig->kind == SIG_MECHANISM || j->mechanism[t] >= GRADE_LIKELY)
		return true;
	return j->artefact[t] && r->sig->artefact && r->sig->status == SIG_ACTIVE;
}

/* Keeps the order mechanism, middlebox, benign, and by id inside: the set is ordered by id, so
 * that equal kinds keep coming. */
static void add_match(struct finding *f, const struct sig_result *r, uint32_t case_i)
{
	uint32_t at = f->n_matches;

	while (at && (f->match[at - 1].r.sig->kind > r->sig->kind ||
		      (f->match[at - 1].r.sig->kind == r->sig->kind &&
		       strcmp(f->match[at - 1].r.sig->id, r->sig->id) > 0)))
		at--;
	if (at == FINDING_MATCHES_MAX)
		return;
	if (f->n_matches == FINDING_MATCHES_MAX)
		f->n_matches--;
	memmove(&f->match[at + 1], &f->match[at], (f->n_matches - at) * sizeof(f->match[0]));
	f->match[at] = (struct finding_match){*r, case_i};
	f->n_matches++;
}

static void add_matches(struct finding *f, const struct sig_set *set, const struct evidence *ev,
			const struct judged *j, int64_t at_ns)
{
	size_t n;
	const struct signature *const *sig = sig_set_for(set, evidence_case(ev), &n);

	for (size_t i = 0; i < n; i++) {
		struct sig_result r;

		if (!match_holds(sig[i], ev, at_ns))
			continue;
		match_one(sig[i], ev, at_ns, &r);
		if (reported(j, &r))
			add_match(f, &r, f->n_cases - 1);
	}
}

static uint64_t first_frame(const struct evidence *ev)
{
	uint64_t first = 0;

	for (size_t i = 0; i < evidence_n(ev); i++) {
		const struct ev_value *v = evidence_at(ev, i);

		for (uint32_t k = 0; k < v->n_frames; k++)
			if (!first || v->frame[k] < first)
				first = v->frame[k];
	}
	return first;
}

/* The id must not change when a later revision knows more, so that it holds only what was there
 * from the start: the flow, the kind of happening, and for DNS, where one flow may hold many
 * transactions, the first frame of this one. */
static void make_id(struct finding *f, const struct evidence *const *cases, size_t n)
{
	enum ev_case kase = CASE_N;
	uint8_t sha[SHA256_LEN] = {0};
	uint64_t dns_frame = 0;
	char text[128];
	int len;

	for (size_t i = 0; i < n; i++) {
		enum ev_case c = evidence_case(cases[i]);
		uint64_t frame = c == CASE_DNS ? first_frame(cases[i]) : 0;

		kase = c < kase ? c : kase;
		if (frame && (!dns_frame || frame < dns_frame))
			dns_frame = frame;
	}
	len = snprintf(text, sizeof(text), "%s|%s|%llu", f->flow.id, case_name(kase),
		       (unsigned long long)dns_frame);
	if (len > 0)
		sha256_of(text, (size_t)len, sha);
	text_hex(f->id, sha, sizeof(f->id) / 2);
}

static enum grade best_grade(const struct judged *j, size_t n)
{
	enum grade best = GRADE_NONE;

	for (size_t i = 0; i < n; i++)
		for (int t = 0; t < TECH_N; t++)
			if (j[i].grade[t] > best)
				best = j[i].grade[t];
	return best;
}

/* Does a technique that is likely or better say that somebody else sent the packets? A resolver that lies sends its answer itself. */
static bool says_injected(const struct judged *j)
{
	for (int t = 0; t < TECH_N; t++)
		if (j->grade[t] >= GRADE_LIKELY && t != TECH_DNS_MANIPULATION)
			return true;
	return false;
}

/* One case that was not vetoed: its matches, frames, and, where it reached the finding's grade,
 * technique and aim. */
static void tell_case(struct finding *f, const struct sig_set *set, const struct evidence *ev,
		      const struct judged *j, int64_t at_ns)
{
	enum grade best = best_grade(j, 1);
	const uint64_t *suspect;
	size_t n;

	if (!best)
		return;
	f->cases[f->n_cases++] = ev;
	add_matches(f, set, ev, j, at_ns);
	add_case_frames(f, ev);
	for (int t = 0; t < TECH_N; t++) {
		if (j->grade[t])
			f->groups |= j->groups[t];
		/* What is likely is told beside what is confirmed; the grade is the surest's. */
		if (j->grade[t] &&
		    j->grade[t] >= (f->grade < GRADE_LIKELY ? f->grade : GRADE_LIKELY))
			f->techniques |= BIT(t);
	}
	if (best < GRADE_LIKELY)
		return;
	f->likely_cases |= BIT(f->n_cases - 1);
	n = says_injected(j) ? evidence_suspects(ev, &suspect) : 0;
	for (size_t i = 0; i < n; i++)
		add_frame(f->injected, &f->n_injected, suspect[i], &f->frames_cut);
	if (best == f->grade) {
		f->aimed_follows |= finding_aim(ev, &f->flow);
		f->aimed_control |= finding_control_aim(ev);
	}
}

void finding_none(const struct flow_record *flow, const struct evidence *const *cases, size_t n,
		  struct finding *out)
{
	*out = (struct finding){.rev = 1, .ts_ns = flow->first_ns, .flow = *flow};
	make_id(out, cases, n < FINDING_CASES_MAX ? n : FINDING_CASES_MAX);
}

bool finding_make(const struct sig_set *set, const struct flow_record *flow,
		  const struct evidence *const *cases, size_t n, struct finding *out)
{
	struct judged j[FINDING_CASES_MAX];
	uint32_t allowed = groups_allowed(flow);
	/* the flow's beginning: a later revision is judged by the same signatures */
	int64_t at_ns = flow->first_ns;

	if (n > FINDING_CASES_MAX)
		n = FINDING_CASES_MAX;
	for (size_t i = 0; i < n; i++)
		judge_case(set, cases[i], at_ns, allowed, &j[i]);
	out->grade = best_grade(j, n);
	if (!out->grade)
		return false; /* as nearly always: *out is large */
	*out = (struct finding){.rev = 1, .ts_ns = at_ns, .flow = *flow, .grade = out->grade};
	make_id(out, cases, n);
	for (size_t i = 0; i < n; i++)
		tell_case(out, set, cases[i], &j[i], at_ns);
	out->techniques |= out->aimed_follows | out->aimed_control;
	if (out->aimed_follows | out->aimed_control)
		add_frame(out->frame, &out->n_frames, flow->trigger_frame, &out->frames_cut);
	return true;
}
