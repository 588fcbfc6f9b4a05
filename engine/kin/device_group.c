/* SPDX-License-Identifier: BSD-3-Clause */
/* Which cells of one class are one device. Cells differ in two values (a reset's window and IP ID).
 * A value that comes again more often than chance would have it is constant, and its cells are a
 * device; all others are one whose values vary. */
#include <math.h>
#include <string.h>

#include "kin/devices_impl.h"

/* A varying value is taken to have this many forms at least: the published generator's window has
 * 5,000 (MIDDLEBOXES 1.1), a random one 65,536. */
static const double forms = 4096;
/* A value is constant when as many findings agree on some value by chance this often. 2 of 9 are
 * enough, 2 of 10 are not. A choice: few findings must do, and a wrong split is mended by kin. */
static const double by_chance = 1e-2;
/* Passing the generator's bound test as often as this by chance takes cells out of the rest. */
static const double bound_chance = 1e-6;

/* MIDDLEBOXES 1.1: the window gate of the bound test. */
enum { WIN_MAX = 5053 };

static bool in(const struct cell *c, const struct cell *of)
{
	return c->moved_to == CELL_NONE && c->key.class == of->key.class && c->group == of->group;
}

static uint64_t count(const struct devices *ds, const struct cell *of)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < ds->n_cells; i++)
		n += in(&ds->cell[i], of) ? ds->cell[i].d.n_findings : 0;
	return n;
}

static bool same_value(const struct cell *a, const struct cell *b, int v)
{
	return !a->any[v] && !b->any[v] && a->key.known[v] && b->key.known[v] &&
	       a->key.value[v] == b->key.value[v];
}

/* Expected number of values that c of n share: n^c / (c! forms^(c-1)). */
static bool comes_again(uint64_t c, uint64_t n)
{
	double log_p;

	if (c < 2)
		return false;
	log_p = (double)c * log((double)n) - lgamma((double)c + 1) - ((double)c - 1) * log(forms);
	return log_p < log(by_chance);
}

/* Takes the cells that share the constant value v with cell i out of their group. */
static void split_value(struct devices *ds, uint32_t i, int v, uint32_t *groups)
{
	struct cell was = {.key = ds->cell[i].key,
			   .group = ds->cell[i].group,
			   .moved_to = CELL_NONE,
			   .any = {ds->cell[i].any[0], ds->cell[i].any[1]}};
	uint64_t n = count(ds, &was), c = 0;

	for (uint32_t k = 0; k < ds->n_cells; k++)
		if (in(&ds->cell[k], &was) && same_value(&ds->cell[k], &was, v))
			c += ds->cell[k].d.n_findings;
	if (c == n || !comes_again(c, n))
		return;
	++*groups;
	for (uint32_t k = 0; k < ds->n_cells; k++)
		if (in(&ds->cell[k], &was) && same_value(&ds->cell[k], &was, v))
			ds->cell[k].group = *groups;
}

/* What is left of a class of resets: those that pass the bound test leave the others, when more
 * pass than random IDs would. */
static void split_bound(struct devices *ds, uint32_t i, uint32_t *groups)
{
	struct cell was = {.key = ds->cell[i].key, .moved_to = CELL_NONE};
	double expected = 0, log_p = 0;
	uint64_t passed = 0, failed = 0;

	for (uint32_t k = 0; k < ds->n_cells; k++) {
		const struct cell *c = &ds->cell[k];

		if (!in(c, &was) || c->key.bound == BOUND_UNKNOWN)
			continue;
		/* MIDDLEBOXES 1.1: the ID must lie in a range of window + 156 out of 65536. */
		expected += (double)c->d.n_findings *
			    ((double)(c->any[0] ? WIN_MAX : c->key.value[0]) + 156) / 65536;
		*(c->key.bound == BOUND_PASSED ? &passed : &failed) += c->d.n_findings;
	}
	if (!failed || (double)passed <= expected)
		return;
	/* Poisson: at least `passed` where `expected` were to be expected (Chernoff). */
	log_p = (double)passed - expected - (double)passed * log((double)passed / expected);
	if (log_p > log(bound_chance))
		return;
	++*groups;
	for (uint32_t k = 0; k < ds->n_cells; k++)
		if (in(&ds->cell[k], &was) && ds->cell[k].key.bound == BOUND_PASSED)
			ds->cell[k].group = *groups;
}

void devices_group(struct devices *ds)
{
	uint32_t groups = 0;

	for (int v = 0; v < 2; v++)
		for (uint32_t i = 0; i < ds->n_cells; i++)
			if (ds->cell[i].moved_to == CELL_NONE)
				split_value(ds, i, v, &groups);
	for (uint32_t i = 0; i < ds->n_cells; i++)
		if (ds->cell[i].moved_to == CELL_NONE && !ds->cell[i].group &&
		    ds->cell[i].d.kase == CASE_RST)
			split_bound(ds, i, &groups);
}
