/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_conf.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "live_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct live_run r, none;
	char changed[64];
	struct err_info err = {{0}};
	bool ok;

	live_conf_defaults(&r);
	live_conf_defaults(&none);
	ok = live_conf_text(&r, "f", (struct bytes){data, size}, &err);
	if (!ok && !*err.text)
		abort();
	for (const char *c = err.text; *c; c++)
		if ((uint8_t)*c < 0x20)
			abort();
	if (ok && (r.metrics_s < 1 || r.live.tap >= LIVE_TAPS || !r.ops || r.keep.keep > 1000))
		abort();
	if (live_conf_needs_start(&none, &r, changed, sizeof(changed)) && !*changed)
		abort();
	live_conf_free(&r);
	return 0;
}
