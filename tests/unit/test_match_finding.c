/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/finding.c */
/* covers: engine/match/finding_aim.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "match/finding.h"
#include "unit/sig_text.h"

/* long: the tables of grades, middleboxes and aims share one vocabulary of signatures. */

#define HEAD(id, status) "format: 1\nid: " id "\nrev: 1\nstatus: " status "\ntitle: t\n"
#define RST              "claims: {technique: rst_injection}\n"
#define DATA             "claims: {technique: data_injection}\n"
#define TESTED           "tests: [{match: a.pcap}, {match: b.pcap}, {no-match: c.pcap}]\n"
/* What an active middlebox must name besides: a capture of others. */
#define SOURCED                                                                            \
	"sources: [{key: a, says: b, read: primary}]\n"                                    \
	"captures: [{repo: some/where, commit: 0123456789abcdef0123456789abcdef01234567, " \
	"path: a.pcap, frames: [7]}]\n"

static struct flow_record flow_at(enum capture_point point)
{
	struct flow_record f = {
		.id = "00112233aabbccdd", .first_ns = 1000, .last_ns = 5000, .point = point};

	return f;
}

/* The feature that gives each group, with the term on it. */
static const struct {
	enum feat feat;
	const char *term;
	uint32_t bit;
} group_row[] = {
	{FEAT_RST_IDENTICAL, "  - rst.identical is yes\n", 1U << GROUP_STACK},
	{FEAT_RST_TOO_FAST, "  - rst.too_fast is yes\n", 1U << GROUP_TIMING},
	{FEAT_RST_RACED, "  - rst.raced is yes\n", 1U << GROUP_SEQUENCE},
	{FEAT_RST_TSG_EXACT, "  - rst.tsg_exact is yes\n", 1U << GROUP_CONTENT},
	{FEAT_RST_DF, "  - rst.df is yes\n", 0},
};

static enum grade lower(enum grade a, enum grade b)
{
	return a < b ? a : b;
}

/* What the table of ARCHITECTURE 5 asks for. */
static enum grade expected(uint32_t groups, enum grade caps, enum truth unless, enum truth benign,
			   bool veto)
{
	int n = __builtin_popcount(groups);
	enum grade g = n >= 2 ? GRADE_CONFIRMED : n == 1 ? GRADE_LIKELY : GRADE_ANOMALY;

	if (unless == TRUTH_YES || (benign == TRUTH_YES && veto))
		return GRADE_NONE;
	if (unless == TRUTH_UNKNOWN || benign == TRUTH_YES)
		g = lower(g, GRADE_ANOMALY);
	return lower(g, caps);
}

/* The terms about the groups of `mask` and one that has none, the caps, unless and benign: one
 * set of files. */
static struct sig_set *set_for(int mask, enum grade caps, bool veto)
{
	char mech[1024], benign[512];
	const char *const text[] = {mech, benign};
	int at = snprintf(mech, sizeof(mech),
			  "%s%scaps: %s\nunless:\n  - rst.after_fin is yes\nwhen:\n",
			  HEAD("mechanism.a", "draft"), RST, grade_name(caps));

	for (size_t i = 0; i < ARRAY_LEN(group_row); i++)
		if (mask & (1 << i) || i == ARRAY_LEN(group_row) - 1)
			at += snprintf(mech + at, sizeof(mech) - (size_t)at, "%s",
				       group_row[i].term);
	assert_in_range(
		snprintf(
			benign, sizeof(benign),
			"%sexcuses: rst_injection\neffect: %s\nwhen:\n  - rst.unread_data is yes\n",
			HEAD("benign.b", "draft"), veto ? "veto" : "anomaly"),
		1, sizeof(benign) - 1);
	return set_of(text, 2);
}

static void put(struct evidence *ev, enum feat id, enum truth t)
{
	if (t != TRUTH_UNKNOWN)
		evidence_put1(ev, id, t == TRUTH_YES ? 1 : 0, 3);
}

