/* SPDX-License-Identifier: BSD-3-Clause */
#include "tls_watch.h"

#include "detect/det_tls.h"

static bool may_hold(const struct signature *s, const struct evidence *ordinary)
{
	if (s->kind == SIG_BENIGN || (s->kase != CASE_TLS && s->kase != CASE_ANY))
		return false;
	for (uint32_t i = 0; i < s->n_when; i++)
		if (det_tls_makes_odd(s->when[i].feat) &&
		    term_eval(&s->when[i], ordinary) != TRUTH_YES)
			return false;
	return true;
}

bool tls_watch_ordinary(const struct sig_set *sigs)
{
	struct evidence *ordinary = evidence_new(CASE_TLS);
	bool may = !ordinary;

	if (!ordinary)
		return true;
	evidence_put(ordinary, FEAT_TLS_HELLO_EXCEPTION, 0, NULL, 0);
	for (size_t i = 0; i < sig_set_n(sigs); i++)
		may |= may_hold(sig_set_at(sigs, i), ordinary);
	may |= evidence_lost(ordinary) > 0;
	evidence_free(ordinary);
	return may;
}
