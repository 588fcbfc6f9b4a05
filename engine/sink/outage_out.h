/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_OUTAGE_OUT_H
#define WP_SINK_OUTAGE_OUT_H

#include "kin/outage.h"
#include "kin/tally.h"
#include "sink/json.h"
#include "sink/page.h"

/* The `outage` events of a run, docs/ARCHITECTURE.md 6. */
void json_outages(struct json *j, const struct outages *o);
/* `series` of a run event: what was counted and what was lost. */
void json_series(struct json *j, const struct tally_stats *st, uint64_t outages_left_out);
/* The same in words, a paragraph each. */
void tell_outages(struct page *p, struct say *room, const struct outages *o);

#endif
