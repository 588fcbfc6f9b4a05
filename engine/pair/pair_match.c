/* SPDX-License-Identifier: BSD-3-Clause */
/* Each packet's mate in the other capture. What a path may change is not looked at: TTL, checksums,
 * TOS, MSS, timestamps, PSH. Copies of one packet are told apart by IP ID where the path keeps it,
 * then by hops, then by time. */
#include <stdlib.h>

#include "base/keyhash.h"
#include "base/limits.h"
#include "pair/pair.h"

/* METHODS c.5: after the clocks are aligned. The same IP ID may be late: buffers on mobile paths
 * hold packets for tens of seconds. */
static const int64_t early_ns = -INT64_C(1000000000), late_ns = INT64_C(3000000000),
		     held_ns = INT64_C(60000000000);

struct walk {
	struct pair *p;
	uint32_t *a,
		*b; /* records of one flow and direction, sent and got; sorted by key and time */
	uint32_t n_a, n_b;
	struct pair_tie *tie;
	uint32_t n_ties;
	uint32_t same_id, other_id;
};

struct sortable {
	uint64_t key;
	int64_t ts_ns;
	uint32_t rec;
};

static int by_key_time(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->rec < y->rec ? -1 : x->rec > y->rec;
}

/* Equal for packets that may be the same: not the bytes of TCP, whose place in the stream tells as
 * well and which may be changed. */
static uint64_t key_of(const struct pair *p, const struct pair_rec *r, const struct pair_flow *f,
		       bool is_orig_file)
{
	const struct hash_key key = {p->base, 3};
	uint64_t at[4] = {r->len};

	if (f->proto == 17) {
		at[1] = r->marks & PAIR_CUT ? 0 : r->digest;
	} else {
		at[1] = r->flags & (TCP_SYN | TCP_FIN | TCP_RST | (r->len ? 0 : TCP_ACK));
		at[2] = r->seq + (is_orig_file ? f->delta[r->dir] : 0);
		if (!r->len && r->flags & TCP_ACK)
			at[3] = r->ack + (is_orig_file ? f->delta[!r->dir] : 0);
		at[2] &= UINT32_MAX;
		at[3] &= UINT32_MAX;
	}
	return keyhash(&key, at, sizeof(at));
}

static bool list(struct walk *w, enum pair_file file, const struct pair_flow *f, int dir,
		 uint32_t **out, uint32_t *n)
{
	struct pair_side *s = &w->p->side[file];
	struct sortable *at = malloc((f->n[dir] + 1u) * sizeof(*at));

	*n = 0;
	*out = malloc((f->n[dir] + 1u) * sizeof(**out));
	if (at && *out) {
		for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
			s->rec[r].key = key_of(w->p, &s->rec[r], f, file == PAIR_ORIG);
			at[(*n)++] = (struct sortable){s->rec[r].key, s->rec[r].ts_ns, r};
		}
		qsort(at, *n, sizeof(*at), by_key_time);
		for (uint32_t i = 0; i < *n; i++)
			(*out)[i] = at[i].rec;
	}
	free(at);
	return at && *out;
}

static bool same_bytes(const struct pair_rec *a, const struct pair_rec *b)
{
	return (a->marks | b->marks) & PAIR_CUT || a->digest == b->digest;
}

static bool both_ids(const struct pair_rec *a, const struct pair_rec *b)
{
	return a->marks & b->marks & PAIR_HAS_ID;
}

/* A packet that is alone of its kind in both captures ties their clocks. */
static void tie_up(struct walk *w, struct pair_flow *f, int dir, uint32_t i, uint32_t k)
{
	const struct pair_rec *a = &w->p->side[pair_sender((uint8_t)dir)].rec[w->a[i]];
	const struct pair_rec *b = &w->p->side[!pair_sender((uint8_t)dir)].rec[w->b[k]];

	if (!same_bytes(a, b))
		return;
	if (both_ids(a, b)) {
		w->same_id += a->ip_id == b->ip_id;
		w->other_id += a->ip_id != b->ip_id;
	}
	if (both_ids(a, b) && a->ip_id != b->ip_id)
		return; /* perhaps another with the same numbers */
	if (!f->has_hops[dir]) {
		f->has_hops[dir] = true;
		f->hops[dir] = (int16_t)(a->ttl - b->ttl);
	}
	w->tie[w->n_ties++] = dir == 0 ? (struct pair_tie){a->ts_ns, b->ts_ns, 0}
				       : (struct pair_tie){b->ts_ns, a->ts_ns, 1};
}

