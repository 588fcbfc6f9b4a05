/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_IP_H
#define WP_SINK_IP_H

#include <stdint.h>

enum { SINK_IP_MAX = 46 };
/* The usual text form of a 16-byte address, IPv4 when it is ::ffff:a.b.c.d (RFC 4291 2.5.5.2);
 * returns out. */
const char *sink_ip(const uint8_t addr[16], char out[SINK_IP_MAX]);

#endif
