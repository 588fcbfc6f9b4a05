/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_DEVICE_H
#define WP_KIN_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"
#include "evidence/evidence.h"
#include "kin/generator.h"
#include "match/finding.h"

/* A device is a cluster: findings of one run whose packets look as if one program had built them.
 * It says "behaves alike", never "is one machine". Findings below `likely` make none. */

enum {
	DEVICE_VALUES_MAX = 8, /* different values kept of one feature; more are counted */
	DEVICE_SEEN_MAX = 32,  /* captures that a device is told for; more are counted */
	DEVICE_MATCHES_MAX = 16,
	DEVICE_RESETS_MAX = 64, /* resets kept for the pair test */
	DEVICE_SIG_TEXT = 96,
	DEVICE_FILE_TEXT = 256,
};

struct device_value {
	int64_t num; /* as in struct ev_value; YESNO 0 or 1, TIME ns */
	char *text;  /* TOKEN, TEXT, ADDR; NULL else. Attacker-controlled */
	uint64_t n;  /* cases that had it */
};

/* One feature over all cases of the device. A TEXT or ADDR feature may count one case under
 * several values. */
struct device_feat {
	enum feat feat;
	uint64_t n_known;  /* cases in which it could be measured */
	uint32_t n_values; /* most first, then by value: canonical order */
	struct device_value *value;
	uint64_t n_more;  /* of n_known (or of values), those with a value that is not kept */
	int64_t min, max; /* numbers only: over all cases, kept or not */
};

/* Where the device was seen from: one input (with --series: all of them). */
struct device_seen {
	char file[DEVICE_FILE_TEXT]; /* as the user named it; cut */
	uint64_t n_findings;
	bool has_hops; /* TTLs agreed enough to say (METHODS c.1) */
	uint8_t hops_lo, hops_hi;
	/* cases whose TTL gave a distance, and those whose TTL was made by a rule */
	uint64_t n_hops, n_no_hops;
	int64_t first_ns, last_ns;
};

struct device_match {
	char signature[DEVICE_SIG_TEXT];
	uint64_t n; /* findings of the device in which it matched */
};

struct device {
	char id[17]; /* made of its earliest finding: does not depend on tables or order */
	enum ev_case kase;
	/* seen at a capture point (vpn_api, proxy) whose packet headers are the local machine's:
	 * the fingerprint holds content and order only */
	bool local_headers;
	uint64_t n_findings, n_cases;
	uint32_t techniques; /* bit per enum technique: the acts, and what they were aimed at */
	enum grade grade;    /* best of its findings */
	uint32_t n_feats;    /* the fingerprint, in order of feature id */
	struct device_feat *feat;
	bool has_hops; /* exactly one input, and has_hops there */
	uint8_t hops_lo, hops_hi;
	uint32_t n_seen, seen_left_out;
	struct device_seen *seen; /* in order of input */
	uint32_t reacts_to;       /* bit per enum trigger_kind */
	/* of the flows that carried a name it acted on, and that either it acted on or that were
	 * answered: how many it acted on. 0 of 0: unknown */
	uint64_t acted, opportunities;
	int64_t residual_ns; /* it went on for at least this long; 0 unknown */
	bool has_generator;
	struct generator_fit generator;
	uint32_t n_resets;
	struct generator_reset *reset; /* what the fit was made from, in order of time */
	uint32_t n_matches;            /* most first, then by id */
	struct device_match match[DEVICE_MATCHES_MAX];
	int64_t first_ns, last_ns; /* packet time of its first and last finding */
};

/* Gathers findings and makes devices of them. */
struct devices;

struct devices *devices_new(void);     /* NULL when out of memory */
void devices_free(struct devices *ds); /* accepts NULL */

/* Takes a finding, in its last revision, with the name of its input; keeps nothing of it. Cost: one
 * look at each of its facts. What found no room is counted. Accepts NULL: nobody asks. */
void devices_finding(struct devices *ds, const struct finding *f, const char *file);
/* Takes every flow that is over: an opportunity to act that was or was not taken. Accepts NULL. */
void devices_flow(struct devices *ds, const struct flow_record *r);
/* The same in two steps, for who hands flows on: what counts of one, 0 nothing; and taking it. */
uint64_t devices_pass_of(const struct flow_record *r);
void devices_pass(struct devices *ds, uint64_t pass, const char flow_id[FLOW_ID_TEXT]);
/* Clusters what was taken. Call once, at the end; then the two below. */
void devices_finish(struct devices *ds);
size_t devices_n(const struct devices *ds);
/* In order of first finding, then id. */
const struct device *devices_at(const struct devices *ds, size_t i);
/* Findings that belong to no device told, because there was no room. */
uint64_t devices_left_out(const struct devices *ds);

/* May the two be told as one device? The same kind, and nothing that both know and that one program
 * would not change speaks against it; values that a counter or chance may have made do not count. */
bool device_alike(const struct device *a, const struct device *b);
/* Adds what `from` knows to `into` (counts, ranges, inputs; the generator is fitted again from the
 * resets of both; the id is the earlier one's). False when out of memory: `into` may then lack part
 * of it. */
MUST_CHECK bool device_join(struct device *into, const struct device *from);
/* Frees what the device holds, not the device itself. */
void device_clear(struct device *d);

/* The fingerprint's line for one feature; NULL: unknown. */
const struct device_feat *device_feat(const struct device *d, enum feat id);

#endif
