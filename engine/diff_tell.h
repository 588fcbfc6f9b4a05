/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DIFF_TELL_H
#define WP_DIFF_TELL_H

#include <stdio.h>

#include "match/signature.h"
#include "pair/pair.h"
#include "sink/sink.h"

/* What `wallprint diff` found, and how it is printed. */

struct diff_run {
	const struct pair *pair;
	struct run_input input[2]; /* enum pair_file */
	uint64_t undecoded[2];
	/* the times say that the files were named in the wrong order: they are taken in the
	 * right one */
	bool swapped;
};

/* Items [from, to) of the pair: one talk and one kind. */
struct diff_finding {
	uint32_t from, to;
	uint32_t techniques; /* bit per enum technique */
	enum grade grade;
};

/* Writes one finding event each and the run event. Write errors stay in f. */
void diff_tell_jsonl(FILE *f, const struct diff_run *d);
/* Writes one screen for people. */
void diff_tell_text(FILE *f, const struct diff_run *d, uint32_t width, bool colour);
/* The finding that begins at item `from`; false when there is none. */
bool diff_tell_next(const struct pair *p, uint32_t from, struct diff_finding *out);

#endif