/* One set of signatures against every unless, benign and capture point. */
static void check_grades(const struct sig_set *set, int mask, enum grade caps, bool veto)
{
	static const enum capture_point point[] = {POINT_UNKNOWN, POINT_WIRE,    POINT_HOST,
						   POINT_OFFLOAD, POINT_VPN_API, POINT_PROXY};
	struct finding *f = malloc(sizeof(*f));

	assert_non_null(f);
	for (size_t i = 0; i < 9 * ARRAY_LEN(point); i++) {
		enum truth unless = (enum truth)(i % 3), benign = (enum truth)(i / 3 % 3);
		enum capture_point p = point[i / 9];
		struct flow_record flow = flow_at(p);
		struct evidence *ev = evidence_new(CASE_RST);
		const struct evidence *cases[] = {ev};
		uint32_t groups = 0;
		enum grade want;

		for (size_t k = 0; k < ARRAY_LEN(group_row); k++) {
			evidence_put1(ev, group_row[k].feat, 1, 3);
			groups |= mask & (1 << k) ? group_row[k].bit : 0;
		}
		if (p == POINT_VPN_API || p == POINT_PROXY)
			groups &= ~(1U << GROUP_STACK | 1U << GROUP_TIMING);
		put(ev, FEAT_RST_AFTER_FIN, unless);
		put(ev, FEAT_RST_UNREAD_DATA, benign);
		evidence_suspect(ev, 3);
		want = expected(groups, caps, unless, benign, veto);
		assert_int_equal(finding_make(set, &flow, cases, 1, f), want != GRADE_NONE);
		assert_int_equal(f->grade, want);
		if (want) {
			assert_int_equal(f->groups, groups);
			assert_int_equal(f->techniques, 1U << TECH_RST_INJECTION);
			assert_int_equal(f->n_injected, want >= GRADE_LIKELY);
			assert_int_equal(f->n_matches, benign == TRUTH_YES ? 2 : 1);
		}
		evidence_free(ev);
	}
	free(f);
}

/* Every subset of four groups x caps x unless x benign and its effect x capture point. */
static void test_grade_table(void **state)
{
	(void)state;
	for (int mask = 0; mask < 16; mask++) {
		for (int caps = GRADE_ANOMALY; caps <= GRADE_PROOF; caps++) {
			for (int veto = 0; veto < 2; veto++) {
				struct sig_set *set = set_for(mask, (enum grade)caps, veto);

				check_grades(set, mask, (enum grade)caps, veto);
				sig_set_free(set);
			}
		}
	}
}

/* Evidence of one rst case where every feature of group_row, and `extra`, is yes. */
static struct evidence *rst_case(uint64_t frame)
{
	struct evidence *ev = evidence_new(CASE_RST);

	for (size_t k = 0; k < ARRAY_LEN(group_row); k++)
		evidence_put1(ev, group_row[k].feat, 1, frame);
	evidence_suspect(ev, frame);
	return ev;
}

static bool make(const char *const *text, size_t n, const struct evidence *const *cases,
		 size_t n_cases, struct finding *f, struct sig_set **set)
{
	struct flow_record flow = flow_at(POINT_WIRE);

	*set = set_of(text, n);
	return finding_make(*set, &flow, cases, n_cases, f);
}

/* Two signatures of one technique, a group each, are two groups; a capped one adds none beyond
 * its cap. */
static void test_groups_of_several_signatures_add_up_within_caps(void **state)
{
	static const char *const text[2][2] = {
		{HEAD("mechanism.a", "draft") RST "when: [rst.identical is yes]\n",
		 HEAD("mechanism.b", "draft") RST "when: [rst.raced is yes]\n"},
		{HEAD("mechanism.a", "draft") RST "when: [rst.identical is yes]\n",
		 HEAD("mechanism.b", "draft") RST "when: [rst.raced is yes]\ncaps: likely\n"},
	};
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sig_set *set;

		assert_true(make(text[i], 2, cases, 1, &f, &set));
		assert_int_equal(f.grade, i == 0 ? GRADE_CONFIRMED : GRADE_LIKELY);
		assert_int_equal(f.n_matches, 2);
		assert_string_equal(f.match[0].r.sig->id, "mechanism.a");
		sig_set_free(set);
	}
	evidence_free(ev);
}

