/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/merge.c */
/* covers: engine/kin/merge_join.c */
/* Several runs as one: no order, nothing twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kin/merge.h"
#include "kin_build.h"

enum { TEXT = 4 * KIN_TEXT };

/* A run over captures named `names` ("ab" is a.pcap and b.pcap) whose digests are `shas` ("1-": the second has none), with one device
 * and one finding in the first capture. */
static void run_text(char out[TEXT], const char *names, const char *shas, const char *id,
		     const char *print)
{
	char device[KIN_TEXT], inputs[2048] = "", file[] = "?.pcap";
	size_t n = 0;

	file[0] = names[0];
	kin_event(device, id, "rst", 3, file, "2026-01-01T00:00:00.000000000Z", print);
	for (size_t i = 0; names[i]; i++) {
		n += (size_t)snprintf(inputs + n, sizeof(inputs) - n,
				      "%s{\"file\":\"%c.pcap\",\"packets\":10,\"state\":\"whole\"",
				      i ? "," : "", names[i]);
		if (shas[i] != '-')
			n += (size_t)snprintf(inputs + n, sizeof(inputs) - n,
					      ",\"sha256\":\"%c%063d\"", shas[i], 0);
		n += (size_t)snprintf(inputs + n, sizeof(inputs) - n, "}");
	}
	snprintf(
		out, TEXT,
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"finding\",\"id\":\"%s\",\"rev\":1,\"ts\":"
		"\"2026-01-01T00:00:00.000000000Z\",\"src\":{\"file\":\"%s\",\"frames\":[1]},\"techniques\":[\"rst_injection\"],"
		"\"grade\":\"likely\"}\n%s\n{\"schema\":\"wallprint.event/1\",\"event_type\":\"run\",\"inputs\":[%s],\"packets\":10}\n",
		id, file, device, inputs);
}

static struct merge *merge_of(const char *const *text, size_t n, bool join)
{
	struct merge *m = merge_new();
	struct err_info err;

	assert_non_null(m);
	for (size_t i = 0; i < n; i++) {
		char name[8] = {(char)('A' + i)};
		FILE *f = fmemopen((void *)text[i], strlen(text[i]), "r");

		assert_non_null(f);
		assert_true(merge_read(m, f, name, true, &err));
		fclose(f);
	}
	assert_true(merge_sort(m, &err));
	if (join)
		assert_true(merge_join(m, &err));
	return m;
}

#define PRINT \
	KIN_NUM("rst.flags", 20, 3) "," KIN_NUM("rst.win", 16, 3) "," KIN_NUM("rst.ipid", 242, 3)
#define OTHER KIN_NUM("rst.flags", 4, 3) "," KIN_NUM("rst.win", 0, 3) "," KIN_NUM("rst.ipid", 0, 3)

static void test_like_devices_of_two_runs_are_one_seen_from_two(void **state)
{
	static char a[TEXT], b[TEXT], c[TEXT];
	const char *all[] = {a, b, c};
	struct merge *m;

	(void)state;
	run_text(a, "a", "1", "00000000000000aa", PRINT);
	run_text(b, "b", "2", "00000000000000bb", PRINT);
	run_text(c, "c", "3", "00000000000000cc", OTHER);
	m = merge_of(all, 3, true);
	assert_int_equal(m->n_devices, 2);
	assert_string_equal(m->device[0].d.id, "00000000000000aa");
	assert_int_equal(m->device[0].n_members, 2);
	assert_int_equal(m->device[0].d.n_findings, 6);
	assert_int_equal(m->device[0].d.n_seen, 2);
	assert_true(m->device[0].d.seen[0].has_hops && m->device[0].d.seen[1].has_hops);
	assert_int_equal(device_feat(&m->device[0].d, FEAT_RST_WIN)->n_known, 6);
	assert_string_equal(m->device[1].d.id, "00000000000000cc");
	assert_int_equal(m->n_findings, 3);
	merge_free(m);
}

