/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_known.c, engine/match/sig_known_write.c, engine/match/sig_blocks.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/sig_impl.h"
#include "match/sig_known.h"

static struct sig_set *collection(const struct sig_known_set *known)
{
	static const char *const dirs[] = {"signatures"};
	struct sig_problems problems = {0};
	struct sig_set *set;
	struct err_info err;

	assert_true(sig_set_load_known(&set, dirs, 1, known, &problems, &err));
	assert_int_equal(problems.n, 0);
	return set;
}

static char *written(const struct sig_set *set)
{
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	assert_true(sig_known_write(set, f));
	assert_int_equal(fclose(f), 0);
	return text;
}

/* What is written holds every byte of every signature but its path: a pointer that sig_blocks.c forgot would stand there as an
 * address, and differ. */
static void test_known_signatures_are_those_that_the_files_give(void **state)
{
	struct sig_set *known = collection(&sig_shipped), *read = collection(NULL);
	char *of_known = written(known), *of_read = written(read);
	uint8_t sha_known[32], sha_read[32];

	(void)state;
	assert_true(sig_set_n(read) > 100);
	assert_int_equal(sig_set_n(known), sig_set_n(read));
	for (size_t i = 0; i < sig_set_n(known); i++) {
		assert_non_null(sig_set_at(known, i)->known);
		assert_null(sig_set_at(read, i)->known);
		assert_string_equal(sig_set_at(known, i)->path, sig_set_at(read, i)->path);
	}
	assert_string_equal(of_known, of_read);
	sig_set_digest(known, sha_known);
	sig_set_digest(read, sha_read);
	assert_memory_equal(sha_known, sha_read, 32);
	free(of_known);
	free(of_read);
	sig_set_free(known);
	sig_set_free(read);
}

static void expect(const char *id, struct bytes text, bool there)
{
	struct bytes known;
	struct signature *s = sig_known_get(&sig_shipped, "where/it.yaml", id, text, &known);

	assert_int_equal(s != NULL, there);
	if (s) {
		assert_string_equal(s->path, "where/it.yaml");
		assert_string_equal(s->id, id);
		assert_int_equal(known.len, text.len);
		assert_memory_equal(known.at, text.at, text.len);
		assert_ptr_not_equal(known.at, text.at);
	}
	sig_free(s);
}

/* An edited file is another: whichever byte is changed, and cut anywhere or longer by one. */
static void test_known_with_another_text_is_not_known(void **state)
{
	struct sig_set *set = collection(NULL);
	size_t n = sig_set_n(set);
	const size_t pick[] = {0, n / 2, n - 1};

	(void)state;
	for (size_t k = 0; k < sizeof(pick) / sizeof(pick[0]); k++) {
		const char *id = sig_set_at(set, pick[k])->id;
		struct bytes text = sig_set_text(set, pick[k]);
		uint8_t *copy = malloc(text.len + 1);

		assert_non_null(copy);
		memcpy(copy, text.at, text.len);
		copy[text.len] = '\n';
		expect(id, (struct bytes){copy, text.len}, true);
		expect(id, (struct bytes){copy, text.len + 1}, false);
		expect(sig_set_at(set, (pick[k] + 1) % n)->id, (struct bytes){copy, text.len},
		       false);
		for (size_t i = 0; i < text.len; i++) {
			expect(id, (struct bytes){copy, i}, false);
			copy[i] ^= 1;
			expect(id, (struct bytes){copy, text.len}, false);
			copy[i] ^= 1;
		}
		free(copy);
	}
	expect("middlebox.zz.nobody", (struct bytes){(const uint8_t *)"", 0}, false);
	sig_set_free(set);
}

static void test_known_of_an_empty_set_is_nothing(void **state)
{
	const struct sig_known_set none = {0};
	struct bytes text = {(const uint8_t *)"", 0};

	(void)state;
	assert_null(sig_known_get(&none, "p", "mechanism.rst-sni", text, &text));
}

static void test_written_to_a_full_disk_is_told(void **state)
{
	struct sig_set *set = collection(NULL);
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(f);
	assert_false(sig_known_write(set, f));
	(void)fclose(f); /* it is full */
	sig_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_signatures_are_those_that_the_files_give),
		cmocka_unit_test(test_known_with_another_text_is_not_known),
		cmocka_unit_test(test_known_of_an_empty_set_is_nothing),
		cmocka_unit_test(test_written_to_a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
