/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/outage_json.c */
/* covers: engine/sink/outage_text.c */
/* What is told of one outage: the events by their bytes, the page by its words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kin/outage.h"
#include "sink/outage_out.h"

enum { BASE_S = 1764288000 };

/* One prefix of five falls silent after three hours, for good. */
static struct outages *one_prefix(void)
{
	struct outages *o = outages_new();
	struct tally_hears to;

	assert_non_null(o);
	to = outages_hears(o);
	to.key(to.arg, 0, &(struct tally_key){.scope = TALLY_ALL});
	for (uint32_t i = 1; i < 6; i++)
		to.key(to.arg, i,
		       &(struct tally_key){.scope = TALLY_PREFIX,
					   .bits = 48,
					   .network = 64500 + i,
					   .prefix = {0x20, 1, 0xd, 0xb8, 0, (uint8_t)i}});
	for (int bin = 0; bin < 48; bin++) {
		struct tally_row row[6] = {{.no = 0}};
		uint32_t n = 1;

		for (uint32_t i = 1; i < 6; i++) {
			if (i == 3 && bin >= 36)
				continue;
			row[n++] = (struct tally_row){
				.no = i, .c = {.clients = 15, .kind = {[TALLY_TCP_443] = 30}}};
			row[0].c.kind[TALLY_TCP_443] += 30;
			row[0].c.clients += 15;
		}
		to.bin(to.arg, BASE_S + bin * TALLY_BIN_S, row, n);
	}
	outages_finish(o);
	return o;
}

static void test_event_has_place_times_depth_and_causes(void **state)
{
	static const char start[] =
		"\"scope\":{\"network\":64503,\"prefix\":\"2001:db8:3::/48\"},"
		"\"start\":\"2025-11-28T03:00:00.000000000Z\",\"last\":\"2025-11-28T04:00:00.000000000Z\",";
	static const char rest[] =
		"\"basis\":\"recent\",\"kept\":[],\"fell\":[\"tcp/443\"],\"signs\":[\"idle\",\"chart\"],"
		"\"others\":1,\"other_countries\":0,\"inside\":0,\"techniques\":[],\"grade\":\"anomaly\",";
	struct outages *o = one_prefix();
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct json j = {.f = f};

	(void)state;
	json_outages(&j, o);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(outages_n(o), 1);
	assert_memory_equal(
		text, "{\"schema\":\"wallprint.event/1\",\"event_type\":\"outage\",\"id\":\"", 58);
	assert_non_null(strstr(text, start));
	assert_non_null(strstr(text, "\"expected\":360,\"observed\":0,"));
	assert_non_null(strstr(text, "\"depth\":1,\"depth_interval\":[0.99,1],"));
	if (!strstr(text, rest))
		fail_msg("%s", text);
	assert_non_null(
		strstr(text, "{\"cause\":\"clients were given addresses of another prefix\""));
	assert_null(strstr(text, "\"end\""));
	free(text);
	outages_free(o);
}

static void test_page_says_what_is_missing_and_no_name_of_anybody(void **state)
{
	struct outages *o = one_prefix();
	struct say room = {.n = 0};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct page p = {.f = f, .width = 4000};

	(void)state;
	tell_outages(&p, &room, o);
	assert_int_equal(fclose(f), 0);
	assert_non_null(strstr(
		text,
		"prefix 2001:db8:3::/48: from 2025-11-28 03:00Z on, still so at 2025-11-28 04:00Z, "
		"100 % of the flows were missing"));
	assert_non_null(strstr(text, "It is anomaly. It may also be: "));
	assert_null(strstr(text, "shutdown"));
	assert_null(strstr(text, "censor"));
	free(text);
	outages_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_has_place_times_depth_and_causes),
		cmocka_unit_test(test_page_says_what_is_missing_and_no_name_of_anybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
