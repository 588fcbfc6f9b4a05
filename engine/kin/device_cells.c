/* SPDX-License-Identifier: BSD-3-Clause */
/* Cells: cases that agree in class and values. Each pair of values has its own until a class has too
 * many; then those that share one of the two values are put together, and if that is not enough,
 * all that stand alone. */
#include <stdlib.h>
#include <string.h>

#include "kin/devices_impl.h"

enum { CLASS_CELLS_MAX = 32 };

static uint32_t cell_new(struct devices *ds, const struct device_key *key)
{
	struct cell *more;

	if (ds->n_cells == LIMIT_DEVICE_CELLS)
		return CELL_NONE;
	if (ds->n_cells == ds->room) {
		uint32_t room = ds->room ? 2 * ds->room : 16;

		more = realloc(ds->cell, room * sizeof(*more));
		if (!more)
			return CELL_NONE;
		ds->cell = more;
		ds->room = room;
	}
	ds->cell[ds->n_cells] = (struct cell){.key = *key,
					      .moved_to = CELL_NONE,
					      .d = {.first_ns = INT64_MAX, .last_ns = INT64_MIN}};
	return ds->n_cells++;
}

uint32_t devices_cell(const struct devices *ds, uint32_t cell_i)
{
	while (ds->cell[cell_i].moved_to != CELL_NONE)
		cell_i = ds->cell[cell_i].moved_to;
	return cell_i;
}

void devices_name_add(struct cell *c, uint64_t name)
{
	for (uint32_t i = 0; i < c->n_names; i++)
		if (c->name[i] == name)
			return;
	if (c->n_names == CELL_NAMES_MAX)
		c->names_cut = true;
	else
		c->name[c->n_names++] = name;
}

void devices_take_in(struct devices *ds, uint32_t into, uint32_t from)
{
	struct cell *a = &ds->cell[into], *b = &ds->cell[from];
	uint64_t n = a->d.n_findings > b->d.n_findings ? a->d.n_findings : b->d.n_findings;

	if (!device_add(&a->d, &b->d))
		ds->left_out += b->d.n_findings;
	/* A finding whose cases went to both counts once. */
	a->n_own += b->n_own;
	a->d.n_findings = a->n_own > n ? a->n_own : n;
	a->acted += b->acted;
	for (uint32_t i = 0; i < b->n_names; i++)
		devices_name_add(a, b->name[i]);
	a->names_cut |= b->names_cut;
	device_clear(&b->d);
	b->moved_to = into;
}

/* How closely the cell is made for the key: 0 not at all, 3 for both values. */
static int fit_of(const struct cell *c, const struct device_key *key)
{
	if (c->moved_to != CELL_NONE || c->key.class != key->class || c->key.bound != key->bound)
		return 0;
	for (int v = 0; v < 2; v++)
		if (!c->any[v] &&
		    (c->key.known[v] != key->known[v] || c->key.value[v] != key->value[v]))
			return 0;
	return c->any[0] && c->any[1] ? 1 : c->any[0] || c->any[1] ? 2 : 3;
}

static bool alone(const struct cell *c, const struct device_key *key)
{
	return c->moved_to == CELL_NONE && c->key.class == key->class &&
	       c->key.bound == key->bound && c->d.n_findings <= 1 && !c->any[0] && !c->any[1];
}

/* Puts those that stand alone, and share value v (2: any at all), together. Returns whether there
 * is more room now. */
static bool put_together(struct devices *ds, const struct device_key *key, int v)
{
	bool done = false;

	for (uint32_t i = 0; i < ds->n_cells; i++) {
		struct cell *a = &ds->cell[i];
		bool took = false;

		for (uint32_t k = i + 1; alone(a, key) && k < ds->n_cells; k++) {
			const struct cell *b = &ds->cell[k];

			if (!alone(b, key) || (v < 2 && (!a->key.known[v] || !b->key.known[v] ||
							 a->key.value[v] != b->key.value[v])))
				continue;
			devices_take_in(ds, i, k);
			took = true;
			break;
		}
		for (uint32_t k = i + 1; took && k < ds->n_cells; k++) {
			const struct cell *b = &ds->cell[k];

			if (alone(b, key) &&
			    (v == 2 || (b->key.known[v] && a->key.value[v] == b->key.value[v])))
				devices_take_in(ds, i, k);
		}
		if (!took)
			continue;
		a->any[0] |= v != 0;
		a->any[1] |= v != 1;
		done = true;
	}
	return done;
}

static uint32_t best_fit(const struct devices *ds, const struct device_key *key, uint32_t *n)
{
	uint32_t best = CELL_NONE;
	int fit = 0;

	*n = 0;
	for (uint32_t i = 0; i < ds->n_cells; i++) {
		const struct cell *c = &ds->cell[i];
		int f = fit_of(c, key);

		*n += c->moved_to == CELL_NONE && c->key.class == key->class;
		if (f > fit) {
			fit = f;
			best = i;
		}
	}
	return best;
}

uint32_t devices_cell_for(struct devices *ds, const struct device_key *key)
{
	uint32_t n, at = best_fit(ds, key, &n);

	if (at != CELL_NONE)
		return at;
	if (n >= CLASS_CELLS_MAX) {
		for (int v = 0; v < 3 && n >= CLASS_CELLS_MAX; v++)
			if (put_together(ds, key, v))
				(void)best_fit(ds, key, &n); /* asked for n */
		at = best_fit(ds, key, &n);
		if (at != CELL_NONE)
			return at;
	}
	at = cell_new(ds, key);
	/* Nothing could be put together: what comes from now on shares a cell. */
	if (at != CELL_NONE && n >= CLASS_CELLS_MAX)
		ds->cell[at].any[0] = ds->cell[at].any[1] = true;
	return at;
}
