/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_DEVICE_H
#define WP_SOURCE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A network interface whose frames come another way than through a socket. Internal to source/. */
struct device {
	int fd; /* a capture socket that receives nothing: asks after the interface */
	int index;
	uint16_t linktype; /* LINKTYPE_ */
	uint32_t link_len; /* bytes before the network header */
	bool loops;        /* what leaves it comes in again */
};

/* False with a reason when there is no such interface, or its frames begin in a way that the programs
 * in the kernel do not read. */
MUST_CHECK bool device_open(struct device *d, const char *name, bool promisc, struct err_info *err);
/* True while the interface exists, up or down. */
bool device_there(const struct device *d);
void device_close(struct device *d);

#endif
