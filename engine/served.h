/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SERVED_H
#define WP_SERVED_H

#include "engine.h"
#include "flow/flow.h"

/* Flows as the series of kin/tally.h count them; cfg->tally is not NULL. */

/* With each packet of a flow, behind what updates the flow: counts it once, when it has succeeded. A TCP flow has when both sides
 * have sent data over a handshake that was seen; a UDP flow when the client has sent on after an answer; DNS when it is
 * answered. */
void served_packet(const struct engine_config *cfg, struct flow *f, enum dir d,
		   const struct pkt *p);
/* With its end: counts a handshake that the client never completed. */
void served_end(const struct engine_config *cfg, const struct flow *f);

#endif
