/* SPDX-License-Identifier: BSD-3-Clause */
#include "source/source_expand.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"

void path_list_free(struct path_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct path_list){0};
}

/* Takes the heap string `take_path`, also when it fails. */
static bool list_put(struct path_list *l, char *take_path, struct err_info *err)
{
	if (!take_path)
		return err_set(err, "out of memory for file names");
	if (l->n == LIMIT_PATHS) {
		free(take_path);
		return err_set(err, "more than %d files", LIMIT_PATHS);
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		char **more = realloc(l->at, cap * sizeof(*more));

		if (!more) {
			free(take_path);
			return err_set(err, "out of memory for file names");
		}
		l->at = more;
		l->cap = cap;
	}
	l->at[l->n++] = take_path;
	return true;
}

static char *path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);
	const char *slash = len > 0 && dir[len - 1] == '/' ? "" : "/";
	char *path;

	return asprintf(&path, "%s%s%s", dir, slash, name) < 0 ? NULL : path;
}

/* Sorts an entry of a directory into files or directories; what is neither (socket, pipe, device,
 * broken link) is left out. */
static bool entry_put(const char *dir, const char *name, struct path_list *files,
		      struct path_list *dirs, struct err_info *err)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	char *path = path_join(dir, name);

	if (!path)
		return err_set(err, "out of memory for file names");
	if (lstat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return list_put(dirs, path, err);
		/* A link to a directory is not followed, so that no loop can come about. */
		if (S_ISREG(st.st_mode) ||
		    (S_ISLNK(st.st_mode) && stat(path, &st) == 0 && S_ISREG(st.st_mode)))
			return list_put(files, path, err);
	}
	free(path);
	return true;
}

static bool dir_read(const char *path, struct path_list *files, struct path_list *dirs,
		     struct err_info *err)
{
	DIR *d = opendir(path);
	bool ok = true;

	if (!d)
		return list_put(files, strdup(path), err);
	/* Bounded by LIMIT_PATHS for what is kept. */
	for (const struct dirent *e; ok && (e = readdir(d));)
		ok = entry_put(path, e->d_name, files, dirs, err);
	/* Only read from: closing has nothing to lose. */
	(void)closedir(d);
	return ok;
}

static int path_order(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Level by level, so that depth is counted without recursion. */
static bool dir_expand(const char *path, struct path_list *out, struct err_info *err)
{
	struct path_list level = {0}, below = {0};
	size_t first = out->n;
	uint32_t depth = 0;
	bool ok = list_put(&level, strdup(path), err);

	while (ok && level.n > 0) {
		if (depth++ == LIMIT_PATH_DEPTH) {
			ok = err_set(err, "directories lie more than %d deep", LIMIT_PATH_DEPTH);
			break;
		}
		for (size_t i = 0; ok && i < level.n; i++)
			ok = dir_read(level.at[i], out, &below, err);
		path_list_free(&level);
		level = below;
		below = (struct path_list){0};
	}
	path_list_free(&level);
	path_list_free(&below);
	if (out->n > first)
		qsort(out->at + first, out->n - first, sizeof(*out->at), path_order);
	return ok;
}

bool source_expand(const char *const *args, size_t n, struct path_list *out, struct err_info *err)
{
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		bool dir =
			strcmp(args[i], "-") != 0 && stat(args[i], &st) == 0 && S_ISDIR(st.st_mode);

		if (dir ? !dir_expand(args[i], out, err) : !list_put(out, strdup(args[i]), err))
			return false;
	}
	return true;
}
