/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/defrag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum { BUCKETS = 1024 };

#define TIMEOUT_NS ((uint64_t)LIMIT_DEFRAG_SECONDS * 1000000000)

/* Bytes [from, to) of the datagram are there. */
struct run {
	uint32_t from, to;
};

struct datagram {
	struct datagram *same_bucket;
	struct datagram *older, *newer; /* by time of the first fragment */
	struct ip_addr src, dst;
	uint32_t id;
	uint32_t bucket;
	int64_t start_ns;
	uint32_t total;    /* bytes when complete; 0 until the last fragment came */
	uint32_t buf_size; /* bytes at buf */
	uint8_t *buf;      /* loaned from malloc, freed with the datagram */
	uint32_t n_runs;
	uint8_t version;
	uint8_t proto; /* part of the key for IPv4 only: RFC 791 3.2, RFC 8200 4.5 */
	bool has_head;
	struct run run[LIMIT_DEFRAG_PIECES]; /* disjoint, not touching, in order */
	struct pkt head;                     /* the fragment with offset 0; its views are stale */
};

struct defrag {
	size_t bytes_max, bytes;
	uint32_t n;
	int64_t now_ns; /* largest packet time so far */
	struct datagram *oldest, *newest;
	struct datagram *done; /* the last one handed out */
	struct defrag_stats stats;
	struct datagram *bucket[BUCKETS];
};

struct defrag *defrag_new(size_t bytes_max)
{
	struct defrag *d = calloc(1, sizeof(*d));

	if (d) {
		d->bytes_max = bytes_max;
		d->now_ns = INT64_MIN;
	}
	return d;
}

static void datagram_free(struct defrag *d, struct datagram *g)
{
	if (!g)
		return;
	d->bytes -= sizeof(*g) + g->buf_size;
	free(g->buf);
	free(g);
}

/* Takes g out of both lists; it is the caller's then. */
static void unlink_datagram(struct defrag *d, struct datagram *g)
{
	struct datagram **at = &d->bucket[g->bucket];

	while (*at != g)
		at = &(*at)->same_bucket;
	*at = g->same_bucket;
	if (g->older)
		g->older->newer = g->newer;
	else
		d->oldest = g->newer;
	if (g->newer)
		g->newer->older = g->older;
	else
		d->newest = g->older;
	d->n--;
}

static void give_up(struct defrag *d, struct datagram *g, uint64_t *counter)
{
	unlink_datagram(d, g);
	datagram_free(d, g);
	(*counter)++;
}

void defrag_free(struct defrag *d)
{
	if (!d)
		return;
	while (d->oldest)
		give_up(d, d->oldest, &d->stats.evicted);
	datagram_free(d, d->done);
	free(d);
}

void defrag_stats(const struct defrag *d, struct defrag_stats *out)
{
	*out = d->stats;
	out->pending = d->n;
}

/* FNV-1a. Not keyed: whoever aims at one bucket gains a walk over at most LIMIT_DEFRAG_DATAGRAMS
 * entries per fragment. */
static uint32_t bucket_of(const struct pkt *p)
{
	uint32_t h = 2166136261u;

	for (int i = 0; i < 16; i++)
		h = (h ^ p->src.b[i]) * 16777619u;
	for (int i = 0; i < 16; i++)
		h = (h ^ p->dst.b[i]) * 16777619u;
	for (int shift = 0; shift < 32; shift += 8)
		h = (h ^ (p->frag_id >> shift & 0xff)) * 16777619u;
	return (h ^ h >> 15) % BUCKETS;
}

static bool is_same(const struct datagram *g, const struct pkt *p)
{
	return g->id == p->frag_id && g->version == p->ip_version &&
	       (g->version == 6 || g->proto == p->ip_proto) &&
	       memcmp(&g->src, &p->src, sizeof(g->src)) == 0 &&
	       memcmp(&g->dst, &p->dst, sizeof(g->dst)) == 0;
}

/* Makes room for `bytes` more by giving up the oldest, but never `keep`. */
static bool room_make(struct defrag *d, size_t bytes, const struct datagram *keep)
{
	if (bytes > d->bytes_max)
		return false;
	while (d->bytes_max - bytes < d->bytes) {
		struct datagram *g = d->oldest == keep && keep ? keep->newer : d->oldest;

		if (!g)
			return false;
		give_up(d, g, &d->stats.evicted);
	}
	return true;
}

static struct datagram *datagram_get(struct defrag *d, const struct pkt *p)
{
	uint32_t b = bucket_of(p);
	struct datagram *g = d->bucket[b];

	while (g && !is_same(g, p))
		g = g->same_bucket;
	if (g)
		return g;
	if (d->n >= LIMIT_DEFRAG_DATAGRAMS)
		give_up(d, d->oldest, &d->stats.evicted);
	if (!room_make(d, sizeof(*g), NULL))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	d->bytes += sizeof(*g);
	d->n++;
	g->src = p->src;
	g->dst = p->dst;
	g->id = p->frag_id;
	g->version = p->ip_version;
	g->proto = p->ip_proto;
	/* The watermark, not this packet's time: after one frame from the future nothing could ever
	 * be completed otherwise. */
	g->start_ns = d->now_ns;
	g->bucket = b;
	g->same_bucket = d->bucket[b];
	d->bucket[b] = g;
	g->older = d->newest;
	*(d->newest ? &d->newest->newer : &d->oldest) = g;
	d->newest = g;
	return g;
}

