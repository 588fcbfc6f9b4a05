/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/macros.h"
#include "metrics.h"

enum { METRICS_MAX = 256 * 1024, READ_BYTES = 64 * 1024, NAME_MAX_BYTES = 4096 };

struct keeper {
	const struct keeper_options *o;
	int fd;
	uint64_t written;
	uint64_t lost_lines;
	bool nobody;    /* the reader of a pipe is gone */
	bool line_open; /* the last line written is not complete yet */
	struct err_info *err;
	char *snapshot;
	size_t n_snapshot;
	struct metrics_service counts;
	int http;
	char *order; /* on its way to the parser; NULL none */
	size_t order_len, order_done;
};

static int create(const char *path)
{
	/* What is found names people's addresses: its owner's only. Appended to: a restart after a
	 * crash must not take what was known before. */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && fchmod(fd, 0600))
		errno = 0; /* a device or pipe has no mode of ours to set */
	return fd;
}

bool keeper_open(const struct keeper_options *o, int *fd, struct err_info *err)
{
	*fd = o->out_path ? create(o->out_path) : STDOUT_FILENO;
	return *fd >= 0 || err_set(err, "%s: %s", o->out_path, strerror(errno));
}

/* FILE.1 is the youngest; what would be FILE.keep+1 is overwritten by its successor. */
static void rotate(struct keeper *k)
{
	char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES];
	int fd;

	for (uint32_t i = k->o->keep; i > 0; i--) {
		if (snprintf(to, sizeof(to), "%s.%u", k->o->out_path, i) >= (int)sizeof(to) ||
		    (i > 1 ? snprintf(from, sizeof(from), "%s.%u", k->o->out_path, i - 1)
			   : snprintf(from, sizeof(from), "%s", k->o->out_path)) >=
			    (int)sizeof(from))
			return;
		if (rename(from, to) && errno != ENOENT)
			(void)err_set(k->err, "%s: %s", to, strerror(errno)); /* always false */
	}
	if (!k->o->keep && unlink(k->o->out_path))
		(void)err_set(k->err, "%s: %s", k->o->out_path, strerror(errno)); /* false */
	fd = create(k->o->out_path);
	if (fd < 0) {
		(void)err_set(k->err, "%s: %s", k->o->out_path, strerror(errno)); /* always false */
		return; /* the old one, under its new name, goes on */
	}
	(void)close(k->fd); /* every write was checked */
	k->fd = fd;
	k->written = 0;
}

static void write_all(struct keeper *k, const char *at, size_t n)
{
	while (n) {
		ssize_t got = write(k->fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			/* a full disk may have room again; a reader that is gone does not come back */
			k->nobody = errno == EPIPE;
			(void)err_set(k->err, "%s", strerror(errno)); /* always false */
			for (size_t i = 0; i < n; i++)
				k->lost_lines += at[i] == '\n';
			return;
		}
		k->written += (uint64_t)got;
		at += got;
		n -= (size_t)got;
	}
}

/* How much of this goes into the present file: whole lines, as many as it has room for; 0: none. A line that has begun there, or is
 * longer than a file, goes in whole. */
static size_t fits(const struct keeper *k, const char *at, size_t n)
{
	uint64_t left;
	const char *eol;

	if (!k->o->out_path || !k->o->rotate_bytes)
		return n;
	left = k->o->rotate_bytes > k->written ? k->o->rotate_bytes - k->written : 0;
	if (n <= left)
		return n;
	eol = memrchr(at, '\n', (size_t)left);
	if (!eol && k->written && !k->line_open)
		return 0;
	if (!eol)
		eol = memchr(at, '\n', n);
	return eol ? (size_t)(eol - at) + 1 : n;
}

static void take_lines(struct keeper *k, const char *at, size_t n)
{
	while (n) {
		size_t now = fits(k, at, n);

		if (!now) {
			rotate(k);
			/* no new file could be made: the old one, then */
			now = k->written ? n : fits(k, at, n);
		}
		write_all(k, at, now);
		k->line_open = at[now - 1] != '\n';
		at += now;
		n -= now;
	}
}

/* Counts only, no addresses: read by a metrics collector, which runs as another user. */
static void write_file(struct keeper *k, const char *text, size_t n)
{
	char tmp[NAME_MAX_BYTES];
	int fd;
	bool ok;

	if (snprintf(tmp, sizeof(tmp), "%s.new", k->o->metrics_path) >= (int)sizeof(tmp))
		return;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		(void)err_set(k->err, "%s: %s", tmp, strerror(errno)); /* always false */
		return;
	}
	if (fchmod(fd, 0644)) /* whatever the umask */
		errno = 0;    /* a device or pipe has no mode of ours to set */
	ok = write(fd, text, n) == (ssize_t)n;
	if (close(fd) || !ok || rename(tmp, k->o->metrics_path))
		(void)err_set(k->err, "%s: %s", k->o->metrics_path, strerror(errno)); /* false */
}

