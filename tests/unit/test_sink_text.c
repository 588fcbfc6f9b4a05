/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/sink_text.c engine/sink/tell_finding.c engine/sink/tell_run.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "unit/test_sink_build.h"

/* No line is wider than the page (counted in characters), and nothing steers the terminal. */
static void check_page(const struct told *t, size_t width)
{
	size_t col = 0;

	for (size_t i = 0; i < t->len;) {
		uint32_t p = 0;
		size_t step = text_utf8(t->text + i, t->len - i, &p);

		assert_true(step > 0);
		i += step;
		if (p == '\n') {
			col = 0;
			continue;
		}
		assert_true(p >= 0x20 && p != 0x7f && !(p >= 0x80 && p < 0xa0) &&
			    !(p >= 0x2028 && p <= 0x202e));
		col += p >= 0x1100 ? 2 : 1;
		if (col > width)
			fail_msg("wider than %zu:\n%s", width, t->text);
	}
}

static void has(const struct told *t, const char *part)
{
	if (!strstr(t->text, part))
		fail_msg("not there: %s\nin:\n%s", part, t->text);
}

static void has_not(const struct told *t, const char *part)
{
	if (strstr(t->text, part))
		fail_msg("there: %s\nin:\n%s", part, t->text);
}

static void tell_one(struct told *t, const struct finding *f, uint32_t width)
{
	told_open(t, "text", (struct sink_options){.width = width});
	t->ops->finding(t->sink, f, "a.pcapng");
	told_close(t, NULL);
	check_page(t, width ? width : 100);
}

static const char whole[] =
	"a.pcapng\n"
	"\n"
	"1.   3 resets that very probably did not come from the server ended this connection right after it\n"
	"     asked for blocked.example.\n"
	"   How sure:      confirmed: independent kinds of evidence agree (how the packet was built, timing).\n"
	"   Connection:    192.0.2.10:51500 -> [2001:db8::7]:443/tcp, 2017-11-27 06:37:18 UTC\n"
	"   Evidence:      frame 17: TTL 11 hops below the server's other packets\n"
	"                  frame 17: came 4 ms after the request, sooner than the server can answer (round\n"
	"                  trip 180 ms)\n"
	"                  frames 17-19: 3 resets, alike down to IP ID, TTL and window: copies of one packet\n"
	"                  frame 17: after the request (4 ms) and before any answer of the server\n"
	"   Behaves like:  Three resets of a known make (middlebox.vendor.box)\n"
	"   Could also be: a load balancer - how to tell: it does so for every name\n"
	"                  chance - how to tell: it happens once\n"
	"                  a twin - how to tell: the path\n"
	"   Suspected:     frames 17-19\n"
	"   In Wireshark:  frame.number in {12, 17..19}\n"
	"\n";

static void test_finding_whole_example(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	tell_one(&t, &e.f, 0);
	assert_string_equal(t.text, whole);
	told_free(&t);
	example_free(&e);
}

static void test_grades_sound_as_sure_as_they_are(void **state)
{
	static const char *const want[] = {[GRADE_ANOMALY] = "3 resets ended this connection",
					   [GRADE_LIKELY] = "that probably did not",
					   [GRADE_CONFIRMED] = "very probably",
					   [GRADE_PROOF] = "that certainly did not"};
	struct example e;

	(void)state;
	example_new(&e);
	for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++) {
		struct told t;

		e.f.grade = (enum grade)g;
		tell_one(&t, &e.f, 0);
		has(&t, want[g]);
		has(&t, grade_name((enum grade)g));
		if (g == GRADE_ANOMALY)
			has_not(&t, "probably");
		told_free(&t);
	}
	example_free(&e);
}

/* Another initial TTL of the same host explains the gap: then it is no sign. */
static void test_sign_shifted_ttl_is_not_told(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	evidence_put1(e.ev[0], FEAT_RST_TTL_SHIFT, 1, 17);
	tell_one(&t, &e.f, 0);
	has_not(&t, "hops below");
	told_free(&t);
	example_free(&e);
}

