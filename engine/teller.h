/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TELLER_H
#define WP_TELLER_H

#include "engine.h"
#include "telling.h"

/* The end of the run's one line: what was decided, in order, goes to the hooks and to the devices. One thread only. */
struct teller {
	const struct engine_hooks *hooks;
	struct devices *devices; /* NULL: nobody asks for them */
	bool want_flows;
	bool ndpi_missing; /* somebody asked nDPI, and it could not be loaded: to be told once */
};

/* False when out of memory; teller_free either way. */
MUST_CHECK bool teller_open(struct teller *t, const struct engine_hooks *hooks, bool want_flows);
void teller_free(struct teller *t);
/* As struct telling_to wants them; `arg` is the teller. */
void teller_finding(void *arg, const struct finding *f, const char *file, bool last, bool news);
void teller_flow(void *arg, const struct flow_record *r, const char *file);
/* All inputs are read: clusters what was told into devices and tells them. */
void teller_end(struct teller *t, struct run_summary *run);

#endif
