/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_CMD_LISTS_H
#define WP_CMD_LISTS_H

#include <stdbool.h>

#include "app/blockpages.h"
#include "sink/sink.h"

/* `--blockpages FILE`: reads one more list into *lists (made when NULL). False after saying why on
 * standard error. */
bool cmd_lists_add(struct blockpages **lists, const char *path);
/* Makes them ready; true when there are none. False after saying why. */
bool cmd_lists_ready(struct blockpages *lists);
/* Names them in the run's summary; `lists` may be NULL. */
void cmd_lists_tell(const struct blockpages *lists, struct run_summary *run);

#endif
