/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_HTTP_H
#define WP_LIVE_HTTP_H

#include "base/err.h"

/* Metrics over HTTP, for who is on this machine: a third process, since it reads what strangers send and neither the parser nor
 * the process that writes files should. */

/* Opens what `where` says: 127.0.0.1:PORT, [::1]:PORT or unix:PATH; nothing else, since it has no password. False with a reason. */
MUST_CHECK bool live_http_listen(const char *where, int *fd, struct err_info *err);
/* The life of that process: becomes `user` when it is root, gives up all rights, and answers GET /metrics with the last message that came
 * over `from` (a datagram socket), until that ends. Returns the exit status, after saying why when it is not 0. */
int live_http_serve(int listen_fd, int from, const char *user);

#endif
