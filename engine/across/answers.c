/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4 };
/* METHODS d.2 learns anew every ten minutes; answers further apart are not laid beside one another. */
static const int64_t window_ns = INT64_C(600) * 1000000000;

/* Of one name and type: what one resolver said last. */
struct said {
	uint8_t resolver[16];
	int64_t ts_ns;
	uint8_t kind;
	bool resolver_private;
};
struct name {
	uint64_t key; /* of name and type; 0: free */
	int64_t last_ns;
	uint32_t n;
	struct said said[LIMIT_ANSWER_RESOLVERS];
};

/* Of one resolver: what it said of one name. */
struct line {
	uint64_t key, domain;
	int64_t ts_ns;
	uint32_t rr_ttl_s;
	uint8_t addr[16];
	uint8_t kind;
	bool has_addr;
};
struct resolver {
	uint8_t addr[16];
	bool used;
	int64_t last_ns;
	uint32_t n; /* lines ever written; the latest LIMIT_ANSWER_LINES are kept */
	struct line line[LIMIT_ANSWER_LINES];
};

struct answers {
	uint64_t evicted;
	/* from 1: a new one empties every set of places without touching it; of a set, when it was written last */
	uint32_t series, name_series[LIMIT_ANSWER_NAMES / WAYS];
	uint32_t resolver_series[LIMIT_ANSWER_HOSTS / WAYS];
	struct name name[LIMIT_ANSWER_NAMES];
	struct resolver resolver[LIMIT_ANSWER_HOSTS];
};

static const struct hash_key key = {23, 29};

struct answers *answers_new(void)
{
	struct answers *a = calloc(1, sizeof(*a));

	if (a)
		a->series = 1;
	return a;
}

void answers_free(struct answers *a)
{
	free(a);
}

void answers_clear(struct answers *a)
{
	a->series++;
	a->evicted = 0;
}

uint64_t answers_evicted(const struct answers *a)
{
	return a->evicted;
}

static uint64_t name_key(const char *name, uint16_t qtype)
{
	uint64_t h = keyhash(&key, name, strlen(name)) * 31 + qtype;

	return h ? h : 1;
}

/* The last two labels: for a name below a suffix of two labels (co.uk) the suffix itself, so that unrelated domains may
 * count as one; never the other way round. */
static uint64_t domain_key(const char *name)
{
	const char *at = name + strlen(name), *from = name;
	unsigned int dots = 0;

	while (at > name && dots < 2)
		dots += *--at == '.';
	if (dots == 2)
		from = at + 1;
	return keyhash(&key, from, strlen(from));
}

static const struct name *name_get(const struct answers *a, uint64_t k)
{
	size_t set = k % (LIMIT_ANSWER_NAMES / WAYS) * WAYS;

	for (size_t i = set; a->name_series[set / WAYS] == a->series && i < set + WAYS; i++)
		if (a->name[i].key == k)
			return &a->name[i];
	return NULL;
}

static struct name *name_place(struct answers *a, uint64_t k)
{
	size_t set = k % (LIMIT_ANSWER_NAMES / WAYS) * WAYS, old = set;

	for (size_t i = set; a->name_series[set / WAYS] != a->series && i < set + WAYS; i++)
		a->name[i].key = 0;
	a->name_series[set / WAYS] = a->series;
	for (size_t i = set; i < set + WAYS; i++) {
		if (a->name[i].key == k)
			return &a->name[i];
		if (!a->name[i].key ||
		    (a->name[old].key && a->name[i].last_ns < a->name[old].last_ns))
			old = i;
	}
	a->evicted += a->name[old].key != 0;
	a->name[old].n = 0; /* says how many of the rest are there */
	a->name[old].key = k;
	return &a->name[old];
}

static size_t resolver_set(const uint8_t addr[16])
{
	return mixhash(&HASH_KEY_KNOWN, addr, 16) % (LIMIT_ANSWER_HOSTS / WAYS) * WAYS;
}

static const struct resolver *resolver_get(const struct answers *a, const uint8_t addr[16])
{
	size_t set = resolver_set(addr);

	for (size_t i = set; a->resolver_series[set / WAYS] == a->series && i < set + WAYS; i++)
		if (a->resolver[i].used && !memcmp(a->resolver[i].addr, addr, 16))
			return &a->resolver[i];
	return NULL;
}

static struct resolver *resolver_place(struct answers *a, const uint8_t addr[16])
{
	size_t set = resolver_set(addr), old = set;
	struct resolver *r = a->resolver;

	for (size_t i = set; a->resolver_series[set / WAYS] != a->series && i < set + WAYS; i++)
		r[i].used = false;
	a->resolver_series[set / WAYS] = a->series;
	for (size_t i = set; i < set + WAYS; i++) {
		if (r[i].used && !memcmp(r[i].addr, addr, 16))
			return &r[i];
		if (!r[i].used || (r[old].used && r[i].last_ns < r[old].last_ns))
			old = i;
	}
	a->evicted += r[old].used;
	r[old].used = true;
	r[old].n = 0;
	memcpy(r[old].addr, addr, 16);
	return &r[old];
}

