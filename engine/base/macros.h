/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_MACROS_H
#define WP_BASE_MACROS_H

#include <stddef.h>

#define MUST_CHECK                __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_i, arg_i) __attribute__((format(printf, fmt_i, arg_i)))
#define ARRAY_LEN(a)              (sizeof(a) / sizeof((a)[0]))

#endif
