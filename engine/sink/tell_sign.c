/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts in plain words: one table, best first. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sink/tell.h"

/* When a fact is worth telling. */
enum if_value { IF_YES, IF_NO, IF_BELOW, IF_ABOVE, IF_TEXT };

/* In the words: {v} is the value, {size} without its sign, {side} whom the packet claims to come
 * from, {feature.name} the value of another feature of the same case; a part in [ ] is left out
 * when such a value is unknown. */
static const struct row {
	enum feat feat;
	enum if_value when;
	const char *words;
} row[] = {
	/* What only one known maker leaves behind. */
	{FEAT_RST_TSG_EXACT, IF_YES,
	 "every reset solves the number equation of a published reset generator exactly"},
	{FEAT_RST_PAYLOAD, IF_TEXT, "the reset carries bytes of its own: {v}"},
	{FEAT_PAGE_MARK, IF_TEXT,
	 "the page carries the text or host of a published block page: {v}"},
	{FEAT_DNS_TEREDO, IF_YES,
	 "the answer is a tunnel address that belongs to no server[: {dns.addr}]"},
	{FEAT_DNS_ADDR_KNOWN, IF_YES,
	 "the answer holds an address that no public name can have[: {dns.addr}]"},
	{FEAT_DNS_TYPE_IGNORED, IF_YES,
	 "the answer gives an IPv4 address though none was asked for"},
	/* Contradictions. */
	{FEAT_DNS_CONFLICT, IF_YES,
	 "the answers to one question contradict each other[ (differing in {dns.conflict_kind})]"},
	{FEAT_OVERLAP_DIFFERS, IF_ABOVE, "the same place in the data came twice, and {v} differ"},
	{FEAT_SYNACK_ISN_DIFFERS, IF_YES,
	 "two different acceptances (SYN/ACK) of one request to connect"},
	{FEAT_SYNACK_DATA_BOTH, IF_YES, "data followed on both versions of the connection"},
	{FEAT_RST_AND_SYNACK, IF_YES, "{side} both refused and accepted the connection"},
	{FEAT_RST_RACED, IF_YES, "the reset knew data of {side} that arrived only after it"},
	{FEAT_RST_DATA_AFTER, IF_YES, "{side} sent new data after its supposed reset"},
	{FEAT_RST_LIFE_AFTER, IF_YES,
	 "{side} went on after its supposed reset, with its usual TTL"},
	/* Built by another machine. */
	{FEAT_RST_TTL_DELTA, IF_BELOW, "TTL {size} below {side}'s other packets"},
	{FEAT_RST_TTL_DELTA, IF_ABOVE, "TTL {size} above {side}'s other packets"},
	{FEAT_PAGE_TTL_GAP, IF_ABOVE, "TTL {v} away from {side}'s other packets"},
	{FEAT_OVERLAP_TTL_GAP, IF_ABOVE, "the two versions differ in TTL by {v}"},
	{FEAT_DNS_TTL_GAP, IF_ABOVE, "IP TTL {v} away from the resolver's other answers"},
	{FEAT_OVERLAP_ONE_SENDER, IF_NO,
	 "TTL and IP ID of the two versions cannot be one sender's"},
	{FEAT_SYNACK_STACK_DIFFERS, IF_YES,
	 "the two differ in TTL or options: two machines built them"},
	{FEAT_OVERLAP_STACK_DIFFERS, IF_YES,
	 "the odd version was not built like {side}'s other packets"},
	{FEAT_DNS_STACK_DIFFERS, IF_YES,
	 "the answers differ in TTL, DF or IP ID: two machines built them"},
	/* Silence. */
	{FEAT_DROP_RETRANSMISSIONS, IF_ABOVE,
	 "the same bytes were sent again {v} times, and nothing acknowledged them[ in {drop.silence}]"},
	{FEAT_DROP_PEER_ALIVE, IF_YES,
	 "packets of the server still arrived and acknowledged nothing new"},
	{FEAT_DROP_PATH_ALIVE, IF_YES,
	 "packets of other hosts reached the client meanwhile: its own network was up"},
	{FEAT_DROP_SINCE_RESET, IF_ABOVE,
	 "no answer to new attempts, {v} after a connection to the same server was reset"},
	{FEAT_DROP_ICMP, IF_TEXT,
	 "an ICMP error[ of {drop.icmp_addr}] says of a packet of this connection: {v}"},
	/* Too soon. */
	{FEAT_RST_TOO_FAST, IF_YES,
	 "came[ {rst.lag} after the request,] sooner than {side} can answer[ (round trip {rst.rtt})]"},
	{FEAT_PAGE_TOO_FAST, IF_YES,
	 "came[ {page.lag} after the request,] sooner than {side} can answer"},
	{FEAT_DNS_TOO_FAST, IF_YES,
	 "came[ {dns.lag} after the question,] sooner than this resolver ever answered"},
	/* How it was built. */
	{FEAT_RST_IDENTICAL, IF_YES,
	 "[{rst.count} resets, ]alike down to IP ID, TTL and window: copies of one packet"},
	{FEAT_RST_LOCKSTEP, IF_YES, "TTL and window count up together through the burst"},
	{FEAT_RST_SEQ_CHANGE, IF_YES, "a later reset jumps ahead of everything {side} had sent"},
	{FEAT_RST_IPID_ECHO, IF_YES, "IP ID copied from the packet that set it off"},
	{FEAT_RST_IPID_ECHO_NEXT, IF_YES, "IP ID is the other side's last one plus 1"},
	{FEAT_PAGE_IPID_ECHO, IF_YES, "IP ID copied from the request"},
	{FEAT_OVERLAP_IPID_ECHO, IF_YES, "IP ID copied from the packet it answers"},
	{FEAT_DNS_IPID_ECHO, IF_YES, "IP ID copied from the question"},
	{FEAT_RST_WIN_ECHO, IF_YES, "window copied from the other side"},
	{FEAT_RST_ODD_FLAGS, IF_YES,
	 "flag bits that no common system sets on a reset[ (flags {rst.flags})]"},
	{FEAT_RST_IPID_FITS, IF_NO, "IP ID does not fit the count of {side}'s other packets"},
	{FEAT_PAGE_IPID_FITS, IF_NO, "IP ID does not fit the count of {side}'s other packets"},
	{FEAT_RST_DF_DIFFERS, IF_YES, "DF bit unlike all of {side}'s other packets"},
	{FEAT_PAGE_DF_DIFFERS, IF_YES, "DF bit unlike all of {side}'s other packets"},
	{FEAT_PAGE_TS_MISSING, IF_YES,
	 "no TCP timestamp, though the connection agreed to use them"},
	{FEAT_PAGE_LATE_ACK, IF_YES,
	 "its maker also acknowledged the close, a tenth of a second later"},
	{FEAT_DNS_OPT_DIFFERS, IF_YES, "one answer carries EDNS and the other does not"},
	{FEAT_RST_TSG_BOUND, IF_YES,
	 "IP ID and window agree as a published reset generator makes them"},
	/* The setting. */
	{FEAT_RST_AFTER_TRIGGER, IF_YES,
	 "after the request[ ({rst.lag})] and before any answer of {side}"},
	{FEAT_PAGE_LOCATION_HOST, IF_TEXT, "it sends the reader on to {v}"},
	{FEAT_PAGE_RST_FOLLOWS, IF_YES, "a reset follows right behind it"},
	{FEAT_DNS_ADDR, IF_TEXT, "the suspected answer says {v}"},
	{FEAT_RST_OTHER_KIND, IF_ABOVE, "beside it came resets of another make ({v})"},
};

