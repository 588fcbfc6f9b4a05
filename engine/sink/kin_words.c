/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/kin_words.h"

#include <inttypes.h>
#include <string.h>

void kin_say_value(struct say *s, enum feat feat, const struct device_value *v)
{
	if (v->text)
		say_foreign(s, v->text, strlen(v->text));
	else if (feat_info(feat)->unit == UNIT_YESNO)
		say(s, "%s", v->num ? "yes" : "no");
	else if (feat == FEAT_RST_FLAGS || feat == FEAT_DNS_FLAGS)
		say(s, "0x%03" PRIx64, (uint64_t)v->num);
	else
		say(s, "%" PRId64, v->num);
}

void kin_say_feat(struct say *s, const struct device_feat *l)
{
	if (!l || !l->n_values) {
		say(s, "unknown");
		return;
	}
	if (l->n_values == 1 && !l->n_more) {
		kin_say_value(s, l->feat, &l->value[0]);
		return;
	}
	kin_say_value(s, l->feat, &l->value[0]);
	say(s, " in %" PRIu64 " of %" PRIu64, l->value[0].n, l->n_known);
}

void kin_say_where(struct say *s, const struct kin_set *k, uint32_t i)
{
	const struct device *d = k->member[i].d;

	say(s, "%s, ", case_name(d->kase));
	say_count(s, d->n_findings, "finding", "findings");
	say(s, ", seen in ");
	say_foreign(s, d->seen[0].file, strlen(d->seen[0].file));
	if (d->n_seen + d->seen_left_out > 1)
		say(s, " and %" PRIu32 " more", d->n_seen + d->seen_left_out - 1);
}
