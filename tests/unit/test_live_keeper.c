/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_keeper.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_keeper.h"

enum { LINE = 100, TEXT_MAX = 1 << 20 };

struct world {
	char dir[32], out[64], metrics[64];
	volatile sig_atomic_t stop, hangup;
	struct keeper_options o;
	uint64_t lost;
	struct err_info err;
	int status;
	const char *says; /* the parser's status, before anything else; NULL nothing */
	bool refuse;      /* reload() gives nothing */
	int reloads;
};

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/wallprint-keep.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->out, sizeof(w->out), "%s/out", w->dir);
	snprintf(w->metrics, sizeof(w->metrics), "%s/m.prom", w->dir);
	w->o = (struct keeper_options){.stop = &w->stop, .hangup = &w->hangup};
}

static void world_fini(struct world *w)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
}

/* Runs the keeper beside a process that does `say` with the ends of the pipes, and ends with 7. */
static void keep(struct world *w, int fd, void (*say)(int lines, int metrics, int leash))
{
	int lines[2], metrics[2], leash[2], status[2];
	struct live_pipes from;
	pid_t child;

	assert_int_equal(pipe(lines) | pipe(metrics) | pipe2(leash, O_NONBLOCK) | pipe(status), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(lines[0]);
		close(metrics[0]);
		close(leash[1]);
		close(status[0]);
		if (w->says && write(status[1], w->says, strlen(w->says)) < 0)
			_exit(1);
		say(lines[1], metrics[1], leash[0]);
		_exit(7);
	}
	close(lines[1]);
	close(metrics[1]);
	close(leash[0]);
	close(status[1]);
	from = (struct live_pipes){lines[0], metrics[0], status[0], leash[1], 0};
	w->status = keeper_run(&w->o, fd, child, &from, &w->lost, &w->err);
	close(lines[0]);
	close(metrics[0]);
	close(status[0]);
	assert_true(WIFEXITED(w->status) && WEXITSTATUS(w->status) == 7);
}

static size_t content(const char *path, char *to)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return SIZE_MAX;
	n = fread(to, 1, TEXT_MAX - 1, f);
	fclose(f);
	to[n] = '\0';
	return n;
}

/* A thousand numbered lines, in pieces that end anywhere. */
static void say_lines(int lines, int metrics, int leash)
{
	static char text[1000 * LINE + 1];

	(void)metrics;
	(void)leash;
	for (int i = 0; i < 1000; i++)
		snprintf(text + i * LINE, LINE + 1, "%0*d\n", LINE - 1, i);
	for (size_t off = 0; off < sizeof(text) - 1;) {
		size_t n = 333 + off % 700;

		n = n < sizeof(text) - 1 - off ? n : sizeof(text) - 1 - off;
		if (write(lines, text + off, n) != (ssize_t)n)
			_exit(1);
		off += n;
	}
}

