/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyed hash: SipHash-1-3 exactly, since flow ids in the output are made with it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/keyhash.h"
#include "guard.h"

static const struct hash_key paper_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* Key 00..0f and messages 00, 01, 02 ... of several lengths. Worked out with a second, independent implementation that
 * gives the paper's own value (a129ca6149be45e5 for 15 bytes) with two and four rounds. */
static void test_keyhash_of_known_messages_is_siphash_1_3(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} known[] = {
		{0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},  {7, 0xd3927d989bb11140},
		{8, 0x369095118d299a8e},  {9, 0x25a48eb36c063de4},  {15, 0xd320d86d2a519956},
		{16, 0xcc4fdd1a7d908b66}, {31, 0x2370dd1f8c21d1bc}, {63, 0x9d199062b7bbb3a8},
	};
	uint8_t message[64];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(keyhash(&paper_key, message, known[i].n), known[i].hash);
}

/* Every length at an unreadable page, and from an odd address. */
static void test_keyhash_at_the_end_of_memory_reads_no_further(void **state)
{
	uint8_t message[80], moved[81];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7);
	memcpy(moved + 1, message, sizeof(message));
	for (size_t n = 0; n <= sizeof(message); n++) {
		struct guard g = guard_copy(message, n);

		assert_int_equal(keyhash(&paper_key, g.at, n), keyhash(&paper_key, message, n));
		assert_int_equal(keyhash(&paper_key, moved + 1, n),
				 keyhash(&paper_key, message, n));
		guard_free(&g);
	}
}

static void test_keyhash_with_one_bit_changed_differs(void **state)
{
	uint8_t message[40] = {0};
	uint64_t plain = keyhash(&paper_key, message, sizeof(message));
	struct hash_key other;

	(void)state;
	for (size_t bit = 0; bit < sizeof(message) * 8; bit++) {
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(keyhash(&paper_key, message, sizeof(message)), plain);
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (int bit = 0; bit < 64; bit++) {
		other = (struct hash_key){paper_key.k0 ^ UINT64_C(1) << bit, paper_key.k1};
		assert_int_not_equal(keyhash(&other, message, sizeof(message)), plain);
		other = (struct hash_key){paper_key.k0, paper_key.k1 ^ UINT64_C(1) << bit};
		assert_int_not_equal(keyhash(&other, message, sizeof(message)), plain);
	}
	/* Zeros at the end count: the length is part of the hash. */
	for (size_t n = 0; n < sizeof(message); n++)
		assert_int_not_equal(keyhash(&paper_key, message, n), plain);
}

static void test_mixhash_at_the_end_of_memory_reads_no_further(void **state)
{
	uint8_t message[80];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= sizeof(message); n++) {
		struct guard g = guard_copy(message, n);

		assert_int_equal(mixhash(&paper_key, g.at, n), mixhash(&paper_key, message, n));
		guard_free(&g);
	}
}

/* Every bit of every length counts, and so does the length. */
static void test_mixhash_with_one_bit_changed_differs(void **state)
{
	uint8_t message[40] = {0};

	(void)state;
	for (size_t n = 1; n <= sizeof(message); n++) {
		uint64_t plain = mixhash(&paper_key, message, n);

		assert_int_not_equal(mixhash(&paper_key, message, n - 1), plain);
		for (size_t bit = 0; bit < n * 8; bit++) {
			message[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(mixhash(&paper_key, message, n), plain);
			message[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

/* Ends that differ in one address or port only, as in a scan, spread over the low bits. */
static void test_mixhash_of_a_scan_spreads(void **state)
{
	enum { BITS = 12, N = 1 << BITS };
	static uint8_t hit[N];
	uint32_t used = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		uint8_t key[40] = {[8] = 0xff, 0xff, 10, 0, 0, 1, [24] = 0xff, 0xff, 192, 0};

		key[26] = (uint8_t)(i >> 8);
		key[27] = (uint8_t)i;
		hit[mixhash(&paper_key, key, sizeof(key)) % N] = 1;
	}
	for (uint32_t i = 0; i < N; i++)
		used += hit[i];
	/* 1 - 1/e of the places when the hash is as good as chance */
	assert_in_range(used, N * 60 / 100, N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyhash_of_known_messages_is_siphash_1_3),
		cmocka_unit_test(test_keyhash_at_the_end_of_memory_reads_no_further),
		cmocka_unit_test(test_keyhash_with_one_bit_changed_differs),
		cmocka_unit_test(test_mixhash_at_the_end_of_memory_reads_no_further),
		cmocka_unit_test(test_mixhash_with_one_bit_changed_differs),
		cmocka_unit_test(test_mixhash_of_a_scan_spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
