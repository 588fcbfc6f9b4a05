/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "match/sig_impl.h"

/* Each byte value at each place of a text that is printable otherwise. */
static void test_plain_every_byte_at_every_place_ends_it(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 256; c++)
		for (size_t at = 0; at < 20; at++) {
			uint8_t text[20];

			memset(text, at & 1 ? ' ' : '~', sizeof(text));
			text[at] = (uint8_t)c;
			assert_int_equal(sig_plain((struct bytes){text, sizeof(text)}),
					 c >= 0x20 && c < 0x7f ? sizeof(text) : at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_every_byte_at_every_place_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
