/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/kin/event_log.c */
/* covers: engine/kin/event_device.c */
/* covers: engine/kin/event_json.c */
/* Files of events read back: what is no event of ours is counted, never guessed at. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "kin_build.h"

static const char run[] =
	"{\"schema\":\"wallprint.event/1\",\"event_type\":\"run\",\"tool\":{\"version\":\"1.0.0\"},\"inputs\":[{\"file\":\"a.pcap\","
	"\"sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"packets\":12,\"state\":\"whole\"}],"
	"\"packets\":12}";
static const char finding[] =
	"{\"schema\":\"wallprint.event/1\",\"event_type\":\"finding\",\"id\":\"0123456789abcdef\",\"rev\":1,\"ts\":"
	"\"2026-01-01T00:00:00.000000000Z\",\"src\":{\"file\":\"a.pcap\",\"frames\":[1]},\"techniques\":[\"rst_injection\"],\"grade\":"
	"\"likely\"}";

static bool read_text(const char *text, size_t n, struct event_log *out, uint64_t *line_no,
		      FILE **keep)
{
	struct err_info err;
	FILE *f = *keep ? *keep : fmemopen((void *)text, n, "r");

	assert_non_null(f);
	*keep = f;
	return event_log_read(out, f, true, line_no, &err);
}

/* The first run of the text. */
static struct event_log first_of(const char *text)
{
	struct event_log log;
	uint64_t line_no = 0;
	FILE *f = NULL;

	assert_true(read_text(text, strlen(text), &log, &line_no, &f));
	fclose(f);
	return log;
}

static void test_whole_run_is_read(void **state)
{
	char text[2 * KIN_TEXT], device[KIN_TEXT];
	struct event_log log;

	(void)state;
	kin_event(device, "00000000000000aa", "rst", 3, "a.pcap", "2026-01-01T00:00:00.000000000Z",
		  KIN_NUM("rst.win", 16, 3) "," KIN_YESNO("rst.df", true, 3));
	snprintf(text, sizeof(text), "%s\n%s\n%s\n", finding, device, run);
	log = first_of(text);
	assert_int_equal(log.state, EVENTS_WHOLE);
	assert_int_equal(log.n_lines, 3);
	assert_int_equal(log.n_bad, 0);
	assert_int_equal(log.n_findings, 1);
	assert_string_equal(log.finding[0].line, finding);
	assert_int_equal(log.finding[0].grade, GRADE_LIKELY);
	assert_int_equal(log.n_devices, 1);
	assert_int_equal(log.n_inputs, 1);
	assert_string_equal(log.input[0].file, "a.pcap");
	assert_int_equal(log.input[0].packets, 12);
	event_log_clear(&log);
}

static void test_device_is_read_as_written(void **state)
{
	struct device d = kin_device(KIN_YESNO("rst.df", true, 3) "," KIN_NUM(
		"rst.win", 16,
		3) ",\"rst.payload\":{\"unit\":\"text\",\"known\":2,\"values\":[[\"beef\",2]]}"
		   ",\"rst.from_the_future\":{\"unit\":\"number\",\"known\":1,\"values\":[[1,1]],\"min\":1,\"max\":1}");
	const struct device_feat *win = device_feat(&d, FEAT_RST_WIN);

	(void)state;
	assert_int_equal(d.kase, CASE_RST);
	assert_int_equal(d.n_findings, 5);
	assert_int_equal(d.n_feats, 3); /* in the registry's order, the unknown one left out */
	assert_true(d.feat[0].feat < d.feat[1].feat && d.feat[1].feat < d.feat[2].feat);
	assert_non_null(win);
	assert_int_equal(win->value[0].num, 16);
	assert_int_equal(win->n_known, 3);
	assert_string_equal(device_feat(&d, FEAT_RST_PAYLOAD)->value[0].text, "beef");
	assert_int_equal(d.n_seen, 1);
	assert_true(d.seen[0].has_hops);
	assert_int_equal(d.seen[0].hops_hi, 7);
	assert_int_equal(d.reacts_to, 1u << TRIGGER_TLS_SNI);
	assert_int_equal(d.techniques, 1u << TECH_RST_INJECTION);
	assert_int_equal(d.first_ns, INT64_C(1767225600000000000));
	device_clear(&d);
}

