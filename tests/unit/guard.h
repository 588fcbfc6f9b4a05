/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_GUARD_H
#define WP_TESTS_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t guard_room(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

/* A copy of the bytes that ends right before an unreadable page: reading one byte too many is a crash, with or without a sanitizer.
 * Give it back with guard_free. With len 0 the pointer is valid and may not be read. Aborts when there is no memory. */
static inline uint8_t *guard_copy(const void *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_room(len);
	uint8_t *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + room, page, PROT_NONE) != 0)
		abort();
	if (len > 0)
		memcpy(at + room - len, bytes, len);
	return at + room - len;
}

static inline void guard_free(uint8_t *at, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_room(len);

	if (munmap(at + len - room, room + page) != 0)
		abort();
}

#endif
