/* SPDX-License-Identifier: BSD-3-Clause */
/* The reset generator published in "Technical Analysis of the Geedge Networks Firewall Source Code
 * Leak", USENIX Security 2026, section 6.3 and listing 1 (MIDDLEBOXES 1.1), with its two parameters
 * unknown:
 *
 *   win  = val + (B mod k)                    0 becomes 1
 *   ipid = (M - k * val + (A mod win)) mod 65536
 *   ttl  = val mod 200 + 48
 *
 * val counts packets and restarts at 128 when k * val exceeds M. So every reset gives, for a k that
 * one tries, its own M; with the true k they agree. */
#include "kin/generator.h"

#include <math.h>

#include "base/limits.h"

enum {
	WIN_MIN = 128,  /* val never falls below it */
	K_MAX = 511,    /* val restarts at 128, so k * 128 <= M <= 65535 */
	RESETS_MIN = 4, /* different windows that must fit */
	TTL_SPAN = 200, /* listing 1 */
	TTL_BASE = 48,  /* listing 1 */
	HOPS_MAX = 40,  /* METHODS c.1 */
	SPACE = 65536,
};
static const double chance_max = 1e-6;

/* Which address is which. MIDDLEBOXES 1.1: for resets to the client A is the destination and B the
 * source; for those to the server it was not verified whether packet or stream counts. */
enum order { BY_PACKET, BY_PACKET_SWAPPED, BY_STREAM, BY_STREAM_SWAPPED, ORDER_N };

static uint32_t le32(const uint8_t a[4])
{
	return (uint32_t)a[0] | (uint32_t)a[1] << 8 | (uint32_t)a[2] << 16 | (uint32_t)a[3] << 24;
}

struct point {
	uint32_t a[ORDER_N], b[ORDER_N];
	const struct generator_reset *r;
};

static struct point point_of(const struct generator_reset *r)
{
	uint32_t s = le32(r->src), d = le32(r->dst);
	uint32_t client = r->to_orig ? d : s, server = r->to_orig ? s : d;

	return (struct point){.a = {d, s, client, server}, .b = {s, d, server, client}, .r = r};
}

/* What M must be for this reset. */
static uint16_t bound_of(const struct point *p, enum order o, uint32_t k)
{
	return (uint16_t)(p->r->ip_id + k * p->r->win - k * (p->b[o] % k) - p->a[o] % p->r->win);
}

struct attempt {
	const struct point *p;
	size_t n;
	enum order order;
	uint32_t k;
	uint16_t bound;
};

static bool fits(const struct attempt *t, size_t i)
{
	return bound_of(&t->p[i], t->order, t->k) == t->bound;
}

/* The bound that more than half agree on, if there is one (Boyer, Moore 1981): fewer would not be
 * reported. */
static size_t vote(struct attempt *t)
{
	size_t lead = 0, n = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint16_t m = bound_of(&t->p[i], t->order, t->k);

		if (!lead)
			t->bound = m;
		lead = m == t->bound ? lead + 1 : lead - 1;
	}
	for (size_t i = 0; i < t->n; i++)
		n += fits(t, i);
	return n;
}

/* How many IP IDs the resets could have had, as far as they show: the shortest arc of the circle of
 * 65536 that holds all. Numbers that hardly vary fit more easily. */
static uint32_t id_span(const struct attempt *t)
{
	uint32_t widest = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t gap = SPACE; /* from this ID up to the next */

		for (size_t j = 0; j < t->n; j++) {
			uint16_t up = (uint16_t)(t->p[j].r->ip_id - t->p[i].r->ip_id);

			if (up && up < gap)
				gap = up;
		}
		widest = gap > widest ? gap : widest;
	}
	return SPACE - widest + 1;
}

/* An earlier reset that fits has this window already. */
static bool window_again(const struct attempt *t, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (fits(t, j) && t->p[j].r->win == t->p[i].r->win)
			return true;
	return false;
}

/* Natural logarithm of the chance that numbers without a rule fit as well with any of the
 * parameters tried. The first reset gives the bound; each further one with a window of its own must
 * then meet it, one value of those its IP ID could have had, or of those A mod win can have,
 * whichever are more. */
static double log_chance(const struct attempt *t, size_t n_fit, uint32_t *windows)
{
	uint32_t span = id_span(t);
	double log_p = log((double)ORDER_N * K_MAX), first = 0;

	*windows = 0;
	for (size_t i = 0; i < t->n; i++) {
		double l;

		if (!fits(t, i) || window_again(t, i))
			continue;
		l = log(t->p[i].r->win > span ? t->p[i].r->win : span);
		first = l > first ? l : first;
		log_p -= l;
		(*windows)++;
	}
	log_p += first;
	/* and for the choice of those that fit */
	return log_p + lgamma((double)t->n + 1) - lgamma((double)n_fit + 1) -
	       lgamma((double)(t->n - n_fit) + 1);
}

static void fill(const struct attempt *t, double log_p, struct generator_fit *out)
{
	bool first = true;

	*out = (struct generator_fit){.multiplier = t->k,
				      .bound = t->bound,
				      .tested = (uint32_t)t->n,
				      .chance = exp(log_p),
				      .has_hops = true};
	for (size_t i = 0; i < t->n; i++) {
		const struct point *p = &t->p[i];
		uint32_t val, ttl;

		if (!fits(t, i))
			continue;
		out->resets++;
		out->packets += p->r->packets;
		val = p->r->win - p->b[t->order] % t->k;
		ttl = val % TTL_SPAN + TTL_BASE;
		if (ttl < p->r->ttl || ttl - p->r->ttl > HOPS_MAX ||
		    (!first && ttl - p->r->ttl != out->hops)) {
			out->has_hops = false;
			continue;
		}
		out->hops = (uint8_t)(ttl - p->r->ttl);
		first = false;
	}
}

bool generator_fit(const struct generator_reset *reset, size_t n, struct generator_fit *out)
{
	struct point p[LIMIT_GENERATOR_RESETS];
	struct attempt t = {.p = p};
	double best = log(chance_max);
	bool found = false;

	for (size_t i = 0; i < n && t.n < LIMIT_GENERATOR_RESETS; i++)
		if (reset[i].win >= WIN_MIN)
			p[t.n++] = point_of(&reset[i]);
	if (t.n < RESETS_MIN)
		return false;
	for (int o = 0; o < ORDER_N; o++) {
		for (uint32_t k = 1; k <= K_MAX; k++) {
			size_t n_fit;
			uint32_t windows;
			double log_p;

			t.order = (enum order)o;
			t.k = k;
			n_fit = vote(&t);
			if (n_fit < RESETS_MIN || n_fit * 4 < t.n * 3)
				continue;
			log_p = log_chance(&t, n_fit, &windows);
			if (windows < RESETS_MIN || log_p >= best)
				continue;
			best = log_p;
			found = true;
			fill(&t, log_p, out);
		}
	}
	return found;
}
