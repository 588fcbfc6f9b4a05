/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_FUZZ_SOURCE_READ_H
#define WP_TESTS_FUZZ_SOURCE_READ_H

/* What the fuzz targets of source/ share: the same bytes are read where they lie and in dribbles
 * through the read buffer, and both must say the same. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "source/source_impl.h"

struct fuzz_seen {
	bool opened;
	enum source_got end;
	uint64_t n, hash;
	struct err_info err;
};

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

static inline uint64_t fuzz_hash(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	return h;
}

static inline void fuzz_batch(struct fuzz_seen *r, const struct batch *b, const struct source *s,
			      struct bytes mem)
{
	must(b->n >= 1 && b->n <= BATCH_MAX);
	for (uint32_t i = 0; i < b->n; i++) {
		const struct frame *f = &b->frame[i];

		must(f->cap_len <= f->wire_len && f->cap_len <= LIMIT_FRAME_BYTES);
		/* Read where it lies: views lie inside the input. */
		if (!s->in.buf)
			must(f->at >= mem.at && (size_t)(f->at - mem.at) <= mem.len &&
			     mem.len - (size_t)(f->at - mem.at) >= f->cap_len);
		r->hash = fuzz_hash(r->hash, f->at, f->cap_len);
		r->hash = fuzz_hash(r->hash, &f->ts_ns, sizeof(f->ts_ns));
		r->hash = fuzz_hash(r->hash, &f->wire_len, sizeof(f->wire_len));
		r->hash = fuzz_hash(r->hash, &f->no, sizeof(f->no));
		r->hash = fuzz_hash(r->hash, &b->linktype, sizeof(b->linktype));
	}
	r->n += b->n;
}

static inline struct fuzz_seen fuzz_read(struct bytes mem, size_t chunk)
{
	const struct source_options opts = {.expand_max_bytes = 1 << 20};
	struct fuzz_seen r = {0};
	struct source *s;
	struct batch b;

	r.opened = source_open_memory(&s, mem, chunk, &opts, &r.err);
	if (!r.opened) {
		must(r.err.text[0] && !s);
		return r;
	}
	while ((r.end = source_next(s, &b, &r.err)) == SOURCE_FRAMES)
		fuzz_batch(&r, &b, s, mem);
	must(r.end == SOURCE_END || (r.end == SOURCE_CUT && r.err.text[0]));
	struct source_stats st;

	source_stats(s, &st);
	must(st.frames == r.n && st.sha256_valid);
	source_close(s);
	return r;
}

static inline int fuzz_source(const uint8_t *data, size_t size)
{
	struct bytes mem = {data, size};
	struct fuzz_seen a = fuzz_read(mem, 0), b = fuzz_read(mem, 1 + size % 97);

	/* liblzma (5.4.1) gives out more or fewer bytes of a block before it sees the damage in it, as they come in pieces or at once: 39 or
	 * 336 of the same 159. What is whole must not depend on pieces. */
	if (size >= 6 &&
	    !memcmp(data,
		    "\xfd"
		    "7zXZ",
		    6) &&
	    (!a.opened || !b.opened || a.end != SOURCE_END || b.end != SOURCE_END))
		return 0;
	must(a.opened == b.opened && a.end == b.end && a.n == b.n && a.hash == b.hash);
	return 0;
}

#endif
