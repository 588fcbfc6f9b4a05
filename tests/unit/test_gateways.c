/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/gateways.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "match/gateways.h"
#include "unit/guard.h"
#include "unit/sig_text.h"

static const char captured[] =
	"format: 1\nid: middlebox.c\nrev: 1\nstatus: draft\ntitle: t\n"
	"claims: {technique: rst_injection, scope: [CN]}\nwhen: [rst.df is yes]\n"
	"sources: [{key: a, says: s, read: primary}]\n"
	"captures: [{repo: a/b, commit: 0123456789abcdef0123456789abcdef01234567, path: p, frames: [1]}]\n";
static const char described[] = "format: 1\nid: middlebox.d\nrev: 1\nstatus: draft\ntitle: t\n"
				"claims: {technique: rst_injection}\nwhen: [rst.df is no]\n"
				"sources: [{key: a, says: s, read: primary}]\n";
static const char mechanism[] = "format: 1\nid: mechanism.m\nrev: 1\nstatus: draft\ntitle: t\n"
				"claims: {technique: rst_injection}\nwhen: [rst.df is no]\n";

#define NONE "{level: none, since: null, says: nothing}"
#define FILE_OF(packet, application)                                       \
	"format: 1\nplaces:\n  - {place: CN, name: China, packet: " packet \
	", application: " application "}\n"

static struct sig_set *set;
static struct source_entry entry = {.key = (char *)"a2009"};
static const struct source_list known = {&entry, 1};

static int setup(void **state)
{
	const char *all[] = {captured, described, mechanism};

	(void)state;
	set = set_of(all, 3);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sig_set_free(set);
	return 0;
}

static void test_gateways_good_file_is_read(void **state)
{
	struct gateway_list l;
	struct sig_problems p = {0};
	const char *text =
		"format: 1\nplaces:\n  - place: CN\n    name: China\n    system: a wall\n    asked: yes\n"
		"    packet: {level: captures, since: 2017-01, says: much, sources: [a2009], "
		"signatures: [middlebox.c, middlebox.d]}\n    application: {level: national, "
		"since: null, says: pages, sources: [a2009]}\n"
		"  - {place: NP, name: Nepal, packet: " NONE ", application: " NONE "}\n";

	(void)state;
	assert_true(gateways_parse(&l, "g", sig_bytes(text), set, &known, &p));
	assert_int_equal(p.n, 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.at[0].place, "CN");
	assert_string_equal(l.at[0].system, "a wall");
	assert_true(l.at[0].asked);
	assert_int_equal(l.at[0].packet.level, GATEWAY_CAPTURES);
	assert_string_equal(l.at[0].packet.since, "2017-01");
	assert_int_equal(l.at[0].packet.n_signatures, 2);
	assert_string_equal(l.at[0].packet.signature[1], "middlebox.d");
	assert_int_equal(l.at[0].application.level, GATEWAY_NATIONAL);
	assert_null(l.at[0].application.since);
	assert_false(l.at[1].asked);
	assert_int_equal(l.at[1].packet.level, GATEWAY_NONE);
	gateways_free(&l);
}

