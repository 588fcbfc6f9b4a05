/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "cmd.h"
#include "diff_tell.h"
#include "flow/defrag.h"
#include "merge_in.h"
#include "source/source.h"

enum { DEFRAG_BYTES = 16 * 1024 * 1024 };

struct diff {
	bool jsonl;
	const char *out_path;
	struct ip_addr host[LIMIT_PAIR_HOSTS];
	uint32_t n_hosts;
	int status;
};

static void help(void)
{
	puts("Usage: wallprint diff [OPTIONS] CLIENT.pcap SERVER.pcap\n\n"
	     "Compares two captures of the same traffic, one taken at each end, and lists the packets that were received and never\n"
	     "sent (injected), sent and never received (dropped), or changed on the way. Clocks may differ, addresses and ports may\n"
	     "have been translated, segments may have been cut anew. Ordinary loss is counted and is no finding.\n\n"
	     "  --format text|jsonl  how to print; text for people (default), JSON lines for programs\n"
	     "  --server-addr ADDR   SERVER.pcap was taken at this address too, and holds all that came to it: SYNs to it that are not\n"
	     "                       there were dropped (may be given several times)\n"
	     "  -o FILE              write there (mode 0600) instead of standard output\n"
	     "  --help               this text\n\n"
	     "Exit status: 0 done, 2 usage, 3 an input was cut short, 4 an input was refused, 5 output could not be written.");
}

static bool take_frame(struct pair *p, enum pair_file file, struct defrag *df, uint16_t linktype,
		       const struct frame *fr, struct diff_run *d)
{
	struct decode_note note;
	struct pkt k;

	if (decode_frame(linktype, fr, &k, &note) != DECODE_OK) {
		d->undecoded[file]++;
		return true;
	}
	for (int round = 0; k.frag; round++)
		if (round == LIMIT_DECODE_LAYERS || defrag_add(df, &k) != DEFRAG_DONE)
			return true;
	return pair_capture_add(p, file, &k);
}

static void note_end(struct diff_run *d, enum pair_file file, const struct source *s,
		     enum input_state state, const struct err_info *err)
{
	struct run_input *in = &d->input[file];
	struct source_stats st;
	size_t n = strnlen(err->text, sizeof(in->why) - 1);

	source_stats(s, &st);
	in->state = state;
	in->packets = st.frames;
	in->bytes = st.bytes;
	in->sha256_valid = st.sha256_valid;
	memcpy(in->sha256, st.sha256, sizeof(in->sha256));
	if (state != INPUT_WHOLE) {
		memcpy(in->why, err->text, n);
		in->why[n] = '\0';
	}
}

/* False when memory ran out. */
static bool read_frames(struct pair *p, enum pair_file file, struct source *s, struct defrag *df,
			struct diff_run *d)
{
	struct err_info err = {{0}};
	enum source_got got;
	struct batch b;

	do {
		got = source_next(s, &b, &err);
		for (uint32_t i = 0; got == SOURCE_FRAMES && i < b.n; i++)
			if (!take_frame(p, file, df, b.linktype, &b.frame[i], d))
				return false;
	} while (got == SOURCE_FRAMES || got == SOURCE_IDLE);
	note_end(d, file, s,
		 got == SOURCE_END   ? INPUT_WHOLE
		 : got == SOURCE_CUT ? INPUT_CUT
				     : INPUT_FAILED,
		 &err);
	return true;
}

static bool read_file(struct diff *x, struct pair *p, enum pair_file file, const char *path,
		      struct diff_run *d)
{
	struct defrag *df = defrag_new(DEFRAG_BYTES);
	struct err_info err = {{0}};
	struct source *s = NULL;
	char name[256], why[512];
	bool ok = df && source_open(&s, path, NULL, &err);

