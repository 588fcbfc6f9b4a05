/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_TOLD_H
#define WP_FLOW_TOLD_H

#include "evidence/flow_record.h"
#include "flow/flow.h"

struct geo;

/* What is told of a flow, without its stage; `g` (NULL: none) is the trigger told, `geo` (NULL:
 * none) where its ends are looked up. */
void flow_record_of(const struct geo *geo, const struct flow *f, const struct trigger *g,
		    enum capture_point point, struct flow_record *r);

#endif
