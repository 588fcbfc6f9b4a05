/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_NAMING_H
#define WP_NAMING_H

#include "app/app_ndpi.h"
#include "evidence/evidence.h"
#include "evidence/flow_record.h"

/* When nDPI is asked what a flow carries, and what is written down of its answer. With NDPI_EVENTS
 * it is asked only where our own readers leave something open and somebody is told of it. */

enum naming_of {
	NAMING_SUSPECT, /* the flow is about to be judged */
	NAMING_FOUND,   /* there is a finding about it */
	NAMING_TOLD,    /* it is told as a flow, without a finding */
};
/* False: not asked, or not known; *out then names nothing. */
bool naming_look(struct app_ndpi *n, const struct flow *f, enum naming_of why,
		 struct ndpi_app *out);
/* Writes the name into the record, and `g` (may be NULL) as its trigger when the protocol itself
 * may have been what was acted on and no name is there. */
void naming_record(const struct ndpi_app *a, const struct trigger *g, struct flow_record *r);
/* The same for a flow that is told, with or without a finding. */
void naming_flow(struct app_ndpi *n, const struct flow *f, struct flow_record *r);
/* Puts flow.app into a case. */
void naming_evidence(const struct ndpi_app *a, struct evidence *ev);
/* Is this UDP or TCP packet to be shown to nDPI as it passes? */
bool naming_wants_packet(const struct app_ndpi *n, const struct flow *f, bool flows_told);

#endif
