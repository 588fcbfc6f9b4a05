/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_NAME_TEST_H
#define WP_ACROSS_NAME_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "across/controls.h"

/* Is it the name? (METHODS e "differential design", l.5.) One client's attempts at one service under one name beside those under other
 * names: Fisher's exact test, one-sided, on a table of answered and failed. Every answered attempt counts. Of failures only those count
 * that are known to be of their own: since the failure before, whatever its name, another attempt must have begun and been answered, or
 * one may be the residual blocking of the other (METHODS e, l.6). */
struct name_test {
	uint32_t failed, ok;             /* under the name; the asking flow is one that failed */
	uint32_t other_failed, other_ok; /* under other names; those without a name are none */
	/* That failures would fall on this name so often by chance, in parts per million, rounded up, times the number of names
	 * that could have been asked about (Bonferroni); at most a million. */
	uint32_t chance_ppm;
	uint32_t n_frames;
	uint64_t frame[CONTROL_FRAMES * 2]; /* of failures and of other names' answers */
};

/* `line` as controls_lines() gives it. False when there is too little to tell: fewer than three counted failures of the name or fewer
 * than three answered attempts under others (METHODS e), or the asking flow's own line is gone or does not count; *out then holds the
 * counts without a chance. Pure. */
bool name_test(const struct control_line *line, size_t n, uint64_t name, uint64_t flow_no,
	       struct name_test *out);

#endif
