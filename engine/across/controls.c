/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/controls.h"

#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/limits.h"

enum { WAYS = 4 };
/* Three tables: under the responder, under the originator, and under both, so that a busy server
 * does not push out what one host did there. */
enum { PAIR = CONTROL_BY_ORIG + 1, SIDES };
/* METHODS g.2 and ARCHITECTURE 5: 5 s without an answer is silence. */
static const int64_t silent_ns = INT64_C(5) * 1000000000;
/* Two round trips to one server agree when they differ by less than this or by less than half the
 * larger; queues do that much. unsourced: to be measured over the corpus. */
static const int64_t rtt_slack_ns = INT64_C(50) * 1000000;
/* unsourced: one hop more or less comes from load-balanced paths. */
enum { TTL_SLACK = 1 };

struct line {
	uint64_t flow_no, name;
	int64_t first_ns, last_ns, rtt_ns; /* first: tried; last: the latest note */
	uint64_t frame;                    /* of the packet at last_ns */
	uint8_t peer[16];
	uint32_t version;
	uint16_t resp_port;
	uint8_t proto, outcome, ttl;
};

struct host {
	uint8_t addr[32]; /* one address and zeros, or responder and originator */
	int64_t last_ns;
	uint32_t series; /* of controls.series when n was written; else n is 0 */
	uint32_t n;      /* lines ever written; the latest CONTROL_LINES are kept */
	struct line line[LIMIT_CONTROL_LINES];
};

struct controls {
	struct hash_key key;
	uint64_t evicted;
	uint32_t series; /* from 1: a new one empties every host without touching it */
	struct host host[SIDES][LIMIT_CONTROL_HOSTS];
};

struct controls *controls_new(void)
{
	struct controls *c = calloc(1, sizeof(*c));

	if (c) {
		c->key = HASH_KEY_KNOWN;
		c->series = 1;
	}
	return c;
}