static void test_techniques_likely_ones_beside_confirmed_ones(void **state)
{
	static const char *const text[] = {
		HEAD("mechanism.a", "draft") RST "when: [rst.identical is yes, rst.raced is yes]\n",
		HEAD("mechanism.b", "draft") DATA "when: [rst.raced is yes]\n",
		HEAD("mechanism.c",
		     "draft") "claims: {technique: packet_drop}\nwhen: [rst.raced is yes, rst.too_fast is yes]\n",
	};
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};
	struct sig_set *set;

	(void)state;
	assert_true(make(text, 3, cases, 1, &f, &set));
	assert_int_equal(f.grade, GRADE_CONFIRMED);
	assert_int_equal(f.techniques, 1U << TECH_RST_INJECTION | 1U << TECH_DATA_INJECTION |
					       1U << TECH_PACKET_DROP);
	sig_set_free(set);
	evidence_free(ev);
}

static void test_benign_excuses_only_its_technique_any_excuses_all(void **state)
{
	static const char *const text[2][3] = {
		{HEAD("mechanism.a", "draft") RST
		 "when: [rst.identical is yes, rst.raced is yes]\n",
		 HEAD("mechanism.b", "draft") DATA "when: [rst.raced is yes]\n",
		 HEAD("benign.x",
		      "draft") "excuses: rst_injection\neffect: veto\nwhen: [rst.df is yes]\n"},
		{HEAD("mechanism.a", "draft") RST
		 "when: [rst.identical is yes, rst.raced is yes]\n",
		 HEAD("mechanism.b", "draft") DATA "when: [rst.raced is yes]\n",
		 HEAD("benign.x", "draft") "excuses: any\neffect: veto\nwhen: [rst.df is yes]\n"},
	};
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};
	struct sig_set *set;

	(void)state;
	assert_true(make(text[0], 3, cases, 1, &f, &set));
	assert_int_equal(f.techniques, 1U << TECH_DATA_INJECTION);
	assert_int_equal(f.grade, GRADE_LIKELY);
	assert_int_equal(f.n_matches, 1);
	sig_set_free(set);
	assert_false(make(text[1], 3, cases, 1, &f, &set));
	sig_set_free(set);
	evidence_free(ev);
}

/* A middlebox signature, active or draft, an artefact or not, alone and beside mechanisms of
 * every grade. */
static void test_middlebox_table(void **state)
{
	static const char *const mech[] = {
		NULL,
		HEAD("mechanism.a", "draft") RST "when: [rst.df is yes]\n",
		HEAD("mechanism.a", "draft") RST "when: [rst.raced is yes]\n",
		HEAD("mechanism.a", "draft") RST "when: [rst.raced is yes, rst.too_fast is yes]\n",
		HEAD("mechanism.a", "draft") DATA "when: [rst.raced is yes]\n",
	};
	static const enum grade alone[] = {GRADE_NONE, GRADE_ANOMALY, GRADE_LIKELY, GRADE_CONFIRMED,
					   GRADE_LIKELY};
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};

	(void)state;
	for (size_t m = 0; m < ARRAY_LEN(mech); m++) {
		for (int kind = 0; kind < 4; kind++) {
			bool active = kind & 1, artefact = kind & 2, raises = active && artefact;
			bool beside = m == 2 || m == 3;
			char box[1024];
			const char *text[] = {box, mech[m]};
			struct sig_set *set;

			assert_in_range(
				snprintf(box, sizeof(box),
					 "%s"
					 "claims: {technique: rst_injection, artefact: %s}\n%s",
					 active ? HEAD("middlebox.m", "active")
						: HEAD("middlebox.m", "draft"),
					 artefact ? "yes" : "no",
					 TESTED SOURCED "when: [rst.tsg_exact is yes]\n"),
				1, sizeof(box) - 1);
			assert_int_equal(make(text, mech[m] ? 2 : 1, cases, 1, &f, &set),
					 raises || m > 0);
			assert_int_equal(f.grade, raises ? GRADE_CONFIRMED : alone[m]);
			assert_int_equal(f.n_matches, (m > 0 ? 1 : 0) + (raises || beside ? 1 : 0));
			if (m > 0)
				assert_int_equal(f.match[0].r.sig->kind, SIG_MECHANISM);
			sig_set_free(set);
		}
	}
	evidence_free(ev);
}

