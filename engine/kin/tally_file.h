/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_TALLY_FILE_H
#define WP_KIN_TALLY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kin/tally.h"

/* Series as lines of text, docs/OUTAGES.md "Saved series". What is written and read again tells its hearers the same. */

/* Writes to f, a loan; errors stay in it. `self` is the hearers' arg. */
struct tally_writer {
	FILE *f;
};
void tally_write_begin(struct tally_writer *w, FILE *f);
/* Hears by writing. */
struct tally_hears tally_write_hears(struct tally_writer *w);
/* The last lines: what was lost, and that it is whole. */
void tally_write_end(struct tally_writer *w, const struct tally_stats *st);

enum tally_file_state {
	TALLY_FILE_WHOLE,
	TALLY_FILE_CUT,    /* its end is missing: the last bin in it is left out */
	TALLY_FILE_REFUSED /* its first line says that it is none of ours, or of a version to come */
};

struct tally_read_stats {
	uint64_t bad_lines,
		first_bad; /* that are none of ours or out of place; number of the first, from 1 */
	uint64_t bins, bins_back; /* told; not later than one told before, and left out */
	uint64_t keys_left_out;   /* LIMIT_TALLY_KEYS different ones */
	struct tally_stats lost;  /* as the files say: late, keys_dropped, waiting_dropped */
};

/* Reads files one after the other, as one series. Keys of one file that the next does not name are not counted there. */
struct tally_reader;
struct tally_reader *tally_reader_new(const struct tally_hears *to); /* NULL when out of memory */
void tally_reader_free(struct tally_reader *r);                      /* accepts NULL */
/* Without its newline. Lines longer than LIMIT_TALLY_LINE are bad; none is kept. */
void tally_reader_line(struct tally_reader *r, const char *line, size_t len);
/* The file is over; *out is over this file alone. The next line begins another. */
enum tally_file_state tally_reader_end(struct tally_reader *r, struct tally_read_stats *out);

#endif
