/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LANDLOCK_H
#define WP_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* landlock(7): what a process may do with files, and from newer kernels on with TCP, other processes' signals and abstract sockets.
 * By raw calls: libc has none, and Debian 12's header knows the oldest rights only. */

/* A folder or file, with everything below it. NULL paths are passed over. */
struct landlock_path {
	const char *path;
	bool write; /* to make, write, rename and remove files, but not to read; else to read only */
};

/* The version of the kernel's Landlock; 0: it has none, or a filter hides it. */
int landlock_version(void);
/* From here on this process, and what it starts, may reach these paths and nothing else; as far as the version goes also no TCP port, and
 * no abstract socket or process but its own. A path that is not there is left out. Without Landlock nothing changes. False with a reason when
 * the kernel refuses. Wants no_new_privs. */
MUST_CHECK bool landlock_restrict(const struct landlock_path *paths, size_t n,
				  struct err_info *err);

#endif
