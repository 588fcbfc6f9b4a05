/* SPDX-License-Identifier: BSD-3-Clause */
/* Which published description a device is consistent with: each term asked of each value that the
 * device's packets had. */
#include <string.h>

#include "kin/kinship.h"

/* Of the cases that had a value, how many must agree for a term to hold, or to fail, of the device;
 * between the two it is mixed. A choice: one odd packet in ten is no other program. */
enum { MOST_TENTHS = 9 };

static enum truth ask(const struct term *t, enum ev_case kase, const struct device_value *v)
{
	struct evidence *ev = evidence_new(kase);
	enum truth got = TRUTH_UNKNOWN;

	if (!ev)
		return got;
	if (v->text)
		evidence_put_text(ev, t->feat, v->text, strlen(v->text), 0);
	else
		evidence_put1(ev, t->feat, v->num, 0);
	got = term_eval(t, ev);
	evidence_free(ev);
	return got;
}

/* The trigger is told apart from the fingerprint. */
static enum kin_term_state ask_trigger(const struct device *d, const struct term *t)
{
	uint32_t yes = 0, no = 0;

	for (int k = TRIGGER_TLS_SNI; k <= TRIGGER_PAYLOAD; k++) {
		const struct device_value v = {
			.text = (char *)trigger_kind_name((enum trigger_kind)k)};

		if (!(d->reacts_to >> k & 1))
			continue;
		*(ask(t, d->kase, &v) == TRUTH_YES ? &yes : &no) += 1;
	}
	return yes && no ? KIN_MIXED : yes ? KIN_HELD : no ? KIN_FAILED : KIN_TERM_UNKNOWN;
}

static enum kin_term_state term_state(const struct device *d, const struct term *t)
{
	const struct device_feat *l = device_feat(d, t->feat);
	uint64_t yes = 0, no = 0;

	if (!l && t->feat == FEAT_TRIGGER_KIND)
		return ask_trigger(d, t);
	for (uint32_t i = 0; l && i < l->n_values; i++) {
		enum truth got = ask(t, d->kase, &l->value[i]);

		yes += got == TRUTH_YES ? l->value[i].n : 0;
		no += got == TRUTH_NO ? l->value[i].n : 0;
	}
	if (!yes && !no)
		return KIN_TERM_UNKNOWN;
	if (yes * 10 >= (yes + no) * MOST_TENTHS)
		return KIN_HELD;
	return no * 10 >= (yes + no) * MOST_TENTHS ? KIN_FAILED : KIN_MIXED;
}

static void add_term(const struct device *d, const struct term *t, bool required,
		     struct kin_sig *out)
{
	struct kin_term *k = &out->term[out->n_terms++];

	*k = (struct kin_term){t, term_state(d, t), required};
	if (!required)
		return;
	out->n_held += k->state == KIN_HELD;
	out->n_failed += k->state == KIN_FAILED;
	out->n_mixed += k->state == KIN_MIXED;
	out->n_unknown += k->state == KIN_TERM_UNKNOWN;
}

const char *kin_like_name(enum kin_like l)
{
	static const char *const name[] = {[KIN_LIKE_WHOLE] = "whole",
					   [KIN_LIKE_PART] = "part",
					   [KIN_LIKE_OPEN] = "open",
					   [KIN_LIKE_NOT] = "not"};

	return name[l];
}

static enum kin_like like_of(const struct device *d, const struct kin_sig *k, bool excused)
{
	bool fails = excused || k->n_failed || k->n_mixed || !k->n_held;

	if (k->matched * 10 >= d->n_findings * MOST_TENTHS && k->matched)
		return KIN_LIKE_WHOLE;
	if (k->matched)
		return KIN_LIKE_PART;
	if (!fails && !k->n_unknown)
		return KIN_LIKE_WHOLE;
	return !fails && k->n_held >= k->n_unknown ? KIN_LIKE_OPEN : KIN_LIKE_NOT;
}

bool kin_signature(const struct device *d, const struct signature *sig, struct kin_sig *out)
{
	bool excused = false;

	if (sig->kase != d->kase || d->first_ns > sig->valid_to_ns ||
	    d->last_ns < sig->valid_from_ns)
		return false;
	*out = (struct kin_sig){.sig = sig};
	for (uint32_t i = 0; i < sig->n_when; i++)
		add_term(d, &sig->when[i], true, out);
	for (uint32_t i = 0; i < sig->n_supports; i++)
		add_term(d, &sig->supports[i], false, out);
	for (uint32_t i = 0; i < sig->n_unless; i++)
		excused |= term_state(d, &sig->unless[i]) == KIN_HELD;
	for (uint32_t i = 0; i < d->n_matches; i++)
		if (!strncmp(d->match[i].signature, sig->id, DEVICE_SIG_TEXT - 1))
			out->matched = d->match[i].n;
	out->like = like_of(d, out, excused);
	return true;
}
