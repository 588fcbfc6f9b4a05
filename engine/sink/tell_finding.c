/* SPDX-License-Identifier: BSD-3-Clause */
/* One finding as paragraphs: how sure, which connection, why we think so, what it is like, what
 * else it could be, where to look. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "sink/tell.h"

enum {
	RUNS_MAX = 24,  /* runs of frame numbers in one paragraph */
	RIVALS_MAX = 3, /* other explanations told; `--format jsonl` has all */
};

struct out {
	struct page *page;
	struct say *say;
};

static void line(struct out *s, const char *label, enum page_ink ink)
{
	page_put(s->page, label, TELL_INDENT, s->say->at, ink);
	say_clear(s->say);
}

static void show_connection(struct out *s, const struct finding *f)
{
	char at[TEXT_TIME_SIZE];

	tell_ends(s->say, &f->flow);
	text_time(f->ts_ns, at);
	say(s->say, ", %.10s %.8s UTC", at, at + 11);
	line(s, f->flow.udp ? "   Exchange:" : "   Connection:", INK_PLAIN);
}

static void show_signs(struct out *s, const struct finding *f)
{
	struct tell_sign sign[TELL_SIGNS_MAX];
	size_t n = tell_signs(f, sign);

	for (size_t i = 0; i < n; i++) {
		tell_sign(s->say, &sign[i]);
		line(s, i ? NULL : "   Evidence:", INK_PLAIN);
	}
}

/* What other connections tell. */
static void show_around(struct out *s, const struct finding *f)
{
	if (f->controls.ok || f->controls.failed) {
		say(s->say, "under other names, ");
		say_count(s->say, f->controls.ok, "attempt at the same server was answered",
			  "attempts at the same server were answered");
		say(s->say, " and ");
		say_count(s->say, f->controls.failed, "failed", "failed");
		line(s, "   Compared:", INK_PLAIN);
	}
	if (!f->residual.tuple)
		return;
	say(s->say, "%" PRId64 " s %s after a connection to the same server was reset",
	    f->residual.ns / 1000000000, f->residual.most_ns ? "long," : "or longer,");
	if (f->residual.most_ns)
		say(s->say, "; one passed %" PRId64 " s after it",
		    f->residual.most_ns / 1000000000);
	line(s, "   Goes on:", INK_PLAIN);
}

/* Is this signature told already, from another case? */
static bool sig_told(const struct finding *f, uint32_t match_i)
{
	for (uint32_t i = 0; i < match_i; i++)
		if (f->match[i].r.sig == f->match[match_i].r.sig)
			return true;
	return false;
}

static void show_likeness(struct out *s, const struct finding *f, enum sig_kind kind,
			  const char *label)
{
	bool first = true;

	for (uint32_t i = 0; i < f->n_matches; i++) {
		const struct signature *sig = f->match[i].r.sig;

		if (sig->kind != kind || sig_told(f, i))
			continue;
		say_foreign(s->say, sig->title, strlen(sig->title));
		say(s->say, " (%s)", sig->id);
		line(s, first ? label : NULL, INK_PLAIN);
		first = false;
	}
}

static bool rival_told(const struct sig_rival *const *told, size_t n, const char *cause)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(told[i]->cause, cause) == 0)
			return true;
	return false;
}

static void show_rivals(struct out *s, const struct finding *f)
{
	const struct sig_rival *told[RIVALS_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < f->n_matches; i++) {
		const struct signature *sig = f->match[i].r.sig;

		for (uint32_t k = 0; sig->kind != SIG_BENIGN && k < sig->n_rivals && n < RIVALS_MAX;
		     k++) {
			if (rival_told(told, n, sig->rival[k].cause))
				continue;
			say_foreign(s->say, sig->rival[k].cause, strlen(sig->rival[k].cause));
			say(s->say, " - how to tell: ");
			say_foreign(s->say, sig->rival[k].tell, strlen(sig->rival[k].tell));
			line(s, n ? NULL : "   Could also be:", INK_PLAIN);
			told[n++] = &sig->rival[k];
		}
	}
}

static void show_frames(struct out *s, const struct finding *f)
{
	if (f->n_injected) {
		say(s->say, f->n_injected > 1 ? "frames " : "frame ");
		say_frames(s->say, f->injected, f->n_injected, RUNS_MAX);
		line(s, "   Suspected:", INK_PLAIN);
	}
	if (!f->n_frames)
		return;
	if (!say_filter(s->say, f->frame, f->n_frames, RUNS_MAX) || f->frames_cut)
		say(s->say, " and more");
	line(s, "   In Wireshark:", INK_PLAIN);
}

void tell_full(struct page *p, struct say *room, const struct finding *f)
{
	struct out o = {p, room}, *s = &o;

	tell_grade(s->say, f);
	line(s, "   How sure:", INK_PLAIN);
	show_connection(s, f);
	show_signs(s, f);
	show_around(s, f);
	show_likeness(s, f, SIG_MIDDLEBOX, "   Behaves like:");
	show_likeness(s, f, SIG_BENIGN, "   Innocent look:");
	show_rivals(s, f);
	show_frames(s, f);
	tell_caution(s->say, &f->flow);
	if (s->say->n)
		line(s, "   Mind:", INK_PLAIN);
}

void tell_short(struct page *p, struct say *room, const struct finding *f)
{
	struct out o = {p, room}, *s = &o;

	say(s->say, "%s. ", grade_name(f->grade));
	tell_ends(s->say, &f->flow);
	say(s->say, ". ");
	if (f->n_frames && (!say_filter(s->say, f->frame, f->n_frames, RUNS_MAX) || f->frames_cut))
		say(s->say, " and more");
	line(s, "   Like above:", INK_PLAIN);
}
