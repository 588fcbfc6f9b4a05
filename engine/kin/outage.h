/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_OUTAGE_H
#define WP_KIN_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kin/tally.h"
#include "match/finding.h"

/* Outages: times in which far fewer flows succeeded from somewhere than its own past and the rest of the server's clients let expect
 * (METHODS j, docs/OUTAGES.md). A fact about the server's traffic, with several everyday causes; who or what was behind it
 * is not known here. */

/* What the expectation rests on: the same hour of the week of at least two earlier weeks, the same hour of at least three earlier days, or
 * the hours just before. */
enum outage_basis { OUTAGE_RECENT, OUTAGE_DAYS, OUTAGE_WEEKS };
const char *outage_basis_name(enum outage_basis b);

enum outage_sign {
	OUTAGE_CUSUM = 1 << 0,   /* residuals added up, METHODS j.3 */
	OUTAGE_IDLE = 1 << 1,    /* nobody for longer than chance has it, j.2 */
	OUTAGE_CHART = 1 << 2,   /* the EWMA chart, j.4 */
	OUTAGE_FAILING = 1 << 3, /* handshakes begin and are not completed: OONI's detector, j.3 */
};
enum { OUTAGE_SIGNS = 4 };
const char *outage_sign_name(enum outage_sign s);

struct outage {
	struct tally_key key; /* TALLY_ALL: the server's whole traffic */
	int64_t start_s;
	int64_t end_s; /* `ended`: first bin that is as usual again; else end of the last one that was watched */
	bool ended;
	int64_t shown_s; /* when the tests had seen enough to say so */
	double depth, depth_lo,
		depth_hi; /* part of the flows that was missing, 95 % interval; 0..1 */
	double expected;  /* flows */
	uint64_t observed;
	enum outage_basis basis;
	uint32_t signs;      /* of enum outage_sign */
	uint32_t kept, fell; /* of enum tally_kind, those with flows enough to tell */
	/* what the others had meanwhile of what was expected of them: 1 is as usual. ALL: theirs too */
	bool compared;
	double others;
	uint32_t networks,
		networks_fell; /* COUNTRY: networks in it with flows enough, and those that fell too */
	uint32_t
		countries_fell; /* other countries in which an outage began within 15 min of this one */
	uint32_t inside;        /* outages of networks or prefixes in it, not told */
	enum grade grade;
	bool shutdown; /* `likely`, a country, three networks or more, no other country: claims that word */
};

struct outages;
struct outages *outages_new(void);    /* NULL when out of memory */
void outages_free(struct outages *o); /* accepts NULL */
struct tally_hears outages_hears(struct outages *o);
/* No more bins come: what still goes on is told so, and outages that others hold are put inside those. Once. */
void outages_finish(struct outages *o);
/* In order of start, then of key. */
size_t outages_n(const struct outages *o);
const struct outage *outages_at(const struct outages *o, size_t i);
/* Outages for which there was no room: LIMIT_OUTAGES. */
uint64_t outages_left_out(const struct outages *o);

#endif