/* Each is a device but for one thing. */
static void test_device_that_cannot_be_is_refused(void **state)
{
	static const char *const print[] = {
		"\"rst.win\":5",
		"\"rst.win\":{\"unit\":\"bytes\",\"known\":1,\"values\":[[1,1]],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":-1,\"values\":[[1,1]],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[[1]],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[[1,0]],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[[\"x\",1]],\"min\":1,\"max\":1}",
		"\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[[1,1]],\"min\":2,\"max\":2}",
		("\"rst.win\":{\"unit\":\"number\",\"known\":1,\"values\":[[1,1],[2,1],[3,1],[4,1],[5,1],[6,1],[7,1],[8,1],[9,1]]"
		 ",\"min\":1,\"max\":9}"),
		"\"rst.df\":{\"unit\":\"yesno\",\"known\":1,\"values\":[[1,1]]}",
		"\"rst.payload\":{\"unit\":\"text\",\"known\":1,\"values\":[[\"a\\u0000b\",1]]}",
		"\"dns.flags\":{\"unit\":\"number\",\"known\":1,\"values\":[[1,1]],\"min\":1,\"max\":1}",
	};
	static const char *const whole[] = {"", "[]", "{}", "{\"id\":\"00000000000000aa\"}",
					    "{\"id\":\"00000000000000AA\",\"kind\":\"rst\"}"};
	char text[KIN_TEXT];
	struct device d;

	(void)state;
	for (size_t i = 0; i < sizeof(print) / sizeof(print[0]); i++) {
		kin_event(text, "00000000000000aa", "rst", 5, "a.pcap",
			  "2026-01-01T00:00:00.000000000Z", print[i]);
		if (kin_read(text, &d))
			fail_msg("read: %s", text);
		assert_null(d.feat);
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		assert_false(kin_read(whole[i], &d));
	kin_event(text, "00000000000000aa", "nonsense", 5, "a.pcap",
		  "2026-01-01T00:00:00.000000000Z", "");
	assert_false(kin_read(text, &d));
	kin_event(text, "00000000000000aa", "rst", 5, "a.pcap", "2026-02-30T00:00:00.000000000Z",
		  "");
	assert_false(kin_read(text, &d));
	kin_event(text, "00000000000000aa", "rst", 5, "a.pcap", "2027-01-01T00:00:00.000000000Z",
		  "");
	assert_false(kin_read(text, &d)); /* first after last */
}

static void test_lines_that_are_no_events_are_counted(void **state)
{
	static const char *const bad[] = {
		"",
		"nonsense",
		"[1]",
		"{\"schema\":\"wallprint.event/1\"}",
		"{\"schema\":\"wallprint.event/2\",\"event_type\":\"flow\"}",
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"finding\"}",
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"device\",\"id\":\"00000000000000aa\"}",
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"flow\"} {}",
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"flow\"",
		"{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"flow\",\"x\":\"\xff\xfe\"}",
	};
	enum { N = sizeof(bad) / sizeof(bad[0]) };
	char text[8192] = "{\"schema\":\"wallprint.event/1\",\"event_type\":\"flow\"}\n";
	struct event_log log;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		strcat(text, bad[i]); /* banned: the table above fits */
		strcat(text, "\n");   /* banned: the table above fits */
	}
	strcat(text, run);  /* banned: the table above fits */
	strcat(text, "\n"); /* banned: the table above fits */
	log = first_of(text);
	assert_int_equal(log.n_bad, N);
	assert_int_equal(log.first_bad, 2);
	assert_int_equal(log.n_other, 1);
	assert_int_equal(log.state, EVENTS_WHOLE);
	event_log_clear(&log);
}

static void test_line_of_any_length_costs_no_more_than_its_bound(void **state)
{
	size_t n = (size_t)LIMIT_EVENT_BYTES + 4096, len = n + sizeof(run);
	char *text = malloc(len + 1);
	struct event_log log;

	(void)state;
	assert_non_null(text);
	memset(text, '{', n);
	text[n] = '\n';
	memcpy(text + n + 1, run, sizeof(run));
	log = first_of(text);
	assert_int_equal(log.n_bad, 1);
	assert_int_equal(log.state, EVENTS_WHOLE);
	event_log_clear(&log);
	free(text);
}

