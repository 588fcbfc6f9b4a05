/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_OUTAGE_WORDS_H
#define WP_SINK_OUTAGE_WORDS_H

#include "kin/outage.h"

/* Words that both sinks use for outages. */

enum { OUTAGE_SCOPE_TEXT = 64, OUTAGE_CAUSES = 8 };
/* "203.0.113.0/24"; returns out. */
const char *outage_prefix(const struct tally_key *key, char out[OUTAGE_SCOPE_TEXT]);
/* What else it may be and how to tell, static words; returns how many. */
uint32_t outage_causes(const struct outage *e, const char *cause[OUTAGE_CAUSES],
		       const char *tell[OUTAGE_CAUSES]);

#endif
