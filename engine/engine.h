/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ENGINE_H
#define WP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app_ndpi.h"
#include "app/blockpages.h"
#include "base/err.h"
#include "evidence/evidence.h"
#include "kin/device.h"
#include "match/finding.h"
#include "sink/sink.h"
#include "source/live.h"

struct geo;
struct tally;
struct engine;

struct engine_config {
	/* an interface instead of files; the one name given is only what it is called. Wants
	 * `follow`. */
	const struct live_options *live;
	/* ceiling for flow tables and inspection; 0 = a quarter of the machine */
	uint64_t memory_bytes;
	bool one_series; /* all inputs are one capture in order (--series) */
	/* print findings as soon as they are decided (pipes); later revisions follow */
	bool follow;
	bool want_flows; /* call on_flow */
	/* At most so many threads take inputs that are series of their own; 0 and 1: the caller's alone. What is told, and its order, are the
	 * same, as long as the share of memory_bytes that each gets is enough. */
	uint32_t jobs;
	enum ndpi_when ndpi;
	pthread_mutex_t *
		ndpi_lock; /* engines in other threads use nDPI too, under this; a loan, NULL: none do */
	/* imported lists of block pages, ready for use (a loan); NULL none */
	const struct blockpages *blockpages;
	/* the flow that this frame takes part in has flow_record.marked set; 0 none */
	uint64_t mark_frame;
	/* a loan: where addresses are; NULL: that is not told */
	const struct geo *geo;
	/* Loans: who counts flows that succeed, NULL nobody; and a database of networks, NULL: none is told. */
	struct tally *tally;
	const struct geo *networks;
};

/* Called on the caller's thread, in the order of output. Any may be NULL. */
struct engine_hooks {
	void *arg;
	void (*on_finding)(void *arg, const struct finding *f, const char *file);
	void (*on_flow)(void *arg, const struct flow_record *r, const char *file);
	/* Once, when all findings are told: what they have in common. NULL: nobody looks. */
	void (*on_devices)(void *arg, const struct devices *ds);
	/* Every case of every flow with how each signature fared, before it is judged. For explain
	 * and signature tests. */
	void (*on_case)(void *arg, const struct flow_record *r, const struct evidence *ev,
			const struct sig_result *result, size_t n, const char *file);
	/* Now and then, for a progress line: bytes of the current file read, and its size (0
	 * unknown). */
	void (*on_progress)(void *arg, const char *file, uint64_t done, uint64_t size,
			    uint64_t packets);
	/* Live only: the interface is open; a forbidden call is forbidden from here on. `note` says
	 * why the filter in the kernel is missing, when it is. False ends the run. */
	bool (*on_ready)(void *arg, const char *note);
	/* Live only: at least ten times a second, between packets, with the counts so far. May call engine_signatures. */
	void (*on_tick)(void *arg, struct engine *e, const struct run_summary *so_far);
	/* Something about an input that a person should read: cut, refused. */
	void (*on_input)(void *arg, const struct run_input *in);
};

/* Reads all inputs in order through the whole pipeline and fills *out (free with run_summary_free).
 * Inputs that are refused or cut are noted in *out and do not stop the run. False only for
 * operating errors that end it (memory at start). */
MUST_CHECK bool engine_run(const struct engine_config *cfg, const struct sig_set *sigs,
			   const char *const *files, size_t n_files,
			   const struct engine_hooks *hooks, struct run_summary *out,
			   struct err_info *err);

/* From the next packet on judges by `sigs`, a loan like the first: of the one before nothing is used any more. What was told
 * stands until it is judged again. False, and as before, when out of memory. From on_tick only. */
MUST_CHECK bool engine_signatures(struct engine *e, const struct sig_set *sigs);

#endif
