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

enum { MARK_N = ARRAY_LEN(marks) };
_Static_assert(MARK_N < UINT8_MAX, "marks are numbered in a byte");

/* Which marks begin with a byte: a chain through `next`, and as a filter the low 6 bits of their second bytes. */
struct starts {
	uint64_t second[256];
	uint8_t first[256], next[MARK_N + 1]; /* numbers from 1; 0 ends */
};

static void starts_fill(struct starts *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < MARK_N; i++) {
		uint8_t a = (uint8_t)marks[i].text[0], b = (uint8_t)marks[i].text[1];

		s->second[a] |= UINT64_C(1) << (b & 63);
		s->next[i + 1] = s->first[a];
		s->first[a] = (uint8_t)(i + 1);
	}
}

struct mark_state {
	bool found;
	uint8_t hits; /* places where it stood as part of a longer word; LIMIT_MARK_HITS: given up */
};

/* One pass over the page for all marks: each place costs a look at its first two bytes. */
static void page_look_for(struct bytes page, struct mark_state state[MARK_N])
{
	struct starts s;

	starts_fill(&s);
	for (size_t off = 0; off + 1 < page.len; off++) {
		if (!(s.second[page.at[off]] >> (page.at[off + 1] & 63) & 1))
			continue;
		for (uint8_t k = s.first[page.at[off]]; k; k = s.next[k]) {
			struct mark_state *m = &state[k - 1];
			size_t n = strlen(marks[k - 1].text);

			if (m->found || m->hits == LIMIT_MARK_HITS || n > page.len - off ||
			    memcmp(page.at + off, marks[k - 1].text, n) != 0)
				continue;
			if (is_part(page, off, n))
				m->hits++;
			else
				m->found = true;
		}
	}
}

size_t marks_find(struct bytes page, const char *names[], size_t max)
{
	struct mark_state state[MARK_N] = {0};
	size_t n_found = 0;

	page_look_for(bytes_head(page, LIMIT_MARK_PAGE_BYTES), state);
	for (size_t i = 0; i < ARRAY_LEN(marks) && n_found < max; i++) {
		/* Lines that share a name stand together. */
		if (n_found && strcmp(names[n_found - 1], marks[i].name) == 0)
			continue;
		if (state[i].found)
			names[n_found++] = marks[i].name;
	}
	return n_found;
}
