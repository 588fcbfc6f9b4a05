/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair/pair.h"

#define PRIME ((UINT64_C(1) << 61) - 1)

__extension__ typedef unsigned __int128 wide; /* a product of two residues has 122 bits */

static uint64_t times(uint64_t a, uint64_t b)
{
	wide p = (wide)a * b;
	uint64_t r = (uint64_t)(p & PRIME) + (uint64_t)(p >> 61);

	return r >= PRIME ? r - PRIME : r;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t r = a + b;

	return r >= PRIME ? r - PRIME : r;
}

uint64_t pair_hash_bytes(uint64_t base, struct bytes b)
{
	uint64_t h = 0;

	for (size_t i = b.len; i > 0; i--)
		h = plus(times(h, base), b.at[i - 1]);
	return h;
}

uint64_t pair_hash_join(uint64_t base, uint64_t a, uint64_t a_len, uint64_t b)
{
	uint64_t power = 1;

	for (uint64_t n = a_len, sq = base; n; n >>= 1, sq = times(sq, sq))
		if (n & 1)
			power = times(power, sq);
	return plus(a, times(power, b));
}
