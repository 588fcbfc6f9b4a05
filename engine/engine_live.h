/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ENGINE_LIVE_H
#define WP_ENGINE_LIVE_H

#include "engine_series.h"

/* source_next() for an interface. Packets are stamped by the machine's clock as it is now, and where nothing comes time goes on. When the
 * clock was set, the flows of before end here. */
enum source_got live_next(struct engine *e, struct source *s, struct batch *out,
			  struct err_info *err);

/* Between two batches: what is due ten times a second. */
void live_turn(struct engine *e);

#endif
