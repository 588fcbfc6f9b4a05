/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_BASE_RATES_H
#define WP_KIN_BASE_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/macros.h"
#include "evidence/evidence.h"

/* How common values are where nobody interferes: what the detectors measured in captures of ordinary
 * traffic, kept as whole profiles (the values one packet had together), so that features which depend
 * on one another are not taken for independent. A profile counts once in a capture, however often it
 * comes there: a port scan is one observation. */

enum { BASE_VALUES_MAX = 32, BASE_LINE_BYTES = 8192 };

struct base_value {
	enum feat feat;
	bool other; /* a value that stood in one capture only: not listed */
	int64_t num;
	char *text; /* NULL for numbers */
};

struct base_row {
	enum ev_case kase;
	uint64_t n; /* captures in which it was seen */
	uint32_t n_values;
	struct base_value *value;
};

struct base_rates {
	size_t n_rows;
	struct base_row *row;
	uint64_t total[CASE_N]; /* sum of n */
	char *provenance;       /* the first comment line after the title; may be NULL */
	char sha256[65];
};

/* What one device's packets have: the feature's value, as a number or text. */
struct base_ask {
	enum feat feat;
	int64_t num;
	const char *text; /* NULL for numbers */
};

/* Reads a table. False with a reason, file and line for the first line that is none; *out is then
 * empty. Free with base_rates_clear. */
MUST_CHECK bool base_rates_read(FILE *f, const char *name, struct base_rates *out,
				struct err_info *err);
void base_rates_clear(struct base_rates *b);
/* Of the ordinary cases of this kind, how many have all the values asked for. A value not measured
 * there counts as had: agreement is then less surprising, never more. */
uint64_t base_rates_count(const struct base_rates *b, enum ev_case kase, const struct base_ask *ask,
			  size_t n);
/* How common one value is: in *had of *known cases where the feature was measured. */
void base_rates_value(const struct base_rates *b, enum ev_case kase, const struct base_ask *ask,
		      uint64_t *had, uint64_t *known);

/* --- making a table --- */
struct base_maker;
struct base_maker *base_maker_new(void);
void base_maker_free(struct base_maker *m);
/* Takes one case of the capture that is being read. False when it found no room. */
bool base_maker_case(struct base_maker *m, const struct evidence *ev);
/* The capture is over. */
void base_maker_capture(struct base_maker *m);
/* Writes the table; `where` says whence the captures are. False when memory ran out. */
MUST_CHECK bool base_maker_write(struct base_maker *m, FILE *f, const char *where);

/* Is the feature compared by kin (kin.def)? With its block, and whether a value may be chance. */
bool kin_feat(enum feat feat, const char **block, bool *is_free);

#endif
