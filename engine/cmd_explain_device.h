/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_CMD_EXPLAIN_DEVICE_H
#define WP_CMD_EXPLAIN_DEVICE_H

#include "kin/device.h"

/* Prints to standard output what is known of one device. */
void explain_device(const struct device *d);
/* Prints a draft signature made of all its cases. */
void explain_device_draft(const struct device *d);
/* Names the devices there are, to standard error. */
void explain_devices_list(const struct devices *ds);

#endif
