/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_STREAM_BUILD_H
#define WP_TESTS_STREAM_BUILD_H

/* A stream whose every byte is known. Include after cmocka.h. */

#include "flow_build.h"
#include "guard.h"

enum { MB64 = 64 << 20 };

/* What byte `off` of the stream is when nobody lies; no two places within a ring look alike for long. */
static inline uint8_t truth(uint32_t off)
{
	return (uint8_t)(off * 151 + (off >> 8) * 7);
}

/* A segment of the stream, at an unreadable page; `lie` is added to each byte. */
static inline struct flow *seg(struct fb *b, uint32_t off, size_t len, uint8_t lie)
{
	uint8_t data[65536];
	struct guard g;
	struct flow *f;

	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(truth(off + i) + lie);
	g = guard_copy(data, len);
	f = fb_data(b, 0, off, g.at, len);
	guard_free(&g);
	return f;
}

static inline void check_head(const struct flow *f, uint32_t len)
{
	struct bytes head = stream_head(f, DIR_ORIG);

	assert_int_equal(head.len, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(head.at[i], truth(i));
}

#endif
