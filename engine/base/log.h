/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_LOG_H
#define WP_BASE_LOG_H

#include "base/macros.h"

/* One line on standard error, "wallprint: ROOM: text": for start, end and rare events; never per
 * packet, and never with addresses or names of people's traffic (those belong in sinks that the
 * user asked for). Warnings are always written; info and debug only when the environment says
 * WALLPRINT_LOG=info or =debug. Bytes that could steer a terminal come out as \xNN; lines are cut
 * at 500 bytes. A write that fails is not reported: there is nowhere left. */
void log_warn(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_info(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_debug(const char *room, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
