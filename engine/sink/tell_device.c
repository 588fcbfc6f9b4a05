/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices in words: a paragraph each. "Behaves alike", never "is one machine". */
#include <inttypes.h>

#include "sink/tell.h"

enum { DEVICES_MAX = 12 /* told; the rest is counted */ };

static const char *act_of(enum ev_case c)
{
	static const char *const name[CASE_N] = {
		[CASE_ANY] = "acts",
		[CASE_RST] = "resets",
		[CASE_OVERLAP] = "data with two versions",
		[CASE_SYNACK] = "second SYN/ACKs",
		[CASE_PAGE] = "pages in place of an answer",
		[CASE_DNS] = "DNS answers",
		[CASE_DROP] = "packets dropped",
		[CASE_RATE] = "rates cut",
		[CASE_QUIC] = "QUIC silenced",
		[CASE_TLS] = "TLS answered by another",
		[CASE_COMMAND] = "commands in the client's name",
	};

	return name[c];
}

static void say_trigger(struct say *s, const struct device *d)
{
	static const char *const name[] = {[TRIGGER_TLS_SNI] = "names in TLS hellos",
					   [TRIGGER_HTTP_HOST] = "names in HTTP requests",
					   [TRIGGER_DNS_QNAME] = "names in DNS questions",
					   [TRIGGER_QUIC_SNI] = "names in QUIC hellos",
					   [TRIGGER_PAYLOAD] = "payload"};
	const char *lead = "; after ";

	for (int t = TRIGGER_TLS_SNI; t <= TRIGGER_PAYLOAD; t++) {
		if (!(d->reacts_to >> t & 1))
			continue;
		say(s, "%s%s", lead, name[t]);
		lead = ", ";
	}
}

static void say_generator(struct say *s, const struct generator_fit *g)
{
	say(s,
	    "; IP ID and window of %" PRIu32
	    " packets follow the equation published as " GENERATOR_NAME " with multiplier %" PRIu32
	    " and bound %" PRIu32 " (that random numbers do has a chance of %.1g)",
	    g->packets, g->multiplier, g->bound, g->chance > 1e-300 ? g->chance : 1e-300);
}

static void say_device(struct say *s, const struct device *d)
{
	say(s, "%s in ", act_of(d->kase));
	say_count(s, d->n_findings, "finding", "findings");
	say(s, " (%s)", grade_name(d->grade));
	say_trigger(s, d);
	if (d->has_hops && d->hops_lo == d->hops_hi)
		say(s, "; about %u hops from the capture", d->hops_lo);
	else if (d->has_hops)
		say(s, "; about %u to %u hops from the capture", d->hops_lo, d->hops_hi);
	if (d->n_seen > 1)
		say(s, "; in %" PRIu32 " inputs", d->n_seen + d->seen_left_out);
	if (d->opportunities)
		say(s,
		    "; acted on %" PRIu64 " of %" PRIu64
		    " connections with these names whose outcome shows",
		    d->acted, d->opportunities);
	if (d->residual_ns >= 1000000000) {
		say(s, "; went on between the same ends for at least ");
		say_time(s, d->residual_ns);
	}
	if (d->has_generator)
		say_generator(s, &d->generator);
	if (d->local_headers)
		say(s, "; how its packets look cannot be told at this capture point");
	say(s,
	    ". `wallprint explain --device %s` with the same files shows it and drafts a signature.",
	    d->id);
}

void tell_devices(struct page *p, struct say *room, const struct devices *ds)
{
	size_t n = devices_n(ds), told = n < DEVICES_MAX ? n : DEVICES_MAX;

	if (!n)
		return;
	page_put(p, NULL, 0,
		 "Devices, that is: findings whose packets look as if one program made them.",
		 INK_BOLD);
	for (size_t i = 0; i < told; i++) {
		say_device(room, devices_at(ds, i));
		page_put(p, devices_at(ds, i)->id, TELL_INDENT, room->at, INK_PLAIN);
		say_clear(room);
	}
	if (n > told) {
		say(room, "%zu more are not shown here; `--format jsonl` shows all.", n - told);
		page_put(p, NULL, 0, room->at, INK_PLAIN);
		say_clear(room);
	}
	if (devices_left_out(ds)) {
		say_count(room, devices_left_out(ds), "finding is", "findings are");
		say(room, " of no device told here: there was no room to compare more.");
		page_put(p, NULL, 0, room->at, INK_PLAIN);
		say_clear(room);
	}
	page_gap(p);
}
