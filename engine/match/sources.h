/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_SOURCES_H
#define WP_MATCH_SOURCES_H

#include "match/signature.h"

/* SOURCES.yaml: what the keys in `sources:` stand for. */
struct source_entry {
	char *key, *cite, *as; /* `as`: in which form it was read; may be NULL */
};
struct source_list {
	struct source_entry *at;
	size_t n;
};

/* Reads SOURCES.yaml of each directory that has one; complaints go to *problems, and what could be
 * read stays. False only when memory ran out. The list is the caller's, also then. */
MUST_CHECK bool sources_load(struct source_list *out, const char *const *dirs, size_t n_dirs,
			     struct sig_problems *problems);
/* NULL when no entry has the key. */
const struct source_entry *sources_find(const struct source_list *l, const char *key);
void sources_free(struct source_list *l); /* l is empty afterwards */

/* The lint over the whole collection: every source's key stands in `known` (unless that is empty),
 * and every active middlebox signature asks for two things that no mechanism of its technique
 * asks for. */
void sig_check_set(const struct sig_set *set, const struct source_list *known,
		   struct sig_problems *problems);

#endif
