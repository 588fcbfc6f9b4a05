/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4 };

struct line {
	uint64_t flow_no, client_shape, server_shape, key, issuer, frame;
	uint8_t ttl;
};

struct server {
	uint8_t resp[16];
	uint64_t name;
	uint16_t port;
	int64_t last_ns;
	uint32_t n; /* lines ever written; the latest LIMIT_CERT_LINES are kept */
	struct line line[LIMIT_CERT_LINES];
};

struct use {
	uint8_t resp[16];
	uint64_t cert, site;
};

struct key {
	uint64_t key; /* 0: free */
	int64_t last_ns;
	uint32_t n; /* different certificates; beyond LIMIT_CERT_KEY_LINES they are not kept */
	struct use use[LIMIT_CERT_KEY_LINES];
};

struct certs {
	struct hash_key hash;
	uint64_t evicted;
	/* from 1: a new one empties every set of places without touching it; of a set, when it was written last */
	uint32_t series, server_series[LIMIT_CERT_SERVERS / WAYS];
	uint32_t key_series[LIMIT_CERT_KEYS / WAYS];
	struct server server[LIMIT_CERT_SERVERS];
	struct key key[LIMIT_CERT_KEYS];
};

struct certs *certs_new(void)
{
	struct certs *c = calloc(1, sizeof(*c));

	if (c) {
		c->hash = HASH_KEY_KNOWN;
		c->series = 1;
	}
	return c;
}

void certs_free(struct certs *c)
{
	free(c);
}

void certs_clear(struct certs *c)
{
	c->series++;
	c->evicted = 0;
}

uint64_t certs_evicted(const struct certs *c)
{
	return c->evicted;
}

static size_t server_set(const struct certs *c, const struct cert_note *n)
{
	uint8_t id[26];

	memcpy(id, n->resp, 16);
	memcpy(id + 16, &n->name, 8);
	memcpy(id + 24, &n->port, 2);
	return mixhash(&c->hash, id, sizeof(id)) % (LIMIT_CERT_SERVERS / WAYS) * WAYS;
}

static bool is_server(const struct server *s, const struct cert_note *n)
{
	return s->n && s->name == n->name && s->port == n->port && !memcmp(s->resp, n->resp, 16);
}

static struct server *server_place(struct certs *c, const struct cert_note *n)
{
	size_t at = server_set(c, n);
	struct server *set = &c->server[at], *old = set;

	for (struct server *s = set; c->server_series[at / WAYS] != c->series && s < set + WAYS;
	     s++)
		s->n = 0;
	c->server_series[at / WAYS] = c->series;
	for (struct server *s = set; s < set + WAYS; s++) {
		if (is_server(s, n))
			return s;
		if (!s->n || (old->n && s->last_ns < old->last_ns))
			old = s;
	}
	c->evicted += old->n > 0;
	/* The lines need no zeroing: `n` says which are there. */
	old->n = 0;
	old->name = n->name;
	old->port = n->port;
	memcpy(old->resp, n->resp, sizeof(old->resp));
	return old;
}

static size_t key_set(const struct certs *c, uint64_t key)
{
	return mixhash(&c->hash, &key, sizeof(key)) % (LIMIT_CERT_KEYS / WAYS) * WAYS;
}

static struct key *key_place(struct certs *c, uint64_t key)
{
	size_t at = key_set(c, key);
	struct key *set = &c->key[at], *old = set;

	for (struct key *k = set; c->key_series[at / WAYS] != c->series && k < set + WAYS; k++)
		k->key = 0;
	c->key_series[at / WAYS] = c->series;
	for (struct key *k = set; k < set + WAYS; k++) {
		if (k->key == key)
			return k;
		if (!k->key || (old->key && k->last_ns < old->last_ns))
			old = k;
	}
	c->evicted += old->key != 0;
	*old = (struct key){.key = key};
	return old;
}

static void note_key(struct certs *c, const struct cert_note *n)
{
	struct key *k = key_place(c, n->key);

	k->last_ns = n->ts_ns;
	for (uint32_t i = 0; i < k->n; i++)
		if (k->use[i].cert == n->cert)
			return;
	if (k->n == LIMIT_CERT_KEY_LINES)
		return;
	k->use[k->n] = (struct use){.cert = n->cert, .site = n->site};
	memcpy(k->use[k->n++].resp, n->resp, 16);
}

void certs_note(struct certs *c, const struct cert_note *n)
{
	struct server *s = server_place(c, n);

	s->last_ns = n->ts_ns;
	s->line[s->n % LIMIT_CERT_LINES] = (struct line){
		.flow_no = n->flow_no,
		.client_shape = n->client_shape,
		.server_shape = n->server_shape,
		.key = n->key,
		.issuer = n->issuer,
		.frame = n->frame,
		.ttl = n->ttl,
	};
	/* Wraps to a number that still says "full". */
	s->n = s->n == UINT32_MAX ? UINT32_MAX - UINT32_MAX % LIMIT_CERT_LINES : s->n + 1;
	if (n->key)
		note_key(c, n);
}

static void compare(const struct line *l, const struct cert_note *n, struct cert_answer *out)
{
	bool hello = l->server_shape && n->server_shape && l->server_shape != n->server_shape;
	uint8_t gap = l->ttl > n->ttl ? (uint8_t)(l->ttl - n->ttl) : (uint8_t)(n->ttl - l->ttl);

	if (hello) {
		out->hello_other++;
		out->hello_other_frame = l->frame;
		if (gap > out->ttl_gap)
			out->ttl_gap = gap;
	} else if (l->server_shape && n->server_shape) {
		out->hello_same++;
	}
	if (!l->key || !n->key)
		return;
	out->key_same += l->key == n->key;
	out->key_other += l->key != n->key;
	if (hello && l->key != n->key && l->issuer != n->issuer) {
		out->all_other++;
		out->all_other_frame = l->frame;
	}
}

static uint32_t key_uses(const struct certs *c, const struct cert_note *n)
{
	size_t at = key_set(c, n->key);
	const struct key *set = &c->key[at];
	uint32_t found = 0;

	if (c->key_series[at / WAYS] != c->series)
		return 0;
	for (const struct key *k = set; k < set + WAYS; k++)
		for (uint32_t i = 0; k->key == n->key && i < k->n; i++)
			found += k->use[i].cert != n->cert && k->use[i].site &&
				 k->use[i].site != n->site && memcmp(k->use[i].resp, n->resp, 16);
	return found;
}

void certs_ask(const struct certs *c, const struct cert_note *n, struct cert_answer *out)
{
	size_t at = server_set(c, n);
	const struct server *set = &c->server[at];
	bool known = c->server_series[at / WAYS] == c->series;

	*out = (struct cert_answer){0};
	for (const struct server *s = set; known && s < set + WAYS; s++) {
		uint32_t kept = s->n < LIMIT_CERT_LINES ? s->n : LIMIT_CERT_LINES;

		if (!is_server(s, n))
			continue;
		for (uint32_t i = 0; i < kept; i++)
			if (s->line[i].flow_no != n->flow_no && n->client_shape &&
			    s->line[i].client_shape == n->client_shape)
				compare(&s->line[i], n, out);
	}
	if (n->key && n->site)
		out->key_certs = key_uses(c, n);
}
