/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/outage.c */
/* covers: engine/kin/outage_compare.c */
/* covers: engine/kin/outage_step.c */
/* covers: engine/kin/outage_event.c */
/* covers: engine/kin/outage_season.c */
/* Series without noise, in which it is plain what must be told. How the detectors do with noise is measured by tests/outage/measure. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "kin/outage.h"
#include "kin/outage_impl.h"

enum { BASE_S = 1764288000 /* a Friday, 0 h */, DAY = 288 };

/* 0 all; 1 to 5 countries AQ to EQ; 6 to 20 networks, three of each. */
enum { N_COUNTRIES = 5, N_KEYS = 1 + 4 * N_COUNTRIES };

struct world {
	struct outages *o;
	struct tally_hears to;
	double left[N_KEYS]; /* of the flows of a network */
	uint32_t clients_left;
	uint32_t syn_only; /* of network 6 */
	double quic_left[N_KEYS];
	int64_t bin;
};

static struct world begin(void)
{
	struct world w = {.o = outages_new(), .clients_left = 100};

	assert_non_null(w.o);
	w.to = outages_hears(w.o);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct tally_key key = {.scope = TALLY_ALL};

		w.left[i] = w.quic_left[i] = 1;
		if (i > 0) {
			key.scope = i <= N_COUNTRIES ? TALLY_COUNTRY : TALLY_NETWORK;
			key.country[0] = (char)('A' + (i - 1) % N_COUNTRIES);
			key.country[1] = 'Q';
		}
		if (i > N_COUNTRIES)
			key.network = 64500 + i;
		w.to.key(w.to.arg, i, &key);
	}
	return w;
}

/* Some bins: 20 flows of each network, of half as many clients, half at noon of what they are at midnight. */
static void go(struct world *w, int n)
{
	for (; n > 0; n--, w->bin++) {
		struct tally_row row[N_KEYS];
		double usual = 30 + 10 * cos((double)(w->bin % DAY) / DAY * 2 * M_PI);

		memset(row, 0, sizeof(row));
		for (uint32_t i = 0; i < N_KEYS; i++)
			row[i].no = i;
		for (uint32_t i = N_COUNTRIES + 1; i < N_KEYS; i++) {
			struct tally_counts c = {.rtt_us = 1000};
			uint32_t into[] = {i, 1 + (i - 1) % N_COUNTRIES, 0};

			c.kind[TALLY_TCP_443] = (uint32_t)lround(0.7 * usual * w->left[i]);
			c.kind[TALLY_UDP_443] =
				(uint32_t)lround(0.3 * usual * w->left[i] * w->quic_left[i]);
			c.clients =
				(uint32_t)lround(usual * w->left[i] / 2) * w->clients_left / 100;
			c.syn_only = i == 6 ? w->syn_only : 0;
			for (int k = 0; k < 3; k++) {
				struct tally_counts *s = &row[into[k]].c;

				s->clients += c.clients;
				s->syn_only += c.syn_only;
				for (int x = 0; x < TALLY_KINDS; x++)
					s->kind[x] += c.kind[x];
			}
		}
		w->to.bin(w->to.arg, BASE_S + w->bin * TALLY_BIN_S, row, N_KEYS);
	}
}

static void leave(struct world *w, uint32_t country, double left)
{
	for (uint32_t i = N_COUNTRIES + 1; i < N_KEYS; i++)
		if (1 + (i - 1) % N_COUNTRIES == country)
			w->left[i] = left;
}

static void everybody(struct world *w, double left)
{
	for (uint32_t i = 0; i < N_KEYS; i++)
		w->left[i] = left;
}

static void test_silent_country_after_weeks_is_likely_with_its_networks(void **state)
{
	struct world w = begin();
	const struct outage *e;
	int64_t from;

	(void)state;
	go(&w, 21 * DAY + 100);
	from = BASE_S + w.bin * TALLY_BIN_S;
	leave(&w, 2, 0);
	go(&w, 12);
	leave(&w, 2, 1);
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 1);
	e = outages_at(w.o, 0);
	assert_int_equal(e->key.scope, TALLY_COUNTRY);
	assert_memory_equal(e->key.country, "BQ", 2);
	assert_int_equal(e->start_s, from);
	assert_true(e->ended);
	assert_int_equal(e->end_s, from + 12 * TALLY_BIN_S);
	assert_in_range(e->shown_s, from + TALLY_BIN_S, from + 5 * TALLY_BIN_S);
	assert_int_equal(e->basis, OUTAGE_WEEKS);
	assert_int_equal(e->grade, GRADE_LIKELY);
	assert_true(e->shutdown);
	assert_int_equal(e->networks, 3);
	assert_int_equal(e->networks_fell, 3);
	assert_int_equal(e->observed, 0);
	assert_true(e->depth > 0.99 && e->depth_lo > 0.9);
	assert_true(e->compared && e->others > 0.9 && e->others < 1.1);
	outages_free(w.o);
}

static void test_everybody_silent_is_the_servers_own(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 15 * DAY + 100);
	everybody(&w, 0);
	go(&w, 24);
	everybody(&w, 1);
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 1);
	assert_int_equal(outages_at(w.o, 0)->key.scope, TALLY_ALL);
	assert_int_equal(outages_at(w.o, 0)->grade, GRADE_ANOMALY);
	assert_false(outages_at(w.o, 0)->shutdown);
	outages_free(w.o);
}

