/* SPDX-License-Identifier: BSD-3-Clause */
#include "kin/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "kin/tally_sketch.h"

enum { WEEK_S = 7 * 86400, OPEN_BINS = 2, SEEN_BINS = 8 };

struct open_bin {
	uint32_t syn_only, kind[TALLY_KINDS];
	struct rtt_hist rtt;
	struct sketch clients;
	bool any;
};

/* Who was seen this week, one bit a client or several of them: never more bits than clients. */
struct week {
	int64_t no;
	uint64_t bits;
};

struct waiting {
	struct keyed k;
	struct week week;
};

struct told {
	struct keyed k;
	struct week week;
	uint32_t weeks_below; /* the floor, in a row */
	bool announced;
	int64_t from; /* first bin that is counted from its beginning */
	struct open_bin open[OPEN_BINS];
};

struct tally {
	struct tally_hears to;
	struct tally_stats stats;
	struct keyed_table told, waiting;
	int64_t watermark_ns, due_ns; /* when the oldest open bin is told */
	int64_t first;                /* oldest open bin, in bins since 1970 */
	/* the latest bins with a packet in them */
	int64_t seen[SEEN_BINS];
	bool began;
	struct tally_row *row;
};

const char *tally_kind_name(enum tally_kind k)
{
	static const char *const name[TALLY_KINDS] = {
		[TALLY_TCP_443] = "tcp/443", [TALLY_TCP_80] = "tcp/80",   [TALLY_TCP_22] = "tcp/22",
		[TALLY_TCP_OTHER] = "tcp",   [TALLY_UDP_443] = "udp/443", [TALLY_UDP_53] = "udp/53",
		[TALLY_UDP_OTHER] = "udp"};

	return name[k];
}

uint32_t tally_ok(const struct tally_counts *c)
{
	uint32_t n = 0;

	for (int k = 0; k < TALLY_KINDS; k++)
		n += k == TALLY_UDP_53 ? 0 : c->kind[k];
	return n;
}

struct tally *tally_begin(const struct tally_hears *to)
{
	struct tally *s = calloc(1, sizeof(*s));
	uint32_t all;

	if (!s)
		return NULL;
	s->to = *to;
	s->row = malloc(LIMIT_TALLY_KEYS * sizeof(*s->row));
	if (!keyed_make(&s->told, LIMIT_TALLY_KEYS, sizeof(struct told)) ||
	    !keyed_make(&s->waiting, LIMIT_TALLY_WAITING, sizeof(struct waiting)) || !s->row) {
		tally_free(s);
		return NULL;
	}
	all = keyed_put(&s->told, &(struct tally_key){.scope = TALLY_ALL});
	((struct told *)keyed_at(&s->told, all))->from = INT64_MIN;
	return s;
}

