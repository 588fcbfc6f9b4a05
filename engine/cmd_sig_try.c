/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_sig_try.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* --- captures of others --- */

/* How the frames that a capture names fared; a signature names at most LIMIT_SIG_ITEMS. */
struct cited {
	const struct signature *sig;
	const struct sig_capture *cap;
	uint64_t seen; /* bit i: a match cites frame i */
};

static void cite(struct cited *c, uint64_t frame)
{
	for (uint32_t i = 0; i < c->cap->n_frames; i++)
		if (c->cap->frame[i] == frame)
			c->seen |= UINT64_C(1) << i;
}

static void on_case_cited(void *arg, const struct flow_record *r, const struct evidence *ev,
			  const struct sig_result *result, size_t n, const char *file)
{
	struct cited *c = arg;
	const uint64_t *suspect;
	size_t n_suspects = evidence_suspects(ev, &suspect);
	bool match = false;

	(void)r;
	(void)file;
	for (size_t i = 0; i < n; i++)
		match |= result[i].sig == c->sig && result[i].verdict == TRUTH_YES;
	if (!match)
		return;
	for (size_t i = 0; i < n_suspects; i++)
		cite(c, suspect[i]);
	for (size_t i = 0; i < evidence_n(ev); i++)
		for (uint32_t k = 0; k < evidence_at(ev, i)->n_frames; k++)
			cite(c, evidence_at(ev, i)->frame[k]);
}

/* The next column of a row; *at moves behind its tab. */
static char *column(char **at)
{
	char *from = *at ? *at : (char *)"";

	if (*at)
		*at = strpbrk(*at, "\t\n");
	if (*at)
		*(*at)++ = '\0';
	return from;
}

/* The corpus's own path of a capture, on the heap; NULL when it has none. */
static char *corpus_path(const char *corpus, const struct sig_capture *cap)
{
	char *line = NULL, *out = NULL, *table = NULL;
	size_t room = 0;
	FILE *f;

	if (asprintf(&table, "%s/provenance.tsv", corpus) < 0)
		return NULL;
	f = fopen(table, "re");
	free(table);
	while (f && !out && getline(&line, &room, f) > 0) {
		char *at = line, *path = column(&at), *repo = column(&at), *commit = column(&at);

		if (strcmp(repo, cap->repo) || strcmp(commit, cap->commit) ||
		    strcmp(column(&at), cap->path))
			continue;
		if (asprintf(&out, "%s/%s", corpus, path) < 0)
			out = NULL;
		break;
	}
	free(line);
	if (f)
		(void)fclose(f); /* only read */
	return out;
}

static bool try_capture(const struct sig_set *set, const struct signature *s,
			const struct sig_capture *cap, const char *path)
{
	struct cited c = {.sig = s, .cap = cap};
	struct engine_config cfg = {0};
	struct engine_hooks hooks = {.arg = &c, .on_case = on_case_cited};
	struct run_summary summary;
	struct err_info err;
	bool good = true;

	if (!engine_run(&cfg, set, &path, 1, &hooks, &summary, &err)) {
		printf("%s:%u: %s could not be run: %s\n", s->path, cap->line, cap->path, err.text);
		return false;
	}
	run_summary_free(&summary);
	for (uint32_t i = 0; i < cap->n_frames; i++) {
		if (c.seen >> i & 1)
			continue;
		printf("%s:%u: frame %" PRIu64 " of %s is in no match\n", s->path, cap->line,
		       cap->frame[i], cap->path);
		good = false;
	}
	return good;
}

size_t sig_try_captures(const struct sig_set *set, const char *corpus, size_t *tried,
			size_t *absent)
{
	size_t wrong = 0;

	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);

		for (uint32_t k = 0; k < s->n_captures; k++) {
			char *path = corpus_path(corpus, &s->capture[k]);

			if (!path || access(path, R_OK) != 0) {
				++*absent;
			} else {
				++*tried;
				wrong += !try_capture(set, s, &s->capture[k], path);
			}
			free(path);
		}
	}
	return wrong;
}

char *sig_try_corpus(const char *collection)
{
	char *dir = NULL, *table = NULL;
	bool there = asprintf(&dir, "%s/../../shared/corpus", collection) >= 0 &&
		     asprintf(&table, "%s/provenance.tsv", dir) >= 0 && access(table, R_OK) == 0;

	free(table);
	if (there)
		return dir;
	free(dir);
	return NULL;
}
