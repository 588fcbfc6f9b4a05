/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_NOTIFY_H
#define WP_NOTIFY_H

#include "base/err.h"

/* What a service manager wants to know: sd_notify(3), whose protocol is one datagram of text to the socket that $NOTIFY_SOCKET
 * names. Own lines, since the library would be one more thing to load for four messages. */
struct notify {
	int fd; /* -1: nobody asks */
};

/* Connects when somebody asks (and takes the variable away, so that nobody else answers). Call before rights are given up. False with a
 * reason when the one who asks cannot be reached; nothing is then sent. */
MUST_CHECK bool notify_open(struct notify *n, struct err_info *err);
/* Each sends one message, or nothing; `n` may be NULL. None waits: a manager that does not read misses it. */
void notify_ready(const struct notify *n);
void notify_alive(const struct notify *n); /* the watchdog's */
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);

#endif
