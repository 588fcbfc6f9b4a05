/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "source/input.h"

bool raw_open(struct raw *r, const char *path, struct err_info *err)
{
	struct stat st;

	*r = (struct raw){.fd = -1};
	if (strcmp(path, "-") == 0) {
		r->fd = STDIN_FILENO;
	} else {
		r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (r->fd < 0)
			return err_set(err, "cannot open: %m");
		r->own_fd = true;
	}
	if (fstat(r->fd, &st) != 0)
		return err_set(err, "cannot read its status: %m");
	if (S_ISDIR(st.st_mode))
		return err_set(err, "is a directory");
	r->regular = S_ISREG(st.st_mode);
	if (r->regular)
		r->size = (uint64_t)st.st_size;
	sha256_start(&r->sum);
	return true;
}

void raw_open_memory(struct raw *r, struct bytes mem, size_t chunk)
{
	assert(chunk > 0);
	*r = (struct raw){
		.fd = -1, .regular = true, .mem = mem, .mem_chunk = chunk, .size = mem.len};
	sha256_start(&r->sum);
}

/* INPUT_OK when read() will not block. */
static enum input_got raw_wait(struct raw *r, struct err_info *err)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	int n = poll(&p, 1, LIMIT_IDLE_MS);

	if (n > 0)
		return INPUT_OK;
	if (n == 0 || errno == EINTR) {
		r->interrupted = n != 0;
		return INPUT_IDLE;
	}
	(void)err_set(err, "cannot wait for input: %m"); /* always false; the enum says it */
	return INPUT_ERROR;
}

static enum input_got raw_read_fd(struct raw *r, uint8_t *to, size_t room, size_t *n,
				  struct err_info *err)
{
	if (!r->regular) {
		enum input_got got = raw_wait(r, err);

		if (got != INPUT_OK)
			return got;
	}
	ssize_t got = read(r->fd, to, room);

	if (got > 0) {
		*n = (size_t)got;
		return INPUT_OK;
	}
	if (got == 0) {
		r->eof = true;
		return INPUT_END;
	}
	if (errno == EINTR || errno == EAGAIN) {
		r->interrupted = errno == EINTR;
		return INPUT_IDLE;
	}
	(void)err_set(err, "cannot read: %m"); /* always false; the enum says it */
	return INPUT_ERROR;
}

static size_t raw_read_mem(struct raw *r, uint8_t *to, size_t room)
{
	size_t n = r->mem.len - r->mem_off;

	if (n > room)
		n = room;
	if (n > r->mem_chunk)
		n = r->mem_chunk;
	if (n > 0)
		memcpy(to, r->mem.at + r->mem_off, n);
	r->mem_off += n;
	r->eof = n == 0;
	return n;
}

enum input_got raw_read(struct raw *r, uint8_t *to, size_t room, size_t *n, struct err_info *err)
{
	enum input_got got = INPUT_OK;

	assert(room > 0);
	*n = 0;
	if (r->eof)
		return INPUT_END;
	if (room > LIMIT_READ_BYTES)
		room = LIMIT_READ_BYTES;
	if (r->fd >= 0)
		got = raw_read_fd(r, to, room, n, err);
	else
		*n = raw_read_mem(r, to, room);
	if (got != INPUT_OK)
		return got;
	if (*n == 0)
		return INPUT_END;
	sha256_add(&r->sum, to, *n);
	r->n_read += *n;
	return INPUT_OK;
}

bool raw_finish(struct raw *r, uint8_t *scratch, size_t room, uint8_t sha256[32])
{
	size_t n;

	while (r->regular && !r->eof) {
		enum input_got got = raw_read(r, scratch, room, &n, NULL);

		if (got == INPUT_ERROR)
			return false;
	}
	if (r->eof)
		sha256_end(&r->sum, sha256);
	return r->eof;
}

void raw_close(struct raw *r)
{
	if (r->own_fd)
		/* Nothing was written: there is nothing that a failing close could lose. */
		(void)close(r->fd);
	r->own_fd = false;
}
