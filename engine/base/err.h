/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_ERR_H
#define WP_BASE_ERR_H

#include <stdbool.h>

#include "base/macros.h"

enum { ERR_TEXT_MAX = 512 };

/* Why an operation failed, in a sentence for a person, without a trailing newline. */
struct err_info {
	char text[ERR_TEXT_MAX];
};

/* Writes the sentence, cut at ERR_TEXT_MAX; `err` may be NULL. Always returns false, so that
 * `return err_set(err, ...)` reads well. Control bytes in arguments are the caller's to escape. */
bool err_set(struct err_info *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
