/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_MARKS_H
#define WP_APP_APP_MARKS_H

#include <stddef.h>

#include "app/app.h"

/* Looks in the page (header lines and body as they came; the first LIMIT_MARK_PAGE_BYTES of them)
 * for the marks of marks.def. Writes the names of those found, each once, in the table's order, to
 * names[0..max) and returns how many it wrote. The names are static. Cost: a few thousand instructions, and
 * about two for each byte of the page. */
size_t marks_find(struct bytes page, const char *names[], size_t max);

#endif
