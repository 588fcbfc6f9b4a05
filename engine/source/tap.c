/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test runs it in a kernel */
#include "source/tap.h"

#ifdef WALLPRINT_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <shared.h>
#include <tap.skel.h>

enum {
	CELLS_BYTES = TAP_BUCKETS * sizeof(struct tap_bucket),
	COUNTS_BYTES = TAP_CPUS * TAP_COUNTERS * sizeof(uint64_t),
	/* <linux/bpf.h> of Linux 6.6, newer than Debian 12's: tc programs that hang on a link */
	TCX_IN = 46,
	TCX_OUT = 47,
	ARENA_BYTES = 4 * 1024 * 1024,
	VLAN_AT = 12, /* behind the two addresses */
	VLAN_BYTES = 4,
	NAP_NS = 1000000,
};

struct tap {
	struct tap_bpf *skel;
	struct tap_bucket *cells; /* the kernel's, mapped */
	uint64_t seed;
	uint64_t *counts; /* the kernel's, mapped: TAP_CPUS lines of TAP_COUNTERS */
	int link[2];      /* tc, xdp: what holds the programs at the interface; -1 none */
	struct ring_buffer *ring;
	struct batch *out; /* the batch being filled */
	uint8_t *arena;    /* its frames */
	size_t used;
	int64_t tai_ahead_ns; /* of the wall clock */
	bool busy;            /* frames came at the last look */
};

bool live_has_bpf(void)
{
	return true;
}

/* libbpf's own complaints run over pages; ours is one sentence. */
static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

static void *map(const struct bpf_map *m, size_t bytes, int prot)
{
	void *at = mmap(NULL, bytes, prot, MAP_SHARED, bpf_map__fd(m), 0);

	return at == MAP_FAILED ? NULL : at;
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 1U << 18;

	while (p < n && p < 1U << 30)
		p *= 2;
	return p;
}

/* Only what this kind of tap runs: an older kernel may know one kind and not the other. False when
 * libbpf does not take it, which is our mistake. */
static bool choose(struct tap *t, const struct tap_options *o)
{
	const bool ring = o->kind != LIVE_TAP_SOCKET;

	return !bpf_program__set_autoload(t->skel->progs.tap_socket, !ring) &&
	       !bpf_program__set_autoload(t->skel->progs.tap_tc,
					  o->kind == LIVE_TAP_TC || (ring && o->both)) &&
	       !bpf_program__set_autoload(t->skel->progs.tap_xdp, o->kind == LIVE_TAP_XDP) &&
	       !bpf_map__set_autocreate(t->skel->maps.ring, ring) &&
	       !bpf_map__set_max_entries(t->skel->maps.ring, power_of_two(o->ring_bytes));
}

static bool load(struct tap *t, const struct tap_options *o, struct err_info *err)
{
	int no;

	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		return err_set(err, "no random number to be had: %s", strerror(errno));
	t->skel = tap_bpf__open();
	if (!t->skel || !choose(t, o))
		return err_set(err, "the filter cannot be opened: %s", strerror(errno));
	t->skel->rodata->seed = t->seed;
	t->skel->rodata->follow_all = o->follow_all;
	t->skel->rodata->link_len = o->link_len;
	t->skel->rodata->snap = o->snaplen < TAP_FRAME_MOST ? o->snaplen : TAP_FRAME_MOST;
	no = tap_bpf__load(t->skel);
	if (no)
		return err_set(err, "the kernel does not take the filter: %s%s", strerror(-no),
			       no == -EPERM
				       ? " (it wants CAP_BPF, for tc and xdp CAP_NET_ADMIN and "
					 "CAP_PERFMON too; CAP_SYS_ADMIN before 5.8)"
				       : "");
	t->cells = map(t->skel->maps.cells, CELLS_BYTES, PROT_READ | PROT_WRITE);
	t->counts = map(t->skel->maps.counts, COUNTS_BYTES, PROT_READ);
	return (t->cells && t->counts) ||
	       err_set(err, "the filter's tables cannot be mapped: %s", strerror(errno));
}

static bool attach_socket(struct tap *t, int fd, struct err_info *err)
{
	int prog = bpf_program__fd(t->skel->progs.tap_socket);

	return !setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	       err_set(err, "the filter cannot be attached: %s", strerror(errno));
}

/* A program at the interface for as long as the link's descriptor is open. */
static bool hang(int *link, const struct bpf_program *prog, int ifindex, int where, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = flags);

	*link = bpf_link_create(bpf_program__fd(prog), ifindex, (enum bpf_attach_type)where, &o);
	return *link >= 0;
}

