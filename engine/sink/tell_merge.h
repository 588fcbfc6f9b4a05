/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_TELL_MERGE_H
#define WP_SINK_TELL_MERGE_H

#include "kin/merge.h"
#include "sink/page.h"
#include "sink/sink.h"

/* Where a device sits, what it reacts to and does, and its packets' constant marks: paragraphs in
 * `indent` columns. `room` is an empty sentence, and empty again afterwards; so below. */
void tell_device_sights(struct page *p, struct say *room, const struct device *d, uint32_t indent);
/* Which runs counted, and what was lost. */
void tell_merged_runs(struct page *p, struct say *room, const struct merge *m);
void tell_geo(struct page *p, struct say *room, const struct run_geo *g); /* nothing without one */
/* The page of `wallprint merge`. Write errors stay in f. */
void tell_merge(FILE *f, const struct merge *m, uint32_t width, bool colour,
		const struct run_geo *geo);

#endif
