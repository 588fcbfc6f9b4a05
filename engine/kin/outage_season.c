/* SPDX-License-Identifier: BSD-3-Clause */
/* What is usual: the season of a key, means that forget, and OONI's two states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kin/outage_impl.h"

/* An hour of fewer bins than these is not known. */
enum { HOUR_S = 3600, HOUR_BINS = 6 };

void season_reset(struct season *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < PAST_WEEKS; i++)
		s->week[i] = INT64_MIN;
	s->now_hour = s->cached_hour = INT64_MIN;
}

static float *row_of(struct season *s, int64_t week)
{
	return s->hour[(uint64_t)week % PAST_WEEKS];
}

static void close_hour(struct season *s)
{
	int64_t week = s->now_hour / WEEK_HOURS;
	float *row = row_of(s, week);

	if (s->n < HOUR_BINS)
		return;
	if (s->week[(uint64_t)week % PAST_WEEKS] != week) {
		s->week[(uint64_t)week % PAST_WEEKS] = week;
		for (int i = 0; i < WEEK_HOURS; i++)
			row[i] = -1;
	}
	row[s->now_hour % WEEK_HOURS] = (float)(s->sum / s->n);
}

void season_add(struct season *s, int64_t start_s, double y)
{
	int64_t hour = start_s / HOUR_S;

	if (hour != s->now_hour) {
		close_hour(s);
		s->now_hour = hour;
		s->sum = 0;
		s->n = 0;
	}
	s->sum += y;
	s->n++;
}

static double value_at(struct season *s, int64_t hour)
{
	int64_t week = hour / WEEK_HOURS;

	return hour >= 0 && s->week[(uint64_t)week % PAST_WEEKS] == week
		       ? row_of(s, week)[hour % WEEK_HOURS]
		       : -1;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the values `step` hours apart before this hour; below 0 when they are fewer than
 * `least`. */
static double median_back(struct season *s, int64_t hour, int64_t step, int n, int least)
{
	double v[8];
	int have = 0;

	for (int i = 1; i <= n; i++) {
		double x = value_at(s, hour - i * step);

		if (x >= 0)
			v[have++] = x;
	}
	if (have < least)
		return -1;
	qsort(v, (size_t)have, sizeof(v[0]), by_size);
	return have % 2 ? v[have / 2] : (v[have / 2 - 1] + v[have / 2]) / 2;
}

static void fill(struct season *s, int64_t hour)
{
	s->cached_hour = hour;
	s->basis = OUTAGE_WEEKS;
	for (int i = 0; i < 3; i++)
		s->near[i] = median_back(s, hour + i - 1, WEEK_HOURS, PAST_WEEKS - 1, 2);
	if (s->near[1] >= 0)
		return;
	s->basis = OUTAGE_DAYS;
	for (int i = 0; i < 3; i++)
		s->near[i] = median_back(s, hour + i - 1, 24, 7, 3);
	if (s->near[1] < 0)
		s->basis = OUTAGE_RECENT;
}

double season_usual(struct season *s, int64_t start_s, enum outage_basis *basis)
{
	int64_t hour = start_s / HOUR_S;
	double at = (double)(start_s % HOUR_S + TALLY_BIN_S / 2) / HOUR_S - 0.5, other;

	if (s->cached_hour != hour)
		fill(s, hour);
	*basis = s->basis;
	if (s->basis == OUTAGE_RECENT)
		return 1;
	/* Between the middles of two hours a straight line: traffic has no steps on the hour. */
	other = at < 0 ? s->near[0] : s->near[2];
	return other < 0 ? s->near[1] : s->near[1] + fabs(at) * (other - s->near[1]);
}

void mean_add(struct mean *m, double x, double share)
{
	m->sum += share * (x - m->sum);
	m->weight += share * (1 - m->weight);
}

double mean_of(const struct mean *m)
{
	return m->weight > 0 ? m->sum / m->weight : 0;
}

/* The constants are theirs: mu0 = 0, mu1 = 0.7, edd = 20, so h = 20 * 0.7 / 2. */
bool fails_add(struct fails *f, int64_t start_s, uint64_t failed, uint64_t all)
{
	static const double v = 0.7, h = 7.0;
	double y, gap_h;

	if (!all)
		return false;
	y = (double)failed / (double)all;
	gap_h = f->last_s ? (double)(start_s - f->last_s) / 3600 : 0;
	f->last_s = start_s;
	if (gap_h > 24) {
		f->pos *= pow(0.5, gap_h / 48);
		f->neg *= pow(0.5, gap_h / 48);
	}
	f->pos = fmax(0, f->pos + y - v / 2);
	f->neg = fmax(0, f->neg - (y - v) - v / 2);
	if (f->state != FAILS_BLOCKED && f->pos > h) {
		bool news = f->state == FAILS_OK;

		*f = (struct fails){.state = FAILS_BLOCKED, .last_s = start_s};
		return news;
	}
	if (f->state != FAILS_OK && f->neg > h)
		*f = (struct fails){.state = FAILS_OK, .last_s = start_s};
	return false;
}