static void test_hostile_strings_do_not_steer_the_terminal(void **state)
{
	static const char *const name[] = {"\033]0;x\a\033[2J",
					   "\xc2\x9b"
					   "31m",
					   "\xe2\x80\xae"
					   "abc",
					   "a\nFound: nothing",
					   "\xff\xfe\r",
					   "%s%n{v}[x]"};
	char longest[TRIGGER_TEXT];
	struct example e;

	(void)state;
	example_new(&e);
	memset(longest, 'w', sizeof(longest));
	longest[TRIGGER_TEXT - 1] = '\0';
	for (size_t i = 0; i <= ARRAY_LEN(name); i++) {
		const char *n = i < ARRAY_LEN(name) ? name[i] : longest;
		struct run_input in = {.file = (char *)(uintptr_t)n, .state = INPUT_CUT};
		struct run_summary run = {.n_inputs = 1, .input = &in};
		struct told t;

		for (uint32_t width = 0; width <= 100; width += 20) {
			e.f.flow.trigger_len = (uint32_t)strlen(n);
			memcpy(e.f.flow.trigger_value, n, strlen(n) + 1);
			evidence_put_text(e.ev[0], FEAT_RST_PAYLOAD, n, strlen(n), 17);
			(void)snprintf(in.why, sizeof(in.why), "%s", n);
			told_open(&t, "text", (struct sink_options){.width = width});
			t.ops->finding(t.sink, &e.f, n);
			t.ops->flow(t.sink, &e.f.flow, n);
			told_close(&t, &run);
			check_page(&t, width < 60 && width ? 60 : width ? width : 100);
			has_not(&t, "\nFound: nothing");
			told_free(&t);
		}
	}
	example_free(&e);
}

static void test_colour_only_when_asked(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "text", (struct sink_options){.colour = true});
	t.ops->finding(t.sink, &e.f, "a.pcapng");
	told_close(&t, NULL);
	has(&t, "\033[1m3 resets");
	told_free(&t);
	tell_one(&t, &e.f, 0);
	has_not(&t, "\033");
	told_free(&t);
	example_free(&e);
}

static void number_finding(struct finding *f, unsigned i)
{
	(void)snprintf(f->id, sizeof(f->id), "%016x", i & 0xffffffffu);
	(void)snprintf(f->flow.id, sizeof(f->flow.id), "%016x", i & 0xffffffffu);
	f->flow.orig.port = (uint16_t)(1000 + i);
}

/* 36 of a kind are one paragraph and one line; another kind and another file stand for themselves. */
static void test_findings_of_a_kind_are_collapsed(void **state)
{
	struct run_summary run = {
		.packets = 9,
		.flows = 38,
		.findings_by_grade = {[GRADE_CONFIRMED] = 37, [GRADE_LIKELY] = 1}};
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "text", (struct sink_options){0});
	for (unsigned i = 0; i < 36; i++) {
		number_finding(&e.f, i);
		t.ops->finding(t.sink, &e.f, "a");
	}
	number_finding(&e.f, 36);
	e.f.grade = GRADE_LIKELY;
	t.ops->finding(t.sink, &e.f, "a");
	number_finding(&e.f, 37);
	e.f.grade = GRADE_CONFIRMED;
	t.ops->finding(t.sink, &e.f, "b");
	told_close(&t, &run);
	check_page(&t, 100);
	has(&t, "\n2.   3 resets that probably");
	has(&t, "\nb\n\n3.   3 resets that very probably");
	has(&t,
	    "Like above:    confirmed. 192.0.2.10:1037 -> [2001:db8::7]:443/tcp. frame.number in {12, 17..19}");
	has(&t,
	    "The same again:\n1.   36 connections to 443/tcp: 192.0.2.10:1000 -> [2001:db8::7]:443/tcp (from frame 17);");
	has(&t, "and 32 more.");
	has(&t, "37 confirmed, 1 likely.");
	has_not(&t, "4.   ");
	told_free(&t);
	example_free(&e);
}

/* A later revision of the same finding is no second connection. */
static void test_revision_is_counted_once(void **state)
{
	struct run_summary run = {.packets = 9, .flows = 1};
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "text", (struct sink_options){0});
	e.f.grade = GRADE_LIKELY;
	t.ops->finding(t.sink, &e.f, "a");
	e.f.rev = 2;
	t.ops->finding(t.sink, &e.f, "a");
	e.f.rev = 3;
	e.f.grade = GRADE_CONFIRMED;
	t.ops->finding(t.sink, &e.f, "a");
	told_close(&t, &run);
	has(&t, "(Tells number 1 anew.)");
	has(&t, "1 finding.");
	has_not(&t, "The same again");
	told_free(&t);
	example_free(&e);
}

