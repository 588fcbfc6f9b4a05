/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

bool notify_open(struct notify *n, struct err_info *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;

	n->fd = -1;
	if (!len)
		return true;
	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(to.sun_path))
		return err_set(err, "NOTIFY_SOCKET names no socket of this machine");
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* unix(7), abstract */
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0 || connect(n->fd, (const struct sockaddr *)&to,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		(void)err_set(err, "NOTIFY_SOCKET: %s", strerror(errno)); /* always false */
		if (n->fd >= 0)
			(void)close(n->fd); /* nothing was written */
		n->fd = -1;
		return false;
	}
	return !unsetenv("NOTIFY_SOCKET"); /* fails for a bad name only */
}

static void say(const struct notify *n, const char *text)
{
	if (n && n->fd >= 0)
		(void)send(n->fd, text, strlen(text), MSG_NOSIGNAL); /* as the header says */
}

void notify_ready(const struct notify *n)
{
	say(n, "READY=1");
}

void notify_alive(const struct notify *n)
{
	say(n, "WATCHDOG=1");
}

void notify_reloading(const struct notify *n)
{
	struct timespec now;
	char text[64];

	/* Type=notify-reload (systemd 253) wants the time; cannot fail for this clock */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		     (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000) < (int)sizeof(text))
		say(n, text);
}

void notify_stopping(const struct notify *n)
{
	say(n, "STOPPING=1");
}
