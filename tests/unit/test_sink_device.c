/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/json_device.c engine/sink/tell_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/json_device.h"
#include "sink/tell.h"
#include "unit/device_build.h"

static char *json_of(const struct device *d)
{
	struct json j = {0};
	char *text = NULL;
	size_t n;

	j.f = open_memstream(&text, &n);
	assert_non_null(j.f);
	json_device(&j, d);
	assert_int_equal(fclose(j.f), 0);
	return text;
}

static char *page_of(const struct devices *ds)
{
	struct page p = {.width = 100};
	struct say *room = calloc(1, sizeof(*room));
	char *text = NULL;
	size_t n;

	assert_non_null(room);
	p.f = open_memstream(&text, &n);
	assert_non_null(p.f);
	tell_devices(&p, room, ds);
	assert_int_equal(fclose(p.f), 0);
	free(room);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void test_json_whole_event(void **state)
{
	struct db b;
	char *text;

	(void)state;
	db_init(&b);
	for (int i = 0; i < 3; i++)
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .ttl = 58, .delta = 8});
	db_reset(&b, &(struct db_reset){.win = 16,
					.id = 242,
					.ttl = 57,
					.delta = 7,
					.stage = "post_syn",
					.at = 63});
	text = json_of(db_only(&b));
	assert_has(text, "{\"schema\":\"wallprint.event/1\",\"event_type\":\"device\",\"id\":\"");
	assert_has(
		text,
		"\"kind\":\"rst\",\"findings\":4,\"cases\":4,\"techniques\":[],\"grade\":\"confirmed\",\"fingerprint\":{"
		"\"flow.stage\":{\"unit\":\"token\",\"known\":4,\"values\":[[\"post_psh\",3],[\"post_syn\",1]]},"
		"\"trigger.kind\":{\"unit\":\"token\",\"known\":3,\"values\":[[\"tls-sni\",3]]},");
	assert_has(
		text,
		"\"rst.flags\":{\"unit\":\"number\",\"known\":4,\"values\":[[20,4]],\"min\":20,\"max\":20}");
	assert_has(text, "\"rst.df\":{\"unit\":\"yesno\",\"known\":4,\"values\":[[true,4]]}");
	assert_has(
		text,
		"},\"hops_from_capture\":[6,7],\"seen_from\":[{\"file\":\"a.pcap\",\"findings\":4,\"hops_from_capture\":[6,7],");
	assert_has(
		text,
		"\"reacts_to\":[\"tls-sni\"],\"reliability\":{\"acted\":3,\"opportunities\":3},\"residual_s\":62,\"resets\":[{");
	assert_has(
		text,
		"\"src\":\"203.0.113.90\",\"dst\":\"10.0.0.7\",\"to\":\"orig\",\"ipid\":242,\"win\":16,\"ttl\":58,\"packets\":3}");
	assert_has(
		text,
		"\"matches\":[],\"first\":\"2023-11-14T22:13:21.000000000Z\",\"last\":\"2023-11-14T22:14:23.000000000Z\"}\n");
	assert_null(strstr(text, "generator"));
	assert_null(strstr(text, "local_headers"));
	free(text);
	db_fini(&b);
}

static void test_json_generator(void **state)
{
	struct device d = {.kase = CASE_RST,
			   .grade = GRADE_LIKELY,
			   .has_generator = true,
			   .generator = {.multiplier = 13,
					 .bound = 65535,
					 .packets = 18,
					 .resets = 6,
					 .chance = 0,
					 .has_hops = true,
					 .hops = 16}};
	char *text = json_of(&d);

	(void)state;
	assert_has(
		text,
		"\"generator\":{\"name\":\"geedge-tsg\",\"multiplier\":13,\"bound\":65535,\"packets\":18,\"resets\":6,"
		"\"chance\":1e-300,\"hops_from_capture\":[16,16]}");
	free(text);
}

/* A name of a file that would steer a terminal or end the string. */
static void test_json_hostile_file_name_escaped(void **state)
{
	struct db b;
	char *text;

	(void)state;
	db_init(&b);
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242});
	db_finish(&b);
	(void)snprintf(devices_at(b.ds, 0)->seen[0].file, DEVICE_FILE_TEXT, "a\"\n\033[2J");
	text = json_of(devices_at(b.ds, 0));
	assert_has(text, "\"file\":\"a\\\"\\u000a\\u001b[2J\"");
	free(text);
	db_fini(&b);
}

static void test_text_paragraph_and_none(void **state)
{
	struct db b;
	char *text;

	(void)state;
	db_init(&b);
	for (int i = 0; i < 3; i++)
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .ttl = 58, .delta = 8});
	db_finish(&b);
	text = page_of(b.ds);
	assert_has(text, devices_at(b.ds, 0)->id);
	assert_has(text,
		   "resets in 3 findings (confirmed); after names in TLS hellos; about 6 hops");
	assert_has(text, "acted on 3 of 3 connections");
	free(text);
	db_fini(&b);
	db_init(&b);
	db_finish(&b);
	text = page_of(b.ds);
	assert_string_equal(text, "");
	free(text);
	db_fini(&b);
}

static void test_text_many_devices_counted(void **state)
{
	struct db b;
	char *text;

	(void)state;
	db_init(&b);
	for (uint8_t i = 0; i < 15; i++)
		db_reset(&b,
			 &(struct db_reset){.win = 16, .id = 242, .hdr_len = (uint8_t)(20 + i)});
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 15);
	text = page_of(b.ds);
	assert_has(text, "3 more are not shown here");
	free(text);
	db_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_whole_event),
		cmocka_unit_test(test_json_generator),
		cmocka_unit_test(test_json_hostile_file_name_escaped),
		cmocka_unit_test(test_text_paragraph_and_none),
		cmocka_unit_test(test_text_many_devices_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
