/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_JSON_MERGE_H
#define WP_SINK_JSON_MERGE_H

#include <stdio.h>

#include "kin/merge.h"
#include "sink/sink.h"

struct geo;

/* What stands in a run event that was made of several: sums over the runs that count. */
struct merge_sums {
	uint64_t packets, bytes, flows;
	uint64_t stage[STAGE_N];
	uint64_t lost[7], odd[6];
	uint64_t findings[TECH_N], grades[GRADE_PROOF + 1];
	uint64_t inputs_twice;  /* captures of runs that count, and of an earlier one as well */
	const char *sig_sha256; /* NULL: not all runs used the same */
	uint64_t sig_n;
};
void merge_add_up(const struct merge *m, struct merge_sums *out);

/* Country of a textual address; false: unknown. */
typedef bool merge_place(void *arg, const char *ip, char out[3]);

/* Writes findings, devices and the one run event. `place` may be NULL: then countries stand as the
 * runs told them. Write errors stay in f. */
void json_merge(FILE *f, const struct merge *m, merge_place *place, void *arg,
		const struct run_geo *geo);
/* The part of the run event that says what was joined, under the key "merged". Also `kin`'s. */
struct json;
void json_merged_runs(struct json *j, const struct merge *m);
void json_run_geo(struct json *j, const struct run_geo *g);

#endif
