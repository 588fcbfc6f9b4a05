/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_TAP_H
#define WP_SOURCE_TAP_H

#include "source/live.h"

/* The filter in the kernel, from user space. Internal to source/. */
struct tap;

/* Loads the program and hangs it on the capture socket `fd`; `link_len` is what stands before the
 * network header there. NULL with a reason. The filter stays on the socket until that is closed. */
struct tap *tap_new(int fd, uint32_t link_len, bool follow_all, struct err_info *err);
void tap_follow(struct tap *t, const struct live_flow *f);
/* Frames seen, and of them those of readable protocols that were not passed on. */
void tap_counts(const struct tap *t, uint64_t *seen, uint64_t *prefiltered);
void tap_free(struct tap *t);

#endif
