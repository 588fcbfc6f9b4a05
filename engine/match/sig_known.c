/* SPDX-License-Identifier: BSD-3-Clause */
#include "match/sig_known.h"

#include <stdlib.h>
#include <string.h>

#include "match/sig_impl.h"

/* A signature that was read when the program was built. */

static const struct sig_known *find(const struct sig_known_set *set, const char *id)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(set->pool + set->at[mid].id, id);

		if (!order)
			return &set->at[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct signature *sig_known_get(const struct sig_known_set *set, const char *path, const char *id,
				struct bytes text, struct bytes *known_text)
{
	const struct sig_known *k = find(set, id);
	const uint32_t *fix = k ? set->fix + k->fix : NULL;
	struct signature *s;
	uintptr_t *cell;

	if (!k || k->text_len != text.len ||
	    (text.len && memcmp(set->pool + k->text, text.at, text.len) != 0))
		return NULL;
	cell = malloc(k->n_cells * sizeof(*cell));
	if (!cell)
		return NULL;
	memcpy(cell, set->cell + k->cell, k->n_cells * sizeof(*cell));
	for (uint32_t i = 0; i < k->n_fix; i++) {
		uintptr_t *c = cell + fix[i] / 2;

		*c = fix[i] & 1 ? (uintptr_t)(set->pool + *c) : (uintptr_t)(cell + *c);
	}
	s = (struct signature *)(cell + k->root);
	s->known = cell;
	s->path = strdup(path);
	if (!s->path) {
		sig_free(s);
		return NULL;
	}
	*known_text = (struct bytes){(const uint8_t *)set->pool + k->text, k->text_len};
	return s;
}
