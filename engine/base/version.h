/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_VERSION_H
#define WP_BASE_VERSION_H

#define WALLPRINT_VERSION "0.1.0"

#endif
