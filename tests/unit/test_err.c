/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"

static void test_err_set_writes_the_sentence_and_returns_false(void **state)
{
	struct err_info err = {"before"};

	(void)state;
	assert_false(err_set(&err, "%s: record %d is cut", "a.pcap", 7));
	assert_string_equal(err.text, "a.pcap: record 7 is cut");
	assert_false(err_set(&err, "second"));
	assert_string_equal(err.text, "second");
}

static void test_err_set_without_a_place_returns_false(void **state)
{
	(void)state;
	assert_false(err_set(NULL, "nobody %s", "listens"));
}

/* Around the limit: a sentence that just fits, and longer ones, with a canary behind the struct. */
static void test_err_set_too_long_is_cut_and_ends(void **state)
{
	char text[2 * ERR_TEXT_MAX];
	struct {
		struct err_info err;
		char after[16];
	} box;

	(void)state;
	for (size_t n = ERR_TEXT_MAX - 3; n < ERR_TEXT_MAX + 3; n++) {
		size_t kept = n < ERR_TEXT_MAX ? n : ERR_TEXT_MAX - 1;

		memset(text, 'x', n);
		text[n] = '\0';
		memset(&box, 0x55, sizeof(box));
		assert_false(err_set(&box.err, "%s", text));
		assert_int_equal(strnlen(box.err.text, ERR_TEXT_MAX), kept);
		for (size_t i = 0; i < sizeof(box.after); i++)
			assert_int_equal(box.after[i], 0x55);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_set_writes_the_sentence_and_returns_false),
		cmocka_unit_test(test_err_set_without_a_place_returns_false),
		cmocka_unit_test(test_err_set_too_long_is_cut_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
