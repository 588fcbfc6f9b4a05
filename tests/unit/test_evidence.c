/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/evidence/features.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/limits.h"
#include "evidence/evidence.h"

static void test_registry_cases_follow_names(void **state)
{
	(void)state;
	for (int c = CASE_RST; c < CASE_N; c++)
		assert_string_not_equal(case_name((enum ev_case)c), "any");
	for (size_t i = 0; i < FEAT_N; i++) {
		const struct feat_info *f = feat_info((enum feat)i);
		const char *dot = strchr(f->name, '.'), *kase = case_name(f->kase);

		assert_non_null(dot);
		if (f->kase == CASE_ANY) {
			/* Nothing falls to `any` by a slip of the pen in features.def. */
			assert_true(strncmp(f->name, "flow.", 5) == 0 ||
				    strncmp(f->name, "trigger.", 8) == 0 ||
				    strncmp(f->name, "capture.", 8) == 0);
			continue;
		}
		assert_int_equal(strlen(kase), (size_t)(dot - f->name));
		assert_memory_equal(f->name, kase, strlen(kase));
	}
}

static void test_registry_lines_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < FEAT_N; i++) {
		const struct feat_info *f = feat_info((enum feat)i);
		enum feat found;

		assert_true(strlen(f->doc) > 4);
		assert_int_equal(f->tokens != NULL, f->unit == UNIT_TOKEN);
		assert_non_null(unit_name(f->unit));
		assert_non_null(group_name(f->group));
		/* Also says that no name stands twice. */
		assert_true(feat_find(f->name, strlen(f->name), &found));
		assert_int_equal(found, i);
		/* A range makes no sense of words. */
		if (f->unit == UNIT_TOKEN || f->unit == UNIT_TEXT || f->unit == UNIT_ADDR ||
		    f->unit == UNIT_YESNO)
			assert_int_not_equal(f->advice, ADVICE_WIDEN);
	}
}

static void test_feat_find_parts_of_names_are_unknown(void **state)
{
	enum feat f = FEAT_DNS_DF;

	(void)state;
	assert_false(feat_find("rst.ttl_delt", 12, &f));
	assert_false(feat_find("rst.ttl_delta_", 14, &f));
	assert_false(feat_find("", 0, &f));
	assert_int_equal(f, FEAT_DNS_DF);
	assert_true(feat_find("rst.ttl_delta and more", 13, &f));
	assert_int_equal(f, FEAT_RST_TTL_DELTA);
}

static void test_unit_and_group_names(void **state)
{
	static const char *const unit[] = {"count", "hops", "ns",     "bytes", "yesno",
					   "token", "text", "number", "addr"};
	static const char *const group[] = {"none",    "stack",   "timing", "sequence",
					    "content", "control", "ends"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unit); i++)
		assert_string_equal(unit_name((enum unit)i), unit[i]);
	for (size_t i = 0; i < ARRAY_LEN(group); i++)
		assert_string_equal(group_name((enum ev_group)i), group[i]);
}

static void test_put_absent_is_unknown_and_put_replaces(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);
	uint64_t frames[] = {7, 9, 9, 8};
	const struct ev_value *v;

	(void)state;
	assert_int_equal(evidence_case(ev), CASE_RST);
	assert_null(evidence_get(ev, FEAT_RST_COUNT));
	assert_int_equal(evidence_n(ev), 0);
	assert_null(evidence_at(ev, 0));
	evidence_put(ev, FEAT_RST_COUNT, 3, frames, 4);
	v = evidence_get(ev, FEAT_RST_COUNT);
	assert_int_equal(v->num, 3);
	assert_int_equal(v->n_frames, 3);
	assert_int_equal(v->n_frames_all, 3);
	assert_int_equal(v->frame[2], 8);
	evidence_put(ev, FEAT_RST_COUNT, 4, NULL, 0);
	v = evidence_get(ev, FEAT_RST_COUNT);
	assert_int_equal(v->num, 4);
	assert_int_equal(v->n_frames, 0);
	assert_int_equal(evidence_n(ev), 1);
	/* Frame 0 is no frame. */
	evidence_put1(ev, FEAT_RST_COUNT, 5, 0);
	assert_int_equal(evidence_get(ev, FEAT_RST_COUNT)->n_frames_all, 0);
	evidence_free(ev);
	evidence_free(NULL);
}

/* All features of a case, put backwards, come out in order. */
static void test_at_any_order_of_puts_gives_feature_order(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);
	size_t n = 0;

	(void)state;
	for (size_t i = FEAT_N; i-- > 0;) {
		const struct feat_info *f = feat_info((enum feat)i);

		if ((f->kase != CASE_RST && f->kase != CASE_ANY) || f->unit == UNIT_TOKEN ||
		    f->unit == UNIT_TEXT)
			continue;
		evidence_put1(ev, (enum feat)i, (int64_t)i, i + 1);
		n++;
	}
	assert_int_equal(evidence_n(ev), n);
	for (size_t i = 0; i < n; i++) {
		const struct ev_value *v = evidence_at(ev, i);

		assert_int_equal(v->num, v->feat);
		assert_ptr_equal(evidence_get(ev, v->feat), v);
		if (i)
			assert_true(evidence_at(ev, i - 1)->feat < v->feat);
	}
	evidence_free(ev);
}

