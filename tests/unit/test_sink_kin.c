/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/kin_set.c */
/* covers: engine/sink/json_copy.c */
/* covers: engine/sink/json_merge.c */
/* covers: engine/sink/kin_jsonl.c */
/* covers: engine/sink/kin_svg.c */
/* covers: engine/sink/kin_text.c */
/* covers: engine/sink/kin_words.c */
/* covers: engine/sink/tell_merge.c */
/* Devices of several runs in every output, with names that would break each of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kin_build.h"
#include "sink/json_merge.h"
#include "sink/kin_words.h"
#include "sink/tell_merge.h"

#define A KIN_NUM("rst.flags", 20, 5) "," KIN_NUM("rst.win", 16, 5) "," KIN_NUM("rst.ipid", 242, 5)
#define B KIN_NUM("rst.flags", 4, 5) "," KIN_NUM("rst.win", 0, 5) "," KIN_NUM("rst.ipid", 0, 5)
/* As JSON text: an escape sequence, markup, a quote, a bidi override. */
#define EVIL "\\u001b[2J<b>&\\\"'\\u202ex.pcap"

static char *event_text_of(const char *const *print, size_t n)
{
	size_t room = (n + 2) * KIN_TEXT, at = 0;
	char *text = malloc(room), id[17];

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "00000000000000a%zx", i);
		kin_event(text + at, id, "rst", 5, EVIL, "2026-01-01T00:00:00.000000000Z",
			  print[i]);
		at += strlen(text + at);
		text[at++] = '\n';
	}
	snprintf(
		text + at, room - at,
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"finding\",\"id\":\"0123456789abcdef\",\"rev\":1,\"ts\":"
		"\"2026-01-01T00:00:00.000000000Z\",\"src\":{\"file\":\"%s\",\"frames\":[1]},\"flow\":{\"orig\":{\"ip\":\"192.0.2.1\","
		"\"port\":1,\"country\":\"XX\"},\"resp\":{\"ip\":\"192.0.2.2\",\"port\":2}},\"techniques\":[\"rst_injection\"],\"grade\":"
		"\"likely\",\"x\":[[[[[[[[[1]]]]]]]]],\"n\":null}\n{\"schema\":\"wallprint.event/1\",\"event_type\":\"run\",\"inputs\":[{"
		"\"file\":\"%s\",\"packets\":7,\"state\":\"whole\",\"sha256\":\"%064d\"}],\"bytes\":11,\"flows\":2,\"signatures\":{\"sha256\":"
		"\"ab\",\"n\":3},\"tampering\":{\"post_psh\":1},\"lost\":{\"evicted\":4},\"summary\":{\"duplicates\":5}}\n",
		EVIL, EVIL, 1);
	return text;
}

static struct merge *merge_text(const char *const *print, size_t n)
{
	char *text = event_text_of(print, n);
	FILE *f = fmemopen(text, strlen(text), "r");
	struct merge *m = merge_new();
	struct err_info err;

	assert_true(f && m);
	assert_true(merge_read(m, f, "\033[31m<a>.jsonl", true, &err));
	assert_true(merge_sort(m, &err));
	fclose(f);
	free(text);
	return m;
}

static bool place(void *arg, const char *ip, char out[3])
{
	(void)arg;
	memcpy(out, "AQ", 3);
	return !strcmp(ip, "192.0.2.2");
}

enum what { TEXT, JSONL, SVG, MERGE_TEXT, MERGE_JSONL };

static char *output(const struct kin_set *k, const struct merge *m, enum what what)
{
	struct run_geo geo = {.known = true, .name = "\033<g>", .date = "2026-01-01"};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	if (what == TEXT)
		kin_text(f, k, 80, false, &geo);
	else if (what == JSONL)
		kin_jsonl(f, k, &geo);
	else if (what == SVG)
		kin_svg(f, k);
	else if (what == MERGE_TEXT)
		tell_merge(f, m, 80, false, &geo);
	else
		json_merge(f, m, place, NULL, &geo);
	assert_int_equal(fclose(f), 0);
	for (const char *t = text; *t; t++)
		if (((unsigned char)*t < 0x20 && *t != '\n') || !strncmp(t, "\xe2\x80\xae", 3))
			fail_msg("output %d holds a byte that steers", what);
	return text;
}

