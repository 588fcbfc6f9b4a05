/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TLS_WATCH_H
#define WP_TLS_WATCH_H

#include <stdbool.h>

#include "match/signature.h"

/* Could any signature that makes findings hold of a TLS answer that is ordinary (det_tls.only_odd)? With the shipped ones none: then
 * such answers need not be judged, and nearly all are. True as well when there is no memory to find out. */
bool tls_watch_ordinary(const struct sig_set *sigs);

#endif
