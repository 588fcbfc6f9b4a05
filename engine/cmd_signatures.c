/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_sig.h"
#include "cmd_sig_try.h"

enum { TEST_DIRS = 3 };

static void help(void)
{
	puts("Usage: wallprint signatures check [--corpus DIR] [DIR...]\n"
	     "                               read every signature, lint it, and run its captures\n"
	     "       wallprint signatures list [DIR...]    one line a signature\n"
	     "       wallprint signatures show ID [DIR...] what a match of it means, and who says so\n"
	     "       wallprint signatures gateways [--format text|jsonl] [DIR...]\n"
	     "                               what is public about the filters of each place, and what is not\n\n"
	     "Without DIR the collection that came with the program; with DIR those as well. `check` exits with 1 when anything\n"
	     "is wrong; --corpus names a directory with the public captures that signatures cite (provenance.tsv says which is\n"
	     "which).");
}

static const char *status_word(enum sig_status s)
{
	static const char *const name[] = {"draft", "active", "retired"};

	return name[s];
}

static int list(const struct sig_set *set)
{
	for (size_t i = 0; i < sig_set_n(set); i++) {
		const struct signature *s = sig_set_at(set, i);

		printf("%-42s %-8s %s\n", s->id, status_word(s->status), s->title);
	}
	printf("%zu signatures\n", sig_set_n(set));
	return EXIT_DONE;
}

static int show(const struct sig_set *set, const char *id, const struct sig_dirs *dirs)
{
	const struct signature *s = sig_set_find(set, id);
	struct source_list sources;
	struct sig_problems problems = {0};

	if (!s) {
		cmd_complain("signatures",
			     "there is no signature '%s'; `wallprint signatures list` shows all",
			     id);
		return EXIT_USAGE;
	}
	/* A citation that cannot be read is shown by its key; `check` complains. */
	if (!sources_load(&sources, (const char *const *)dirs->at, dirs->n, &problems))
		cmd_complain("signatures", "out of memory: sources are shown by their keys");
	sig_show(s, &sources);
	sources_free(&sources);
	sig_problems_free(&problems);
	return EXIT_DONE;
}

static char *gateways_path(const struct sig_dirs *dirs)
{
	char *path = NULL;

	return asprintf(&path, "%s/GATEWAYS.yaml", dirs->at[0]) < 0 ? NULL : path;
}

static int gateways(const struct sig_set *set, const struct sig_dirs *dirs, bool jsonl)
{
	char *path = gateways_path(dirs);
	struct source_list sources = {0};
	struct gateway_list list = {0};
	struct sig_problems problems = {0};
	int status = EXIT_DONE;

	if (!path || !sources_load(&sources, (const char *const *)dirs->at, dirs->n, &problems) ||
	    !gateways_read(&list, path, set, &sources, &problems) || problems.n) {
		for (size_t i = 0; i < problems.n; i++)
			sig_problem_print(stderr, &problems.at[i]);
		cmd_complain("signatures", "the list of gateways could not be used");
		status = EXIT_FOUND_WRONG;
	} else {
		sig_gateways(&list, &sources, jsonl);
	}
	gateways_free(&list);
	sources_free(&sources);
	sig_problems_free(&problems);
	free(path);
	return status;
}

/* The parts of the lint that look beyond one file. */
static void check_beyond(const struct sig_set *set, const struct sig_dirs *dirs,
			 struct sig_problems *problems)
{
	char *path = gateways_path(dirs);
	struct source_list sources;
	struct gateway_list list = {0};

	if (!sources_load(&sources, (const char *const *)dirs->at, dirs->n, problems))
		problems->left_out++;
	sig_check_set(set, &sources, problems);
	/* A collection of somebody's own has no list of gateways. */
	if (path && access(path, F_OK) == 0 &&
	    !gateways_read(&list, path, set, &sources, problems) && !problems->n)
		problems->left_out++;
	gateways_free(&list);
	sources_free(&sources);
	free(path);
}

static size_t check_captures(const struct sig_set *set, const struct sig_dirs *dirs,
			     const char *corpus)
{
	char *beside = corpus ? strdup(corpus) : sig_try_corpus(dirs->at[0]);
	size_t tried = 0, absent = 0, wrong = 0;

	if (!beside)
		return 0;
	wrong = sig_try_captures(set, beside, &tried, &absent);
	printf("%zu public captures run, %zu not at hand\n", tried, absent);
	free(beside);
	return wrong;
}

