/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/landlock.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "landlock.h"

struct place {
	char dir[32], inside[64], read_only[64], outside[64];
};

static void put(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* In a process of its own, since it cannot be undone: bit 0 set when it was restricted, then one for each thing that it could do. */
static int could_do(const struct place *p)
{
	char made[80], read_dir[80];
	struct err_info err;
	int status;
	pid_t child;

	snprintf(made, sizeof(made), "%s/made", p->inside);
	snprintf(read_dir, sizeof(read_dir), "%s/file", p->read_only);
	child = fork();
	if (!child) {
		const struct landlock_path paths[] = {{p->inside, true},
						      {p->read_only, false},
						      {"/nonexistent", true},
						      {NULL, true}};
		int can = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
			  landlock_restrict(paths, 4, &err);

		can |= opens(made, O_CREAT | O_WRONLY | O_TRUNC) << 1;
		can |= opens(made, O_RDONLY) << 7;
		can |= !unlink(made) << 2;
		can |= opens(read_dir, O_RDONLY) << 3;
		can |= opens(read_dir, O_WRONLY) << 4;
		can |= opens(p->outside, O_RDONLY) << 5;
		can |= (landlock_version() >= 6 && !kill(getppid(), 0)) << 6;
		_exit(can);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_restrict_only_named_paths_are_reached(void **state)
{
	struct place p;
	char cmd[64], file[80];

	(void)state;
	snprintf(p.dir, sizeof(p.dir), "/tmp/wallprint-lock.XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	snprintf(p.inside, sizeof(p.inside), "%s/in", p.dir);
	snprintf(p.read_only, sizeof(p.read_only), "%s/ro", p.dir);
	snprintf(p.outside, sizeof(p.outside), "%s/out", p.dir);
	assert_int_equal(mkdir(p.inside, 0700) | mkdir(p.read_only, 0700), 0);
	snprintf(file, sizeof(file), "%s/file", p.read_only);
	put(file);
	put(p.outside);
	/* without Landlock everything goes on, and nothing is claimed */
	assert_int_equal(could_do(&p), landlock_version() ? 0x0f : 0xbf);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p.dir);
	assert_int_equal(system(cmd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restrict_only_named_paths_are_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
