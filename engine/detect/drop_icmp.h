/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DROP_ICMP_H
#define WP_DETECT_DROP_ICMP_H

#include "evidence/evidence.h"
#include "flow/flow.h"

/* Puts what ICMP errors say about the flow (f->icmp is not NULL) into a drop case. */
void drop_icmp_put(const struct flow *f, struct evidence *ev);
/* An ICMP error calls what orig sent from `seq` on too big for the path, and nothing that covers `seq` was sent small enough after it:
 * path MTU discovery that does not work (RFC 2923 2.1), no censor. *frame: the error's. */
bool drop_too_big(const struct flow *f, uint32_t seq, uint64_t *frame);

#endif
