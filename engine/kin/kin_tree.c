/* SPDX-License-Identifier: BSD-3-Clause */
/* The dendrogram: average linkage (UPGMA; Sokal, Michener 1958). */
#include <stdlib.h>
#include <string.h>

#include "kin/kinship.h"

struct growing {
	uint32_t n, n_live;
	double *d; /* n times n between live nodes; negative: unknown */
	uint32_t *live, *size;
};

static double *at(const struct growing *g, uint32_t i, uint32_t k)
{
	return &g->d[(size_t)i * g->n + k];
}

/* The nearest two, the first of equals; false when no distance is known any more. */
static bool nearest(const struct growing *g, uint32_t *a, uint32_t *b)
{
	double best = -1;

	for (uint32_t i = 0; i < g->n_live; i++)
		for (uint32_t k = i + 1; k < g->n_live; k++) {
			double d = *at(g, i, k);

			if (d >= 0 && (best < 0 || d < best)) {
				best = d;
				*a = i;
				*b = k;
			}
		}
	return best >= 0;
}

/* The distance to two joined: the mean over their members, of what is known. */
static double joined(const struct growing *g, uint32_t a, uint32_t b, uint32_t k)
{
	double x = *at(g, a, k), y = *at(g, b, k);

	if (x < 0 || y < 0)
		return x < 0 ? y : x;
	return (x * g->size[a] + y * g->size[b]) / (g->size[a] + g->size[b]);
}

/* Puts a and b into the place of a; the last one moves into b's. */
static void join(struct growing *g, uint32_t a, uint32_t b, uint32_t node)
{
	uint32_t last = g->n_live - 1;

	for (uint32_t k = 0; k < g->n_live; k++)
		if (k != a && k != b)
			*at(g, a, k) = *at(g, k, a) = joined(g, a, b, k);
	g->size[a] += g->size[b];
	g->live[a] = node;
	for (uint32_t k = 0; k < g->n_live; k++)
		if (k != b)
			*at(g, b, k) = *at(g, k, b) = *at(g, last, k);
	g->live[b] = g->live[last];
	g->size[b] = g->size[last];
	g->n_live--;
}

static void mark_family(struct kin_tree *t, uint32_t root, uint32_t family, uint32_t *stack)
{
	uint32_t n = 0;

	stack[n++] = root;
	while (n) {
		uint32_t i = stack[--n];

		if (i < t->n) {
			t->family[i] = family;
			continue;
		}
		stack[n++] = t->node[i - t->n].left;
		stack[n++] = t->node[i - t->n].right;
	}
}

/* Subtrees that were joined below the limit: average linkage never joins nearer later on. */
static bool mark_families(struct kin_tree *t)
{
	uint32_t *stack = calloc(2 * (size_t)t->n + 1, sizeof(*stack));

	if (!stack)
		return false;
	for (uint32_t i = 0; i < t->n; i++)
		t->family[i] = UINT32_MAX;
	for (uint32_t i = t->n_nodes; i; i--)
		if (t->node[i - 1].distance < kin_family_distance) {
			uint32_t leaf = t->n + i - 1;

			while (leaf >= t->n)
				leaf = t->node[leaf - t->n].left;
			if (t->family[leaf] == UINT32_MAX)
				mark_family(t, t->n + i - 1, t->n_families++, stack);
		}
	for (uint32_t i = 0; i < t->n; i++)
		if (t->family[i] == UINT32_MAX)
			t->family[i] = t->n_families++;
	free(stack);
	return true;
}

bool kin_tree_make(const double *distance, uint32_t n, struct kin_tree *out)
{
	struct growing g = {.n = n, .n_live = n};
	uint32_t a = 0, b = 0;
	bool ok;

	*out = (struct kin_tree){.n = n};
	g.d = malloc(((size_t)n * n + 1) * sizeof(*g.d));
	g.live = calloc((size_t)n + 1, sizeof(*g.live));
	g.size = calloc((size_t)n + 1, sizeof(*g.size));
	out->node = calloc((size_t)n + 1, sizeof(*out->node));
	out->family = calloc((size_t)n + 1, sizeof(*out->family));
	ok = g.d && g.live && g.size && out->node && out->family;
	for (uint32_t i = 0; ok && i < n; i++) {
		g.live[i] = i;
		g.size[i] = 1;
	}
	if (ok && n)
		memcpy(g.d, distance, (size_t)n * n * sizeof(*g.d));
	while (ok && nearest(&g, &a, &b)) {
		out->node[out->n_nodes++] = (struct kin_node){g.live[a], g.live[b],
							      g.size[a] + g.size[b], *at(&g, a, b)};
		join(&g, a, b, n + out->n_nodes - 1);
	}
	ok = ok && mark_families(out);
	free(g.d);
	free(g.live);
	free(g.size);
	if (!ok)
		kin_tree_clear(out);
	return ok;
}

void kin_tree_clear(struct kin_tree *t)
{
	free(t->node);
	free(t->family);
	*t = (struct kin_tree){.n = 0};
}
