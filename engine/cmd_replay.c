/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/units.h"
#include "cmd.h"
#include "cmd_lists.h"
#include "engine.h"
#include "geo/geo.h"
#include "outage_run.h"
#include "source/source_expand.h"

struct replay {
	struct engine_config cfg;
	const struct sink_ops *ops;
	struct sink *sink;
	struct sink_options sink_opts;
	struct sig_dirs dirs;
	struct blockpages *lists;
	const char *out_path, *geo_path, *asn_path, *save_path;
	struct geo *geo, *networks;
	bool want_outages;
	struct outage_run outages;
	struct cmd_out out;
	bool progress_on, progress_shown;
	time_t started, last_shown;
	int status;
};

static void help(void)
{
	puts("Usage: wallprint replay [OPTIONS] FILE...\n\n"
	     "Reads captures (pcap, pcapng, also compressed by gzip, zstd or xz; directories; - for standard input) and prints\n"
	     "what was found.\n\n"
	     "  --format text|jsonl  how to print; text for people (default), JSON lines for programs\n"
	     "  --flows              one event for every flow too (jsonl)\n"
	     "  -o FILE              write there (mode 0600) instead of standard output\n"
	     "  --series             all files are one capture in order (rotated files); else each stands alone\n"
	     "  -j N                 N threads for several files (default: as many as there are processors); the output is the same\n"
	     "  --signatures DIR     use these signatures too; may be repeated\n"
	     "  --geo FILE|tor       tell countries of addresses by this database: a file in MaxMind's format, or the\n"
	     "                       tables of the tor-geoipdb package; without it none is told\n"
	     "  --outages            tell outages: places from which far fewer flows succeeded than usual (docs/OUTAGES.md);\n"
	     "                       all files are one server's, in order of time\n"
	     "  --asn FILE           tell networks of addresses by this database in MaxMind's format (for --outages)\n"
	     "  --series-save FILE   write the series that outages are read from (mode 0600; no address of a client in it)\n"
	     "  --memory SIZE        ceiling for flow state, e.g. 512M (default: a quarter of the machine)\n"
	     "  --ndpi off|events|all  ask nDPI what flows carry: never, where it matters (default), of every flow\n"
	     "  --blockpages FILE    a public list of block pages (Censored Planet's JSON lines, OONI's CSV); may be repeated\n"
	     "  --help               this text\n\n"
	     "Exit status: 0 done, 2 usage, 3 an input was cut short, 4 an input was refused, 5 output could not be written.");
}

static void on_finding(void *arg, const struct finding *f, const char *file)
{
	struct replay *r = arg;

	r->ops->finding(r->sink, f, file);
}

static void on_flow(void *arg, const struct flow_record *rec, const char *file)
{
	struct replay *r = arg;

	r->ops->flow(r->sink, rec, file);
}

static void on_devices(void *arg, const struct devices *ds)
{
	struct replay *r = arg;

	if (r->ops->devices)
		r->ops->devices(r->sink, ds);
}

static void progress_clear(struct replay *r)
{
	if (r->progress_shown)
		fputs("\r\033[K", stderr);
	r->progress_shown = false;
}

static void on_progress(void *arg, const char *file, uint64_t done, uint64_t size, uint64_t packets)
{
	struct replay *r = arg;
	char name[48];
	time_t now = time(NULL); /* the person's clock, not the packets' */

	/* Only what takes longer than a second is worth a line. */
	if (!r->progress_on || now - r->started < 1 || now == r->last_shown)
		return;
	r->last_shown = now;
	r->progress_shown = true;
	text_terminal(name, sizeof(name), file, strlen(file));
	if (size)
		fprintf(stderr, "\r%s: %3.0f %%, %llu packets\033[K", name,
			100.0 * (double)done / (double)size, (unsigned long long)packets);
	else
		fprintf(stderr, "\r%s: %llu packets\033[K", name, (unsigned long long)packets);
}