static bool attach_tc(struct tap *t, const struct tap_options *o, struct err_info *err)
{
	const struct bpf_program *prog = t->skel->progs.tap_tc;

	if ((o->kind == LIVE_TAP_XDP || hang(&t->link[0], prog, o->ifindex, TCX_IN, 0)) &&
	    (!o->both || hang(&t->link[1], prog, o->ifindex, TCX_OUT, 0)))
		return true;
	return err_set(err, "tc takes no program here: %s%s", strerror(errno),
		       errno == EINVAL ? " (kernels before 6.6 have no links for it)" : "");
}

static bool attach_xdp(struct tap *t, const struct tap_options *o, const char **how,
		       struct err_info *err)
{
	const struct bpf_program *prog = t->skel->progs.tap_xdp;

	*how = o->both ? "XDP in, tc out" : "XDP";
	if (hang(&t->link[0], prog, o->ifindex, BPF_XDP, XDP_FLAGS_DRV_MODE))
		return true;
	*how = o->both ? "generic XDP in, tc out" : "generic XDP";
	if (hang(&t->link[0], prog, o->ifindex, BPF_XDP, XDP_FLAGS_SKB_MODE))
		return true;
	return err_set(err, "XDP takes no program here: %s%s", strerror(errno),
		       errno == EBUSY || errno == EEXIST ? " (there is another one)" : "");
}

/* The kernel stamps the ring's records by its clock of atomic time, because programs cannot read the
 * wall clock; the two differ by whole seconds, which the administrator's time daemon sets. */
static void tell_tai(struct tap *t)
{
	struct timespec tai, wall;

	/* neither can fail */
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)clock_gettime(CLOCK_TAI, &tai);
	/* Read one after the other, with less than half a second between */
	t->tai_ahead_ns = ((tai.tv_sec - wall.tv_sec) * INT64_C(1000000000) + tai.tv_nsec -
			   wall.tv_nsec + 500000000) /
			  1000000000 * 1000000000;
}

/* A tag that the kernel keeps beside the frame goes back to where it was on the wire. */
static void put_frame(struct tap *t, const struct tap_record *r, const uint8_t *at)
{
	struct frame *f = &t->out->frame[t->out->n++];
	uint8_t *to = t->arena + t->used;
	size_t head = r->vlan_proto && r->cap_len >= VLAN_AT ? VLAN_AT : 0;

	*f = (struct frame){.at = to,
			    .cap_len = r->cap_len,
			    .wire_len = r->wire_len,
			    .ts_ns = (int64_t)r->tai_ns - t->tai_ahead_ns,
			    .joined = r->joined};
	memcpy(to, at, head);
	to += head;
	if (head) {
		const uint8_t tci[2] = {(uint8_t)(r->vlan_tci >> 8), (uint8_t)r->vlan_tci};

		memcpy(to, &r->vlan_proto, 2);
		memcpy(to + 2, tci, 2);
		to += VLAN_BYTES;
		f->cap_len += VLAN_BYTES;
		f->wire_len += VLAN_BYTES;
	}
	memcpy(to, at + head, r->cap_len - head);
	t->used += f->cap_len;
}

/* libbpf calls it for each record; below zero: no more now. */
static int on_record(void *arg, void *at, size_t size)
{
	struct tap *t = arg;
	struct tap_record r;

	if (size < sizeof(r))
		return 0;
	memcpy(&r, at, sizeof(r));
	if (r.cap_len <= size - sizeof(r))
		put_frame(t, &r, (const uint8_t *)at + sizeof(r));
	return t->out->n == BATCH_MAX || t->used > ARENA_BYTES - TAP_FRAME_MOST - VLAN_BYTES
		       ? -ENOBUFS
		       : 0;
}

static bool open_ring(struct tap *t, struct err_info *err)
{
	t->arena = malloc(ARENA_BYTES);
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), on_record, t, NULL);
	return (t->arena && t->ring) ||
	       err_set(err, "the ring cannot be mapped: %s", strerror(errno));
}

static bool attach(struct tap *t, const struct tap_options *o, const char **how,
		   struct err_info *err)
{
	switch (o->kind) {
	case LIVE_TAP_SOCKET:
		*how = "socket";
		return attach_socket(t, o->fd, err);
	case LIVE_TAP_TC:
		*how = o->both ? "tc in and out" : "tc in";
		return open_ring(t, err) && attach_tc(t, o, err);
	default:
		return open_ring(t, err) && attach_xdp(t, o, how, err) &&
		       (!o->both || attach_tc(t, o, err));
	}
}

