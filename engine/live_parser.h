/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_PARSER_H
#define WP_LIVE_PARSER_H

#include <signal.h>
#include <time.h>

#include "cmd.h"
#include "engine.h"
#include "live_keeper.h"
#include "live_lines.h"
#include "live_orders.h"

enum { LIVE_CONF_OPTIONS = 40 /* room for the table of live_conf.c */ };

/* What `wallprint live` was asked for, and below it the state of the process that parses. */
struct live_run {
	struct engine_config cfg;
	struct live_options live;
	struct keeper_options keep;
	const struct sink_ops *ops;
	struct sink_options sink_opts;
	struct sig_dirs dirs;
	const char *user;
	uint32_t metrics_s;
	int argc; /* of the command line, for reading it again */
	char **argv;
	const char *conf_path;                /* NULL: no file */
	char *conf_text;                      /* the file's, which the settings borrow from */
	const char *given[LIVE_CONF_OPTIONS]; /* each option as written; NULL: its default */
	volatile sig_atomic_t *stop;
	/* of the parsing process */
	struct sink *sink;
	struct sig_set *sigs; /* in use */
	struct live_lines *lines, *metrics;
	struct live_orders orders;
	int says; /* where live_status goes, non-blocking */
	struct timespec next_metrics, next_turn;
	int status;
};

/* The life of the parsing process: opens the interface, gives up its rights, and passes over its ends of the pipes what it finds,
 * until *stop, or until `orders` ends. Returns the exit status. */
int live_parse(struct live_run *r, const struct live_pipes *to);

#endif
