/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole pipeline over small captures: inputs, series, and that a run can be repeated. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_build.h"

static const struct engine_config want_flows = {.memory_bytes = 64 << 20, .want_flows = true};

static const char *const golden[] = {
	"tests/golden/rst-sni-gfw2/client.pcap", "tests/golden/dns-race-a/client.pcap",
	"tests/golden/inn-loss/client.pcap",     "tests/golden/page-race/client.pcap",
	"tests/golden/synack-data/server.pcap",
};
enum { N_GOLDEN = sizeof(golden) / sizeof(golden[0]) };

static void test_engine_two_runs_tell_the_same(void **state)
{
	static struct told_lines a, b;
	struct run_summary ra, rb;

	(void)state;
	eb_run(&want_flows, golden, N_GOLDEN, &a, &ra);
	eb_run(&want_flows, golden, N_GOLDEN, &b, &rb);
	assert_true(a.findings > 0 && a.flows > 0 && a.cases > 0);
	assert_string_equal(a.text, b.text);
	assert_int_equal(ra.packets, rb.packets);
	assert_int_equal(ra.flows, rb.flows);
	assert_memory_equal(ra.findings, rb.findings, sizeof(ra.findings));
	assert_memory_equal(ra.sig_sha256, rb.sig_sha256, sizeof(ra.sig_sha256));
	run_summary_free(&ra);
	run_summary_free(&rb);
}

/* Inputs together tell what each tells alone: nothing of one colours the next. */
static void test_engine_each_input_is_its_own_series(void **state)
{
	static struct told_lines all, one, sum;
	struct run_summary run;

	(void)state;
	memset(&sum, 0, sizeof(sum));
	for (size_t i = 0; i < N_GOLDEN; i++) {
		eb_run(&want_flows, &golden[i], 1, &one, &run);
		tell_line(&sum, "%s", one.text);
		run_summary_free(&run);
	}
	eb_run(&want_flows, golden, N_GOLDEN, &all, &run);
	assert_string_equal(all.text, sum.text);
	run_summary_free(&run);
}

static void test_engine_every_flow_is_told_and_counted(void **state)
{
	static struct told_lines o;
	struct engine_config quiet = want_flows;
	struct run_summary run;
	uint64_t stages = 0;

	(void)state;
	eb_run(&want_flows, golden, N_GOLDEN, &o, &run);
	assert_int_equal(o.flows, run.flows);
	for (int i = 0; i < STAGE_N; i++)
		stages += run.stage[i];
	assert_true(stages > 0 && stages <= run.flows);
	run_summary_free(&run);
	quiet.want_flows = false;
	eb_run(&quiet, golden, N_GOLDEN, &o, &run);
	assert_int_equal(o.flows, 0);
	assert_true(run.flows > 0);
	run_summary_free(&run);
}

/* The same 5-tuple in two files: two flows, or with one series one flow over both. */
static void test_engine_same_tuple_in_two_files_is_one_flow_only_in_one_series(void **state)
{
	static struct told_lines o;
	struct engine_config series = want_flows;
	struct run_summary run;
	const char *file[2];
	struct eb b;

	(void)state;
	eb_init(&b);
	file[0] = eb_file(&b, "a.pcap");
	eb_request(&b, "one.example");
	eb_end(&b);
	file[1] = eb_file(&b, "b.pcap");
	eb_pkt(&b, 1, TCP_ACK | TCP_PSH, EB_SV + 1, EB_C + 45, "HTTP/1.1 200 OK\r\n\r\n");
	eb_end(&b);
	eb_run(&want_flows, file, 2, &o, &run);
	assert_int_equal(o.flows, 2);
	assert_int_equal(run.flows, 2);
	assert_int_equal(o.last_flow.packets[0], 0);
	run_summary_free(&run);
	series.one_series = true;
	eb_run(&series, file, 2, &o, &run);
	assert_int_equal(o.flows, 1);
	assert_int_equal(o.last_flow.packets[0], 3);
	assert_int_equal(o.last_flow.packets[1], 2);
	assert_int_equal(run.packets, 5);
	run_summary_free(&run);
	eb_fini(&b);
}

