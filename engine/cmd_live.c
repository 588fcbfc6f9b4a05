/* SPDX-License-Identifier: BSD-3-Clause */
/* Two processes: one opens the interface, gives up every right and parses; the other writes what
 * the first found. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "cmd.h"
#include "rights.h"
#include "live_keeper.h"
#include "live_parser.h"

static volatile sig_atomic_t stop_asked, hangup_asked;

static void help(void)
{
	puts("Usage: wallprint live -i INTERFACE [OPTIONS]\n\n"
	     "Listens at a network interface and prints what is found while it happens. Sends nothing, changes nothing.\n"
	     "Ends at SIGTERM or SIGINT, after judging the flows that are open. SIGHUP opens the file of -o anew.\n\n"
	     "  -i, --interface IFACE   where to listen; `any` for all\n"
	     "  --tap auto|socket|pcap  socket: an eBPF filter in the kernel passes on the packets that matter;\n"
	     "                          pcap: every packet; auto (default): socket where the kernel lets us\n"
	     "  --follow all            the filter passes everything (finds throttling too; costs more)\n"
	     "  --promisc               frames for other machines too (mirror ports)\n"
	     "  --format jsonl|text     how to print; JSON lines by default\n"
	     "  --flows                 one event for every flow too (jsonl)\n"
	     "  -o FILE                 append to FILE (mode 0600) instead of standard output\n"
	     "  --rotate SIZE           start FILE anew when it has grown to SIZE, keeping FILE.1, FILE.2, ...\n"
	     "  --keep N                so many of them (default 8)\n"
	     "  --metrics FILE          counts for Prometheus' text file collector, no addresses in it\n"
	     "  --metrics-every S       seconds between two of them (default 10)\n"
	     "  --ring SIZE             room for packets between kernel and program (default 64M)\n"
	     "  --snaplen BYTES         of each packet (default: all)\n"
	     "  --user NAME             whom the parsing process becomes when started by root (default nobody)\n"
	     "  --signatures DIR        use these signatures too; may be repeated\n"
	     "  --memory SIZE           ceiling for flow state (default: a quarter of the machine)\n"
	     "  --help                  this text\n\n"
	     "Exit status: 0 ended when asked to, 2 usage, 3 capture broke off, 4 the interface cannot be opened,\n"
	     "5 output could not be written.");
}

static void on_signal(int sig)
{
	if (sig == SIGHUP)
		hangup_asked = 1;
	else
		stop_asked = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	/* These fail only for signals that do not exist. */
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
}

static int how_it_ended(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	cmd_complain("live", "the parsing process was ended by signal %d (%s)%s", WTERMSIG(status),
		     strsignal(WTERMSIG(status)),
		     WTERMSIG(status) == SIGSYS ? ": it made a call that it may not make" : "");
	return EXIT_LOSSY;
}

