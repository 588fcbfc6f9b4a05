/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "sink/kin_words.h"

enum { ROW = 26, LEFT = 40, TREE = 420, LABEL = 700, TOP = 64 };

/* Printable by `say` already; here only what XML reads. */
static void put_xml(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(*text, f);
			break;
		}
}

static double x_of(double distance)
{
	return LEFT + TREE * (distance < 0 ? 0 : distance > 1 ? 1 : distance);
}

/* Leaves from top to bottom, so that no lines cross: a walk with a stack of its own. */
static bool place_leaves(const struct kin_tree *t, double *y, uint32_t *row)
{
	uint32_t *stack = calloc(2 * (size_t)t->n + 1, sizeof(*stack));
	bool *inner = calloc((size_t)t->n + 1, sizeof(*inner)); /* joined further up */
	uint32_t n = 0;

	if (!stack || !inner) {
		free(stack);
		free(inner);
		return false;
	}
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (t->node[i].left >= t->n)
			inner[t->node[i].left - t->n] = true;
		if (t->node[i].right >= t->n)
			inner[t->node[i].right - t->n] = true;
	}
	for (uint32_t i = 0; i < t->n; i++)
		y[i] = -1;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (inner[i])
			continue;
		stack[n++] = t->n + i;
		while (n) {
			uint32_t at = stack[--n];

			if (at < t->n) {
				y[at] = TOP + ROW * (double)(*row)++;
				continue;
			}
			stack[n++] = t->node[at - t->n].right;
			stack[n++] = t->node[at - t->n].left;
		}
	}
	for (uint32_t i = 0; i < t->n; i++) /* comparable with none */
		if (y[i] < 0)
			y[i] = TOP + ROW * (double)(*row)++;
	free(stack);
	free(inner);
	return true;
}

static void line(FILE *f, double x1, double y1, double x2, double y2, bool family)
{
	fprintf(f,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n",
		x1, y1, x2, y2, family ? "#1b5e9e" : "#888");
}

static void leaf(FILE *f, const struct kin_set *k, uint32_t member, double y)
{
	struct say s;

	say_clear(&s);
	say(&s, "%u. ", member + 1);
	kin_say_where(&s, k, member);
	fprintf(f, "<text x=\"%d\" y=\"%.1f\">", LEFT + TREE + 14, y + 4);
	put_xml(f, s.at);
	fputs("</text>\n", f);
}

/* Distance runs from right (alike) to left. */
static void draw(FILE *f, const struct kin_set *k, const struct kin_kind *kind, uint32_t *row)
{
	const struct kin_tree *t = &kind->tree;
	double *y = calloc(2 * (size_t)t->n + 1, sizeof(*y));
	double *x = calloc(2 * (size_t)t->n + 1, sizeof(*x));

	if (y && x && place_leaves(t, y, row)) {
		for (uint32_t i = 0; i < t->n; i++) {
			x[i] = 2 * LEFT + TREE - x_of(0);
			leaf(f, k, kind->first + i, y[i]);
		}
		for (uint32_t i = 0; i < t->n_nodes; i++) {
			uint32_t a = t->node[i].left, b = t->node[i].right, at = t->n + i;
			bool family = t->node[i].distance < kin_family_distance;

			x[at] = 2 * LEFT + TREE - x_of(t->node[i].distance);
			y[at] = (y[a] + y[b]) / 2;
			line(f, x[at], y[a], x[a], y[a], family);
			line(f, x[at], y[b], x[b], y[b], family);
			line(f, x[at], y[a], x[at], y[b], family);
			fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" class=\"d\">%.2f</text>\n",
				x[at] - 28, y[at] + 4, t->node[i].distance);
		}
	}
	free(x);
	free(y);
}

void kin_svg(FILE *f, const struct kin_set *k)
{
	uint32_t row = 0;
	double limit = 2 * LEFT + TREE - x_of(kin_family_distance);
	int height = TOP + ROW * (int)(k->n + 2 * k->n_kinds + 2);

	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
		"<style>text{font:13px sans-serif;fill:#222}.d{font-size:10px;fill:#666}.h{font-weight:bold}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"24\" class=\"h\">Which devices behave alike</text>\n"
		"<text x=\"%d\" y=\"42\" class=\"d\">Joined further right: more alike. Left of the dashed line (%.2f) likeness is not told as "
		"kinship. Likeness of behaviour, not identity: nothing here says who runs a device.</text>\n",
		LEFT + TREE + LABEL, height, LEFT + TREE + LABEL, height, LEFT, LEFT,
		kin_family_distance);
	fprintf(f,
		"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c60\" stroke-dasharray=\"4 4\"/>\n",
		limit, TOP - 10, limit, height - ROW);
	for (uint32_t i = 0; i < k->n_kinds; i++) {
		fprintf(f, "<text x=\"%d\" y=\"%d\" class=\"h\">%s</text>\n", LEFT + TREE + 14,
			TOP + ROW * (int)row + 4, case_name(k->kind[i].kase));
		row++;
		draw(f, k, &k->kind[i], &row);
		row++;
	}
	fputs("</svg>\n", f);
}
