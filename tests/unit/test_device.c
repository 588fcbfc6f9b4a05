/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/device.c engine/kin/device_cells.c engine/kin/device_group.c engine/kin/device_past.c engine/kin/device_feats.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/device_build.h"

static void test_devices_same_packets_one_device(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (int i = 0; i < 5; i++)
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .ttl = 58, .delta = 8});
	d = db_only(&b);
	assert_int_equal(d->n_findings, 5);
	assert_int_equal(d->kase, CASE_RST);
	assert_int_equal(d->reacts_to, 1u << TRIGGER_TLS_SNI);
	assert_true(d->has_hops);
	assert_int_equal(d->hops_lo, 6);
	assert_int_equal(d->hops_hi, 6);
	assert_int_equal(d->last_ns - d->first_ns, 4 * DB_STEP_NS);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->n_values, 1);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->value[0].num, 16);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->value[0].n, 5);
	/* Absolute TTLs are no part of what a program looks like. */
	assert_null(device_feat(d, FEAT_RST_TTL));
	db_fini(&b);
}

static void test_devices_varying_values_one_device(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (uint16_t i = 0; i < 20; i++)
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(900 + 41 * i),
						.id = (uint16_t)(7 + 911 * i),
						.ttl = 58,
						.delta = 8});
	d = db_only(&b);
	assert_int_equal(d->n_findings, 20);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->n_values, DEVICE_VALUES_MAX);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->n_more, 20 - DEVICE_VALUES_MAX);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->min, 900);
	assert_int_equal(device_feat(d, FEAT_RST_WIN)->max, 900 + 41 * 19);
	db_fini(&b);
}

static void test_devices_other_flags_another_device(void **state)
{
	struct db b;

	(void)state;
	db_init(&b);
	for (uint16_t i = 0; i < 4; i++) {
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(1000 + i), .id = 9, .flags = 4});
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(1000 + i), .id = 9});
	}
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 2);
	assert_int_equal(devices_at(b.ds, 0)->n_findings, 4);
	assert_int_equal(devices_at(b.ds, 1)->n_findings, 4);
	assert_string_not_equal(devices_at(b.ds, 0)->id, devices_at(b.ds, 1)->id);
	db_fini(&b);
}

/* One whose IP ID and window never change, among others whose do. */
static void test_devices_constant_among_varying_told_apart(void **state)
{
	struct db b;

	(void)state;
	db_init(&b);
	for (uint16_t i = 0; i < 6; i++) {
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242});
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(20000 + 77 * i),
						.id = (uint16_t)(40000 + 913 * i)});
	}
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 2);
	assert_int_equal(devices_at(b.ds, 0)->n_findings, 6);
	assert_int_equal(device_feat(devices_at(b.ds, 0), FEAT_RST_IPID)->n_values, 1);
	assert_int_equal(devices_at(b.ds, 1)->n_findings, 6);
	db_fini(&b);
}

static void test_devices_order_of_findings_same_outcome(void **state)
{
	struct db_reset r[12];
	char id[2][17], other[2][17];
	struct db b;

	(void)state;
	for (uint16_t i = 0; i < 12; i++) {
		r[i] = (struct db_reset){.win = 16, .id = 242, .at = i + 1};
		if (i % 2)
			r[i] = (struct db_reset){.win = (uint16_t)(20000 + 77 * i),
						 .id = (uint16_t)(40000 + 913 * i),
						 .at = i + 1};
	}
	for (int round = 0; round < 2; round++) {
		db_init(&b);
		for (int i = 0; i < 12; i++)
			db_reset(&b, &r[round ? 11 - i : i]);
		db_finish(&b);
		assert_int_equal(devices_n(b.ds), 2);
		for (int i = 0; i < 2; i++)
			memcpy(round ? other[i] : id[i], devices_at(b.ds, (size_t)i)->id, 17);
		db_fini(&b);
	}
	assert_memory_equal(id, other, sizeof(id));
}