/* Several alike: those with the same IP ID. Without IDs, and while nothing else ties the clocks, by
 * their order. */
static void tie_bucket(struct walk *w, struct pair_flow *f, int dir, uint32_t i, uint32_t i_end,
		       uint32_t k, uint32_t k_end)
{
	const struct pair_rec *sent = w->p->side[pair_sender((uint8_t)dir)].rec;
	const struct pair_rec *got = w->p->side[!pair_sender((uint8_t)dir)].rec;
	bool order = w->n_ties == 0 && i_end - i == k_end - k;

	if (i_end - i == 1 && k_end - k == 1) {
		tie_up(w, f, dir, i, k);
		return;
	}
	for (uint32_t n = 0; n < LIMIT_PAIR_LOOK && i + n < i_end && k + n < k_end; n++) {
		const struct pair_rec *a = &sent[w->a[i + n]], *b = &got[w->b[k + n]];

		if (both_ids(a, b) && a->ip_id ? a->ip_id == b->ip_id : order)
			tie_up(w, f, dir, i + n, k + n);
	}
}

/* `gap`: how far its flight is from the least one; the nearest wins. */
static bool may_mate(const struct walk *w, const struct pair_flow *f, const struct pair_rec *a,
		     const struct pair_rec *b, int pass, int64_t *gap)
{
	int64_t flight = pair_clock_flight(&w->p->clock, a->dir, a->ts_ns, b->ts_ns);
	bool same_id = both_ids(a, b) && a->ip_id == b->ip_id && a->ip_id;

	*gap = llabs(flight - w->p->clock.rtt_ns / 2);
	if (!same_bytes(a, b) || flight < early_ns || flight > (same_id ? held_ns : late_ns))
		return false;
	if (f->ids_kept[a->dir] && both_ids(a, b) && a->ip_id != b->ip_id)
		return false;
	if (pass == 0)
		return same_id;
	return pass == 2 || (f->has_hops[a->dir] && a->ttl - b->ttl == f->hops[a->dir]);
}

static bool is_changed(const struct walk *w, const struct pair_flow *f, const struct pair_rec *a,
		       const struct pair_rec *b)
{
	int64_t flight = pair_clock_flight(&w->p->clock, a->dir, a->ts_ns, b->ts_ns);

	if (same_bytes(a, b) || !a->len || flight < early_ns || flight > late_ns)
		return false;
	if (both_ids(a, b))
		return a->ip_id == b->ip_id && a->ip_id && f->ids_kept[a->dir];
	return f->has_hops[a->dir] && a->ttl - b->ttl == f->hops[a->dir];
}

/* The packets of one key: a[i, i_end) sent, b[k, k_end) got. */
static void mate_bucket(struct walk *w, const struct pair_flow *f, int dir, uint32_t i,
			uint32_t i_end, uint32_t k, uint32_t k_end)
{
	struct pair_rec *sent = w->p->side[pair_sender((uint8_t)dir)].rec,
			*got = w->p->side[!pair_sender((uint8_t)dir)].rec;

	for (int pass = 0; pass < 4; pass++) {
		uint32_t from = i;

		for (uint32_t y = k; y < k_end; y++) {
			struct pair_rec *b = &got[w->b[y]];
			uint32_t best = PAIR_NONE;
			int64_t gap, best_gap = INT64_MAX;

			if (b->mate != PAIR_NONE)
				continue;
			while (from < i_end && sent[w->a[from]].mate != PAIR_NONE)
				from++;
			for (uint32_t x = from, n = 0; x < i_end && n < LIMIT_PAIR_LOOK; x++) {
				struct pair_rec *a = &sent[w->a[x]];

				if (a->mate != PAIR_NONE)
					continue;
				n++;
				if (pass == 3 ? !is_changed(w, f, a, b)
					      : !may_mate(w, f, a, b, pass, &gap))
					continue;
				if (pass == 3 || gap < best_gap) {
					best = w->a[x];
					best_gap = pass == 3 ? 0 : gap;
				}
			}
			if (best == PAIR_NONE)
				continue;
			b->mate = best;
			sent[best].mate = w->b[y];
			if (pass == 3) {
				b->marks |= PAIR_CHANGED;
				sent[best].marks |= PAIR_CHANGED;
			} else {
				w->p->matched++;
			}
		}
	}
}

