/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, in plain words: one pair of sentences per technique. */
#include <string.h>

#include "sink/ip.h"
#include "sink/tell.h"

/* {who}: "the server" or whoever the packets claim to come from; {sure}: how likely; {when}: "right
 * after it asked for NAME"; {name}; {A reset}: with its number; {ended}. `shape` is for the grade
 * anomaly: the same shape, nothing proved. */
static const struct act {
	const char *sure, *shape;
} act[TECH_N] = {
	[TECH_RST_INJECTION] =
		{"{A reset} that {sure} did not come from {who} {ended} this connection{when}.",
		 "{A reset} ended this connection{when}. This has the shape of forgery, but {who} may well have closed "
		 "it."},
	[TECH_DNS_INJECTION] =
		{"The question{for} got an answer that {sure} did not come from the resolver.",
		 "The question{for} got an answer with the shape of a forged one, but the resolver may well have sent it."},
	[TECH_DATA_INJECTION] =
		{"Data that {sure} did not come from {who} was put into this connection{when}.",
		 "Parts of this connection came in two versions{when}. That is the shape of forged data, but a device that "
		 "rewrites packets for an innocent reason does the same."},
	[TECH_HTTP_BLOCKPAGE] =
		{"A page or redirect that {sure} did not come from {who} took the place of the answer{when}.",
		 "The answer{when} looks like a block page, but {who} may well have sent it."},
	[TECH_TLS_INTERCEPTION] =
		{"Somebody on the way {sure} answered in the server's place, with a certificate of their own{when}.",
		 "The server's certificate{when} looks like that of a device on the way."},
	[TECH_PACKET_DROP] =
		{"Packets of this connection {sure} were dropped on the way{when}.",
		 "Packets of this connection went unanswered{when}. Ordinary loss or a silent server does the same."},
	[TECH_QUIC_BLOCKING] =
		{"This QUIC connection was {sure} blocked on the way{when}.",
		 "This QUIC connection went unanswered{when}. A server without QUIC does the same."},
	[TECH_THROTTLING] = {"This connection was {sure} slowed down on the way{when}.",
			     "This connection was slow{when}. A busy network does the same."},
	[TECH_DNS_MANIPULATION] = {"The resolver itself {sure} gave a false answer{for}.",
				   "The resolver's answer{for} looks odd, and may be right."},
	[TECH_ADDRESS_BLOCKING] = {"This address is {sure} blocked on the way.",
				   "This address could not be reached. It may be down."},
	[TECH_PROTOCOL_BLOCKING] =
		{"This protocol is {sure} blocked on the way.",
		 "This protocol did not get through. The other end may not speak it."},
};

/* data_injection when all that was forged is the acceptance of the connection. */
static const struct act act_synack = {
	"A second acceptance of this connection {sure} did not come from {who}.",
	"This connection was accepted twice, in two ways. Two servers behind one address do the same."};

static const struct act act_other = {
	"This connection {sure} was interfered with on the way{when}.",
	"This connection looks as if it was interfered with{when}. An everyday cause fits as well."};

static bool case_yes(const struct finding *f, enum feat id)
{
	for (uint32_t c = 0; c < f->n_cases; c++) {
		const struct ev_value *v = evidence_get(f->cases[c], id);

		if (v && v->num == 1)
			return true;
	}
	return false;
}

/* Whom the packets claim to come from: the side that they do not travel to. */
static const char *who(const struct finding *f)
{
	bool as_orig = false, as_resp = false;

	for (uint32_t c = 0; c < f->n_cases; c++) {
		const struct ev_value *to = evidence_get(f->cases[c], FEAT_RST_TO);

		if (!to)
			to = evidence_get(f->cases[c], FEAT_OVERLAP_TO);
		if (to && strcmp(to->text[0], "resp") == 0)
			as_orig = true;
		else
			as_resp = true;
	}
	return as_orig && as_resp ? "either end" : as_orig ? "the client" : "the server";
}

static bool only_synack(const struct finding *f)
{
	for (uint32_t c = 0; c < f->n_cases; c++)
		if (evidence_case(f->cases[c]) != CASE_SYNACK)
			return false;
	return f->n_cases > 0;
}

static void say_resets(struct say *s, const struct finding *f)
{
	uint64_t n = 0;

	for (uint32_t c = 0; c < f->n_cases; c++) {
		const struct ev_value *v = evidence_get(f->cases[c], FEAT_RST_COUNT);

		n += v && v->num > 0 ? (uint64_t)v->num : 0;
	}
	if (n > 1)
		say_count(s, n, "reset", "resets");
	else
		say(s, "A reset");
}

static bool has_name(const struct flow_record *r)
{
	return r->trigger != TRIGGER_NONE && r->trigger_len > 0;
}

static void say_when(struct say *s, const struct finding *f)
{
	if (f->aimed_follows >> TECH_PROTOCOL_BLOCKING & 1) {
		/* our own words: nDPI's names hold nothing of the packets */
		say(s, " right after the first words of %s", f->flow.app);
		return;
	}
	if (!has_name(&f->flow))
		return;
	say(s, f->aimed_follows ? " right after it asked for " : " (which had asked for ");
	say_foreign(s, f->flow.trigger_value, f->flow.trigger_len);
	say(s, f->aimed_follows ? "" : ")");
}

