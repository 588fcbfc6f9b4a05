/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/metrics.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static char *written(const struct run_summary *run)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	metrics_write(f, run);
	fclose(f);
	return text;
}

static void test_metrics_counts_stand_under_their_names(void **state)
{
	struct run_summary run = {.packets = 11, .bytes = 22, .flows = 33, .sig_n = 4};
	char *text;

	(void)state;
	run.lost.prefiltered = 44;
	run.lost.output = 55;
	run.findings[TECH_RST_INJECTION] = 66;
	run.findings_by_grade[GRADE_LIKELY] = 77;
	run.stage[STAGE_POST_PSH] = 88;
	text = written(&run);
	assert_non_null(strstr(text, "\nwallprint_packets_total 11\n"));
	assert_non_null(strstr(text, "\nwallprint_bytes_total 22\n"));
	assert_non_null(strstr(text, "\nwallprint_flows_total 33\n"));
	assert_non_null(strstr(text, "\nwallprint_lost_total{place=\"prefiltered\"} 44\n"));
	assert_non_null(strstr(text, "\nwallprint_lost_total{place=\"output\"} 55\n"));
	assert_non_null(
		strstr(text, "\nwallprint_findings_total{technique=\"rst_injection\"} 66\n"));
	assert_non_null(strstr(text, "\nwallprint_findings_by_grade_total{grade=\"likely\"} 77\n"));
	assert_non_null(strstr(text, "\nwallprint_tampering_flows_total{stage=\"post_psh\"} 88\n"));
	assert_non_null(strstr(text, ",n=\"4\"} 1\n"));
	free(text);
}

/* Prometheus' text format 0.0.4: every sample has its HELP and TYPE before it, each once. */
static void test_metrics_each_family_is_described_once(void **state)
{
	struct run_summary run = {0};
	char *text = written(&run), *save = NULL;
	char family[64] = "";
	uint32_t n = 0;

	(void)state;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "# HELP ", 7)) {
			size_t len = strcspn(line + 7, " ");

			assert_true(len < sizeof(family));
			memcpy(family, line + 7, len);
			family[len] = '\0';
			n++;
		} else if (!strncmp(line, "# TYPE ", 7)) {
			assert_int_equal(strncmp(line + 7, family, strlen(family)), 0);
		} else {
			assert_int_equal(strncmp(line, family, strlen(family)), 0);
			assert_true(line[strlen(family)] == ' ' || line[strlen(family)] == '{');
		}
	}
	assert_int_equal(n, 10);
	free(text);
}

/* For tests/cli/service.test: everything that both parts write. */
static int print(void)
{
	const struct run_summary run = {0};
	const struct metrics_service service = {0};

	metrics_write(stdout, &run);
	metrics_write_service(stdout, &service);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_counts_stand_under_their_names),
		cmocka_unit_test(test_metrics_each_family_is_described_once),
	};

	if (argc > 1 && !strcmp(argv[1], "print"))
		return print();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
