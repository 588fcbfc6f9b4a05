/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test asks it */
#include "live_http.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "cmd.h"
#include "rights.h"

/* Loaded when it is wanted, as libpcap is: it and what it needs would cost every replay its loading. */
#define MHD_CALLS(X)                       \
	X(MHD_start_daemon)                \
	X(MHD_stop_daemon)                 \
	X(MHD_run)                         \
	X(MHD_get_daemon_info)             \
	X(MHD_create_response_from_buffer) \
	X(MHD_add_response_header)         \
	X(MHD_queue_response)              \
	X(MHD_destroy_response)

struct http {
#define X(name) __typeof__(&name) name;
	MHD_CALLS(X)
#undef X
	char *text; /* the last snapshot */
	size_t len;
};

static bool load(struct http *h, struct err_info *err)
{
	void *lib = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL); /* Debian's soname */

	if (!lib)
		return err_set(err, "libmicrohttpd cannot be loaded: %s", dlerror());
#define X(name)                                                                            \
	{                                                                                  \
		void *at = dlsym(lib, #name);                                              \
		if (!at)                                                                   \
			return err_set(err, "libmicrohttpd has no " #name);                \
		memcpy(&h->name, &at, sizeof(at)); /* ISO C has no cast between the two */ \
	}
	MHD_CALLS(X)
#undef X
	return true;
}

static bool listen_at(const struct sockaddr *at, socklen_t len, int *fd, struct err_info *err)
{
	const int on = 1;

	*fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd >= 0) {
		/* a restart finds its port free; fails for no reason that matters */
		(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (!bind(*fd, at, len) && !listen(*fd, LIMIT_HTTP_CONNECTIONS))
			return true;
	}
	(void)err_set(err, "metrics-listen: %s", strerror(errno)); /* always false */
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written */
	return false;
}

static bool listen_unix(const char *path, int *fd, struct err_info *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	struct stat st;

	if (!n || n >= sizeof(at.sun_path))
		return err_set(err, "metrics-listen: the path of a socket has 1 to %zu bytes",
			       sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, n);
	/* what an earlier run left; anything else there makes bind fail */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	if (!listen_at((const struct sockaddr *)&at, sizeof(at), fd, err))
		return false;
	/* Counts only: whoever reaches the folder may read them. */
	return !chmod(path, 0666) || err_set(err, "metrics-listen: %s: %s", path, strerror(errno));
}

bool live_http_listen(const char *where, int *fd, struct err_info *err)
{
	static const char v4[] = "127.0.0.1:", v6[] = "[::1]:", un[] = "unix:";
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	bool is_v4 = !strncmp(where, v4, sizeof(v4) - 1),
	     is_v6 = !strncmp(where, v6, sizeof(v6) - 1);
	uint64_t port;

	*fd = -1;
	if (!strncmp(where, un, sizeof(un) - 1))
		return listen_unix(where + sizeof(un) - 1, fd, err);
	if ((!is_v4 && !is_v6) ||
	    !cmd_parse_size(where + (is_v4 ? sizeof(v4) : sizeof(v6)) - 1, &port) || !port ||
	    port > UINT16_MAX)
		return err_set(err, "metrics-listen: 127.0.0.1:PORT, [::1]:PORT or unix:PATH");
	in4.sin_port = in6.sin6_port = htons((uint16_t)port);
	return is_v4 ? listen_at((const struct sockaddr *)&in4, sizeof(in4), fd, err)
		     : listen_at((const struct sockaddr *)&in6, sizeof(in6), fd, err);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_len, void **state)
{
	struct http *h = arg;
	bool read_only = !strcmp(method, "GET") || !strcmp(method, "HEAD");
	bool there = h->text && read_only && !strcmp(url, "/metrics");
	struct MHD_Response *r;
	enum MHD_Result got;

	(void)version;
	(void)upload;
	(void)state;
	if (*upload_len) /* what nobody asked for is not read */
		return MHD_NO;
	r = h->MHD_create_response_from_buffer(there ? h->len : 0, there ? h->text : (char *)h,
					       MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	got = h->MHD_add_response_header(r, "Content-Type", "text/plain; version=0.0.4");
	if (got == MHD_YES)
		got = h->MHD_queue_response(c,
					    there       ? MHD_HTTP_OK
					    : read_only ? MHD_HTTP_NOT_FOUND
							: MHD_HTTP_METHOD_NOT_ALLOWED,
					    r);
	h->MHD_destroy_response(r);
	return got;
}

/* The next snapshot in the place of the last. False at the end. */
static bool take(struct http *h, int from, char *buf)
{
	ssize_t got = recv(from, buf, LIMIT_LIVE_METRICS_BYTES, 0);
	char *copy;

	if (got <= 0)
		return got < 0 && (errno == EINTR || errno == EAGAIN);
	copy = realloc(h->text, (size_t)got);
	if (!copy)
		return true; /* the old one serves */
	memcpy(copy, buf, (size_t)got);
	h->text = copy;
	h->len = (size_t)got;
	return true;
}

static void serve(struct http *h, struct MHD_Daemon *d, int from, char *buf)
{
	enum { STEP_MS = 1000 /* at which connections that say nothing are looked at */ };
	const union MHD_DaemonInfo *info = h->MHD_get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd p[] = {{.fd = info ? info->epoll_fd : -1, .events = POLLIN},
			     {.fd = from, .events = POLLIN}};

	for (;;) {
		(void)poll(p, 2, STEP_MS); /* whatever it says, both are asked */
		if (p[1].revents && !take(h, from, buf))
			return;
		(void)h->MHD_run(d); /* MHD_NO: not started in this way, which it was */
	}
}

int live_http_serve(int listen_fd, int from, const char *user)
{
	struct http h = {.text = NULL};
	struct MHD_Daemon *d = NULL;
	char *buf = malloc(LIMIT_LIVE_METRICS_BYTES);
	struct err_info err = {"out of memory"};

	/* It ends when the one that feeds it does. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (buf && load(&h, &err) && rights_server(user, &err)) {
		d = h.MHD_start_daemon(
			MHD_USE_EPOLL, 0, NULL, NULL, answer, &h, MHD_OPTION_LISTEN_SOCKET,
			listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_HTTP_CONNECTIONS,
			MHD_OPTION_CONNECTION_TIMEOUT, 5U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
			(size_t)16384, MHD_OPTION_END);
		if (!d)
			(void)err_set(&err, "libmicrohttpd does not start"); /* always false */
	}
	if (d) {
		serve(&h, d, from, buf);
		h.MHD_stop_daemon(d);
	} else {
		cmd_complain("live", "metrics-listen: %s", err.text);
	}
	free(buf);
	free(h.text);
	return d ? EXIT_DONE : EXIT_REFUSED;
}
