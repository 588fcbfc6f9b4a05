/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

void say_clear(struct say *s)
{
	s->n = 0;
	s->at[0] = '\0';
}

void say(struct say *s, const char *fmt, ...)
{
	size_t room = sizeof(s->at) - s->n;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(s->at + s->n, room, fmt, args);
	va_end(args);
	if (n > 0)
		s->n += (size_t)n < room ? (size_t)n : room - 1;
}

void say_foreign(struct say *s, const char *text, size_t len)
{
	/* One more character needs at most 16 bytes (four, each as \xNN): the second buffer shows
	 * whether there is one. */
	char safe[SAY_NAME_COLUMNS + 1], more[SAY_NAME_COLUMNS + 17];
	size_t n = text_terminal(safe, sizeof(safe), text, len);

	say(s, "%s%s", safe, text_terminal(more, sizeof(more), text, len) > n ? "..." : "");
}

/* Length of the run of consecutive numbers at the beginning. */
static size_t run_of(const uint64_t *frame, size_t n)
{
	size_t k = 1;

	while (k < n && frame[k] == frame[k - 1] + 1)
		k++;
	return k;
}

static bool say_runs(struct say *s, const uint64_t *frame, size_t n, size_t max_runs,
		     const char *dash)
{
	size_t runs = 0;

	for (size_t i = 0; i < n; runs++) {
		size_t k = run_of(frame + i, n - i);

		if (runs == max_runs)
			return false;
		say(s, "%s%" PRIu64, i ? ", " : "", frame[i]);
		if (k > 1)
			say(s, "%s%" PRIu64, dash, frame[i + k - 1]);
		i += k;
	}
	return true;
}

void say_frames(struct say *s, const uint64_t *frame, size_t n, size_t max_runs)
{
	if (!say_runs(s, frame, n, max_runs, "-"))
		say(s, ", ...");
}

bool say_filter(struct say *s, const uint64_t *frame, size_t n, size_t max_runs)
{
	bool all;

	say(s, "frame.number in {");
	all = say_runs(s, frame, n, max_runs, "..");
	say(s, "}");
	return all;
}

void say_time(struct say *s, int64_t ns)
{
	static const struct {
		int64_t ns;
		const char *name;
	} unit[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	size_t i = 0;
	uint64_t whole, cents;

	while (i + 1 < ARRAY_LEN(unit) && size < (uint64_t)unit[i].ns)
		i++;
	whole = size / (uint64_t)unit[i].ns;
	/* Two digits of a fraction are of interest below 10 only. */
	cents = whole < 10 ? size % (uint64_t)unit[i].ns * 100 / (uint64_t)unit[i].ns : 0;
	say(s, "%s%" PRIu64, ns < 0 ? "-" : "", whole);
	if (cents)
		say(s, cents % 10 ? ".%02" PRIu64 : ".%" PRIu64, cents % 10 ? cents : cents / 10);
	say(s, " %s", unit[i].name);
}

void say_count(struct say *s, uint64_t n, const char *one, const char *many)
{
	say(s, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

/* Columns that a character takes: East Asian wide and most pictographs take two, and rather one too
 * many than one too few. */
static uint32_t columns_of(uint32_t point)
{
	return point >= 0x1100 ? 2 : 1;
}

/* The word at `at` up to a space or the end, but no wider than `most`. */
static size_t word_at(const char *at, uint32_t most, uint32_t *columns)
{
	size_t n = 0;

	*columns = 0;
	while (at[n] && at[n] != ' ') {
		uint32_t point = 0;
		size_t step = text_utf8(at + n, strlen(at + n) < 4 ? strlen(at + n) : 4, &point);

		if (!step) {
			step = 1;
			point = '?';
		}
		if (*columns + columns_of(point) > most)
			break;
		*columns += columns_of(point);
		n += step;
	}
	return n;
}

static void ink_on(struct page *p, enum page_ink ink)
{
	if (p->colour && ink != INK_PLAIN)
		fputs(ink == INK_BOLD ? "\033[1m" : "\033[2m", p->f);
}

static void ink_off(struct page *p, enum page_ink ink)
{
	if (p->colour && ink != INK_PLAIN)
		fputs("\033[0m", p->f);
}

void page_put(struct page *p, const char *label, uint32_t indent, const char *text,
	      enum page_ink ink)
{
	uint32_t col = indent;
	bool fresh = true;

	fprintf(p->f, "%-*s", (int)indent, label ? label : "");
	ink_on(p, ink);
	while (*text) {
		uint32_t columns;
		size_t n;

		if (*text == ' ') {
			text++;
			continue;
		}
		n = word_at(text, p->width - indent, &columns);
		if (!fresh && col + 1 + columns > p->width) {
			fprintf(p->f, "\n%*s", (int)indent, "");
			col = indent;
			fresh = true;
		}
		if (!fresh) {
			fputc(' ', p->f);
			col++;
		}
		fwrite(text, 1, n, p->f);
		col += columns;
		text += n;
		/* A word that was cut goes on at the next line. */
		fresh = false;
	}
	ink_off(p, ink);
	fputc('\n', p->f);
}

void page_row(struct page *p, uint32_t indent, const char *text)
{
	uint32_t room = p->width > indent ? p->width - indent : 0;

	fprintf(p->f, "%*s%.*s\n", (int)indent, "", (int)room, text);
}

void page_gap(struct page *p)
{
	fputc('\n', p->f);
}
