/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_ATTEMPT_H
#define WP_DETECT_ATTEMPT_H

#include "across/controls.h"
#include "flow/flow.h"

/* What across/controls.h has been told of a flow: struct flow's `attempt`. */
enum attempt { ATTEMPT_NONE, ATTEMPT_TRIED, ATTEMPT_NAMED, ATTEMPT_ANSWERED };

/* Tells the controls of a TCP flow whose trigger is known: that it was tried, and when a server
 * answers it. Called for each TCP packet after trigger_look(); costs a compare but for the few
 * packets that bring news. */
void attempt_tcp(struct controls *c, struct flow *f, enum dir d, const struct pkt *p);

/* Writes one flow's line. `p` is the packet that shows the outcome. */
void attempt_note(struct controls *c, struct flow *f, const struct pkt *p,
		  enum control_outcome outcome, uint32_t version, int64_t rtt_ns);

#endif