static int fork_parser(struct live_run *r, int out_fd, struct keeper_pipes *keeper, pid_t *child)
{
	int lines[2], metrics[2], leash[2];

	if (pipe(lines) || pipe(metrics) || pipe2(leash, O_NONBLOCK)) {
		cmd_complain("live", "pipe: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	*child = fork();
	if (*child < 0) {
		cmd_complain("live", "fork: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	if (!*child) {
		(void)close(lines[0]); /* unused ends of pipes */
		(void)close(metrics[0]);
		(void)close(leash[1]);
		if (r->keep.out_path)
			(void)close(out_fd);
		_exit(live_parse(r, lines[1], metrics[1], leash[0]));
	}
	(void)close(lines[1]);
	(void)close(metrics[1]);
	(void)close(leash[0]);
	*keeper = (struct keeper_pipes){lines[0], metrics[0], leash[1]};
	return EXIT_DONE;
}

static int run(struct live_run *r)
{
	struct keeper_pipes pipes;
	struct err_info err = {{0}};
	uint64_t lost = 0;
	pid_t child;
	int fd, status;

	if (!keeper_open(&r->keep, &fd, &err)) {
		cmd_complain("live", "%s", err.text);
		return EXIT_OUTPUT;
	}
	catch_signals();
	status = fork_parser(r, fd, &pipes, &child);
	if (status != EXIT_DONE)
		return status;
	if (!rights_keeper(&err))
		cmd_complain("live", "the writing process keeps its rights: %s", err.text);
	err.text[0] = '\0';
	status = how_it_ended(keeper_run(&r->keep, fd, child, &pipes, &lost, &err));
	if (err.text[0])
		cmd_complain("live", "output: %s (%llu lines lost)", err.text,
			     (unsigned long long)lost);
	return lost ? EXIT_OUTPUT : status;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	return cmd_parse_size(text, out) && *out >= min && *out <= max;
}

enum {
	OPT_TAP = 256,
	OPT_FOLLOW,
	OPT_PROMISC,
	OPT_FORMAT,
	OPT_FLOWS,
	OPT_ROTATE,
	OPT_KEEP,
	OPT_METRICS,
	OPT_EVERY,
	OPT_RING,
	OPT_SNAPLEN,
	OPT_USER,
	OPT_SIGNATURES,
	OPT_MEMORY,
};

static const struct option opts[] = {
	{"interface", required_argument, NULL, 'i'},
	{"tap", required_argument, NULL, OPT_TAP},
	{"follow", required_argument, NULL, OPT_FOLLOW},
	{"promisc", no_argument, NULL, OPT_PROMISC},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"flows", no_argument, NULL, OPT_FLOWS},
	{"output", required_argument, NULL, 'o'},
	{"rotate", required_argument, NULL, OPT_ROTATE},
	{"keep", required_argument, NULL, OPT_KEEP},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"metrics-every", required_argument, NULL, OPT_EVERY},
	{"ring", required_argument, NULL, OPT_RING},
	{"snaplen", required_argument, NULL, OPT_SNAPLEN},
	{"user", required_argument, NULL, OPT_USER},
	{"signatures", required_argument, NULL, OPT_SIGNATURES},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* Takes one option; false when its argument is none. */
static bool take_option(struct live_run *r, int c, struct err_info *err)
{
	const char **text = c == 'i'           ? &r->live.device
			    : c == 'o'         ? &r->keep.out_path
			    : c == OPT_METRICS ? &r->keep.metrics_path
			    : c == OPT_USER    ? &r->user
					       : NULL;
	uint64_t n = 0;
	bool ok = true;

	if (text)
		*text = optarg;
	switch (text ? 0 : c) {
	case 0:
		break;
	case OPT_TAP:
		r->live.tap = live_tap_find(optarg);
		ok = r->live.tap < LIVE_TAPS;
		break;
	case OPT_FOLLOW:
		ok = r->live.follow_all = !strcmp(optarg, "all");
		break;
	case OPT_PROMISC:
		r->live.promisc = true;
		break;
	case OPT_FORMAT:
		r->ops = sink_find(optarg);
		ok = r->ops;
		break;
	case OPT_FLOWS:
		r->sink_opts.flows = r->cfg.want_flows = true;
		break;
	case OPT_ROTATE:
		ok = number(optarg, 1 << 16, UINT64_MAX, &r->keep.rotate_bytes);
		break;
	case OPT_KEEP:
		ok = number(optarg, 0, 1000, &n);
		r->keep.keep = (uint32_t)n;
		break;
	case OPT_EVERY:
		ok = number(optarg, 1, 86400, &n);
		r->metrics_s = (int)n;
		break;
	case OPT_RING:
		ok = number(optarg, 1 << 18, 1 << 30, &n);
		r->live.ring_bytes = (uint32_t)n;
		break;
	case OPT_SNAPLEN:
		ok = number(optarg, 64, LIMIT_FRAME_BYTES, &n);
		r->live.snaplen = (uint32_t)n;
		break;
	case OPT_SIGNATURES:
		return sig_dirs_add(&r->dirs, optarg, err);
	case OPT_MEMORY:
		ok = number(optarg, 1 << 20, UINT64_MAX, &r->cfg.memory_bytes);
		break;
	default:
		return err_set(err, "`wallprint live --help` tells the options");
	}
	return ok || err_set(err, "'%s' is no value for this option; `wallprint live --help` tells",
			     optarg);
}

/* Returns -1 to go on, else the exit status. */
static int parse(struct live_run *r, int argc, char **argv)
{
	struct err_info err;
	int c;

	while ((c = getopt_long(argc, argv, "i:o:h", opts, NULL)) != -1) {
		if (c == 'h') {
			help();
			return EXIT_DONE;
		}
		if (c == '?')
			return EXIT_USAGE;
		if (!take_option(r, c, &err)) {
			cmd_complain("live", "%s", err.text);
			return EXIT_USAGE;
		}
	}
	if (r->live.device && optind == argc)
		return -1;
	cmd_complain("live", "%s",
		     r->live.device ? "takes no file; `wallprint replay` reads them"
				    : "-i INTERFACE says where to listen");
	return EXIT_USAGE;
}

int cmd_live(int argc, char **argv)
{
	struct live_run r = {.ops = sink_find("jsonl"), .metrics_s = 10, .keep.keep = 8};
	int status = parse(&r, argc, argv);

	if (status == -1) {
		r.stop = &stop_asked;
		r.keep.stop = r.live.stop = &stop_asked;
		r.keep.hangup = &hangup_asked;
		r.cfg.live = &r.live;
		r.cfg.follow = true;
		status = run(&r);
	}
	sig_dirs_free(&r.dirs);
	return status;
}
