/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_CMD_H
#define WP_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "match/signature.h"

/* Exit statuses, the same for every command; README documents them. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND_WRONG = 1, /* `signatures check` found something wrong */
	EXIT_USAGE = 2,
	EXIT_LOSSY = 3,   /* an input was cut short or lossy: what was there is reported */
	EXIT_REFUSED = 4, /* an input was refused */
	EXIT_OUTPUT = 5,  /* output could not be written */
};

struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
};

int cmd_replay(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_check_config(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_signatures(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_outages(int argc, char **argv);
int cmd_kin(int argc, char **argv);

/* --- shared by commands: cmd_common.c --- */
enum { SIG_DIRS_MAX = 16 }; /* that a person may name */
struct sig_dirs {
	size_t n;
	char *at[SIG_DIRS_MAX +
		 1]; /* a later one's file replaces an earlier one's of the same id */
};
/* Puts before what was named the directory of the signatures that came with the program: beside the build, or
 * WALLPRINT_DATADIR. False with a reason when neither is there. Frees nothing; sig_dirs_free does. */
MUST_CHECK bool sig_dirs_default(struct sig_dirs *d, struct err_info *err);
MUST_CHECK bool sig_dirs_add(struct sig_dirs *d, const char *dir, struct err_info *err);
void sig_dirs_free(struct sig_dirs *d);

/* Loads these directories; complaints go to standard error. NULL, after saying why, when nothing can be used. */
struct sig_set *cmd_load_signatures(const struct sig_dirs *dirs);
/* The same for a command that judges: the default signatures, and the user's on top of them. */
struct sig_set *cmd_collection(const char *command, struct sig_dirs *dirs);
/* The same, and NULL as well when any file has a problem: what is asked for while an older collection serves. */
struct sig_set *cmd_collection_whole(const char *command, struct sig_dirs *dirs);
/* Where a command writes. */
struct cmd_out {
	FILE *f;
	const char *path; /* NULL: standard output */
	uint32_t width;   /* columns of the terminal; 0: none */
	bool colour;
};
/* Opens `path` (mode 0600: results name people's addresses) or standard output for NULL. False
 * after saying why. */
MUST_CHECK bool cmd_out_open(const char *command, const char *path, struct cmd_out *out);
/* False when not everything could be written, after saying so; `command` NULL: it was said. */
MUST_CHECK bool cmd_out_close(const char *command, struct cmd_out *out);

struct geo;
struct run_geo;
/* --geo: opens what the user named, NULL for none. False after saying why. */
MUST_CHECK bool cmd_open_geo(const char *command, const char *what, struct geo **out);
/* Says in *out which database it is; nothing for NULL. */
void cmd_note_geo(const struct geo *g, struct run_geo *out);
/* --format of commands that know two. False after saying what there is. */
MUST_CHECK bool cmd_parse_format(const char *command, const char *word, bool *jsonl);
/* "512M", "2G", plain bytes. False when it is no size. */
MUST_CHECK bool cmd_parse_size(const char *text, uint64_t *out);
/* Prints "wallprint COMMAND: text" to standard error. */
void cmd_complain(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
