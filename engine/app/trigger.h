/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_TRIGGER_H
#define WP_APP_TRIGGER_H

#include "flow/flow.h"

/* Looks at a TCP packet with payload for what may set a middlebox off (SNI, Host, else the first bytes) and notes it in the flow; sets
 * flow.app. Called after the packet is in the flow's stream. Costs one compare per packet once a flow has told its name. */
void trigger_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);

#endif