/* Doubles up to the maximum, so that a small datagram stays small. */
static bool buf_grow(struct defrag *d, struct datagram *g, uint32_t need)
{
	uint32_t size = g->buf_size ? g->buf_size : 2048;
	uint8_t *buf;

	if (need <= g->buf_size)
		return true;
	while (size < need)
		size *= 2;
	if (size > LIMIT_DEFRAG_BYTES)
		size = LIMIT_DEFRAG_BYTES;
	if (!room_make(d, size - g->buf_size, g))
		return false;
	buf = realloc(g->buf, size);
	if (!buf)
		return false;
	d->bytes += size - g->buf_size;
	g->buf = buf;
	g->buf_size = size;
	return true;
}

/* Copies bytes [from, to) of the datagram where nothing is yet; `data` is the byte at `base`. */
static void bytes_put(struct defrag *d, struct datagram *g, uint32_t from, uint32_t to,
		      const uint8_t *data)
{
	uint32_t at = from;
	bool overlaps = false, differs = false;

	for (uint32_t i = 0; i < g->n_runs && at < to; i++) {
		uint32_t a = g->run[i].from > at ? g->run[i].from : at;
		uint32_t b = g->run[i].to < to ? g->run[i].to : to;

		if (a >= b)
			continue;
		overlaps = true;
		if (memcmp(g->buf + a, data + (a - from), b - a) != 0)
			differs = true;
		memcpy(g->buf + at, data + (at - from), a - at);
		at = b;
	}
	if (at < to)
		memcpy(g->buf + at, data + (at - from), to - at);
	d->stats.overlaps += overlaps;
	d->stats.conflicts += differs;
}

/* Merges [from, to) into the runs; false when it would be one too many. */
static bool run_put(struct datagram *g, uint32_t from, uint32_t to)
{
	uint32_t first = 0, last;

	while (first < g->n_runs && g->run[first].to < from)
		first++;
	last = first;
	while (last < g->n_runs && g->run[last].from <= to) {
		from = g->run[last].from < from ? g->run[last].from : from;
		to = g->run[last].to > to ? g->run[last].to : to;
		last++;
	}
	if (last == first && g->n_runs == LIMIT_DEFRAG_PIECES)
		return false;
	memmove(&g->run[first + 1], &g->run[last], (g->n_runs - last) * sizeof(g->run[0]));
	g->n_runs = g->n_runs - (last - first) + 1;
	g->run[first] = (struct run){from, to};
	return true;
}

/* RFC 791 3.2, RFC 8200 4.5: all but the last hold a multiple of 8 bytes; nothing reaches beyond
 * the last, or beyond 65535. */
static bool piece_fits(const struct datagram *g, const struct pkt *p, uint32_t to)
{
	uint32_t have = g->n_runs ? g->run[g->n_runs - 1].to : 0;

	if (p->frag_more)
		return g->total == 0 || to <= g->total;
	return g->total == 0 ? to >= have : to == g->total;
}

static bool is_malformed(const struct pkt *p)
{
	uint32_t len = p->ip_total_len - p->ip_hdr_len;

	return len == 0 || len > LIMIT_DEFRAG_BYTES || p->frag_off > LIMIT_DEFRAG_BYTES - len ||
	       (p->frag_more && len % 8 != 0);
}

static void finish(struct defrag *d, struct datagram *g, struct pkt *p)
{
	const struct pkt last = *p;

	unlink_datagram(d, g);
	d->done = g;
	*p = g->head;
	p->ts_ns = last.ts_ns;
	p->frame_no = last.frame_no;
	p->wire_len = last.wire_len;
	p->quirks |= QUIRK(FRAGMENT);
	d->stats.completed++;
	if (!decode_datagram(p, (struct bytes){g->buf, g->total}))
		d->stats.bad_headers++;
}

static enum defrag_got drop(uint64_t *counter)
{
	(*counter)++;
	return DEFRAG_DROPPED;
}

static void time_move(struct defrag *d, int64_t ts_ns)
{
	if (ts_ns > d->now_ns)
		d->now_ns = ts_ns;
	/* start_ns <= now_ns; unsigned, because a hostile capture may put them more than INT64_MAX
	 * apart. */
	while (d->oldest && (uint64_t)d->now_ns - (uint64_t)d->oldest->start_ns > TIMEOUT_NS)
		give_up(d, d->oldest, &d->stats.timed_out);
}

static enum defrag_got add(struct defrag *d, struct pkt *p)
{
	uint32_t len = p->ip_total_len - p->ip_hdr_len;
	uint32_t to = p->frag_off + len;
	struct datagram *g;

	d->stats.fragments++;
	time_move(d, p->ts_ns);
	if (is_malformed(p))
		return drop(&d->stats.malformed);
	if (p->l4_bytes.len < len)
		return drop(&d->stats.truncated);
	g = datagram_get(d, p);
	if (!g)
		return drop(&d->stats.no_memory);
	if (!piece_fits(g, p, to))
		return drop(&d->stats.malformed);
	if (!buf_grow(d, g, to))
		return drop(&d->stats.no_memory);
	bytes_put(d, g, p->frag_off, to, p->l4_bytes.at);
	if (!run_put(g, p->frag_off, to)) {
		give_up(d, g, &d->stats.refused);
		return DEFRAG_DROPPED;
	}
	if (!p->frag_more)
		g->total = to;
	if (p->frag_off == 0 && !g->has_head) {
		g->has_head = true;
		g->head = *p;
	}
	/* has_head follows: a run from 0 starts with a fragment at 0. */
	if (g->total == 0 || g->n_runs != 1 || g->run[0].from != 0 || g->run[0].to != g->total)
		return DEFRAG_HELD;
	finish(d, g, p);
	return DEFRAG_DONE;
}

enum defrag_got defrag_add(struct defrag *d, struct pkt *p)
{
	struct datagram *done = d->done;
	enum defrag_got got;

	assert(p->frag);
	d->done = NULL;
	got = add(d, p);
	/* Not before: p may be a fragment that was tunnelled in the datagram handed out last. */
	datagram_free(d, done);
	return got;
}
