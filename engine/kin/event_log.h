/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_EVENT_LOG_H
#define WP_KIN_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "kin/device.h"

struct json_object;

/* Files of events that wallprint wrote earlier (`wallprint.event/1`), read back. They are somebody
 * else's input like any capture: lines that are no events of ours are counted, never guessed at. */

enum event_log_state {
	EVENTS_WHOLE,  /* ends with its run event */
	EVENTS_CUT,    /* no run event: what came before it may not be all */
	EVENTS_REFUSED /* not one event in it */
};
const char *event_log_state_name(enum event_log_state s); /* "whole", "cut", "refused" */

/* A capture that the run read. */
struct event_input {
	char *file; /* as its user named it; attacker-controlled */
	char sha256[65];
	uint64_t packets;
	bool whole;
	const char *state, *why; /* as told; why may be NULL. Live as long as the log's run */
};

struct event_finding {
	char id[17];
	uint32_t rev;
	int64_t ts_ns;
	char *file; /* src.file; of a comparison of two captures the first */
	uint32_t techniques;
	enum grade grade;
	char *line; /* the event as it stood, one JSON object */
	size_t len;
};

/* One run. */
struct event_log {
	char sha256[65]; /* over its lines */
	enum event_log_state state;
	uint64_t n_lines;
	uint64_t n_bad, first_bad; /* lines that are no events of ours; number of the first */
	uint64_t n_other;          /* events of kinds that are not joined */
	uint64_t n_left_out;       /* findings and devices for which there was no room */
	uint32_t n_inputs;
	struct event_input *input;
	struct json_object *run; /* NULL when cut */
	size_t n_devices;
	struct device *device;
	size_t n_findings;
	struct event_finding *finding; /* the last revision of each */
};

/* Reads the next run of f, up to and with its run event; a file may hold several. `findings`: keep
 * them too, else they are only looked at. *line_no counts on over the file's runs, 0 at first. False
 * at the end of the file (*out is then empty, nothing was left to read), or when memory ran out
 * or f cannot be read: then *err says so, else err->text is empty. The log is the caller's to free
 * with event_log_clear in every case. */
MUST_CHECK bool event_log_read(struct event_log *out, FILE *f, bool findings, uint64_t *line_no,
			       struct err_info *err);
void event_log_clear(struct event_log *log);

/* The bits of `techniques`; words that this program does not know are left out. */
uint32_t event_techniques(struct json_object *event);
/* False, and *out untouched, when `grade` is none. */
MUST_CHECK bool event_grade(struct json_object *event, enum grade *out);
/* Reads one `device` event. False when it is none or holds what no device can; *out is then empty.
 * The caller frees it with device_clear. Features that this program does not know are left out. */
MUST_CHECK bool event_device_read(struct json_object *event, struct device *out);

#endif
