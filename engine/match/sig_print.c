/* SPDX-License-Identifier: BSD-3-Clause */
#include "match/sig_impl.h"

#include <string.h>

/* Complaints quote files and names of files that may come from anybody. */

/* Prints the characters before the column (all of them for 0) so that none steers the terminal;
 * returns how many columns they took, with wide characters counted as one. `dry` only counts. */
static size_t print_safe(FILE *f, const char *text, uint32_t before_col, bool dry)
{
	struct bytes b = {(const uint8_t *)text, strlen(text)};
	size_t width = 0, n;
	uint32_t cp, col = 1;

	for (size_t off = 0; off < b.len && (!before_col || col < before_col); off += n, col++) {
		bool good;

		n = sig_utf8(bytes_from(b, off), &cp);
		good = n && (cp == '\t' || !sig_invisible(cp));
		n = n ? n : 1;
		width += good ? 1 : 4 * n;
		if (dry)
			continue;
		/* A tab becomes a space: the caret below must not depend on tab stops. */
		if (good && cp == '\t')
			fputc(' ', f);
		else if (good)
			fwrite(b.at + off, 1, n, f);
		for (size_t i = 0; !good && i < n; i++)
			fprintf(f, "\\x%02x", b.at[off + i]);
	}
	return width;
}

/* A label, the text made safe, and the end of the line. */
static void print_line(FILE *f, const char *label, const char *text)
{
	fputs(label, f);
	print_safe(f, text, 0, false);
	fputc('\n', f);
}

void sig_problem_print(FILE *f, const struct sig_problem *p)
{
	print_safe(f, p->file, 0, false);
	if (p->line)
		fprintf(f, ":%u:%u", p->line, p->col);
	print_line(f, ": error: ", p->what);
	if (p->line && p->text) {
		print_line(f, "  ", p->text);
		fprintf(f, "  %*s^\n", (int)print_safe(f, p->text, p->col, true), "");
	}
	if (p->suggestion)
		print_line(f, "  suggestion: ", p->suggestion);
}