/* In one series, a flow is told under the name of the file that its frame numbers are of. */
static void test_engine_flow_in_one_series_is_told_with_its_own_file(void **state)
{
	static struct told_lines o;
	struct engine_config series = {
		.memory_bytes = 64 << 20, .want_flows = true, .one_series = true};
	struct run_summary run;
	const char *file[2];
	struct eb b;

	(void)state;
	eb_init(&b);
	file[0] = eb_file(&b, "a.pcap");
	eb_request(&b, "one.example");
	eb_forged_reset(&b);
	eb_end(&b);
	file[1] = eb_file(&b, "b.pcap");
	b.at_s += 100;
	b.port++;
	eb_pkt(&b, 0, TCP_SYN, 7, 0, "");
	eb_end(&b);
	eb_run(&series, file, 2, &o, &run);
	assert_true(o.findings >= 1);
	assert_non_null(strstr(o.text, "flow a.pcap"));
	assert_non_null(strstr(o.text, "flow b.pcap"));
	assert_non_null(strstr(o.text, "finding a.pcap"));
	assert_null(strstr(o.text, "finding b.pcap"));
	assert_non_null(strstr(o.text, "case a.pcap"));
	assert_null(strstr(o.text, "case b.pcap"));
	run_summary_free(&run);
	eb_fini(&b);
}

/* A missing file, an empty one, text, and one cut inside a record, among whole ones: the run goes on and says so. */
static void test_engine_bad_inputs_are_noted_and_passed_over(void **state)
{
	static const enum input_state expect[] = {INPUT_REFUSED, INPUT_WHOLE,   INPUT_REFUSED,
						  INPUT_CUT,     INPUT_REFUSED, INPUT_WHOLE};
	static const uint64_t packets[] = {0, 4, 0, 3, 0, 1};

	(void)state;
	for (int series = 0; series < 2; series++) {
		static struct told_lines o;
		struct engine_config cfg = want_flows;
		struct run_summary run;
		const char *file[6];
		struct eb b;

		cfg.one_series = series;
		eb_init(&b);
		file[0] = "tests/golden/there-is-no-such.pcap";
		file[1] = eb_file(&b, "whole.pcap");
		eb_request(&b, "one.example");
		eb_end(&b);
		file[2] = "tests/unit/engine_build.h";
		file[3] = eb_file(&b, "cut.pcap");
		b.port++;
		eb_request(&b, "two.example");
		assert_int_equal(fflush(b.f), 0);
		assert_int_equal(ftruncate(fileno(b.f), ftell(b.f) - 5), 0);
		eb_end(&b);
		file[4] = "/dev/null";
		file[5] = eb_file(&b, "last.pcap");
		b.port++;
		eb_pkt(&b, 0, TCP_SYN, 1, 0, "");
		eb_end(&b);
		eb_run(&cfg, file, 6, &o, &run);
		assert_int_equal(run.n_inputs, 6);
		for (int i = 0; i < 6; i++) {
			assert_string_equal(run.input[i].file, file[i]);
			assert_int_equal(run.input[i].state, expect[i]);
			assert_int_equal(run.input[i].packets, packets[i]);
			assert_int_equal(run.input[i].why[0] == '\0', expect[i] == INPUT_WHOLE);
			assert_int_equal(run.input[i].sha256_valid, expect[i] != INPUT_REFUSED);
		}
		assert_int_equal(run.packets, 8);
		assert_int_equal(o.flows, 3);
		run_summary_free(&run);
		eb_fini(&b);
	}
}

static void test_engine_without_a_usable_input_ends_well(void **state)
{
	static const char *const file[] = {"tests/golden/no", "/dev/null"};
	static struct told_lines o;
	struct run_summary run;

	(void)state;
	eb_run(&want_flows, file, 2, &o, &run);
	assert_int_equal(run.flows, 0);
	assert_int_equal(run.input[1].state, INPUT_REFUSED);
	run_summary_free(&run);
	eb_run(&want_flows, NULL, 0, &o, &run);
	assert_int_equal(run.n_inputs, 0);
	assert_int_equal(o.len, 0);
	run_summary_free(&run);
}

/* Hooks are optional. */
static void test_engine_without_hooks_counts_all_the_same(void **state)
{
	struct engine_hooks none = {0};
	struct run_summary run;
	struct err_info err;

	(void)state;
	assert_true(engine_run(&want_flows, eb_sigs, golden, N_GOLDEN, &none, &run, &err));
	assert_true(run.findings[TECH_RST_INJECTION] > 0);
	run_summary_free(&run);
}

