/* SPDX-License-Identifier: BSD-3-Clause */
/* One key, one bin: the tests of METHODS j. Thresholds are tuned on seeds of their own and measured on others by tests/outage/measure
 * (docs/OUTAGES.md holds the figures). */
#include <math.h>
#include <string.h>

#include "kin/outage_impl.h"

/* CUSUM: slack and alarm in standard deviations; a bin adds at most 4, so that one alone is no alarm. */
static const double slack = 0.5, alarm = 12, most = 4;
/* The way back. */
static const double back_slack = 0.25, back_alarm = 4;
/* The chance that an idle run is chance: METHODS j.2 proposes 1e-4. At 1e-6 two false alarms a key-year of the simulation came from it. */
static const double idle_log = -18.4; /* 1e-8 */
/* Counts of neighbouring bins go together: for half an hour they are taken for one draw. */
static const double together = 6;
/* EWMA chart: lambda 0.2, L 3 (METHODS j.4). */
static const double chart_share = 0.2, chart_alarm = -1;
/* What is left, at most; and by how much less than just before (a fall, no slope: holidays, clock changes and growth have slopes). */
static const double left_most = 0.35, left_hi = 0.6, before_least = 0.6;
enum { GIVE_UP_S = 14 * 86400, GAP_S = 86400, FAILING_S = 6 * 3600 };

double outage_dispersion(const struct key_state *k)
{
	double power = mean_of(&k->power), v = power > 0 ? mean_of(&k->square) / power : 0.1;

	return v < 0.03 ? 0.03 : v > 5 ? 5 : v;
}

static double deviation(double m, double v)
{
	return sqrt(m + v * m * m);
}

double outage_left_error(const struct watch *w, double v)
{
	double left = w->y / w->m;

	return sqrt(w->y + 1 + v * together * w->m2 * left * left) / w->m;
}

/* Of this bin, what the key should have if it fared as the others do. */
static double due(const struct key_state *k)
{
	bool alone = k->key.scope == TALLY_ALL || k->now_c < 0;

	return alone ? k->now_m : k->now_m * fmin(k->now_c, 1);
}

static void run_reset(struct key_state *k)
{
	memset(&k->watch, 0, sizeof(k->watch));
	k->cusum = 0;
}

static void run_add(struct watch *w, const struct key_state *k, double m)
{
	w->y += k->now_y;
	w->m += m;
	w->m2 += m * m;
	w->clients += k->c.clients;
	w->n++;
	if (k->now_c >= 0) {
		w->others += k->now_c;
		w->others_n++;
	}
}

/* What it had of the expected in the hour before the run began; below 0: not known. */
static double before(const struct key_state *k)
{
	double y = 0, m = 0;

	for (int i = 0; i < RECENT_BINS; i++) {
		const struct recent *r = &k->recent[i];

		if (r->start_s && r->start_s < k->watch.start_s &&
		    r->start_s >= k->watch.start_s - RECENT_BINS * TALLY_BIN_S) {
			y += r->y;
			m += r->m;
		}
	}
	return m >= 3 ? y / m : -1;
}

/* Have as many clients gone as flows? One client that stops what it did a thousand times a minute is no outage. */
static bool clients_gone(const struct key_state *k)
{
	double ok = mean_of(&k->ok), expected;

	if (ok <= 0)
		return false;
	expected = mean_of(&k->clients) / ok * k->watch.m;
	return k->watch.clients <= 0.5 * expected;
}

static bool is_outage(const struct key_state *k, double v)
{
	const struct watch *w = &k->watch;
	double left = w->y / w->m, was = before(k);

	if (w->n < 2 || left > left_most || left + 2 * outage_left_error(w, v) > left_hi)
		return false;
	if (was >= 0 && (was < before_least || left > was / 2))
		return false;
	/* From an expectation that knows no night, only silence. */
	if (w->flat && left > 0.1)
		return false;
	return clients_gone(k);
}

static void begin(struct outages *o, struct key_state *k, int64_t start_s)
{
	k->watch.down = true;
	k->watch.last_s = start_s;
	k->watch.shown_s = start_s + TALLY_BIN_S;
	if (k->key.scope == TALLY_COUNTRY)
		outage_children(o, k);
}

