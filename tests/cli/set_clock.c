/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked into build/wallprint-forbidden: the machine's clock as somebody sets it, without setting it. tests/cli/live.test writes into the file
 * CLOCK_FILE how many ns it is ahead. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

static const volatile int64_t *ahead_ns;

/* Before the parser gives its rights up. */
__attribute__((constructor)) static void look(void)
{
	const char *file = getenv("CLOCK_FILE");
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	void *at =
		fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_ns), PROT_READ, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		ahead_ns = at;
	if (fd >= 0)
		close(fd);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	int status = __real_clock_gettime(id, t);
	int64_t ns;

	if (id != CLOCK_REALTIME || !ahead_ns || status)
		return status;
	ns = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec + *ahead_ns;
	*t = (struct timespec){ns / 1000000000, ns % 1000000000};
	return 0;
}