static void must_hold(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

static struct sig_set *collection(void)
{
	static const char *const dir[] = {"signatures"};
	struct sig_problems problems = {0};
	struct sig_set *set = NULL;
	struct err_info err;

	assert_true(sig_set_load(&set, dir, 1, &problems, &err));
	sig_problems_free(&problems);
	return set;
}

static void test_kin_outputs_hold_every_device_and_steer_nothing(void **state)
{
	static const char *const print[] = {A, A, B};
	struct merge *m = merge_text(print, 3);
	struct sig_set *sigs = collection();
	struct kin_set k;
	char *text;

	(void)state;
	assert_true(kin_set_make(m, NULL, sigs, &k));
	assert_int_equal(k.n, 3);
	assert_int_equal(k.n_kinds, 1);
	assert_true(k.kind[0].distance[1] < 1e-9 && k.kind[0].distance[2] > 0.9);
	assert_int_not_equal(k.member[0].family,
			     k.member[1].family); /* nothing measured how rare that is */
	text = output(&k, m, TEXT);
	must_hold(text, "1. ");
	must_hold(text, "3. ");
	must_hold(text, "0.00 apart");
	must_hold(text, "rst.win 16 against 0");
	must_hold(text, "No table of base rates");
	free(text);
	text = output(&k, m, JSONL);
	must_hold(text, "\"event_type\":\"kinship\"");
	must_hold(text, "\"event_type\":\"kinship_tree\"");
	must_hold(text, "\"distance_permille\":0");
	must_hold(text, "\"family_below_permille\":350");
	free(text);
	text = output(&k, m, SVG);
	must_hold(text, "&lt;b&gt;&amp;&quot;&#39;");
	must_hold(text, "</svg>");
	assert_null(strstr(text, "<b>"));
	free(text);
	kin_set_clear(&k);
	sig_set_free(sigs);
	merge_free(m);
}

static void test_merge_outputs_hold_sums_countries_and_steer_nothing(void **state)
{
	static const char *const print[] = {A, B};
	struct merge *m = merge_text(print, 2);
	struct err_info err;
	char *text;

	(void)state;
	assert_true(merge_join(m, &err));
	text = output(NULL, m, MERGE_TEXT);
	must_hold(text, "rst, 5 findings (device 00000000000000a0)");
	must_hold(text, "5 to 7 hops");
	must_hold(
		text,
		"Behaves like middlebox.yy.other (1 of 5 findings)."); /* mechanisms are no likeness */
	assert_null(strstr(text, "mechanism.x"));
	must_hold(text, "7 packets, 2 flows.");
	must_hold(text, "1 likely findings.");
	free(text);
	text = output(NULL, m, MERGE_JSONL);
	must_hold(text, "\"country\":\"AQ\"");
	assert_null(strstr(text, "XX")); /* the database that was named speaks, no other */
	must_hold(text, "\"packets\":7,\"bytes\":11,\"flows\":2");
	must_hold(text, "\"post_psh\":1");
	must_hold(text, "\"evicted\":4");
	must_hold(text, "\"duplicates\":5");
	must_hold(text, "\"rst_injection\":1");
	must_hold(text, "\"signatures\":{\"sha256\":\"ab\",\"n\":3}");
	must_hold(text, "[[[[[[[[[1]]]]]]]]]");
	free(text);
	merge_free(m);
}

static void test_no_devices_is_said(void **state)
{
	struct merge *m = merge_text(NULL, 0);
	struct sig_set *sigs = collection();
	struct kin_set k;
	char *text;

	(void)state;
	assert_true(kin_set_make(m, NULL, sigs, &k));
	text = output(&k, m, TEXT);
	must_hold(text, "No devices");
	free(text);
	free(output(&k, m, JSONL));
	free(output(&k, m, SVG));
	kin_set_clear(&k);
	sig_set_free(sigs);
	merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kin_outputs_hold_every_device_and_steer_nothing),
		cmocka_unit_test(test_merge_outputs_hold_sums_countries_and_steer_nothing),
		cmocka_unit_test(test_no_devices_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
