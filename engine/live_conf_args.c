/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_conf_impl.h"

#include <getopt.h>
#include <string.h>

enum { OPT_TABLE = 256, OPT_CONFIG = OPT_TABLE + LIVE_CONF_OPTIONS };

static void build_getopt(struct option opts[LIVE_CONF_OPTIONS + 3],
			 char letters[2 * LIVE_CONF_OPTIONS + 3])
{
	size_t n = 0;

	for (size_t i = 0; i < LIVE_CONF_TABLE; i++) {
		const struct live_opt *o = &live_conf_table[i];

		opts[i] = (struct option){o->name, o->arg ? required_argument : no_argument, NULL,
					  OPT_TABLE + (int)i};
		if (o->letter)
			letters[n++] = o->letter;
		if (o->letter && o->arg)
			letters[n++] = ':';
	}
	letters[n++] = 'h';
	letters[n] = '\0';
	opts[LIVE_CONF_TABLE] = (struct option){"config", required_argument, NULL, OPT_CONFIG};
	opts[LIVE_CONF_TABLE + 1] = (struct option){"help", no_argument, NULL, 'h'};
	opts[LIVE_CONF_TABLE + 2] = (struct option){NULL, 0, NULL, 0};
}

/* The next option of a command line, whichever way it was written: a place in the table from OPT_TABLE on, OPT_CONFIG, 'h', '?', -1. */
static int next_option(int argc, char **argv)
{
	struct option opts[LIVE_CONF_OPTIONS + 3];
	char letters[2 * LIVE_CONF_OPTIONS + 3];
	int c;

	build_getopt(opts, letters);
	c = getopt_long(argc, argv, letters, opts, NULL);
	for (size_t i = 0; i < LIVE_CONF_TABLE && c > 0 && c < OPT_TABLE; i++)
		if (live_conf_table[i].letter == c)
			return OPT_TABLE + (int)i;
	return c;
}

const char *live_conf_path(int argc, char **argv)
{
	const char *path = NULL;
	bool names_interface = false;
	int c;

	optind = 0; /* getopt(3): begin anew */
	opterr = 0;
	while ((c = next_option(argc, argv)) != -1) {
		if (c == 'h')
			return NULL;
		if (c == OPT_CONFIG)
			path = optarg;
		names_interface |= c == OPT_TABLE; /* the table's first */
	}
	return path || names_interface ? path : LIVE_CONF_DEFAULT;
}

void live_conf_help(FILE *f)
{
	enum { COLUMN = 26 };

	fputs("Usage: wallprint live [--config FILE] [-i INTERFACE] [OPTIONS]\n\n"
	      "Listens at a network interface and prints what is found while it happens. Sends nothing, changes nothing.\n"
	      "Ends at SIGTERM or SIGINT, after judging the flows that are open. SIGHUP opens the file of -o anew, and\n"
	      "reads the configuration and the signatures anew: when anything is wrong with them the old ones stay.\n\n"
	      "  --config FILE           where more of these options stand, as `name = value`, one a line; switches as\n"
	      "                          `name = yes`. Without -i: " LIVE_CONF_DEFAULT
	      ". What is said here\n"
	      "                          replaces it. `wallprint check-config FILE` checks it\n",
	      f);
	for (size_t i = 0; i < LIVE_CONF_TABLE; i++) {
		const struct live_opt *o = &live_conf_table[i];
		const char *at = o->help, *eol;
		int n = o->letter ? fprintf(f, "  -%c, ", o->letter) : fprintf(f, "  ");

		n += fprintf(f, "--%s %s", o->name, o->arg ? o->arg : "");

		for (; *at; at = *eol ? eol + 1 : eol, n = 0) {
			eol = strchrnul(at, '\n');
			fprintf(f, "%*s%.*s\n", n < COLUMN ? COLUMN - n : 1, "", (int)(eol - at),
				at);
		}
	}
	fputs("  --help                  this text\n\n"
	      "Exit status: 0 ended when asked to, 2 usage, 3 capture broke off, 4 the interface cannot be opened,\n"
	      "5 output could not be written.\n",
	      f);
}

int live_conf_args(struct live_run *r, int argc, char **argv)
{
	struct err_info err;
	int c;

	optind = 0; /* getopt(3): begin anew */
	opterr = 1;
	while ((c = next_option(argc, argv)) != -1) {
		const struct live_opt *o =
			&live_conf_table[c >= OPT_TABLE && c < OPT_CONFIG ? c - OPT_TABLE : 0];

		if (c == 'h')
			return EXIT_DONE;
		if (c == '?')
			return EXIT_USAGE;
		if (c == OPT_CONFIG || live_conf_take(r, o, o->arg ? optarg : "yes", &err))
			continue;
		cmd_complain("live", "--%s: %s", o->name, err.text);
		return EXIT_USAGE;
	}
	if (r->live.device && optind == argc)
		return -1;
	cmd_complain("live", "%s",
		     r->live.device
			     ? "takes no file; `wallprint replay` reads them"
			     : "no interface: -i INTERFACE, or `interface` in " LIVE_CONF_DEFAULT);
	return EXIT_USAGE;
}
