/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_AROUND_H
#define WP_AROUND_H

#include "across/controls.h"
#include "across/hosts.h"
#include "evidence/evidence.h"
#include "flow/flow.h"
#include "match/finding.h"

/* What other flows of the series tell about one flow that is judged. */
struct around {
	struct hosts *hosts; /* loans, as long as the series */
	struct controls *controls;
};

/* Puts what the flow's own packets cannot tell into one of its cases. `now_ns`: the watermark. Depends on what was seen before. */
void around_case(const struct around *a, const struct flow *f, int64_t now_ns, struct evidence *ev);
/* Puts into a finding how attempts under other names went, whether it goes on from an earlier trigger, and what these say about its aim.
 * Needs fd->ts_ns. */
void around_finding(const struct around *a, const struct flow *f, int64_t now_ns,
		    struct finding *fd);
/* Notes what later flows of the same two hosts may go on from: a reset, a drop after the handshake, QUIC that was blocked, each from `likely`
 * on. Call it after around_finding(). */
void around_remember(const struct around *a, const struct flow *f, const struct finding *fd);

#endif