static void say_field(struct say *s, const struct finding *f, const char *name, size_t len)
{
	static const char *const sure[] = {"perhaps", "perhaps", "probably", "very probably",
					   "certainly"};

	if (len == 4 && memcmp(name, "sure", len) == 0) {
		say(s, "%s", sure[f->grade]);
	} else if (len == 3 && memcmp(name, "who", len) == 0) {
		say(s, "%s", who(f));
	} else if (len == 4 && memcmp(name, "when", len) == 0) {
		say_when(s, f);
	} else if (len == 3 && memcmp(name, "for", len) == 0) {
		say(s, has_name(&f->flow) ? " for " : "");
		if (has_name(&f->flow))
			say_foreign(s, f->flow.trigger_value, f->flow.trigger_len);
	} else if (len == 7 && memcmp(name, "A reset", len) == 0) {
		say_resets(s, f);
	} else {
		bool lived = case_yes(f, FEAT_RST_LIFE_AFTER) || case_yes(f, FEAT_RST_DATA_AFTER);

		say(s, lived ? "tried to end" : "ended");
	}
}

static void say_template(struct say *s, const struct finding *f, const char *words)
{
	for (const char *w = words; *w; w++) {
		size_t len = strcspn(w, "}");

		if (*w == '{') {
			say_field(s, f, w + 1, len - 1);
			w += len;
		} else {
			say(s, "%c", *w);
		}
	}
}

void tell_act(struct say *s, const struct finding *f)
{
	const uint32_t aims = 1u << TECH_SNI_FILTERING | 1u << TECH_HOST_FILTERING |
			      (f->aimed_follows & ~f->aimed_control & 1u << TECH_PROTOCOL_BLOCKING);
	bool told = false;

	for (int t = 0; t <= TECH_N; t++) {
		const struct act *a = t < TECH_N ? &act[t] : &act_other;

		/* What it was aimed at is in "right after it asked for"; alone it still needs a
		 * sentence. */
		if (t < TECH_N ? !(f->techniques & ~aims & 1u << t) : told)
			continue;
		if (t == TECH_DATA_INJECTION && only_synack(f))
			a = &act_synack;
		say(s, "%s", told ? " " : "");
		say_template(s, f, f->grade >= GRADE_LIKELY ? a->sure : a->shape);
		told = true;
	}
}

static void say_groups(struct say *s, uint32_t groups)
{
	static const char *const name[GROUP_N] = {"",         "how the packet was built",
						  "timing",   "order of events",
						  "content",  "comparison with other connections",
						  "both ends"};
	bool more = false;

	for (int g = GROUP_STACK; g < GROUP_N; g++)
		if (groups >> g & 1) {
			say(s, "%s%s", more ? ", " : "", name[g]);
			more = true;
		}
}

void tell_grade(struct say *s, const struct finding *f)
{
	uint32_t groups = f->groups & ~(1u << GROUP_NONE);

	switch (f->grade) {
	case GRADE_PROOF:
		say(s,
		    "proof: the other end's own record shows that it never sent this, or it came faster than light allows.");
		return;
	case GRADE_CONFIRMED:
		if (__builtin_popcount(groups) < 2) {
			say(s, "confirmed: it carries a published mark that little else leaves.");
			return;
		}
		say(s, "confirmed: independent kinds of evidence agree (");
		say_groups(s, groups);
		say(s, ").");
		return;
	case GRADE_LIKELY:
		say(s, "likely: one strong kind of evidence");
		if (groups) {
			say(s, " (");
			say_groups(s, groups);
			say(s, ")");
		}
		say(s, " and nothing against it.");
		return;
	case GRADE_ANOMALY:
	case GRADE_NONE:
		break;
	}
	say(s,
	    "anomaly: it has the shape of interference, but an everyday cause still fits. Alone it proves nothing.");
}

static void say_end(struct say *s, const struct flow_end *e)
{
	char ip[SINK_IP_MAX];

	sink_ip(e->addr, ip);
	say(s, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, e->port);
	if (e->country[0])
		say(s, " (%s)", e->country);
}

void tell_ends(struct say *s, const struct flow_record *r)
{
	say_end(s, &r->orig);
	say(s, " -> ");
	say_end(s, &r->resp);
	say(s, "/%s", r->udp ? "udp" : "tcp");
}

void tell_caution(struct say *s, const struct flow_record *r)
{
	static const char *const point[] = {
		[POINT_VPN_API] =
			"The capture was taken inside a phone's VPN interface, where the phone itself rebuilds the packets: how they "
			"were built and when they came says little about the network, and counts for nothing here. ",
		[POINT_PROXY] =
			"Each packet of the capture has the same TTL and window and no TCP options, whoever sent it: a proxy or another program wrote "
			"them, not the two computers. How they were built and when they came counts for nothing here. ",
		[POINT_OFFLOAD] = "The network card joined packets before the capture saw them. ",
	};

	if ((size_t)r->point < ARRAY_LEN(point) && point[r->point])
		say(s, "%s", point[r->point]);
	if (r->one_sided)
		say(s, "Only one direction was captured, so that much could not be compared. ");
	if (r->truncated)
		say(s, "The capture holds only the beginning of each packet. ");
	if (r->lost)
		say(s, "The capture missed at least %llu packets of this connection. ",
		    (unsigned long long)r->lost);
}