/* It is as usual so far. */
static void look(struct outages *o, struct key_state *k, int64_t start_s)
{
	double m = due(k), v = outage_dispersion(k), z;
	struct watch *w = &k->watch;

	z = fmax((k->now_y - m) / fmax(deviation(m, v), 1e-9), -most);
	k->chart += chart_share * (z - k->chart);
	k->idle = k->now_y > 0 ? 0 : k->idle - log1p(together * v * m) / (together * v);
	k->cusum = fmax(0, k->cusum - z - slack);
	if (k->cusum <= 0) {
		double level = w->level;
		bool flat = w->flat;

		run_reset(k);
		w->level = level;
		w->flat = flat;
		return;
	}
	if (!w->start_s)
		w->start_s = start_s;
	run_add(w, k, m);
	w->signs = (k->cusum > alarm ? OUTAGE_CUSUM : 0u) | (k->idle < idle_log ? OUTAGE_IDLE : 0u);
	if (!w->signs)
		return;
	if (!is_outage(k, v)) {
		/* A slope or a lower level: forgotten, so that what comes on top of it shows. */
		if (k->cusum > 2 * alarm)
			run_reset(k);
		return;
	}
	w->signs |= k->chart < chart_alarm ? OUTAGE_CHART : 0u;
	if (k->failing_s && start_s - k->failing_s < FAILING_S)
		w->signs |= OUTAGE_FAILING;
	begin(o, k, start_s);
}

static void count_kinds(struct key_state *k, double m)
{
	double ok = mean_of(&k->ok);

	for (int i = 0; i < TALLY_KINDS && ok > 0; i++) {
		k->watch.kind_y[i] += k->c.kind[i];
		k->watch.kind_m[i] += m * mean_of(&k->kind[i]) / ok;
	}
}

/* It is down: is this the way back? */
static void wait_back(struct outages *o, struct key_state *k, int64_t start_s)
{
	double m = due(k), v = outage_dispersion(k);
	struct watch *w = &k->watch;
	double left = fmin(w->y / w->m, 0.5), middle = m * (1 + left) / 2;

	w->better = fmax(
		0, w->better + fmin(most, (k->now_y - middle) / fmax(deviation(middle, v), 1e-9)) -
			   back_slack);
	count_kinds(k, m);
	w->last_s = start_s;
	if (w->better <= 0) {
		/* What looked like the way back was part of it. */
		w->y += w->back_y;
		w->m += w->back_m;
		w->m2 += w->back_m2;
		w->back_y = w->back_m = w->back_m2 = 0;
		w->back_n = 0;
		w->fading = false;
		run_add(w, k, m);
	} else {
		if (!w->fading)
			w->back_s = start_s;
		w->fading = true;
		w->back_y += k->now_y;
		w->back_m += m;
		w->back_m2 += m * m;
		w->back_n++;
	}
	if (w->better > back_alarm && w->back_n >= 2) {
		outage_put(o, k, true);
		run_reset(k);
		k->idle = k->chart = 0;
	} else if (start_s - w->start_s > GIVE_UP_S) {
		outage_put(o, k, false);
		run_reset(k);
		k->learnt = 0;
		k->flat = k->y = k->usual = (struct mean){.sum = 0};
		season_reset(&k->season);
	}
}

void outage_step(struct outages *o, struct key_state *k, int64_t start_s)
{
	struct recent *r = &k->recent[(start_s / TALLY_BIN_S) % RECENT_BINS];
	bool own = k->key.scope == TALLY_ALL;

	if (fails_add(&k->fails, start_s, k->c.syn_only, (uint64_t)k->c.syn_only + tally_ok(&k->c)))
		k->failing_s = start_s;
	*r = (struct recent){.start_s = 0};
	if (k->now_m < 0)
		return;
	*r = (struct recent){start_s, (float)k->now_y, (float)k->now_m};
	if (k->watch.down && start_s - k->watch.last_s > GAP_S) {
		outage_put(o, k, false);
		run_reset(k);
	}
	if (outage_held(o, k)) {
		k->fell_y += k->now_y;
		k->fell_m += k->now_m;
	}
	/* The whole falls when most others do: that is what its comparison asks. With nobody to ask, the whole alone is told. */
	if (own && k->now_c >= OUTAGE_OWN_TROUBLE && !k->watch.down)
		return;
	if (!own && k->now_c < OUTAGE_OWN_TROUBLE)
		return;
	if (k->watch.down)
		wait_back(o, k, start_s);
	else
		look(o, k, start_s);
}
