/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/sink_jsonl.c engine/sink/json.c engine/sink/sink.c engine/sink/ip.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/version.h"
#include "sink/json.h"
#include "unit/test_sink_build.h"
#include "unit/test_sink_json.h"

static void test_validator_knows_good_from_bad(void **state)
{
	static const char *const good[] = {"{}", "[]", "{\"a\":[]}", "[1,-2,\"x\",true,{\"b\":{}}]",
					   "\"\\u00ff\""},
				 *const bad[] = {"",           "{",       "[1,]",
						 "[,1]",       "{\"a\"}", "{\"a\":}",
						 "{\"a\":1,}", "[1 2]",   "01",
						 "{}{}",       "\"\t\"",  "\"\xff\"",
						 "[1}",        "{1:2}",   "\"\\x\"",
						 "[\"\\u12\"]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!json_valid(good[i], strlen(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (json_valid(bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

/* All lines are valid; returns how many. */
static size_t lines_of(const struct told *t)
{
	size_t n = 0;

	for (const char *at = t->text; *at; n++) {
		const char *end = strchr(at, '\n');

		assert_non_null(end);
		if (!json_valid(at, (size_t)(end - at)))
			fail_msg("no JSON: %.*s", (int)(end - at), at);
		at = end + 1;
	}
	assert_int_equal(strlen(t->text), t->len);
	return n;
}

static void tell_one(struct told *t, const struct finding *f, const char *file)
{
	told_open(t, "jsonl", (struct sink_options){0});
	t->ops->finding(t->sink, f, file);
	told_close(t, NULL);
	assert_int_equal(lines_of(t), 1);
}

static const char whole[] =
	"{\"schema\":\"wallprint.event/1\",\"event_type\":\"finding\",\"id\":\"9f2c000000000001\",\"rev\":1,"
	"\"ts\":\"2017-11-27T06:37:18.500000000Z\",\"src\":{\"file\":\"a.pcapng\",\"frames\":[12,17,18,19]},"
	"\"flow\":{\"id\":\"0123456789abcdef\",\"proto\":\"tcp\",\"orig\":{\"ip\":\"192.0.2.10\",\"port\":51500},"
	"\"resp\":{\"ip\":\"2001:db8::7\",\"port\":443},\"history\":\"ShADr\",\"stage\":\"post_psh\","
	"\"tampering\":\"PSH+ACK->RST+ACK;RST+ACK\",\"app\":\"TLS\"},"
	"\"trigger\":{\"kind\":\"tls-sni\",\"value\":\"blocked.example\",\"frame\":12},"
	"\"techniques\":[\"rst_injection\",\"sni_filtering\"],"
	"\"aimed_at\":[{\"technique\":\"sni_filtering\",\"basis\":\"follows\"}],\"grade\":\"confirmed\","
	"\"injected\":[17,18,19],\"evidence\":["
	"{\"feature\":\"flow.proto\",\"value\":\"tcp\",\"unit\":\"token\"},"
	"{\"feature\":\"rst.count\",\"value\":3,\"unit\":\"count\",\"frames\":[17,18,19]},"
	"{\"feature\":\"rst.to\",\"value\":\"orig\",\"unit\":\"token\",\"frames\":[17]},"
	"{\"feature\":\"rst.ttl_delta\",\"value\":-11,\"unit\":\"hops\",\"group\":\"stack\",\"frames\":[17]},"
	"{\"feature\":\"rst.ttl_gap\",\"value\":11,\"unit\":\"hops\",\"group\":\"stack\",\"frames\":[17]},"
	"{\"feature\":\"rst.df\",\"value\":false,\"unit\":\"yesno\",\"frames\":[17]},"
	"{\"feature\":\"rst.identical\",\"value\":true,\"unit\":\"yesno\",\"group\":\"stack\",\"frames\":[17,18,19]},"
	"{\"feature\":\"rst.lag\",\"value\":4000000,\"unit\":\"ns\",\"frames\":[17]},"
	"{\"feature\":\"rst.rtt\",\"value\":180000000,\"unit\":\"ns\",\"frames\":[3]},"
	"{\"feature\":\"rst.too_fast\",\"value\":true,\"unit\":\"yesno\",\"group\":\"timing\",\"frames\":[17]},"
	"{\"feature\":\"rst.after_trigger\",\"value\":true,\"unit\":\"yesno\",\"frames\":[17]}],"
	"\"matches\":[{\"signature\":\"mechanism.reset-x\",\"rev\":2,"
	"\"held\":[\"rst.ttl_gap >= 2\",\"rst.after_trigger is yes\",\"rst.count == 3\"],"
	"\"failed\":[\"rst.df is yes\"],\"unknown\":[\"rst.odd_flags is yes\"],\"unless_unknown\":[\"rst.after_fin is yes\"]},"
	"{\"signature\":\"middlebox.vendor.box\",\"rev\":7,\"held\":[\"rst.count == 3\"],\"failed\":[],\"unknown\":[]}],"
	"\"alternatives\":[{\"cause\":\"a load balancer\",\"tell\":\"it does so for every name\"},"
	"{\"cause\":\"chance\",\"tell\":\"it happens once\"},{\"cause\":\"a twin\",\"tell\":\"the path\"}],"
	"\"quality\":{\"capture_point\":\"host\",\"one_sided\":false,\"truncated\":false,\"lost\":0}}\n";

static void test_finding_whole_example(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	tell_one(&t, &e.f, "a.pcapng");
	assert_string_equal(t.text, whole);
	told_free(&t);
	example_free(&e);
}

/* Unknown is absent: no key with a 0 or null that nobody measured. */
static void test_finding_unknown_is_absent(void **state)
{
	static const char *const key[] = {"\"trigger\"",   "\"aimed_at\"", "\"stage\"",
					  "\"tampering\"", "\"app\"",      "\"history\"",
					  "null",          "\"controls\"", "\"residual\""};
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	e.f.flow.trigger = TRIGGER_NONE;
	e.f.aimed_follows = 0;
	e.f.techniques = 1u << TECH_RST_INJECTION;
	e.f.flow.stage = STAGE_NONE;
	e.f.flow.tampering[0] = e.f.flow.app[0] = e.f.flow.history[0] = '\0';
	tell_one(&t, &e.f, "a");
	for (size_t i = 0; i < ARRAY_LEN(key); i++)
		assert_null(strstr(t.text, key[i]));
	told_free(&t);
	example_free(&e);
}

/* Several cases: each value and match says which it belongs to. Several texts become an array. A benign signature gives no alternative. */
static void test_finding_several_cases(void **state)
{
	static const char big[] =
		"{\"feature\":\"rst.win\",\"value\":\"-9223372036854775808\",\"unit\":\"number\",\"frames\":"
		"[\"18446744073709551615\"],\"case\":1}";
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	e.ev[1] = evidence_new(CASE_RST);
	evidence_put1(e.ev[1], FEAT_RST_WIN, INT64_MIN, UINT64_MAX);
	evidence_put_text(e.ev[1], FEAT_TRIGGER_NAME, "a\"", 2, 5);
	evidence_add_text(e.ev[1], FEAT_TRIGGER_NAME, "b\033", 2, 6);
	e.f.cases[e.f.n_cases++] = e.ev[1];
	e.f.match[2] =
		(struct finding_match){{.sig = e.sig[2], .verdict = TRUTH_YES, .when_held = 1}, 1};
	e.f.n_matches = 3;
	e.f.frames_cut = true;
	tell_one(&t, &e.f, "a");
	assert_non_null(strstr(t.text, big));
	assert_non_null(strstr(
		t.text,
		"\"value\":[\"a\\\"\",\"b\\u001b\"],\"unit\":\"text\",\"frames\":[5,6],\"case\":1}"));
	assert_non_null(strstr(
		t.text,
		"{\"feature\":\"rst.count\",\"value\":3,\"unit\":\"count\",\"frames\":[17,18,19],\"case\":0}"));
	assert_non_null(strstr(
		t.text,
		"\"signature\":\"benign.look\",\"rev\":1,\"held\":[\"rst.count == 9\"],\"failed\":[],\"unknown\":[],\"case\":1}"));
	assert_non_null(strstr(t.text, "\"frames_cut\":true"));
	told_free(&t);
	example_free(&e);
}

/* Every byte and pair of bytes in every string that strangers choose. */
static void test_hostile_strings_stay_valid_json(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "jsonl", (struct sink_options){0});
	for (int hi = 0; hi < 256; hi++) {
		char name[3] = {(char)hi, '"', 0};

		memcpy(e.f.flow.trigger_value, name, 3);
		e.f.flow.trigger_len = 2;
		evidence_put_text(e.ev[0], FEAT_TRIGGER_NAME, name, 2, 12);
		t.ops->finding(t.sink, &e.f, hi ? name : "\033]0;x\a\n\xe2\x80\xae");
		for (int lo = 0; lo < 256; lo += hi >= 0xc0 ? 1 : 17) {
			e.f.flow.trigger_value[1] = (char)lo;
			t.ops->flow(t.sink, &e.f.flow, name);
		}
	}
	told_close(&t, NULL);
	assert_true(lines_of(&t) > 256 * 17);
	for (size_t i = 0; i < t.len; i++)
		assert_true(t.text[i] == '\n' ||
			    ((unsigned char)t.text[i] >= 0x20 && t.text[i] != 0x7f));
	told_free(&t);
	example_free(&e);
}

static void test_every_enum_value_has_its_word(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "jsonl", (struct sink_options){0});
	e.f.techniques = (1u << TECH_N) - 1;
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++) {
		e.f.grade = (enum grade)g;
		t.ops->finding(t.sink, &e.f, "a");
	}
	for (int st = STAGE_POST_SYN; st < STAGE_N; st++)
		for (int p = POINT_UNKNOWN; p <= POINT_PROXY; p++)
			for (int k = TRIGGER_TLS_SNI; k <= TRIGGER_PAYLOAD; k++) {
				e.f.flow.stage = (enum flow_stage)st;
				e.f.flow.point = (enum capture_point)p;
				e.f.flow.trigger = (enum trigger_kind)k;
				t.ops->flow(t.sink, &e.f.flow, "a");
			}
	told_close(&t, NULL);
	assert_int_equal(lines_of(&t), 4 + 4 * 6 * 5);
	for (int i = 0; i < TECH_N; i++)
		assert_non_null(strstr(t.text, technique_name((enum technique)i)));
	assert_non_null(strstr(t.text, "\"grade\":\"proof\""));
	assert_non_null(strstr(t.text, "\"capture_point\":\"vpn_api\""));
	assert_non_null(strstr(t.text, "\"stage\":\"post_ack\""));
	assert_non_null(strstr(t.text, "\"kind\":\"quic-sni\""));
	told_free(&t);
	example_free(&e);
	assert_string_equal(input_state_name(INPUT_WHOLE), "whole");
	assert_string_equal(input_state_name(INPUT_CUT), "cut");
	assert_string_equal(input_state_name(INPUT_REFUSED), "refused");
	assert_string_equal(input_state_name(INPUT_FAILED), "failed");
}