static void on_input(void *arg, const struct run_input *in)
{
	struct replay *r = arg;
	char name[256], why[512];

	if (in->state == INPUT_WHOLE)
		return;
	progress_clear(r);
	text_terminal(name, sizeof(name), in->file, strlen(in->file));
	text_terminal(why, sizeof(why), in->why, strlen(in->why));
	cmd_complain("replay", "%s: %s: %s", name, input_state_name(in->state), why);
	if (in->state == INPUT_REFUSED || in->state == INPUT_FAILED)
		r->status = EXIT_REFUSED;
	else if (r->status == EXIT_DONE)
		r->status = EXIT_LOSSY;
}

static bool parse_format(struct replay *r, const char *name)
{
	r->ops = sink_find(name);
	if (r->ops)
		return true;
	fprintf(stderr, "wallprint replay: no format '%s'; there are:", name);
	for (const struct sink_ops *const *o = sink_list(); *o; o++)
		fprintf(stderr, " %s", (*o)->name);
	fputc('\n', stderr);
	return false;
}

static bool parse_ndpi(struct replay *r, const char *word)
{
	if (ndpi_when_find(word, &r->cfg.ndpi))
		return true;
	cmd_complain("replay", "--ndpi wants off, events or all, not '%s'", word);
	return false;
}

static bool parse_memory(struct replay *r, const char *size)
{
	if (cmd_parse_size(size, &r->cfg.memory_bytes) && r->cfg.memory_bytes >= 1 << 20)
		return true;
	cmd_complain("replay", "--memory wants a size of at least 1M, not '%s'", size);
	return false;
}

static bool parse_jobs(struct replay *r, const char *word)
{
	int64_t n;

	if (units_read_int(word, strlen(word), &n) == UNITS_OK && n >= 1 && n <= LIMIT_JOBS) {
		r->cfg.jobs = (uint32_t)n;
		return true;
	}
	cmd_complain("replay", "-j wants a number from 1 to %d, not '%s'", LIMIT_JOBS, word);
	return false;
}

/* Processors that this process may use. */
static uint32_t processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 1)
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}

