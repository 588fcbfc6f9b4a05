/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_KEEPER_H
#define WP_LIVE_KEEPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The process beside the parser: opens and writes the output, and nothing else. It reads no packet
 * and no text of one but passes lines on. */
struct keeper_options {
	const char *out_path;  /* NULL: standard output */
	uint64_t rotate_bytes; /* the file is closed and numbered when it is this large; 0 never */
	uint32_t keep;         /* numbered files kept beside the present one */
	const char *metrics_path; /* replaced whole at every snapshot; NULL none */
	const volatile sig_atomic_t *stop;
	volatile sig_atomic_t *hangup; /* set back when the file was opened anew */
};

/* The keeper's ends: it reads two, and the parser goes on while the third is open. */
struct keeper_pipes {
	int lines, metrics, leash;
};

/* Snapshots of metrics end with this line. */
#define KEEPER_SNAPSHOT_END "# EOF\n"

/* Opens the output (mode 0600). False with a reason. Call before capture begins. */
MUST_CHECK bool keeper_open(const struct keeper_options *o, int *fd, struct err_info *err);
/* Passes on what comes from the parser `child` until both pipes end; closes
 * `leash` when it is asked to stop (it has no right any more to signal another user's process). Writing failures are told in *err and cost lines, not the run; *lost_lines counts
 * them. Returns the parser's wait status. */
int keeper_run(const struct keeper_options *o, int fd, pid_t child, const struct keeper_pipes *from,
	       uint64_t *lost_lines, struct err_info *err);

#endif
