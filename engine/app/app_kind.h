/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_KIND_H
#define WP_APP_APP_KIND_H

#include "base/words.h"

/* What an application is for, by nDPI's name of it; APP_KIND_OTHER for most. */
enum app_kind app_kind_of(const char *name);

#endif