static void test_order_of_files_changes_nothing(void **state)
{
	static char a[TEXT], b[TEXT], c[TEXT];
	const char *one[] = {a, b, c}, *two[] = {c, a, b};
	struct merge *m, *k;

	(void)state;
	run_text(a, "a", "1", "00000000000000aa", PRINT);
	run_text(b, "ba", "21", "00000000000000bb", PRINT);
	run_text(c, "c", "3", "00000000000000cc", OTHER);
	m = merge_of(one, 3, true);
	k = merge_of(two, 3, true);
	assert_int_equal(m->n_devices, k->n_devices);
	for (uint32_t i = 0; i < m->n_runs; i++) {
		assert_string_equal(m->run[i].log.sha256, k->run[i].log.sha256);
		assert_int_equal(m->run[i].use, k->run[i].use);
	}
	for (size_t i = 0; i < m->n_devices; i++) {
		assert_string_equal(m->device[i].d.id, k->device[i].d.id);
		assert_int_equal(m->device[i].d.n_findings, k->device[i].d.n_findings);
	}
	assert_int_equal(m->n_findings, k->n_findings);
	for (size_t i = 0; i < m->n_findings; i++)
		assert_string_equal(m->finding[i].f->id, k->finding[i].f->id);
	merge_free(m);
	merge_free(k);
}

static void test_what_was_read_twice_counts_once(void **state)
{
	static char a[TEXT], again[TEXT], part[TEXT], more[TEXT];
	const char *same[] = {a, a}, *known[] = {part, a}, *overlap[] = {a, more};
	struct merge *m;

	(void)state;
	run_text(a, "ab", "12", "00000000000000aa", PRINT);
	run_text(again, "ab", "12", "00000000000000ab", PRINT);
	run_text(part, "x", "1", "00000000000000aa",
		 PRINT); /* the same capture under another name */
	run_text(more, "acd", "145", "00000000000000ac", PRINT);
	m = merge_of(same, 2, true);
	assert_int_equal(m->run[1].use, MERGE_SAME);
	assert_int_equal(m->n_devices, 1);
	assert_int_equal(m->device[0].d.n_findings, 3);
	assert_int_equal(m->n_findings, 1);
	merge_free(m);
	m = merge_of(known, 2, true);
	assert_int_equal(m->run[0].use, MERGE_USED); /* the larger run */
	assert_int_equal(m->run[1].use, MERGE_KNOWN);
	assert_int_equal(m->device[0].d.n_findings, 3);
	merge_free(m);
	/* a.pcap is in both: the run over three captures has it, and the other's device goes. */
	m = merge_of(overlap, 2, true);
	assert_int_equal(m->run[1].use, MERGE_OVERLAPS);
	assert_int_equal(m->run[1].devices_twice, 1);
	assert_int_equal(m->run[1].findings_twice, 1);
	assert_int_equal(m->n_devices, 1);
	assert_string_equal(m->device[0].d.id, "00000000000000ac");
	assert_int_equal(m->device[0].d.n_findings, 3);
	merge_free(m);
}

/* Pipes have no digest; the same findings count once all the same. */
static void test_run_without_digests_is_known_by_its_findings(void **state)
{
	static char a[TEXT], b[TEXT];
	const char *all[] = {a, b};
	struct merge *m;

	(void)state;
	run_text(a, "a", "-", "00000000000000aa", PRINT);
	run_text(b, "a", "-", "00000000000000aa", PRINT);
	strcat(b, "\n"); /* banned: there is room; another file with the same events */
	b[strlen(b) - 3] = ' ';
	b[strlen(b) - 2] = '}';
	m = merge_of(all, 2, true);
	assert_int_equal(m->n_findings, 1);
	assert_int_equal(m->n_devices, 1);
	assert_int_equal(m->device[0].d.n_findings, 3);
	merge_free(m);
}

static void test_one_name_for_two_captures_says_which(void **state)
{
	static char a[TEXT], b[TEXT];
	const char *all[] = {a, b};
	struct merge *m;

	(void)state;
	run_text(a, "a", "1", "00000000000000aa", PRINT);
	run_text(b, "a", "2", "00000000000000bb", PRINT);
	m = merge_of(all, 2, true);
	assert_int_equal(m->device[0].d.n_seen, 2);
	assert_string_equal(m->device[0].d.seen[0].file, "a.pcap (sha256 1000000000000000)");
	merge_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_devices_of_two_runs_are_one_seen_from_two),
		cmocka_unit_test(test_order_of_files_changes_nothing),
		cmocka_unit_test(test_what_was_read_twice_counts_once),
		cmocka_unit_test(test_run_without_digests_is_known_by_its_findings),
		cmocka_unit_test(test_one_name_for_two_captures_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