static bool worth(const struct ev_value *v, enum if_value when)
{
	switch (when) {
	case IF_YES:
		return v->num == 1;
	case IF_NO:
		return v->num == 0;
	case IF_BELOW:
		return v->num < 0;
	case IF_ABOVE:
		return v->num > 0;
	case IF_TEXT:
		return v->n_text > 0;
	}
	return false;
}

static bool chosen(const struct tell_sign *sign, size_t n, enum feat feat)
{
	for (size_t i = 0; i < n; i++)
		if (sign[i].v->feat == feat)
			return true;
	return false;
}

/* A gap that another initial TTL of the same host explains is told by nobody. */
static bool excused(const struct evidence *ev, enum feat feat)
{
	const struct ev_value *shift =
		feat == FEAT_RST_TTL_DELTA ? evidence_get(ev, FEAT_RST_TTL_SHIFT) : NULL;

	return shift && shift->num == 1;
}

static size_t add_rows(const struct finding *f, struct tell_sign *out, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		for (uint32_t c = 0; c < f->n_cases && n < TELL_SIGNS_MAX; c++) {
			const struct ev_value *v = evidence_get(f->cases[c], row[i].feat);

			if (v && worth(v, row[i].when) && !chosen(out, n, row[i].feat) &&
			    !excused(f->cases[c], row[i].feat))
				out[n++] = (struct tell_sign){f->cases[c], v, row[i].words};
		}
	return n;
}

static bool in_table(enum feat feat)
{
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (row[i].feat == feat)
			return true;
	/* The same gap as its signed twin, which has its words; the sum of signs that have theirs.
	 */
	return feat == FEAT_RST_TTL_GAP || feat == FEAT_PAGE_STACK_SIGNS;
}

