/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DNS_WATCH_H
#define WP_DNS_WATCH_H

#include "detect/det_dns.h"
#include "match/signature.h"

/* Fills det_dns.watch with the addresses and aliases that signatures ask for (benign ones aside): a DNS answer that holds one is
 * worth a look, and detectors know none by themselves. The texts are the signatures' own. False when there is no memory; nothing
 * is then watched. */
MUST_CHECK bool dns_watch_make(const struct sig_set *sigs, struct det_dns *dd);
void dns_watch_free(struct det_dns *dd);

#endif