/* More kinds than there is room for, and more findings than are remembered: counted, and said. */
static void test_memory_does_not_grow(void **state)
{
	struct run_summary run = {.packets = 9, .flows = 3000};
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	told_open(&t, "text", (struct sink_options){0});
	for (unsigned i = 0; i < 3000; i++) {
		number_finding(&e.f, i);
		e.f.flow.resp.port = (uint16_t)i;
		t.ops->finding(t.sink, &e.f, "a");
	}
	e.f.rev = 2; /* of one that stands in no group */
	t.ops->finding(t.sink, &e.f, "a");
	told_close(&t, &run);
	check_page(&t, 100);
	has(&t, "findings of further kinds are not shown here; `--format jsonl` shows all.");
	has(&t, "\n256. ");
	has_not(&t, "\n257.");
	told_free(&t);
	example_free(&e);
}

static void test_cautions_say_what_the_capture_cannot_show(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	e.f.flow.one_sided = e.f.flow.truncated = true;
	e.f.flow.lost = 3;
	e.f.flow.point = POINT_VPN_API;
	tell_one(&t, &e.f, 0);
	has(&t, "Mind:          The capture was taken inside a phone's VPN interface");
	has(&t, "Only one direction was captured");
	has(&t, "missed at least 3 packets");
	told_free(&t);
	example_free(&e);
}

static void tell_end(struct told *t, const struct run_summary *run)
{
	told_open(t, "text", (struct sink_options){0});
	told_close(t, run);
	check_page(t, 100);
}

static void test_nothing_found_says_what_that_means(void **state)
{
	struct run_summary run = {.packets = 120, .flows = 11, .stage = {9, 1, 0, 1, 0}};
	struct told t;

	(void)state;
	tell_end(&t, &run);
	has(&t,
	    "Read:             120 packets in 0 inputs, 11 flows.\nFound:            no sign of interference. That");
	has(&t, "It does not mean that nothing is");
	has(&t,
	    "TCP connections:  2 of 11 broke off by a reset or 3 s of silence, whoever did it.");
	has(&t, "\n                  post-SYN         1    9.1 %  after the first packet\n"
		"                  post-ACK         0    0.0 %  after the handshake\n"
		"                  post-PSH         1    9.1 %  after the first data\n"
		"                  later            0    0.0 %  after more data\n"
		"                  none             9   81.8 %  not broken off\n");
	has(&t, "nothing that the input tells of.");
	told_free(&t);
	run.stage[0] = UINT64_C(18446744073709);
	tell_end(&t, &run);
	has(&t, "none     18446744073709  100.0 %  not broken off\n");
	told_free(&t);
	run.flows = 0;
	memset(run.stage, 0, sizeof(run.stage));
	tell_end(&t, &run);
	has_not(&t, "TCP connections:");
	has(&t, "nothing to judge: the packets hold no TCP");
	told_free(&t);
	run.packets = 0;
	tell_end(&t, &run);
	has(&t, "nothing to judge: no packet could be read.");
	told_free(&t);
}

static void test_run_tells_what_is_missing(void **state)
{
	struct run_input in[30] = {0};
	struct run_summary run = {
		.packets = 5, .flows = 1, .n_inputs = 30, .input = in, .n_undecoded = 8};
	struct told t;

	(void)state;
	for (size_t i = 0; i < 30; i++)
		in[i] = (struct run_input){.file = (char *)(uintptr_t) "x.pcap",
					   .state = i ? INPUT_REFUSED : INPUT_WHOLE,
					   .why = "no capture"};
	for (size_t i = 0; i < 8; i++)
		run.undecoded[i] = (struct run_undecoded){1, 0x88cc, "no decoder", 7};
	run.lost.kernel = 4;
	run.lost.evicted = 2;
	run.defrag_failed = 1;
	tell_end(&t, &run);
	has(&t, "packets dropped by the kernel while capturing: 4; flows given up for lack of");
	has(&t, "fragments did not all come: 1.\n");
	has(&t, "7 no decoder (link type 1, ethertype 0x88cc)");
	has(&t, "and 2 other kinds.");
	has(&t, "Inputs:           x.pcap: refused: no capture\n");
	has(&t, "and 9 more that are not whole.");
	told_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finding_whole_example),
		cmocka_unit_test(test_grades_sound_as_sure_as_they_are),
		cmocka_unit_test(test_sign_shifted_ttl_is_not_told),
		cmocka_unit_test(test_hostile_strings_do_not_steer_the_terminal),
		cmocka_unit_test(test_colour_only_when_asked),
		cmocka_unit_test(test_findings_of_a_kind_are_collapsed),
		cmocka_unit_test(test_revision_is_counted_once),
		cmocka_unit_test(test_memory_does_not_grow),
		cmocka_unit_test(test_cautions_say_what_the_capture_cannot_show),
		cmocka_unit_test(test_nothing_found_says_what_that_means),
		cmocka_unit_test(test_run_tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
