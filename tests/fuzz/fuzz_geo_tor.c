/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/geo/geo_tor.c */
#include <stdlib.h>
#include <string.h>

#include "geo/geo_impl.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The first byte says which table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct geo_table t = {.v6 = size && data[0] == '6'};
	struct geo_info info = {.name = ""};
	struct sha256 hash;
	char country[GEO_COUNTRY];
	struct err_info err;
	FILE *f = size > 1 ? fmemopen((void *)(data + 1), size - 1, "r") : NULL;

	sha256_start(&hash);
	if (f) {
		bool ok = geo_tor_read(f, "seed", &t, &info, &hash, &err);

		must(ok || err.text[0]);
		for (size_t i = 0; i < t.n; i++) {
			must(memcmp(t.at[i].low, t.at[i].high, 16) <= 0);
			must(!i || memcmp(t.at[i - 1].high, t.at[i].low, 16) < 0);
			must(geo_tor_find(&t, t.at[i].low, country) ==
			     geo_is_country(t.at[i].country, 2));
		}
	}
	if (f)
		fclose(f);
	free(t.at);
	return 0;
}