static void test_file_without_run_is_cut_and_without_events_refused(void **state)
{
	struct event_log log = first_of(finding);

	(void)state;
	assert_int_equal(log.state, EVENTS_CUT);
	assert_int_equal(log.n_findings, 1);
	event_log_clear(&log);
	log = first_of("not\nours\n");
	assert_int_equal(log.state, EVENTS_REFUSED);
	event_log_clear(&log);
}

static void test_several_runs_in_one_file_are_several(void **state)
{
	char text[4096];
	struct event_log log;
	uint64_t line_no = 0;
	FILE *f = NULL;
	char sha[65];

	(void)state;
	snprintf(text, sizeof(text), "%s\n%s\n%s\n%s\nbad\n", finding, run, finding, run);
	assert_true(read_text(text, strlen(text), &log, &line_no, &f));
	assert_int_equal(log.n_findings, 1);
	memcpy(sha, log.sha256, sizeof(sha));
	event_log_clear(&log);
	assert_true(read_text(NULL, 0, &log, &line_no, &f));
	assert_string_equal(log.sha256, sha);
	event_log_clear(&log);
	assert_true(read_text(NULL, 0, &log, &line_no, &f));
	assert_int_equal(log.state, EVENTS_REFUSED);
	assert_int_equal(log.first_bad, 5);
	event_log_clear(&log);
	assert_false(read_text(NULL, 0, &log, &line_no, &f));
	event_log_clear(&log);
	fclose(f);
}

static void test_later_revision_replaces_and_earlier_does_not(void **state)
{
	char text[4096], second[1024], other[1024];
	struct event_log log;

	(void)state;
	snprintf(second, sizeof(second), "%s", finding);
	memcpy(strstr(second, "\"rev\":1"), "\"rev\":2", 7);
	memcpy(strstr(second, "likely"), "proof\"", 6); /* {"grade":"proof""} is no JSON */
	snprintf(other, sizeof(other), "%s", finding);
	memcpy(strstr(other, "\"rev\":1"), "\"rev\":3", 7);
	snprintf(text, sizeof(text), "%s\n%s\n%s\n%s\n", finding, second, other, finding);
	log = first_of(text);
	assert_int_equal(log.n_bad, 1);
	assert_int_equal(log.n_findings, 1);
	assert_int_equal(log.finding[0].rev, 3);
	event_log_clear(&log);
}

static void test_file_cut_at_every_length_is_never_whole(void **state)
{
	char text[2 * KIN_TEXT], device[KIN_TEXT];
	size_t n;

	(void)state;
	kin_event(device, "00000000000000aa", "rst", 3, "a.pcap", "2026-01-01T00:00:00.000000000Z",
		  KIN_NUM("rst.win", 16, 3));
	n = (size_t)snprintf(text, sizeof(text), "%s\n%s\n%s\n", finding, device, run);
	for (size_t cut = 1; cut < n - 1; cut++) {
		struct event_log log;
		uint64_t line_no = 0;
		char *copy = malloc(cut);
		FILE *f = NULL;

		assert_non_null(copy);
		memcpy(copy, text, cut);
		assert_true(read_text(copy, cut, &log, &line_no, &f));
		fclose(f);
		assert_int_not_equal(log.state, EVENTS_WHOLE);
		assert_true(log.n_findings <= 1 && log.n_devices <= 1 && log.n_bad <= 1);
		event_log_clear(&log);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_run_is_read),
		cmocka_unit_test(test_device_is_read_as_written),
		cmocka_unit_test(test_device_that_cannot_be_is_refused),
		cmocka_unit_test(test_lines_that_are_no_events_are_counted),
		cmocka_unit_test(test_line_of_any_length_costs_no_more_than_its_bound),
		cmocka_unit_test(test_file_without_run_is_cut_and_without_events_refused),
		cmocka_unit_test(test_several_runs_in_one_file_are_several),
		cmocka_unit_test(test_later_revision_replaces_and_earlier_does_not),
		cmocka_unit_test(test_file_cut_at_every_length_is_never_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
