/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "cmd.h"
#include "kin/outage.h"
#include "kin/tally_file.h"
#include "sink/outage_out.h"

enum { READ_BYTES = 65536 };

static void help(void)
{
	puts("Usage: wallprint outages [OPTIONS] SERIES...\n\n"
	     "Finds outages in series that `wallprint replay --series-save` has written, as `replay --outages` would have in\n"
	     "the captures themselves. Several files are one server's, in order of time; they may be compressed by gzip; `-` is\n"
	     "standard input. docs/OUTAGES.md says what is measured and what may be mistaken for an outage.\n\n"
	     "  --format text|jsonl  how to print\n"
	     "  -o FILE              write there (mode 0600) instead of standard output\n"
	     "  --help               this text\n\n"
	     "Exit status: 0 done, 2 usage, 3 a file was cut short or held lines that are none of a series, 4 a file was\n"
	     "refused, 5 output could not be written.");
}

struct args {
	bool jsonl;
	const char *out_path;
};

/* -1 to go on, else the exit status. */
static int parse(struct args *a, int argc, char **argv)
{
	static const struct option opts[] = {
		{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", opts, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!cmd_parse_format("outages", optarg, &a->jsonl))
				return EXIT_USAGE;
			break;
		case 'o':
			a->out_path = optarg;
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
	cmd_complain("outages", "no SERIES named; `wallprint outages --help` tells how");
	return EXIT_USAGE;
}

/* A line that grows beyond its limit is handed over once, too long, and its rest is read over. */
struct line {
	size_t n;
	char at[LIMIT_TALLY_LINE + 1];
};

static void take_bytes(struct tally_reader *r, struct line *l, const char *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (at[i] == '\n') {
			tally_reader_line(r, l->at, l->n);
			l->n = 0;
		} else if (l->n <= LIMIT_TALLY_LINE) {
			l->at[l->n++] = at[i];
		}
	}
}

/* False when the file cannot be read to its end; *why says so. What was read is taken. */
static bool read_file(struct tally_reader *r, const char *path, char why[256])
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	gzFile in = fd < 0 ? NULL : gzdopen(fd, "r");
	char *room = malloc(READ_BYTES);
	struct line line = {.n = 0};
	uint64_t bytes = 0;
	int got = 0, code = Z_OK;

	(void)snprintf(why, 256, "%s", strerror(errno)); /* fits */
	while (in && room && bytes < LIMIT_EXPAND_BYTES &&
	       (got = gzread(in, room, READ_BYTES)) > 0) {
		take_bytes(r, &line, room, (size_t)got);
		bytes += (uint64_t)got;
	}
	if (in)
		(void)snprintf(why, 256, "%s", gzerror(in, &code)); /* cut is fine */
	if (line.n)
		tally_reader_line(r, line.at, line.n);
	free(room);
	if (in)
		(void)gzclose(in); /* read only: nothing can be lost */
	else if (fd >= 0)
		(void)close(fd); /* the same */
	return in && room && got == 0 && code == Z_OK;
}

static int complain(const char *name, enum tally_file_state state,
		    const struct tally_read_stats *st)
{
	if (state == TALLY_FILE_REFUSED) {
		cmd_complain("outages", "%s: refused: no series of this version", name);
		return EXIT_REFUSED;
	}
	if (state == TALLY_FILE_CUT)
		cmd_complain("outages", "%s: cut: its end is missing", name);
	if (st->bad_lines)
		cmd_complain("outages",
			     "%s: %llu lines are none of a series (the first: line %llu)", name,
			     (unsigned long long)st->bad_lines, (unsigned long long)st->first_bad);
	if (st->bins_back)
		cmd_complain("outages", "%s: %llu bins left out: not later than those before", name,
			     (unsigned long long)st->bins_back);
	if (st->keys_left_out)
		cmd_complain("outages", "%s: no room for %llu keys", name,
			     (unsigned long long)st->keys_left_out);
	return state == TALLY_FILE_CUT || st->bad_lines || st->bins_back || st->keys_left_out
		       ? EXIT_LOSSY
		       : EXIT_DONE;
}

static int read_all(struct tally_reader *r, char **files, size_t n, struct tally_stats *sum)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < n; i++) {
		struct tally_read_stats st;
		char name[256], why[256];
		int s;

		text_terminal(name, sizeof(name), files[i], strlen(files[i]));
		if (!read_file(r, files[i], why)) {
			cmd_complain("outages", "%s: %s", name, why);
			status = EXIT_REFUSED;
		}
		s = complain(name, tally_reader_end(r, &st), &st);
		status = s > status ? s : status;
		sum->bins += st.bins;
		sum->late += st.lost.late;
		sum->keys_dropped += st.lost.keys_dropped + st.keys_left_out;
		sum->waiting_dropped += st.lost.waiting_dropped;
	}
	return status;
}

static void write_json(FILE *f, const struct outages *o, const struct tally_stats *sum)
{
	struct json j = {.f = f};

	json_outages(&j, o);
	json_run(&j);
	json_series(&j, sum, outages_left_out(o));
	json_close(&j, '}');
	json_end_line(&j);
}

static void write_text(const struct cmd_out *out, const struct outages *o,
		       const struct tally_stats *sum)
{
	struct page p = {
		.f = out->f, .width = out->width ? out->width : 100, .colour = out->colour};
	struct say room = {.n = 0};

	tell_outages(&p, &room, o);
	say_count(&room, sum->bins, "bin", "bins");
	say(&room, " of 5 minutes were read; ");
	say_count(&room, outages_n(o), "outage", "outages");
	say(&room, " found.");
	page_put(&p, NULL, 0, room.at, INK_PLAIN);
}

static int tell(const struct args *a, struct outages *o, const struct tally_stats *sum, int status)
{
	struct cmd_out out;

	if (!cmd_out_open("outages", a->out_path, &out))
		return EXIT_OUTPUT;
	if (a->jsonl)
		write_json(out.f, o, sum);
	else
		write_text(&out, o, sum);
	return cmd_out_close("outages", &out) ? status : EXIT_OUTPUT;
}

int cmd_outages(int argc, char **argv)
{
	struct args a = {.jsonl = false};
	struct tally_stats sum = {.bins = 0};
	struct tally_reader *r = NULL;
	struct outages *o;
	int status = parse(&a, argc, argv);

	if (status >= 0)
		return status;
	o = outages_new();
	if (o) {
		struct tally_hears hears = outages_hears(o);

		r = tally_reader_new(&hears);
	}
	if (r) {
		status = read_all(r, argv + optind, (size_t)(argc - optind), &sum);
		outages_finish(o);
		status = tell(&a, o, &sum, status);
	} else {
		cmd_complain("outages", "out of memory");
		status = EXIT_REFUSED;
	}
	tally_reader_free(r);
	outages_free(o);
	return status;
}