struct tap *tap_new(const struct tap_options *o, const char **how, struct err_info *err)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (!t) {
		(void)err_set(err, "out of memory"); /* always false; NULL says it */
		return NULL;
	}
	t->link[0] = t->link[1] = -1;
	(void)libbpf_set_print(quiet); /* returns the printer before */
	if (load(t, o, err) && attach(t, o, how, err))
		return t;
	tap_free(t);
	return NULL;
}

static bool look(struct tap *t)
{
	/* what on_record answered, which it knows */
	(void)ring_buffer__consume(t->ring);
	return t->busy = t->out->n > 0;
}

void tap_read(struct tap *t, struct batch *out, int ms)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	struct pollfd p = {.fd = bpf_map__fd(t->skel->maps.ring), .events = POLLIN};
	bool was_busy = t->busy;

	t->out = out;
	t->used = 0;
	tell_tai(t);
	if (look(t))
		return;
	if (was_busy) {
		/* woken early: it looks early */
		(void)nanosleep(&nap, NULL);
		if (look(t))
			return;
	}
	/* A frame between here and the poll is seen by the poll. */
	t->skel->bss->waiting = 1;
	(void)poll(&p, 1, ms); /* whatever it says, we look */
	t->skel->bss->waiting = 0;
	(void)look(t); /* out->n says it */
}

void tap_follow(struct tap *t, const struct live_flow *f)
{
	struct tap_flow k = {.port = {f->port[0], f->port[1]}, .proto = f->proto};
	struct timespec now;
	struct tap_bucket *b;
	struct tap_cell *c;
	uint64_t hash;

	for (int i = 0; i < 2; i++)
		for (int at = 0; at < 16; at++)
			k.addr[i][at / 8] = k.addr[i][at / 8] << 8 | f->addr[i][at];
	(void)tap_order(&k); /* which end is first does not matter here */
	hash = tap_hash(t->seed, &k);
	b = &t->cells[tap_bucket_of(hash)];
	c = tap_cell_in(b, tap_tag_of(hash));
	if (!c)
		c = tap_cell_in(b, 0);
	if (!c)
		c = &b->way[tap_way_of(hash)];
	/* The program's clock, bpf_ktime_get_ns(). Cannot fail for this one. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	c->tag = tap_tag_of(hash);
	c->until = (uint16_t)(((uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec) >> 30) +
		   TAP_FOLLOW_TICKS;
	c->follow_left = TAP_FOLLOW_PACKETS;
}

struct tap_tally tap_tally(const struct tap *t)
{
	struct tap_tally sum = {0};

	for (uint32_t cpu = 0; cpu < TAP_CPUS; cpu++) {
		const volatile uint64_t *line = &t->counts[cpu * TAP_COUNTERS];

		sum.prefiltered += line[TAP_NOT_WANTED];
		sum.ring_lost += line[TAP_RING_FULL];
		for (uint32_t why = TAP_EVERYTHING; why < TAP_CHOICES; why++)
			sum.in_ring += line[why];
	}
	sum.in_ring -= sum.in_ring < sum.ring_lost ? sum.in_ring : sum.ring_lost;
	return sum;
}

void tap_free(struct tap *t)
{
	if (!t)
		return;
	for (int i = 0; i < 2; i++)
		if (t->link[i] >= 0)
			(void)close(t->link[i]); /* nothing was written */
	ring_buffer__free(t->ring);
	if (t->cells)
		munmap(t->cells, CELLS_BYTES);
	if (t->counts)
		munmap(t->counts, COUNTS_BYTES);
	if (t->skel)
		tap_bpf__destroy(t->skel);
	free(t->arena);
	free(t);
}

#else /* built where clang or bpftool was missing: the Makefile says so */

bool live_has_bpf(void)
{
	return false;
}

struct tap *tap_new(const struct tap_options *o, const char **how, struct err_info *err)
{
	(void)o;
	(void)how;
	(void)err_set(err, "this program was built without clang and bpftool, and so without it");
	return NULL;
}

/* Nobody holds a tap to call these with. */
void tap_read(struct tap *t, struct batch *out, int ms)
{
	(void)t;
	(void)ms;
	out->n = 0;
}

void tap_follow(struct tap *t, const struct live_flow *f)
{
	(void)t;
	(void)f;
}

struct tap_tally tap_tally(const struct tap *t)
{
	(void)t;
	return (struct tap_tally){0};
}

void tap_free(struct tap *t)
{
	(void)t;
}

#endif
