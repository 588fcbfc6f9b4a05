/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mbox CONF LOG LIFE_S IF_CLIENT IF_SERVER [IF_TAP]
 *
 * Joins two interfaces in user space, as a wire with a delay on each leg, and reads what passes.
 * Why not netem and a firewall: kernels without sch_netem exist, and the place of the box on the
 * path (delay and hops on either side of it) must be drawn freely. A packet is *observed* one leg after
 * it came in and leaves one leg later, so an on-path injection really races the genuine answer.
 * Whatever it forges or drops is written to LOG as whole packets: that is the truth.
 * With IF_TAP it mirrors what it observes there and sends on what it gets back: another injector's seat.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mbox.h"

enum { WIRES = 3, TAP = 2 };

struct flow {
	bool used, triggered, fin_done;
	uint8_t a[16], b[16]; /* client, server */
	uint16_t ap, bp;
	uint8_t addr_len;
	int64_t since_ns;
	double tokens; /* bytes */
	int64_t filled_ns;
};

struct box {
	struct conf conf;
	FILE *log;
	int fd[WIRES];
	bool has_tap;
	uint8_t client_mac[6];
	struct queue queue;
	uint64_t rng;
	uint32_t passed[2];
	struct flow flows[FLOWS_MAX];
	unsigned next_flow;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void log_packet(struct box *x, const char *ev, enum dir d, const char *why, const uint8_t *f,
		       size_t n)
{
	fprintf(x->log, "{\"ev\":\"%s\",\"t\":%lld,\"dir\":\"%s\",\"why\":\"%s\",\"hex\":\"", ev,
		(long long)now_ns(CLOCK_REALTIME), d == C2S ? "c2s" : "s2c", why);
	for (size_t i = ETH_LEN; i < n; i++)
		fprintf(x->log, "%02x", f[i]);
	fputs("\"}\n", x->log);
	fflush(x->log);
}

/* splitmix64: small, and the same numbers on every machine for one seed. */
static uint64_t draw(struct box *x)
{
	uint64_t z = (x->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool lost(struct box *x, enum dir d)
{
	uint32_t nth = ++x->passed[d];

	for (int i = 0; i < x->conf.n_lose[d]; i++) {
		if (x->conf.lose_nth[d][i] == nth)
			return true;
	}
	return draw(x) % 1000000 < x->conf.loss_ppm;
}

/* Legs and virtual hops count from the box: leg 0 leads to the client. */
static int leg_out(enum dir d)
{
	return d == C2S ? 1 : 0;
}

static int64_t leg_ns(const struct box *x, int leg, const uint8_t *f)
{
	bool v6 = f[12] == 0x86 && f[13] == 0xdd;

	return (x->conf.leg_us[leg] + (v6 ? x->conf.v6_extra_us : 0)) * 1000;
}

static struct flow *flow_of(struct box *x, const struct seen *s, enum dir d)
{
	const uint8_t *a = d == C2S ? s->src : s->dst, *b = d == C2S ? s->dst : s->src;
	uint16_t ap = d == C2S ? s->sport : s->dport, bp = d == C2S ? s->dport : s->sport;
	struct flow *f;

	for (int i = 0; i < FLOWS_MAX; i++) {
		f = &x->flows[i];
		if (f->used && f->ap == ap && f->bp == bp && f->addr_len == s->addr_len &&
		    !memcmp(f->a, a, 16) && !memcmp(f->b, b, 16))
			return f;
	}
	f = &x->flows[x->next_flow++ % FLOWS_MAX];
	memset(f, 0, sizeof(*f));
	f->used = true;
	memcpy(f->a, a, 16);
	memcpy(f->b, b, 16);
	f->ap = ap;
	f->bp = bp;
	f->addr_len = s->addr_len;
	return f;
}

/* GFW III, and the null routes of MIDDLEBOXES.md 3.4: other flows on the 3-tuple suffer for a time. */
static bool residual(const struct box *x, const struct flow *f)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);

	for (int i = 0; x->conf.residual_s && i < FLOWS_MAX; i++) {
		const struct flow *o = &x->flows[i];

		if (o->triggered && o != f && o->bp == f->bp && !memcmp(o->a, f->a, 16) &&
		    !memcmp(o->b, f->b, 16) && now - o->since_ns < x->conf.residual_s * 1000000000)
			return true;
	}
	return false;
}

static void act(struct box *x, enum act_on on, const struct job *j, const struct seen *s)
{
	for (int i = 0; i < x->conf.n_acts; i++) {
		const struct act *a = &x->conf.acts[i];
		uint8_t out[FRAME_MAX];
		size_t n;

		if (a->on != on)
			continue;
		n = craft_forge(a, j->frame, s, out);
		for (int k = 0; n && k < a->count; k++) {
			int64_t due = j->due_ns + (a->delay_us + k * a->gap_us) * 1000 +
				      leg_ns(x, leg_out(a->dir), out);
			uint8_t copy[FRAME_MAX];

			log_packet(x, "inject", a->dir, "act", out, n);
			memcpy(copy, out, n);
			if (craft_hops(copy, n, x->conf.hops[leg_out(a->dir)]))
				queue_put(&x->queue, EMIT, a->dir, due, copy, n);
		}
	}
}

/* A token bucket of bytes on the wire (IP and up), as a policer counts them. */
static bool bucket_passes(const struct conf *c, struct flow *f, const struct job *j)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);
	double len = (double)(j->len - ETH_LEN);

	if (!c->police_bps || j->dir != S2C)
		return true;
	f->tokens += (double)(now - f->filled_ns) / 8e9 * (double)c->police_bps;
	f->filled_ns = now;
	if (f->tokens > (double)c->police_burst)
		f->tokens = (double)c->police_burst;
	if (f->tokens < len)
		return false;
	f->tokens -= len;
	return true;
}

