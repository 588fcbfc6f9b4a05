/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_DEVICE_IMPL_H
#define WP_KIN_DEVICE_IMPL_H

/* Shared by the files that make devices; nobody else includes it. */

#include "base/limits.h"
#include "kin/device.h"

/* What one program keeps alike in all its packets, as one number (`class`), and two values that it
 * may keep constant, count up or draw (`value`): window and IP ID, or a DNS record's TTL and IP ID.
 */
struct device_key {
	uint64_t class;
	bool known[2];
	int64_t value[2];
	/* a reset that passes the generator's bound test, or fails it */
	enum { BOUND_UNKNOWN, BOUND_PASSED, BOUND_FAILED } bound;
};
struct device_key device_key_of(const struct evidence *ev, bool local_headers);
/* Does what both fingerprints know allow one class, one pair of values? */
bool device_keys_agree(const struct device *a, const struct device *b);
/* The two features whose values are meant; false when the kind has none. */
bool device_key_values(enum ev_case kase, enum feat out[2]);
/* Is the feature read from packet headers, which at some capture points are the local machine's? */
bool device_feat_is_header(enum feat id);

/* Counts one case. What found no room is not known of it. */
void device_feats_add(struct device *d, const struct evidence *ev);
/* Adds the counts of `from`; false when out of memory. */
MUST_CHECK bool device_feats_merge(struct device *into, const struct device *from);
/* Brings values into their canonical order. */
void device_feats_order(struct device *d);

/* The parts of device_join that cannot fail for want of memory, and the rest. */
struct device_seen *device_seen_get(struct device *d, const char *file);
void device_match_add(struct device *d, const char *signature, uint64_t n);
void device_matches_order(struct device *d);
/* Adds a reset to those kept, in order of time; a copy of one that is there adds its packets. */
void device_reset_add(struct device *d, const struct generator_reset *r);
/* device_join() but for what is computed from all that is known; false when out of memory. */
MUST_CHECK bool device_add(struct device *into, const struct device *from);
/* Fits the generator again, and says where the device sits. */
void device_settle(struct device *d);

#endif
