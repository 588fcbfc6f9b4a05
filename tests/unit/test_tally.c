/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/tally.c */
/* covers: engine/kin/tally_sketch.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/keyhash.h"
#include "kin/tally.h"
#include "kin/tally_sketch.h"

static const int64_t second = 1000000000, base_s = 1764000000; /* a multiple of 300 */

/* What was heard, as text: easier to compare than to take apart. */
struct heard {
	char at[65536];
	size_t n;
};

static void put(struct heard *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	h->n += (size_t)vsnprintf(h->at + h->n, sizeof(h->at) - h->n, fmt, ap);
	va_end(ap);
	assert_true(h->n < sizeof(h->at));
}

static void on_key(void *arg, uint32_t no, const struct tally_key *key)
{
	put(arg, "k%u:%d:%.2s:%u:%u ", no, key->scope, key->country, key->network, key->bits);
}

static void on_gone(void *arg, uint32_t no)
{
	put(arg, "g%u ", no);
}

static void on_bin(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n)
{
	put(arg, "b%lld", (long long)(start_s - base_s) / 300);
	for (uint32_t i = 0; i < n; i++)
		put(arg, " %u=%u/%u/%u", row[i].no, tally_ok(&row[i].c), row[i].c.clients,
		    row[i].c.syn_only);
	put(arg, "\n");
}

static struct tally *begin(struct heard *h)
{
	struct tally_hears to = {.arg = h, .key = on_key, .gone = on_gone, .bin = on_bin};

	h->n = 0;
	h->at[0] = '\0';
	return tally_begin(&to);
}

/* One flow of client 203.0.113.`host` at `at_s` behind the base. */
static void flow(struct tally *t, double at_s, uint8_t host, bool ok)
{
	uint8_t addr[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, host};
	int64_t ts = base_s * second + (int64_t)(at_s * 1e9);

	tally_time(t, ts);
	tally_count(t, &(struct tally_flow){.client = addr,
					    .ts_ns = ts,
					    .kind = TALLY_TCP_443,
					    .ok = ok,
					    .rtt_ns = 20000000,
					    .country = "AQ",
					    .network = 64500});
}

static void tick(struct tally *t, double at_s)
{
	tally_time(t, base_s * second + (int64_t)(at_s * 1e9));
}

static void test_key_is_told_from_the_floor_on(void **state)
{
	struct heard h;
	struct tally *t = begin(&h);

	(void)state;
	tick(t, -300);
	for (int bin = 0; bin < 4; bin++)
		for (uint8_t c = 0; c < 9; c++)
			flow(t, bin * 300 + c, c, true);
	tick(t, 1500);
	tick(t, 1800);
	assert_null(
		strstr(h.at, ":AQ:")); /* nine clients: the whole is counted, and no more is said */
	assert_non_null(strstr(h.at, "k0:0:"));
	for (uint8_t c = 0; c < 40; c++)
		flow(t, 1800 + c, c, true);
	for (uint8_t c = 0; c < 5; c++)
		flow(t, 2100 + c, c, true);
	tick(t, 2400);
	tick(t, 2700);
	/* The bin in which they reached it is told of the whole alone; then country, network and prefix. */
	assert_non_null(strstr(h.at, "b6 0=40/"));
	assert_null(strstr(strstr(h.at, "b6 0=40/"), "\n 1="));
	assert_non_null(strstr(
		h.at,
		"k1:1:AQ:0:0 k2:2:AQ:64500:0 k3:3:AQ:64500:24 b7 0=5/5/0 1=5/5/0 2=5/5/0 3=5/5/0\n"));
	tally_free(t);
}

static void test_syns_alone_make_no_key_and_are_counted_where_there_is_one(void **state)
{
	struct tally_stats st;
	struct heard h;
	struct tally *t = begin(&h);

	(void)state;
	tick(t, -300);
	for (int i = 0; i < 250; i++)
		flow(t, i, (uint8_t)i, false);
	tick(t, 300);
	tick(t, 600);
	tally_finish(t);
	tally_stats(t, &st);
	assert_int_equal(st.keys, 1);
	assert_non_null(strstr(h.at, "b0 0=0/0/250\n"));
	tally_free(t);
}

static void test_bins_that_were_not_watched_whole_are_not_told(void **state)
{
	struct tally_stats st;
	struct heard h;
	struct tally *t = begin(&h);

	(void)state;
	flow(t, 100, 1, true); /* the capture begins within this bin */
	flow(t, 400, 1, true);
	flow(t, 700, 1, true);
	flow(t, 5000, 1,
	     true); /* nothing for an hour: what lies beside the hole is not whole either */
	flow(t, 5200, 1, true);
	flow(t, 5600, 1, true);
	tally_finish(t);
	tally_stats(t, &st);
	assert_string_equal(h.at, "k0:0::0:0 b1 0=1/1/0\nb17 0=1/1/0\n");
	assert_int_equal(st.bins, 2);
	assert_int_equal(st.partial, 4);
	tally_free(t);
}