/* Decides about one observed packet; true: it goes on. */
static bool judge(struct box *x, const struct job *j)
{
	const struct conf *c = &x->conf;
	struct seen s;
	struct flow *f;
	bool first = false;

	if (!craft_see(j->frame, j->len, &s))
		return true;
	f = flow_of(x, &s, j->dir);
	if (j->dir == C2S && !f->triggered && craft_trigger(j->frame, &s, c->trig, c->name)) {
		f->triggered = first = true;
		f->since_ns = f->filled_ns = now_ns(CLOCK_MONOTONIC);
		f->tokens = (double)c->police_burst;
		log_packet(x, "trigger", C2S, "name", j->frame, j->len);
		act(x, ON_TRIGGER, j, &s);
	} else if (j->dir == C2S && f->triggered && !f->fin_done && s.is_tcp && s.flags & F_FIN) {
		f->fin_done = true;
		act(x, ON_FIN, j, &s);
	}
	if (first)
		return !c->drop_trigger;
	if (!f->triggered && !residual(x, f))
		return true;
	if (!bucket_passes(c, f, j))
		return false;
	return j->dir == C2S ? !c->drop_c2s : !c->drop_s2c;
}

static void observe(struct box *x, struct job *j)
{
	int in = j->dir == C2S ? 0 : 1, out = leg_out(j->dir);

	if (!craft_hops(j->frame, j->len, x->conf.hops[in] + 1)) {
		log_packet(x, "drop", j->dir, "ttl", j->frame, j->len);
		return;
	}
	if (x->has_tap && send(x->fd[TAP], j->frame, j->len, 0) < 0)
		perror("mbox: tap");
	if (!judge(x, j)) {
		log_packet(x, "drop", j->dir, "policy", j->frame, j->len);
		return;
	}
	if (lost(x, j->dir)) {
		log_packet(x, "drop", j->dir, "loss", j->frame, j->len);
		return;
	}
	if (craft_hops(j->frame, j->len, x->conf.hops[out]))
		queue_put(&x->queue, EMIT, j->dir, j->due_ns + leg_ns(x, out, j->frame), j->frame,
			  j->len);
	else
		log_packet(x, "drop", j->dir, "ttl", j->frame, j->len);
}

