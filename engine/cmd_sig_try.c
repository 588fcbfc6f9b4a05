/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_sig_try.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* How one signature fared over all cases of a capture: the best of them. */
struct tried {
	const struct signature *sig;
	bool match, unknown, told;
};

size_t sig_try_dirs(const char *collection, char **out, size_t max)
{
	static const char *const below[] = {"tests/pcapgen/out", "tests/golden"};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(below) && n < max; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/../%s", collection, below[i]) >=
		    (int)sizeof(path))
			continue;
		out[n] = strdup(path);
		n += out[n] != NULL;
	}
	return n;
}

static void on_case(void *arg, const struct flow_record *r, const struct evidence *ev,
		    const struct sig_result *result, size_t n, const char *file)
{
	struct tried *t = arg;

	(void)r;
	(void)ev;
	(void)file;
	for (size_t i = 0; i < n; i++) {
		if (result[i].sig != t->sig)
			continue;
		t->match |= result[i].verdict == TRUTH_YES;
		/* An unknown `unless` leaves the match weaker than it looks: for a test it counts
		 * as unknown too. */
		t->unknown |= result[i].verdict == TRUTH_UNKNOWN ||
			      (result[i].verdict == TRUTH_YES && result[i].unless_unknown);
	}
}

static const char *word(enum sig_expect e)
{
	static const char *const name[] = {"match", "no-match", "unknown"};

	return name[e];
}

static bool try_one(const struct sig_set *set, const struct signature *s,
		    const struct sig_test *test, const char *path)
{
	struct tried t = {.sig = s};
	struct engine_config cfg = {0};
	struct engine_hooks hooks = {.arg = &t, .on_case = on_case};
	struct run_summary summary;
	struct err_info err;
	enum sig_expect got;
	bool whole;

	if (!engine_run(&cfg, set, &path, 1, &hooks, &summary, &err)) {
		printf("%s:%u: %s could not be run: %s\n", s->path, test->line, test->file,
		       err.text);
		return false;
	}
	whole = summary.input[0].state == INPUT_WHOLE;
	run_summary_free(&summary);
	got = t.match && !(test->expect == EXPECT_UNKNOWN && t.unknown) ? EXPECT_MATCH
	      : t.unknown                                               ? EXPECT_UNKNOWN
									: EXPECT_NO_MATCH;
	if (!whole) {
		printf("%s:%u: %s is cut or refused\n", s->path, test->line, test->file);
		return false;
	}
	if (got != test->expect)
		printf("%s:%u: %s gives %s, not %s\n", s->path, test->line, test->file, word(got),
		       word(test->expect));
	return got == test->expect;
}

size_t sig_try_all(const struct sig_set *set, const char *const *dirs, size_t n_dirs, size_t *tried)
{
	size_t wrong = 0;

	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);

		for (uint32_t k = 0; k < s->n_tests; k++) {
			char *path = sig_test_path(s, s->test[k].file, dirs, n_dirs);

			if (!path)
				continue; /* sig_check_tests_exist has complained */
			++*tried;
			wrong += !try_one(set, s, &s->test[k], path);
			free(path);
		}
	}
	return wrong;
}