static void test_keeper_writes_what_comes_for_its_owner_only(void **state)
{
	static char text[TEXT_MAX];
	struct stat st;
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	w.o.out_path = w.out;
	assert_true(keeper_open(&w.o, &fd, &w.err));
	keep(&w, fd, say_lines);
	assert_int_equal(content(w.out, text), 1000 * LINE);
	assert_int_equal(w.lost, 0);
	assert_int_equal(w.err.text[0], 0);
	assert_int_equal(stat(w.out, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	world_fini(&w);
}

/* The files together hold every line once, in order, each whole; there are no more than were
 * asked for, and none is larger. */
static void test_keeper_rotates_between_lines_and_keeps_so_many(void **state)
{
	static char text[TEXT_MAX];
	static const uint32_t keeps[] = {0, 2, 100};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		uint32_t files = 0;
		int next = -1, fd;
		struct world w;

		world_init(&w);
		w.o.out_path = w.out;
		w.o.rotate_bytes = 8000;
		w.o.keep = keeps[k];
		assert_true(keeper_open(&w.o, &fd, &w.err));
		keep(&w, fd, say_lines);
		for (int i = 200; i >= 0; i--) {
			char path[80];
			size_t n;

			if (i)
				snprintf(path, sizeof(path), "%s.%d", w.out, i);
			else
				snprintf(path, sizeof(path), "%s", w.out);
			n = content(path, text);
			if (n == SIZE_MAX)
				continue;
			files++;
			assert_int_equal(n % LINE, 0);
			assert_true(n <= 8000 + LINE);
			for (size_t at = 0; at < n; at += LINE) {
				int no = (int)strtol(text + at, NULL, 10);

				if (next >= 0)
					assert_int_equal(no, next);
				next = no + 1;
				assert_int_equal(text[at + LINE - 1], '\n');
			}
		}
		assert_int_equal(next, 1000);
		assert_true(files <= keeps[k] + 1);
		assert_true(keeps[k] < 100 ? files == keeps[k] + 1 : files >= 12);
		world_fini(&w);
	}
}

static void say_metrics(int lines, int metrics, int leash)
{
	static const char text[] = "a 1\n# EOF\na 2\n# E", rest[] = "OF\na 3\n";

	(void)lines;
	(void)leash;
	if (write(metrics, text, sizeof(text) - 1) < 0 || usleep(20000) ||
	    write(metrics, rest, sizeof(rest) - 1) < 0)
		_exit(1);
}

static void test_keeper_snapshot_is_the_last_whole_one(void **state)
{
	static char text[TEXT_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	w.o.metrics_path = w.metrics;
	keep(&w, STDOUT_FILENO, say_metrics);
	assert_true(content(w.metrics, text) != SIZE_MAX);
	assert_memory_equal(text, "a 2\n# HELP", 10);
	world_fini(&w);
}

static void say_until_stopped(int lines, int metrics, int leash)
{
	char c;

	(void)metrics;
	while (write(lines, "x\n", 2) == 2 && usleep(1000) == 0)
		if (fcntl(leash, F_SETFL, O_NONBLOCK) == 0 && read(leash, &c, 1) == 0)
			return;
	_exit(1);
}

/* Both orders to stop: asked, and nobody reads any more. The parser learns it by its leash. */
static void test_keeper_stops_when_asked_or_when_nobody_reads(void **state)
{
	struct world w;
	int out[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	world_init(&w);
	w.o.out_path = w.out;
	assert_true(keeper_open(&w.o, &out[0], &w.err));
	w.stop = 1;
	keep(&w, out[0], say_until_stopped);
	assert_int_equal(w.lost, 0);
	w.stop = 0;
	w.o.out_path = NULL;
	assert_int_equal(pipe(out), 0);
	close(out[0]);
	keep(&w, out[1], say_until_stopped);
	assert_true(w.lost > 0);
	assert_true(w.err.text[0]);
	close(out[1]);
	world_fini(&w);
}

/* A full disk costs lines, which are counted, and not the run. */
static void test_keeper_counts_what_could_not_be_written(void **state)
{
	struct world w;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip();
	world_init(&w);
	keep(&w, fd, say_lines);
	assert_int_equal(w.lost, 1000);
	assert_true(w.err.text[0]);
	close(fd);
	world_fini(&w);
}

/* logrotate moves the file away and sends SIGHUP. */
static void test_keeper_opens_the_file_anew_after_hangup(void **state)
{
	static char text[TEXT_MAX];
	char moved[80];
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	snprintf(moved, sizeof(moved), "%s.moved", w.out);
	w.o.out_path = w.out;
	assert_true(keeper_open(&w.o, &fd, &w.err));
	assert_int_equal(rename(w.out, moved), 0);
	w.hangup = 1;
	keep(&w, fd, say_lines);
	assert_int_equal(w.hangup, 0);
	assert_int_equal(content(w.out, text), 1000 * LINE);
	assert_int_equal(content(moved, text), 0);
	world_fini(&w);
}

enum { ORDER_BYTES = 300000 /* more than a pipe holds */ };

static char *reload(void *arg, size_t *len)
{
	struct world *w = arg;
	char *order = w->refuse ? NULL : malloc(ORDER_BYTES);

	w->reloads++;
	*len = ORDER_BYTES;
	return order ? memset(order, 'o', ORDER_BYTES) : NULL;
}

/* Reads the order, says so in its metrics, and waits for the end. */
static void say_order(int lines, int metrics, int leash)
{
	static char buf[4096];
	size_t n = 0;
	ssize_t got;

	(void)lines;
	for (int ms = 0; n < ORDER_BYTES && ms < 5000;) {
		got = read(leash, buf, sizeof(buf));
		n += got > 0 ? (size_t)got : 0;
		ms += got < 0 && usleep(1000) == 0;
	}
	if (dprintf(metrics, "order %zu\n# EOF\n", n) < 0)
		_exit(1);
}

static void test_keeper_hands_on_what_was_reloaded_and_counts(void **state)
{
	static char text[TEXT_MAX];
	char buf[256];
	struct notify notify;
	struct world w;
	int s[2];

	(void)state;
	world_init(&w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s), 0);
	notify.fd = s[0];
	w.o.metrics_path = w.metrics;
	w.o.notify = &notify;
	w.o.reload = reload;
	w.o.arg = &w;
	w.says = "l.tk";
	w.hangup = 1;
	keep(&w, STDOUT_FILENO, say_order);
	assert_int_equal(w.reloads, 1);
	assert_int_equal(w.hangup, 0);
	assert_true(content(w.metrics, text) != SIZE_MAX);
	assert_non_null(strstr(text, "order 300000\n"));
	assert_non_null(strstr(text, "\nwallprint_reloads_total{result=\"ok\"} 1\n"));
	assert_non_null(strstr(text, "\nwallprint_reloads_total{result=\"failed\"} 1\n"));
	buf[read(s[1], buf, sizeof(buf) - 1)] = '\0';
	assert_memory_equal(buf, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_int_equal(read(s[1], buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "READY=1", 7);
	assert_int_equal(read(s[1], buf, sizeof(buf)), 10);
	assert_memory_equal(buf, "WATCHDOG=1", 10);
	close(s[0]);
	close(s[1]);
	world_fini(&w);
}

static void test_keeper_reload_refused_is_counted_and_nothing_sent(void **state)
{
	static char text[TEXT_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	w.o.metrics_path = w.metrics;
	w.o.reload = reload;
	w.o.arg = &w;
	w.refuse = true;
	w.hangup = 1;
	keep(&w, STDOUT_FILENO, say_metrics);
	assert_int_equal(w.reloads, 1);
	assert_true(content(w.metrics, text) != SIZE_MAX);
	assert_non_null(strstr(text, "\nwallprint_reloads_total{result=\"failed\"} 1\n"));
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeper_writes_what_comes_for_its_owner_only),
		cmocka_unit_test(test_keeper_rotates_between_lines_and_keeps_so_many),
		cmocka_unit_test(test_keeper_snapshot_is_the_last_whole_one),
		cmocka_unit_test(test_keeper_stops_when_asked_or_when_nobody_reads),
		cmocka_unit_test(test_keeper_counts_what_could_not_be_written),
		cmocka_unit_test(test_keeper_opens_the_file_anew_after_hangup),
		cmocka_unit_test(test_keeper_hands_on_what_was_reloaded_and_counts),
		cmocka_unit_test(test_keeper_reload_refused_is_counted_and_nothing_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
