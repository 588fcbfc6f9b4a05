/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "source/source_expand.h"

/* A fresh directory, which becomes the working directory; leave() removes it. */
static char root[300];
static int before;

static void enter(void)
{
	snprintf(root, sizeof(root), "%s/wallprint-expand-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(root));
	before = open(".", O_RDONLY | O_DIRECTORY);
	assert_int_equal(chdir(root), 0);
}

static void leave(void)
{
	char command[400];

	assert_int_equal(fchdir(before), 0);
	close(before);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
}

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void assert_list(const struct path_list *l, const char *const *want, size_t n)
{
	assert_int_equal(l->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(l->at[i], want[i]);
}

static void test_expand_plain_arguments_stay_in_their_order(void **state)
{
	static const char *const args[] = {"z.pcap", "-", "not/there", "a.pcap", "z.pcap", ""};
	struct path_list l = {0};
	struct err_info err;

	(void)state;
	enter();
	touch("z.pcap");
	assert_true(source_expand(args, ARRAY_LEN(args), &l, &err));
	assert_list(&l, args, ARRAY_LEN(args));
	path_list_free(&l);
	assert_int_equal(l.n, 0);
	leave();
}

static void test_expand_directory_gives_sorted_regular_files(void **state)
{
	static const char *const args[] = {"first", "d", "e/"};
	static const char *const want[] = {"first",  "d/.hidden",    "d/Z",     "d/a",
					   "d/link", "d/sub/deep/x", "d/sub/y", "e/1"};
	struct path_list l = {0};
	struct err_info err;

	(void)state;
	enter();
	mkdir("d", 0700);
	mkdir("d/sub", 0700);
	mkdir("d/sub/deep", 0700);
	mkdir("d/empty", 0700);
	mkdir("e", 0700);
	touch("d/a");
	touch("d/Z");
	touch("d/.hidden");
	touch("d/sub/y");
	touch("d/sub/deep/x");
	touch("e/1");
	assert_int_equal(symlink("../e/1", "d/link"), 0);
	/* What is no regular file: a loop, a link to a directory, a broken link, a FIFO. */
	assert_int_equal(symlink("..", "d/sub/loop"), 0);
	assert_int_equal(symlink("../e", "d/dirlink"), 0);
	assert_int_equal(symlink("nowhere", "d/broken"), 0);
	assert_int_equal(mkfifo("d/fifo", 0600), 0);
	assert_true(source_expand(args, ARRAY_LEN(args), &l, &err));
	assert_list(&l, want, ARRAY_LEN(want));
	path_list_free(&l);
	leave();
}

/* A link that is named as an argument is followed: the user asked for it. */
static void test_expand_link_to_directory_as_argument_is_followed(void **state)
{
	static const char *const args[] = {"l"}, *const want[] = {"l/a"};
	struct path_list l = {0};
	struct err_info err;

	(void)state;
	enter();
	mkdir("d", 0700);
	touch("d/a");
	assert_int_equal(symlink("d", "l"), 0);
	assert_true(source_expand(args, 1, &l, &err));
	assert_list(&l, want, 1);
	path_list_free(&l);
	leave();
}

static void test_expand_depth_is_limited(void **state)
{
	static const char *const args[] = {"d"};
	char path[4 * LIMIT_PATH_DEPTH + 10] = "d";
	struct path_list l = {0};
	struct err_info err = {""};

	(void)state;
	enter();
	/* d is the first level. */
	for (int i = 1; i < LIMIT_PATH_DEPTH; i++) {
		mkdir(path, 0700);
		snprintf(path + strlen(path), 3, "/d");
	}
	mkdir(path, 0700);
	size_t len = strlen(path);

	snprintf(path + len, 3, "/f");
	touch(path);
	assert_true(source_expand(args, 1, &l, &err));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.at[0], path);
	path_list_free(&l);
	path[len] = 0;
	snprintf(path + len, 3, "/e");
	mkdir(path, 0700);
	assert_false(source_expand(args, 1, &l, &err));
	assert_non_null(strstr(err.text, "deep"));
	path_list_free(&l);
	leave();
}

/* A directory that cannot be read stays in the list, so that opening it says why and the others go
 * on. */
static void test_expand_unreadable_directory_stays(void **state)
{
	static const char *const args[] = {"d"}, *const want[] = {"d/a", "d/no"};
	struct path_list l = {0};
	struct err_info err;

	(void)state;
	enter();
	mkdir("d", 0700);
	mkdir("d/no", 0700);
	touch("d/a");
	touch("d/no/b");
	chmod("d/no", 0);
	/* Root reads everything, unless it becomes someone else for a while. */
	uid_t uid = geteuid();

	if (uid == 0) {
		chmod(".", 0755);
		chmod("d", 0755);
		assert_int_equal(seteuid(65534), 0);
	}
	bool ok = source_expand(args, 1, &l, &err);

	assert_int_equal(seteuid(uid), 0);
	chmod("d/no", 0700);
	assert_true(ok);
	assert_list(&l, want, 2);
	path_list_free(&l);
	leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand_plain_arguments_stay_in_their_order),
		cmocka_unit_test(test_expand_directory_gives_sorted_regular_files),
		cmocka_unit_test(test_expand_link_to_directory_as_argument_is_followed),
		cmocka_unit_test(test_expand_depth_is_limited),
		cmocka_unit_test(test_expand_unreadable_directory_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
