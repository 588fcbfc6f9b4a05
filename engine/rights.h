/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_RIGHTS_H
#define WP_RIGHTS_H

#include <stdbool.h>

#include "base/err.h"
#include "landlock.h"

/* What a process may do once it has opened what it needs. Live capture parses what strangers send:
 * if a parser is taken over, there should be nothing to gain. */

/* For the process that parses: gives up root (for `user`; NULL: "nobody") and every capability, may
 * not gain any by execve, and from here on any system call besides reading the open descriptors,
 * writing them, memory and clocks kills the process (seccomp, and Landlock where the kernel has it). No file can be opened, no socket
 * made, no program started. False with a reason; the process must then end. `user` is not used by
 * who is not root. */
MUST_CHECK bool rights_parser(const char *user, struct err_info *err);
/* For the process that writes the results: keeps its user, whose files it makes, gives up every capability, and reaches these
 * paths only (landlock_restrict). */
MUST_CHECK bool rights_keeper(const struct landlock_path *paths, size_t n, struct err_info *err);
/* For the process that answers for metrics: gives up root for `user`, every capability, and every file (Landlock). False with a
 * reason; the process must then end. */
MUST_CHECK bool rights_server(const char *user, struct err_info *err);
/* Does rights_parser forbid calls? Not under the sanitizers, which need them for their reports. */
bool rights_has_seccomp(void);

#endif
