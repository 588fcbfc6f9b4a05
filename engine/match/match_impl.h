/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_MATCH_IMPL_H
#define WP_MATCH_MATCH_IMPL_H

/* What the files of judging share. Nobody outside match/ includes this. */

#include "match/finding.h"

#define BIT(i) (UINT32_C(1) << (i))

/* The signatures that speak of cases of this kind, retired ones left out, ordered by id. */
const struct signature *const *sig_set_for(const struct sig_set *set, enum ev_case kase, size_t *n);
/* Whether match_one() would say YES, by less work: most signatures fail at their first term. */
bool match_holds(const struct signature *sig, const struct evidence *ev, int64_t at_ns);
/* Evaluates one signature against one case. Pure. */
void match_one(const struct signature *sig, const struct evidence *ev, int64_t at_ns,
	       struct sig_result *out);
/* The techniques that a case was aimed at (bit per enum technique): by what it follows, and by what other attempts tell, which differed
 * from this one in the name, in the version, or in the address, alone. */
uint32_t finding_aim(const struct evidence *ev, const struct flow_record *flow);
uint32_t finding_control_aim(const struct evidence *ev);

#endif
