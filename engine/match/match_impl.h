/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_MATCH_IMPL_H
#define WP_MATCH_MATCH_IMPL_H

/* What match.c and finding.c share. Nobody outside match/ includes this. */

#include "match/finding.h"

/* Whether a signature speaks about this case at all: its kind of happening, and not retired. */
bool match_applies(const struct signature *sig, const struct evidence *ev);
/* Evaluates one signature against one case. Pure. */
void match_one(const struct signature *sig, const struct evidence *ev, int64_t at_ns,
	       struct sig_result *out);

#endif
