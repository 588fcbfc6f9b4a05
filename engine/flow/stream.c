/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of one direction, first version kept: feeds the trigger readers and notices when
 * somebody says something else about the same bytes (METHODS f.1). */
#include "flow/flow.h"

#include <stdlib.h>
#include <string.h>

/* A request or a hello's rest fits into the first ring, most requests need no more pieces than these;
 * then both grow. Small: with 2048 and 48 an idle connection held 6.5 KB of rings and pieces. */
enum { RING_FIRST = 512, PIECES_FIRST = 2 };

static size_t size_of(uint32_t cap_pieces)
{
	return sizeof(struct stream) + cap_pieces * sizeof(struct piece);
}

/* METHODS f.1, rule kept after measuring 6,743 benign TCP directions (3 hits, all malformed) and 18
 * injection captures (18 hits): both segments longer than 6 bytes and at least min(8, overlap)
 * bytes different. */
enum { CONFLICT_SEGMENT_MIN = 7, CONFLICT_BYTES = 8 };

static uint32_t ring_for(uint32_t need)
{
	uint32_t cap = RING_FIRST;

	while (cap < need && cap < LIMIT_STREAM_BYTES)
		cap *= 2;
	return cap;
}

static struct stream *stream_new(struct flow_table *t, uint32_t base, uint32_t need)
{
	uint32_t cap = ring_for(need);
	struct stream *s;

	if (!flow_table_take(t, size_of(PIECES_FIRST) + cap))
		return NULL;
	s = malloc(size_of(PIECES_FIRST));
	if (s)
		*s = (struct stream){
			.base = base, .cap = cap, .cap_pieces = PIECES_FIRST, .ring = malloc(cap)};
	if (!s || !s->ring) {
		free(s);
		flow_table_give(t, size_of(PIECES_FIRST) + cap);
		return NULL;
	}
	return s;
}

void stream_free(struct flow_table *t, struct stream *s)
{
	if (!s)
		return;
	flow_table_give(t, size_of(s->cap_pieces) + s->cap);
	free(s->ring);
	free(s);
}

/* Grows while nothing has wrapped yet, so that offsets stay where they are. */
static void ring_grow(struct flow_table *t, struct stream *s, uint32_t need)
{
	uint32_t cap = ring_for(need);
	uint8_t *ring;

	if (cap <= s->cap || s->end > s->cap || !flow_table_take(t, cap - s->cap))
		return;
	ring = realloc(s->ring, cap);
	if (!ring) {
		flow_table_give(t, cap - s->cap);
		return;
	}
	s->ring = ring;
	s->cap = cap;
}

static void ring_write(struct stream *s, uint32_t off, const uint8_t *at, uint32_t n)
{
	uint32_t i = off & (s->cap - 1), first = s->cap - i < n ? s->cap - i : n;

	memcpy(s->ring + i, at, first);
	memcpy(s->ring, at + first, n - first);
}

static uint32_t pieces_kept(const struct stream *s)
{
	return s->n_pieces < s->cap_pieces ? s->n_pieces : s->cap_pieces;
}

/* Room for one more piece while none has been forgotten; without memory the oldest goes. */
static struct stream *pieces_grow(struct flow_table *t, struct stream *s)
{
	uint32_t cap = s->cap_pieces * 3 < STREAM_PIECES ? s->cap_pieces * 3 : STREAM_PIECES;
	size_t more = (cap - s->cap_pieces) * sizeof(struct piece);
	struct stream *bigger;

	if (!flow_table_take(t, more))
		return s;
	bigger = realloc(s, size_of(cap));
	if (!bigger) {
		flow_table_give(t, more);
		return s;
	}
	bigger->cap_pieces = cap;
	return bigger;
}

static void piece_add(struct flow_table *t, struct flow_side *side, struct piece p)
{
	struct stream *s = side->stream;

	if (s->n_pieces == s->cap_pieces && s->cap_pieces < STREAM_PIECES)
		s = side->stream = pieces_grow(t, s);
	s->piece[s->n_pieces++ % s->cap_pieces] = p;
}

static void contiguous_extend(struct stream *s)
{
	uint32_t n = pieces_kept(s);

	/* each round extends by at least one piece: at most STREAM_PIECES rounds */
	for (bool moved = true; moved;) {
		moved = false;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t end = s->piece[i].off + s->piece[i].len;

			if (s->piece[i].off <= s->contiguous && end > s->contiguous) {
				s->contiguous = end;
				moved = true;
			}
		}
	}
}

static void conflict_note(struct flow_table *t, struct flow *f, const struct conflict *c)
{
	if (!f->conflict) {
		if (!flow_table_take(t, FLOW_CONFLICTS_MAX * sizeof(*f->conflict)))
			return;
		f->conflict = calloc(FLOW_CONFLICTS_MAX, sizeof(*f->conflict));
		if (!f->conflict) {
			flow_table_give(t, FLOW_CONFLICTS_MAX * sizeof(*f->conflict));
			return;
		}
	}
	if (f->n_conflicts == FLOW_CONFLICTS_MAX) {
		f->conflicts_lost++;
		return;
	}
	f->conflict[f->n_conflicts++] = *c;
	f->suspicion |= SUS_CONFLICT;
	f->log.sealed = true;
}

/* Bytes of [off, off + n) that the stream holds from one piece and the new segment says otherwise.
 */
static uint32_t differing(const struct stream *s, uint32_t off, uint32_t n, const uint8_t *at)
{
	uint32_t diff = 0;

	for (uint32_t i = 0; i < n; i++)
		diff += s->ring[(off + i) & (s->cap - 1)] != at[i];
	return diff;
}

