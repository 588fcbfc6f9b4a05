/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_PLACE_H
#define WP_KIN_PLACE_H

#include "evidence/evidence.h"
#include "match/finding.h"

enum place_got {
	PLACE_UNKNOWN, /* no TTL of its own was seen */
	PLACE_REFUSED, /* the TTL was made by a rule: it tells no distance */
	PLACE_KNOWN
};

/* Hops between the capture and whoever built the suspected packets of this case, if they left with
 * a usual initial TTL (32, 64, 128, 255): least and most of what agrees with all that is known
 * (METHODS c.1). One case cannot tell a drawn TTL from a usual one. */
enum place_got place_of(const struct flow_record *flow, const struct evidence *ev, uint8_t *lo,
			uint8_t *hi);

/* The same over all cases of a finding that are `likely`: fills injector_lo, injector_hi and
 * has_injector. */
void place_finding(struct finding *f);

#endif
