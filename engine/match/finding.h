/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_FINDING_H
#define WP_MATCH_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/evidence.h"
#include "evidence/flow_record.h"
#include "match/signature.h"

/* How one signature fared against one case. Bit i of a mask is term i of that list. */
struct sig_result {
	const struct signature *sig;
	enum truth
		/* YES: all `when` hold, no `unless` holds; UNKNOWN: nothing fails, something is
		 * unknown */
		verdict;
	bool out_of_date;    /* outside claims.valid at the packets' time: verdict NO */
	bool unless_unknown; /* an `unless` term is unknown: caps the grade at anomaly */
	uint32_t when_held, when_failed, when_unknown;
	uint32_t unless_held, unless_unknown_mask;
	uint32_t supports_held, supports_failed, supports_unknown;
};

/* Evaluates every signature that applies to this case's kind; out has room for sig_set_n.
 * Returns how many were written, in id order. `at_ns` is the packets' time, for validity. Pure. */
size_t match_case(const struct sig_set *set, const struct evidence *ev, int64_t at_ns,
		  struct sig_result *out);

enum { FINDING_CASES_MAX = 8, FINDING_MATCHES_MAX = 32, FINDING_FRAMES_MAX = 1024 };

struct finding_match {
	struct sig_result r;
	uint32_t case_i; /* which of cases[] it was read from */
};

/* What is reported for a flow. Points into the signature set and the evidence it was made from;
 * both outlive it. */
struct finding {
	char id[17]; /* stable over revisions */
	uint32_t rev;
	/* of the first suspected packet, else of the first frame cited. Evidence holds no times:
	 * finding_make leaves flow.first_ns here, and who knows the packet's time puts it in */
	int64_t ts_ns;
	struct flow_record flow;
	uint32_t techniques;    /* bit per enum technique: the act, and what it was aimed at */
	uint32_t aimed_follows; /* subset of techniques that are aims with basis "follows" */
	/* the same with basis "control": another name or version got through */
	uint32_t aimed_control;
	/* with basis "repeat": the same name failed three times over two servers, and never got through */
	uint32_t aimed_repeat;
	/* What other flows tell. finding_make sees none of them and leaves these unset; who asks across/ puts them in. Attempts of the
	 * same client at the same server under other names, within 10 min: answered, or failed. */
	struct {
		uint32_t ok, failed; /* both 0: none was seen */
		uint32_t n_frames;
		uint64_t frame[4]; /* of answers */
	} controls;
	/* This went on after an earlier trigger: residual blocking. */
	struct {
		uint8_t tuple; /* 3: another port of the client; 4: the same ends; 0: no residual blocking seen */
		int64_t ns; /* it lasted so long at least */
		int64_t most_ns; /* a connection passed so long after the trigger; 0: none was seen to pass */
	} residual;
	enum grade grade;
	uint32_t groups; /* bit per enum ev_group that held in mechanism signatures */
	uint32_t n_cases;
	const struct evidence *cases[FINDING_CASES_MAX];
	uint32_t likely_cases; /* bit per case that reached `likely` by itself */
	uint32_t n_matches;
	struct finding_match match
		/* mechanism first, then middlebox, then benign; by id inside */
		[FINDING_MATCHES_MAX];
	uint32_t n_frames; /* all frames cited, ascending */
	uint64_t frame[FINDING_FRAMES_MAX];
	uint32_t n_injected; /* suspected frames of cases that reached `likely`; empty below */
	uint64_t injected[FINDING_FRAMES_MAX];
	/* not all are listed: more than FINDING_FRAMES_MAX, or than EV_FRAMES_MAX for one value */
	bool frames_cut;
	/* hops from the capture to the injector, by its TTLs. Evidence speaks of cases, not of
	 * places: finding_make leaves it unset, and who asks kin/place.h puts it in */
	bool has_injector;
	uint8_t injector_lo, injector_hi;
};

/* Judges the cases of one flow that speak of the same act (all rst cases; or one dns transaction;
 * ...) and fills *out. False, with grade GRADE_NONE and the rest of *out not filled, when nothing is to be said: no mechanism signature
 * and no artefact matched, or a benign one vetoed. Technique by technique:
 * - Every mechanism signature that matched gives the groups of its `when` features (GROUP_NONE
 *   gives none). No group is anomaly, one is likely, two or more are confirmed. Groups of
 *   signatures that claim different techniques are not added up.
 * - `caps` keeps a signature's groups from counting towards more than it; an unknown `unless` is a
 *   cap at anomaly. On capture points vpn_api and proxy, stack and timing count as no group.
 * - A middlebox signature with `artefact` gives confirmed. A draft middlebox signature never raises
 *   a grade, though it may be reported in matches.
 * - A benign match with effect anomaly caps the technique it excuses (`any`: all) at anomaly; with
 *   veto it takes that technique out of the case, and the case is dropped when none is left.
 * The best case gives the grade; the finding carries the techniques that reached it. Middlebox
 * signatures are reported only beside a mechanism signature of the same technique and case that
 * reached `likely`, or when they are artefacts.
 * Aims: trigger tls-sni or quic-sni gives sni_filtering, http-host gives host_filtering (basis
 * follows) when the act came after the trigger and the grade is `likely` or better. A quic case
 * whose name was dead while another name was answered gives sni_filtering, one whose version was
 * dead while the name was answered in another gives protocol_blocking (basis control). Validity is
 * judged at flow.first_ns. Cases beyond FINDING_CASES_MAX are not looked at. The id is made of the
 * flow's id, the kind of happening, and for dns the transaction's first cited frame. */
bool finding_make(const struct sig_set *set, const struct flow_record *flow,
		  const struct evidence *const *cases, size_t n, struct finding *out);
/* What takes the finding of these cases back: its id and flow, without techniques and grade. */
void finding_none(const struct flow_record *flow, const struct evidence *const *cases, size_t n,
		  struct finding *out);

#endif