/* One frame from a wire. What is not IP (ARP, LLDP) has no business here and stays where it came from. */
static void take(struct box *x, int wire)
{
	uint8_t f[FRAME_MAX];
	ssize_t n = recv(x->fd[wire], f, sizeof(f), MSG_DONTWAIT);
	int64_t now = now_ns(CLOCK_MONOTONIC);
	enum dir d = wire == 0 ? C2S : S2C;

	if (n < ETH_LEN + 20 || !((f[12] == 8 && f[13] == 0) || (f[12] == 0x86 && f[13] == 0xdd)))
		return;
	if (f[0] & 1)
		return;
	if (wire == TAP) {
		int leg;

		d = memcmp(f, x->client_mac, 6) ? C2S : S2C;
		leg = leg_out(d);
		if (craft_hops(f, (size_t)n, x->conf.hops[leg]))
			queue_put(&x->queue, EMIT, d, now + leg_ns(x, leg, f), f, (size_t)n);
		return;
	}
	if (wire == 0)
		memcpy(x->client_mac, f + 6, 6);
	queue_put(&x->queue, OBSERVE, d, now + leg_ns(x, wire, f), f, (size_t)n);
}

static void run_due(struct box *x)
{
	while (x->queue.n && x->queue.heap[0].due_ns <= now_ns(CLOCK_MONOTONIC)) {
		struct job j = queue_get(&x->queue);

		if (j.stage == OBSERVE)
			observe(x, &j);
		else if (send(x->fd[leg_out(j.dir)], j.frame, j.len, 0) < 0)
			perror("mbox: send");
		free(j.frame);
	}
}

static bool loop(struct box *x, int64_t life_s)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + life_s * 1000000000;
	nfds_t n = x->has_tap ? 3 : 2;
	struct pollfd p[WIRES];

	for (nfds_t i = 0; i < n; i++)
		p[i] = (struct pollfd){x->fd[i], POLLIN, 0};
	while (!stop && now_ns(CLOCK_MONOTONIC) < end) {
		int64_t wait = 200000000;
		struct timespec ts;

		if (x->queue.n && x->queue.heap[0].due_ns - now_ns(CLOCK_MONOTONIC) < wait)
			wait = x->queue.heap[0].due_ns - now_ns(CLOCK_MONOTONIC);
		if (wait < 0)
			wait = 0;
		ts = (struct timespec){0, (long)wait};
		if (ppoll(p, n, &ts, NULL) < 0 && errno != EINTR)
			return false;
		for (nfds_t i = 0; i < n; i++) {
			if (p[i].revents & POLLIN)
				take(x, (int)i);
		}
		run_due(x);
	}
	return true;
}

static int wire_open(const char *name)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	a.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || !a.sll_ifindex || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one))) {
		perror(name);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	static struct box x;
	long life = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (argc < 6 || argc > 7 || life < 1 || life > 86400) {
		fprintf(stderr, "usage: mbox CONF LOG LIFE_S IF_CLIENT IF_SERVER [IF_TAP]\n");
		return 2;
	}
	if (!conf_read(&x.conf, argv[1]))
		return 1;
	x.rng = x.conf.seed;
	x.has_tap = argc == 7;
	x.log = fopen(argv[2], "w");
	if (!x.log) {
		perror(argv[2]);
		return 1;
	}
	for (int i = 0; i < argc - 4; i++) {
		x.fd[i] = wire_open(argv[4 + i]);
		if (x.fd[i] < 0)
			return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	puts("ready");
	fflush(stdout);
	return loop(&x, life) && !fclose(x.log) ? 0 : 1;
}
