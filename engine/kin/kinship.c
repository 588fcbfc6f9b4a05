/* SPDX-License-Identifier: BSD-3-Clause */
/* Gower's likeness with weights by rarity (METHODS k.2): what two devices share counts the more, the
 * rarer it is in ordinary traffic; what is not known of both counts neither way. */
#include "kin/kinship.h"

#include <math.h>
#include <string.h>

#include "kin/device.h"

const double kin_family_distance = 0.35;
/* Chance alone makes as many of our few pairs alike as ordinary packets share all that the two do.
 * One in 64 is a choice, and fewer ordinary cases than 32 cannot show it. */
enum { RARE_ONE_IN = 64, ORDINARY_MIN = 32 };

/* From so many cases on it shows whether a value stays the same; and the share of the commonest
 * value below which it does not. Choices: three packets of one program that draws among few values
 * may agree. */
enum { SHOWS = 3 };
static const double varies_below = 0.75;
/* That a field varies is all that two devices share: a random or counted field is common, and how
 * common the table does not say. */
static const double vary_bits = 1.0;
static const double unmeasured_bits = 1.0;
/* Less than this of the weight known of both: not comparable (METHODS k.2). */
static const double known_share = 0.5;
/* As is less than this many blocks: an agreement in one or two choices is no fingerprint. Of a
 * silence, a rate or a QUIC flow that stops, there is no more to see. */
enum { BLOCKS_MIN = 3 };
/* From this share of cases on two devices do the same. */
static const double alike_from = 0.5;

static bool same_value(const struct device_value *x, const struct device_value *y)
{
	if (x->text || y->text)
		return x->text && y->text && !strcmp(x->text, y->text);
	return x->num == y->num;
}

static double share(const struct device_feat *l, uint64_t n)
{
	return l->n_known ? fmin(1.0, (double)n / (double)l->n_known) : 0;
}

static bool varies(const struct device_feat *l)
{
	return l->n_known >= SHOWS && share(l, l->value[0].n) < varies_below;
}

/* How much of what one does the other does as well; *best is what they share most. */
static double overlap(const struct device_feat *a, const struct device_feat *b,
		      const struct device_value **best)
{
	double sum = 0, most = 0;

	*best = NULL;
	for (uint32_t i = 0; i < a->n_values; i++)
		for (uint32_t k = 0; k < b->n_values; k++) {
			double both;

			if (!same_value(&a->value[i], &b->value[k]))
				continue;
			both = fmin(share(a, a->value[i].n), share(b, b->value[k].n));
			sum += both;
			if (both > most) {
				most = both;
				*best = &a->value[i];
			}
		}
	return fmin(sum, 1.0);
}

static bool within(const struct device_feat *one, const struct device_feat *range)
{
	return range->min <= range->max && one->min >= range->min && one->max <= range->max;
}

/* Values that chance may have made, and that are not the same. */
static void judge_free(struct kin_line *l)
{
	bool a = l->a->n_known >= SHOWS, b = l->b->n_known >= SHOWS;

	/* Both vary; or one does, and what little was seen of the other lies among its values. */
	if ((varies(l->a) && varies(l->b)) || (varies(l->a) && !b && within(l->b, l->a)) ||
	    (varies(l->b) && !a && within(l->a, l->b))) {
		l->vary = true;
		l->likeness = 1;
		l->value = NULL;
		l->verdict = KIN_SAME;
	} else if (a && b) {
		l->verdict = KIN_DIFFERS;
	} else {
		/* One of them has not shown that its value stays: the next packets may agree. */
		l->likeness = 0;
		l->verdict = KIN_UNKNOWN;
	}
}

static void judge_line(struct kin_line *l, bool is_free)
{
	if (!l->a || !l->b || !l->a->n_values || !l->b->n_values) {
		l->verdict = KIN_UNKNOWN;
		return;
	}
	l->likeness = overlap(l->a, l->b, &l->value);
	if (l->likeness >= alike_from)
		l->verdict = KIN_SAME;
	else if (is_free)
		judge_free(l);
	else
		l->verdict = KIN_DIFFERS;
}

static double bits_of(uint64_t had, uint64_t of)
{
	return -log2(((double)had + 1) / ((double)of + 1));
}

/* Bits that it takes to say that a packet has this value, among ordinary ones; *l counts them. */
static double value_bits(const struct base_rates *rates, enum ev_case kase, struct kin_line *l,
			 const struct device_value *v)
{
	struct base_ask ask = {l->feat, v->num, v->text};

	if (!rates || !rates->total[kase])
		return unmeasured_bits;
	base_rates_value(rates, kase, &ask, &l->ordinary, &l->of);
	return l->of ? bits_of(l->ordinary, l->of) : unmeasured_bits;
}

