/* SPDX-License-Identifier: BSD-3-Clause */
/* Two processes: one opens the interface, gives up every right and parses; the other writes what
 * the first found. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "cmd.h"
#include "rights.h"
#include "live_conf.h"
#include "live_http.h"

static volatile sig_atomic_t stop_asked, hangup_asked;

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

/* The file first, then the command line on top. Returns -1 to go on, else the exit status. */
static int configure(struct live_run *r, int argc, char **argv)
{
	const char *path = live_conf_path(argc, argv);
	struct err_info err;

	live_conf_defaults(r);
	r->conf_path = path;
	/* The default file need not be there. */
	if (path && (strcmp(path, LIVE_CONF_DEFAULT) || !access(path, F_OK)) &&
	    !live_conf_file(r, path, &err)) {
		cmd_complain("live", "%s", err.text);
		return EXIT_USAGE;
	}
	return live_conf_args(r, argc, argv);
}

/* SIGHUP. What is wrong with it is said by those who read it. */
static char *reload(void *arg, size_t *len)
{
	struct live_run *r = arg, next;
	struct sig_set *sigs = NULL;
	char *order = NULL, names[256];

	if (configure(&next, r->argc, r->argv) == -1)
		sigs = cmd_collection_whole("live", &next.dirs);
	if (sigs)
		order = live_orders_pack(next.metrics_s, sigs, len);
	if (order) {
		r->keep.rotate_bytes = next.keep.rotate_bytes;
		r->keep.keep = next.keep.keep;
		if (live_conf_needs_start(r, &next, names, sizeof(names)))
			cmd_complain("live", "reload: only a start changes: %s", names);
	} else {
		cmd_complain("live", "reload: %s; everything stays as it was",
			     sigs ? "no memory" : "the configuration or a signature is wrong");
	}
	sig_set_free(sigs);
	live_conf_free(&next);
	return order;
}

