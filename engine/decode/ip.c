/* SPDX-License-Identifier: BSD-3-Clause */

#include "decode/decode.h"

/* Of the longest run of two or more zero groups (the first of equals, RFC 5952 4.2) the start; *len
 * 0 when there is none. */
static int zero_run(const uint16_t g[8], int *len)
{
	int best = -1;

	*len = 0;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && g[i + n] == 0)
			n++;
		if (n >= 2 && n > *len) {
			best = i;
			*len = n;
		}
		i += n > 0 ? n - 1 : 0;
	}
	return best;
}

/* Lower-case hex of one group without leading zeros; returns how many characters. */
static size_t hex_put(char *out, uint16_t g)
{
	static const char digit[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (g >> shift != 0 || shift == 0)
			out[n++] = digit[g >> shift & 15];
	return n;
}

static size_t decimal_put(char *out, uint8_t v)
{
	size_t n = 0;

	if (v >= 100)
		out[n++] = (char)('0' + v / 100);
	if (v >= 10)
		out[n++] = (char)('0' + v / 10 % 10);
	out[n++] = (char)('0' + v % 10);
	return n;
}

const char *ip_text(const struct ip_addr *a, char out[IP_TEXT_MAX])
{
	uint16_t g[8];
	int run, run_len;
	size_t n = 0;

	if (ip_is_v4(a)) {
		for (int i = 12; i < 16; i++) {
			n += decimal_put(out + n, a->b[i]);
			out[n++] = i < 15 ? '.' : '\0';
		}
		return out;
	}
	for (int i = 0; i < 8; i++)
		g[i] = (uint16_t)(a->b[2 * i] << 8 | a->b[2 * i + 1]);
	run = zero_run(g, &run_len);
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			out[n++] = ':';
			out[n++] = ':';
			i += run_len - 1;
			continue;
		}
		if (i > 0 && out[n - 1] != ':')
			out[n++] = ':';
		n += hex_put(out + n, g[i]);
	}
	out[n] = '\0';
	return out;
}

bool ip_is_private(const struct ip_addr *a)
{
	const uint8_t *b = a->b;

	if (ip_is_v4(a)) {
		b += 12;
		return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		       (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
		       (b[0] == 100 && (b[1] & 0xc0) == 64);
	}
	if ((b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return true;
	for (int i = 0; i < 15; i++)
		if (b[i] != 0)
			return false;
	return b[15] == 1;
}
