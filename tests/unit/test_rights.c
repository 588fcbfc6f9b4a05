/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/rights.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rights.h"

enum { RIGHTS_KEPT = 77, WENT_ON = 0 };

/* What a parser that was taken over might try. Each runs in a process of its own, behind the
 * guard. */
static void try_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void try_open(void)
{
	(void)open("/etc/passwd", O_RDONLY);
}

static void try_exec(void)
{
	char *const argv[] = {"true", NULL}, *const env[] = {NULL};

	(void)execve("/bin/true", argv, env);
}

static void try_ptrace(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void try_fork(void)
{
	(void)fork();
}

static void try_kill(void)
{
	(void)kill(getppid(), 0);
}

/* And what it is there for. */
static void try_work(void)
{
	char *p = malloc(1 << 20);
	int fds[1] = {STDERR_FILENO};

	if (!p || write(fds[0], "", 0) || read(STDIN_FILENO, p, 0))
		_exit(1);
	free(p);
}

static int behind_filter(void (*what)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct err_info err;

		if (!rights_parser(NULL, &err))
			_exit(RIGHTS_KEPT);
		what();
		_exit(WENT_ON);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_rights_forbidden_call_kills(void **state)
{
	void (*const tries[])(void) = {try_socket, try_open, try_exec,
				       try_ptrace, try_fork, try_kill};

	(void)state;
	if (!rights_has_seccomp())
		return; /* with a sanitizer the next test is what there is to check */
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int status = behind_filter(tries[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void test_rights_parsing_goes_on(void **state)
{
	int status = behind_filter(try_work);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WENT_ON);
}

static void check_rights(void)
{
	if (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		_exit(2);
	/* root's powers are not to be had again */
	if (!setuid(0))
		_exit(3);
}

/* setuid and prctl are themselves forbidden behind the filter: asked only where it is off, else
 * tests/cli/live.test reads them from /proc. */
static void test_rights_rights_are_gone(void **state)
{
	int status;

	(void)state;
	if (rights_has_seccomp() || geteuid() != 0)
		return;
	status = behind_filter(check_rights);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WENT_ON);
}

static void test_rights_unknown_user_is_refused(void **state)
{
	struct err_info err = {{0}};
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		return; /* nobody else changes user */
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(rights_parser("no-such-user-here", &err) ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_rights_keeper_keeps_its_user_without_powers(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		struct err_info err;
		uid_t was = geteuid();

		if (!rights_keeper(NULL, 0, &err))
			_exit(1);
		/* CAP_SETUID is gone with the others */
		_exit(geteuid() == was && (was != 0 || setuid(12345)) ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights_forbidden_call_kills),
		cmocka_unit_test(test_rights_parsing_goes_on),
		cmocka_unit_test(test_rights_rights_are_gone),
		cmocka_unit_test(test_rights_unknown_user_is_refused),
		cmocka_unit_test(test_rights_keeper_keeps_its_user_without_powers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
