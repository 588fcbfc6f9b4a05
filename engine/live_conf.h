/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_CONF_H
#define WP_LIVE_CONF_H

#include <stdio.h>

#include "live_parser.h"

/* What `wallprint live` may be told, on its command line and in its configuration file: one table serves
 * both, so a key is an option's long name. The file holds `key = value`, one a line; a switch is yes or
 * no; empty lines and those that begin with # say nothing. */

#define LIVE_CONF_DEFAULT "/etc/wallprint/wallprint.conf"

/* What holds when nothing is said. */
void live_conf_defaults(struct live_run *r);
/* Reads a configuration file into *r. False with "FILE:LINE: KEY: why"; *r is half filled then and good
 * for live_conf_free only. */
MUST_CHECK bool live_conf_file(struct live_run *r, const char *path, struct err_info *err);
/* The same from memory. */
MUST_CHECK bool live_conf_text(struct live_run *r, const char *path, struct bytes text,
			       struct err_info *err);
/* The file that a command line asks for: --config, else LIVE_CONF_DEFAULT when it names no interface.
 * NULL: none, or --help. Complaints are left to live_conf_args. */
const char *live_conf_path(int argc, char **argv);
/* Takes the options of a command line, which replace what a file said before (directories of signatures
 * come on top). Returns -1 to go on, else, after saying why, the exit status: EXIT_DONE when --help is asked for. */
int live_conf_args(struct live_run *r, int argc, char **argv);
void live_conf_help(FILE *f);
/* The names of what `wanted` has different from `is` and only a new start brings about, with ", " between,
 * into `out`. How many. */
size_t live_conf_needs_start(const struct live_run *is, const struct live_run *wanted, char *out,
			     size_t room);
/* Frees the text that *r borrows from, and its list of directories. */
void live_conf_free(struct live_run *r);

#endif