/* What makes an artefact counts no more than its place of capture, its caps and its unless
 * allow. */
static void test_artefact_is_capped_as_others(void **state)
{
	static const struct {
		const char *rest;
		enum capture_point point;
		enum grade want;
	} row[] = {
		{"when: [rst.lockstep is yes]\n", POINT_WIRE, GRADE_CONFIRMED},
		{"when: [rst.lockstep is yes]\n", POINT_PROXY, GRADE_NONE},
		{"when: [rst.tsg_exact is yes]\n", POINT_PROXY, GRADE_CONFIRMED},
		{"when: [rst.df is yes]\n", POINT_WIRE, GRADE_CONFIRMED},
		{"when: [rst.tsg_exact is yes]\ncaps: likely\n", POINT_WIRE, GRADE_LIKELY},
		{"when: [rst.tsg_exact is yes]\nunless: [rst.after_fin is yes]\n", POINT_WIRE,
		 GRADE_ANOMALY},
		{"when: [rst.tsg_exact is yes]\nunless: [rst.df is yes]\n", POINT_WIRE, GRADE_NONE},
	};
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};

	(void)state;
	evidence_put1(ev, FEAT_RST_LOCKSTEP, 1, 3);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct flow_record flow = flow_at(row[i].point);
		char box[1024];
		const char *text[] = {box};
		struct sig_set *set;

		assert_in_range(
			snprintf(
				box, sizeof(box), "%s%s",
				HEAD("middlebox.m",
				     "active") "claims: {technique: rst_injection, artefact: yes}\n" TESTED
					SOURCED,
				row[i].rest),
			1, sizeof(box) - 1);
		set = set_of(text, 1);
		assert_int_equal(finding_make(set, &flow, cases, 1, &f), row[i].want != GRADE_NONE);
		assert_int_equal(f.grade, row[i].want);
		sig_set_free(set);
	}
	evidence_free(ev);
}

/* A resolver that lies sent its answer itself: the frame is told, and not called injected. The same facts as an injection are. */
static void test_answer_of_a_lying_resolver_is_not_injected(void **state)
{
	static const char *const claims[] = {"claims: {technique: dns_manipulation}\n", RST};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		static struct finding f;
		struct evidence *ev = rst_case(3);
		const struct evidence *cases[] = {ev};
		char text[1024];
		const char *const texts[] = {text};
		struct sig_set *set;

		(void)snprintf(text, sizeof(text), "%s%swhen: [rst.raced is yes]\n",
			       HEAD("mechanism.a", "draft"), claims[i]);
		assert_true(make(texts, 1, cases, 1, &f, &set));
		assert_int_equal(f.grade, GRADE_LIKELY);
		assert_int_equal(f.n_injected, i);
		assert_int_equal(f.frame[0], 3);
		sig_set_free(set);
		evidence_free(ev);
	}
}

/* Of two cases the better gives the grade; only its suspects are called injected when the other
 * stays an anomaly. */
