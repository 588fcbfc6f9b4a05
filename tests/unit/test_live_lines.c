/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/live_lines.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live_lines.h"

enum { ROOM = 4096, LINE = 100 };

static void say(struct live_lines *q, char c)
{
	char line[LINE + 1];

	memset(line, c, LINE);
	line[LINE - 1] = '\n';
	line[LINE] = '\0';
	fputs(line, live_lines_stream(q));
	live_lines_commit(q);
}

static size_t read_all(int fd, char *to, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, to + n, room - n)) > 0)
		n += (size_t)got;
	return n;
}

static void test_lines_reader_there_gets_them_in_order(void **state)
{
	struct live_lines *q;
	char got[1024];
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	q = live_lines_new(p[1], ROOM);
	assert_non_null(q);
	say(q, 'a');
	say(q, 'b');
	live_lines_free(q);
	close(p[1]);
	assert_int_equal(read_all(p[0], got, sizeof(got)), 2 * LINE);
	assert_int_equal(got[0], 'a');
	assert_int_equal(got[LINE], 'b');
	close(p[0]);
}

/* The reader stands still: nothing waits, what finds no room is counted, and what comes out in the
 * end is whole lines, the oldest first. */
static void test_lines_reader_stuck_loses_whole_lines_and_counts_them(void **state)
{
	enum { LINES = 2000 };
	static char got[LINES * LINE];
	struct live_lines *q;
	size_t n = 0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	q = live_lines_new(p[1], ROOM);
	assert_non_null(q);
	for (int i = 0; i < LINES; i++)
		say(q, (char)('a' + i % 26));
	assert_true(live_lines_lost(q) > 0);
	/* a pipe holds 64 KB, the queue 4 */
	for (int i = 0; i < 2; i++) {
		n += (size_t)read(p[0], got + n, 65536);
		live_lines_drain(q, 1000);
	}
	live_lines_free(q);
	close(p[1]);
	n += read_all(p[0], got + n, sizeof(got) - n);
	assert_int_equal(n % LINE, 0);
	for (size_t i = 0; i < n / LINE; i++) {
		assert_int_equal(got[i * LINE], 'a' + (int)(i % 26));
		assert_int_equal(got[i * LINE + LINE - 1], '\n');
	}
	close(p[0]);
}

/* Counted against what came out: nothing is lost without being counted. */
static void test_lines_lost_and_read_make_all(void **state)
{
	enum { LINES = 1500 };
	static char got[LINES * LINE];
	struct live_lines *q;
	uint64_t lost;
	size_t n;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	q = live_lines_new(p[1], ROOM);
	assert_non_null(q);
	for (int i = 0; i < LINES; i++)
		say(q, 'x');
	lost = live_lines_lost(q);
	n = (size_t)read(p[0], got, sizeof(got));
	live_lines_drain(q, 1000);
	live_lines_free(q);
	close(p[1]);
	n += read_all(p[0], got + n, sizeof(got) - n);
	assert_int_equal(n / LINE + lost, LINES);
	close(p[0]);
}

static void test_lines_longer_than_the_queue_is_lost_alone(void **state)
{
	struct live_lines *q;
	char got[1024];
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	q = live_lines_new(p[1], 64);
	assert_non_null(q);
	say(q, 'a'); /* 100 bytes do not fit in 64 */
	assert_int_equal(live_lines_lost(q), 1);
	fputs("short\n", live_lines_stream(q));
	live_lines_commit(q);
	assert_int_equal(live_lines_lost(q), 1);
	live_lines_free(q);
	close(p[1]);
	assert_int_equal(read_all(p[0], got, sizeof(got)), 6);
	assert_memory_equal(got, "short\n", 6);
	close(p[0]);
}

static void test_lines_reader_gone_is_told(void **state)
{
	struct live_lines *q;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	q = live_lines_new(p[1], ROOM);
	assert_non_null(q);
	assert_true(live_lines_push(q));
	close(p[0]);
	say(q, 'a');
	assert_false(live_lines_push(q));
	live_lines_free(q);
	close(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_reader_there_gets_them_in_order),
		cmocka_unit_test(test_lines_reader_stuck_loses_whole_lines_and_counts_them),
		cmocka_unit_test(test_lines_lost_and_read_make_all),
		cmocka_unit_test(test_lines_longer_than_the_queue_is_lost_alone),
		cmocka_unit_test(test_lines_reader_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