void controls_clear(struct controls *c)
{
	c->series++;
	c->evicted = 0;
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

static size_t set_of(const struct controls *c, const uint8_t addr[32])
{
	return mixhash(&c->key, addr, 32) % (LIMIT_CONTROL_HOSTS / WAYS) * WAYS;
}

static const struct host *host_get(const struct controls *c, int side, const uint8_t addr[32])
{
	size_t set = set_of(c, addr);

	for (size_t i = set; i < set + WAYS; i++)
		if (c->host[side][i].series == c->series &&
		    !memcmp(c->host[side][i].addr, addr, 32))
			return &c->host[side][i];
	return NULL;
}

static struct host *host_place(struct controls *c, int side, const uint8_t addr[32])
{
	size_t set = set_of(c, addr), old = set;
	struct host *h = c->host[side];

	for (size_t i = set; i < set + WAYS; i++) {
		bool used = h[i].series == c->series;

		if (used && !memcmp(h[i].addr, addr, 32))
			return &h[i];
		if (!used || (h[old].series == c->series && h[i].last_ns < h[old].last_ns))
			old = i;
	}
	c->evicted += h[old].series == c->series;
	h[old].series = c->series;
	/* The lines need no zeroing: `n` says which are there. */
	h[old].n = 0;
	memcpy(h[old].addr, addr, 32);
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
	*l = (struct line){.flow_no = n->flow_no,
			   .first_ns = n->ts_ns,
			   .last_ns = n->ts_ns,
			   .frame = n->frame,
			   .resp_port = n->resp_port,
			   .proto = n->proto,
			   .version = n->version};
	return l;
}

static void note_side(struct controls *c, int side, const struct control_note *n)
{
	uint8_t addr[32] = {0};
	struct host *h;
	struct line *l;

	memcpy(addr, side == CONTROL_BY_ORIG ? n->orig : n->resp, 16);
	if (side == PAIR)
		memcpy(addr + 16, n->orig, 16);
	h = host_place(c, side, addr);
	l = line_place(c, h, n);
	memcpy(l->peer, side == CONTROL_BY_ORIG ? n->resp : n->orig, sizeof(l->peer));
	if (n->ts_ns > h->last_ns || h->n == 1)
		h->last_ns = n->ts_ns;
	if (n->outcome > l->outcome) {
		l->outcome = n->outcome;
		l->last_ns = n->ts_ns;
		l->frame = n->frame;
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
	for (int side = 0; side < SIDES; side++)
		note_side(c, side, n);
}

static bool asked_for(const struct line *l, const struct control_ask *a)
{
	bool first_in = l->first_ns >= a->from_ns && l->first_ns <= a->to_ns;
	bool last_in = l->last_ns >= a->from_ns && l->last_ns <= a->to_ns;

	if ((a->proto && l->proto != a->proto) || (a->port && l->resp_port != a->port))
		return false;
	if (a->by == CONTROL_BY_ORIG && a->not_resp &&
	    !memcmp(l->peer, a->not_resp, sizeof(l->peer)))
		return false;
	return first_in || last_in;
}

/* Could packets with this TTL and round trip come from the server that this line is about? */
static bool agrees(const struct line *l, uint8_t ttl, int64_t rtt_ns)
{
	int ttl_gap = l->ttl > ttl ? l->ttl - ttl : ttl - l->ttl;
	int64_t more = l->rtt_ns > rtt_ns ? l->rtt_ns : rtt_ns,
		less = l->rtt_ns > rtt_ns ? rtt_ns : l->rtt_ns;

	if (l->ttl && ttl && ttl_gap > TTL_SLACK)
		return false;
	return less <= 0 || more - less < rtt_slack_ns || more - less < more / 2;
}

static bool is_control(const struct line *l, const struct control_ask *a)
{
	return l->flow_no != a->flow_no && asked_for(l, a);
}

static bool has_failed(const struct line *l, int64_t now_ns)
{
	return l->outcome == CONTROL_FAILED ||
	       (l->outcome == CONTROL_TRIED && now_ns - l->first_ns >= silent_ns);
}

static void count_ok(struct control_count *k, const struct line *l)
{
	if (!k->ok || l->last_ns < k->ok_first_ns)
		k->ok_first_ns = l->last_ns;
	if (!k->ok || l->last_ns > k->ok_last_ns)
		k->ok_last_ns = l->last_ns;
	k->ok++;
	if (k->n_ok_frames < CONTROL_FRAMES && l->frame)
		k->ok_frame[k->n_ok_frames++] = l->frame;
	k->ok_ttl = k->ok_ttl ? k->ok_ttl : l->ttl;
}

static void count_failed(struct control_count *k, const struct line *l)
{
	if (!k->failed || l->first_ns < k->failed_first_ns)
		k->failed_first_ns = l->first_ns;
	if (!k->failed || l->first_ns > k->failed_last_ns)
		k->failed_last_ns = l->first_ns;
	k->failed++;
	if (k->n_failed_frames < CONTROL_FRAMES && l->frame)
		k->failed_frame[k->n_failed_frames++] = l->frame;
}

/* The other ends of the lines that were asked for, each once: answered, or failed and never
 * answered. */
static void count_peers(const struct host *h, const struct control_ask *a,
			struct control_answer *out)
{
	for (uint32_t i = 0; i < host_lines(h); i++) {
		bool first = is_control(&h->line[i], a), ok = false, failed = false;

		for (uint32_t k = 0; first && k < host_lines(h); k++) {
			const struct line *l = &h->line[k];

			if (!is_control(l, a) ||
			    memcmp(l->peer, h->line[i].peer, sizeof(l->peer)) != 0)
				continue;
			first = k >= i;
			ok |= l->outcome == CONTROL_OK;
			failed |= has_failed(l, a->now_ns);
		}
		out->peers_ok += first && ok;
		out->peers_failed += first && failed && !ok;
	}
}

static bool name_is_new(const uint64_t *seen, uint32_t n, uint64_t name)
{
	for (uint32_t i = 0; i < n; i++)
		if (seen[i] == name)
			return false;
	return true;
}

static const struct host *asked_host(const struct controls *c, const struct control_ask *a)
{
	uint8_t addr[32] = {0};
	bool pair = a->by == CONTROL_BY_RESP && a->orig;

	memcpy(addr, a->addr, 16);
	if (pair)
		memcpy(addr + 16, a->orig, 16);
	return host_get(c, pair ? PAIR : a->by, addr);
}

/* Has a line gone that began within the window? They are overwritten in order of arrival. */
static bool lines_gone(const struct host *h, int64_t from_ns)
{
	const struct line *oldest = &h->line[h->n % LIMIT_CONTROL_LINES];

	return h->n > LIMIT_CONTROL_LINES && oldest->first_ns > from_ns;
}

void controls_ask(const struct controls *c, const struct control_ask *a, struct control_answer *out)
{
	const struct host *h = asked_host(c, a);
	const struct line *first_ok = NULL;
	uint64_t seen[LIMIT_CONTROL_LINES];

	*out = (struct control_answer){0};
	if (!h)
		return;
	out->cut = lines_gone(h, a->from_ns);
	count_peers(h, a, out);
	for (uint32_t i = 0; i < host_lines(h); i++) {
		const struct line *l = &h->line[i];
		struct control_count *k = a->name && l->name == a->name ? &out->same : &out->other;

		if (!is_control(l, a))
			continue;
		/* What was never answered has no TTL to compare, and accuses nobody by itself. */
		if (l->outcome == CONTROL_OK && a->by == CONTROL_BY_RESP &&
		    !agrees(l, a->ttl, a->rtt_ns)) {
			out->disagree++;
			continue;
		}
		if (l->outcome == CONTROL_OK) {
			out->mixed |= a->by == CONTROL_BY_RESP && first_ok &&
				      !agrees(l, first_ok->ttl, first_ok->rtt_ns);
			first_ok = first_ok ? first_ok : l;
			out->other_version_ok +=
				a->version && l->version && l->version != a->version;
			count_ok(k, l);
			if (k == &out->other && l->name &&
			    name_is_new(seen, out->names_ok, l->name))
				seen[out->names_ok++] = l->name;
		} else if (has_failed(l, a->now_ns)) {
			count_failed(k, l);
		}
	}
}

size_t controls_lines(const struct controls *c, const struct control_ask *a,
		      struct control_line *out)
{
	const struct host *h = asked_host(c, a);
	size_t n = 0;

	for (uint32_t i = h ? h->n - host_lines(h) : 0; h && i < h->n; i++) {
		const struct line *l = &h->line[i % LIMIT_CONTROL_LINES];
		bool failed = has_failed(l, a->now_ns);

		if (!asked_for(l, a) || (l->outcome == CONTROL_OK && !agrees(l, a->ttl, a->rtt_ns)))
			continue;
		out[n++] = (struct control_line){l->flow_no, l->name, l->frame, l->first_ns,
						 failed ? CONTROL_FAILED : l->outcome};
	}
	return n;
}
