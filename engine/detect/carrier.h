/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_CARRIER_H
#define WP_DETECT_CARRIER_H

#include "flow/flow.h"

/* TTLs of one path differ by at most one hop between packets (METHODS a.4: over 95 % vary by 0 or
 * 1). */
enum { TTL_NEAR = 1 };

/* How one packet that carries payload differs from its side's other packets. */
struct carrier {
	const struct seg *s;
	bool ttl_known, ttl_far, df_known, df_odd;
	/* RFC 7323 3.2: once negotiated, every segment but a reset carries timestamps */
	bool ts_known, ts_missing;
	int ttl_gap;
	enum ipid_fit ipid;
	uint32_t signs; /* how many of TTL, IP ID, DF, timestamps speak against it */
};

/* `skip`: frames that are not to be compared with (other suspects). */
struct carrier carrier_look(const struct flow *f, const struct seg *s, const uint64_t *skip,
			    uint32_t n_skip);

/* The packet of the other side that this one answers: the last one before it; NULL when there is
 * none. */
const struct seg *carrier_answers(const struct flow *f, const struct seg *s);

#endif
