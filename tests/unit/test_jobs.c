/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/jobs.c
 * covers: engine/told_queue.c
 * covers: engine/teller.c
 * covers: engine/summary.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine_build.h"
#include "jobs.h"
#include "summary.h"

static const char *const inputs[] = {
	"tests/golden/rst-sni-gfw2/client.pcap", "tests/golden",
	"tests/golden/dns-race-a/client.pcap",   "tests/golden/inn-loss/client.pcap",
	"tests/golden/rst-sni-gfw2/client.pcap", "tests/golden/page-race/client.pcap",
	"tests/golden/synack-data/server.pcap",  "tests/golden/dns-race-a/client.pcap",
};

static void count_devices(void *arg, const struct devices *ds)
{
	tell_line(arg, "devices %zu\n", devices_n(ds));
}

/* Hooks that leave on_case out: who asks for cases gets one thread. */
static void run_jobs(uint32_t jobs, bool flows, struct told_lines *o, struct run_summary *run)
{
	struct engine_hooks hooks = {.arg = o,
				     .on_finding = told_finding,
				     .on_flow = told_flow,
				     .on_devices = count_devices,
				     .on_input = told_input};
	struct engine_config cfg = {.memory_bytes = UINT64_C(1) << 30};
	struct err_info err;

	cfg.want_flows = flows;
	cfg.jobs = jobs;
	memset(o, 0, sizeof(*o));
	assert_true(engine_run(&cfg, eb_sigs, inputs, ARRAY_LEN(inputs), &hooks, run, &err));
}

static void test_jobs_several_tell_what_one_tells(void **state)
{
	static struct told_lines one, more;
	struct run_summary run[2];

	(void)state;
	for (int flows = 0; flows < 2; flows++) {
		run_jobs(1, flows, &one, &run[0]);
		assert_non_null(strstr(one.text, "refused"));
		assert_null(strstr(one.text, "devices 0"));
		for (uint32_t jobs = 2; jobs < 12; jobs += 3) {
			run_jobs(jobs, flows, &more, &run[1]);
			assert_string_equal(one.text, more.text);
			assert_int_equal(run[0].packets, run[1].packets);
			assert_int_equal(run[0].bytes, run[1].bytes);
			assert_int_equal(run[0].flows, run[1].flows);
			assert_int_equal(run[0].devices, run[1].devices);
			assert_memory_equal(run[0].stage, run[1].stage, sizeof(run[0].stage));
			assert_memory_equal(run[0].findings, run[1].findings,
					    sizeof(run[0].findings));
			assert_memory_equal(run[0].findings_by_grade, run[1].findings_by_grade,
					    sizeof(run[0].findings_by_grade));
			assert_memory_equal(run[0].sig_sha256, run[1].sig_sha256,
					    sizeof(run[0].sig_sha256));
			run_summary_free(&run[1]);
		}
		run_summary_free(&run[0]);
	}
}

/* A thread gets a share of the ceiling that is worth having, or there is no second one. */
static void test_jobs_are_no_more_than_memory_and_files(void **state)
{
	struct engine_config cfg = {.jobs = 8, .memory_bytes = 200 << 20};
	struct engine_hooks hooks = {0};

	(void)state;
	assert_int_equal(jobs_of(&cfg, &hooks, 100), 3);
	assert_int_equal(jobs_of(&cfg, &hooks, 2), 2);
	assert_int_equal(jobs_of(&cfg, &hooks, 0), 1);
	cfg.one_series = true;
	assert_int_equal(jobs_of(&cfg, &hooks, 100), 1);
	cfg = (struct engine_config){.jobs = 8, .memory_bytes = 1 << 20};
	assert_int_equal(jobs_of(&cfg, &hooks, 100), 1);
	cfg = (struct engine_config){.jobs = 8, .memory_bytes = 200 << 20, .follow = true};
	assert_int_equal(jobs_of(&cfg, &hooks, 100), 1);
	cfg = (struct engine_config){.jobs = 1000, .memory_bytes = UINT64_C(1) << 40};
	assert_int_equal(jobs_of(&cfg, &hooks, 1000), LIMIT_JOBS);
}

static void test_summary_parts_add_up(void **state)
{
	struct run_summary run = {0}, part = {.packets = 3, .sig_n = 7, .lost = {.truncated = 2}};

	(void)state;
	undecoded_count(&part, 1, 0x88cc, "not IP", 2);
	undecoded_count(&part, 1, 0x0806, "not IP", 1);
	summary_take(&run, &part);
	assert_int_equal(part.packets + part.n_undecoded + part.lost.undecoded, 0);
	assert_int_equal(part.sig_n, 7);
	undecoded_count(&part, 1, 0x0806, "not IP", 5);
	for (uint16_t i = 0; i < RUN_UNDECODED_MAX; i++)
		undecoded_count(&part, 2, i, "not IP", 1);
	summary_take(&run, &part);
	assert_int_equal(run.packets, 3);
	assert_int_equal(run.lost.truncated, 2);
	assert_int_equal(run.lost.undecoded, 8 + RUN_UNDECODED_MAX);
	assert_int_equal(run.n_undecoded, RUN_UNDECODED_MAX);
	assert_int_equal(run.undecoded[0].n, 2);
	assert_int_equal(run.undecoded[1].n, 6);
	/* the last line has the rest */
	assert_int_equal(run.undecoded[RUN_UNDECODED_MAX - 1].n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_several_tell_what_one_tells),
		cmocka_unit_test(test_jobs_are_no_more_than_memory_and_files),
		cmocka_unit_test(test_summary_parts_add_up),
	};

	return cmocka_run_group_tests(tests, eb_group_setup, eb_group_teardown);
}
