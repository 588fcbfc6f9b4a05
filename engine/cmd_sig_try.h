/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_CMD_SIG_TRY_H
#define WP_CMD_SIG_TRY_H

#include <stddef.h>

#include "match/signature.h"

/* The directories in which a signature's `tests:` name their captures, seen from the collection's
 * directory: tests/pcapgen/out and tests/golden beside it. Writes up to `max` heap strings (the
 * caller's) and returns how many. */
size_t sig_try_dirs(const char *collection, char **out, size_t max);

/* Runs the test captures of every signature through the whole pipeline, prints each that did not
 * turn out as promised, and returns how many did not. *tried counts captures run. */
size_t sig_try_all(const struct sig_set *set, const char *const *dirs, size_t n_dirs,
		   size_t *tried);

/* The public captures that signatures name, as far as `corpus` holds them: its provenance.tsv says
 * which file came from which repository, commit and path. Prints each in which its signature does
 * not match on the frames named, and returns how many. *tried counts captures run, *absent those
 * that the corpus has not. */
size_t sig_try_captures(const struct sig_set *set, const char *corpus, size_t *tried,
			size_t *absent);
/* The corpus beside the collection's checkout, on the heap; NULL when there is none. */
char *sig_try_corpus(const char *collection);

#endif