/* What one side's value weighs when there is nothing to share it with. */
static double side_bits(const struct base_rates *rates, enum ev_case kase, struct kin_line *l,
			const struct device_feat *side, bool is_free)
{
	double bits;

	if (!side || !side->n_values)
		return 0;
	if (is_free && (side->n_known < SHOWS || varies(side)))
		return vary_bits;
	bits = value_bits(rates, kase, l, &side->value[0]);
	l->ordinary = l->of = 0;
	return bits;
}

/* What the feature weighs: by the value they share; when they differ, by the mean of both. */
static double weight_of(struct kin_line *l, const struct base_rates *rates, enum ev_case kase,
			bool is_free)
{
	double a, b;

	if (l->vary)
		return vary_bits;
	if (l->verdict == KIN_SAME)
		return value_bits(rates, kase, l, l->value);
	a = side_bits(rates, kase, l, l->a, is_free);
	b = side_bits(rates, kase, l, l->b, is_free);
	return l->a && l->b ? (a + b) / 2 : a + b;
}

static void add_lines(const struct device *a, const struct device *b, struct kin_pair *out)
{
	for (int f = 0; f < FEAT_N && out->n_lines < KIN_LINES_MAX; f++) {
		struct kin_line *l = &out->line[out->n_lines];
		bool is_free;

		*l = (struct kin_line){.feat = (enum feat)f};
		if (feat_info(l->feat)->kase != a->kase || !kin_feat(l->feat, &l->block, &is_free))
			continue;
		l->a = device_feat(a, l->feat);
		l->b = device_feat(b, l->feat);
		if (!l->a && !l->b)
			continue;
		judge_line(l, is_free);
		out->n_lines++;
	}
}

/* A block counts as much as its heaviest feature, and is as alike as its features are on the
 * average of their weights. */
static void add_up(struct kin_pair *out, const double *weight)
{
	double known = 0, all = 0, alike = 0;
	bool done[KIN_LINES_MAX] = {false};
	uint32_t n_blocks = 0;

	for (uint32_t i = 0; i < out->n_lines; i++) {
		double top = 0, top_known = 0, sum = 0, alike_sum = 0;
		bool any = false;

		if (done[i])
			continue;
		for (uint32_t k = i; k < out->n_lines; k++) {
			const struct kin_line *l = &out->line[k];

			if (strcmp(l->block, out->line[i].block))
				continue;
			done[k] = true;
			top = fmax(top, weight[k]);
			if (l->verdict == KIN_UNKNOWN)
				continue;
			any = true;
			top_known = fmax(top_known, weight[k]);
			sum += weight[k];
			alike_sum += weight[k] * l->likeness;
		}
		n_blocks += any;
		all += top;
		known += top_known;
		alike += sum > 0 ? top_known * alike_sum / sum : 0;
	}
	out->known = all > 0 ? known / all : 0;
	out->comparable = known > 0 && out->known >= known_share && n_blocks >= BLOCKS_MIN;
	out->distance = out->comparable ? fmax(0, 1 - alike / known) : 0;
}

void kin_compare(const struct device *a, const struct device *b, const struct base_rates *rates,
		 struct kin_pair *out)
{
	struct base_ask ask[KIN_LINES_MAX];
	double weight[KIN_LINES_MAX];
	bool is_free = false;

	memset(out, 0, sizeof(*out));
	if (a->kase != b->kase)
		return;
	add_lines(a, b, out);
	for (uint32_t i = 0; i < out->n_lines; i++) {
		struct kin_line *l = &out->line[i];

		(void)kin_feat(l->feat, &l->block, &is_free); /* it is: add_lines() asked */
		weight[i] = weight_of(l, rates, a->kase, is_free);
		if (l->verdict == KIN_SAME && l->value)
			ask[out->n_shared++] =
				(struct base_ask){l->feat, l->value->num, l->value->text};
	}
	add_up(out, weight);
	if (!rates || rates->total[a->kase] < ORDINARY_MIN || !out->n_shared)
		return;
	out->of = rates->total[a->kase];
	out->ordinary = base_rates_count(rates, a->kase, ask, out->n_shared);
	out->bits = bits_of(out->ordinary, out->of);
}

double kin_tree_distance(const struct kin_pair *p)
{
	if (!p->comparable)
		return -1;
	if (p->of && p->ordinary * RARE_ONE_IN <= p->of)
		return p->distance;
	return fmax(p->distance, kin_family_distance);
}
