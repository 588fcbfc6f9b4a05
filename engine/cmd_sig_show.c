/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cmd_sig.h"

enum { WIDTH = 90 };

const char *sig_place(const char *code)
{
	static const struct {
		char code[3];
		const char *name;
	} place[] = {
		{"AE", "United Arab Emirates"},
		{"AU", "Australia"},
		{"AZ", "Azerbaijan"},
		{"BD", "Bangladesh"},
		{"BH", "Bahrain"},
		{"BN", "Brunei"},
		{"BY", "Belarus"},
		{"CA", "Canada"},
		{"CI", "Ivory Coast"},
		{"CN", "China"},
		{"CO", "Colombia"},
		{"EG", "Egypt"},
		{"ET", "Ethiopia"},
		{"ID", "Indonesia"},
		{"IN", "India"},
		{"IR", "Iran"},
		{"IT", "Italy"},
		{"KG", "Kyrgyzstan"},
		{"KH", "Cambodia"},
		{"KR", "South Korea"},
		{"KW", "Kuwait"},
		{"KZ", "Kazakhstan"},
		{"LB", "Lebanon"},
		{"LK", "Sri Lanka"},
		{"MA", "Morocco"},
		{"MM", "Myanmar"},
		{"MN", "Mongolia"},
		{"MY", "Malaysia"},
		{"NP", "Nepal"},
		{"OM", "Oman"},
		{"PH", "Philippines"},
		{"PK", "Pakistan"},
		{"PL", "Poland"},
		{"QA", "Qatar"},
		{"RU", "Russia"},
		{"SA", "Saudi Arabia"},
		{"SG", "Singapore"},
		{"SK", "Slovakia"},
		{"SY", "Syria"},
		{"TH", "Thailand"},
		{"TJ", "Tajikistan"},
		{"TM", "Turkmenistan"},
		{"TR", "Turkey"},
		{"US", "United States"},
		{"UZ", "Uzbekistan"},
		{"VN", "Vietnam"},
		{"YE", "Yemen"},
	};

	for (size_t i = 0; i < ARRAY_LEN(place); i++)
		if (!strcmp(place[i].code, code))
			return place[i].name;
	return code;
}

void sig_print_wrapped(const char *head, const char *text)
{
	size_t in = strlen(head), at = in;

	fputs(head, stdout);
	for (size_t n; *text; text += n) {
		size_t blank = strspn(text, " \n");

		n = blank + strcspn(text + blank, " \n");
		if (n == blank)
			break;
		if (at > in && at + 1 + (n - blank) > WIDTH) {
			printf("\n%*s", (int)in, "");
			at = in;
		}
		if (at > in)
			at += (size_t)printf(" ");
		at += fwrite(text + blank, 1, n - blank, stdout);
	}
	putchar('\n');
}

/* What was done, to somebody who has never seen a packet. */
static const char *done(enum technique t)
{
	static const char *const text[TECH_N] = {
		[TECH_RST_INJECTION] =
			"a connection was cut by forged packets that say \"hang up\", sent in the name of one of its ends",
		[TECH_DNS_INJECTION] =
			"the question for an address was answered with a forged address",
		[TECH_DATA_INJECTION] = "content was slipped in that the server did not send",
		[TECH_HTTP_BLOCKPAGE] =
			"a notice or a redirection was put in place of the page asked for",
		[TECH_TLS_INTERCEPTION] =
			"somebody stood in for the server of an encrypted connection",
		[TECH_PACKET_DROP] = "packets were swallowed on the way, without a word",
		[TECH_QUIC_BLOCKING] = "a QUIC connection (HTTP/3) was silenced",
		[TECH_THROTTLING] = "a transfer was slowed down by throwing packets away",
		[TECH_DNS_MANIPULATION] = "the resolver's answer is not the genuine one",
		[TECH_ADDRESS_BLOCKING] = "an address could not be reached at all",
		[TECH_PROTOCOL_BLOCKING] = "a protocol was blocked as such",
	};

	return t < TECH_N && text[t] ? text[t] : "something was done to a connection";
}

static void meaning(const struct signature *s)
{
	char text[512];

	if (s->kind == SIG_BENIGN)
		snprintf(text, sizeof(text),
			 "An innocent cause that looks like interference. Where it fits, it %s.",
			 s->veto ? "takes the accusation back"
				 : "keeps a finding at the weakest grade, `anomaly`");
	else if (s->kind == SIG_MECHANISM)
		snprintf(text, sizeof(text), "Says what was done (%s): %s. It names nobody.",
			 technique_name(s->technique), done(s->technique));
	else
		snprintf(
			text, sizeof(text),
			"Says that what was done (%s: %s) was done in the way a known device does it. "
			"Likeness is no proof of who runs it.",
			technique_name(s->technique), done(s->technique));
	puts("\nWhat a match means");
	sig_print_wrapped("  ", text);
	if (s->artefact)
		sig_print_wrapped(
			"  ",
			"The mark is so particular that a match alone counts as `confirmed`.");
	if (s->caps != GRADE_PROOF)
		printf("  Never gives more than `%s`.\n", grade_name(s->caps));
}