static void test_two_countries_at_once_are_no_shutdown(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	leave(&w, 1, 0.02);
	leave(&w, 4, 0.02);
	go(&w, 24);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(outages_at(w.o, i)->countries_fell, 1);
		assert_int_equal(outages_at(w.o, i)->grade, GRADE_ANOMALY);
		assert_false(outages_at(w.o, i)->shutdown);
		assert_false(outages_at(w.o, i)->ended); /* it still goes on */
	}
	outages_free(w.o);
}

static void test_one_network_is_told_as_one(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	w.left[7] = 0.05;
	go(&w, 24);
	w.left[7] = 1;
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 1);
	assert_int_equal(outages_at(w.o, 0)->key.network, 64507);
	assert_false(outages_at(w.o, 0)->shutdown);
	outages_free(w.o);
}

static void test_half_is_no_outage(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	leave(&w, 1, 0.5);
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 0);
	outages_free(w.o);
}

static void test_flows_gone_and_clients_not_is_no_outage(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	leave(&w, 1,
	      0.1); /* one client that made nine in ten of all flows is gone: nearly all clients are there */
	w.clients_left = 1000;
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 0);
	outages_free(w.o);
}

static void test_key_that_is_not_counted_is_not_silent(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	w.to.gone(w.to.arg, 1);
	for (uint32_t i = 6; i < N_KEYS; i += N_COUNTRIES)
		w.to.gone(w.to.arg, i);
	leave(&w, 1, 0);
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 0);
	outages_free(w.o);
}

static void test_missing_bins_are_not_silence(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	w.bin += 200;
	go(&w, DAY);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 0);
	outages_free(w.o);
}

static void test_what_went_on_and_what_fell_is_told_by_kind(void **state)
{
	struct world w = begin();
	const struct outage *e;

	(void)state;
	go(&w, 21 * DAY);
	leave(&w, 3, 0.3);
	for (uint32_t i = 0; i < N_KEYS; i++)
		w.quic_left[i] = i > N_COUNTRIES && 1 + (i - 1) % N_COUNTRIES == 3 ? 0 : 1;
	go(&w, 36);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 1);
	e = outages_at(w.o, 0);
	assert_int_equal(e->fell, 1u << TALLY_UDP_443);
	assert_int_equal(e->kept, 0);
	outages_free(w.o);
}

static void test_handshakes_that_are_not_completed_are_a_sign(void **state)
{
	struct world w = begin();

	(void)state;
	go(&w, 21 * DAY);
	w.left[6] = 0.02;
	w.syn_only = 40;
	go(&w, 60);
	outages_finish(w.o);
	assert_int_equal(outages_n(w.o), 1);
	outages_free(w.o);
}

/* The constants of ooni/data's detector: 0.65 more than v/2 takes 11 bins of y = 1 to pass 7. */
static void test_failure_fraction_follows_ooni(void **state)
{
	struct fails f = {.state = FAILS_UNKNOWN};
	int64_t at = BASE_S;
	int n = 0;

	(void)state;
	for (; f.state == FAILS_UNKNOWN; n++, at += 300)
		assert_false(fails_add(&f, at, 0, 10)); /* how it is at first is no news */
	assert_int_equal(f.state, FAILS_OK);
	assert_in_range(n, 20, 21); /* 0.35 a bin, above 7 */
	assert_false(fails_add(&f, at, 0, 0));
	for (n = 1; !fails_add(&f, at += 300, 10, 10); n++)
		;
	assert_int_equal(n, 11);
	for (n = 1; f.state == FAILS_BLOCKED; n++)
		assert_false(fails_add(&f, at += 300, 0, 10));
	assert_int_equal(f.state, FAILS_OK);
	f.pos = 6.9;
	assert_false(fails_add(&f, at + 300 + 48 * 3600, 0, 10)); /* two days: half of it is left */
	assert_true(f.pos < 3.5);
}

static void test_season_is_the_median_of_weeks_then_days(void **state)
{
	static struct season s;
	enum outage_basis basis;
	int64_t at = BASE_S;

	(void)state;
	season_reset(&s);
	for (int day = 0; day < 3; day++)
		for (int bin = 0; bin < DAY; bin++, at += 300) {
			assert_true(season_usual(&s, at, &basis) == 1);
			assert_int_equal(basis, OUTAGE_RECENT);
			season_add(&s, at, day == 1 ? 1000 : 7);
		}
	assert_true(season_usual(&s, at, &basis) == 7); /* one odd day of three does not count */
	assert_int_equal(basis, OUTAGE_DAYS);
	for (int bin = 0; bin < 11 * DAY + 12; bin++, at += 300)
		season_add(&s, at, 7);
	assert_true(season_usual(&s, at, &basis) == 7);
	assert_int_equal(basis, OUTAGE_WEEKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_country_after_weeks_is_likely_with_its_networks),
		cmocka_unit_test(test_everybody_silent_is_the_servers_own),
		cmocka_unit_test(test_two_countries_at_once_are_no_shutdown),
		cmocka_unit_test(test_one_network_is_told_as_one),
		cmocka_unit_test(test_half_is_no_outage),
		cmocka_unit_test(test_flows_gone_and_clients_not_is_no_outage),
		cmocka_unit_test(test_key_that_is_not_counted_is_not_silent),
		cmocka_unit_test(test_missing_bins_are_not_silence),
		cmocka_unit_test(test_what_went_on_and_what_fell_is_told_by_kind),
		cmocka_unit_test(test_handshakes_that_are_not_completed_are_a_sign),
		cmocka_unit_test(test_failure_fraction_follows_ooni),
		cmocka_unit_test(test_season_is_the_median_of_weeks_then_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
