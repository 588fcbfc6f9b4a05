/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/device_join.c engine/kin/device_key.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/device_build.h"

/* n resets of one sort, as the one device of a run of its own. `step`: window and ID vary. */
static const struct device *run(struct db *b, struct db_reset r, int n, uint16_t step)
{
	db_init(b);
	for (int i = 0; i < n; i++) {
		db_reset(b, &r);
		r.win = (uint16_t)(r.win + step);
		r.id = (uint16_t)(r.id + 31 * step);
		r.at += r.at != 0;
	}
	return db_only(b);
}

struct pair {
	struct db_reset a, b;
	int n_a, n_b;
	uint16_t step_a, step_b;
	bool alike;
};

static void test_alike_pairs(void **state)
{
	static const struct pair row[] = {
		{{.win = 16, .id = 242}, {.win = 16, .id = 242}, 3, 1, 0, 0, true},
		/* each constant, and not the same */
		{{.win = 16, .id = 242}, {.win = 17, .id = 242}, 3, 3, 0, 0, false},
		{{.win = 16, .id = 242}, {.win = 16, .id = 243}, 3, 3, 0, 0, false},
		/* single packets do not show whether they are constant */
		{{.win = 16, .id = 242}, {.win = 17, .id = 243}, 1, 1, 0, 0, true},
		/* both vary */
		{{.win = 900, .id = 242}, {.win = 4000, .id = 7}, 5, 5, 40, 31, true},
		/* one varies, and never has the other's constant */
		{{.win = 900, .id = 242}, {.win = 16, .id = 7}, 5, 5, 40, 0, false},
		/* empty windows are another program's */
		{{.win = 900, .id = 242}, {.win = 0, .id = 7}, 1, 1, 0, 0, false},
		{{.win = 16, .id = 242}, {.win = 16, .id = 242, .flags = 4}, 3, 3, 0, 0, false},
		{{.win = 16, .id = 242}, {.win = 16, .id = 242, .hdr_len = 32}, 3, 3, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct db a, b;
		const struct device *x = run(&a, row[i].a, row[i].n_a, row[i].step_a),
				    *y = run(&b, row[i].b, row[i].n_b, row[i].step_b);

		if (device_alike(x, y) != row[i].alike || device_alike(y, x) != row[i].alike)
			fail_msg("row %zu", i);
		assert_true(device_alike(x, x));
		db_fini(&a);
		db_fini(&b);
	}
}

static void test_join_adds_what_both_know(void **state)
{
	struct device into = {.first_ns = INT64_MAX, .last_ns = INT64_MIN};
	struct db a, b;
	const struct device *x = run(&a, (struct db_reset){.win = 16, .id = 242, .at = 50}, 3, 0);
	const struct device *y =
		run(&b, (struct db_reset){.win = 16, .id = 242, .at = 10, .input = 1}, 2, 0);

	(void)state;
	into.kase = CASE_RST;
	assert_true(device_join(&into, x));
	assert_true(device_join(&into, y));
	assert_int_equal(into.n_findings, 5);
	assert_int_equal(into.n_cases, 5);
	assert_string_equal(into.id, y->id);
	assert_int_equal(into.first_ns, y->first_ns);
	assert_int_equal(into.last_ns, x->last_ns);
	assert_int_equal(into.n_seen, 2);
	assert_int_equal(device_feat(&into, FEAT_RST_WIN)->n_known, 5);
	assert_int_equal(device_feat(&into, FEAT_RST_WIN)->value[0].n, 5);
	/* Each kept one reset; the packets of equal ones add up. */
	assert_int_equal(into.n_resets, 1);
	assert_int_equal(into.reset[0].packets, 5);
	device_clear(&into);
	assert_null(into.feat);
	device_clear(&into);
	db_fini(&a);
	db_fini(&b);
}

static void test_join_more_inputs_than_are_told_counted(void **state)
{
	struct device into = {.first_ns = INT64_MAX, .last_ns = INT64_MIN};
	struct db a;
	const struct device *x = run(&a, (struct db_reset){.win = 16, .id = 242}, 1, 0);

	(void)state;
	for (int i = 0; i < DEVICE_SEEN_MAX + 5; i++) {
		(void)snprintf(x->seen[0].file, DEVICE_FILE_TEXT, "%d.pcap", i);
		assert_true(device_join(&into, x));
	}
	assert_int_equal(into.n_seen, DEVICE_SEEN_MAX);
	assert_int_equal(into.seen_left_out, 5);
	assert_false(into.has_hops);
	device_clear(&into);
	db_fini(&a);
}

static void test_matches_most_first_and_bounded(void **state)
{
	struct device d = {.n_findings = 9};
	char id[32];

	(void)state;
	device_match_add(&d, "middlebox.b", 2);
	device_match_add(&d, "middlebox.a", 2);
	device_match_add(&d, "mechanism.c", 3);
	device_match_add(&d, "middlebox.a", 3);
	device_matches_order(&d);
	assert_string_equal(d.match[0].signature, "middlebox.a");
	assert_int_equal(d.match[0].n, 5);
	assert_string_equal(d.match[1].signature, "mechanism.c");
	assert_string_equal(d.match[2].signature, "middlebox.b");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(id, sizeof(id), "mechanism.%d", i);
		device_match_add(&d, id, 1);
	}
	assert_int_equal(d.n_matches, DEVICE_MATCHES_MAX);
}

static void test_headers_are_not_content(void **state)
{
	static const enum feat header[] = {FEAT_RST_WIN,      FEAT_RST_FLAGS,   FEAT_RST_IPID_STEP,
					   FEAT_RST_TTL_INIT, FEAT_PAGE_DF,     FEAT_DNS_TTL_INIT,
					   FEAT_RST_SEQ_OFF,  FEAT_DNS_IPID,    FEAT_RST_TSG_EXACT,
					   FEAT_OVERLAP_WIN,  FEAT_PAGE_HDR_LEN};
	static const enum feat content[] = {FEAT_RST_PAYLOAD, FEAT_DNS_FLAGS,   FEAT_DNS_ADDR,
					    FEAT_DNS_RR_TTL,  FEAT_PAGE_STATUS, FEAT_TRIGGER_KIND,
					    FEAT_PAGE_MARK,   FEAT_RST_COUNT,   FEAT_DROP_SILENCE};

	(void)state;
	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		if (!device_feat_is_header(header[i]))
			fail_msg("%s", feat_info(header[i])->name);
	for (size_t i = 0; i < sizeof(content) / sizeof(content[0]); i++)
		if (device_feat_is_header(content[i]))
			fail_msg("%s", feat_info(content[i])->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alike_pairs),
		cmocka_unit_test(test_join_adds_what_both_know),
		cmocka_unit_test(test_join_more_inputs_than_are_told_counted),
		cmocka_unit_test(test_matches_most_first_and_bounded),
		cmocka_unit_test(test_headers_are_not_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