static void test_flow_event(void **state)
{
	struct flow_record r;
	struct told t;

	(void)state;
	example_flow(&r);
	r.udp = true;
	r.lost = 2;
	r.one_sided = r.truncated = true;
	told_open(&t, "jsonl", (struct sink_options){.flows = true});
	t.ops->flow(t.sink, &r, "a");
	told_close(&t, NULL);
	assert_string_equal(
		t.text,
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"flow\",\"ts\":\"2017-11-27T06:37:18.219219000Z\","
		"\"end\":\"2017-11-27T06:37:19.000000001Z\",\"src\":{\"file\":\"a\",\"frames\":[1,20]},"
		"\"flow\":{\"id\":\"0123456789abcdef\",\"proto\":\"udp\",\"orig\":{\"ip\":\"192.0.2.10\",\"port\":51500},"
		"\"resp\":{\"ip\":\"2001:db8::7\",\"port\":443},\"history\":\"ShADr\",\"stage\":\"post_psh\","
		"\"tampering\":\"PSH+ACK->RST+ACK;RST+ACK\",\"app\":\"TLS\"},"
		"\"trigger\":{\"kind\":\"tls-sni\",\"value\":\"blocked.example\",\"frame\":12},"
		"\"packets\":{\"orig\":7,\"resp\":13},\"bytes\":{\"orig\":517,\"resp\":0},"
		"\"quality\":{\"capture_point\":\"host\",\"one_sided\":true,\"truncated\":true,\"lost\":2}}\n");
	told_free(&t);
}

