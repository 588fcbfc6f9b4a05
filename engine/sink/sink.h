/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_SINK_H
#define WP_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "evidence/flow_record.h"
#include "kin/device.h"
#include "kin/outage.h"
#include "kin/tally.h"
#include "match/finding.h"

enum input_state { INPUT_WHOLE, INPUT_CUT, INPUT_REFUSED, INPUT_FAILED };
const char *input_state_name(enum input_state s); /* "whole", "cut", "refused", "failed" */

struct run_input {
	char *file; /* as the user named it */
	enum input_state state;
	uint64_t packets, bytes;
	uint8_t sha256[32];
	bool sha256_valid;
	char why[256]; /* for CUT, REFUSED, FAILED: a sentence; empty else */
};

/* A named count; `name` is static. */
struct run_count {
	const char *name;
	uint64_t n;
};
enum { RUN_UNDECODED_MAX = 32 };
struct run_undecoded {
	uint16_t linktype, ethertype;
	const char *why;
	uint64_t n;
};

/* The database that countries of addresses are from. */
struct run_geo {
	bool known;
	char name[96], date[11]; /* as it says itself; date YYYY-MM-DD, or empty */
	uint8_t sha256[32];
};

/* A list of block pages that was used. */
struct run_list {
	char name[64];
	const char *format; /* static */
	uint8_t sha256[32];
	uint32_t n_entries, n_used;
};
enum { RUN_LISTS_MAX = 8 };

/* Series of successful flows, when the user asked for them. */
struct run_series {
	bool known;
	struct tally_stats st;
	uint64_t outages_left_out;
	struct run_geo networks; /* the database that networks of addresses are from */
};

/* What ends a run. Holds nothing that depends on the machine. */
struct run_summary {
	uint32_t n_inputs;
	struct run_input *input;
	uint64_t packets, bytes, flows;
	uint64_t stage[5];             /* index enum flow_stage; [0] none */
	uint64_t findings[TECH_N];     /* findings per technique at any grade */
	uint64_t findings_by_grade[5]; /* index enum grade */
	uint64_t devices;
	uint64_t devices_left_out; /* findings that belong to no device told: no room */
	struct {
		uint64_t kernel, ring, truncated, undecoded, prefiltered, evicted, output;
	} lost;
	uint32_t n_undecoded;
	/* by link type, ethertype and reason; most first */
	struct run_undecoded undecoded[RUN_UNDECODED_MAX];
	uint64_t time_backwards; /* packets whose time went backwards */
	/* hosts, attempts, names and answers that gave way to others in the tables of across/ */
	uint64_t across_evicted;
	uint64_t clock_steps;   /* live: the machine's clock was set, and flows ended there */
	uint64_t duplicates;    /* mirror-port copies left out of the counts of evidence */
	uint64_t defrag_failed; /* datagrams never completed */
	/* times there was no room to look closer: features left unknown */
	uint64_t inspection_lost;
	uint32_t sig_n;
	uint8_t sig_sha256[32];
	/* imported lists of block pages */
	uint32_t n_lists;
	struct run_list list[RUN_LISTS_MAX];
	struct run_geo geo;
	struct run_series series;
};
void run_summary_free(struct run_summary *r); /* frees inputs, not r itself */

struct sink;
struct sink_options {
	bool flows;     /* print flow events */
	bool colour;    /* text on a terminal */
	uint32_t width; /* columns of the terminal; 0 unknown */
};

struct sink_ops {
	const char *name, *help;
	/* `f` is a loan until close; the sink writes, the caller opens and closes it. */
	bool (*open)(struct sink **out, FILE *f, const struct sink_options *opts,
		     struct err_info *err);
	void (*finding)(struct sink *s, const struct finding *f, const char *file);
	void (*flow)(struct sink *s, const struct flow_record *r, const char *file);
	/* All devices of the run at once, after the last finding. NULL: not told. */
	void (*devices)(struct sink *s, const struct devices *ds);
	/* All outages of the run at once, after the devices. */
	void (*outages)(struct sink *s, const struct outages *o);
	/* Writes the end of the run and flushes; false when anything could not be written since
	 * open. */
	bool (*end)(struct sink *s, const struct run_summary *run, struct err_info *err);
	void (*close)(struct sink *s);
};

/* The sinks of sinks.def by name; NULL when there is none. sink_list returns all, ended by NULL. */
const struct sink_ops *sink_find(const char *name);
const struct sink_ops *const *sink_list(void);

#endif
