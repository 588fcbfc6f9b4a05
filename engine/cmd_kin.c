/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"
#include "engine.h"
#include "geo/geo.h"
#include "kin/kin_set.h"
#include "merge_in.h"
#include "sink/kin_words.h"
#include "source/source_expand.h"

static void help(void)
{
	puts("Usage: wallprint kin [OPTIONS] EVENTS.jsonl...\n\n"
	     "Compares the devices of `wallprint replay --format jsonl` or `wallprint merge --format jsonl` with one another\n"
	     "and with the signatures of middleboxes: what is the same, what differs, what was unknown, and how common that\n"
	     "is in ordinary traffic. It says what behaves alike, never who runs it. `-` is standard input.\n\n"
	     "  --format text|jsonl  how to print; jsonl holds every pair\n"
	     "  -o FILE              write there (mode 0600) instead of standard output\n"
	     "  --svg FILE           draw the dendrogram too (mode 0600)\n"
	     "  --signatures DIR     use these signatures too; may be repeated\n"
	     "  --base-rates FILE    another table of what is ordinary than the one beside the signatures; `none` for none\n"
	     "  --geo FILE|tor       name this database in the output\n"
	     "  --measure TEXT       make such a table: the arguments are captures of ordinary traffic, TEXT says whence they\n"
	     "                       are, and the table goes to the output\n"
	     "  --help               this text\n\n"
	     "Exit status: 0 done, 2 usage, 3 a file was cut short or held lines that are no events, 4 a file was refused,\n"
	     "5 output could not be written.");
}

struct kin {
	bool jsonl;
	const char *out_path, *svg_path, *geo_path, *rates_path, *measure;
	struct sig_dirs dirs;
	int status;
};