static void test_best_case_gives_the_grade(void **state)
{
	static const char *const text[] = {
		HEAD("mechanism.a", "draft") RST "when: [rst.df is yes]\n",
		HEAD("mechanism.b", "draft") RST "when: [rst.raced is yes]\n",
		HEAD("benign.x",
		     "draft") "excuses: any\neffect: veto\nwhen: [rst.after_fin is yes]\n"};
	static struct finding f;
	struct evidence *a = rst_case(9), *b = rst_case(3), *vetoed = rst_case(5);
	const struct evidence *cases[] = {vetoed, a, b};
	struct sig_set *set;

	(void)state;
	evidence_put1(a, FEAT_RST_RACED, 0, 12);
	evidence_put1(vetoed, FEAT_RST_AFTER_FIN, 1, 5);
	assert_true(make(text, 3, cases, 3, &f, &set));
	assert_int_equal(f.grade, GRADE_LIKELY);
	assert_int_equal(f.n_cases, 2);
	assert_ptr_equal(f.cases[0], a);
	assert_int_equal(f.n_injected, 1);
	assert_int_equal(f.injected[0], 3);
	assert_int_equal(f.n_frames, 3);
	assert_int_equal(f.frame[0], 3);
	assert_int_equal(f.frame[1], 9);
	assert_int_equal(f.frame[2], 12);
	/* mechanism.a from both cases, then mechanism.b. */
	assert_int_equal(f.n_matches, 3);
	assert_int_equal(f.match[1].case_i, 1);
	assert_string_equal(f.match[2].r.sig->id, "mechanism.b");
	assert_int_equal(f.match[2].case_i, 1);
	assert_int_equal(f.rev, 1);
	assert_false(f.frames_cut);
	sig_set_free(set);
	evidence_free(a);
	evidence_free(b);
	evidence_free(vetoed);
}

/* Trigger kind x whether the act came after it x grade. */
static void test_aims_table(void **state)
{
	static const struct {
		const char *kind;
		uint32_t aim;
	} row[] = {
		{"tls-sni", 1U << TECH_SNI_FILTERING},
		{"quic-sni", 1U << TECH_SNI_FILTERING},
		{"http-host", 1U << TECH_HOST_FILTERING},
		{"dns-qname", 0},
		{"payload", 0},
	};
	static const char *const text[] = {
		HEAD("mechanism.a", "draft") RST "when: [rst.df is yes]\n",
		HEAD("mechanism.b", "draft") RST "when: [rst.raced is yes]\n"};
	static struct finding f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row) * 6; i++) {
		size_t k = i / 6;
		enum truth after = (enum truth)(i % 3);
		bool likely = i / 3 % 2;
		struct evidence *ev = rst_case(3);
		const struct evidence *cases[] = {ev};
		uint32_t aim = likely && after == TRUTH_YES ? row[k].aim : 0;
		struct sig_set *set;

		evidence_put1(ev, FEAT_RST_RACED, likely, 3);
		evidence_put_text(ev, FEAT_TRIGGER_KIND, row[k].kind, strlen(row[k].kind), 2);
		put(ev, FEAT_RST_AFTER_TRIGGER, after);
		assert_true(make(text, 2, cases, 1, &f, &set));
		assert_int_equal(f.aimed_follows, aim);
		assert_int_equal(f.techniques, 1U << TECH_RST_INJECTION | aim);
		sig_set_free(set);
		evidence_free(ev);
	}
}

/* An aim belongs to the act that gave the grade: that of a lesser case is not told. */
static void test_aim_of_a_lesser_case_is_not_told(void **state)
{
	static const char *const text[] = {HEAD("mechanism.a", "draft") RST
					   "when: [rst.raced is yes]\n",
					   HEAD("mechanism.b", "draft") RST
					   "when: [rst.raced is yes, rst.identical is yes]\n"};
	static struct finding f;
	struct evidence *high = rst_case(3), *low = rst_case(9);
	const struct evidence *cases[] = {low, high};
	struct sig_set *set;

	(void)state;
	evidence_put1(low, FEAT_RST_IDENTICAL, 0, 9);
	evidence_put1(low, FEAT_RST_AFTER_TRIGGER, 1, 9);
	evidence_put_text(low, FEAT_TRIGGER_KIND, "tls-sni", 7, 2);
	assert_true(make(text, 2, cases, 2, &f, &set));
	assert_int_equal(f.grade, GRADE_CONFIRMED);
	assert_int_equal(f.n_injected, 2);
	assert_int_equal(f.aimed_follows, 0);
	sig_set_free(set);
	evidence_free(high);
	evidence_free(low);
}