static void where(const struct signature *s)
{
	char from[UNITS_TEXT], to[UNITS_TEXT];

	if (s->kind == SIG_BENIGN)
		return;
	puts("\nWhere and since when");
	if (s->n_scope)
		fputs("  Seen in:", stdout);
	for (uint32_t i = 0; i < s->n_scope; i++)
		printf("%s %s (%s)", i ? "," : "", sig_place(s->scope[i]), s->scope[i]);
	if (s->n_scope)
		putchar('\n');
	else if (s->kind == SIG_MIDDLEBOX)
		puts("  Tied to no place: a product's mark, or nobody knows whose.");
	if (s->valid_from_ns != INT64_MIN) {
		units_print_month(from, s->valid_from_ns);
		printf("  Valid for packets from %s", from);
		if (s->valid_to_ns == INT64_MAX)
			puts(" on; no end is known.");
	} else {
		fputs("  Valid for packets of any time", stdout);
		if (s->valid_to_ns == INT64_MAX)
			puts(".");
	}
	if (s->valid_to_ns != INT64_MAX) {
		units_print_month(to, s->valid_to_ns);
		printf(" to %s; devices change.\n", to);
	}
	if (s->position && !strcmp(s->position, "on-path"))
		puts("  The device listens beside the path and adds packets; it holds none back.");
	else if (s->position && !strcmp(s->position, "in-path"))
		puts("  The device sits in the path: what it does not want to pass does not pass.");
	if (s->actor && strcmp(s->actor, "unknown") != 0)
		printf("  A source names who is behind it: %s.\n", s->actor);
}

static const char *status_words(const struct signature *s)
{
	if (s->status == SIG_ACTIVE && s->kind != SIG_MIDDLEBOX)
		return "In use.";
	if (s->status == SIG_ACTIVE)
		return s->n_captures ? "In use: checked on captures that others took and published."
				     : "In use: two sources that we read ourselves state the same.";
	if (s->status == SIG_DRAFT)
		return "A draft: known from too few sources, from a summary or from memory. It is told beside a "
		       "finding and never makes one stronger.";
	return "Retired: kept for old captures.";
}

static void how_sure(const struct signature *s)
{
	puts("\nHow sure");
	sig_print_wrapped("  ", status_words(s));
	if (s->confidence_mechanism)
		printf("  That it works like this: %s.\n", s->confidence_mechanism);
	if (s->confidence_scope)
		printf("  That it is only found there: %s.\n", s->confidence_scope);
	if (s->confidence_why)
		sig_print_wrapped("  Why: ", s->confidence_why);
}

static const char *read_word(const char *read)
{
	if (!strcmp(read, "primary"))
		return "read by us";
	if (!strcmp(read, "summary"))
		return "we read only a summary of it";
	return "from memory; not checked";
}

static void who_says(const struct signature *s, const struct source_list *sources)
{
	puts("\nWho says so");
	if (!s->n_sources)
		puts("  Nobody is cited.");
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct sig_source *c = &s->source[i];
		const struct source_entry *e = sources_find(sources, c->key);

		sig_print_wrapped("  - ", e ? e->cite : c->key);
		printf("    [%s; %s]\n", c->key, read_word(c->read));
		sig_print_wrapped("    says: ", c->says);
	}
	for (uint32_t i = 0; i < s->n_captures; i++) {
		const struct sig_capture *c = &s->capture[i];

		printf("  - a capture: https://github.com/%s\n    %s at commit %.12s, frame%s",
		       c->repo, c->path, c->commit, c->n_frames > 1 ? "s" : "");
		for (uint32_t k = 0; k < c->n_frames; k++)
			printf(" %" PRIu64, c->frame[k]);
		putchar('\n');
	}
}

static void terms(const char *head, const struct term *t, uint32_t n)
{
	if (n)
		printf("\n%s\n", head);
	for (uint32_t i = 0; i < n; i++) {
		printf("  - %s\n", t[i].source);
		sig_print_wrapped("      ", feat_info(t[i].feat)->doc);
	}
}

void sig_show(const struct signature *s, const struct source_list *sources)
{
	static const char *const kind[] = {"mechanism", "middlebox", "benign"};

	sig_print_wrapped("", s->title);
	printf("%s (%s, revision %u)\n", s->id, kind[s->kind], s->rev);
	meaning(s);
	where(s);
	how_sure(s);
	if (s->n_rivals || s->kind != SIG_BENIGN)
		puts("\nWhat else it could be");
	if (!s->n_rivals && s->kind != SIG_BENIGN)
		puts("  Nothing is on record. That is a gap, not a certainty.");
	for (uint32_t i = 0; i < s->n_rivals; i++) {
		sig_print_wrapped("  - ", s->rival[i].cause);
		sig_print_wrapped("    how to tell: ", s->rival[i].tell);
	}
	who_says(s, sources);
	if (s->notes) {
		puts("\nNotes");
		sig_print_wrapped("  ", s->notes);
	}
	terms("What is looked at: it matches when all of these hold", s->when, s->n_when);
	terms("But not when any of these holds", s->unless, s->n_unless);
	terms("Looked at as well, and told", s->supports, s->n_supports);
}