static uint32_t lines_of(const struct resolver *r)
{
	return r->n < LIMIT_ANSWER_LINES ? r->n : LIMIT_ANSWER_LINES;
}

static void note_name(struct answers *a, const struct answer_note *n)
{
	struct name *m = name_place(a, name_key(n->name, n->qtype));
	uint32_t i = 0, oldest = 0;

	m->last_ns = n->ts_ns;
	while (i < m->n && memcmp(m->said[i].resolver, n->resolver, 16) != 0) {
		if (m->said[i].ts_ns < m->said[oldest].ts_ns)
			oldest = i;
		i++;
	}
	if (i == LIMIT_ANSWER_RESOLVERS) {
		a->evicted++;
		i = oldest;
	} else if (i == m->n) {
		m->n++;
	}
	m->said[i] = (struct said){
		.ts_ns = n->ts_ns, .kind = n->kind, .resolver_private = n->resolver_private};
	memcpy(m->said[i].resolver, n->resolver, 16);
}

static void note_resolver(struct answers *a, const struct answer_note *n)
{
	struct resolver *r = resolver_place(a, n->resolver);
	uint64_t k = name_key(n->name, n->qtype);
	uint32_t kept = lines_of(r), i = 0;

	r->last_ns = n->ts_ns;
	while (i < kept && r->line[i].key != k)
		i++;
	if (i == kept) {
		a->evicted += r->n >= LIMIT_ANSWER_LINES;
		i = r->n++ % LIMIT_ANSWER_LINES;
		/* Wraps to a number that still says "full". */
		if (!r->n)
			r->n = LIMIT_ANSWER_LINES;
	}
	r->line[i] = (struct line){.key = k,
				   .domain = domain_key(n->name),
				   .ts_ns = n->ts_ns,
				   .rr_ttl_s = n->rr_ttl_s,
				   .kind = n->kind,
				   .has_addr = n->addr != NULL};
	if (n->addr)
		memcpy(r->line[i].addr, n->addr, 16);
}

void answers_note(struct answers *a, const struct answer_note *n)
{
	note_name(a, n);
	note_resolver(a, n);
}

static bool within(int64_t a_ns, int64_t b_ns)
{
	return a_ns - b_ns <= window_ns && b_ns - a_ns <= window_ns;
}

static void elsewhere(const struct name *m, const struct answer_note *n, int64_t at_ns,
		      uint32_t *ok, uint32_t *denied)
{
	*ok = *denied = 0;
	for (uint32_t i = 0; m && i < m->n; i++) {
		const struct said *s = &m->said[i];

		if (s->resolver_private || !within(s->ts_ns, at_ns) ||
		    !memcmp(s->resolver, n->resolver, 16))
			continue;
		*ok += s->kind == ANSWER_PUBLIC;
		*denied += s->kind == ANSWER_DENIED;
	}
}

/* Counts a domain once. */
struct domains {
	uint32_t n;
	uint64_t seen[LIMIT_ANSWER_LINES + 1];
};

static void domain_add(struct domains *d, uint64_t domain)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (d->seen[i] == domain)
			return;
	d->seen[d->n++] = domain;
}

void answers_ask(const struct answers *a, const struct answer_note *n, struct answer_facts *out)
{
	const struct resolver *r = resolver_get(a, n->resolver);
	uint64_t k = name_key(n->name, n->qtype), own = domain_key(n->name);
	struct domains denied = {0}, addr = {0}, ttl = {0};
	uint32_t ok, no;

	*out = (struct answer_facts){0};
	elsewhere(name_get(a, k), n, n->ts_ns, &out->elsewhere_ok, &out->elsewhere_denied);
	if (n->kind == ANSWER_DENIED && out->elsewhere_ok)
		domain_add(&denied, own);
	if (n->addr) {
		domain_add(&addr, own);
		domain_add(&ttl, own);
	}
	for (uint32_t i = 0; r && i < lines_of(r); i++) {
		const struct line *l = &r->line[i];

		if (l->key == k || !within(l->ts_ns, n->ts_ns))
			continue;
		out->names_ok += l->kind == ANSWER_PUBLIC;
		if (n->addr && l->has_addr && !memcmp(l->addr, n->addr, 16))
			domain_add(&addr, l->domain);
		if (n->addr && l->has_addr && l->rr_ttl_s == n->rr_ttl_s)
			domain_add(&ttl, l->domain);
		if (l->kind != ANSWER_DENIED)
			continue;
		elsewhere(name_get(a, l->key), n, l->ts_ns, &ok, &no);
		if (ok)
			domain_add(&denied, l->domain);
	}
	out->denied_domains = denied.n;
	out->addr_domains = addr.n;
	out->ttl_domains = ttl.n;
}
