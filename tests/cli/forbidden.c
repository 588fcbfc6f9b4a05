/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked into build/wallprint-forbidden in the place of a call that the parse loop makes at every tick: a parser that was taken over.
 * tests/cli/live.test says by FORBIDDEN what it tries. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live_orders.h"

enum live_orders_got __real_live_orders_next(struct live_orders *o, struct live_order *out);
enum live_orders_got __wrap_live_orders_next(struct live_orders *o, struct live_order *out);

enum live_orders_got __wrap_live_orders_next(struct live_orders *o, struct live_order *out)
{
	char *const argv[] = {"true", NULL}, *const env[] = {NULL};
	const char *what = getenv("FORBIDDEN");

	if (!what)
		return __real_live_orders_next(o, out);
	if (!strcmp(what, "socket"))
		(void)socket(AF_INET, SOCK_STREAM, 0);
	else if (!strcmp(what, "openat"))
		(void)openat(AT_FDCWD, "/etc/passwd", O_RDONLY);
	else if (!strcmp(what, "execve"))
		(void)execve("/bin/true", argv, env);
	else if (!strcmp(what, "ptrace"))
		(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	_exit(0); /* it was let */
}
