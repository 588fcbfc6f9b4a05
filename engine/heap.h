/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_HEAP_H
#define WP_HEAP_H

/* From here on what is freed goes back to the kernel after a second, and there are no huge pages: for a process that runs for months beside
 * others. Without jemalloc (sanitizers) only the latter. To be called before rights are given up. */
void heap_long_run(void);

#endif
