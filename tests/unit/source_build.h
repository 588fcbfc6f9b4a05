/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_UNIT_SOURCE_BUILD_H
#define WP_TESTS_UNIT_SOURCE_BUILD_H

/* Captures built byte by byte, and a reader that takes in a source to its end and checks what
 * always holds. For the tests of source/; include after cmocka.h. */

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "source/source_impl.h"

struct build {
	uint8_t *at;
	size_t len, cap;
	bool big;
};

static inline void put(struct build *b, const void *bytes, size_t n)
{
	if (b->cap - b->len < n) {
		b->cap = 2 * b->cap + n;
		b->at = realloc(b->at, b->cap);
		assert_non_null(b->at);
	}
	if (n > 0)
		memcpy(b->at + b->len, bytes, n);
	b->len += n;
}

static inline void put16(struct build *b, uint32_t v)
{
	uint8_t le[2] = {(uint8_t)v, (uint8_t)(v >> 8)}, be[2] = {le[1], le[0]};

	put(b, b->big ? be : le, 2);
}

static inline void put32(struct build *b, uint32_t v)
{
	put16(b, b->big ? v >> 16 : v & 0xffff);
	put16(b, b->big ? v & 0xffff : v >> 16);
}

static inline void put64(struct build *b, uint64_t v)
{
	put32(b, (uint32_t)(b->big ? v >> 32 : v));
	put32(b, (uint32_t)(b->big ? v : v >> 32));
}

/* n bytes that differ with the seed. */
static inline void put_fill(struct build *b, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t v = (uint8_t)(seed * 31 + i);

		put(b, &v, 1);
	}
}

static inline void build_free(struct build *b)
{
	free(b->at);
	*b = (struct build){0};
}

static inline void put_pcap_header(struct build *b, uint32_t magic, uint32_t link)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put32(b, 0);
	put32(b, 0);
	put32(b, 65535);
	put32(b, link);
}

/* A record with a header of 16 or 24 bytes. */
static inline void put_pcap_record(struct build *b, size_t hdr, uint32_t sec, uint32_t frac,
				   uint32_t cap, uint32_t wire)
{
	put32(b, sec);
	put32(b, frac);
	put32(b, cap);
	put32(b, wire);
	put_fill(b, hdr - 16, 0xee);
	put_fill(b, cap, sec);
}

/* A pcapng block around the body that `body` holds; frees it. */
static inline void put_ng_block(struct build *b, uint32_t type, struct build *body)
{
	static const uint8_t zeros[4];

	put(body, zeros, -body->len & 3);
	put32(b, type);
	put32(b, (uint32_t)body->len + 12);
	put(b, body->at, body->len);
	put32(b, (uint32_t)body->len + 12);
	build_free(body);
}

static inline void put_ng_section(struct build *b, uint32_t major, uint32_t minor)
{
	struct build o = {.big = b->big};

	put32(&o, 0x1a2b3c4d);
	put16(&o, major);
	put16(&o, minor);
	put64(&o, UINT64_MAX);
	put_ng_block(b, 0x0a0d0d0a, &o);
}

/* tsresol < 0: no such option; offset 0: no such option. */
static inline void put_ng_iface(struct build *b, uint32_t link, uint32_t snaplen, int tsresol,
				int64_t offset)
{
	struct build o = {.big = b->big};

	put16(&o, link);
	put16(&o, 0);
	put32(&o, snaplen);
	if (tsresol >= 0) {
		put16(&o, 2); /* if_name, passed over */
		put16(&o, 3);
		put(&o, "eth", 4);
		put16(&o, 9);
		put16(&o, 1);
		put(&o, &(uint32_t){htole32((uint32_t)tsresol)}, 4);
	}
	if (offset) {
		put16(&o, 14);
		put16(&o, 8);
		put64(&o, (uint64_t)offset);
	}
	if (tsresol >= 0 || offset)
		put32(&o, 0);
	put_ng_block(b, 1, &o);
}

static inline void put_ng_epb(struct build *b, uint32_t iface, uint64_t ticks, uint32_t cap,
			      uint32_t wire)
{
	struct build o = {.big = b->big};

	put32(&o, iface);
	put32(&o, (uint32_t)(ticks >> 32));
	put32(&o, (uint32_t)ticks);
	put32(&o, cap);
	put32(&o, wire);
	put_fill(&o, cap, iface + wire);
	put_ng_block(b, 6, &o);
}

static inline void put_ng_spb(struct build *b, uint32_t wire, uint32_t there)
{
	struct build o = {.big = b->big};

	put32(&o, wire);
	put_fill(&o, there, wire);
	put_ng_block(b, 3, &o);
}