/* A page has no feature that says it came after the trigger: the frames' order does. */
static void test_aim_of_a_page_by_frame_order(void **state)
{
	static const char *const text[] = {HEAD(
		"mechanism.a",
		"draft") "claims: {technique: http_blockpage}\nwhen: [page.df_differs is yes]\n"};
	static struct finding f;
	struct sig_set *set = set_of(text, 1);

	(void)state;
	for (uint64_t trigger = 0; trigger < 6; trigger++) {
		struct flow_record flow = flow_at(POINT_WIRE);
		struct evidence *ev = evidence_new(CASE_PAGE);
		const struct evidence *cases[] = {ev};
		bool aimed = trigger > 0 && trigger < 4;

		flow.trigger = TRIGGER_HTTP_HOST;
		flow.trigger_frame = trigger;
		evidence_put1(ev, FEAT_PAGE_DF_DIFFERS, 1, 4);
		evidence_suspect(ev, 4);
		assert_true(finding_make(set, &flow, cases, 1, &f));
		assert_int_equal(f.aimed_follows, aimed ? 1U << TECH_HOST_FILTERING : 0);
		/* The trigger's frame is part of what a reader must look at. */
		assert_int_equal(f.n_frames, aimed ? 2 : 1);
		evidence_free(ev);
	}
	sig_set_free(set);
}

/* A later revision knows more, and keeps the id; another flow, kind or DNS transaction has
 * another. */
static void test_id_stable_over_revisions(void **state)
{
	static const char *const text[] = {
		HEAD("mechanism.a", "draft") RST "when: [rst.df is yes]\n",
		HEAD("mechanism.b", "draft") DATA "when: [rst.raced is yes, rst.too_fast is yes]\n",
		HEAD("mechanism.c",
		     "draft") "claims: {technique: dns_injection}\nwhen: [dns.answers > 1]\n",
	};
	static struct finding f;
	struct sig_set *set = set_of(text, 3);
	struct flow_record flow = flow_at(POINT_WIRE);
	struct evidence *ev = evidence_new(CASE_RST), *dns = evidence_new(CASE_DNS);
	const struct evidence *cases[] = {ev}, *dns_cases[] = {dns};
	char id[17], dns_id[17];

	(void)state;
	evidence_put1(ev, FEAT_RST_DF, 1, 4);
	assert_true(finding_make(set, &flow, cases, 1, &f));
	assert_int_equal(strspn(f.id, "0123456789abcdef"), 16);
	memcpy(id, f.id, 17);
	evidence_put1(ev, FEAT_RST_RACED, 1, 2);
	evidence_put1(ev, FEAT_RST_TOO_FAST, 1, 2);
	flow.last_ns = 9000;
	assert_true(finding_make(set, &flow, cases, 1, &f));
	assert_int_equal(f.grade, GRADE_CONFIRMED);
	assert_string_equal(f.id, id);
	memset(&f, 0xff, sizeof(f));
	finding_none(&flow, cases, 1, &f); /* takes the same one back */
	assert_string_equal(f.id, id);
	assert_int_equal(f.grade, GRADE_NONE);
	assert_int_equal(f.techniques | f.n_cases | f.n_matches | f.n_frames | f.n_injected, 0);
	flow.id[0] = 'f';
	assert_true(finding_make(set, &flow, cases, 1, &f));
	assert_string_not_equal(f.id, id);
	evidence_put1(dns, FEAT_DNS_ANSWERS, 2, 8);
	assert_true(finding_make(set, &flow, dns_cases, 1, &f));
	memcpy(dns_id, f.id, 17);
	evidence_put1(dns, FEAT_DNS_ANSWERS, 2, 9);
	assert_true(finding_make(set, &flow, dns_cases, 1, &f));
	assert_string_not_equal(f.id, dns_id);
	sig_set_free(set);
	evidence_free(ev);
	evidence_free(dns);
}

