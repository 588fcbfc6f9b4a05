/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_CONF_IMPL_H
#define WP_LIVE_CONF_IMPL_H

#include "live_conf.h"

/* What live_conf.c (the file) and live_conf_args.c (the command line) share: the table of options. */

enum kind {
	KIND_TEXT,
	KIND_SWITCH,
	KIND_U32,
	KIND_U64,
	KIND_TAP,
	KIND_FOLLOW,
	KIND_FORMAT,
	KIND_DIR
};

struct live_opt {
	const char *name;
	char letter; /* 0: none */
	const char *arg, *help;
	enum kind kind;
	bool at_once; /* a change is taken over at SIGHUP; else at the next start */
	size_t at;    /* where in struct live_run */
	uint64_t min, max;
};

enum { LIVE_CONF_TABLE = 18 };
/* The first is the interface. */
extern const struct live_opt live_conf_table[LIVE_CONF_TABLE];

/* Puts `value` where the option wants it; *r borrows it. False with the reason, without the option's name. */
MUST_CHECK bool live_conf_take(struct live_run *r, const struct live_opt *o, const char *value,
			       struct err_info *err);

#endif
