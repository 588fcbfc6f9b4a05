/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_BYTES_H
#define WP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* A view of bytes somebody else owns; lives as long as they do. `at` may be NULL only when len is
 * 0. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

/* Each reader returns false, and leaves *out untouched, if the value is not all there. */
MUST_CHECK static inline bool bytes_u8(struct bytes b, size_t off, uint8_t *out)
{
	if (off >= b.len)
		return false;
	*out = b.at[off];
	return true;
}

MUST_CHECK static inline bool bytes_be16(struct bytes b, size_t off, uint16_t *out)
{
	if (off > b.len || b.len - off < 2)
		return false;
	*out = (uint16_t)(b.at[off] << 8 | b.at[off + 1]);
	return true;
}

MUST_CHECK static inline bool bytes_be24(struct bytes b, size_t off, uint32_t *out)
{
	if (off > b.len || b.len - off < 3)
		return false;
	*out = (uint32_t)b.at[off] << 16 | (uint32_t)b.at[off + 1] << 8 | b.at[off + 2];
	return true;
}

MUST_CHECK static inline bool bytes_be32(struct bytes b, size_t off, uint32_t *out)
{
	if (off > b.len || b.len - off < 4)
		return false;
	*out = (uint32_t)b.at[off] << 24 | (uint32_t)b.at[off + 1] << 16 |
	       (uint32_t)b.at[off + 2] << 8 | b.at[off + 3];
	return true;
}

MUST_CHECK static inline bool bytes_le32(struct bytes b, size_t off, uint32_t *out)
{
	if (off > b.len || b.len - off < 4)
		return false;
	*out = (uint32_t)b.at[off + 3] << 24 | (uint32_t)b.at[off + 2] << 16 |
	       (uint32_t)b.at[off + 1] << 8 | b.at[off];
	return true;
}

/* The bytes from `off` to the end; empty when off is past the end. */
static inline struct bytes bytes_from(struct bytes b, size_t off)
{
	if (off >= b.len)
		return (struct bytes){NULL, 0};
	return (struct bytes){b.at + off, b.len - off};
}

/* The first `n` bytes, or all of them when there are fewer. */
static inline struct bytes bytes_head(struct bytes b, size_t n)
{
	return (struct bytes){b.at, b.len < n ? b.len : n};
}

#endif
