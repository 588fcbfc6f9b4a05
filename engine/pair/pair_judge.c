/* SPDX-License-Identifier: BSD-3-Clause */
/* From packets without a mate to what is said of them: injected, dropped, lost as packets are, or
 * outside of what both captures cover. */
#include <stdlib.h>

#include "base/limits.h"
#include "pair/pair.h"

/* Fewer missing packets are never called dropped. The lab's and most networks' loss is below 3 %;
 * three in a row then happen once in 37,000. */
enum { DROPS_MIN = 3 };
static const double loss_floor = 0.03, chance_max = 1e-3;

struct span {
	int64_t from, to;
};

static int by_from(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static bool put_item(struct pair *p, struct pair_item it)
{
	if (p->n_items == p->item_room) {
		uint32_t room =
			p->item_room ? p->item_room * 2 : 256; /* at most twice all packets */
		struct pair_item *more = realloc(p->item, room * sizeof(*more));

		if (!more)
			return false;
		p->item = more;
		p->item_room = room;
	}
	p->item[p->n_items++] = it;
	return true;
}

enum covered { COVERED, BEYOND, OUTSIDE };

/* Does the other capture hold the packet that began this flow? Then its end cannot have answered
 * before that capture ran. */
static bool begins_there(const struct pair_side *s, const struct pair_flow *f, int dir)
{
	uint32_t first = f->head[dir];

	return first != PAIR_NONE && s->rec[first].mate != PAIR_NONE &&
	       (f->head[!dir] == PAIR_NONE || first < f->head[!dir]);
}

/* Was the other capture running when this packet passed there? A file does not say when its capture
 * ended: of a flow that it holds, what came after its last packet is kept, marked, and never more
 * than an anomaly. */
static enum covered coverage(const struct pair *p, enum pair_file file, const struct pair_rec *r)
{
	const struct pair_side *s = &p->side[file], *o = &p->side[!file];
	const struct pair_flow *f = &s->flow[r->flow_i];
	int64_t at, way = p->clock.rtt_ns / 2;

	if (!o->n_rec)
		return BEYOND;
	if (!p->clock.valid)
		return f->compared && !f->absent ? BEYOND : OUTSIDE;
	at = file == PAIR_ORIG ? pair_clock_to_resp(&p->clock, r->ts_ns)
			       : pair_clock_to_orig(&p->clock, r->ts_ns);
	at += pair_sender(r->dir) == file ? way : -way;
	if (f->absent)
		return at >= f->seen_from && at <= f->seen_to ? COVERED : OUTSIDE;
	if (at < o->first_ns)
		return pair_sender(r->dir) != file && begins_there(s, f, !r->dir) ? COVERED
										  : OUTSIDE;
	if (at <= o->last_ns)
		return COVERED;
	return f->mate != PAIR_NONE ? BEYOND : OUTSIDE;
}

static bool judge_injected(struct pair *p, enum pair_file file, uint32_t flow_i, uint8_t dir)
{
	struct pair_side *s = &p->side[file], *o = &p->side[!file];
	struct pair_flow *f = &s->flow[flow_i];

	for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
		bool changed = s->rec[r].marks & PAIR_CHANGED;
		enum covered c = coverage(p, file, &s->rec[r]);
		struct pair_item it = {.talk = f->talk,
				       .rec = r,
				       .kind = changed ? PAIR_ALTERED : PAIR_INJECTED,
				       .file = (uint8_t)file,
				       .uncovered = c == BEYOND};

		if (!pair_is_strange(&s->rec[r]) && !changed)
			continue;
		if (c == OUTSIDE) {
			p->outside[file]++;
			continue;
		}
		if (f->mate != PAIR_NONE && !o->flow[f->mate].whole[dir])
			o->flow[f->mate].whole[dir] = pair_whole_sent(p, f->mate, dir) ? 1 : 2;
		it.complete = f->mate != PAIR_NONE && o->flow[f->mate].whole[dir] == 1;
		if (!put_item(p, it))
			return false;
	}
	return true;
}

/* What of a direction has arrived, told by the sender's numbers. */
struct arrived {
	struct span *span; /* bytes, sorted, without overlap */
	uint32_t n, base, ack_max;
	bool syn, fin, rst, any;
	uint32_t fin_end;
};

static bool arrived_of(const struct pair_side *s, const struct pair_flow *f, int dir,
		       struct arrived *a)
{
	uint32_t n = 0;

	*a = (struct arrived){.span = malloc((f->n[dir] + 1u) * sizeof(*a->span))};
	if (!a->span)
		return false;
	a->base = f->head[dir] != PAIR_NONE ? s->rec[f->head[dir]].seq : 0;
	for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
		const struct pair_rec *k = &s->rec[r];
		int64_t from = (int32_t)(k->seq - a->base);

