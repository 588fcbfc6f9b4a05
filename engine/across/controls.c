/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/controls.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4, SIDES = 2 };
/* METHODS g.2 and ARCHITECTURE 5: 5 s without an answer is silence. */
static const int64_t silent_ns = INT64_C(5) * 1000000000;
/* Two round trips to one server agree when they differ by less than this or by less than half the larger; queues do that much.
 * unsourced: to be measured over the corpus. */
static const int64_t rtt_slack_ns = INT64_C(50) * 1000000;
/* unsourced: one hop more or less comes from load-balanced paths. */
enum { TTL_SLACK = 1 };

struct line {
	uint64_t flow_no, name;
	int64_t first_ns, last_ns, rtt_ns; /* first: tried; last: the latest note */
	uint8_t peer[16];
	uint16_t peer_port, resp_port;
	uint8_t proto, outcome, ttl;
};

struct host {
	uint8_t addr[16];
	int64_t last_ns;
	uint32_t n; /* lines ever written; the latest CONTROL_LINES are kept */
	struct line line[LIMIT_CONTROL_LINES];
};

struct controls {
	struct hash_key key;
	uint64_t evicted;
	struct host host[SIDES][LIMIT_CONTROL_HOSTS];
};

struct controls *controls_new(void)
{
	struct controls *c = calloc(1, sizeof(*c));

	if (c)
		c->key = (struct hash_key){17, 19};
	return c;
}

void controls_free(struct controls *c)
{
	free(c);
}

uint64_t controls_evicted(const struct controls *c)
{
	return c->evicted;
}