static bool is_http(const uint8_t *at, uint32_t n)
{
	return n >= 7 && !memcmp(at, "HTTP/1.", 7);
}

/* Compares the new segment with one piece of the stream. The rule speaks of two whole segments, so
 * their overlap decides how many bytes must differ, though only those that the older one brought
 * can. */
static void compare(struct flow_table *t, struct flow *f, enum dir d, const struct piece *q,
		    const struct piece *seg, uint32_t oldest, const uint8_t *at)
{
	const struct stream *s = f->side[d].stream;
	uint32_t seg_end = seg->off + seg->len, q_end = q->seg_off + q->seg_len;
	uint32_t from = q->off > seg->off ? q->off : seg->off,
		 to = q->off + q->len < seg_end ? q->off + q->len : seg_end;
	uint32_t both = (q_end < seg_end ? q_end : seg_end) -
			(q->seg_off > seg->off ? q->seg_off : seg->off),
		 diff;
	uint8_t head[8] = {0};

	if (from < oldest)
		from = oldest;
	if (from >= to || seg->len < CONFLICT_SEGMENT_MIN || q->seg_len < CONFLICT_SEGMENT_MIN)
		return;
	diff = differing(s, from, to - from, at + (from - seg->off));
	if (!diff || diff < (both < CONFLICT_BYTES ? both : CONFLICT_BYTES))
		return;
	for (uint32_t j = 0; j < sizeof(head) && from + j < to; j++)
		head[j] = s->ring[(from + j) & (s->cap - 1)];
	conflict_note(t, f,
		      &(struct conflict){.first_frame = q->frame_no,
					 .second_frame = seg->frame_no,
					 .overlap = to - from,
					 .differ = diff,
					 .off = from,
					 .dir = (uint8_t)d,
					 .first_http = is_http(head, to - from < 8 ? to - from : 8),
					 .second_http =
						 is_http(at + (from - seg->off), to - from)});
}

/* Compares with every remembered piece and writes only bytes nobody said anything about; each run
 * of them is a new piece. */
static void put_overlapping(struct flow_table *t, struct flow *f, enum dir d,
			    const struct piece *seg, const uint8_t *at)
{
	uint8_t covered[LIMIT_STREAM_BYTES / 8];
	const struct stream *s = f->side[d].stream;
	uint32_t n = pieces_kept(s), run = 0;
	uint32_t oldest = s->end > s->cap ? s->end - s->cap : 0;

	memset(covered, 0, (seg->len + 7) / 8);
	for (uint32_t i = 0; i < n; i++) {
		const struct piece *q = &s->piece[i];
		uint32_t from = q->off > seg->off ? q->off : seg->off;
		uint32_t to = q->off + q->len < seg->off + seg->len ? q->off + q->len
								    : seg->off + seg->len;

		for (uint32_t j = from; j < to; j++)
			covered[(j - seg->off) / 8] |= (uint8_t)(1u << (j - seg->off) % 8);
		compare(t, f, d, q, seg, oldest, at);
	}
	for (uint32_t j = 0; j <= seg->len; j++) { /* one step too many ends the last run */
		if (j < seg->len && !(covered[j / 8] & 1u << j % 8) && seg->off + j >= oldest) {
			s->ring[(seg->off + j) & (s->cap - 1)] = at[j];
			run++;
		} else if (run) {
			piece_add(t, &f->side[d],
				  (struct piece){seg->off + j - run, run, seg->off, seg->len,
						 seg->frame_no});
			s = f->side[d].stream;
			run = 0;
		}
	}
}

void stream_put(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	struct flow_side *side = &f->side[d];
	struct stream *s = side->stream;
	uint32_t seq = p->tcp.seq + !!(p->tcp.flags & TCP_SYN), off, end;
	struct bytes b = bytes_head(p->payload, LIMIT_STREAM_BYTES);
	struct piece seg;

	if (!s) {
		s = stream_new(t, side->have_isn && !(p->tcp.flags & TCP_SYN) ? side->isn + 1 : seq,
			       (uint32_t)b.len);
		if (!s)
			return;
		side->stream = s;
	}
	off = seq - s->base;
	if (off >=
	    UINT32_MAX / 2) /* before the base (mid-stream start, keep-alive of the SYN's number) */
		return;
	if (b.len == 1 && side->have_next && seq == side->next - 1)
		return; /* keep-alive garbage byte, RFC 9293 3.8.4 */
	if (off > s->end && off - s->end > LIMIT_STREAM_BYTES) {
		if (off - s->end >= (1u << 24))
			return;  /* out of any window: not this stream's */
		s->n_pieces = 0; /* a hole larger than the ring: what was kept is of no more use */
	}
	end = off + (uint32_t)b.len;
	if (end > s->cap)
		ring_grow(t, s, end);
	if (b.len > s->cap)
		b.len = s->cap;
	end = off + (uint32_t)b.len;
	seg = (struct piece){off, (uint32_t)b.len, off, (uint32_t)b.len, p->frame_no};
	if (off >= s->end) {
		ring_write(s, off, b.at, (uint32_t)b.len);
		piece_add(t, side, seg);
	} else {
		put_overlapping(t, f, d, &seg, b.at);
	}
	s = side->stream;
	if (off == s->end && off == s->contiguous)
		s->contiguous = end; /* the usual case: no piece lies behind it */
	else if (off <= s->contiguous)
		contiguous_extend(s);
	if (end > s->end)
		s->end = end;
}

struct bytes stream_head(const struct flow *f, enum dir d)
{
	const struct stream *s = f->side[d].stream;

	if (!s || s->end > s->cap)
		return (struct bytes){NULL, 0};
	return (struct bytes){s->ring, s->contiguous};
}
