/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_marks.h"
#include "unit/guard.h"

static const struct {
	const char *name, *text, *scope, *source;
} table[] = {
#define X(name, text, scope, source) {name, text, scope, source},
#include "app/marks.def"
#undef X
};

enum { NAMES_MAX = 8 };

static const char *names[NAMES_MAX];

static size_t find(const char *page)
{
	struct guard g = guard_copy(page, strlen(page));
	size_t n = marks_find((struct bytes){g.at, strlen(page)}, names, NAMES_MAX);

	guard_free(&g);
	return n;
}

/* Every line is found by its own name: at the very end of a page, and between markup. */
static void test_each_mark_is_found(void **state)
{
	char page[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		for (int tail = 0; tail < 2; tail++) {
			bool found = false;
			size_t n;

			snprintf(page, sizeof(page), "HTTP/1.1 200 OK\r\n\r\n<p>%s%s",
				 table[i].text, tail ? "\xc4</p>" : "");
			n = find(page);
			for (size_t j = 0; j < n; j++)
				found = found || strcmp(names[j], table[i].name) == 0;
			assert_true(found);
			assert_int_equal(n, 1);
		}
	}
}

/* Names are tokens, lines of one name stand together, no text stands twice, scope is a country or "-". */
static void test_table_is_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *scope = table[i].scope;

		assert_int_equal(strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(table[i].name));
		assert_true(strlen(table[i].text) >= 6 && strlen(table[i].source) >= 2);
		assert_true(
			strcmp(scope, "-") == 0 ||
			(strlen(scope) == 2 && strspn(scope, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2));
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(table[i].text, table[j].text);
			if (strcmp(table[i].name, table[j].name) == 0)
				assert_string_equal(table[i - 1].name, table[i].name);
		}
	}
}

static void test_mark_inside_a_longer_word_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(find("<a href=http://82.209.230.23/>"), 1);
	assert_int_equal(find("<a href=http://182.209.230.23/>"), 0);
	assert_int_equal(find("<a href=http://82.209.230.231/>"), 0);
	assert_int_equal(find("http://notwarning.or.kr/"), 0);
	/* the second place counts though the first does not */
	assert_int_equal(find("notwarning.or.kr www.warning.or.kr"), 1);
	assert_string_equal(names[0], "kr-warning");
	assert_int_equal(find(""), 0);
	assert_int_equal(find("Surf Safely"), 0);
}

static void test_several_marks_come_once_each_and_bounded(void **state)
{
	const char *page = "10.10.34.34 10.10.34.35 peyvandha.ir warning.or.kr reestr.mitc.uz";

	(void)state;
	assert_int_equal(find(page), 4);
	assert_string_equal(names[0], "ir-10-10-34");
	assert_string_equal(names[1], "ir-peyvandha");
	assert_string_equal(names[2], "kr-warning");
	assert_string_equal(names[3], "uz-mitc");
	assert_int_equal(marks_find((struct bytes){(const uint8_t *)page, strlen(page)}, names, 2),
			 2);
}

static void test_page_is_searched_up_to_the_limit(void **state)
{
	size_t n = LIMIT_MARK_PAGE_BYTES;
	char *page = malloc(n + 14);

	(void)state;
	assert_non_null(page);
	memset(page, ' ', n + 13);
	page[n + 13] = '\0';
	memcpy(page + n - 13, "warning.or.kr", 13);
	assert_int_equal(find(page), 1);
	memset(page, ' ', n);
	memcpy(page + n - 12, "warning.or.kr", 13);
	assert_int_equal(find(page), 0);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mark_is_found),
		cmocka_unit_test(test_table_is_in_order),
		cmocka_unit_test(test_mark_inside_a_longer_word_does_not_count),
		cmocka_unit_test(test_several_marks_come_once_each_and_bounded),
		cmocka_unit_test(test_page_is_searched_up_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
