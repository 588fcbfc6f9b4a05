/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_MATCH_SIG_KNOWN_H
#define WP_MATCH_SIG_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"

struct sig_set;

/* Signatures that were read and checked when the program was built, together with the text they were read from. Reading the
 * shipped YAML anew was four fifths of a short run (bench/README.md, "Start-up"). A file whose bytes are still that text gives
 * what it gave then; any other is read. It is part of the program, so it can neither be missing nor be of another version. */
struct sig_known {
	uint32_t id, text, text_len; /* places in the pool; id is NUL-terminated */
	uint32_t cell, n_cells;      /* all that it points to but texts, then the signature */
	uint32_t root;               /* which of them is the signature's first */
	uint32_t fix, n_fix;         /* which of them are pointers */
};

/* Without a single pointer: then the loader has nothing to relocate and its pages stay those of the file. A cell that is a
 * pointer holds the distance instead: in cells from the first of its signature, or in bytes from the start of the pool. */
struct sig_known_set {
	size_t n;
	const struct sig_known *at; /* ordered by id */
	const uintptr_t *cell;
	const uint32_t *
		fix; /* the cell, counted from the first of its signature, times two; plus one when it points into the pool */
	const char *pool;
};

/* What the program was built with. The Makefile has it made from signatures/ by sig_maker.c. */
extern const struct sig_known_set sig_shipped;

/* Writes the set as C that defines sig_shipped. False when out of memory or `f` did not take it. */
MUST_CHECK bool sig_known_write(const struct sig_set *set, FILE *f);

#endif
