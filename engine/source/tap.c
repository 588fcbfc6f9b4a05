/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test runs it in a kernel */
#include "source/tap.h"

#ifdef WALLPRINT_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include <shared.h>
#include <tap.skel.h>

enum {
	CELLS_BYTES = TAP_CELLS * sizeof(struct tap_cell),
	COUNTS_BYTES = TAP_CPUS * TAP_COUNTERS * sizeof(uint64_t)
};

struct tap {
	struct tap_bpf *skel;
	struct tap_cell *cells; /* the kernel's, mapped */
	uint64_t seed;
	uint64_t *counts; /* the kernel's, mapped: TAP_CPUS lines of TAP_COUNTERS */
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

static bool tap_load(struct tap *t, int fd, uint32_t link_len, bool follow_all,
		     struct err_info *err)
{
	int prog, no;

	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		return err_set(err, "no random number to be had: %s", strerror(errno));
	t->skel = tap_bpf__open();
	if (!t->skel)
		return err_set(err, "the filter cannot be opened: %s", strerror(errno));
	t->skel->rodata->seed = t->seed;
	t->skel->rodata->follow_all = follow_all;
	t->skel->rodata->link_len = link_len;
	no = tap_bpf__load(t->skel);
	if (no)
		return err_set(err, "the kernel does not take the filter: %s%s", strerror(-no),
			       no == -EPERM ? " (it wants CAP_BPF, or CAP_SYS_ADMIN before 5.8)"
					    : "");
	t->cells = map(t->skel->maps.cells, CELLS_BYTES, PROT_READ | PROT_WRITE);
	t->counts = map(t->skel->maps.counts, COUNTS_BYTES, PROT_READ);
	if (!t->cells || !t->counts)
		return err_set(err, "the filter's tables cannot be mapped: %s", strerror(errno));
	prog = bpf_program__fd(t->skel->progs.tap_socket);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)))
		return err_set(err, "the filter cannot be attached: %s", strerror(errno));
	return true;
}

struct tap *tap_new(int fd, uint32_t link_len, bool follow_all, struct err_info *err)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (!t) {
		(void)err_set(err, "out of memory"); /* always false; NULL says it */
		return NULL;
	}
	(void)libbpf_set_print(quiet); /* returns the printer before */
	if (tap_load(t, fd, link_len, follow_all, err))
		return t;
	tap_free(t);
	return NULL;
}

void tap_follow(struct tap *t, const struct live_flow *f)
{
	struct tap_flow k = {.port = {f->port[0], f->port[1]}, .proto = f->proto};
	struct timespec now;
	struct tap_cell *c;
	uint64_t hash;

	for (int i = 0; i < 2; i++)
		for (int b = 0; b < 16; b++)
			k.addr[i][b / 8] = k.addr[i][b / 8] << 8 | f->addr[i][b];
	(void)tap_order(&k); /* which end is first does not matter here */
	hash = tap_hash(t->seed, &k);
	c = &t->cells[tap_cell_of(hash)];
	/* The program's clock, bpf_ktime_get_ns(). Cannot fail for this one. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	c->tag = tap_tag_of(hash);
	c->until = (uint16_t)(((uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec) >> 30) +
		   TAP_FOLLOW_TICKS;
	c->follow_left = TAP_FOLLOW_PACKETS;
}

void tap_counts(const struct tap *t, uint64_t *seen, uint64_t *prefiltered)
{
	*seen = *prefiltered = 0;
	for (uint32_t cpu = 0; cpu < TAP_CPUS; cpu++) {
		const volatile uint64_t *line = &t->counts[cpu * TAP_COUNTERS];

		for (uint32_t k = 0; k < TAP_CHOICES; k++)
			*seen += line[k];
		*prefiltered += line[TAP_NOT_WANTED];
	}
}

void tap_free(struct tap *t)
{
	if (!t)
		return;
	if (t->cells)
		munmap(t->cells, CELLS_BYTES);
	if (t->counts)
		munmap(t->counts, COUNTS_BYTES);
	if (t->skel)
		tap_bpf__destroy(t->skel);
	free(t);
}

#else /* built where clang or bpftool was missing: the Makefile says so */

bool live_has_bpf(void)
{
	return false;
}

struct tap *tap_new(int fd, uint32_t link_len, bool follow_all, struct err_info *err)
{
	(void)fd;
	(void)link_len;
	(void)follow_all;
	(void)err_set(err, "this program was built without clang and bpftool, and so without it");
	return NULL;
}

/* Nobody holds a tap to call these with. */
void tap_follow(struct tap *t, const struct live_flow *f)
{
	(void)t;
	(void)f;
}

void tap_counts(const struct tap *t, uint64_t *seen, uint64_t *prefiltered)
{
	(void)t;
	*seen = *prefiltered = 0;
}

void tap_free(struct tap *t)
{
	(void)t;
}

#endif