/* A device that resets both ends: one finding, two cases, counted once. */
static void test_devices_both_ways_one_finding(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (uint16_t i = 0; i < 3; i++)
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(700 + i),
						.id = (uint16_t)(50 + 1000 * i),
						.both = true});
	d = db_only(&b);
	assert_int_equal(d->n_findings, 3);
	assert_int_equal(d->n_cases, 6);
	assert_int_equal(d->seen[0].n_findings, 3);
	db_fini(&b);
}

static void test_devices_anomaly_makes_none(void **state)
{
	struct db b;

	(void)state;
	db_init(&b);
	for (int i = 0; i < 5; i++)
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .anomaly = true});
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 0);
	assert_int_equal(devices_left_out(b.ds), 0);
	db_fini(&b);
}

/* On a VPN interface the phone's own stack writes the headers. */
static void test_devices_vpn_interface_no_headers_in_fingerprint(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	b.point = POINT_VPN_API;
	for (uint16_t i = 0; i < 4; i++)
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(16 + i),
						.id = 242,
						.flags = i % 2 ? 4 : 20,
						.ttl = 58,
						.delta = 8});
	d = db_only(&b);
	assert_true(d->local_headers);
	assert_false(d->has_hops);
	assert_int_equal(d->n_resets, 0);
	for (uint32_t i = 0; i < d->n_feats; i++)
		assert_false(device_feat_is_header(d->feat[i].feat));
	assert_non_null(device_feat(d, FEAT_TRIGGER_KIND));
	db_fini(&b);
}

static void test_devices_ttl_spread_no_place(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (uint16_t i = 0; i < 6; i++)
		db_reset(&b, &(struct db_reset){.win = 16,
						.id = 242,
						.ttl = (uint8_t)(40 + 4 * i),
						.delta = 40 + 4 * i - 36});
	d = db_only(&b);
	assert_false(d->has_hops);
	assert_int_equal(d->seen[0].n_hops, 6);
	db_fini(&b);
}

static void test_devices_two_inputs_each_with_its_place(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (uint32_t i = 0; i < 4; i++)
		db_reset(&b, &(struct db_reset){.win = 16,
						.id = 242,
						.ttl = i % 2 ? 58 : 50,
						.delta = 3,
						.input = i % 2});
	d = db_only(&b);
	assert_int_equal(d->n_seen, 2);
	assert_false(d->has_hops);
	assert_true(d->seen[0].has_hops && d->seen[1].has_hops);
	assert_int_equal(d->seen[0].hops_lo, 14);
	assert_int_equal(d->seen[1].hops_lo, 6);
	db_fini(&b);
}

static void test_devices_reliability_counts_what_passed(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (int i = 0; i < 3; i++)
		db_reset(&b, &(struct db_reset){.win = 16, .id = 242});
	db_flow(&b, "blocked.example", 5000); /* passed */
	db_flow(&b, "blocked.example", 0);    /* nobody knows why there was no answer */
	db_flow(&b, "other.example", 5000);   /* not its name */
	d = db_only(&b);
	assert_int_equal(d->acted, 3);
	assert_int_equal(d->opportunities, 4);
	db_fini(&b);
}

/* The flow that is told right after its finding is no opportunity missed. */
static void test_devices_own_flow_is_no_pass(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242});
	b.same_flow = true;
	db_flow(&b, "blocked.example", 5000);
	d = db_only(&b);
	assert_int_equal(d->acted, 1);
	assert_int_equal(d->opportunities, 1);
	db_fini(&b);
}

static void test_devices_reset_without_trigger_later_residual(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .at = 10});
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .at = 70, .stage = "post_syn"});
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .at = 95, .stage = "post_syn"});
	d = db_only(&b);
	assert_int_equal(d->residual_ns, 85 * DB_STEP_NS);
	db_fini(&b);
}

