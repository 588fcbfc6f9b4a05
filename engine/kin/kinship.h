/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_KINSHIP_H
#define WP_KIN_KINSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kin/base_rates.h"
#include "kin/device.h"
#include "match/signature.h"

/* How alike two devices behave (METHODS k.2), and which published description one is consistent
 * with. Likeness of packets says nothing about who runs a device. */

enum { KIN_LINES_MAX = 32, KIN_SIG_TERMS = 2 * SIG_TERMS_MAX };

enum kin_verdict { KIN_SAME, KIN_DIFFERS, KIN_UNKNOWN };

/* One feature of two devices. */
struct kin_line {
	enum feat feat;
	const char *block;
	enum kin_verdict verdict;
	const struct device_feat *a, *b; /* NULL: not known */
	double likeness;                 /* 0..1; of KIN_UNKNOWN 0 */
	bool vary;                       /* the values vary, or may: that is all they share */
	const struct device_value
		*value; /* KIN_SAME: the one they share most; NULL when they vary */
	uint64_t ordinary,
		of; /* of so many ordinary cases where it was measured, how many have that */
};

struct kin_pair {
	/* of one kind, half of what is known of either is known of both, and that is more than one
	 * or two choices of a programmer */
	bool comparable;
	double distance; /* 0 alike .. 1; only when comparable */
	double known;    /* share of the weight that is known of both */
	uint32_t n_lines;
	struct kin_line line[KIN_LINES_MAX];
	/* Of `of` ordinary cases, `ordinary` have all the shared values together: no matter how
	 * features depend on one another. of 0: there is no rate for this kind. */
	uint64_t ordinary, of;
	uint32_t n_shared; /* values that went into it */
	double bits; /* -log2 of (ordinary + 1) / (of + 1): an unseen combination is not infinitely surprising */
};

/* Compares; points into a and b. `rates` may be NULL: then every feature weighs the same and
 * nothing is said about surprise. Pure; symmetric in a and b. */
void kin_compare(const struct device *a, const struct device *b, const struct base_rates *rates,
		 struct kin_pair *out);

/* Distance below which two devices are told as one family (METHODS k.3), if what they share is rare
 * besides. */
extern const double kin_family_distance;
/* The distance that families are made by: at least kin_family_distance where more than one in 64
 * ordinary cases shares it all, or where that was not measured. Negative when not comparable. */
double kin_tree_distance(const struct kin_pair *p);

enum kin_term_state { KIN_HELD, KIN_FAILED, KIN_MIXED, KIN_TERM_UNKNOWN };
struct kin_term {
	const struct term *term;
	enum kin_term_state state;
	bool required; /* `when`; else `supports` */
};
/* One device and one signature. */
enum kin_like {
	KIN_LIKE_WHOLE, /* all required terms hold, or it matched in nine of ten findings */
	KIN_LIKE_PART,  /* it matched in some findings */
	KIN_LIKE_OPEN,  /* nothing required fails, but something required is unknown */
	KIN_LIKE_NOT
};
const char *kin_like_name(enum kin_like l); /* "whole", "part", "open", "not" */
struct kin_sig {
	const struct signature *sig;
	enum kin_like like;
	uint32_t n_held, n_failed, n_mixed, n_unknown; /* of the required ones */
	uint64_t matched; /* findings of the device in which it matched whole */
	uint32_t n_terms;
	struct kin_term term[KIN_SIG_TERMS];
};
/* False when the signature speaks of another kind of happening, or of another time. */
bool kin_signature(const struct device *d, const struct signature *sig, struct kin_sig *out);

/* --- the tree --- */

struct kin_node {
	uint32_t left, right; /* below n: a device; else node - n */
	uint32_t size;
	double distance;
};
struct kin_tree {
	uint32_t n; /* devices */
	uint32_t n_nodes;
	struct kin_node *node;
	/* by device: number of its family; a family is a subtree below kin_family_distance */
	uint32_t *family;
	uint32_t n_families;
};
/* Average linkage over a symmetric matrix of n times n distances; a negative one is unknown and
 * joins nothing. The caller frees with kin_tree_clear. Cost n^3. */
MUST_CHECK bool kin_tree_make(const double *distance, uint32_t n, struct kin_tree *out);
void kin_tree_clear(struct kin_tree *t);

#endif
