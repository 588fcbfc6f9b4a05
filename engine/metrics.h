/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_METRICS_H
#define WP_METRICS_H

#include <stdio.h>

#include "sink/sink.h"

/* Writes the counts of a run that goes on, in Prometheus' text format 0.0.4; docs/METRICS.md lists
 * them. No address, name or file of anybody is in it. */
void metrics_write(FILE *f, const struct run_summary *run);

/* What the process beside the parser counts. */
struct metrics_service {
	uint64_t reloads_ok, reloads_failed;
};
void metrics_write_service(FILE *f, const struct metrics_service *s);

#endif