static inline void put_ng_pb(struct build *b, uint32_t iface, uint64_t ticks, uint32_t cap,
			     uint32_t wire)
{
	struct build o = {.big = b->big};

	put16(&o, iface);
	put16(&o, 0xffff); /* drops: not known */
	put32(&o, (uint32_t)(ticks >> 32));
	put32(&o, (uint32_t)ticks);
	put32(&o, cap);
	put32(&o, wire);
	put_fill(&o, cap, wire);
	put_ng_block(b, 2, &o);
}

/* What came out of a source. */
struct seen {
	enum source_got end;
	uint64_t n, hash;
	uint32_t batches, idle;
	struct frame first, last; /* `at` is dead after the next call: only for the numbers */
	uint16_t first_link, last_link;
	uint8_t first_byte;
	struct source_stats stats;
	char why[ERR_TEXT_MAX];
};

static inline uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	/* FNV-1a */
	for (size_t i = 0; i < n; i++)
		h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	return h;
}

static inline uint64_t hash_frame(uint64_t h, const struct frame *f)
{
	h = hash_bytes(h, &f->ts_ns, sizeof(f->ts_ns));
	h = hash_bytes(h, &f->wire_len, sizeof(f->wire_len));
	h = hash_bytes(h, &f->cap_len, sizeof(f->cap_len));
	return hash_bytes(h, f->at, f->cap_len);
}

static inline void seen_batch(struct seen *r, const struct batch *b)
{
	assert_in_range(b->n, 1, BATCH_MAX);
	r->batches++;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct frame *f = &b->frame[i];

		assert_true(f->cap_len <= f->wire_len && f->cap_len <= LIMIT_FRAME_BYTES);
		assert_true(f->no > r->last.no);
		r->hash = hash_frame(hash_bytes(r->hash, &b->linktype, sizeof(b->linktype)), f);
		if (r->n++ == 0) {
			r->first = *f;
			r->first_link = b->linktype;
			r->first_byte = f->cap_len ? f->at[0] : 0;
		}
		r->last = *f;
		r->last_link = b->linktype;
	}
}

/* Reads to the end and closes. */
static inline struct seen seen_all(struct source *s)
{
	struct seen r = {0};
	struct batch b;
	struct err_info err = {""}, again = {""};

	for (;;) {
		r.end = source_next(s, &b, &err);
		if (r.end == SOURCE_IDLE) {
			r.idle++;
			continue;
		}
		if (r.end != SOURCE_FRAMES)
			break;
		seen_batch(&r, &b);
	}
	assert_int_equal(b.n, 0);
	/* The end is the end. */
	assert_int_equal(source_next(s, &b, &again), r.end);
	assert_string_equal(again.text, err.text);
	source_stats(s, &r.stats);
	assert_int_equal(r.stats.frames, r.n);
	memcpy(r.why, err.text, sizeof(r.why));
	source_close(s);
	return r;
}

/* The same bytes read where they lie, and in dribbles of several sizes: all give the same. False
 * when refused. */
static inline bool seen_memory(const void *at, size_t len, struct seen *out, struct err_info *err)
{
	static const size_t chunks[] = {0, 1, 7, 4096};
	struct bytes mem = {at, len};
	struct source *s;
	bool opened = false;

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		bool ok = source_open_memory(&s, mem, chunks[i], NULL, err);

		assert_true(i == 0 || ok == opened);
		opened = ok;
		if (!ok) {
			assert_null(s);
			assert_true(err->text[0]);
			continue;
		}
		struct seen r = seen_all(s);

		assert_true(r.stats.sha256_valid);
		if (i > 0) {
			assert_int_equal(r.end, out->end);
			assert_int_equal(r.n, out->n);
			assert_int_equal(r.hash, out->hash);
			assert_string_equal(r.why, out->why);
			assert_memory_equal(r.stats.sha256, out->stats.sha256, 32);
		}
		*out = r;
	}
	return opened;
}

/* Reads what was built, which must not be refused, and frees it. */
static inline struct seen seen_build(struct build *b)
{
	struct seen r;
	struct err_info err = {""};

	if (!seen_memory(b->at, b->len, &r, &err))
		fail_msg("refused: %s", err.text);
	build_free(b);
	return r;
}

/* Must be refused, with `why` in the reason; frees it. */
static inline void refused_build(struct build *b, const char *why)
{
	struct seen r;
	struct err_info err = {""};

	assert_false(seen_memory(b->at, b->len, &r, &err));
	if (!strstr(err.text, why))
		fail_msg("refused because \"%s\", not \"%s\"", err.text, why);
	build_free(b);
}

/* Was cut, with `why` in the reason. */
static inline void assert_cut(const struct seen *r, uint64_t n, const char *why)
{
	assert_int_equal(r->end, SOURCE_CUT);
	assert_int_equal(r->n, n);
	if (!strstr(r->why, why))
		fail_msg("cut because \"%s\", not \"%s\"", r->why, why);
}

#endif
