/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/base/text.c */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The JSON string is one: quotes around, no bare control, quote or half escape inside, all of it UTF-8. */
static void check_json(const char *in, size_t len)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	must(f != NULL);
	text_json(f, in, len);
	must(fclose(f) == 0 && n >= 2 && out[0] == '"' && out[n - 1] == '"');
	for (size_t i = 1; i < n - 1;) {
		uint32_t p = 0;
		size_t step = text_utf8(out + i, n - 1 - i, &p);

		must(step && p >= 0x20 && p != '"' && p != 0x7f && !(p >= 0x80 && p < 0xa0) &&
		     !(p >= 0x2028 && p <= 0x202e));
		if (p == '\\') {
			must(i + 1 < n - 1);
			step = out[i + 1] == 'u' ? 6 : 2;
			must(i + step <= n - 1 && strchr("\"\\u", out[i + 1]));
			if (step == 6)
				must(strspn(out + i + 2, "0123456789abcdef") >= 4);
		}
		i += step;
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *in = (const char *)data;
	char small[17], big[1024], at[TEXT_TIME_SIZE];
	int64_t ns = 0;
	size_t n = text_terminal(small, sizeof(small), in, size);
	size_t m = text_terminal(big, sizeof(big), in, size);

	must(n < sizeof(small) && m < sizeof(big) && n <= m && memcmp(small, big, n) == 0);
	for (size_t i = 0; i < m; i++)
		must((unsigned char)big[i] >= 0x20 && big[i] != 0x7f);
	check_json(in, size);
	memcpy(&ns, data, size < sizeof(ns) ? size : sizeof(ns));
	must(strlen(text_time(ns, at)) == 30 && at[10] == 'T' && at[29] == 'Z');
	return 0;
}
