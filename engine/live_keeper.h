/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_KEEPER_H
#define WP_LIVE_KEEPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "notify.h"

/* The process beside the parser: opens and writes the output, and nothing else. It reads no packet
 * and no text of one but passes lines on. */
struct keeper_options {
	const char *out_path;  /* NULL: standard output */
	uint64_t rotate_bytes; /* the file is closed and numbered when it is this large; 0 never */
	uint32_t keep;         /* numbered files kept beside the present one */
	const char *metrics_path;   /* replaced whole at every snapshot; NULL none */
	const char *metrics_listen; /* where they are answered for; NULL nowhere */
	const volatile sig_atomic_t *stop;
	/* set back when the file was opened anew and the configuration read */
	volatile sig_atomic_t *hangup;
	/* SIGHUP: reads anew what can change, and gives what the parser has to know of it, from malloc (live_orders.h). NULL, after
	 * saying why: everything stays as it was. May be NULL itself. */
	char *(*reload)(void *arg, size_t *len);
	void *arg;
	struct notify *notify; /* the service manager */
};

/* One process's ends of the pipes between the two. The parser writes three: results, snapshots of metrics, and one byte at every
 * turn of what it does; it reads `orders`, whose end is the order to stop. */
struct live_pipes {
	int lines, metrics, status, orders;
	int http; /* the keeper's: each snapshot goes to who answers for it; 0: nobody does */
};
enum live_status {
	LIVE_LISTENING = 'l', /* the interface is open, rights are given up */
	LIVE_TURN = '.',      /* once a second, from between packets */
	LIVE_TAKEN = 't',     /* the order of reload() is carried out */
	LIVE_KEPT = 'k',      /* or was not: the old signatures stay */
};

/* Snapshots of metrics end with this line. */
#define KEEPER_SNAPSHOT_END "# EOF\n"

/* Opens the output (mode 0600). False with a reason. Call before capture begins. */
MUST_CHECK bool keeper_open(const struct keeper_options *o, int *fd, struct err_info *err);
/* Passes on what comes from the parser `child` until its pipes end; closes
 * `orders` when it is asked to stop (it has no right any more to signal another user's process). Writing failures are told in *err and cost lines, not the run; *lost_lines counts
 * them. Returns the parser's wait status. */
int keeper_run(const struct keeper_options *o, int fd, pid_t child, const struct live_pipes *from,
	       uint64_t *lost_lines, struct err_info *err);

#endif