static const struct option opts[] = {
	{"format", required_argument, NULL, 'f'},
	{"flows", no_argument, NULL, 'F'},
	{"series", no_argument, NULL, 's'},
	{"signatures", required_argument, NULL, 'S'},
	{"memory", required_argument, NULL, 'm'},
	{"geo", required_argument, NULL, 'g'},
	{"outages", no_argument, NULL, 'O'},
	{"asn", required_argument, NULL, 'a'},
	{"series-save", required_argument, NULL, 'w'},
	{"help", no_argument, NULL, 'h'},
	{"jobs", required_argument, NULL, 'j'},
	{"output", required_argument, NULL, 'o'},
	{"ndpi", required_argument, NULL, 'n'},
	{"blockpages", required_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

/* Where an option's argument goes that is a path and nothing else. */
static const char **path_option(struct replay *r, int c)
{
	return c == 'o'   ? &r->out_path
	       : c == 'g' ? &r->geo_path
	       : c == 'a' ? &r->asn_path
	       : c == 'w' ? &r->save_path
			  : NULL;
}

/* Returns -1 to go on, else the exit status. */
static int parse(struct replay *r, int argc, char **argv)
{
	struct err_info err;
	int c;

	while ((c = getopt_long(argc, argv, "o:hj:", opts, NULL)) != -1) {
		const char **path = path_option(r, c);

		if (path) {
			*path = optarg;
			continue;
		}
		switch (c) {
		case 'f':
			if (!parse_format(r, optarg))
				return EXIT_USAGE;
			break;
		case 'F':
			r->sink_opts.flows = r->cfg.want_flows = true;
			break;
		case 's':
			r->cfg.one_series = true;
			break;
		case 'S':
			if (!sig_dirs_add(&r->dirs, optarg, &err)) {
				cmd_complain("replay", "%s", err.text);
				return EXIT_USAGE;
			}
			break;
		case 'm':
			if (!parse_memory(r, optarg))
				return EXIT_USAGE;
			break;
		case 'j':
			if (!parse_jobs(r, optarg))
				return EXIT_USAGE;
			break;
		case 'b':
			if (!cmd_lists_add(&r->lists, optarg))
				return EXIT_USAGE;
			break;
		case 'n':
			if (!parse_ndpi(r, optarg))
				return EXIT_USAGE;
			break;
		case 'O':
			r->want_outages = true;
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
	cmd_complain("replay", "no FILE named; `wallprint replay --help` tells how");
	return EXIT_USAGE;
}

static bool open_output(struct replay *r)
{
	struct err_info err;

	if (!cmd_out_open("replay", r->out_path, &r->out))
		return false;
	r->sink_opts.colour = r->out.colour;
	r->sink_opts.width = r->out.width;
	if (!r->ops->open(&r->sink, r->out.f, &r->sink_opts, &err)) {
		cmd_complain("replay", "%s", err.text);
		return false;
	}
	return true;
}

/* One complaint is enough, and the sink knows best why something could not be written. */
static void close_output(struct replay *r, const struct run_summary *summary)
{
	struct err_info err;
	bool whole = r->ops->end(r->sink, summary, &err);

	if (!whole)
		cmd_complain("replay", "%s", err.text);
	r->ops->close(r->sink);
	if (!cmd_out_close(whole ? "replay" : NULL, &r->out) || !whole)
		r->status = EXIT_OUTPUT;
}

/* False after saying why. */
static bool begin_outages(struct replay *r)
{
	if (!r->want_outages && !r->save_path)
		return true;
	if (!outage_run_begin(&r->outages, "replay", r->want_outages, r->save_path))
		return false;
	r->cfg.tally = r->outages.tally;
	r->cfg.networks = r->networks;
	return true;
}

static bool has_pipe(const struct path_list *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		if (!strcmp(paths->at[i], "-"))
			return true;
	return false;
}

static int run(struct replay *r, const struct path_list *paths)
{
	struct engine_hooks hooks = {.arg = r,
				     .on_finding = on_finding,
				     .on_flow = on_flow,
				     .on_devices = on_devices,
				     .on_progress = on_progress,
				     .on_input = on_input};
	struct run_summary summary;
	struct err_info err = {{0}};
	struct sig_set *sigs;

	sigs = cmd_collection("replay", &r->dirs);
	if (!sigs)
		return EXIT_USAGE;
	if (!begin_outages(r) || !open_output(r)) {
		sig_set_free(sigs);
		return EXIT_OUTPUT;
	}
	r->progress_on = isatty(STDERR_FILENO);
	r->started = time(NULL);
	r->cfg.follow = has_pipe(paths);
	if (!engine_run(&r->cfg, sigs, (const char *const *)paths->at, paths->n, &hooks, &summary,
			&err)) {
		cmd_complain("replay", "%s", err.text);
		r->status = EXIT_REFUSED;
	}
	progress_clear(r);
	cmd_note_geo(r->geo, &summary.geo);
	cmd_lists_tell(r->lists, &summary);
	if (r->cfg.tally && !outage_run_tell(&r->outages, r->networks, r->ops, r->sink, &summary))
		r->status = EXIT_OUTPUT;
	close_output(r, &summary);
	run_summary_free(&summary);
	sig_set_free(sigs);
	return r->status;
}

int cmd_replay(int argc, char **argv)
{
	struct replay r = {.cfg.jobs = processors(), .ops = sink_find("text"), .status = EXIT_DONE};
	struct path_list paths = {0};
	struct err_info err;
	int status = parse(&r, argc, argv);

	if (status == -1 && !cmd_open_geo("replay", r.geo_path, &r.geo))
		status = EXIT_USAGE;
	if (status == -1 && !cmd_open_geo("replay", r.asn_path, &r.networks))
		status = EXIT_USAGE;
	if (status == -1 && !cmd_lists_ready(r.lists))
		status = EXIT_USAGE;
	r.cfg.geo = r.geo;
	r.cfg.blockpages = r.lists;
	if (status == -1) {
		if (source_expand((const char *const *)argv + optind, (size_t)(argc - optind),
				  &paths, &err)) {
			if (paths.n) {
				status = run(&r, &paths);
			} else {
				cmd_complain("replay", "no files in the directories named");
				status = EXIT_REFUSED;
			}
		} else {
			cmd_complain("replay", "%s", err.text);
			status = EXIT_REFUSED;
		}
		path_list_free(&paths);
	}
	outage_run_free(&r.outages);
	geo_close(r.geo);
	geo_close(r.networks);
	blockpages_free(r.lists);
	sig_dirs_free(&r.dirs);
	return status;
}
