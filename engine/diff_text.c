/* SPDX-License-Identifier: BSD-3-Clause */
/* What `wallprint diff` says to people: one screen. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_tell.h"
#include "sink/ip.h"
#include "sink/page.h"

enum { INDENT = 12, TOLD_MAX = 12, RUNS_MAX = 8, WIDTH_USUAL = 100 };

static void say_side(struct say *s, const struct diff_run *d, const struct diff_finding *fi,
		     int file)
{
	const struct pair *p = d->pair;
	uint64_t *frame = calloc(fi->to - fi->from + 1u, sizeof(*frame));
	size_t n = 0;

	for (uint32_t i = fi->from; frame && i < fi->to; i++)
		if (p->item[i].file == file)
			frame[n++] = p->side[file].rec[p->item[i].rec].frame;
	if (n) {
		say(s, " In ");
		say_foreign(s, d->input[file].file, strlen(d->input[file].file));
		say(s, ": ");
		say_count(s, n, "packet", "packets");
		say(s, ", frames ");
		say_frames(s, frame, n, RUNS_MAX);
		say(s, ".");
	}
	free(frame);
}

static void tell_finding(struct page *pg, struct say *s, const struct diff_run *d,
			 const struct diff_finding *fi)
{
	static const char *const what[PAIR_KINDS] = {
		[PAIR_INJECTED] = "received, and never sent by the host it names as its sender.",
		[PAIR_DROPPED] = "sent, and never received: more in a row than loss explains.",
		[PAIR_ALTERED] = "received with other bytes than were sent."};
	const struct pair *p = d->pair;
	const struct pair_item *it = &p->item[fi->from];
	const struct pair_side *side = &p->side[it->file];
	const struct pair_flow *f = &side->flow[side->rec[it->rec].flow_i];
	char a[SINK_IP_MAX], b[SINK_IP_MAX], label[16];

	snprintf(label, sizeof(label), "%s:", grade_name(fi->grade));
	label[0] = (char)(label[0] - 'a' + 'A');
	say_clear(s);
	say(s, "%s %s port %u -> %s port %u:", f->proto == 17 ? "UDP" : "TCP",
	    sink_ip(f->addr[0].b, a), f->port[0], sink_ip(f->addr[1].b, b), f->port[1]);
	for (int t = 0; t < TECH_N; t++)
		if (fi->techniques >> t & 1)
			say(s, " %s,", technique_name((enum technique)t));
	say(s, " %s", what[it->kind]);
	for (int file = 0; file < 2; file++)
		say_side(s, d, fi, file);
	if (fi->grade == GRADE_PROOF)
		say(s, " The other capture is shown to be complete for this flow.");
	else if (fi->grade == GRADE_LIKELY)
		say(s,
		    " Nothing shows that the other capture missed no packet, so this is no proof.");
	else
		say(s,
		    " The other capture may have ended before, or its host: this may be nothing.");
	page_put(pg, label, INDENT, s->at, INK_PLAIN);
}

static void tell_read(struct page *pg, struct say *s, const struct diff_run *d)
{
	const struct pair *p = d->pair;

	for (int i = 0; i < 2; i++) {
		say_clear(s);
		say_foreign(s, d->input[i].file, strlen(d->input[i].file));
		say(s, ", ");
		say_count(s, d->input[i].packets, "packet", "packets");
		if (d->input[i].state != INPUT_WHOLE) {
			say(s, ", %s: ", input_state_name(d->input[i].state));
			say_foreign(s, d->input[i].why, strlen(d->input[i].why));
		}
		if (p->side[i].left_out) {
			say(s, ". Beyond what fits and not compared: ");
			say_count(s, p->side[i].left_out, "packet", "packets");
		}
		say(s, ".");
		page_put(pg, i ? "Responder:" : "Originator:", INDENT, s->at, INK_PLAIN);
	}
	if (d->swapped)
		page_put(
			pg, NULL, 0,
			"By their times the files were named in the wrong order; they are taken in the right one.",
			INK_BOLD);
	say_clear(s);
	say_count(s, p->flows_paired, "flow", "flows");
	say(s, " and ");
	say_count(s, p->matched, "packet", "packets");
	say(s, " stand in both.");
	if (p->clock.valid) {
		say(s, " The responder's clock is %s by ",
		    p->clock.offset_ns < 0 ? "behind" : "ahead");
		say_time(s, p->clock.offset_ns < 0 ? -p->clock.offset_ns : p->clock.offset_ns);
		if (p->clock.both_ways) {
			say(s, ", the round trip between the captures ");
			say_time(s, p->clock.rtt_ns);
		} else {
			say(s, " (seen one way only: the path's delay is in it)");
		}
		say(s, ".");
	}
	page_put(pg, "Compared:", INDENT, s->at, INK_PLAIN);
}

static void tell_rest(struct page *pg, struct say *s, const struct diff_run *d)
{
	const struct pair *p = d->pair;
	uint64_t lost = p->lost[0] + p->lost[1], twins = p->twins[0] + p->twins[1],
		 outside = p->outside[0] + p->outside[1];

	say_clear(s);
	say_count(s, lost, "packet was", "packets were");
	say(s, " lost as packets are; ");
	say_count(s, twins, "came twice", "came twice");
	say(s, "; ");
	say_count(s, outside, "lies", "lie");
	say(s, " outside of the time that both captures cover.");
	page_put(pg, "Besides:", INDENT, s->at, INK_DIM);
}

void diff_tell_text(FILE *f, const struct diff_run *d, uint32_t width, bool colour)
{
	struct page pg = {f, width ? width : WIDTH_USUAL, colour};
	struct diff_finding fi;
	uint32_t n = 0;
	struct say s;

	tell_read(&pg, &s, d);
	page_gap(&pg);
	for (uint32_t i = 0; diff_tell_next(d->pair, i, &fi); i = fi.to, n++)
		if (n < TOLD_MAX)
			tell_finding(&pg, &s, d, &fi);
	if (n > TOLD_MAX) {
		say_clear(&s);
		say(&s, "%" PRIu32 " more; --format jsonl has them all.", n - TOLD_MAX);
		page_put(&pg, "And:", INDENT, s.at, INK_BOLD);
	}
	if (!n && !d->pair->flows_paired)
		page_put(&pg, "Found:", INDENT,
			 "nothing to compare: no flow stands in both captures.", INK_BOLD);
	else if (!n)
		page_put(
			&pg, "Found:", INDENT,
			"what was sent is what was received: nothing was injected, dropped or changed.",
			INK_BOLD);
	page_gap(&pg);
	tell_rest(&pg, &s, d);
}