void tally_free(struct tally *s)
{
	if (!s)
		return;
	keyed_free(&s->told);
	keyed_free(&s->waiting);
	free(s->row);
	free(s);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t bin_of(int64_t ts_ns)
{
	return floor_div(ts_ns, (int64_t)TALLY_BIN_S * 1000000000);
}

static bool was_seen(const struct tally *s, int64_t bin)
{
	for (int i = 0; i < SEEN_BINS; i++)
		if (s->seen[i] == bin)
			return true;
	return false;
}

static void see(struct tally *s, int64_t bin)
{
	s->seen[(uint64_t)bin % (SEEN_BINS)] = bin;
}

static void forget(struct tally *s, uint32_t i)
{
	struct told *t = (struct told *)keyed_at(&s->told, i);

	if (t->announced)
		s->to.gone(s->to.arg, i);
	keyed_remove(&s->told, i);
}

/* Two whole weeks below the floor: what is counted would tell of few people. */
static void end_weeks(struct tally *s, int64_t bin)
{
	int64_t week = floor_div(bin * TALLY_BIN_S, WEEK_S);

	for (uint32_t i = 1; i < s->told.cap; i++) {
		struct told *t = (struct told *)keyed_at(&s->told, i);

		if (!t->k.used || t->week.no == week)
			continue;
		t->weeks_below =
			__builtin_popcountll(t->week.bits) < TALLY_FLOOR ? t->weeks_below + 1 : 0;
		t->week = (struct week){.no = week};
		if (t->weeks_below == 3) /* the first was perhaps not whole */
			forget(s, i);
	}
}

static bool row_of(const struct told *t, uint32_t no, const struct open_bin *o,
		   struct tally_row *out)
{
	if (!o->any)
		return false;
	*out = (struct tally_row){
		.no = no,
		.c = {.clients = sketch_count(&o->clients),
		      .syn_only = o->syn_only,
		      .rtt_us = rtt_median_us(&o->rtt)},
	};
	memcpy(out->c.kind, o->kind, sizeof(o->kind));
	return t->announced;
}

static void tell_bin(struct tally *s, int64_t bin)
{
	bool whole = was_seen(s, bin - 1) && was_seen(s, bin) && was_seen(s, bin + 1);
	uint32_t n = 0;

	end_weeks(s, bin);
	for (uint32_t i = 0; i < s->told.cap; i++) {
		struct told *t = (struct told *)keyed_at(&s->told, i);
		struct open_bin *o = &t->open[(uint64_t)bin % OPEN_BINS];

		if (!t->k.used)
			continue;
		if (whole && !t->announced && t->from <= bin) {
			t->announced = true;
			s->stats.keys++;
			s->to.key(s->to.arg, i, &t->k.key);
		}
		n += whole && row_of(t, i, o, &s->row[n]);
		if (o->any)
			memset(o, 0, sizeof(*o));
	}
	s->stats.bins += whole;
	s->stats.partial += !whole && was_seen(s, bin);
	if (whole)
		s->to.bin(s->to.arg, bin * TALLY_BIN_S, s->row, n);
}

static int64_t due_of(int64_t bin)
{
	return ((bin + 1) * TALLY_BIN_S + TALLY_LAG_S) * 1000000000;
}

void tally_time(struct tally *s, int64_t ts_ns)
{
	int64_t bin = bin_of(ts_ns);

	if (!s->began) {
		for (int i = 0; i < SEEN_BINS; i++)
			s->seen[i] = INT64_MIN;
		s->began = true;
		s->first = bin;
		s->due_ns = due_of(bin);
		s->watermark_ns = ts_ns;
	}
	if (ts_ns < s->watermark_ns)
		return;
	s->watermark_ns = ts_ns;
	/* Before bins are told, for the last of them is whole only if this one began; but not over what they ask for. */
	if (bin < s->first + SEEN_BINS - 1)
		see(s, bin);
	if (ts_ns >= s->due_ns) {
		/* Bins without a packet are not told, and there is nothing in them. */
		for (int i = 0; i < OPEN_BINS && due_of(s->first) <= ts_ns; i++)
			tell_bin(s, s->first++);
		if (due_of(s->first) <= ts_ns)
			s->first = bin_of(ts_ns - (int64_t)TALLY_LAG_S * 1000000000);
		s->due_ns = due_of(s->first);
	}
	see(s, bin);
}

void tally_finish(struct tally *s)
{
	for (int i = 0; s->began && i < OPEN_BINS; i++)
		tell_bin(s, s->first++);
}

/* Has the floor been reached this week? */
static bool week_client(struct week *w, int64_t week, uint64_t hash)
{
	if (w->no != week)
		*w = (struct week){.no = week};
	w->bits |= UINT64_C(1) << hash % 64;
	return __builtin_popcountll(w->bits) >= TALLY_FLOOR;
}

/* Room for one more told key: whichever was seen longest ago goes, never the whole. */
static uint32_t admit(struct tally *s, const struct tally_key *key)
{
	uint32_t i;
	struct told *t;

	if (s->told.n == s->told.cap) {
		keyed_touch(&s->told, 0);
		forget(s, s->told.oldest);
		s->stats.keys_dropped++;
	}
	i = keyed_put(&s->told, key);
	t = (struct told *)keyed_at(&s->told, i);
	t->from = bin_of(s->watermark_ns) + 1;
	return i;
}

static void wait_for_floor(struct tally *s, const struct tally_key *key, int64_t week,
			   uint64_t hash)
{
	uint32_t i = keyed_find(&s->waiting, key), told_i;
	struct waiting *w;

	if (i == KEYED_NONE) {
		if (s->waiting.n == s->waiting.cap) {
			keyed_remove(&s->waiting, s->waiting.oldest);
			s->stats.waiting_dropped++;
		}
		i = keyed_put(&s->waiting, key);
	}
	keyed_touch(&s->waiting, i);
	w = (struct waiting *)keyed_at(&s->waiting, i);
	if (!week_client(&w->week, week, hash))
		return;
	told_i = admit(s, key);
	((struct told *)keyed_at(&s->told, told_i))->week = w->week;
	keyed_remove(&s->waiting, i);
}

static void count_key(struct tally *s, const struct tally_key *key, int64_t bin,
		      const struct tally_flow *f, uint64_t hash)
{
	int64_t week = floor_div(bin * TALLY_BIN_S, WEEK_S);
	uint32_t i = keyed_find(&s->told, key);
	struct open_bin *o;
	struct told *t;

	if (i == KEYED_NONE) {
		/* Anybody can send a SYN in anybody's name: it makes no key known. */
		if (f->ok && f->kind != TALLY_UDP_53)
			wait_for_floor(s, key, week, hash);
		return;
	}
	t = (struct told *)keyed_at(&s->told, i);
	if (f->ok && f->kind != TALLY_UDP_53) {
		keyed_touch(&s->told, i);
		if (t->week.no <= week)
			(void)week_client(&t->week, t->week.no, hash); /* told already */
	}
	if (bin < t->from)
		return;
	o = &t->open[(uint64_t)bin % OPEN_BINS];
	o->any = true;
	o->syn_only += !f->ok && o->syn_only < TALLY_COUNT_MAX;
	o->kind[f->kind] += f->ok && o->kind[f->kind] < TALLY_COUNT_MAX;
	if (f->rtt_ns > 0)
		rtt_add(&o->rtt, f->rtt_ns);
	if (f->ok && f->kind != TALLY_UDP_53)
		sketch_add(&o->clients, hash);
}

/* Its prefix: /24 of IPv4, /48 of IPv6 (METHODS j). */
static void prefix_of(const struct tally_flow *f, struct tally_key *key)
{
	static const uint8_t v4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	bool is_v4 = !memcmp(f->client, v4, sizeof(v4));

	key->scope = TALLY_PREFIX;
	key->bits = is_v4 ? 24 : 48;
	memcpy(key->prefix, f->client, is_v4 ? 15 : 6);
}

void tally_count(struct tally *s, const struct tally_flow *f)
{
	static const struct hash_key fixed = {29, 31};
	uint64_t hash = keyhash(&fixed, f->client, 16);
	struct tally_key key = {.scope = TALLY_ALL};
	int64_t bin = bin_of(f->ts_ns);

	if (!s->began || bin < s->first || bin >= s->first + OPEN_BINS) {
		s->stats.late++;
		return;
	}
	count_key(s, &key, bin, f, hash);
	memcpy(key.country, f->country, 2);
	key.scope = TALLY_COUNTRY;
	if (f->country[0])
		count_key(s, &key, bin, f, hash);
	key.network = f->network;
	key.scope = TALLY_NETWORK;
	if (f->network)
		count_key(s, &key, bin, f, hash);
	prefix_of(f, &key);
	count_key(s, &key, bin, f, hash);
}

void tally_stats(const struct tally *s, struct tally_stats *out)
{
	*out = s->stats;
}