		if (pair_is_strange(k))
			continue;
		a->syn |= k->flags & TCP_SYN;
		a->rst |= k->flags & TCP_RST;
		if (k->flags & TCP_FIN) {
			a->fin = true;
			a->fin_end = k->seq + pair_span(k);
		}
		if (k->flags & TCP_ACK && !(k->flags & TCP_RST) &&
		    (!a->any || (int32_t)(k->ack - a->ack_max) > 0)) {
			a->ack_max = k->ack;
			a->any = true;
		}
		if (k->len && !(k->flags & TCP_RST))
			a->span[n++] = (struct span){from, from + k->len};
	}
	qsort(a->span, n, sizeof(*a->span), by_from);
	for (uint32_t i = 0; i < n; i++) {
		if (a->n && a->span[i].from <= a->span[a->n - 1].to) {
			if (a->span[i].to > a->span[a->n - 1].to)
				a->span[a->n - 1].to = a->span[i].to;
		} else {
			a->span[a->n++] = a->span[i];
		}
	}
	return true;
}

/* Did what this packet carried come through in another: a retransmission, a later acknowledgement?
 */
static bool came_through(const struct arrived *a, const struct pair_rec *k)
{
	int64_t from = (int32_t)(k->seq - a->base), to = from + k->len;
	uint32_t lo = 0, hi = a->n;

	if (k->flags & TCP_RST)
		return a->rst;
	if (k->flags & TCP_SYN)
		return a->syn;
	if (k->flags & TCP_FIN && (!a->fin || a->fin_end != k->seq + pair_span(k)))
		return false;
	if (k->len) {
		while (lo < hi) { /* the last span that begins at or before `from` */
			uint32_t mid = lo + (hi - lo) / 2;

			if (a->span[mid].from <= from)
				lo = mid + 1;
			else
				hi = mid;
		}
		return lo && a->span[lo - 1].to >= to;
	}
	return k->flags & TCP_FIN || (a->any && (int32_t)(a->ack_max - k->ack) >= 0);
}

/* Does chance explain n packets in a row, when `lost` of `all` are lost besides? */
static bool by_chance(uint32_t n, uint32_t lost, uint32_t all, uint32_t tries)
{
	double rate = all ? (double)lost / all : 0, chance = tries;

	if (n < DROPS_MIN)
		return true;
	rate = rate < loss_floor ? loss_floor : rate;
	for (uint32_t i = 0; i < n && chance > chance_max; i++)
		chance *= rate;
	return chance > chance_max;
}

static bool judge_tcp_drops(struct pair *p, enum pair_file file, uint32_t flow_i, uint8_t dir)
{
	struct pair_side *s = &p->side[file];
	struct pair_flow *f = &s->flow[flow_i];
	uint32_t gone = 0, again = 0;
	struct arrived a;
	bool whole, ok;

	if (!arrived_of(s, f, dir, &a))
		return false;
	for (uint32_t r = f->head[dir]; r != PAIR_NONE; r = s->rec[r].next) {
		if (!pair_is_strange(&s->rec[r]))
			continue;
		if (coverage(p, file, &s->rec[r]) == OUTSIDE)
			p->outside[file]++;
		else if (came_through(&a, &s->rec[r]))
			again++;
		else
			gone++;
	}
	p->lost[file] += again;
	whole = f->mate != PAIR_NONE            ? pair_whole_received(p, f->mate, dir)
		: file == PAIR_ORIG && !f->n[1] ? f->absent_whole
						: true;
	ok = true;
	if (gone && by_chance(gone, again, f->n[dir], 1)) {
		p->lost[file] += gone;
	} else {
		for (uint32_t r = f->head[dir]; ok && r != PAIR_NONE; r = s->rec[r].next) {
			enum covered c = coverage(p, file, &s->rec[r]);

			if (!pair_is_strange(&s->rec[r]) || c == OUTSIDE ||
			    came_through(&a, &s->rec[r]))
				continue;
			ok = put_item(p, (struct pair_item){.talk = f->talk,
							    .rec = r,
							    .kind = PAIR_DROPPED,
							    .file = (uint8_t)file,
							    .uncovered = c == BEYOND,
							    .complete = whole});
		}
	}
	free(a.span);
	return ok;
}

struct datagram {
	uint32_t talk, rec;
	int64_t ts_ns;
};

static int by_talk_time(const void *a, const void *b)
{
	const struct datagram *x = a, *y = b;

	if (x->talk != y->talk)
		return x->talk < y->talk ? -1 : 1;
	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->rec < y->rec ? -1 : x->rec > y->rec;
}

