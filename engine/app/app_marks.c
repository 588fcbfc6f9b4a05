/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_marks.h"

#include <string.h>

static const struct {
	const char *name, *text;
} marks[] = {
#define X(mark_name, mark_text, mark_scope, mark_source) {mark_name, mark_text},
#include "app/marks.def"
#undef X
};

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Would the text found at [at, at + n) go on as a longer word or number on either side? */
static bool is_part(struct bytes page, size_t at, size_t n)
{
	if (at && is_alnum(page.at[at - 1]) && is_alnum(page.at[at]))
		return true;
	return at + n < page.len && is_alnum(page.at[at + n - 1]) && is_alnum(page.at[at + n]);
}

static bool page_has(struct bytes page, const char *text)
{
	size_t n = strlen(text), off = 0;

	for (int i = 0; i < LIMIT_MARK_HITS && off < page.len; i++) {
		const uint8_t *p = memmem(page.at + off, page.len - off, text, n);

		if (!p)
			return false;
		off = (size_t)(p - page.at);
		if (!is_part(page, off, n))
			return true;
		off++;
	}
	return false;
}

size_t marks_find(struct bytes page, const char *names[], size_t max)
{
	size_t n_found = 0;

	page = bytes_head(page, LIMIT_MARK_PAGE_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(marks) && n_found < max; i++) {
		/* Lines that share a name stand together. */
		if (n_found && strcmp(names[n_found - 1], marks[i].name) == 0)
			continue;
		if (page_has(page, marks[i].text))
			names[n_found++] = marks[i].name;
	}
	return n_found;
}
