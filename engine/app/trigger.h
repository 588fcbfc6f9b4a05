/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_TRIGGER_H
#define WP_APP_TRIGGER_H

#include "base/words.h"
#include "flow/flow.h"

/* Looks at a TCP packet with payload for what may set a middlebox off (SNI, Host, else the first
 * bytes) and notes it in the flow; sets flow.app. Called after the packet is in the flow's stream.
 * Costs one compare per packet once a flow has told its name. */
void trigger_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);

/* Notes a trigger that another reader has found, with a name of `len` bytes (cut to 255). Returns
 * it, in the flow, until the next one is noted; NULL without memory. */
struct trigger *trigger_note(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
			     enum trigger_kind kind, const char *name, size_t len);

#endif
