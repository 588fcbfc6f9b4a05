/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_JOBS_H
#define WP_JOBS_H

#include "engine.h"
#include "teller.h"

/* How many threads this run is worth: 1 where inputs depend on one another or come with the clock. */
uint32_t jobs_of(const struct engine_config *cfg, const struct engine_hooks *hooks, size_t n_files);

/* Reads all inputs, each a series of its own, by cfg->jobs (2 or more) threads, and tells what they decide in order of input, from the
 * calling thread: t and *out see what one thread would have shown them. False with a reason when out of memory or threads. */
MUST_CHECK bool jobs_run(const struct engine_config *cfg, const struct sig_set *sigs,
			 const char *const *files, struct teller *t, struct run_summary *out,
			 struct err_info *err);

#endif
