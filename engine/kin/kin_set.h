/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_KIN_SET_H
#define WP_KIN_KIN_SET_H

#include "kin/kinship.h"
#include "kin/merge.h"

/* All that one `wallprint kin` compares. */

struct kin_member {
	const struct device *d;
	uint32_t run_i; /* of merge.run */
	uint32_t
		family; /* over all kinds, from 0; members of a kind that is alone have their own */
};
/* The devices of one kind of happening: only these leave comparable traces. */
struct kin_kind {
	enum ev_case kase;
	uint32_t first, n;     /* of kin_set.member */
	double *distance;      /* n times n; negative: not comparable */
	double *tree_distance; /* the same, as families are made by */
	struct kin_tree tree;
};
struct kin_set {
	const struct merge *m;
	const struct base_rates *rates; /* may be NULL */
	const struct sig_set *sigs;
	uint32_t n;
	struct kin_member *member; /* by kind, then first, then id */
	uint32_t n_kinds;
	struct kin_kind kind[CASE_N];
	uint64_t left_out; /* devices beyond what is compared: those with the fewest findings */
};

/* Takes the devices of all runs that count (m after merge_sort; it keeps them) and compares all
 * with all. False when memory ran out. Free with kin_set_clear. */
MUST_CHECK bool kin_set_make(struct merge *m, const struct base_rates *rates,
			     const struct sig_set *sigs, struct kin_set *out);
void kin_set_clear(struct kin_set *s);
/* Signatures of middleboxes that device i behaves like, in whole or in part, or that cannot be
 * excluded: best first. Returns how many were written. */
enum { KIN_LIKENESS_MAX = 16 };
uint32_t kin_set_likeness(const struct kin_set *s, uint32_t i,
			  struct kin_sig out[KIN_LIKENESS_MAX]);

#endif
