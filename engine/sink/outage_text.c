/* SPDX-License-Identifier: BSD-3-Clause */
/* Outages in words: less came from there than was expected. Not who, and not why. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "match/signature.h"
#include "sink/outage_out.h"
#include "sink/outage_words.h"

enum { TELL_MAX = 20, INDENT = 18 };

static void say_place(struct say *s, const struct tally_key *key)
{
	char text[OUTAGE_SCOPE_TEXT];

	if (key->scope == TALLY_ALL)
		say(s, "the whole server");
	if (key->scope == TALLY_COUNTRY)
		say(s, "country %.2s", key->country);
	if (key->scope == TALLY_NETWORK)
		say(s, "network AS%" PRIu32 " %.2s", key->network, key->country);
	if (key->scope == TALLY_PREFIX)
		say(s, "prefix %s", outage_prefix(key, text));
}

/* To the minute. */
static void say_minute(struct say *s, int64_t at_s)
{
	char at[TEXT_TIME_SIZE];

	say(s, "%.10s %.5sZ", text_time(at_s * 1000000000, at), at + 11);
}

static void say_kinds(struct say *s, const char *lead, uint32_t kinds)
{
	for (int k = 0; k < TALLY_KINDS; k++) {
		if (!(kinds >> k & 1))
			continue;
		say(s, "%s%s", lead, tally_kind_name((enum tally_kind)k));
		lead = ", ";
	}
}

static void say_outage(struct say *s, const struct outage *e)
{
	static const char *const basis[] = {"the hours before", "the same hour of days before",
					    "the same hour of weeks before"};
	const char *cause[OUTAGE_CAUSES], *tell[OUTAGE_CAUSES];
	uint32_t n = outage_causes(e, cause, tell);

	say_place(s, &e->key);
	say(s, ": from ");
	say_minute(s, e->start_s);
	say(s, e->ended ? " to " : " on, still so at ");
	say_minute(s, e->end_s);
	say(s,
	    ", %ld %% of the flows were missing (95 %% interval %ld to %ld): %" PRIu64
	    " succeeded where %s let expect %lld",
	    lround(100 * e->depth), lround(100 * e->depth_lo), lround(100 * e->depth_hi),
	    e->observed, basis[e->basis], llround(e->expected));
	if (e->compared)
		say(s, "; meanwhile the others had %ld %% of theirs", lround(100 * e->others));
	if (e->key.scope == TALLY_COUNTRY && e->networks)
		say(s, "; %" PRIu32 " of %" PRIu32 " networks fell with it", e->networks_fell,
		    e->networks);
	if (e->countries_fell)
		say(s, "; in %" PRIu32 " other countries the same began then", e->countries_fell);
	say_kinds(s, "; went on: ", e->kept);
	say_kinds(s, "; fell: ", e->fell);
	if (e->signs & OUTAGE_FAILING)
		say(s, "; handshakes came from there and were not completed");
	say(s, ". It is %s%s. It may also be: ", grade_name(e->grade),
	    e->shutdown ? ", and has the shape of a shutdown" : "");
	for (uint32_t i = 0; i < n; i++)
		say(s, "%s%s", i ? "; " : "", cause[i]);
	say(s, ".");
}

static void put(struct page *p, struct say *room, const char *label)
{
	page_put(p, label, label ? INDENT : 0, room->at, INK_PLAIN);
	say_clear(room);
}

void tell_outages(struct page *p, struct say *room, const struct outages *o)
{
	size_t n = outages_n(o), told = n < TELL_MAX ? n : TELL_MAX;

	if (!n)
		return;
	page_put(p, NULL, 0,
		 "Outages, that is: far fewer flows succeeded from somewhere than usual.",
		 INK_BOLD);
	for (size_t i = 0; i < told; i++) {
		say_outage(room, outages_at(o, i));
		put(p, room, "outage");
	}
	if (n > told) {
		say(room, "%zu more are not shown here; `--format jsonl` shows all.", n - told);
		put(p, room, NULL);
	}
	page_gap(p);
}
