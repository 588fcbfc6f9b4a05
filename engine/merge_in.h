/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MERGE_IN_H
#define WP_MERGE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "kin/merge.h"

/* What `merge` and `kin` share: reading files of events, with complaints on standard error. */

/* Reads and sorts all files; "-" is standard input. *out is NULL, after saying why, when nothing
 * can be done with them. Returns the exit status so far: lossy or refused files are told and the
 * others go on. */
MUST_CHECK int merge_in_read(const char *command, char **files, size_t n, bool findings,
			     struct merge **out);
/* The address that an event's text names, IPv4 as ::ffff:a.b.c.d. */
MUST_CHECK bool merge_in_addr(const char *text, uint8_t out[16]);

#endif