static void test_put_many_frames_are_counted(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);
	uint64_t frames[EV_FRAMES_MAX + 5];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(frames); i++)
		frames[i] = i + 100;
	evidence_put(ev, FEAT_RST_COUNT, 21, frames, ARRAY_LEN(frames));
	assert_int_equal(evidence_get(ev, FEAT_RST_COUNT)->n_frames, EV_FRAMES_MAX);
	assert_int_equal(evidence_get(ev, FEAT_RST_COUNT)->n_frames_all, EV_FRAMES_MAX + 5);
	evidence_free(ev);
}

static void test_text_beyond_limits_is_cut_and_counted(void **state)
{
	struct evidence *ev = evidence_new(CASE_PAGE);
	char longer[EV_TEXT_BYTES + 20];
	const struct ev_value *v;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	for (uint64_t i = 0; i < EV_TEXTS_MAX + 2; i++)
		evidence_add_text(ev, FEAT_PAGE_MARK, longer, i < 1 ? sizeof(longer) : (size_t)i,
				  i + 1);
	v = evidence_get(ev, FEAT_PAGE_MARK);
	assert_int_equal(v->n_text, EV_TEXTS_MAX);
	assert_int_equal(strlen(v->text[0]), EV_TEXT_BYTES);
	assert_string_equal(v->text[3], "xxx");
	assert_int_equal(evidence_lost(ev), 2);
	/* A cut text must not equal a literal that a signature can write. */
	assert_true((int)LIMIT_SIG_LITERAL < (int)EV_TEXT_BYTES);
	evidence_put_text(ev, FEAT_PAGE_MARK, "y", 1, 3);
	v = evidence_get(ev, FEAT_PAGE_MARK);
	assert_int_equal(v->n_text, 1);
	assert_string_equal(v->text[0], "y");
	assert_int_equal(v->frame[0], 3);
	evidence_free(ev);
}

static void test_text_with_nul_does_not_equal_its_beginning(void **state)
{
	struct evidence *ev = evidence_new(CASE_PAGE);

	(void)state;
	evidence_put_text(ev, FEAT_PAGE_SERVER, "nginx\0evil", 10, 1);
	assert_string_equal(evidence_get(ev, FEAT_PAGE_SERVER)->text[0], "nginx\x01"
									 "evil");
	evidence_put_text(ev, FEAT_PAGE_SERVER, NULL, 0, 1);
	assert_string_equal(evidence_get(ev, FEAT_PAGE_SERVER)->text[0], "");
	evidence_free(ev);
}

static void test_suspects_sorted_once_and_bounded(void **state)
{
	struct evidence *ev = evidence_new(CASE_RST);
	const uint64_t *s;

	(void)state;
	assert_int_equal(evidence_suspects(ev, &s), 0);
	evidence_suspect(ev, 0);
	for (int round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 20; i++)
			evidence_suspect(ev, i * 7 % 20 + 1);
	assert_int_equal(evidence_suspects(ev, &s), 20);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(s[i], i + 1);
	for (uint64_t i = 0; i < EV_SUSPECTS_MAX; i++)
		evidence_suspect(ev, i + 1000);
	assert_int_equal(evidence_suspects(ev, &s), EV_SUSPECTS_MAX);
	assert_int_equal(evidence_lost(ev), 20);
	evidence_free(ev);
}

static void test_copy_stands_alone(void **state)
{
	struct evidence *ev = evidence_new(CASE_DNS), *c;
	const uint64_t *s;

	(void)state;
	evidence_put_text(ev, FEAT_DNS_ADDR, "10.10.34.34", 11, 4);
	evidence_add_text(ev, FEAT_DNS_ADDR, "10.10.34.35", 11, 5);
	evidence_put1(ev, FEAT_DNS_ANSWERS, 2, 5);
	evidence_suspect(ev, 4);
	c = evidence_copy(ev);
	evidence_put1(ev, FEAT_DNS_ANSWERS, 9, 5);
	evidence_free(ev);
	assert_int_equal(evidence_case(c), CASE_DNS);
	assert_int_equal(evidence_n(c), 2);
	assert_int_equal(evidence_get(c, FEAT_DNS_ANSWERS)->num, 2);
	assert_int_equal(evidence_get(c, FEAT_DNS_ADDR)->n_text, 2);
	assert_string_equal(evidence_get(c, FEAT_DNS_ADDR)->text[1], "10.10.34.35");
	assert_int_equal(evidence_get(c, FEAT_DNS_ADDR)->frame[1], 5);
	assert_int_equal(evidence_suspects(c, &s), 1);
	assert_int_equal(s[0], 4);
	evidence_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry_cases_follow_names),
		cmocka_unit_test(test_registry_lines_are_complete),
		cmocka_unit_test(test_feat_find_parts_of_names_are_unknown),
		cmocka_unit_test(test_unit_and_group_names),
		cmocka_unit_test(test_put_absent_is_unknown_and_put_replaces),
		cmocka_unit_test(test_at_any_order_of_puts_gives_feature_order),
		cmocka_unit_test(test_put_many_frames_are_counted),
		cmocka_unit_test(test_text_beyond_limits_is_cut_and_counted),
		cmocka_unit_test(test_text_with_nul_does_not_equal_its_beginning),
		cmocka_unit_test(test_suspects_sorted_once_and_bounded),
		cmocka_unit_test(test_copy_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