static void test_flow_of_a_told_bin_is_late(void **state)
{
	struct tally_stats st;
	struct heard h;
	struct tally *t = begin(&h);
	uint8_t addr[16] = {0};

	(void)state;
	tick(t, 0);
	tick(t, 300);
	tick(t, 900);
	tally_count(t, &(struct tally_flow){.client = addr, .ts_ns = base_s * second, .ok = true});
	tally_stats(t, &st);
	assert_int_equal(st.late, 1);
	tally_free(t);
}

static void test_full_table_drops_what_was_seen_longest_ago_and_says_so(void **state)
{
	struct tally_stats st;
	struct heard h;
	struct tally *t = begin(&h);
	uint8_t addr[16] = {0x20, 1, 0xd, 0xb8};

	(void)state;
	tick(t, 0);
	for (uint32_t p = 0; p < LIMIT_TALLY_KEYS + 100; p++)
		for (uint8_t c = 0; c < 40; c++) {
			addr[4] = (uint8_t)(p >> 8);
			addr[5] = (uint8_t)p;
			addr[15] = c;
			tally_count(t, &(struct tally_flow){.client = addr,
							    .ts_ns = base_s * second,
							    .ok = true});
		}
	tally_stats(t, &st);
	assert_int_equal(st.keys_dropped, 101); /* the whole has a place too, and keeps it */
	tick(t, 300);
	tick(t, 600);
	assert_null(strstr(h.at, "g0 "));
	tally_free(t);
}

static void test_waiting_keys_are_bounded(void **state)
{
	struct tally_stats st;
	struct heard h;
	struct tally *t = begin(&h);
	uint8_t addr[16] = {0x20, 1, 0xd};

	(void)state;
	tick(t, 0);
	for (uint32_t p = 0; p < LIMIT_TALLY_WAITING + 7; p++) {
		addr[3] = (uint8_t)(p >> 16);
		addr[4] = (uint8_t)(p >> 8);
		addr[5] = (uint8_t)p;
		tally_count(t, &(struct tally_flow){
				       .client = addr, .ts_ns = base_s * second, .ok = true});
	}
	tally_stats(t, &st);
	assert_int_equal(st.waiting_dropped, 7);
	tally_free(t);
}

static void test_key_below_the_floor_for_two_weeks_is_gone(void **state)
{
	struct heard h;
	struct tally *t = begin(&h);

	(void)state;
	tick(t, -300);
	for (uint8_t c = 0; c < 40; c++)
		flow(t, c, c, true);
	for (int day = 0; day < 30; day++) {
		h.n = 0; /* only the last day's words */
		for (int bin = 0; bin < 4; bin++)
			flow(t, 86400.0 * day + 300 * bin + 300, 1, true);
		if (strstr(h.at, "g1 ")) {
			assert_in_range(day, 14, 28);
			tally_free(t);
			return;
		}
	}
	fail_msg("it is still told");
}

static void test_sketch_is_within_a_fifth(void **state)
{
	static const struct hash_key key = {1, 2};
	uint32_t off = 0, tries = 0;

	(void)state;
	for (uint32_t n = 1; n < 100000; n = n * 3 / 2 + 1)
		for (uint32_t seed = 0; seed < 20; seed++, tries++) {
			struct sketch s = {{0}};
			double got;

			for (uint32_t i = 0; i < n; i++) {
				uint64_t x = (uint64_t)seed << 32 | i;

				sketch_add(&s, keyhash(&key, &x, sizeof(x)));
			}
			got = sketch_count(&s);
			off += got < 0.8 * n || got > 1.2 * n;
		}
	assert_true(off * 20 <= tries);
}

static void test_median_of_round_trips_is_within_a_tenth(void **state)
{
	struct rtt_hist h = {{0}};

	(void)state;
	assert_int_equal(rtt_median_us(&h), 0);
	for (int i = 0; i < 100; i++)
		rtt_add(&h, i < 60 ? 80000000 : 2000000000);
	assert_in_range(rtt_median_us(&h), 72000, 88000);
	rtt_add(&h, INT64_MAX);
	rtt_add(&h, 1);
	assert_in_range(rtt_median_us(&h), 72000, 88000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_is_told_from_the_floor_on),
		cmocka_unit_test(test_syns_alone_make_no_key_and_are_counted_where_there_is_one),
		cmocka_unit_test(test_bins_that_were_not_watched_whole_are_not_told),
		cmocka_unit_test(test_flow_of_a_told_bin_is_late),
		cmocka_unit_test(test_full_table_drops_what_was_seen_longest_ago_and_says_so),
		cmocka_unit_test(test_waiting_keys_are_bounded),
		cmocka_unit_test(test_key_below_the_floor_for_two_weeks_is_gone),
		cmocka_unit_test(test_sketch_is_within_a_fifth),
		cmocka_unit_test(test_median_of_round_trips_is_within_a_tenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
