/* SPDX-License-Identifier: BSD-3-Clause */
#include "match/match_impl.h"

_Static_assert(SIG_TERMS_MAX <= 32, "a list of terms fits the masks of struct sig_result");

static void eval_list(const struct term *t, uint32_t n, const struct evidence *ev, uint32_t mask[3])
{
	mask[TRUTH_NO] = mask[TRUTH_YES] = mask[TRUTH_UNKNOWN] = 0;
	for (uint32_t i = 0; i < n; i++)
		mask[term_eval(&t[i], ev)] |= UINT32_C(1) << i;
}

void match_one(const struct signature *sig, const struct evidence *ev, int64_t at_ns,
	       struct sig_result *out)
{
	uint32_t when[3], unless[3], supports[3];

	eval_list(sig->when, sig->n_when, ev, when);
	eval_list(sig->unless, sig->n_unless, ev, unless);
	eval_list(sig->supports, sig->n_supports, ev, supports);
	*out = (struct sig_result){
		.sig = sig,
		.out_of_date = at_ns < sig->valid_from_ns || at_ns > sig->valid_to_ns,
		.unless_unknown = unless[TRUTH_UNKNOWN] != 0,
		.when_held = when[TRUTH_YES],
		.when_failed = when[TRUTH_NO],
		.when_unknown = when[TRUTH_UNKNOWN],
		.unless_held = unless[TRUTH_YES],
		.unless_unknown_mask = unless[TRUTH_UNKNOWN],
		.supports_held = supports[TRUTH_YES],
		.supports_failed = supports[TRUTH_NO],
		.supports_unknown = supports[TRUTH_UNKNOWN],
	};
	if (out->out_of_date || out->when_failed || out->unless_held)
		out->verdict = TRUTH_NO;
	else
		out->verdict = out->when_unknown ? TRUTH_UNKNOWN : TRUTH_YES;
}

bool match_holds(const struct signature *sig, const struct evidence *ev, int64_t at_ns)
{
	for (uint32_t i = 0; i < sig->n_when; i++)
		if (term_eval(&sig->when[i], ev) != TRUTH_YES)
			return false;
	for (uint32_t i = 0; i < sig->n_unless; i++)
		if (term_eval(&sig->unless[i], ev) == TRUTH_YES)
			return false;
	return at_ns >= sig->valid_from_ns && at_ns <= sig->valid_to_ns;
}

size_t match_case(const struct sig_set *set, const struct evidence *ev, int64_t at_ns,
		  struct sig_result *out)
{
	size_t n;
	const struct signature *const *sig = sig_set_for(set, evidence_case(ev), &n);

	for (size_t i = 0; i < n; i++)
		match_one(sig[i], ev, at_ns, &out[i]);
	return n;
}
