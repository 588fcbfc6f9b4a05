/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"
#include "geo/geo.h"
#include "merge_in.h"
#include "sink/json_merge.h"
#include "sink/tell_merge.h"

static void help(void)
{
	puts("Usage: wallprint merge [OPTIONS] EVENTS.jsonl...\n\n"
	     "Joins what several runs of `wallprint replay --format jsonl` found: devices that look as if one program built\n"
	     "their packets become one, with every capture they were seen from. The order of the files does not matter; what\n"
	     "two runs both read counts once. `-` is standard input.\n\n"
	     "  --format text|jsonl  how to print; jsonl holds all findings and can be merged again\n"
	     "  -o FILE              write there (mode 0600) instead of standard output\n"
	     "  --geo FILE|tor       tell countries of addresses by this database\n"
	     "  --help               this text\n\n"
	     "Exit status: 0 done, 2 usage, 3 a file was cut short or held lines that are no events, 4 a file was refused,\n"
	     "5 output could not be written.");
}

/* The address of an event's text. */
static bool place(void *arg, const char *ip, char out[3])
{
	uint8_t addr[16];

	out[0] = '\0';
	return merge_in_addr(ip, addr) && geo_country(arg, addr, out);
}

struct args {
	bool jsonl;
	const char *out_path, *geo_path;
};

/* -1 to go on, else the exit status. */
static int parse(struct args *a, int argc, char **argv)
{
	static const struct option opts[] = {
		{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"geo", required_argument, NULL, 'g'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", opts, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!cmd_parse_format("merge", optarg, &a->jsonl))
				return EXIT_USAGE;
			break;
		case 'o':
			a->out_path = optarg;
			break;
		case 'g':
			a->geo_path = optarg;
			break;
		case 'h':
			help();
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	cmd_complain("merge", "no EVENTS.jsonl named; `wallprint merge --help` tells how");
	return EXIT_USAGE;
}

static int tell(const struct args *a, struct merge *m, struct geo *geo, int status)
{
	struct cmd_out out;
	struct run_geo run_geo;

	if (!cmd_out_open("merge", a->out_path, &out))
		return EXIT_OUTPUT;
	cmd_note_geo(geo, &run_geo);
	if (a->jsonl)
		json_merge(out.f, m, geo ? place : NULL, geo, &run_geo);
	else
		tell_merge(out.f, m, out.width, out.colour, &run_geo);
	return cmd_out_close("merge", &out) ? status : EXIT_OUTPUT;
}

int cmd_merge(int argc, char **argv)
{
	struct args a = {.jsonl = false};
	struct merge *m = NULL;
	struct geo *geo = NULL;
	struct err_info err;
	int status = parse(&a, argc, argv);

	if (status >= 0)
		return status;
	if (!cmd_open_geo("merge", a.geo_path, &geo))
		return EXIT_USAGE;
	status = merge_in_read("merge", argv + optind, (size_t)(argc - optind), true, &m);
	if (m && merge_join(m, &err)) {
		status = tell(&a, m, geo, status);
	} else if (m) {
		cmd_complain("merge", "%s", err.text);
		status = EXIT_REFUSED;
	}
	merge_free(m);
	geo_close(geo);
	return status;
}
