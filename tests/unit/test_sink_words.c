/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/sink/page.c engine/sink/tell_act.c engine/sink/tell_sign.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sink/page.h"
#include "sink/tell.h"
#include "unit/test_sink_build.h"

/* Every technique has a sentence, a sure one and a careful one, with nothing left unfilled. */
static void test_every_technique_has_a_sentence(void **state)
{
	struct example e;

	(void)state;
	example_new(&e);
	e.f.aimed_follows = 0;
	for (int i = 0; i < TECH_N; i++)
		for (int g = GRADE_ANOMALY; g <= GRADE_PROOF; g++) {
			struct say s;

			say_clear(&s);
			e.f.techniques = 1u << i;
			e.f.grade = (enum grade)g;
			tell_act(&s, &e.f);
			assert_true(s.n > 20 && s.at[s.n - 1] == '.');
			assert_null(strpbrk(s.at, "{}[]"));
			assert_null(strstr(s.at, "  "));
		}
	example_free(&e);
}

/* Alone in its case with a value worth telling, no feature leaves a brace, or another feature's value, behind. */
static void test_every_feature_can_be_told(void **state)
{
	static const int64_t num[] = {1, 0, -3, 3, INT64_MIN, INT64_MAX};
	size_t n_told = 0;

	(void)state;
	for (size_t i = 0; i < FEAT_N * ARRAY_LEN(num); i++) {
		enum feat id = (enum feat)(i / ARRAY_LEN(num));
		const struct feat_info *fi = feat_info(id);
		struct evidence *ev = evidence_new(fi->kase == CASE_ANY ? CASE_RST : fi->kase);
		struct finding f = {.n_cases = 1, .cases = {ev}};
		struct tell_sign sign[TELL_SIGNS_MAX];
		size_t n;

		if (fi->unit == UNIT_TOKEN)
			evidence_put_text(ev, id, fi->tokens, strcspn(fi->tokens, "|"), 4);
		else if (fi->unit == UNIT_TEXT || fi->unit == UNIT_ADDR)
			evidence_put_text(ev, id, "\033x", 2, 4);
		else
			evidence_put1(ev, id,
				      fi->unit == UNIT_YESNO ? num[i % ARRAY_LEN(num)] & 1
							     : num[i % ARRAY_LEN(num)],
				      4);
		n = tell_signs(&f, sign);
		assert_true(n <= 1);
		if (n) {
			struct say s;

			n_told++;
			say_clear(&s);
			tell_sign(&s, &sign[0]);
			assert_true(strncmp(s.at, "frame 4: ", 9) == 0 && s.n > 20);
			assert_null(strpbrk(s.at, "{}[]\033"));
			assert_null(strstr(s.at, "  "));
			assert_null(strstr(s.at, " ,"));
		}
		evidence_free(ev);
	}
	assert_true(n_told > 50);
}

/* What a signature rested on and the table does not know is told by its description. */
static void test_sign_without_words_uses_the_description(void **state)
{
	struct signature *sig = example_sig(
		"format: 1\nid: mechanism.y\nrev: 1\nstatus: draft\ntitle: t\n"
		"claims: {technique: data_injection}\nwhen: [overlap.stack_differs is no, overlap.gap < 1s]\nunless:\n");
	struct evidence *ev = evidence_new(CASE_SYNACK), *other = evidence_new(CASE_OVERLAP);
	struct finding f = {.n_cases = 1,
			    .cases = {other},
			    .n_matches = 1,
			    .match = {{.r = {.sig = sig, .when_held = 3}}}};
	struct tell_sign sign[TELL_SIGNS_MAX];

	(void)state;
	evidence_put1(other, FEAT_OVERLAP_STACK_DIFFERS, 0, 4);
	evidence_put1(other, FEAT_OVERLAP_GAP, 5, 4);
	/* One has words, for another value; the other is in no group. */
	assert_int_equal(tell_signs(&f, sign), 0);
	evidence_put1(other, FEAT_OVERLAP_DIFFERS, 1, 4);
	assert_int_equal(tell_signs(&f, sign), 1);
	assert_non_null(sign[0].words);
	sign[0].words = NULL;
	{
		struct say s;

		say_clear(&s);
		tell_sign(&s, &sign[0]);
		assert_string_equal(
			s.at,
			"frame 4: bytes of the shared range that differ; segments of 6 bytes or fewer do not count: 1 byte");
	}
	evidence_free(ev);
	evidence_free(other);
	sig_free(sig);
}

static void test_say_pieces(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} time[] = {{0, "0 ns"},           {999, "999 ns"},      {180000, "180 us"},
		    {4000000, "4 ms"},     {4050000, "4.05 ms"}, {1250000000, "1.25 s"},
		    {1500000000, "1.5 s"}, {-3000000, "-3 ms"},  {INT64_MIN, "-9223372036 s"}};
	static const uint64_t frame[] = {1, 2, 3, 9, 11, 12};
	struct say s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(time); i++) {
		say_clear(&s);
		say_time(&s, time[i].ns);
		assert_string_equal(s.at, time[i].want);
	}
	say_clear(&s);
	say_frames(&s, frame, 6, 9);
	assert_string_equal(s.at, "1-3, 9, 11-12");
	say_clear(&s);
	say_frames(&s, frame, 6, 2);
	assert_string_equal(s.at, "1-3, 9, ...");
	say_clear(&s);
	assert_true(say_filter(&s, frame, 6, 3));
	assert_string_equal(s.at, "frame.number in {1..3, 9, 11..12}");
	say_clear(&s);
	assert_false(say_filter(&s, frame, 6, 1));
	assert_string_equal(s.at, "frame.number in {1..3}");
	/* A sentence that is full stays whole and takes no more. */
	for (int i = 0; i < 5000; i++)
		say(&s, "ab");
	assert_int_equal(s.n, SAY_MAX - 1);
	assert_int_equal(strlen(s.at), s.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_technique_has_a_sentence),
		cmocka_unit_test(test_every_feature_can_be_told),
		cmocka_unit_test(test_sign_without_words_uses_the_description),
		cmocka_unit_test(test_say_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
