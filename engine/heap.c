/* SPDX-License-Identifier: BSD-3-Clause */
#include "heap.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/types.h>

/* jemalloc reads this at its start (jemalloc(3), TUNING); without it nobody does. Flows come and go
 * by the ten thousand, and most of a replay was the kernel giving and taking 4 KB pages. Huge pages,
 * kept: 2.0 -> 0.7 to 1.4 s of CPU and 233 -> 249 MB for 200,000 packets of the mix, 14 -> 18 MB for
 * one packet (bench/, 2026-11). What is freed is used again: engine_config's ceiling still holds. */
extern const char *const malloc_conf;
const char *const malloc_conf = "dirty_decay_ms:-1,thp:always";

/* jemalloc(3); the sanitizers' allocators do not have it. */
int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
	__attribute__((weak));

/* An hour and a half of `make soak`'s traffic, --memory 64M: kept, with huge pages, 42 MB that crept to 47; given back, without, 22 to
 * 24 MB from beginning to end (2026-11). */
void heap_long_run(void)
{
	enum { GIVE_BACK_MS = 1000, ARENAS_MOST = 64 };
	ssize_t ms = GIVE_BACK_MS;

	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0,
		    0); /* more memory is used where the kernel has no such thing */
	if (!mallctl)
		return;
	(void)mallctl("arenas.dirty_decay_ms", NULL, NULL, &ms, sizeof(ms)); /* of arenas to come */
	for (int i = 0; i < ARENAS_MOST; i++) {
		char name[64];

		snprintf(name, sizeof(name), "arena.%d.dirty_decay_ms", i);
		if (mallctl(name, NULL, NULL, &ms, sizeof(ms)))
			return; /* that one is not there */
	}
}
