/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_LINES_H
#define WP_LIVE_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* What the parser has to say, on its way to the process that writes it: a bounded queue before a
 * pipe that is never waited for. A reader that stands still costs results, which are counted, and
 * never packets. */
struct live_lines;

/* `fd` becomes non-blocking and stays the caller's. NULL when out of memory. */
struct live_lines *live_lines_new(int fd, size_t room);
/* The stream that sinks write to; lives as long as the queue. */
FILE *live_lines_stream(struct live_lines *q);
/* What was written since the last call is one event (or several): it goes out whole or not at all.
 * Then as much as the pipe takes is written. */
void live_lines_commit(struct live_lines *q);
/* Writes what the pipe takes now. False when nobody reads it any more. */
bool live_lines_push(struct live_lines *q);
/* Writes the rest, waiting at most `ms` milliseconds. */
void live_lines_drain(struct live_lines *q, int ms);
/* Events that found no room. */
uint64_t live_lines_lost(const struct live_lines *q);
void live_lines_free(struct live_lines *q);

#endif
