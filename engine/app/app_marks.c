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

/* Every mark is at least this long. */
enum { HEAD = 6, PAIR_BITS = 10, PAIRS = 1 << PAIR_BITS };
#define X(mark_name, mark_text, mark_scope, mark_source) \
	_Static_assert(sizeof(mark_text) > HEAD, "a mark has HEAD bytes or more");
#include "app/marks.def"
#undef X

/* How far the window of HEAD bytes may move on when these two bytes end it, so that no mark is passed over (Wu and Manber 1994, blocks
 * of two): 0 where some mark begins with the window, as far as its last two bytes tell. Those marks are chained. */
struct shifts {
	uint8_t shift[PAIRS], first[PAIRS], next[MARK_N + 1]; /* marks numbered from 1; 0 ends */
};

static uint32_t pair_of(const uint8_t *at)
{
	return (uint32_t)(at[0] | at[1] << 8) * 0x9e3779b1u >> (32 - PAIR_BITS);
}

static void shifts_fill(struct shifts *s)
{
	memset(s->shift, HEAD - 1, sizeof(s->shift));
	memset(s->first, 0, sizeof(s->first));
	for (size_t i = 0; i < MARK_N; i++) {
		const uint8_t *text = (const uint8_t *)marks[i].text;
		uint32_t last = pair_of(text + HEAD - 2);

		for (uint8_t k = 0; k < HEAD - 1; k++) {
			uint8_t *shift = &s->shift[pair_of(text + k)], to = (uint8_t)(HEAD - 2 - k);

			*shift = *shift < to ? *shift : to;
		}
		s->next[i + 1] = s->first[last];
		s->first[last] = (uint8_t)(i + 1);
	}
}

struct mark_state {
	bool found;
	uint8_t hits; /* places where it stood as part of a longer word; LIMIT_MARK_HITS: given up */
};

/* One pass over the page for all marks. */
static void page_look_for(struct bytes page, struct mark_state state[MARK_N])
{
	struct shifts s;

	if (page.len < HEAD)
		return;
	shifts_fill(&s);
	for (size_t off = 0; off <= page.len - HEAD;) {
		uint32_t pair = pair_of(page.at + off + HEAD - 2);

		if (s.shift[pair]) {
			off += s.shift[pair];
			continue;
		}
		for (uint8_t k = s.first[pair]; k; k = s.next[k]) {
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
		off++;
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