static void test_run_event(void **state)
{
	struct run_input in[2] = {{.file = (char *)(uintptr_t) "a\n",
				   .state = INPUT_WHOLE,
				   .packets = 5,
				   .sha256 = {0xab, 0x01},
				   .sha256_valid = true},
				  {.file = (char *)(uintptr_t) "b",
				   .state = INPUT_CUT,
				   .packets = 1,
				   .why = "ends early"}};
	struct run_summary r = {.n_inputs = 2,
				.input = in,
				.packets = 6,
				.bytes = (UINT64_C(1) << 53) + 1,
				.flows = 4,
				.stage = {3, 0, 0, 1, 0},
				.findings_by_grade = {[GRADE_LIKELY] = 1},
				.n_undecoded = 2,
				.time_backwards = 9,
				.duplicates = 8,
				.defrag_failed = 7,
				.inspection_lost = 6,
				.clock_steps = 5,
				.across_evicted = 4,
				.sig_n = 84};
	struct told t;

	(void)state;
	r.findings[TECH_RST_INJECTION] = 1;
	r.lost.kernel = 1;
	r.lost.output = 2;
	r.undecoded[0] = (struct run_undecoded){1, 0x88cc, "lldp", 2};
	r.undecoded[1] = (struct run_undecoded){228, 0, "short", 1};
	told_open(&t, "jsonl", (struct sink_options){0});
	told_close(&t, &r);
	assert_int_equal(lines_of(&t), 1);
	assert_string_equal(
		t.text,
		"{\"schema\":\"wallprint.event/1\",\"event_type\":\"run\",\"tool\":{\"version\":\"" WALLPRINT_VERSION
		"\"},\"signatures\":{\"sha256\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\",\"n\":84},"
		"\"inputs\":[{\"file\":\"a\\u000a\",\"sha256\":\"ab01000000000000000000000000000000000000000000000000000000000000\","
		"\"packets\":5,\"state\":\"whole\"},{\"file\":\"b\",\"packets\":1,\"state\":\"cut\",\"why\":\"ends early\"}],"
		"\"packets\":6,\"bytes\":\"9007199254740993\",\"flows\":4,"
		"\"tampering\":{\"post_syn\":0,\"post_ack\":0,\"post_psh\":1,\"later\":0,\"none\":3},\"findings\":{\"rst_injection\":1},"
		"\"lost\":{\"kernel\":1,\"ring\":0,\"truncated\":0,\"undecoded\":0,\"prefiltered\":0,\"evicted\":0,\"output\":2},"
		"\"undecoded\":[{\"linktype\":1,\"ethertype\":35020,\"why\":\"lldp\",\"n\":2},{\"linktype\":228,\"why\":\"short\",\"n\":1}],"
		"\"summary\":{\"grades\":{\"anomaly\":0,\"likely\":1,\"confirmed\":0,\"proof\":0},\"time_backwards\":9,\"duplicates\":8,"
		"\"defrag_failed\":7,\"inspection_lost\":6,\"devices\":0,\"devices_left_out\":0,\"clock_steps\":5,\"across_evicted\":4}}\n");
	told_free(&t);
}

