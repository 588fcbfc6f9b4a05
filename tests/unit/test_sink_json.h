/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_SINK_JSON_H
#define TEST_SINK_JSON_H

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* A reader of JSON (RFC 8259) that only says yes or no; nesting is counted, not recursed. Numbers are whole ones. */

static inline size_t string_end(const char *t, size_t n, size_t i)
{
	for (i++; i < n && t[i] != '"';) {
		uint32_t p = 0;
		size_t step = text_utf8(t + i, n - i, &p);

		if (!step || p < 0x20)
			return 0;
		if (p == '\\' && i + 1 < n) {
			if (!strchr("\"\\/bfnrtu", t[i + 1]) || !t[i + 1])
				return 0;
			step = t[i + 1] == 'u' ? 6 : 2;
			if (step == 6 &&
			    (i + 6 > n || strspn(t + i + 2, "0123456789abcdefABCDEF") < 4))
				return 0;
		}
		i += step;
	}
	return i < n ? i + 1 : 0;
}

static inline size_t scalar_end(const char *t, size_t n, size_t i)
{
	size_t k;

	if (t[i] == '"')
		return string_end(t, n, i);
	if (n - i >= 4 && (memcmp(t + i, "true", 4) == 0 || memcmp(t + i, "null", 4) == 0))
		return i + 4;
	if (n - i >= 5 && memcmp(t + i, "false", 5) == 0)
		return i + 5;
	i += t[i] == '-';
	k = strspn(t + i, "0123456789");
	return k == 0 || (k > 1 && t[i] == '0') ? 0 : i + k;
}

/* One value from 0 to n, and nothing else. */
static inline bool json_valid(const char *t, size_t n)
{
	char open[64];
	size_t depth = 0, i = 0;
	bool want_value = true, fresh = false;

	while (i < n) {
		if (want_value && (t[i] == '{' || t[i] == '[') && depth < sizeof(open)) {
			open[depth++] = t[i++];
			fresh = true;
		} else if (want_value && !(fresh && strchr("}]", t[i]))) {
			i = scalar_end(t, n, i);
			if (!i)
				return false;
			want_value = fresh = false;
			continue;
		}
		if (i < n && (fresh || !want_value) && depth &&
		    t[i] == (open[depth - 1] == '{' ? '}' : ']')) {
			depth--;
			i++;
			want_value = fresh = false;
			continue;
		}
		if (!fresh) {
			if (want_value || !depth || i >= n || t[i] != ',')
				return false;
			i++;
		}
		if (depth && open[depth - 1] == '{') {
			i = i < n && t[i] == '"' ? string_end(t, n, i) : 0;
			if (!i || i >= n || t[i] != ':')
				return false;
			i++;
			fresh = false;
		}
		want_value = true;
		if (depth && open[depth - 1] == '[' && !fresh && i < n && t[i] == ']')
			return false;
	}
	return depth == 0 && !want_value;
}

#endif
