/* SPDX-License-Identifier: BSD-3-Clause */
#include "cmd_explain_device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd.h"
#include "match/signature.h"

enum { LISTED_MAX = 20 };

static void put_text(const char *text)
{
	char out[4 * EV_TEXT_BYTES + 8];

	text_terminal(out, sizeof(out), text, strlen(text));
	fputs(out, stdout);
}

static void put_num(enum unit u, int64_t v)
{
	if (u == UNIT_YESNO)
		fputs(v ? "yes" : "no", stdout);
	else if (u == UNIT_TIME)
		printf("%.3f ms", (double)v / 1e6);
	else
		printf("%" PRId64, v);
}

static void put_feat(const struct device *d, const struct device_feat *l)
{
	const struct feat_info *fi = feat_info(l->feat);

	printf("  %-22s ", fi->name);
	for (uint32_t i = 0; i < l->n_values; i++) {
		fputs(i ? ", " : "", stdout);
		if (l->value[i].text)
			put_text(l->value[i].text);
		else
			put_num(fi->unit, l->value[i].num);
		if (l->n_values > 1)
			printf(" (%" PRIu64 ")", l->value[i].n);
	}
	if (l->n_more) {
		printf(" and %" PRIu64 " with others", l->n_more);
		if (l->min <= l->max) {
			fputs(", from ", stdout);
			put_num(fi->unit, l->min);
			fputs(" to ", stdout);
			put_num(fi->unit, l->max);
		}
	}
	if (l->n_known < d->n_cases)
		printf("  known in %" PRIu64 " of %" PRIu64, l->n_known, d->n_cases);
	putchar('\n');
}

static void put_seen(const struct device *d)
{
	for (uint32_t i = 0; i < d->n_seen; i++) {
		const struct device_seen *s = &d->seen[i];

		fputs("  seen in ", stdout);
		put_text(s->file);
		printf(": %" PRIu64 " finding%s", s->n_findings, s->n_findings == 1 ? "" : "s");
		if (s->has_hops)
			printf(", %u to %u hops from the capture", s->hops_lo, s->hops_hi);
		putchar('\n');
	}
	if (d->seen_left_out)
		printf("  seen in more inputs: %" PRIu32 " not listed\n", d->seen_left_out);
}

static void put_behaviour(const struct device *d)
{
	char first[TEXT_TIME_SIZE], last[TEXT_TIME_SIZE];

	printf("  from %s to %s\n", text_time(d->first_ns, first), text_time(d->last_ns, last));
	put_seen(d);
	for (int t = TRIGGER_TLS_SNI; t <= TRIGGER_PAYLOAD; t++)
		if (d->reacts_to >> t & 1)
			printf("  reacts to %s\n", trigger_kind_name((enum trigger_kind)t));
	if (d->opportunities)
		printf("  acted on %" PRIu64 " of %" PRIu64
		       " connections with these names whose outcome shows\n",
		       d->acted, d->opportunities);
	if (d->residual_ns)
		printf("  went on between the same ends for at least %.1f s\n",
		       (double)d->residual_ns / 1e9);
	if (d->has_generator)
		printf("  generator %s: multiplier %" PRIu32 ", bound %" PRIu32 ", %" PRIu32
		       " packets, chance %.3g\n",
		       GENERATOR_NAME, d->generator.multiplier, d->generator.bound,
		       d->generator.packets, d->generator.chance);
	for (uint32_t i = 0; i < d->n_matches; i++)
		printf("  matches %s in %" PRIu64 "\n", d->match[i].signature, d->match[i].n);
	if (d->local_headers)
		puts("  headers are the local machine's at this capture point, and left out");
}

/* What the device counted, as the draft wants it. */
static void see_device(const void *arg, enum feat id, struct sig_draft_seen *s)
{
	const struct device_feat *l = device_feat(arg, id);

	_Static_assert((int)DEVICE_VALUES_MAX <= (int)SIG_DRAFT_VALUES, "all values have room");
	if (!l)
		return;
	s->n_cases = l->n_known;
	s->n = l->n_values;
	for (uint32_t i = 0; i < l->n_values; i++) {
		s->num[i] = l->value[i].num;
		s->text[i] = l->value[i].text;
	}
	/* What hardly comes again is counted up or drawn: no mark. */
	s->too_many = l->n_more > 0 || (l->n_known >= 3 && 2 * (uint64_t)l->n_values > l->n_known);
	s->lo = l->min;
	s->hi = l->max;
}

void explain_device(const struct device *d)
{
	printf("device %s: %s, %" PRIu64 " finding%s, %" PRIu64 " case%s, %s\n", d->id,
	       case_name(d->kase), d->n_findings, d->n_findings == 1 ? "" : "s", d->n_cases,
	       d->n_cases == 1 ? "" : "s", grade_name(d->grade));
	put_behaviour(d);
	puts("\nfingerprint");
	for (uint32_t i = 0; i < d->n_feats; i++)
		put_feat(d, &d->feat[i]);
	puts("\ndraft signature (review every line; see signatures/README.md)\n");
}

void explain_device_draft(const struct device *d)
{
	struct sig_draft_source from = {.arg = d,
					.see = see_device,
					.kase = d->kase,
					.n_cases = d->n_cases,
					.what = "device",
					.where = "all of device",
					.id = d->id,
					.first_ns = d->first_ns};

	sig_draft_from(stdout, &from);
}

void explain_devices_list(const struct devices *ds)
{
	size_t n = devices_n(ds);

	for (size_t i = 0; i < n && i < LISTED_MAX; i++) {
		const struct device *d = devices_at(ds, i);

		cmd_complain("explain", "there is %s: %s, %" PRIu64 " findings", d->id,
			     case_name(d->kase), d->n_findings);
	}
	if (n > LISTED_MAX)
		cmd_complain("explain", "and %zu more; `wallprint replay` lists them",
			     n - LISTED_MAX);
}