static void test_devices_other_ends_no_residual(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	db_reset(&b, &(struct db_reset){.win = 16, .id = 242, .at = 10});
	db_reset(&b, &(struct db_reset){
			     .win = 16, .id = 242, .at = 70, .stage = "post_syn", .server = 9});
	d = db_only(&b);
	assert_int_equal(d->residual_ns, 0);
	db_fini(&b);
}

/* Ten thousand sorts of packets: bounded, and what has no room is counted. */
static void test_devices_without_end_bounded_and_counted(void **state)
{
	uint64_t findings = 0;
	struct db b;

	(void)state;
	db_init(&b);
	for (uint32_t i = 0; i < 3000; i++)
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(1 + i),
						.id = (uint16_t)(1 + 3 * i),
						.hdr_len = (uint8_t)(20 + i % 1500 / 6),
						.flags = (uint16_t)(4 + 8 * (i % 6))});
	db_finish(&b);
	for (size_t i = 0; i < devices_n(b.ds); i++)
		findings += devices_at(b.ds, i)->n_findings;
	assert_true(devices_n(b.ds) <= LIMIT_DEVICE_CELLS);
	assert_true(devices_left_out(b.ds) > 0);
	assert_int_equal(findings + devices_left_out(b.ds), 3000);
	db_fini(&b);
}

static void test_devices_one_sort_without_end_one_device(void **state)
{
	struct db b;
	const struct device *d;

	(void)state;
	db_init(&b);
	for (uint32_t i = 0; i < 2000; i++)
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(6000 + 3 * i),
						.id = (uint16_t)(1 + 37 * i)});
	d = db_only(&b);
	assert_int_equal(d->n_findings, 2000);
	assert_int_equal(d->n_resets, DEVICE_RESETS_MAX);
	db_fini(&b);
}

/* More pairs of values than have cells of their own; but one window comes with every second. */
static void test_devices_constant_window_of_many_ids_told_apart(void **state)
{
	struct db b;

	(void)state;
	db_init(&b);
	for (uint32_t i = 0; i < 60; i++) {
		db_reset(&b, &(struct db_reset){.win = 16, .id = (uint16_t)(1 + 37 * i)});
		db_reset(&b, &(struct db_reset){.win = (uint16_t)(6000 + 3 * i),
						.id = (uint16_t)(9 + 41 * i)});
	}
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 2);
	assert_int_equal(devices_at(b.ds, 0)->n_findings, 60);
	assert_int_equal(device_feat(devices_at(b.ds, 0), FEAT_RST_WIN)->n_values, 1);
	assert_int_equal(devices_at(b.ds, 1)->n_findings, 60);
	db_fini(&b);
}

static void test_devices_none_nothing(void **state)
{
	struct db b;

	(void)state;
	db_init(&b);
	db_finish(&b);
	assert_int_equal(devices_n(b.ds), 0);
	db_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_same_packets_one_device),
		cmocka_unit_test(test_devices_varying_values_one_device),
		cmocka_unit_test(test_devices_other_flags_another_device),
		cmocka_unit_test(test_devices_constant_among_varying_told_apart),
		cmocka_unit_test(test_devices_order_of_findings_same_outcome),
		cmocka_unit_test(test_devices_both_ways_one_finding),
		cmocka_unit_test(test_devices_anomaly_makes_none),
		cmocka_unit_test(test_devices_vpn_interface_no_headers_in_fingerprint),
		cmocka_unit_test(test_devices_ttl_spread_no_place),
		cmocka_unit_test(test_devices_two_inputs_each_with_its_place),
		cmocka_unit_test(test_devices_reliability_counts_what_passed),
		cmocka_unit_test(test_devices_own_flow_is_no_pass),
		cmocka_unit_test(test_devices_reset_without_trigger_later_residual),
		cmocka_unit_test(test_devices_other_ends_no_residual),
		cmocka_unit_test(test_devices_without_end_bounded_and_counted),
		cmocka_unit_test(test_devices_one_sort_without_end_one_device),
		cmocka_unit_test(test_devices_constant_window_of_many_ids_told_apart),
		cmocka_unit_test(test_devices_none_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
