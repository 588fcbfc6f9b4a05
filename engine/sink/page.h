/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_PAGE_H
#define WP_SINK_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"

/* Text for people: sentences in bounded memory, and paragraphs that fit the page. */

enum { SAY_MAX = 4096, SAY_NAME_COLUMNS = 120 };

/* A sentence being made; always NUL-terminated. What does not fit is left out. */
struct say {
	size_t n;
	char at[SAY_MAX];
};

void say_clear(struct say *s);
void say(struct say *s, const char *fmt, ...)
	PRINTF_LIKE(2, 3); /* our own words and numbers only */
/* Adds text from packets or the file system: made safe for a terminal, and cut with "..." beyond
 * SAY_NAME_COLUMNS bytes. */
void say_foreign(struct say *s, const char *text, size_t len);
/* Adds frame numbers as "12, 17-19"; `frame` is ascending. After `max_runs` runs it ends with ",
 * ...". */
void say_frames(struct say *s, const uint64_t *frame, size_t n, size_t max_runs);
/* The same as a display filter of Wireshark, "frame.number in {12, 17..19}"; false when runs had to
 * be left out. */
bool say_filter(struct say *s, const uint64_t *frame, size_t n, size_t max_runs);
/* Adds a time for people: "4 ms", "1.25 s", "180 us". */
void say_time(struct say *s, int64_t ns);
/* Adds a number with its noun: "1 reset", "3 resets". */
void say_count(struct say *s, uint64_t n, const char *one, const char *many);

struct page {
	FILE *f;
	uint32_t width; /* columns */
	bool colour;
};
enum page_ink { INK_PLAIN, INK_BOLD, INK_DIM };

/* Writes `label` in `indent` columns (0 with a NULL label: the text starts at the margin), then the
 * text, wrapped at spaces so that no line is longer than the page; what follows the first line
 * stands below the text. A word longer than a line is cut over lines. */
void page_put(struct page *p, const char *label, uint32_t indent, const char *text,
	      enum page_ink ink);
/* Writes a row of a table as it stands, `indent` columns in: our own words and numbers, ASCII, cut at
 * the page's width. */
void page_row(struct page *p, uint32_t indent, const char *text);
void page_gap(struct page *p); /* an empty line */

#endif