static void test_gateways_claims_that_nothing_carries_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} row[] = {
		{FILE_OF("{level: captures, since: 2017, says: s, sources: [a2009]}", NONE),
		 "captures without a signature"},
		{FILE_OF("{level: published, since: 2017, says: s, sources: [a2009]}", NONE),
		 "published without a signature"},
		{FILE_OF("{level: captures, since: 2017, says: s, sources: [a2009], signatures: [middlebox.d]}",
			 NONE),
		 "none of the signatures names one"},
		{FILE_OF("{level: published, since: 2017, says: s, sources: [a2009], signatures: [middlebox.e]}",
			 NONE),
		 "there is no middlebox signature middlebox.e"},
		{FILE_OF("{level: published, since: 2017, says: s, sources: [a2009], signatures: [mechanism.m]}",
			 NONE),
		 "there is no middlebox signature mechanism.m"},
		{FILE_OF("{level: published, since: 2017, says: s, sources: [b2009], signatures: [middlebox.d]}",
			 NONE),
		 "SOURCES.yaml has no key b2009"},
		{FILE_OF("{level: published, since: 2017, says: s, signatures: [middlebox.d]}",
			 NONE),
		 "published without a source"},
		{FILE_OF("{level: thin, since: 2017, says: s}", NONE), "thin without a source"},
		{FILE_OF("{level: thin, since: 2017, says: s, sources: [a2009], signatures: [middlebox.d]}",
			 NONE),
		 "level thin has no signature"},
		{FILE_OF("{level: none, since: 2017, says: s}", NONE), "none cannot have begun"},
		{FILE_OF(NONE, "{level: isp, since: 2017, says: s}"), "isp without a source"},
		{FILE_OF(NONE, "{level: captures, since: null, says: s, sources: [a2009]}"),
		 "it must be one of none, isp, national"},
		{FILE_OF("{level: many, since: null, says: s}", NONE), "it must be one of"},
		{FILE_OF("{level: none, since: soon, says: s}", NONE), "soon is no date"},
		{FILE_OF("{level: none, says: s}", NONE), "packet lacks the key since"},
		{"format: 1\nplaces:\n  - {place: NP, name: N, packet: {level: published, since: 2017, says: s, "
		 "sources: [a2009], signatures: [middlebox.c]}, application: " NONE "}\n",
		 "middlebox.c is not about NP"},
		{"format: 1\nplaces:\n  - {place: np, name: N, packet: " NONE ", application: " NONE
		 "}\n",
		 "np is no country code"},
		{"format: 1\nplaces:\n  - {place: NP, name: N, packet: " NONE ", application: " NONE
		 "}\n"
		 "  - {place: NP, name: N, packet: " NONE ", application: " NONE "}\n",
		 "NP stands here twice"},
		{"format: 1\nplaces:\n  - {place: NP, name: N, packet: " NONE "}\n",
		 "a place lacks the key application"},
		{"format: 2\nplaces:\n  - {place: NP, name: N, packet: " NONE ", application: " NONE
		 "}\n",
		 "format 2"},
		{"format: 1\nplaces:\n", "no place"},
		{"", "empty"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct gateway_list l;
		struct sig_problems p = {0};
		bool said = false;

		assert_false(gateways_parse(&l, "g", sig_bytes(row[i].text), set, &known, &p));
		for (size_t k = 0; k < p.n; k++)
			said |= strstr(p.at[k].what, row[i].words) != NULL;
		if (p.n != 1 || !said)
			fail_msg("%s: %zu: %s", row[i].words, p.n, p.n ? p.at[0].what : "");
		gateways_free(&l);
		sig_problems_free(&p);
	}
}

static void test_gateways_cut_at_every_length_is_never_good(void **state)
{
	static const char text[] = FILE_OF(
		"{level: captures, since: 2017, says: s, sources: [a2009], signatures: [middlebox.c]}",
		NONE);
	size_t n = sizeof(text) - 1;

	(void)state;
	for (size_t len = 0; len < n - 1; len++) {
		struct guard g = guard_copy(text, len);
		struct bytes b = {g.at, g.len};
		struct gateway_list l;
		struct sig_problems p = {0};

		assert_false(gateways_parse(&l, "g", b, set, &known, &p));
		gateways_free(&l);
		sig_problems_free(&p);
		guard_free(&g);
	}
}

static void test_gateways_file_that_is_not_there_is_a_complaint(void **state)
{
	struct gateway_list l;
	struct sig_problems p = {0};

	(void)state;
	assert_false(gateways_read(&l, "/nowhere/GATEWAYS.yaml", set, &known, &p));
	assert_int_equal(p.n, 1);
	gateways_free(&l);
	sig_problems_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gateways_good_file_is_read),
		cmocka_unit_test(test_gateways_claims_that_nothing_carries_are_refused),
		cmocka_unit_test(test_gateways_cut_at_every_length_is_never_good),
		cmocka_unit_test(test_gateways_file_that_is_not_there_is_a_complaint),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
