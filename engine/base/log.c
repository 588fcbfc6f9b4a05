/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { LOG_LINE = 500 };

/* Asked each time: these calls are rare, and a remembered answer would be global state. */
static bool wanted(bool debug)
{
	const char *level = getenv("WALLPRINT_LOG");

	return level && (strcmp(level, "debug") == 0 || (!debug && strcmp(level, "info") == 0));
}

static void line(const char *room, const char *fmt, va_list args)
{
	char raw[LOG_LINE], safe[4 * LOG_LINE];
	int n = vsnprintf(raw, sizeof(raw), fmt, args);

	if (n < 0)
		return;
	text_terminal(safe, sizeof(safe), raw, strlen(raw));
	(void)fprintf(stderr, "wallprint: %s: %s\n", room, safe); /* banned: this is the log */
}

void log_warn(const char *room, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line(room, fmt, args);
	va_end(args);
}

void log_info(const char *room, const char *fmt, ...)
{
	va_list args;

	if (!wanted(false))
		return;
	va_start(args, fmt);
	line(room, fmt, args);
	va_end(args);
}

void log_debug(const char *room, const char *fmt, ...)
{
	va_list args;

	if (!wanted(true))
		return;
	va_start(args, fmt);
	line(room, fmt, args);
	va_end(args);
}
