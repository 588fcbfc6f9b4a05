/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/sig_impl.h"

enum {
	LINE_SHOWN_MAX = 240, /* bytes of a source line kept with a complaint */
	WHAT_MAX = 512,
	WORD_MAX = 64, /* longer words are nobody's slip of the finger */
};

void sig_problems_free(struct sig_problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->at[i].file);
		free(p->at[i].what);
		free(p->at[i].suggestion);
		free(p->at[i].text);
	}
	free(p->at);
	*p = (struct sig_problems){0};
}

/* A copy of line `line` of the text, cut at a character's border; NULL when there is none or no
 * memory: the complaint is then shown without it. */
static char *line_copy(struct bytes text, uint32_t line)
{
	size_t from = 0, to;

	for (uint32_t i = 1; i < line && from < text.len; from++)
		i += text.at[from] == '\n' ? 1 : 0;
	if (!line || from > text.len || !text.len)
		return NULL;
	for (to = from; to < text.len && text.at[to] != '\n' && text.at[to] != '\r'; to++)
		;
	if (to - from > LINE_SHOWN_MAX) {
		to = from + LINE_SHOWN_MAX;
		while (to > from && (text.at[to] & 0xc0) == 0x80)
			to--;
	}
	return strndup((const char *)text.at + from, to - from);
}

static bool problems_room(struct sig_problems *p)
{
	struct sig_problem *at;

	if (p->n >= LIMIT_SIG_PROBLEMS)
		return false;
	/* A power of two is full: arrays grow from 1, 2, 4 ... without a field for the room. */
	if (p->n & (p->n - 1))
		return true;
	at = realloc(p->at, (p->n ? p->n * 2 : 1) * sizeof(*at));
	if (!at)
		return false;
	p->at = at;
	return true;
}

static void complain(struct sig_src *src, uint32_t line, uint32_t col, const char *suggestion,
		     const char *what)
{
	struct sig_problems *p = src->problems;
	struct sig_problem *at;

	src->n_complaints++;
	if (!p)
		return;
	if (!problems_room(p)) {
		p->left_out++;
		return;
	}
	at = &p->at[p->n];
	*at = (struct sig_problem){.line = line, .col = col};
	at->file = strdup(src->path ? src->path : "signature");
	at->what = strdup(what);
	at->suggestion = suggestion ? strdup(suggestion) : NULL;
	at->text = line_copy(src->text, line);
	if (at->file && at->what) {
		p->n++;
		return;
	}
	free(at->file);
	free(at->what);
	free(at->suggestion);
	free(at->text);
	p->left_out++;
}

void sig_complain(struct sig_src *src, uint32_t line, uint32_t col, const char *suggestion,
		  const char *fmt, ...)
{
	char what[WHAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	/* A complaint that is cut still says where. */
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	complain(src, line, col, suggestion, what);
}

void sig_complain_at(struct sig_src *src, enum sig_key key, const char *suggestion, const char *fmt,
		     ...)
{
	char what[WHAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	/* As above. */
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	complain(src, src->at[key].line, src->at[key].col, suggestion, what);
}

/* Edit distance with swaps of neighbours (optimal string alignment), or `max` when it is that or
 * more. */
static size_t distance(const char *a, const char *b, size_t max)
{
	size_t row[3][WORD_MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return max;
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *cur = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		cur[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t cost = a[i - 1] == b[j - 1] ? 0 : 1, best = up[j - 1] + cost;

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return row[na % 3][nb] < max ? row[na % 3][nb] : max;
}

const char *sig_nearest(const char *word, const char *(*name)(const void *list, size_t i),
			const void *list, size_t n)
{
	/* A third of the word may be wrong, and at least two letters. */
	size_t best_d = strlen(word) / 3 + 1;
	const char *best = NULL;

	if (best_d < 3)
		best_d = 3;
	for (size_t i = 0; i < n; i++) {
		const char *cand = name(list, i);
		size_t d = distance(word, cand, best_d);

		/* A candidate of which no letter is left was not meant. */
		if (d >= best_d || d >= strlen(cand))
			continue;
		best_d = d;
		best = cand;
	}
	return best;
}

static const char *array_name(const void *list, size_t i)
{
	return ((const char *const *)list)[i];
}

const char *sig_nearest_of(const char *word, const char *const *list, size_t n)
{
	return sig_nearest(word, array_name, list, n);
}