uint64_t controls_name(const char *name, size_t len)
{
	static const struct hash_key key = {0x636f6e74726f6c73, 0x6e616d65};
	char low[255];
	uint64_t h;

	if (len > sizeof(low))
		len = sizeof(low);
	for (size_t i = 0; i < len; i++)
		low[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	if (!len)
		return 0;
	h = keyhash(&key, low, len);
	return h ? h : 1;
}

static size_t set_of(const struct controls *c, const uint8_t addr[16])
{
	return keyhash(&c->key, addr, 16) % (LIMIT_CONTROL_HOSTS / WAYS) * WAYS;
}

static const struct host *host_get(const struct controls *c, int side, const uint8_t addr[16])
{
	size_t set = set_of(c, addr);

	for (size_t i = set; i < set + WAYS; i++)
		if (c->host[side][i].n && !memcmp(c->host[side][i].addr, addr, 16))
			return &c->host[side][i];
	return NULL;
}

static struct host *host_place(struct controls *c, int side, const uint8_t addr[16])
{
	size_t set = set_of(c, addr), old = set;
	struct host *h = c->host[side];

	for (size_t i = set; i < set + WAYS; i++) {
		if (h[i].n && !memcmp(h[i].addr, addr, 16))
			return &h[i];
		if (!h[i].n || (h[old].n && h[i].last_ns < h[old].last_ns))
			old = i;
	}
	c->evicted += h[old].n > 0;
	/* The lines need no zeroing: `n` says which are there. */
	h[old].n = 0;
	memcpy(h[old].addr, addr, 16);
	return &h[old];
}

static uint32_t host_lines(const struct host *h)
{
	return h->n < LIMIT_CONTROL_LINES ? h->n : LIMIT_CONTROL_LINES;
}

static struct line *line_place(struct controls *c, struct host *h, const struct control_note *n)
{
	uint32_t kept = host_lines(h);
	struct line *l;

	for (uint32_t i = 0; i < kept; i++)
		if (h->line[i].flow_no == n->flow_no)
			return &h->line[i];
	c->evicted += h->n >= LIMIT_CONTROL_LINES;
	l = &h->line[h->n % LIMIT_CONTROL_LINES];
	/* Wraps to a number that still says "full". */
	h->n = h->n == UINT32_MAX ? UINT32_MAX - UINT32_MAX % LIMIT_CONTROL_LINES : h->n + 1;
	*l = (struct line){.flow_no = n->flow_no, .first_ns = n->ts_ns, .last_ns = n->ts_ns, .resp_port = n->resp_port, .proto = n->proto};
	return l;
}

static void note_side(struct controls *c, int side, const struct control_note *n)
{
	struct host *h = host_place(c, side, side == CONTROL_BY_RESP ? n->resp : n->orig);
	struct line *l = line_place(c, h, n);

	memcpy(l->peer, side == CONTROL_BY_RESP ? n->orig : n->resp, sizeof(l->peer));
	l->peer_port = side == CONTROL_BY_RESP ? n->orig_port : n->resp_port;
	if (n->ts_ns > h->last_ns || h->n == 1)
		h->last_ns = n->ts_ns;
	if (n->outcome > l->outcome) {
		l->outcome = n->outcome;
		l->last_ns = n->ts_ns;
	}
	if (!l->name)
		l->name = n->name;
	if (!l->ttl)
		l->ttl = n->ttl;
	if (!l->rtt_ns)
		l->rtt_ns = n->rtt_ns;
}

void controls_note(struct controls *c, const struct control_note *n)
{
	note_side(c, CONTROL_BY_RESP, n);
	note_side(c, CONTROL_BY_ORIG, n);
}

static bool asked_for(const struct line *l, const struct control_ask *a)
{
	bool first_in = l->first_ns >= a->from_ns && l->first_ns <= a->to_ns;
	bool last_in = l->last_ns >= a->from_ns && l->last_ns <= a->to_ns;

	if (l->flow_no == a->flow_no || (a->proto && l->proto != a->proto) || (a->port && l->resp_port != a->port))
		return false;
	if (a->by == CONTROL_BY_RESP && a->orig && memcmp(l->peer, a->orig, sizeof(l->peer)) != 0)
		return false;
	if (a->by == CONTROL_BY_ORIG && a->not_resp && !memcmp(l->peer, a->not_resp, sizeof(l->peer)))
		return false;
	return first_in || last_in;
}

static bool agrees(const struct line *l, const struct control_ask *a)
{
	int ttl_gap = l->ttl > a->ttl ? l->ttl - a->ttl : a->ttl - l->ttl;
	int64_t more = l->rtt_ns > a->rtt_ns ? l->rtt_ns : a->rtt_ns, gap = l->rtt_ns + a->rtt_ns;

	gap = 2 * more - gap;
	if (l->ttl && a->ttl && ttl_gap > TTL_SLACK)
		return false;
	return l->rtt_ns <= 0 || a->rtt_ns <= 0 || gap < rtt_slack_ns || gap < more / 2;
}

static void count_ok(struct control_count *k, const struct line *l)
{
	if (!k->ok || l->last_ns < k->ok_first_ns)
		k->ok_first_ns = l->last_ns;
	if (!k->ok || l->last_ns > k->ok_last_ns)
		k->ok_last_ns = l->last_ns;
	k->ok++;
}

static void count_failed(struct control_count *k, const struct line *l)
{
	if (!k->failed || l->first_ns < k->failed_first_ns)
		k->failed_first_ns = l->first_ns;
	if (!k->failed || l->first_ns > k->failed_last_ns)
		k->failed_last_ns = l->first_ns;
	k->failed++;
}

static bool name_is_new(const uint64_t *seen, uint32_t n, uint64_t name)
{
	for (uint32_t i = 0; i < n; i++)
		if (seen[i] == name)
			return false;
	return true;
}

void controls_ask(const struct controls *c, const struct control_ask *a, struct control_answer *out)
{
	const struct host *h = host_get(c, a->by, a->addr);
	uint64_t seen[LIMIT_CONTROL_LINES];

	*out = (struct control_answer){0};
	for (uint32_t i = 0; h && i < host_lines(h); i++) {
		const struct line *l = &h->line[i];
		struct control_count *k = a->name && l->name == a->name ? &out->same : &out->other;

		if (!asked_for(l, a))
			continue;
		/* What was never answered has no TTL to compare, and accuses nobody by itself. */
		if (l->outcome == CONTROL_OK && a->by == CONTROL_BY_RESP && !agrees(l, a)) {
			out->disagree++;
			continue;
		}
		if (l->outcome == CONTROL_OK) {
			count_ok(k, l);
			if (k == &out->other && l->name && name_is_new(seen, out->names_ok, l->name))
				seen[out->names_ok++] = l->name;
		} else if (l->outcome == CONTROL_FAILED || a->now_ns - l->first_ns >= silent_ns) {
			count_failed(k, l);
		}
	}
}
