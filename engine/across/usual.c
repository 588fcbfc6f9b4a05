/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/usual.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4 };
/* METHODS d.2: TTLs are learnt anew every ten minutes. */
static const int64_t relearn_ns = INT64_C(600) * 1000000000;

struct usual {
	struct hash_key key;
	uint64_t evicted;
	uint32_t series; /* from 1: a new one frees every host without touching it */
	struct usual_host host[LIMIT_USUAL_HOSTS];
};

struct usual *usual_new(void)
{
	struct usual *u = calloc(1, sizeof(*u));

	if (u) {
		u->key = HASH_KEY_KNOWN;
		u->series = 1;
	}
	return u;
}

void usual_clear(struct usual *u)
{
	u->series++;
	u->evicted = 0;
}

void usual_free(struct usual *u)
{
	free(u);
}

static size_t set_of(const struct usual *u, const uint8_t addr[16])
{
	return mixhash(&u->key, addr, 16) % (LIMIT_USUAL_HOSTS / WAYS) * WAYS;
}

static bool used(const struct usual *u, size_t i)
{
	return u->host[i].series == u->series;
}

const struct usual_host *usual_get(const struct usual *u, const uint8_t addr[16])
{
	size_t set = set_of(u, addr);

	for (size_t i = set; i < set + WAYS; i++)
		if (used(u, i) && !memcmp(u->host[i].addr, addr, 16))
			return &u->host[i];
	return NULL;
}

static struct usual_host *place(struct usual *u, const uint8_t addr[16])
{
	size_t set = set_of(u, addr), least = set;

	for (size_t i = set; i < set + WAYS; i++) {
		if (used(u, i) && !memcmp(u->host[i].addr, addr, 16))
			return &u->host[i];
		if (!used(u, i) || (used(u, least) && u->host[i].n < u->host[least].n))
			least = i;
	}
	u->evicted += used(u, least);
	u->host[least] = (struct usual_host){.series = u->series};
	memcpy(u->host[least].addr, addr, 16);
	return &u->host[least];
}

void usual_note(struct usual *u, const uint8_t addr[16], uint8_t ttl, bool df, bool opt,
		int64_t lag_ns)
{
	struct usual_host *h = place(u, addr);
	uint32_t i, least = 0;

	if (!h->n || lag_ns < h->lag_min_ns)
		h->lag_min_ns = lag_ns;
	h->n++;
	h->n_df += df;
	h->n_opt += opt;
	for (i = 0; i < h->n_ttl && h->ttl[i].ttl != ttl; i++)
		if (h->ttl[i].n < h->ttl[least].n)
			least = i;
	if (i == h->n_ttl && h->n_ttl < USUAL_TTLS) {
		h->n_ttl++;
	} else if (i == h->n_ttl) {
		i = least;
		h->ttl[i].n = 0;
	}
	h->ttl[i].ttl = ttl;
	h->ttl[i].n++;
}

void usual_habit(struct usual *u, const uint8_t addr[16], const struct usual_habit *a)
{
	enum { RA = 0x0080, AA = 0x0400, Z = 0x0040 }; /* RFC 1035 4.1.1 */
	struct usual_host *h = place(u, addr);

	if (!h->ttl_timed || a->ts_ns - h->ttl_since_ns > relearn_ns) {
		h->n_ttl = 0;
		h->ttl_since_ns = a->ts_ns;
		h->ttl_timed = true;
	}
	h->n_habit++;
	h->n_ra += (a->flags & RA) != 0;
	h->n_aa += (a->flags & AA) != 0;
	h->n_z += (a->flags & Z) != 0;
	h->n_opt_asked += a->opt_asked;
	h->n_opt_given += a->opt_asked && a->opt_given;
	h->n_case_asked += a->case_asked;
	h->n_case_kept += a->case_asked && a->case_kept;
}

bool usual_ttl(const struct usual_host *h, uint32_t least, uint8_t *out)
{
	uint32_t best = 0, all = 0;

	for (uint32_t i = 0; h && i < h->n_ttl; i++)
		all += h->ttl[i].n;
	if (!h || all < least)
		return false;
	for (uint32_t i = 0; i < h->n_ttl; i++)
		if (h->ttl[i].n > best) {
			best = h->ttl[i].n;
			*out = h->ttl[i].ttl;
		}
	return best > 0;
}

uint64_t usual_evicted(const struct usual *u)
{
	return u->evicted;
}
