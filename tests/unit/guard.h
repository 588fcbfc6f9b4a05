/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_GUARD_H
#define WP_TESTS_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

/* A copy of some bytes that ends right before an unreadable page: reading one byte too many is a crash, with or without a sanitizer. */
struct guard {
	uint8_t *at; /* with len 0 valid, and not to be read */
	size_t len;
	void *map;
	size_t map_len;
};

/* The last one that was given back: tables over all flags and values make a hundred thousand copies, and to map and unmap each was
 * most of their time. Whoever reads it too late is seen by AddressSanitizer. */
static struct guard guard_spare;

/* Aborts when there is no memory. Give it back with guard_free. */
static inline struct guard guard_copy(const void *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (len + page - 1) / page * page;
	struct guard g = {.len = len, .map_len = room + page};

	if (guard_spare.map && guard_spare.map_len == g.map_len) {
		g.map = guard_spare.map;
		guard_spare.map = NULL;
		ASAN_UNPOISON_MEMORY_REGION(g.map, room);
	} else {
		g.map = mmap(NULL, g.map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		if (g.map == MAP_FAILED || mprotect((uint8_t *)g.map + room, page, PROT_NONE) != 0)
			abort();
	}
	g.at = (uint8_t *)g.map + room - len;
	if (len > 0)
		memcpy(g.at, bytes, len);
	return g;
}

static inline void guard_free(struct guard *g)
{
	struct guard old = guard_spare;

	ASAN_POISON_MEMORY_REGION(g->map, g->map_len);
	guard_spare = *g;
	if (!old.map)
		return;
	/* What is mapped there next is not to be thought of as given back. */
	ASAN_UNPOISON_MEMORY_REGION(old.map, old.map_len);
	if (munmap(old.map, old.map_len) != 0)
		abort();
}

#endif
