/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of a signature file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "match/sig_impl.h"

void sig_file_free(struct sig_file *f)
{
	free(f->own);
	*f = (struct sig_file){0};
}

/* Reads all of an open regular file of `size` bytes, up to one byte more than a signature may have. Every start of the program
 * reads some two hundred of them: one buffer that fits, one call of read(). */
static const char *read_all(int fd, size_t size, struct sig_file *out)
{
	size_t room = (size < LIMIT_SIG_BYTES ? size : LIMIT_SIG_BYTES) + 1;
	uint8_t *at = malloc(room);

	if (!at)
		return "out of memory";
	*out = (struct sig_file){.at = at, .own = at};
	while (out->len < room) {
		ssize_t got = read(fd, at + out->len, room - out->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			sig_file_free(out);
			return strerror(errno);
		}
		out->len += (size_t)got;
		if (got == 0 || out->len < room)
			break; /* a regular file gives less than was asked for at its end only */
	}
	if (out->len == room && room <= LIMIT_SIG_BYTES) {
		sig_file_free(out);
		return "grew while it was read";
	}
	return NULL;
}

const char *sig_file_read(const char *path, struct sig_file *out)
{
	/* A pipe or device that somebody put there must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;
	struct stat st;

	*out = (struct sig_file){0};
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) != 0)
		why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		why = "not a file";
	else
		why = read_all(fd, (size_t)st.st_size, out);
	/* Nothing was written: close has nothing to tell. */
	(void)close(fd);
	return why;
}
