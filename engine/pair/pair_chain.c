/* SPDX-License-Identifier: BSD-3-Clause */
/* One stream cut into segments in two ways: from a place where both begin a segment to the next
 * where both end one, the bytes must have one digest. Segments that were sent twice are taken once.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "pair/pair.h"

/* One end's segments of one direction, by sequence number. */
struct cuts {
	struct pair_rec *rec;
	uint32_t *at, n;
	uint32_t add; /* to sequence numbers, so that both ends' are alike */
};

struct run {
	uint32_t piece[LIMIT_PAIR_CHAIN], n;
	uint32_t end, len;
	uint64_t digest;
	bool fin;
};

struct placed {
	uint32_t seq, len, rec;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	return x->rec < y->rec ? -1 : x->rec > y->rec;
}

static bool sort_cuts(struct cuts *c)
{
	struct placed *at = malloc((c->n + 1u) * sizeof(*at));

	if (!at)
		return false;
	for (uint32_t i = 0; i < c->n; i++)
		at[i] = (struct placed){c->rec[c->at[i]].seq + c->add, c->rec[c->at[i]].len,
					c->at[i]};
	qsort(at, c->n, sizeof(*at), by_place);
	for (uint32_t i = 0; i < c->n; i++)
		c->at[i] = at[i].rec;
	free(at);
	return true;
}

/* A segment that begins there: one that still wants explaining before one that does not, the
 * longest first. */
static uint32_t piece_at(const struct cuts *c, uint32_t seq)
{
	uint32_t lo = 0, hi = c->n, any = PAIR_NONE;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->rec[c->at[mid]].seq + c->add < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t n = 0;
	     lo < c->n && n < LIMIT_PAIR_LOOK && c->rec[c->at[lo]].seq + c->add == seq; lo++, n++) {
		if (c->rec[c->at[lo]].marks & PAIR_CUT)
			continue;
		if (pair_is_strange(&c->rec[c->at[lo]]))
			return c->at[lo];
		any = any == PAIR_NONE ? c->at[lo] : any;
	}
	return any;
}

static bool extend(const struct pair *p, const struct cuts *c, struct run *r, uint32_t piece)
{
	const struct pair_rec *k = &c->rec[piece];

	if (r->n == LIMIT_PAIR_CHAIN)
		return false;
	r->digest = r->n ? pair_hash_join(p->base, r->digest, r->len, k->digest) : k->digest;
	r->piece[r->n++] = piece;
	r->len += k->len;
	r->end += k->len;
	r->fin |= k->flags & TCP_FIN;
	return true;
}

/* Lays a run of b's segments beside one of a's that begins with `first`. */
static void lay(struct pair *p, const struct cuts *a, const struct cuts *b, uint32_t first)
{
	uint32_t start = a->rec[first].seq + a->add, other = piece_at(b, start);
	struct run x = {.end = start}, y = {.end = start};

	if (other == PAIR_NONE || !extend(p, a, &x, first) || !extend(p, b, &y, other))
		return;
	while (x.len != y.len) {
		const struct cuts *c = x.len < y.len ? a : b;
		struct run *shorter = x.len < y.len ? &x : &y;
		uint32_t next = piece_at(c, shorter->end);

		if (next == PAIR_NONE || !extend(p, c, shorter, next))
			return;
	}
	/* One for one is no new cut: that mate was found, or is another's. */
	if ((x.n == 1 && y.n == 1) || x.digest != y.digest || x.fin != y.fin)
		return;
	for (uint32_t i = 0; i < x.n; i++)
		a->rec[x.piece[i]].marks |= PAIR_WHOLE;
	for (uint32_t i = 0; i < y.n; i++)
		b->rec[y.piece[i]].marks |= PAIR_WHOLE;
}

void pair_chain(struct pair *p, uint8_t dir, uint32_t delta, uint32_t *sent, uint32_t n_sent,
		uint32_t *got, uint32_t n_got)
{
	struct cuts a = {p->side[pair_sender(dir)].rec, sent, n_sent, delta};
	struct cuts b = {p->side[!pair_sender(dir)].rec, got, n_got, 0};

	if (!n_sent || !n_got || !sort_cuts(&a) || !sort_cuts(&b))
		/* without memory they stay unexplained; the caller's next allocation tells */
		return;
	for (uint32_t i = 0; i < b.n; i++)
		if (pair_is_strange(&b.rec[b.at[i]]) && !(b.rec[b.at[i]].marks & PAIR_CUT))
			lay(p, &b, &a, b.at[i]);
	for (uint32_t i = 0; i < a.n; i++)
		if (pair_is_strange(&a.rec[a.at[i]]) && !(a.rec[a.at[i]].marks & PAIR_CUT))
			lay(p, &a, &b, a.at[i]);
}
