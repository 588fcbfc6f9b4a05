/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_MERGE_H
#define WP_KIN_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kin/event_log.h"

/* Several runs told as one. Nothing depends on the order in which they are named, and what two runs
 * both know counts once:
 * - a run whose lines are another's, byte for byte, or all of whose captures another run read (by
 *   their SHA-256), adds nothing;
 * - of a run that shares some captures with another, findings in those are left out, and so are its
 *   devices that were seen in them, since their counts cannot be taken apart.
 * Of two such runs the one over more captures counts, then the one with the smaller digest.
 * Captures without a digest (pipes, cut files) cannot be known again; findings with the same id and
 * time count once all the same. */

enum merge_use { MERGE_USED, MERGE_SAME, MERGE_KNOWN, MERGE_OVERLAPS, MERGE_REFUSED };
const char *merge_use_name(enum merge_use u); /* "used", "same", "known", "overlaps", "refused" */

struct merge_run {
	char *file; /* of the events, as the user named it */
	struct event_log log;
	enum merge_use use;
	uint64_t findings_twice, devices_twice; /* left out, being another run's as well */
	char **label;                           /* of each input: its file's name, made unique */
	bool *twice;                            /* of each input: an earlier run has it */
};

struct merge_member {
	uint32_t run_i;
	char id[17];
};
/* A device of the outcome. */
struct merge_device {
	struct device d;
	uint32_t n_members;
	struct merge_member *member; /* what it was joined from */
};
struct merge_finding {
	uint32_t run_i;
	const struct event_finding *f;
	const char *label; /* of its capture */
};

struct merge {
	uint32_t n_runs;
	struct merge_run *run; /* as they count: largest first */
	size_t n_devices;
	struct merge_device *device; /* by first, then id */
	size_t n_findings;
	struct merge_finding *finding; /* by time, capture, id */
	uint64_t devices_lost;         /* no room or no memory to join them */
};

struct merge *merge_new(void);
void merge_free(struct merge *m); /* accepts NULL */
/* Takes all runs of one file of events (and *name is copied). False with a reason when it could not
 * be read or memory ran out. A file without any event is taken too, and told as refused. */
MUST_CHECK bool merge_read(struct merge *m, FILE *f, const char *name, bool findings,
			   struct err_info *err);
/* Says which runs count, and gives captures their names: what `kin` needs. Call once. */
MUST_CHECK bool merge_sort(struct merge *m, struct err_info *err);
/* Joins devices and findings of what counts; after merge_sort. */
MUST_CHECK bool merge_join(struct merge *m, struct err_info *err);
/* The input that a device or finding names, which may have been cut at DEVICE_FILE_TEXT; n_inputs
 * when it is none. */
uint32_t merge_input_of(const struct merge_run *r, const char *file);
/* Was it left out, being seen in a capture that an earlier run has? */
bool merge_device_twice(const struct merge_run *r, const struct device *d);
/* Gives the captures of a device their names in the outcome. */
void merge_relabel(const struct merge_run *r, struct device *d);

#endif
