/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct live_lines {
	int fd;
	bool broken; /* nobody reads */
	FILE *mem;
	char *text; /* what `mem` holds */
	size_t len;
	char *ring;
	size_t room, head, used;
	uint64_t lost;
};

struct live_lines *live_lines_new(int fd, size_t room)
{
	struct live_lines *q = calloc(1, sizeof(*q));
	int flags = fcntl(fd, F_GETFL);

	if (!q)
		return NULL;
	q->fd = fd;
	q->room = room;
	q->ring = malloc(room);
	q->mem = open_memstream(&q->text, &q->len);
	if (q->ring && q->mem && flags >= 0 && !fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return q;
	live_lines_free(q);
	return NULL;
}

FILE *live_lines_stream(struct live_lines *q)
{
	return q->mem;
}

static void put(struct live_lines *q, const char *at, size_t n)
{
	size_t tail = (q->head + q->used) % q->room, first = q->room - tail;

	first = first < n ? first : n;
	memcpy(q->ring + tail, at, first);
	memcpy(q->ring, at + first, n - first);
	q->used += n;
}

bool live_lines_push(struct live_lines *q)
{
	while (q->used && !q->broken) {
		size_t n = q->room - q->head;
		ssize_t got;

		n = n < q->used ? n : q->used;
		got = write(q->fd, q->ring + q->head, n);
		if (got > 0) {
			q->head = (q->head + (size_t)got) % q->room;
			q->used -= (size_t)got;
		} else if (errno != EINTR) {
			q->broken = errno != EAGAIN;
			break;
		}
	}
	return !q->broken;
}

void live_lines_commit(struct live_lines *q)
{
	/* A stream in memory fails only when there is none. */
	bool whole = !fflush(q->mem) && !ferror(q->mem);

	if (q->len) {
		(void)live_lines_push(q); /* what it could not write stays */
		if (whole && q->room - q->used >= q->len)
			put(q, q->text, q->len);
		else
			q->lost++;
	}
	clearerr(q->mem);
	rewind(q->mem);
	(void)live_lines_push(q); /* the next tick tells whether somebody reads */
}

void live_lines_drain(struct live_lines *q, int ms)
{
	enum { STEP_MS = 50 };
	struct pollfd p = {.fd = q->fd, .events = POLLOUT};

	while (live_lines_push(q) && q->used && ms > 0) {
		(void)poll(&p, 1, STEP_MS); /* whatever it says, push finds out */
		ms -= STEP_MS;
	}
}

uint64_t live_lines_lost(const struct live_lines *q)
{
	return q->lost;
}

void live_lines_free(struct live_lines *q)
{
	if (!q)
		return;
	if (q->mem)
		(void)fclose(q->mem); /* memory */
	free(q->text);
	free(q->ring);
	free(q);
}
