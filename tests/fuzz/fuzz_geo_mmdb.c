/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/geo/geo_mmdb.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "geo/geo.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* libmaxminddb 1.7.1 forgets the list it was building when the metadata turn out to be damaged: a few KB, once, before the program says
 * so and ends. Not ours to mend. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t addr[][16] = {
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1},
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 1},
		{0x20, 1, 0x0d, 0xb8},
	};
	int fd = memfd_create("mmdb", MFD_CLOEXEC);
	char path[64], country[GEO_COUNTRY];
	struct err_info err;
	struct geo *g;

	/* The library reads files only. */
	must(fd >= 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
	if (write(fd, data, size) == (ssize_t)size && geo_open(&g, path, &err)) {
		must(geo_info(g)->date[0] == '\0' || strlen(geo_info(g)->date) == 10);
		for (size_t i = 0; i < sizeof(addr) / sizeof(addr[0]); i++) {
			must(geo_country(g, addr[i], country) ? strlen(country) == 2
							      : country[0] == '\0');
			must(geo_network(g, addr[i]) == geo_network(g, addr[i]));
		}
		geo_close(g);
	}
	(void)close(fd); /* nothing to be lost */
	return 0;
}
