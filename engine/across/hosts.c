/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4, PEERS = 2 };

_Static_assert(LIMIT_HOSTS_HEARD <= UINT16_MAX + 1, "a place has 16 bits");

struct heard {
	uint8_t host[16];
	uint32_t series; /* of hosts.series when it was written; else it is free */
	int64_t last_ns;
	struct {
		uint8_t addr[16];
		int64_t ts_ns;
		uint64_t frame; /* 0: free */
	} peer[PEERS];          /* latest first */
};

struct struck {
	uint8_t orig[16], resp[16];
	uint16_t port;
	uint8_t how;     /* enum hosts_how */
	uint32_t series; /* as above */
	struct hosts_struck what;
};

struct hosts {
	struct hash_key key;
	uint32_t series; /* from 1: a new one frees every line without touching it */
	uint64_t evicted;
	struct heard heard[LIMIT_HOSTS_HEARD];
	struct struck struck[LIMIT_HOSTS_STRUCK];
};

struct hosts *hosts_new(void)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h) {
		h->key = HASH_KEY_KNOWN;
		h->series = 1;
	}
	return h;
}

void hosts_clear(struct hosts *h)
{
	h->series++;
	h->evicted = 0;
}

uint64_t hosts_evicted(const struct hosts *h)
{
	return h->evicted;
}

void hosts_free(struct hosts *h)
{
	free(h);
}

static size_t heard_set(const struct hosts *h, const uint8_t host[16])
{
	return mixhash(&h->key, host, 16) % (LIMIT_HOSTS_HEARD / WAYS) * WAYS;
}

static struct heard *heard_place(struct hosts *h, const uint8_t host[16])
{
	struct heard *set = &h->heard[heard_set(h, host)], *oldest = set;

	for (struct heard *e = set; e < set + WAYS; e++) {
		bool used = e->series == h->series;

		if (used && !memcmp(e->host, host, 16))
			return e;
		if (!used || (oldest->series == h->series && e->last_ns < oldest->last_ns))
			oldest = e;
	}
	h->evicted += oldest->series == h->series;
	*oldest = (struct heard){.series = h->series};
	memcpy(oldest->host, host, 16);
	return oldest;
}

void hosts_heard(struct hosts *h, const uint8_t host[16], const uint8_t peer[16], int64_t ts_ns,
		 uint64_t frame)
{
	uint16_t place = 0;

	hosts_heard_at(h, &place, host, peer, ts_ns, frame);
}

void hosts_heard_at(struct hosts *h, uint16_t *place, const uint8_t host[16],
		    const uint8_t peer[16], int64_t ts_ns, uint64_t frame)
{
	struct heard *e = &h->heard[*place % LIMIT_HOSTS_HEARD];

	if (e->series != h->series || memcmp(e->host, host, 16) != 0) {
		e = heard_place(h, host);
		*place = (uint16_t)(e - h->heard);
	}
	e->last_ns = ts_ns;
	if (!e->peer[0].frame || memcmp(e->peer[0].addr, peer, 16)) {
		e->peer[1] = e->peer[0];
		memcpy(e->peer[0].addr, peer, 16);
	}
	e->peer[0].ts_ns = ts_ns;
	e->peer[0].frame = frame;
}

uint64_t hosts_alive(const struct hosts *h, const uint8_t host[16], const uint8_t not_peer[16],
		     int64_t since_ns)
{
	const struct heard *set = &h->heard[heard_set(h, host)];

	for (const struct heard *e = set; e < set + WAYS; e++) {
		if (e->series != h->series || memcmp(e->host, host, 16))
			continue;
		for (int i = 0; i < PEERS; i++)
			if (e->peer[i].frame && e->peer[i].ts_ns > since_ns &&
			    memcmp(e->peer[i].addr, not_peer, 16))
				return e->peer[i].frame;
	}
	return 0;
}

static size_t struck_set(const struct hosts *h, const uint8_t orig[16], const uint8_t resp[16],
			 uint16_t port)
{
	uint8_t key[34];

	memcpy(key, orig, 16);
	memcpy(key + 16, resp, 16);
	memcpy(key + 32, &port, 2);
	return mixhash(&h->key, key, sizeof(key)) % (LIMIT_HOSTS_STRUCK / WAYS) * WAYS;
}

static bool same_act(const struct hosts *h, const struct struck *e, const uint8_t orig[16],
		     const uint8_t resp[16], uint16_t port, enum hosts_how how)
{
	return e->series == h->series && e->port == port && e->how == how &&
	       !memcmp(e->orig, orig, 16) && !memcmp(e->resp, resp, 16);
}

void hosts_struck(struct hosts *h, const uint8_t orig[16], const uint8_t resp[16], uint16_t port,
		  enum hosts_how how, const struct hosts_struck *what)
{
	struct struck *set = &h->struck[struck_set(h, orig, resp, port)], *place = set;

	for (struct struck *e = set; e < set + WAYS; e++) {
		if (same_act(h, e, orig, resp, port, how)) {
			/* Flows end in another order than they were struck: the last act in packet
			 * time stays. */
			if (e->what.ts_ns > what->ts_ns)
				return;
			place = e;
			break;
		}
		if (e->series != h->series ||
		    (place->series == h->series && e->what.ts_ns < place->what.ts_ns))
			place = e;
	}
	h->evicted += place->series == h->series && !same_act(h, place, orig, resp, port, how);
	*place = (struct struck){
		.series = h->series, .port = port, .how = (uint8_t)how, .what = *what};
	memcpy(place->orig, orig, 16);
	memcpy(place->resp, resp, 16);
}

bool hosts_struck_before(const struct hosts *h, const uint8_t orig[16], const uint8_t resp[16],
			 uint16_t port, enum hosts_how how, int64_t ts_ns, struct hosts_struck *out)
{
	const struct struck *set = &h->struck[struck_set(h, orig, resp, port)];

	for (const struct struck *e = set; e < set + WAYS; e++)
		if (same_act(h, e, orig, resp, port, how) && e->what.ts_ns <= ts_ns) {
			*out = e->what;
			return true;
		}
	return false;
}