/* What a mechanism signature rested on and the table has no words for. */
static size_t add_terms(const struct finding *f, struct tell_sign *out, size_t n)
{
	for (uint32_t i = 0; i < f->n_matches; i++) {
		const struct signature *s = f->match[i].r.sig;
		const struct evidence *ev = f->cases[f->match[i].case_i];

		for (uint32_t k = 0;
		     s->kind == SIG_MECHANISM && k < s->n_when && n < TELL_SIGNS_MAX; k++) {
			const struct ev_value *v = evidence_get(ev, s->when[k].feat);

			/* GROUP_NONE describes the setting: the sentence above it does so better.
			 */
			if (v && feat_info(v->feat)->group != GROUP_NONE && !in_table(v->feat) &&
			    !chosen(out, n, v->feat))
				out[n++] = (struct tell_sign){ev, v, NULL};
		}
	}
	return n;
}

size_t tell_signs(const struct finding *f, struct tell_sign out[TELL_SIGNS_MAX])
{
	return add_terms(f, out, add_rows(f, out, 0));
}

static void say_value(struct say *s, const struct ev_value *v, bool unsigned_size)
{
	uint64_t size = v->num < 0 ? 0 - (uint64_t)v->num : (uint64_t)v->num;

	switch (feat_info(v->feat)->unit) {
	case UNIT_TIME:
		say_time(s, v->num);
		return;
	case UNIT_YESNO:
		say(s, "%s", v->num ? "yes" : "no");
		return;
	case UNIT_TOKEN:
	case UNIT_TEXT:
	case UNIT_ADDR:
		for (uint32_t i = 0; i < v->n_text; i++) {
			say(s, "%s", i ? ", " : "");
			say_foreign(s, v->text[i], strlen(v->text[i]));
		}
		return;
	case UNIT_HOPS:
	case UNIT_BYTES:
		if (v->num < 0 && !unsigned_size)
			say(s, "-");
		say_count(s, size, feat_info(v->feat)->unit == UNIT_HOPS ? "hop" : "byte",
			  feat_info(v->feat)->unit == UNIT_HOPS ? "hops" : "bytes");
		return;
	case UNIT_COUNT:
	case UNIT_NUMBER:
		break;
	}
	say(s, v->feat == FEAT_RST_FLAGS ? "0x%03" PRIx64 : "%" PRId64, v->num);
}

/* The side in whose name the packets of this case were sent. */
static const char *side_of(const struct evidence *ev)
{
	const struct ev_value *to =
		evidence_get(ev, evidence_case(ev) == CASE_OVERLAP ? FEAT_OVERLAP_TO : FEAT_RST_TO);

	if (evidence_case(ev) == CASE_DNS)
		return "the resolver";
	return to && strcmp(to->text[0], "resp") == 0 ? "the client" : "the server";
}

/* The value that `name` (as between the braces) stands for; false when it is unknown. */
static bool say_field(struct say *s, const struct tell_sign *sign, const char *name, size_t len)
{
	bool size = len == 4 && memcmp(name, "size", len) == 0;
	const struct ev_value *v = size || (len == 1 && *name == 'v') ? sign->v : NULL;
	enum feat feat;

	if (len == 4 && memcmp(name, "side", len) == 0) {
		say(s, "%s", side_of(sign->ev));
		return true;
	}
	if (!v && feat_find(name, len, &feat))
		v = evidence_get(sign->ev, feat);
	if (v)
		say_value(s, v, size);
	return v != NULL;
}

static void say_words(struct say *s, const struct tell_sign *sign)
{
	size_t optional_n = 0;
	bool skip = false;

	for (const char *w = sign->words; *w; w++) {
		size_t len = strcspn(w, "}");

		if (*w == '[') {
			optional_n = s->n;
			skip = false;
		} else if (*w == ']') {
			if (skip) {
				s->n = optional_n;
				s->at[s->n] = '\0';
			}
		} else if (*w == '{') {
			skip |= !say_field(s, sign, w + 1, len - 1);
			w += len;
		} else {
			say(s, "%c", *w);
		}
	}
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void tell_sign(struct say *s, const struct tell_sign *sign)
{
	uint64_t frame[EV_FRAMES_MAX];
	uint32_t n = sign->v->n_frames;

	if (n) {
		memcpy(frame, sign->v->frame, n * sizeof(frame[0]));
		qsort(frame, n, sizeof(frame[0]), by_number);
		say(s, n > 1 ? "frames " : "frame ");
		say_frames(s, frame, n, 6);
		if (sign->v->n_frames_all > n)
			say(s, " and %" PRIu32 " more", sign->v->n_frames_all - n);
		say(s, ": ");
	}
	if (sign->words) {
		say_words(s, sign);
		return;
	}
	say(s, "%s: ", feat_info(sign->v->feat)->doc);
	say_value(s, sign->v, false);
}
