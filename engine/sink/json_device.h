/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_JSON_DEVICE_H
#define WP_SINK_JSON_DEVICE_H

#include "kin/device.h"
#include "sink/json.h"

/* Writes one `device` event, whole, with its newline: docs/ARCHITECTURE.md 6. */
void json_device(struct json *j, const struct device *d);

#endif
