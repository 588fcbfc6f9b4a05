/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match/sig_impl.h"

bool term_holds_num(const struct term *t, int64_t num)
{
	int64_t v = t->value[0].num;

	switch (t->op) {
	case OP_EQ:
	case OP_IS:
		return num == v;
	case OP_NE:
		return num != v;
	case OP_LT:
		return num < v;
	case OP_LE:
		return num <= v;
	case OP_GT:
		return num > v;
	case OP_GE:
		return num >= v;
	case OP_IN:
		break;
	}
	for (uint32_t i = 0; i < t->n_values; i++)
		if (t->value[i].num == num)
			return true;
	return false;
}

static bool any_equal(const struct term *t, const char *text)
{
	for (uint32_t i = 0; i < t->n_values; i++)
		if (strcmp(t->value[i].text, text) == 0)
			return true;
	return false;
}

bool term_holds_text(const struct term *t, const char *text)
{
	return any_equal(t, text) != (t->op == OP_NE);
}

enum truth term_eval(const struct term *t, const struct evidence *ev)
{
	const struct ev_value *v = evidence_get(ev, t->feat);
	bool any = false;

	if (!v)
		return TRUTH_UNKNOWN;
	if (!unit_is_text(feat_info(t->feat)->unit))
		return term_holds_num(t, v->num) ? TRUTH_YES : TRUTH_NO;
	for (uint32_t i = 0; i < v->n_text; i++)
		any |= any_equal(t, v->text[i]);
	return any != (t->op == OP_NE) ? TRUTH_YES : TRUTH_NO;
}
