/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/sink_jsonl.c */
/* covers: engine/sink/tell_finding.c */
/* What other flows tell, in each format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/test_sink_build.h"

static void tell(struct told *t, const char *format, const struct finding *f)
{
	told_open(t, format, (struct sink_options){0});
	t->ops->finding(t->sink, f, "a.pcapng");
	told_close(t, NULL);
}

/* What other flows tell, and the best basis of an aim. */
static void test_jsonl_beside_other_flows(void **state)
{
	static const char *const basis[] = {"follows", "repeat", "control"};
	struct example e;
	struct told t;
	char want[64];

	(void)state;
	example_new(&e);
	e.f.controls.ok = 2;
	e.f.controls.failed = 1;
	e.f.controls.n_frames = 2;
	e.f.controls.frame[0] = 30;
	e.f.controls.frame[1] = 44;
	e.f.residual.tuple = 3;
	e.f.residual.ns = INT64_C(93900000000);
	for (size_t i = 0; i < ARRAY_LEN(basis); i++) {
		e.f.aimed_repeat = i >= 1 ? e.f.aimed_follows : 0;
		e.f.aimed_control = i >= 2 ? e.f.aimed_follows : 0;
		e.f.residual.most_ns = i ? INT64_C(180200000000) : 0;
		tell(&t, "jsonl", &e.f);
		snprintf(want, sizeof(want), "\"basis\":\"%s\"}]", basis[i]);
		assert_non_null(strstr(t.text, want));
		assert_non_null(
			strstr(t.text, "\"controls\":{\"ok\":2,\"failed\":1,\"frames\":[30,44]},"));
		assert_non_null(strstr(
			t.text,
			i ? "\"residual\":{\"tuple\":3,\"seconds\":93,\"at_least\":false,\"at_most\":181}"
			  : "\"residual\":{\"tuple\":3,\"seconds\":93,\"at_least\":true}"));
		told_free(&t);
	}
	example_free(&e);
}

static void test_text_beside_other_flows(void **state)
{
	struct example e;
	struct told t;

	(void)state;
	example_new(&e);
	tell(&t, "text", &e.f);
	assert_null(strstr(t.text, "Compared:"));
	assert_null(strstr(t.text, "Goes on:"));
	told_free(&t);
	e.f.controls.ok = 1;
	e.f.controls.failed = 2;
	e.f.residual.tuple = 3;
	e.f.residual.ns = INT64_C(93900000000);
	tell(&t, "text", &e.f);
	assert_non_null(strstr(
		t.text,
		"Compared:      under other names, 1 attempt at the same server was answered and 2 failed\n"));
	assert_non_null(strstr(
		t.text,
		"Goes on:       93 s or longer, after a connection to the same server was reset\n"));
	told_free(&t);
	e.f.residual.most_ns = INT64_C(180200000000);
	tell(&t, "text", &e.f);
	assert_non_null(strstr(t.text, "Goes on:       93 s long, after"));
	told_free(&t);
	example_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jsonl_beside_other_flows),
		cmocka_unit_test(test_text_beside_other_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
