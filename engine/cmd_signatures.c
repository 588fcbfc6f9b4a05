/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_sig_try.h"

enum { TEST_DIRS = 3 };

static void help(void)
{
	puts("Usage: wallprint signatures check [DIR...]   read every signature, lint it, and run its test captures\n"
	     "       wallprint signatures list [DIR...]    one line a signature\n"
	     "       wallprint signatures show ID [DIR...] what a match of it means, and who says so\n\n"
	     "Without DIR the collection that came with the program; with DIR those as well. `check` exits with 1 when anything\n"
	     "is wrong.");
}

static const char *kind_word(enum sig_kind k)
{
	static const char *const name[] = {"mechanism", "middlebox", "benign"};

	return name[k];
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

static void show_terms(const char *head, const struct term *t, uint32_t n)
{
	if (n)
		printf("\n%s\n", head);
	for (uint32_t i = 0; i < n; i++)
		printf("  - %s\n      %s\n", t[i].source, feat_info(t[i].feat)->doc);
}

static const char *read_word(const char *read)
{
	if (!strcmp(read, "primary"))
		return "we read the source itself";
	if (!strcmp(read, "summary"))
		return "we read only a summary of it";
	return "from memory; not checked";
}

static void show_meaning(const struct signature *s)
{
	if (s->kind == SIG_BENIGN)
		printf("An innocent cause. Where it fits, it %s.\n",
		       s->veto ? "takes the accusation back" : "keeps a finding at `anomaly`");
	else if (s->kind == SIG_MECHANISM)
		printf("Says what was done: %s. It names nobody.\n",
		       s->has_technique ? technique_name(s->technique) : "-");
	else
		printf("Says that something behaves like a known middlebox (%s). Likeness is no proof of who runs it.\n",
		       s->has_technique ? technique_name(s->technique) : "-");
	if (s->status != SIG_ACTIVE)
		printf("Status %s: %s\n", status_word(s->status),
		       s->status == SIG_DRAFT
			       ? "its evidence is thin, or tested on built captures only"
			       : "kept for old captures");
	if (s->n_scope) {
		fputs("Seen in:", stdout);
		for (uint32_t i = 0; i < s->n_scope; i++)
			printf(" %s", s->scope[i]);
		putchar('\n');
	}
	if (s->artefact)
		puts("The mark is so particular that a match alone counts as `confirmed`.");
	if (s->caps != GRADE_PROOF)
		printf("Never gives more than `%s`.\n", grade_name(s->caps));
}

static int show(const struct sig_set *set, const char *id)
{
	const struct signature *s = sig_set_find(set, id);

	if (!s) {
		cmd_complain("signatures",
			     "there is no signature '%s'; `wallprint signatures list` shows all",
			     id);
		return EXIT_USAGE;
	}
	printf("%s\n%s (%s, revision %u)\n\n", s->title, s->id, kind_word(s->kind), s->rev);
	show_meaning(s);
	show_terms("It matches when all of these hold:", s->when, s->n_when);
	show_terms("But not when any of these holds:", s->unless, s->n_unless);
	show_terms("These are looked at as well, and reported:", s->supports, s->n_supports);
	if (s->n_rivals)
		puts("\nWhat else it could be:");
	for (uint32_t i = 0; i < s->n_rivals; i++)
		printf("  - %s. How to tell: %s\n", s->rival[i].cause, s->rival[i].tell);
	if (s->confidence_why)
		printf("\nHow sure: %s%s%s\n",
		       s->confidence_mechanism ? s->confidence_mechanism : "",
		       s->confidence_mechanism ? "; " : "", s->confidence_why);
	puts("\nWho says so:");
	for (uint32_t i = 0; i < s->n_sources; i++)
		printf("  - %s: %s (%s)\n", s->source[i].key, s->source[i].says,
		       read_word(s->source[i].read));
	if (s->notes)
		printf("\n%s\n", s->notes);
	return EXIT_DONE;
}

static int check(struct sig_dirs *dirs)
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
	for (size_t i = 0; i < problems.n; i++)
		sig_problem_print(stdout, &problems.at[i]);
	if (problems.left_out)
		printf("%zu more complaints not shown\n", problems.left_out);
	wrong = problems.n + sig_try_all(set, (const char *const *)test_dirs, n_dirs, &tried);
	printf("%zu signatures read, %zu test captures run, %zu things wrong\n", sig_set_n(set),
	       tried, wrong + problems.left_out);
	sig_problems_free(&problems);
	for (size_t i = 0; i < n_dirs; i++)
		free(test_dirs[i]);
	sig_set_free(set);
	return wrong ? EXIT_FOUND_WRONG : EXIT_DONE;
}

static int run(const char *verb, const char *id, struct sig_dirs *dirs)
{
	struct sig_set *set;
	int status;

	if (!strcmp(verb, "check"))
		return check(dirs);
	set = cmd_load_signatures(dirs, false);
	if (!set)
		return EXIT_FOUND_WRONG;
	status = id ? show(set, id) : list(set);
	sig_set_free(set);
	return status;
}

int cmd_signatures(int argc, char **argv)
{
	struct sig_dirs dirs = {0};
	struct err_info err = {{0}};
	const char *id = NULL;
	int i = 2, status;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help();
		return argc < 2 ? EXIT_USAGE : EXIT_DONE;
	}
	if (strcmp(argv[1], "check") && strcmp(argv[1], "list") && strcmp(argv[1], "show")) {
		cmd_complain("signatures", "no verb '%s'; there are check, list, show", argv[1]);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "show")) {
		if (argc < 3) {
			cmd_complain("signatures", "show wants an ID");
			return EXIT_USAGE;
		}
		id = argv[i++];
	}
	if (!sig_dirs_default(&dirs, &err) && i == argc) {
		cmd_complain("signatures", "%s", err.text);
		return EXIT_USAGE;
	}
	for (; i < argc; i++)
		if (!sig_dirs_add(&dirs, argv[i], &err)) {
			cmd_complain("signatures", "%s", err.text);
			sig_dirs_free(&dirs);
			return EXIT_USAGE;
		}
	status = run(argv[1], id, &dirs);
	sig_dirs_free(&dirs);
	if (fflush(stdout) || ferror(stdout)) {
		cmd_complain("signatures", "standard output could not be written");
		return EXIT_OUTPUT;
	}
	return status;
}
