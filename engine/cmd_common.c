/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "geo/geo.h"
#include "match/sig_known.h"
#include "match/signature.h"
#include "sink/sink.h"

#ifndef WALLPRINT_DATADIR
#define WALLPRINT_DATADIR "/usr/local/share/wallprint"
#endif

void cmd_complain(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "wallprint %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool cmd_parse_size(const char *text, uint64_t *out)
{
	unsigned long long n;
	int shift = 0;
	char *end;

	errno = 0;
	if (!isdigit((unsigned char)text[0]))
		return false;
	n = strtoull(text, &end, 10);
	if (errno)
		return false;
	switch (*end) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	if (shift)
		end++;
	if (*end || n > UINT64_MAX >> shift)
		return false;
	*out = (uint64_t)n << shift;
	return true;
}

bool sig_dirs_add(struct sig_dirs *d, const char *dir, struct err_info *err)
{
	if (d->n == SIG_DIRS_MAX)
		return err_set(err, "more than %d signature directories", SIG_DIRS_MAX);
	d->at[d->n] = strdup(dir);
	if (!d->at[d->n])
		return err_set(err, "out of memory");
	d->n++;
	return true;
}

void sig_dirs_free(struct sig_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->at[i]);
	d->n = 0;
}

static bool is_collection(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/mechanism", dir) >= (int)sizeof(path))
		return false;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* By what it is, not by its name. */
static bool is_named(const struct sig_dirs *d, const char *dir)
{
	struct stat st, other;

	for (size_t i = 0; i < d->n; i++)
		if (!stat(dir, &st) && !stat(d->at[i], &other) && st.st_dev == other.st_dev &&
		    st.st_ino == other.st_ino)
			return true;
	return false;
}

static bool put_first(struct sig_dirs *d, const char *dir, struct err_info *err)
{
	char *copy;

	/* The user named it himself: a second reading would change nothing. */
	if (is_named(d, dir))
		return true;
	copy = strdup(dir);
	if (!copy)
		return err_set(err, "out of memory");
	memmove(d->at + 1, d->at, d->n * sizeof(d->at[0]));
	d->at[0] = copy;
	d->n++;
	return true;
}

/* build/wallprint, build/asan/wallprint: the collection is one or two directories above the
 * program's own. */
bool sig_dirs_default(struct sig_dirs *d, struct err_info *err)
{
	char exe[PATH_MAX / 2], path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	for (int up = 0; n > 0 && up < 3; up++) {
		char *slash;

		exe[n] = '\0';
		slash = strrchr(exe, '/');
		if (!slash)
			break;
		*slash = '\0';
		n = slash - exe;
		if (snprintf(path, sizeof(path), "%s/signatures", exe) < (int)sizeof(path) &&
		    is_collection(path))
			return put_first(d, path, err);
	}
	if (is_collection(WALLPRINT_DATADIR "/signatures"))
		return put_first(d, WALLPRINT_DATADIR "/signatures", err);
	return err_set(err, "no signatures found beside the program or in " WALLPRINT_DATADIR
			    "; name them with --signatures DIR");
}

static struct sig_set *load(const struct sig_dirs *dirs, size_t *n_problems)
{
	struct sig_problems problems = {0};
	struct err_info err;
	struct sig_set *set = NULL;

	if (!sig_set_load_known(&set, (const char *const *)dirs->at, dirs->n, &sig_shipped,
				&problems, &err)) {
		cmd_complain("signatures", "%s", err.text);
		sig_problems_free(&problems);
		return NULL;
	}
	for (size_t i = 0; i < problems.n; i++)
		sig_problem_print(stderr, &problems.at[i]);
	if (problems.left_out)
		cmd_complain("signatures", "%zu more complaints not shown", problems.left_out);
	*n_problems = problems.n + problems.left_out;
	sig_problems_free(&problems);
	return set;
}

struct sig_set *cmd_load_signatures(const struct sig_dirs *dirs)
{
	size_t n_problems;

	return load(dirs, &n_problems);
}

bool cmd_open_geo(const char *command, const char *what, struct geo **out)
{
	struct err_info err;

	*out = NULL;
	if (!what || geo_open(out, what, &err))
		return true;
	cmd_complain(command, "--geo: %s", err.text);
	return false;
}

void cmd_note_geo(const struct geo *g, struct run_geo *out)
{
	const struct geo_info *info = g ? geo_info(g) : NULL;

	memset(out, 0, sizeof(*out));
	if (!info)
		return;
	out->known = true;
	_Static_assert(sizeof(out->name) == sizeof(info->name), "copied whole");
	_Static_assert(sizeof(out->date) == sizeof(info->date), "copied whole");
	memcpy(out->name, info->name, sizeof(out->name));
	memcpy(out->date, info->date, sizeof(out->date));
	memcpy(out->sha256, info->sha256, sizeof(out->sha256));
}

struct sig_set *cmd_collection(const char *command, struct sig_dirs *dirs)
{
	struct err_info err;

	if (sig_dirs_default(dirs, &err) || dirs->n)
		return cmd_load_signatures(dirs);
	cmd_complain(command, "%s", err.text);
	return NULL;
}

struct sig_set *cmd_collection_whole(const char *command, struct sig_dirs *dirs)
{
	struct sig_set *set = NULL;
	size_t n_problems = 0;
	struct err_info err;

	if (sig_dirs_default(dirs, &err) || dirs->n)
		set = load(dirs, &n_problems);
	else
		cmd_complain(command, "%s", err.text);
	if (set && !n_problems)
		return set;
	sig_set_free(set);
	return NULL;
}

bool cmd_parse_format(const char *command, const char *word, bool *jsonl)
{
	*jsonl = !strcmp(word, "jsonl");
	if (*jsonl || !strcmp(word, "text"))
		return true;
	cmd_complain(command, "no format '%s'; there are: text jsonl", word);
	return false;
}