	memset(&d->input[file], 0, sizeof(d->input[file]));
	d->undecoded[file] = 0;
	d->input[file].file = (char *)path;
	text_terminal(name, sizeof(name), path, strlen(path));
	if (ok && !read_frames(p, file, s, df, d)) {
		ok = false;
		err_set(&err, "out of memory");
	}
	if (ok && d->input[file].state != INPUT_WHOLE) {
		text_terminal(why, sizeof(why), d->input[file].why, strlen(d->input[file].why));
		cmd_complain("diff", "%s: %s: %s", name, input_state_name(d->input[file].state),
			     why);
		x->status = d->input[file].state == INPUT_CUT ? EXIT_LOSSY : EXIT_REFUSED;
	} else if (!ok) {
		text_terminal(why, sizeof(why), err.text, strlen(err.text));
		cmd_complain("diff", "%s: %s", name, df ? why : "out of memory");
		x->status = EXIT_REFUSED;
	}
	source_close(s);
	defrag_free(df);
	return ok;
}

/* NULL, after saying why, when it could not be done. */
static struct pair *compare(struct diff *x, const char *orig, const char *resp, struct diff_run *d)
{
	struct pair *p = pair_new();

	if (!p) {
		cmd_complain("diff", "out of memory");
		x->status = EXIT_REFUSED;
		return NULL;
	}
	memcpy(p->host, x->host, sizeof(p->host));
	p->n_hosts = x->n_hosts;
	if (!read_file(x, p, PAIR_ORIG, orig, d) || !read_file(x, p, PAIR_RESP, resp, d)) {
		pair_free(p);
		return NULL;
	}
	if (!pair_compare(p)) {
		cmd_complain("diff", "out of memory");
		x->status = EXIT_REFUSED;
		pair_free(p);
		return NULL;
	}
	return p;
}

static int run(struct diff *x, const char *orig, const char *resp)
{
	struct diff_run d = {.swapped = false};
	struct pair *p = compare(x, orig, resp, &d);
	struct cmd_out out;

	/* Packets that arrive before they were sent, both ways: the files are the wrong way round.
	 * Pipes cannot be read twice. */
	if (p && p->clock.both_ways && p->clock.rtt_ns < 0 && strcmp(orig, "-") &&
	    strcmp(resp, "-")) {
		pair_free(p);
		d.swapped = true;
		p = compare(x, resp, orig, &d);
	}
	if (!p)
		return x->status;
	d.pair = p;
	if (!cmd_out_open("diff", x->out_path, &out)) {
		pair_free(p);
		return EXIT_OUTPUT;
	}
	if (x->jsonl)
		diff_tell_jsonl(out.f, &d);
	else
		diff_tell_text(out.f, &d, out.width, out.colour);
	if (!cmd_out_close("diff", &out))
		x->status = EXIT_OUTPUT;
	pair_free(p);
	return x->status;
}

static bool add_host(struct diff *x, const char *text)
{
	if (x->n_hosts == LIMIT_PAIR_HOSTS) {
		cmd_complain("diff", "--server-addr may be given %d times", LIMIT_PAIR_HOSTS);
		return false;
	}
	if (!merge_in_addr(text, x->host[x->n_hosts].b)) {
		cmd_complain("diff", "--server-addr wants an IP address");
		return false;
	}
	x->n_hosts++;
	return true;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option opts[] = {
		{"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'o'},
		{"server-addr", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct diff x = {.status = EXIT_DONE};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", opts, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!cmd_parse_format("diff", optarg, &x.jsonl))
				return EXIT_USAGE;
			break;
		case 'o':
			x.out_path = optarg;
			break;
		case 's':
			if (!add_host(&x, optarg))
				return EXIT_USAGE;
			break;
		case 'h':
			help();
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (argc - optind != 2) {
		cmd_complain(
			"diff",
			"wants CLIENT.pcap and SERVER.pcap; `wallprint diff --help` tells more");
		return EXIT_USAGE;
	}
	return run(&x, argv[optind], argv[optind + 1]);
}