/* More frames than fit: the lowest stay, in order, and the finding says so. */
static void test_frames_beyond_the_limit_are_cut_at_the_end(void **state)
{
	static const char *const text[] = {HEAD("mechanism.a", "draft") RST
					   "when: [rst.raced is yes]\n"};
	static struct finding f;
	struct evidence *ev[3];
	const struct evidence *cases[3];
	struct sig_set *set;

	(void)state;
	for (uint64_t c = 0; c < 3; c++) {
		ev[c] = evidence_new(CASE_RST);
		cases[c] = ev[c];
		evidence_put1(ev[c], FEAT_RST_RACED, 1, 1);
		for (uint64_t i = 0; i < EV_SUSPECTS_MAX; i++)
			evidence_suspect(ev[c], 10 + i * 3 + (2 - c));
	}
	assert_true(make(text, 1, cases, 3, &f, &set));
	assert_true(f.frames_cut);
	assert_int_equal(f.n_frames, FINDING_FRAMES_MAX);
	assert_int_equal(f.frame[0], 1);
	assert_int_equal(f.n_injected, FINDING_FRAMES_MAX);
	for (uint64_t i = 0; i < FINDING_FRAMES_MAX; i++)
		assert_int_equal(f.injected[i], 10 + i);
	for (int c = 0; c < 3; c++)
		evidence_free(ev[c]);
	sig_set_free(set);
}

static void test_more_matches_than_fit_keeps_mechanisms(void **state)
{
	enum { N = FINDING_MATCHES_MAX + 4 };
	static char text[N + 1][512];
	const char *one[N + 1];
	static struct finding f;
	struct evidence *ev = rst_case(3);
	const struct evidence *cases[] = {ev};
	struct sig_set *set;

	(void)state;
	for (int i = 0; i <= N; i++) {
		one[i] = text[i];
		assert_in_range(
			snprintf(
				text[i], sizeof(text[i]),
				"format: 1\nid: %s.m%02d\nrev: 1\nstatus: draft\ntitle: t\n%swhen: [rst.raced is yes]\n%s",
				i < N ? "middlebox" : "mechanism", i, RST, SOURCED),
			1, sizeof(text[i]) - 1);
	}
	assert_true(make(one, N + 1, cases, 1, &f, &set));
	assert_int_equal(f.n_matches, FINDING_MATCHES_MAX);
	assert_int_equal(f.match[0].r.sig->kind, SIG_MECHANISM);
	assert_string_equal(f.match[1].r.sig->id, "middlebox.m00");
	assert_string_equal(f.match[FINDING_MATCHES_MAX - 1].r.sig->id, "middlebox.m30");
	sig_set_free(set);
	evidence_free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grade_table),
		cmocka_unit_test(test_groups_of_several_signatures_add_up_within_caps),
		cmocka_unit_test(test_techniques_likely_ones_beside_confirmed_ones),
		cmocka_unit_test(test_benign_excuses_only_its_technique_any_excuses_all),
		cmocka_unit_test(test_middlebox_table),
		cmocka_unit_test(test_artefact_is_capped_as_others),
		cmocka_unit_test(test_answer_of_a_lying_resolver_is_not_injected),
		cmocka_unit_test(test_best_case_gives_the_grade),
		cmocka_unit_test(test_aims_table),
		cmocka_unit_test(test_aim_of_a_lesser_case_is_not_told),
		cmocka_unit_test(test_aim_of_a_page_by_frame_order),
		cmocka_unit_test(test_id_stable_over_revisions),
		cmocka_unit_test(test_frames_beyond_the_limit_are_cut_at_the_end),
		cmocka_unit_test(test_more_matches_than_fit_keeps_mechanisms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