/* Datagrams that were sent and did not arrive, as many as follow one another from i on. */
static uint32_t run_from(const struct pair_side *s, const struct datagram *at, uint32_t i,
			 uint32_t end)
{
	uint32_t n = 0;

	while (i + n < end && pair_is_strange(&s->rec[at[i + n].rec]))
		n++;
	return n;
}

static bool judge_talk(struct pair *p, enum pair_file file, const struct datagram *at,
		       uint32_t from, uint32_t end)
{
	const struct pair_side *s = &p->side[file];
	uint32_t lost = 0, run;

	for (uint32_t i = from; i < end; i += run ? run : 1) {
		run = run_from(s, at, i, end);
		lost += run < DROPS_MIN ? run : 0;
	}
	for (uint32_t i = from; i < end; i += run ? run : 1) {
		run = run_from(s, at, i, end);
		for (uint32_t k = i; k < i + run; k++) {
			enum covered c = coverage(p, file, &s->rec[at[k].rec]);

			if (c == OUTSIDE)
				p->outside[file]++;
			else if (by_chance(run, lost, end - from, end - from))
				p->lost[file]++;
			else if (!put_item(p, (struct pair_item){.talk = at[k].talk,
								 .rec = at[k].rec,
								 .kind = PAIR_DROPPED,
								 .file = (uint8_t)file,
								 .uncovered = c == BEYOND}))
				return false;
		}
	}
	return true;
}

static bool judge_udp_drops(struct pair *p, enum pair_file file, uint8_t dir)
{
	struct pair_side *s = &p->side[file];
	struct datagram *at = malloc((s->n_rec + 1u) * sizeof(*at));
	uint32_t n = 0;
	bool ok = true;

	if (!at)
		return false;
	for (uint32_t i = 0; i < s->n_rec; i++) {
		const struct pair_flow *f = &s->flow[s->rec[i].flow_i];

		if (f->proto == 17 && f->compared && s->rec[i].dir == dir)
			at[n++] = (struct datagram){f->talk, i, s->rec[i].ts_ns};
	}
	if (n)
		qsort(at, n, sizeof(*at), by_talk_time);
	for (uint32_t i = 0, end; ok && i < n; i = end) {
		for (end = i; end < n && at[end].talk == at[i].talk; end++)
			;
		ok = judge_talk(p, file, at, i, end);
	}
	free(at);
	return ok;
}

static int by_story(const void *a, const void *b)
{
	const struct pair_item *x = a, *y = b;

	if (x->talk != y->talk)
		return x->talk < y->talk ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->rec < y->rec ? -1 : x->rec > y->rec;
}

bool pair_judge(struct pair *p)
{
	for (int file = 0; file < 2; file++) {
		struct pair_side *s = &p->side[file];
		uint8_t out = (uint8_t)file,
			in = !out; /* directions: what this end sends, what it receives */

		for (uint32_t i = 0; i < s->n_flows; i++) {
			if (!s->flow[i].compared)
				continue;
			if (!judge_injected(p, (enum pair_file)file, i, in))
				return false;
			if (s->flow[i].proto == 6 &&
			    !judge_tcp_drops(p, (enum pair_file)file, i, out))
				return false;
		}
		if (!judge_udp_drops(p, (enum pair_file)file, out))
			return false;
	}
	if (p->n_items)
		qsort(p->item, p->n_items, sizeof(*p->item), by_story);
	return true;
}

enum pair_grade pair_judge_grade(const struct pair *p, uint32_t from, uint32_t to)
{
	uint32_t covered = 0, complete = 0;
	bool drops = p->item[from].kind == PAIR_DROPPED, rewritten = false;

	for (uint32_t i = from; i < to; i++) {
		const struct pair_item *it = &p->item[i];
		const struct pair_side *s = &p->side[it->file];
		const struct pair_flow *f = &s->flow[s->rec[it->rec].flow_i];

		covered += !it->uncovered;
		complete += it->complete && !it->uncovered;
		rewritten |= f->mate == PAIR_NONE &&
			     /* another host behind the same translation may have sent it */
			     f->rewritten;
	}
	if (!p->clock.valid || (drops && covered < DROPS_MIN))
		return PAIR_ANOMALY;
	/* Drops that are proven while the other capture ran need no proof for what came after it.
	 */
	return complete == (drops ? covered : to - from) && !rewritten ? PAIR_PROOF : PAIR_LIKELY;
}

bool pair_compare(struct pair *p)
{
	return pair_flows_mate(p) && pair_absent(p) && pair_match(p) && pair_judge(p);
}
