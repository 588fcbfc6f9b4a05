/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_TLS_WRITE_H
#define WP_TESTS_TLS_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A message being written: vectors get their length when they are closed. */
struct out {
	uint8_t at[20000];
	size_t len;
};

static inline void put(struct out *o, const void *from, size_t n)
{
	memcpy(o->at + o->len, from, n);
	o->len += n;
}

static inline void put_fill(struct out *o, int c, size_t n)
{
	memset(o->at + o->len, c, n);
	o->len += n;
}

static inline void put_num(struct out *o, size_t v, size_t size)
{
	while (size--)
		o->at[o->len++] = (uint8_t)(v >> 8 * size);
}

/* Leaves room for a length of `size` bytes; vec_close() with what this returns. */
static inline size_t vec_open(struct out *o, size_t size)
{
	o->len += size;
	return o->len;
}

static inline void vec_close(struct out *o, size_t start, size_t size)
{
	size_t end = o->len;

	o->len = start - size;
	put_num(o, end - start, size);
	o->len = end;
}

static inline void put_ext(struct out *o, unsigned int type, const void *body, size_t n)
{
	put_num(o, type, 2);
	put_num(o, n, 2);
	put(o, body, n);
}

#endif