static int fork_parser(struct live_run *r, int out_fd, int http, struct live_pipes *keeper,
		       pid_t *child)
{
	int lines[2], metrics[2], status[2], orders[2];

	if (pipe(lines) || pipe(metrics) || pipe2(status, O_NONBLOCK) ||
	    pipe2(orders, O_NONBLOCK)) {
		cmd_complain("live", "pipe: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	*child = fork();
	if (*child < 0) {
		cmd_complain("live", "fork: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	if (!*child) {
		const struct live_pipes mine = {lines[1], metrics[1], status[1], orders[0], 0};

		(void)close(lines[0]); /* unused ends of pipes */
		(void)close(metrics[0]);
		(void)close(status[0]);
		(void)close(orders[1]);
		if (r->keep.notify->fd >= 0)
			(void)close(r->keep.notify->fd);
		if (http)
			(void)close(http);
		if (r->keep.out_path)
			(void)close(out_fd);
		_exit(live_parse(r, &mine));
	}
	(void)close(lines[1]);
	(void)close(metrics[1]);
	(void)close(status[1]);
	(void)close(orders[0]);
	*keeper = (struct live_pipes){lines[0], metrics[0], status[0], orders[1], http};
	return EXIT_DONE;
}

/* The folder that a file is made in, renamed in, or comes back to when an editor has replaced it; from malloc. */
static char *folder_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path)
		return NULL;
	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

/* The writing process: what a reload reads, and where it writes. */
static void confine(struct live_run *r)
{
	const struct {
		const char *path;
		bool write;
	} file[] = {{r->conf_path, false}, {r->keep.out_path, true}, {r->keep.metrics_path, true}};
	struct landlock_path paths[ARRAY_LEN(file) + ARRAY_LEN(r->dirs.at)];
	char *folder[ARRAY_LEN(file)];
	struct err_info err;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(file); i++) {
		folder[i] = folder_of(file[i].path);
		paths[n++] = (struct landlock_path){folder[i], file[i].write};
	}
	/* When it finds none: the parser, which loads them, says so. */
	if (!sig_dirs_default(&r->dirs, &err))
		err.text[0] = '\0';
	for (size_t i = 0; i < r->dirs.n; i++)
		paths[n++] = (struct landlock_path){r->dirs.at[i], false};
	if (!rights_keeper(paths, n, &err))
		cmd_complain("live", "the writing process keeps rights: %s", err.text);
	if (!landlock_version())
		cmd_complain(
			"live",
			"this kernel has no Landlock: which files are reached is up to their modes");
	for (size_t i = 0; i < ARRAY_LEN(file); i++)
		free(folder[i]);
}

/* Starts the process that answers for metrics, when it is wanted. *out is the keeper's end, 0 without one. */
static bool fork_http(struct live_run *r, int *out, struct err_info *err)
{
	int ends[2], fd;
	pid_t child;

	*out = 0;
	if (!r->keep.metrics_listen)
		return true;
	if (!live_http_listen(r->keep.metrics_listen, &fd, err))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
		return err_set(err, "socketpair: %s", strerror(errno));
	child = fork();
	if (child < 0)
		return err_set(err, "fork: %s", strerror(errno));
	if (!child) {
		(void)close(ends[0]); /* the keeper's */
		_exit(live_http_serve(fd, ends[1], r->user));
	}
	(void)close(ends[1]); /* the child's, both */
	(void)close(fd);
	*out = ends[0];
	return true;
}

static int run(struct live_run *r)
{
	struct live_pipes pipes;
	struct notify notify;
	struct err_info err = {{0}};
	uint64_t lost = 0;
	pid_t child;
	int fd, http, status;

	if (!notify_open(&notify, &err))
		cmd_complain("live", "%s", err.text);
	r->keep.notify = &notify;
	if (!fork_http(r, &http, &err)) {
		cmd_complain("live", "%s", err.text);
		return EXIT_USAGE;
	}
	if (!keeper_open(&r->keep, &fd, &err)) {
		cmd_complain("live", "%s", err.text);
		return EXIT_OUTPUT;
	}
	catch_signals();
	status = fork_parser(r, fd, http, &pipes, &child);
	if (status != EXIT_DONE)
		return status;
	confine(r);
	err.text[0] = '\0';
	status = how_it_ended(keeper_run(&r->keep, fd, child, &pipes, &lost, &err));
	if (err.text[0])
		cmd_complain("live", "output: %s (%llu lines lost)", err.text,
			     (unsigned long long)lost);
	return lost ? EXIT_OUTPUT : status;
}

int cmd_live(int argc, char **argv)
{
	struct live_run r;
	int status = configure(&r, argc, argv);

	if (status == EXIT_DONE)
		live_conf_help(stdout);
	if (status == -1) {
		r.stop = &stop_asked;
		r.keep.stop = r.live.stop = &stop_asked;
		r.keep.hangup = &hangup_asked;
		r.keep.reload = reload;
		r.keep.arg = &r;
		r.argc = argc;
		r.argv = argv;
		r.cfg.live = &r.live;
		r.cfg.follow = true;
		r.sink_opts.flows = r.cfg.want_flows;
		status = run(&r);
	}
	live_conf_free(&r);
	return status;
}

int cmd_check_config(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : LIVE_CONF_DEFAULT;
	struct live_run r;
	struct sig_set *sigs = NULL;
	struct err_info err;

	if (!strcmp(path, "--help")) {
		puts("Usage: wallprint check-config [FILE]\n\n"
		     "Reads a configuration file of `wallprint live`, by default " LIVE_CONF_DEFAULT
		     ",\nand the signatures that it asks for, as a start or SIGHUP would, and says what is wrong with them.\n\n"
		     "Exit status: 0 nothing, 1 something, 2 usage.");
		return EXIT_DONE;
	}
	if (argc > 2 || path[0] == '-') {
		cmd_complain("check-config", "'%s': takes one FILE and no option", argv[argc - 1]);
		return EXIT_USAGE;
	}
	live_conf_defaults(&r);
	if (!live_conf_file(&r, path, &err))
		cmd_complain("check-config", "%s", err.text);
	else if (!r.live.device)
		cmd_complain("check-config", "%s: interface: is missing", path);
	else
		sigs = cmd_collection_whole("check-config", &r.dirs);
	if (sigs)
		printf("%s: good, with %zu signatures\n", path, sig_set_n(sigs));
	sig_set_free(sigs);
	live_conf_free(&r);
	return sigs ? EXIT_DONE : EXIT_FOUND_WRONG;
}
