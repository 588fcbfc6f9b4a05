/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/sig_impl.h"

/* From the bytes of a file to a struct signature: characters (sig_text.c), tree (sig_yaml.c),
 * keys (sig_keys.c, sig_evidence.c), rules about several values (sig_check.c). The id that a path asks for is
 * worked out here. */

static void read_document(struct sig_src *src)
{
	struct ytree tree;

	if (src->text.len > LIMIT_SIG_BYTES) {
		sig_complain(src, 0, 0, NULL, "longer than %d bytes", LIMIT_SIG_BYTES);
		return;
	}
	if (!sig_text_check(src))
		return;
	/* What stands before a syntax error is not judged: half a signature lacks keys that the
	 * rest may hold. */
	if (ytree_read(src, &tree)) {
		if (tree.root)
			src->root = (struct sig_mark){tree.root->line, tree.root->col};
		if (tree.root)
			sig_take_all(src, tree.root);
		else
			sig_complain(src, 0, 0, NULL, "the file is empty");
		if (tree.root && tree.root->kind == YNODE_MAP)
			sig_check(src);
	}
	ytree_free(&tree);
}

static int by_place(const void *a, const void *b)
{
	const struct sig_problem *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return strcmp(x->what, y->what);
}

struct signature *sig_read_as(const char *path, const char *want_id, struct bytes text,
			      struct sig_problems *problems)
{
	struct signature *s = calloc(1, sizeof(*s));
	size_t n_before = problems ? problems->n : 0;
	struct sig_src src = {.path = path, .text = text, .problems = problems, .sig = s};

	if (!s) {
		sig_complain(&src, 0, 0, NULL, "out of memory");
		return NULL;
	}
	s->valid_from_ns = INT64_MIN;
	s->valid_to_ns = INT64_MAX;
	s->caps = GRADE_PROOF;
	s->path = path ? strdup(path) : NULL;
	src.want_id = want_id ? strdup(want_id) : NULL;
	if ((path && !s->path) || (want_id && !src.want_id))
		sig_complain(&src, 0, 0, NULL, "out of memory");
	else
		read_document(&src);
	free(src.want_id);
	if (!src.n_complaints)
		return s;
	if (problems && problems->n > n_before)
		qsort(problems->at + n_before, problems->n - n_before, sizeof(*problems->at),
		      by_place);
	sig_free(s);
	return NULL;
}

/* The id that a path asks for: from its last folder named after a kind on, / written as dot, no
 * ending. NULL, and *kind_found false, when there is no such folder. */
static char *id_from_path(const char *path, bool *kind_found)
{
	static const char *const kind[] = {"mechanism/", "middlebox/", "benign/"};
	const char *from = NULL;
	size_t len;
	char *id;

	for (const char *p = path; *p; p++)
		for (size_t i = 0; i < ARRAY_LEN(kind) && (p == path || p[-1] == '/'); i++)
			if (strncmp(p, kind[i], strlen(kind[i])) == 0)
				from = p;
	*kind_found = from != NULL;
	if (!from)
		return NULL;
	len = strlen(from);
	if (len > 5 && strcmp(from + len - 5, ".yaml") == 0)
		len -= 5;
	id = strndup(from, len);
	for (char *p = id; p && *p; p++)
		*p = *p == '/' ? '.' : *p;
	return id;
}

struct signature *sig_read(const char *path, struct bytes text, struct sig_problems *problems)
{
	struct sig_src whole = {.path = path, .text = text, .problems = problems};
	struct signature *s;
	bool kind_found = true;
	char *id = path ? id_from_path(path, &kind_found) : NULL;

	if (!kind_found) {
		sig_complain(&whole, 0, 0, NULL,
			     "the file is in no folder mechanism/, middlebox/ or benign/");
		return NULL;
	}
	if (path && !id) {
		sig_complain(&whole, 0, 0, NULL, "out of memory");
		return NULL;
	}
	s = sig_read_as(path, id, text, problems);
	free(id);
	return s;
}