static const struct option opts[] = {
	{"format", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{"svg", required_argument, NULL, 's'},
	{"signatures", required_argument, NULL, 'S'},
	{"base-rates", required_argument, NULL, 'b'},
	{"geo", required_argument, NULL, 'g'},
	{"measure", required_argument, NULL, 'm'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* -1 to go on, else the exit status. */
static int parse(struct kin *x, int argc, char **argv)
{
	struct err_info err;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", opts, NULL)) != -1) {
		const char **path = c == 'o'   ? &x->out_path
				    : c == 's' ? &x->svg_path
				    : c == 'b' ? &x->rates_path
				    : c == 'g' ? &x->geo_path
				    : c == 'm' ? &x->measure
					       : NULL;

		if (path) {
			*path = optarg;
		} else if (c == 'f') {
			if (!cmd_parse_format("kin", optarg, &x->jsonl))
				return EXIT_USAGE;
		} else if (c == 'S') {
			if (!sig_dirs_add(&x->dirs, optarg, &err)) {
				cmd_complain("kin", "%s", err.text);
				return EXIT_USAGE;
			}
		} else if (c == 'h') {
			help();
			return EXIT_DONE;
		} else {
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	cmd_complain("kin", "no %s named; `wallprint kin --help` tells how",
		     x->measure ? "captures" : "EVENTS.jsonl");
	return EXIT_USAGE;
}

/* --- making a table of base rates --- */

struct measuring {
	struct base_maker *maker;
	uint64_t left_out;
};

static void on_case(void *arg, const struct flow_record *r, const struct evidence *ev,
		    const struct sig_result *result, size_t n, const char *file)
{
	struct measuring *m = arg;

	(void)r;
	(void)result;
	(void)n;
	(void)file;
	m->left_out += !base_maker_case(m->maker, ev);
}

/* One after the other, so that each capture is its own. */
static int measure_all(struct kin *x, const struct path_list *paths, const struct sig_set *sigs,
		       struct measuring *m)
{
	const struct engine_hooks hooks = {.arg = m, .on_case = on_case};
	const struct engine_config cfg = {.memory_bytes = 0};
	struct run_summary run;
	struct err_info err;

	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->at[i];

		if (!engine_run(&cfg, sigs, &path, 1, &hooks, &run, &err)) {
			cmd_complain("kin", "%s", err.text);
			return EXIT_REFUSED;
		}
		if (run.n_inputs && run.input[0].state != INPUT_WHOLE)
			x->status = EXIT_LOSSY;
		run_summary_free(&run);
		base_maker_capture(m->maker);
	}
	return x->status;
}

static int measure(struct kin *x, char **files, size_t n, const struct sig_set *sigs)
{
	struct measuring m = {.maker = base_maker_new()};
	struct path_list paths = {0};
	struct err_info err;
	struct cmd_out out;
	int status = EXIT_REFUSED;

	if (!m.maker || !source_expand((const char *const *)files, n, &paths, &err)) {
		cmd_complain("kin", "%s", m.maker ? err.text : "out of memory");
	} else {
		status = measure_all(x, &paths, sigs, &m);
		if (m.left_out)
			cmd_complain("kin", "%llu cases found no room",
				     (unsigned long long)m.left_out);
		if (!cmd_out_open("kin", x->out_path, &out)) {
			status = EXIT_OUTPUT;
		} else {
			if (!base_maker_write(m.maker, out.f, x->measure)) {
				cmd_complain("kin", "out of memory");
				status = EXIT_REFUSED;
			}
			if (!cmd_out_close("kin", &out))
				status = EXIT_OUTPUT;
		}
	}
	path_list_free(&paths);
	base_maker_free(m.maker);
	return status;
}

/* --- comparing --- */

/* The table that the user named, or the first that stands beside signatures; NULL: none. *name is
 * what errors call it. */
static FILE *open_rates(const struct kin *x, char *name, size_t size)
{
	FILE *f = NULL;

	if (x->rates_path) {
		if (snprintf(name, size, "%s", x->rates_path) < (int)size)
			f = fopen(x->rates_path, "re");
		return f;
	}
	for (size_t i = 0; !f && i < x->dirs.n; i++)
		if (snprintf(name, size, "%s/base-rates.tsv", x->dirs.at[i]) < (int)size)
			f = fopen(name, "re");
	return f;
}

/* *out stays empty, and *any false, when there is none: the output says so. */
static bool read_rates(const struct kin *x, struct base_rates *out, bool *any)
{
	char name[4096];
	struct err_info err;
	FILE *f;

	*any = false;
	if (x->rates_path && !strcmp(x->rates_path, "none"))
		return true;
	f = open_rates(x, name, sizeof(name));
	if (!f && !x->rates_path)
		return true;
	if (!f) {
		cmd_complain("kin", "%s: %s", x->rates_path, strerror(errno));
		return false;
	}
	*any = base_rates_read(f, name, out, &err);
	if (!*any)
		cmd_complain("kin", "%s", err.text);
	fclose(f); /* read only: nothing can be lost */
	return *any;
}

static int tell(struct kin *x, const struct kin_set *set, const struct run_geo *geo)
{
	struct cmd_out out;

	if (!cmd_out_open("kin", x->out_path, &out))
		return EXIT_OUTPUT;
	if (x->jsonl)
		kin_jsonl(out.f, set, geo);
	else
		kin_text(out.f, set, out.width, out.colour, geo);
	if (!cmd_out_close("kin", &out))
		return EXIT_OUTPUT;
	if (!x->svg_path)
		return x->status;
	if (!cmd_out_open("kin", x->svg_path, &out))
		return EXIT_OUTPUT;
	kin_svg(out.f, set);
	return cmd_out_close("kin", &out) ? x->status : EXIT_OUTPUT;
}

static int compare(struct kin *x, char **files, size_t n, const struct sig_set *sigs)
{
	struct base_rates rates = {.n_rows = 0};
	struct run_geo run_geo;
	struct merge *m = NULL;
	struct geo *geo = NULL;
	struct kin_set set;
	bool any_rates;

	if (!cmd_open_geo("kin", x->geo_path, &geo))
		return EXIT_USAGE;
	cmd_note_geo(geo, &run_geo);
	geo_close(geo);
	if (!read_rates(x, &rates, &any_rates))
		return EXIT_USAGE;
	x->status = merge_in_read("kin", files, n, false, &m);
	if (m && kin_set_make(m, any_rates ? &rates : NULL, sigs, &set)) {
		x->status = tell(x, &set, &run_geo);
		kin_set_clear(&set);
	} else if (m) {
		cmd_complain("kin", "out of memory");
		x->status = EXIT_REFUSED;
	}
	merge_free(m);
	base_rates_clear(&rates);
	return x->status;
}

int cmd_kin(int argc, char **argv)
{
	struct kin x = {.status = EXIT_DONE};
	struct sig_set *sigs = NULL;
	int status = parse(&x, argc, argv);

	if (status == -1) {
		status = EXIT_USAGE;
		sigs = cmd_collection("kin", &x.dirs);
		if (sigs)
			status =
				x.measure
					? measure(&x, argv + optind, (size_t)(argc - optind), sigs)
					: compare(&x, argv + optind, (size_t)(argc - optind), sigs);
	}
	sig_set_free(sigs);
	sig_dirs_free(&x.dirs);
	return status;
}