/* Frames that are not decoded are counted, each in one line of the table. */
static void test_engine_undecoded_frames_are_counted_by_kind(void **state)
{
	static struct told_lines o;
	struct run_summary run;
	const char *file;
	uint64_t n = 0;
	struct eb b;

	(void)state;
	eb_init(&b);
	file = eb_file(&b, "odd.pcap");
	eb_pkt(&b, 0, TCP_SYN, 1, 0, "");
	for (uint32_t i = 0; i < 5; i++) { /* IP version 9, then four bytes of a header */
		eb_le(&b, EB_START + 1, 4);
		eb_le(&b, 0, 4);
		eb_le(&b, 4, 4);
		eb_le(&b, i < 2 ? 4 : 40, 4);
		eb_le(&b, i < 2 ? 0x99999999 : 0x45, 4);
	}
	eb_end(&b);
	eb_run(&want_flows, &file, 1, &o, &run);
	assert_int_equal(run.packets, 6);
	assert_int_equal(run.lost.undecoded, 5);
	assert_int_equal(run.lost.truncated, 3);
	assert_int_equal(run.n_undecoded, 2);
	for (uint32_t i = 0; i < run.n_undecoded; i++)
		n += run.undecoded[i].n;
	assert_int_equal(n, 5);
	run_summary_free(&run);
	eb_fini(&b);
}

/* Times at both ends of 64 bits, as a pcapng file may claim them: UBSan watches. */
static void test_engine_extreme_times_are_harmless(void **state)
{
	static const uint32_t section[] = {0x0a0d0d0a, 28,         0x1a2b3c4d, 1,
					   0xffffffff, 0xffffffff, 28};
	static struct told_lines o;
	struct run_summary run;
	const char *file;
	struct eb b;

	(void)state;
	eb_init(&b);
	file = eb_file(&b, "times.pcapng");
	rewind(b.f);
	assert_int_equal(ftruncate(fileno(b.f), 0), 0);
	for (size_t i = 0; i < 7; i++)
		eb_le(&b, section[i], 4);
	/* Interface 0 counts nanoseconds from 2^63 s before 1970, interface 1 from 1970: saturated, and far in the future. */
	for (int i = 0; i < 2; i++) {
		eb_le(&b, 1, 4);
		eb_le(&b, 44, 4);
		eb_le(&b, 101, 4);
		eb_le(&b, 0, 4);
		eb_le(&b, 9 | 1 << 16, 4); /* if_tsresol 9 */
		eb_le(&b, 9, 4);
		eb_le(&b, 14 | 8 << 16, 4); /* if_tsoffset */
		eb_le(&b, 0, 4);
		eb_le(&b, i ? 0 : 0x80000000, 4);
		eb_le(&b, 0, 4);
		eb_le(&b, 44, 4);
	}
	for (uint32_t i = 0; i < 6; i++) {
		static const uint8_t syn[40] = {0x45, 0,  0, 40, 0, 1,  0, 0, 60, 6, 0,
						0,    10, 0, 0,  1, 10, 0, 0, 2,  1, 2,
						3,    4,  0, 0,  0, 1,  0, 0, 0,  2, 0x50};

		eb_le(&b, 6, 4);
		eb_le(&b, 72, 4);
		eb_le(&b, i & 1, 4);
		eb_le(&b, 0x7fffffff, 4);
		eb_le(&b, 0xffffffff, 4);
		eb_le(&b, 40, 4);
		eb_le(&b, 40, 4);
		for (uint8_t k = 0; k < 40; k++)
			eb_le(&b,
			      k == 33 ? (i == 0   ? TCP_SYN
					 : i == 3 ? TCP_RST
						  : TCP_ACK)
				      : syn[k],
			      1);
		eb_le(&b, 72, 4);
	}
	eb_end(&b);
	eb_run(&want_flows, &file, 1, &o, &run);
	assert_int_equal(run.input[0].state, INPUT_WHOLE);
	assert_int_equal(run.packets, 6);
	assert_int_equal(o.flows, run.flows);
	run_summary_free(&run);
	eb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_two_runs_tell_the_same),
		cmocka_unit_test(test_engine_each_input_is_its_own_series),
		cmocka_unit_test(test_engine_every_flow_is_told_and_counted),
		cmocka_unit_test(
			test_engine_same_tuple_in_two_files_is_one_flow_only_in_one_series),
		cmocka_unit_test(test_engine_flow_in_one_series_is_told_with_its_own_file),
		cmocka_unit_test(test_engine_bad_inputs_are_noted_and_passed_over),
		cmocka_unit_test(test_engine_without_a_usable_input_ends_well),
		cmocka_unit_test(test_engine_without_hooks_counts_all_the_same),
		cmocka_unit_test(test_engine_undecoded_frames_are_counted_by_kind),
		cmocka_unit_test(test_engine_extreme_times_are_harmless),
	};

	return cmocka_run_group_tests(tests, eb_group_setup, eb_group_teardown);
}