/* What is left over but is a copy of something sent: the path, or a mirror port, doubled it. */
static void mark_twins(struct walk *w, const struct pair_flow *f, int dir, uint32_t i,
		       uint32_t i_end, uint32_t k, uint32_t k_end)
{
	struct pair_rec *sent = w->p->side[pair_sender((uint8_t)dir)].rec,
			*got = w->p->side[!pair_sender((uint8_t)dir)].rec;

	for (uint32_t y = k; y < k_end; y++) {
		struct pair_rec *b = &got[w->b[y]];

		for (uint32_t x = i; b->mate == PAIR_NONE && x < i_end && x - i < LIMIT_PAIR_LOOK;
		     x++) {
			const struct pair_rec *a = &sent[w->a[x]];

			if (a->mate == PAIR_NONE || !same_bytes(a, b) ||
			    (f->ids_kept[dir] && both_ids(a, b) && a->ip_id != b->ip_id))
				continue;
			b->marks |= PAIR_TWIN;
			w->p->twins[!pair_sender((uint8_t)dir)]++;
			break;
		}
	}
}

/* Goes over the keys that both lists have: mating, or only tying. */
static void each_bucket(struct walk *w, struct pair_flow *f, int dir, bool mating)
{
	const struct pair_rec *sent = w->p->side[pair_sender((uint8_t)dir)].rec,
			      *got = w->p->side[!pair_sender((uint8_t)dir)].rec;

	for (uint32_t i = 0, k = 0; i < w->n_a && k < w->n_b;) {
		uint64_t x = sent[w->a[i]].key, y = got[w->b[k]].key;
		uint32_t i_end = i, k_end = k;

		if (x != y) {
			if (x < y)
				i++;
			else
				k++;
			continue;
		}
		while (i_end < w->n_a && sent[w->a[i_end]].key == x)
			i_end++;
		while (k_end < w->n_b && got[w->b[k_end]].key == x)
			k_end++;
		if (mating) {
			mate_bucket(w, f, dir, i, i_end, k, k_end);
			mark_twins(w, f, dir, i, i_end, k, k_end);
		} else {
			tie_bucket(w, f, dir, i, i_end, k, k_end);
		}
		i = i_end;
		k = k_end;
	}
}

static uint32_t with_data(const struct pair_side *s, uint32_t *at, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (s->rec[at[i]].len && !(s->rec[at[i]].flags & (TCP_SYN | TCP_RST)))
			at[kept++] = at[i];
	return kept;
}

static bool walk_flow(struct walk *w, uint32_t flow_i, bool mating)
{
	struct pair_flow *o = &w->p->side[PAIR_ORIG].flow[flow_i],
			 *r = &w->p->side[PAIR_RESP].flow[o->mate];

	for (int dir = 0; dir < 2; dir++) {
		enum pair_file from = pair_sender((uint8_t)dir);
		bool ok = list(w, from, from == PAIR_ORIG ? o : r, dir, &w->a, &w->n_a);

		w->same_id = w->other_id = 0;
		if (!ok || !list(w, !from, from == PAIR_ORIG ? r : o, dir, &w->b, &w->n_b)) {
			free(w->a);
			if (ok)
				free(w->b);
			return false;
		}
		each_bucket(w, o, dir, mating);
		if (!mating) {
			/* One of five may be a forged copy of a packet that was lost. */
			o->ids_kept[dir] = r->ids_kept[dir] =
				w->same_id && w->same_id >= 4 * w->other_id;
		} else if (o->proto == 6) {
			w->n_a = with_data(&w->p->side[from], w->a, w->n_a);
			w->n_b = with_data(&w->p->side[!from], w->b, w->n_b);
			pair_chain(w->p, (uint8_t)dir, dir == 0 ? o->delta[0] : 0 - o->delta[1],
				   w->a, w->n_a, w->b, w->n_b);
		}
		free(w->a);
		free(w->b);
	}
	return true;
}

bool pair_match(struct pair *p)
{
	struct pair_side *s = &p->side[PAIR_ORIG];
	struct walk w = {.p = p, .tie = calloc((size_t)s->n_rec + 1, sizeof(*w.tie))};
	bool ok = w.tie;

	for (int mating = 0; ok && mating < 2; mating++) {
		for (uint32_t i = 0; ok && i < s->n_flows; i++) {
			if (s->flow[i].mate == PAIR_NONE)
				continue;
			if (!mating && s->flow[i].proto == 6)
				pair_flows_delta(p, i);
			ok = walk_flow(&w, i, mating);
		}
		if (ok && !mating)
			pair_clock_fit(&p->clock, w.tie, w.n_ties);
	}
	free(w.tie);
	return ok;
}
