/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_pack.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "match/signature.h"

static struct sig_set *collection(void)
{
	static const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct sig_set *set;
	struct err_info err;

	assert_true(sig_set_load(&set, dirs, 1, &problems, &err));
	assert_int_equal(problems.n, 0);
	return set;
}

static char *packed(size_t *len)
{
	struct sig_set *set = collection();
	char *text;
	FILE *f = open_memstream(&text, len);

	assert_true(sig_set_pack(set, f));
	assert_int_equal(fclose(f), 0);
	sig_set_free(set);
	return text;
}

static void test_pack_unpacked_set_is_the_same(void **state)
{
	struct sig_set *set = collection(), *got;
	uint8_t want_sha[32], sha[32];
	struct err_info err;
	size_t len;
	char *text = packed(&len);

	(void)state;
	got = sig_set_unpack((struct bytes){(uint8_t *)text, len}, &err);
	assert_non_null(got);
	sig_set_digest(set, want_sha);
	sig_set_digest(got, sha);
	assert_memory_equal(sha, want_sha, 32);
	assert_int_equal(sig_set_n(got), sig_set_n(set));
	for (size_t i = 0; i < sig_set_n(set); i++) {
		assert_string_equal(sig_set_at(got, i)->id, sig_set_at(set, i)->id);
		assert_string_equal(sig_set_at(got, i)->path, sig_set_at(set, i)->path);
	}
	sig_set_free(got);
	sig_set_free(set);
	free(text);
}

/* Every cut inside what comes before the first text, and some further on: never a set, always a reason. */
static void test_unpack_cut_or_longer_is_refused(void **state)
{
	struct err_info err;
	size_t len;
	char *text = packed(&len);

	(void)state;
	for (size_t n = 0; n < len; n += n < 200 ? 1 : len / 40) {
		struct guard g = guard_copy(text, n);

		err.text[0] = '\0';
		assert_null(sig_set_unpack((struct bytes){g.at, n}, &err));
		assert_true(err.text[0]);
		guard_free(&g);
	}
	text = realloc(text, len + 1);
	text[len] = 0;
	assert_null(sig_set_unpack((struct bytes){(uint8_t *)text, len + 1}, &err));
	free(text);
}

static void test_unpack_with_a_bad_signature_is_refused_by_name(void **state)
{
	static const char format[] = "format: 1";
	struct err_info err;
	size_t len;
	char *text = packed(&len), *at = memmem(text, len, format, strlen(format));

	(void)state;
	assert_non_null(at);
	at[strlen(format) - 1] = '9';
	assert_null(sig_set_unpack((struct bytes){(uint8_t *)text, len}, &err));
	assert_non_null(strstr(err.text, ".yaml: "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_unpacked_set_is_the_same),
		cmocka_unit_test(test_unpack_cut_or_longer_is_refused),
		cmocka_unit_test(test_unpack_with_a_bad_signature_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
