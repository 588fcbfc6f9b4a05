/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/event_log.c */
/* covers: engine/kin/event_device.c */
/* covers: engine/kin/event_json.c */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "kin/event_log.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_device(const struct device *d)
{
	must(strlen(d->id) == 16 && d->kase > CASE_ANY && d->kase < CASE_N);
	must(d->n_seen >= 1 && d->n_seen <= DEVICE_SEEN_MAX && d->first_ns <= d->last_ns);
	must(d->n_matches <= DEVICE_MATCHES_MAX && d->n_resets <= DEVICE_RESETS_MAX);
	for (uint32_t i = 0; i < d->n_feats; i++) {
		const struct device_feat *l = &d->feat[i];

		must(!i || d->feat[i - 1].feat < l->feat);
		must(l->n_values >= 1 && l->n_values <= DEVICE_VALUES_MAX);
		for (uint32_t k = 1; k < l->n_values; k++)
			must(l->value[k - 1].n >= l->value[k].n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)data, size, "r") : NULL;
	uint64_t line_no = 0;
	struct event_log log;
	struct err_info err;
	uint32_t runs = 0;

	while (f && runs++ < 64 && event_log_read(&log, f, true, &line_no, &err)) {
		must(log.n_bad <= log.n_lines && (log.n_bad > 0) == (log.first_bad > 0));
		must((log.run != NULL) == (log.state == EVENTS_WHOLE));
		for (size_t i = 0; i < log.n_devices; i++)
			check_device(&log.device[i]);
		for (size_t i = 1; i < log.n_devices; i++) {                /* what merge does */
			(void)device_alike(&log.device[0], &log.device[i]); /* must not crash */
			must(device_join(&log.device[0], &log.device[i]));
		}
		for (size_t i = 0; i < log.n_findings; i++)
			must(strlen(log.finding[i].line) <= log.finding[i].len);
		event_log_clear(&log);
	}
	if (f) {
		event_log_clear(&log);
		fclose(f);
	}
	return 0;
}
