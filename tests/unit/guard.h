/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_GUARD_H
#define WP_TESTS_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A copy of some bytes that ends right before an unreadable page: reading one byte too many is a crash, with or without a sanitizer. */
struct guard {
	uint8_t *at; /* with len 0 valid, and not to be read */
	size_t len;
	void *map;
	size_t map_len;
};

/* Aborts when there is no memory. Give it back with guard_free. */
static inline struct guard guard_copy(const void *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (len + page - 1) / page * page;
	struct guard g = {.len = len, .map_len = room + page};

	g.map = mmap(NULL, g.map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED || mprotect((uint8_t *)g.map + room, page, PROT_NONE) != 0)
		abort();
	g.at = (uint8_t *)g.map + room - len;
	if (len > 0)
		memcpy(g.at, bytes, len);
	return g;
}

static inline void guard_free(struct guard *g)
{
	if (munmap(g->map, g->map_len) != 0)
		abort();
}

#endif
