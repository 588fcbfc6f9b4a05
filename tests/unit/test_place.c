/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/place.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kin/place.h"

struct reset {
	int ttl, delta; /* -1 and 1000: not measured */
	bool steps, lockstep, bound;
	enum capture_point point;
	enum place_got got;
	uint8_t lo, hi;
};

static struct evidence *reset_case(const struct reset *r)
{
	struct evidence *ev = evidence_new(CASE_RST);

	assert_non_null(ev);
	if (r->ttl >= 0)
		evidence_put1(ev, FEAT_RST_TTL, r->ttl, 1);
	if (r->delta != 1000)
		evidence_put1(ev, FEAT_RST_TTL_DELTA, r->delta, 1);
	evidence_put1(ev, FEAT_RST_TTL_STEP, r->steps, 1);
	evidence_put1(ev, FEAT_RST_LOCKSTEP, r->lockstep, 1);
	evidence_put1(ev, FEAT_RST_TSG_BOUND, r->bound, 1);
	return ev;
}

static void test_place_resets(void **state)
{
	static const struct reset row[] = {
		/* server 20 hops away (44), injector 6 */
		{.ttl = 58, .delta = 14, .got = PLACE_KNOWN, .lo = 6, .hi = 6},
		{.ttl = 120, .delta = 76, .got = PLACE_KNOWN, .lo = 8, .hi = 8},
		{.ttl = 250, .delta = 206, .got = PLACE_KNOWN, .lo = 5, .hi = 5},
		/* 30: two hops of 32 or 34 of 64, and the server (90) is 38 hops away */
		{.ttl = 30, .delta = -60, .got = PLACE_KNOWN, .lo = 2, .hi = 34},
		/* the same with the server 20 hops away: 34 is behind it */
		{.ttl = 30, .delta = -14, .got = PLACE_KNOWN, .lo = 2, .hi = 2},
		/* no usual initial TTL is that near: 44 hops of 64, 108 of 128 */
		{.ttl = 100, .delta = 56, .got = PLACE_REFUSED},
		/* no evidence: the same TTL, none of that side's, or none at all */
		{.ttl = 58, .delta = 0, .got = PLACE_UNKNOWN},
		{.ttl = 58, .delta = 1000, .got = PLACE_UNKNOWN},
		{.ttl = -1, .delta = 1000, .got = PLACE_UNKNOWN},
		/* TTLs made by a rule */
		{.ttl = 58, .delta = 14, .steps = true, .got = PLACE_REFUSED},
		{.ttl = 58, .delta = 14, .lockstep = true, .got = PLACE_REFUSED},
		{.ttl = 58, .delta = 14, .bound = true, .got = PLACE_REFUSED},
		/* headers of the phone's own stack */
		{.ttl = 58, .delta = 14, .point = POINT_VPN_API, .got = PLACE_UNKNOWN},
		{.ttl = 58, .delta = 14, .point = POINT_PROXY, .got = PLACE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow_record flow = {.point = row[i].point};
		struct evidence *ev = reset_case(&row[i]);
		uint8_t lo = 99, hi = 99;

		if (place_of(&flow, ev, &lo, &hi) != row[i].got)
			fail_msg("row %zu", i);
		if (row[i].got == PLACE_KNOWN && (lo != row[i].lo || hi != row[i].hi))
			fail_msg("row %zu: %u to %u", i, lo, hi);
		evidence_free(ev);
	}
}

static void test_place_page_and_dns(void **state)
{
	struct flow_record flow = {.point = POINT_WIRE};
	struct evidence *page = evidence_new(CASE_PAGE), *dns = evidence_new(CASE_DNS);
	uint8_t lo, hi;

	(void)state;
	evidence_put1(page, FEAT_PAGE_TTL, 60, 1);
	assert_int_equal(place_of(&flow, page, &lo, &hi), PLACE_UNKNOWN);
	evidence_put1(page, FEAT_PAGE_TTL_GAP, 9, 1);
	assert_int_equal(place_of(&flow, page, &lo, &hi), PLACE_KNOWN);
	assert_int_equal(lo, 4);
	/* Injectors of DNS answers make their TTLs by rules. */
	evidence_put1(dns, FEAT_DNS_TTL, 60, 1);
	evidence_put1(dns, FEAT_DNS_TTL_GAP, 9, 1);
	assert_int_equal(place_of(&flow, dns, &lo, &hi), PLACE_UNKNOWN);
	evidence_free(page);
	evidence_free(dns);
}

static void test_place_finding_range_of_likely_cases(void **state)
{
	static const struct reset row[] = {{.ttl = 58, .delta = 14},
					   {.ttl = 56, .delta = 12},
					   {.ttl = 40, .delta = -4},
					   {.ttl = 58, .delta = 14, .steps = true}};
	struct evidence *ev[4];
	static struct finding f;

	(void)state;
	for (int i = 0; i < 4; i++)
		f.cases[i] = ev[i] = reset_case(&row[i]);
	f.n_cases = 4;
	f.likely_cases = 3;
	place_finding(&f);
	assert_true(f.has_injector);
	assert_int_equal(f.injector_lo, 6);
	assert_int_equal(f.injector_hi, 8);
	/* One that counts: nothing is said of the others either. */
	f.likely_cases = 11;
	place_finding(&f);
	assert_false(f.has_injector);
	f.likely_cases = 0;
	place_finding(&f);
	assert_false(f.has_injector);
	for (int i = 0; i < 4; i++)
		evidence_free(ev[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_resets),
		cmocka_unit_test(test_place_page_and_dns),
		cmocka_unit_test(test_place_finding_range_of_likely_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
