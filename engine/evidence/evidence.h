/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_EVIDENCE_EVIDENCE_H
#define WP_EVIDENCE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum unit {
	UNIT_COUNT,
	UNIT_HOPS,
	UNIT_TIME,
	UNIT_BYTES,
	UNIT_YESNO,
	UNIT_TOKEN,
	UNIT_TEXT,
	UNIT_NUMBER,
	UNIT_ADDR
};
enum ev_group {
	GROUP_NONE,
	GROUP_STACK,
	GROUP_TIMING,
	GROUP_SEQUENCE,
	GROUP_CONTENT,
	GROUP_CONTROL,
	GROUP_ENDS,
	GROUP_N
};
enum advice { ADVICE_LITERAL, ADVICE_WIDEN, ADVICE_NEVER };

enum feat {
#define X(id, name, unit, group, advice, tokens, doc) FEAT_##id,
#include "evidence/features.def"
#undef X
	FEAT_N
};

/* What kind of happening a set of facts is about: the first part of its features' names. CASE_ANY
 * is for the features that belong to every case (flow, trigger, capture). */
enum ev_case {
	CASE_ANY,
	CASE_RST,
	CASE_OVERLAP,
	CASE_SYNACK,
	CASE_PAGE,
	CASE_DNS,
	CASE_DROP,
	CASE_RATE,
	CASE_QUIC,
	CASE_TLS,
	CASE_COMMAND,
	CASE_N
};

struct feat_info {
	const char *name;
	enum unit unit;
	enum ev_group group;
	enum advice advice;
	const char *tokens; /* NULL, or the allowed tokens joined by | */
	const char *doc;
	enum ev_case kase;
};

/* The registry's line for one feature; never NULL for id < FEAT_N. */
const struct feat_info *feat_info(enum feat id);
/* Looks a name up; false when there is none. */
MUST_CHECK bool feat_find(const char *name, size_t len, enum feat *out);
/* "count", "hops", "ns", "bytes", "yesno", "token", "text", "number", "addr" */
const char *unit_name(enum unit u);
const char *group_name(enum ev_group g); /* "none", "stack", ... */
const char *case_name(enum ev_case c);   /* "any", "rst", ... */

enum {
	EV_FRAMES_MAX = 16,  /* frames kept with one value; more are counted */
	EV_TEXTS_MAX = 8,    /* values of a TEXT or ADDR feature */
	EV_TEXT_BYTES = 255, /* of one text; longer is cut */
	EV_SUSPECTS_MAX = 512,
};

struct ev_value {
	enum feat feat;
	int64_t num;              /* COUNT HOPS BYTES NUMBER; TIME in ns; YESNO 0 or 1 */
	uint32_t n_text;          /* TOKEN: 1; TEXT, ADDR: 1..EV_TEXTS_MAX */
	char *text[EV_TEXTS_MAX]; /* NUL-terminated, may hold any other byte: attacker-controlled */
	uint32_t n_frames;        /* <= EV_FRAMES_MAX */
	uint32_t n_frames_all;
	uint64_t frame[EV_FRAMES_MAX];
};

/* The facts about one case of one flow, each with its frames, plus the packets the facts are about.
 * Absent is unknown: a detector that could not measure puts nothing. */
struct evidence;

struct evidence *evidence_new(enum ev_case kase); /* NULL when out of memory */
void evidence_free(struct evidence *ev);          /* accepts NULL */
enum ev_case evidence_case(const struct evidence *ev);

/* Each put replaces an earlier value of that feature. `frames` may be NULL with n 0; copied. Out of
 * memory: the value is not stored (unknown) and evidence_lost() counts it. */
void evidence_put(struct evidence *ev, enum feat id, int64_t num, const uint64_t *frames, size_t n);
void evidence_put1(struct evidence *ev, enum feat id, int64_t num, uint64_t frame);
/* Stores a TOKEN (must be one of the feature's tokens) or the first value of a TEXT or ADDR
 * feature. */
void evidence_put_text(struct evidence *ev, enum feat id, const char *text, size_t len,
		       uint64_t frame);
/* Adds one more value to a TEXT or ADDR feature; beyond EV_TEXTS_MAX it is counted as lost. */
void evidence_add_text(struct evidence *ev, enum feat id, const char *text, size_t len,
		       uint64_t frame);

const struct ev_value *evidence_get(const struct evidence *ev, enum feat id); /* NULL: unknown */
size_t evidence_n(const struct evidence *ev);
/* in order of feature id */
const struct ev_value *evidence_at(const struct evidence *ev, size_t i);
uint32_t evidence_lost(const struct evidence *ev);

/* The packets that somebody else than the claimed sender is suspected to have sent, in frame order,
 * each once. */
void evidence_suspect(struct evidence *ev, uint64_t frame);
size_t evidence_suspects(const struct evidence *ev, const uint64_t **out);

/* A fresh copy with everything; NULL when out of memory. */
struct evidence *evidence_copy(const struct evidence *ev);

#endif
