/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match/sig_impl.h"

/* Unicode 15.0 table 3-7, "Well-Formed UTF-8 Byte Sequences". */
size_t sig_utf8(struct bytes b, uint32_t *cp)
{
	uint8_t c;
	size_t n;
	uint32_t v, min;

	if (!bytes_u8(b, 0, &c))
		return 0;
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	min = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	v = c & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (!bytes_u8(b, i, &c) || (c & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (c & 0x3fU);
	}
	if (v < min || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return n;
}

bool sig_invisible(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f) /* nearly every character there is */
		return false;
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       cp == 0x061c || (cp >= 0xfff0 && cp <= 0xfffb) || (cp & 0xfffe) == 0xfffe ||
	       (cp >= 0xe0000 && cp <= 0xe0fff);
}

size_t sig_plain(struct bytes b)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t w;
	size_t n = 0;

	/* Eight at a time: a byte below 0x20 borrows into its high bit, 0x7f and above carry into it. */
	for (; b.len - n >= sizeof(w); n += sizeof(w)) {
		memcpy(&w, b.at + n, sizeof(w));
		if (((w - 0x20 * ones) | (w + ones) | w) & high)
			break;
	}
	while (n < b.len && b.at[n] >= 0x20 && b.at[n] < 0x7f)
		n++;
	return n;
}

bool sig_text_check(struct sig_src *src)
{
	struct bytes b = src->text;
	uint32_t line = 1, col = 1, cp;

	for (size_t off = 0; off < b.len;) {
		size_t plain = sig_plain(bytes_from(b, off));

		off += plain;
		col += (uint32_t)plain;
		if (off == b.len)
			break;
		size_t n = sig_utf8(bytes_from(b, off), &cp);
		bool crlf = n == 1 && cp == '\r' && b.len - off > 1 && b.at[off + 1] == '\n';

		if (!n) {
			sig_complain(src, line, col, "save the file as UTF-8",
				     "byte 0x%02x is not UTF-8", b.at[off]);
			return false;
		}
		if (cp != '\n' && cp != '\t' && !crlf && sig_invisible(cp)) {
			sig_complain(src, line, col, "take it out", "invisible character U+%04X",
				     (unsigned int)cp);
			return false;
		}
		off += n;
		col++;
		if (cp == '\n') {
			line++;
			col = 1;
		}
	}
	return true;
}
