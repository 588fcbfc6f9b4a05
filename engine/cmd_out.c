/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: opens and closes what tests/cli/cli.test and tests/cli/kin.test write to */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

bool cmd_out_open(const char *command, const char *path, struct cmd_out *out)
{
	struct winsize ws;
	int fd;

	*out = (struct cmd_out){.f = stdout, .path = path};
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd >= 0 && fchmod(fd, 0600))
			errno = 0; /* a device or pipe has no mode of ours to set */
		out->f = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!out->f) {
		cmd_complain(command, "%s: %s", path, strerror(errno));
		return false;
	}
	if (isatty(fileno(out->f))) {
		out->colour = !getenv("NO_COLOR");
		if (!ioctl(fileno(out->f), TIOCGWINSZ, &ws))
			out->width = ws.ws_col;
	}
	return true;
}

bool cmd_out_close(const char *command, struct cmd_out *out)
{
	bool failed = fflush(out->f) || ferror(out->f);

	if (out->path && fclose(out->f))
		failed = true;
	if (failed && command)
		cmd_complain(command, "%s could not be written",
			     out->path ? out->path : "standard output");
	return !failed;
}
