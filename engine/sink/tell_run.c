/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/tell.h"

#include <inttypes.h>
#include <string.h>

enum { INPUTS_MAX = 20, UNDECODED_MAX = 6 };

static void read_what(struct page *p, struct say *s, const struct run_summary *r)
{
	say_clear(s);
	say_count(s, r->packets, "packet", "packets");
	say(s, " in ");
	say_count(s, r->n_inputs, "input", "inputs");
	say(s, ", ");
	say_count(s, r->flows, "flow", "flows");
	say(s, ".");
	page_put(p, "Read:", TELL_INDENT, s->at, INK_PLAIN);
}

static void found_what(struct page *p, struct say *s, const struct run_summary *r, uint64_t n_told)
{
	bool more = false;

	say_clear(s);
	if (n_told) {
		for (int g = GRADE_PROOF; g >= GRADE_ANOMALY; g--)
			if (r->findings_by_grade[g]) {
				say(s, "%s%" PRIu64 " %s", more ? ", " : "",
				    r->findings_by_grade[g], grade_name((enum grade)g));
				more = true;
			}
		if (!more)
			say_count(s, n_told, "finding", "findings");
		say(s, ".");
		if (more && !r->findings_by_grade[GRADE_PROOF] &&
		    !r->findings_by_grade[GRADE_CONFIRMED] && !r->findings_by_grade[GRADE_LIKELY])
			say(s,
			    " Nothing here goes beyond an anomaly: everyday causes explain it as well.");
		page_put(p, "Found:", TELL_INDENT, s->at, INK_BOLD);
		return;
	}
	if (!r->packets)
		say(s, "nothing to judge: no packet could be read.");
	else if (!r->flows)
		say(s, "nothing to judge: the packets hold no TCP connection and no UDP exchange.");
	else
		say(s,
		    "no sign of interference. That means: no forged reset, forged data or page, forged DNS answer, dropped hello or policed "
		    "rate left traces in these packets that can be told from everyday causes. It does not mean that nothing is blocked: an "
		    "address that cannot be reached, and whatever happened before, after or beside this capture, do not show here.");
	page_put(p, "Found:", TELL_INDENT, s->at, INK_BOLD);
}

static void stages(struct page *p, struct say *s, const struct run_summary *r)
{
	static const struct {
		enum flow_stage stage;
		const char *name, *words;
	} row[] = {
		{STAGE_POST_SYN, "post-SYN", "after the first packet"},
		{STAGE_POST_ACK, "post-ACK", "after the handshake"},
		{STAGE_POST_PSH, "post-PSH", "after the first data"},
		{STAGE_LATER, "later", "after more data"},
		{STAGE_NONE, "none", "not broken off"},
	};
	uint64_t all = 0, broken = 0;

	for (int st = 0; st < STAGE_N; st++)
		all += r->stage[st];
	if (!all)
		return;
	broken = all - r->stage[STAGE_NONE];
	say_clear(s);
	say(s,
	    "%" PRIu64 " of %" PRIu64
	    " broke off by a reset or 3 s of silence, whoever did it. In Cloudflare Radar's stages (it looks at the first 10 packets of the client only):",
	    broken, all);
	page_put(p, "TCP connections:", TELL_INDENT, s->at, INK_PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint64_t n = r->stage[row[i].stage];
		/* in tenths of a per cent, to the nearest; counts of packets stay far below 2^54 */
		uint64_t share = (n * 2000 + all) / (2 * all);

		say_clear(s);
		say(s, "%-9s%9" PRIu64 "%5" PRIu64 ".%" PRIu64 " %%  %s", row[i].name, n,
		    share / 10, share % 10, row[i].words);
		page_row(p, TELL_INDENT, s->at);
	}
}

static void lost(struct page *p, struct say *s, const struct run_summary *r)
{
	const struct run_count count[] = {
		{"packets dropped by the kernel while capturing", r->lost.kernel},
		{"packets dropped by the capture interface", r->lost.ring},
		{"packets captured only in part", r->lost.truncated},
		{"packets not decoded", r->lost.undecoded},
		{"packets filtered out before", r->lost.prefiltered},
		{"flows given up for lack of memory", r->lost.evicted},
		{"results not written", r->lost.output},
		{"datagrams whose fragments did not all come", r->defrag_failed},
		{"packets with a time before their predecessor's", r->time_backwards},
		{"hosts and names of other flows, forgotten for lack of room", r->across_evicted},
		{"times the clock was set: flows ended there", r->clock_steps},
		{"copies by a mirror port, left out of the evidence", r->duplicates},
		{"closer looks left out for lack of memory", r->inspection_lost},
	};
	bool more = false;

	say_clear(s);
	for (size_t i = 0; i < ARRAY_LEN(count); i++)
		if (count[i].n) {
			say(s, "%s%s: %" PRIu64, more ? "; " : "", count[i].name, count[i].n);
			more = true;
		}
	say(s, more ? "." : "nothing that the input tells of.");
	page_put(p, "Lost or odd:", TELL_INDENT, s->at, INK_PLAIN);
}

static void undecoded(struct page *p, struct say *s, const struct run_summary *r)
{
	if (!r->n_undecoded)
		return;
	say_clear(s);
	for (uint32_t i = 0; i < r->n_undecoded && i < UNDECODED_MAX; i++) {
		const struct run_undecoded *u = &r->undecoded[i];

		say(s, "%s%" PRIu64 " %s (link type %u", i ? "; " : "", u->n,
		    u->why ? u->why : "unknown", u->linktype);
		if (u->ethertype)
			say(s, ", ethertype 0x%04x", u->ethertype);
		say(s, ")");
	}
	if (r->n_undecoded > UNDECODED_MAX)
		say(s, "; and %" PRIu32 " other kinds", r->n_undecoded - UNDECODED_MAX);
	say(s, ".");
	page_put(p, "Not decoded:", TELL_INDENT, s->at, INK_PLAIN);
}

static void inputs(struct page *p, struct say *s, const struct run_summary *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_inputs; i++) {
		const struct run_input *in = &r->input[i];

		if (in->state == INPUT_WHOLE || n++ >= INPUTS_MAX)
			continue;
		say_clear(s);
		say_foreign(s, in->file, strlen(in->file));
		say(s, ": %s%s", input_state_name(in->state), in->why[0] ? ": " : "");
		say_foreign(s, in->why, strlen(in->why));
		page_put(p, n == 1 ? "Inputs:" : NULL, TELL_INDENT, s->at, INK_BOLD);
	}
	if (n <= INPUTS_MAX)
		return;
	say_clear(s);
	say(s, "and %" PRIu32 " more that are not whole.", n - INPUTS_MAX);
	page_put(p, NULL, TELL_INDENT, s->at, INK_PLAIN);
}

static void places(struct page *p, struct say *s, const struct run_summary *r)
{
	if (!r->geo.known)
		return;
	say_clear(s);
	say(s, "countries of addresses are what the database \"");
	say_foreign(s, r->geo.name, strlen(r->geo.name));
	say(s, "\"%s%s says; such databases err.", r->geo.date[0] ? " of " : "", r->geo.date);
	page_put(p, "Places:", TELL_INDENT, s->at, INK_PLAIN);
}

void tell_run(struct page *p, struct say *s, const struct run_summary *r, uint64_t n_told)
{
	read_what(p, s, r);
	found_what(p, s, r, n_told);
	stages(p, s, r);
	lost(p, s, r);
	undecoded(p, s, r);
	inputs(p, s, r);
	places(p, s, r);
}
