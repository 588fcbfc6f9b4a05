/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_fep.h"

#include <string.h>

/* Wu et al. 2023, 4.1 to 4.4 (the artifact's detect.py has the same figures). */
enum { BITS_LOW_TENTHS = 34, BITS_HIGH_TENTHS = 46, FIRST_BYTES = 6, RUN_BYTES = 20 };

static bool is_printable(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* 4.4: a TLS record of a handshake or of data, version 3.0 to 3.9 as the text has it (detect.py: to
 * 3.15), or one of four methods. */
static bool is_protocol(struct bytes b)
{
	static const char *const method[] = {"GET ", "PUT ", "POST ", "HEAD "};

	if (b.len >= 3 && (b.at[0] == 0x16 || b.at[0] == 0x17) && b.at[1] == 3 && b.at[2] <= 9)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(method); i++)
		if (b.len >= strlen(method[i]) && !memcmp(b.at, method[i], strlen(method[i])))
			return true;
	return false;
}

enum fep fep_judge(struct bytes first, uint32_t *popcount)
{
	uint64_t bits = 0, printable = 0, run = 0, longest = 0, lead = 0;

	*popcount = 0;
	if (!first.len)
		return FEP_EMPTY;
	for (size_t i = 0; i < first.len; i++) {
		bits += (uint64_t)__builtin_popcount(first.at[i]);
		run = is_printable(first.at[i]) ? run + 1 : 0;
		printable += run > 0;
		longest = run > longest ? run : longest;
		lead += run == i + 1;
	}
	*popcount = (uint32_t)(bits * 100 / first.len);
	if (bits * 10 <= BITS_LOW_TENTHS * first.len || bits * 10 >= BITS_HIGH_TENTHS * first.len)
		return FEP_POPCOUNT;
	if (lead >= FIRST_BYTES)
		return FEP_FIRST_SIX;
	if (printable * 2 > first.len)
		return FEP_HALF;
	if (longest > RUN_BYTES)
		return FEP_RUN;
	return is_protocol(first) ? FEP_PROTOCOL : FEP_NONE;
}

const char *fep_name(enum fep f)
{
	static const char *const name[] = {"none", "popcount", "first_six", "half",
					   "run",  "protocol", NULL};

	return name[f];
}
