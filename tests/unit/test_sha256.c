/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/text.h"

static void expect(const uint8_t sum[SHA256_LEN], const char *want)
{
	char hex[2 * SHA256_LEN + 1] = "";

	text_hex(hex, sum, SHA256_LEN);
	assert_string_equal(hex, want);
}

/* The examples of FIPS 180-4's companion (NIST, "SHA256.pdf"), and the empty text. */
static void test_published_examples_give_published_sums(void **state)
{
	static const struct {
		const char *text, *sum;
	} row[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	uint8_t sum[SHA256_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		sha256_of(row[i].text, strlen(row[i].text), sum);
		expect(sum, row[i].sum);
	}
}

/* However a text is cut, the sum is the same: a million times "a" (the third example). */
static void test_in_pieces_of_any_length_gives_the_same(void **state)
{
	enum { N = 1000000 };
	static const size_t piece[] = {1, 55, 63, 64, 65, 4096, N};
	char *text = malloc(N);
	uint8_t sum[SHA256_LEN];
	struct sha256 s;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', N);
	for (size_t i = 0; i < sizeof(piece) / sizeof(piece[0]); i++) {
		sha256_start(&s);
		for (size_t at = 0; at < N; at += piece[i])
			sha256_add(&s, text + at, piece[i] < N - at ? piece[i] : N - at);
		sha256_end(&s, sum);
		expect(sum, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_examples_give_published_sums),
		cmocka_unit_test(test_in_pieces_of_any_length_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
