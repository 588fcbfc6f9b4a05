/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "match/sig_impl.h"

static char *below(const char *dir, size_t dir_len, const char *file)
{
	char *path = NULL;

	if (asprintf(&path, "%.*s/%s", (int)dir_len, dir, file) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *sig_test_path(const struct signature *s, const char *file, const char *const *dirs,
		    size_t n_dirs)
{
	const char *slash = s->path ? strrchr(s->path, '/') : NULL;
	char *path = slash ? below(s->path, (size_t)(slash - s->path), file) : NULL;

	for (size_t i = 0; i < n_dirs && !path; i++)
		path = below(dirs[i], strlen(dirs[i]), file);
	return path;
}

void sig_complain_later(const struct signature *s, struct sig_problems *problems, uint32_t line,
			uint32_t col, const char *suggestion, const char *what)
{
	struct sig_src src = {.path = s->path, .problems = problems};
	struct sig_file file = {0};

	if (s->path && !sig_file_read(s->path, &file))
		src.text = (struct bytes){file.at, file.len};
	sig_complain(&src, line, col, suggestion, "%s", what);
	sig_file_free(&file);
}

static void complain_missing(const struct signature *s, const struct sig_test *t,
			     struct sig_problems *problems)
{
	char *what = NULL;

	if (asprintf(&what, "the capture %s is missing", t->file) < 0)
		what = NULL;
	sig_complain_later(s, problems, t->line, t->col, "record it, or take the test out",
			   what ? what : "a capture is missing");
	free(what);
}

void sig_check_tests_exist(const struct sig_set *set, const char *const *dirs, size_t n_dirs,
			   struct sig_problems *problems)
{
	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);

		for (uint32_t k = 0; k < s->n_tests; k++) {
			char *path = sig_test_path(s, s->test[k].file, dirs, n_dirs);

			if (!path)
				complain_missing(s, &s->test[k], problems);
			free(path);
		}
	}
}