/* A full disk is told at the end, whichever write it was that failed. */
static void test_end_full_disk_is_false(void **state)
{
	struct run_summary run = {0};

	(void)state;
	for (const struct sink_ops *const *o = sink_list(); *o; o++) {
		FILE *f = fopen("/dev/full", "w");
		struct err_info err = {{0}};
		struct sink *s;
		struct example e;

		assert_non_null(f);
		example_new(&e);
		assert_true((*o)->open(&s, f, &(struct sink_options){0}, &err));
		(*o)->finding(s, &e.f, "a");
		assert_false((*o)->end(s, &run, &err));
		assert_non_null(strstr(err.text, "No space left"));
		(*o)->close(s);
		fclose(f);
		example_free(&e);
	}
}

static void test_sinks_are_found_by_name(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct sink_ops *const *o = sink_list(); *o; o++, n++) {
		assert_ptr_equal(sink_find((*o)->name), *o);
		assert_true(strlen((*o)->help) > 4);
	}
	assert_int_equal(n, 2);
	assert_null(sink_find("json"));
	assert_null(sink_find(""));
}

static void test_summary_free_takes_its_inputs(void **state)
{
	struct run_summary r = {.n_inputs = 1, .input = calloc(1, sizeof(struct run_input))};

	(void)state;
	assert_non_null(r.input);
	r.input[0].file = malloc(4);
	run_summary_free(&r);
	assert_null(r.input);
	assert_int_equal(r.n_inputs, 0);
	run_summary_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validator_knows_good_from_bad),
		cmocka_unit_test(test_finding_whole_example),
		cmocka_unit_test(test_finding_unknown_is_absent),
		cmocka_unit_test(test_finding_several_cases),
		cmocka_unit_test(test_hostile_strings_stay_valid_json),
		cmocka_unit_test(test_every_enum_value_has_its_word),
		cmocka_unit_test(test_flow_event),
		cmocka_unit_test(test_run_event),
		cmocka_unit_test(test_end_full_disk_is_false),
		cmocka_unit_test(test_sinks_are_found_by_name),
		cmocka_unit_test(test_summary_free_takes_its_inputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
