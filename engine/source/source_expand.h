/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_SOURCE_EXPAND_H
#define WP_SOURCE_SOURCE_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

/* Paths of inputs, each a heap string; the list's owner frees all with path_list_free. */
struct path_list {
	char **at;
	size_t n, cap;
};

/* Appends to *out, which may be empty ({0}), what the arguments stand for: a directory gives the
 * regular files in it and in the directories below, sorted by the bytes of their paths; links to
 * files count, links to directories are not followed. Anything else, "-" and what does not exist
 * stays as it is, in its place, and so does a directory that may not be read: source_open says why.
 * False with a reason when a limit of base/limits.h is passed or memory is out; *out then holds
 * what was found so far. */
MUST_CHECK bool source_expand(const char *const *args, size_t n, struct path_list *out,
			      struct err_info *err);

/* Frees the strings and the list, which is empty and usable afterwards. */
void path_list_free(struct path_list *l);

#endif