static int check(struct sig_dirs *dirs, const char *corpus)
{
	struct sig_problems problems = {0};
	struct err_info err;
	struct sig_set *set;
	char *test_dirs[TEST_DIRS] = {0};
	size_t n_dirs = 0, wrong, tried = 0;

	if (!sig_set_load(&set, (const char *const *)dirs->at, dirs->n, &problems, &err)) {
		cmd_complain("signatures", "%s", err.text);
		return EXIT_FOUND_WRONG;
	}
	n_dirs = sig_try_dirs(dirs->at[0], test_dirs, TEST_DIRS);
	sig_check_tests_exist(set, (const char *const *)test_dirs, n_dirs, &problems);
	check_beyond(set, dirs, &problems);
	for (size_t i = 0; i < problems.n; i++)
		sig_problem_print(stdout, &problems.at[i]);
	if (problems.left_out)
		printf("%zu more complaints not shown\n", problems.left_out);
	wrong = problems.n + problems.left_out +
		sig_try_all(set, (const char *const *)test_dirs, n_dirs, &tried);
	wrong += check_captures(set, dirs, corpus);
	printf("%zu signatures read, %zu test captures run, %zu things wrong\n", sig_set_n(set),
	       tried, wrong);
	sig_problems_free(&problems);
	for (size_t i = 0; i < n_dirs; i++)
		free(test_dirs[i]);
	sig_set_free(set);
	return wrong ? EXIT_FOUND_WRONG : EXIT_DONE;
}

struct wish {
	const char *verb, *id, *corpus;
	bool jsonl;
};

static int run(const struct wish *w, struct sig_dirs *dirs)
{
	struct sig_set *set;
	int status;

	if (!strcmp(w->verb, "check"))
		return check(dirs, w->corpus);
	set = cmd_load_signatures(dirs);
	if (!set)
		return EXIT_FOUND_WRONG;
	if (!strcmp(w->verb, "show"))
		status = show(set, w->id, dirs);
	else
		status = !strcmp(w->verb, "gateways") ? gateways(set, dirs, w->jsonl) : list(set);
	sig_set_free(set);
	return status;
}

static int usage_error(const char *why)
{
	cmd_complain("signatures", "%s", why);
	return EXIT_USAGE;
}

/* The options of a verb, anywhere behind it; others are directories. */
static int read_options(int argc, char **argv, struct wish *w)
{
	static const struct option opts[] = {{"format", required_argument, NULL, 'f'},
					     {"corpus", required_argument, NULL, 'c'},
					     {NULL, 0, NULL, 0}};
	int c;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		if (c == 'c' && !strcmp(w->verb, "check"))
			w->corpus = optarg;
		else if (c == 'f' && !strcmp(w->verb, "gateways") && !strcmp(optarg, "jsonl"))
			w->jsonl = true;
		else if (c != 'f' || strcmp(w->verb, "gateways") || strcmp(optarg, "text"))
			return usage_error(
				"an option is wrong; `wallprint signatures --help` has them");
	}
	return EXIT_DONE;
}

static bool known_verb(const char *verb)
{
	static const char *const word[] = {"check", "list", "show", "gateways"};

	for (size_t i = 0; i < ARRAY_LEN(word); i++)
		if (!strcmp(verb, word[i]))
			return true;
	return false;
}

int cmd_signatures(int argc, char **argv)
{
	struct sig_dirs dirs = {0};
	struct err_info err = {{0}};
	struct wish w = {0};
	int i, status;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return argc < 2 ? EXIT_USAGE : EXIT_DONE;
	}
	w.verb = argv[1];
	if (!known_verb(w.verb)) {
		cmd_complain("signatures", "no verb '%s'; there are check, list, show, gateways",
			     w.verb);
		return EXIT_USAGE;
	}
	if (read_options(argc - 1, argv + 1, &w))
		return EXIT_USAGE;
	i = optind + 1;
	if (!strcmp(w.verb, "show")) {
		if (i >= argc)
			return usage_error("show wants an ID");
		w.id = argv[i++];
	}
	if (!sig_dirs_default(&dirs, &err) && i == argc)
		return usage_error(err.text);
	for (; i < argc; i++)
		if (!sig_dirs_add(&dirs, argv[i], &err)) {
			sig_dirs_free(&dirs);
			return usage_error(err.text);
		}
	status = run(&w, &dirs);
	sig_dirs_free(&dirs);
	if (fflush(stdout) || ferror(stdout)) {
		cmd_complain("signatures", "standard output could not be written");
		return EXIT_OUTPUT;
	}
	return status;
}