/* The parser's part, and what is counted here. */
static void write_snapshot(struct keeper *k, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool ok = f && fwrite(k->snapshot, 1, n, f) == n;

	if (ok)
		metrics_write_service(f, &k->counts);
	if (f && fclose(f))
		ok = false;
	if (ok && k->o->metrics_path)
		write_file(k, text, len);
	/* Who does not keep up misses one. */
	if (ok && k->http > 0 && send(k->http, text, len, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
		(void)err_set(k->err, "nobody answers for metrics any more"); /* always false */
		k->http = 0;
	}
	free(text);
}

static void take_metrics(struct keeper *k, const char *at, size_t n)
{
	static const char end[] = KEEPER_SNAPSHOT_END;
	char *stop;

	if (k->n_snapshot + n >= METRICS_MAX)
		k->n_snapshot = 0; /* not what the parser writes: start over */
	if (n >= METRICS_MAX)
		return;
	memcpy(k->snapshot + k->n_snapshot, at, n);
	k->n_snapshot += n;
	k->snapshot[k->n_snapshot] = '\0';
	while ((stop = strstr(k->snapshot, end))) {
		size_t used = (size_t)(stop - k->snapshot) + sizeof(end) - 1;

		write_snapshot(k, (size_t)(stop - k->snapshot));
		k->n_snapshot -= used;
		memmove(k->snapshot, k->snapshot + used, k->n_snapshot + 1);
	}
}

/* False at the end of the pipe. */
static bool take(struct keeper *k, int fd, char *buf,
		 void (*to)(struct keeper *, const char *, size_t))
{
	ssize_t got = read(fd, buf, READ_BYTES);

	if (got > 0)
		to(k, buf, (size_t)got);
	return got > 0 || (got < 0 && errno == EINTR);
}

static void reloaded(struct keeper *k, bool ok)
{
	k->counts.reloads_ok += ok;
	k->counts.reloads_failed += !ok;
	notify_ready(k->o->notify);
}

/* What the parser says of itself. */
static void take_status(struct keeper *k, const char *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (at[i]) {
		case LIVE_LISTENING:
			notify_ready(k->o->notify);
			break;
		case LIVE_TURN:
			notify_alive(k->o->notify);
			break;
		case LIVE_TAKEN:
		case LIVE_KEPT:
			reloaded(k, at[i] == LIVE_TAKEN);
			break;
		default:
			break;
		}
	}
}

/* The output is opened anew (logrotate has moved it away), and so is what can be reloaded. */
static void on_hangup(struct keeper *k)
{
	int fd = k->o->out_path ? create(k->o->out_path) : -1;

	*k->o->hangup = 0;
	if (fd >= 0) {
		(void)close(k->fd); /* every write was checked */
		k->fd = fd;
	}
	if (!k->o->reload)
		return;
	notify_reloading(k->o->notify);
	k->order_done = 0;
	k->order = k->o->reload(k->o->arg, &k->order_len);
	if (!k->order)
		reloaded(k, false);
}

static void send_order(struct keeper *k, int fd)
{
	ssize_t got = write(fd, k->order + k->order_done, k->order_len - k->order_done);

	k->order_done += got > 0 ? (size_t)got : 0;
	/* Broken: the parser has ended, which its other pipes tell. */
	if (k->order_done < k->order_len && (got >= 0 || errno == EAGAIN || errno == EINTR))
		return;
	free(k->order);
	k->order = NULL;
}

static void pass_on(struct keeper *k, const struct live_pipes *from, char *buf)
{
	void (*const to[])(struct keeper *, const char *, size_t) = {take_lines, take_metrics,
								     take_status};
	struct pollfd p[] = {{.fd = from->lines, .events = POLLIN},
			     {.fd = from->metrics, .events = POLLIN},
			     {.fd = from->status, .events = POLLIN},
			     {.fd = -1, .events = POLLOUT}};
	bool told = false;

	while (p[0].fd >= 0 || p[1].fd >= 0 || p[2].fd >= 0) {
		if ((*k->o->stop || k->nobody) && !told) {
			told = true;
			notify_stopping(k->o->notify);
			(void)close(from->orders); /* what was not written yet is not wanted */
		}
		if (*k->o->hangup && !k->line_open && !k->order && !told)
			on_hangup(k);
		p[3].fd = k->order && !told ? from->orders : -1;
		if (poll(p, ARRAY_LEN(p), LIMIT_IDLE_MS) <= 0)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(to); i++)
			if (p[i].revents && !take(k, p[i].fd, buf, to[i]))
				p[i].fd = -1;
		if (p[3].fd >= 0 && p[3].revents)
			send_order(k, from->orders);
	}
	free(k->order);
}

int keeper_run(const struct keeper_options *o, int fd, pid_t child, const struct live_pipes *from,
	       uint64_t *lost_lines, struct err_info *err)
{
	struct keeper k = {.o = o, .fd = fd, .err = err, .http = from->http};
	char *buf = malloc(READ_BYTES);
	int status = 0;
	struct stat st;

	k.snapshot = malloc(METRICS_MAX);
	if (o->out_path && !fstat(fd, &st))
		k.written = (uint64_t)st.st_size;
	if (!buf || !k.snapshot) {
		(void)err_set(err, "out of memory"); /* always false */
		(void)close(from->orders);           /* nothing was written */
	} else {
		pass_on(&k, from, buf);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (o->out_path && close(k.fd))
		(void)err_set(err, "%s: %s", o->out_path, strerror(errno)); /* always false */
	free(buf);
	free(k.snapshot);
	*lost_lines = k.lost_lines;
	return status;
}
