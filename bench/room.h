/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BENCH_ROOM_H
#define WP_BENCH_ROOM_H

/* What the bench_<room> programs share: the frames of a capture in memory, and nanoseconds of processor time. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "decode/decode.h"
#include "source/source.h"

enum { ROOM_ROUNDS = 7 };

struct room_frames {
	struct frame *frame;
	size_t n, room;
	uint16_t linktype;
};

static inline void room_fail(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

static inline int64_t room_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* All frames of the capture that main() was given, copied; they live as long as the process. */
static inline struct room_frames room_read(int argc, char **argv)
{
	struct room_frames r = {0};
	struct err_info err;
	struct source *s;
	struct batch b;

	if (argc != 2)
		room_fail("usage: bench_<room> CAPTURE");
	if (!source_open(&s, argv[1], NULL, &err))
		room_fail(err.text);
	while (source_next(s, &b, &err) == SOURCE_FRAMES) {
		r.linktype = b.linktype;
		for (uint32_t i = 0; i < b.n; i++) {
			uint8_t *at = malloc(b.frame[i].cap_len + 1);

			if (r.n == r.room) {
				r.room = r.room ? 2 * r.room : 4096;
				r.frame = realloc(r.frame, r.room * sizeof(*r.frame));
			}
			if (!at || !r.frame)
				room_fail("out of memory");
			memcpy(at, b.frame[i].at, b.frame[i].cap_len);
			r.frame[r.n] = b.frame[i];
			r.frame[r.n++].at = at;
		}
	}
	source_close(s);
	return r;
}

/* Those of them that decode, in a block of the caller's. */
static inline struct pkt *room_decode(const struct room_frames *r, size_t *n)
{
	struct pkt *p = malloc((r->n + 1) * sizeof(*p));
	struct decode_note note;

	if (!p)
		room_fail("out of memory");
	*n = 0;
	for (size_t i = 0; i < r->n; i++)
		*n += decode_frame(r->linktype, &r->frame[i], &p[*n], &note) == DECODE_OK;
	return p;
}

/* Prints the least of the rounds, per thing done. */
static inline void room_say(const char *what, const int64_t ns[ROOM_ROUNDS], size_t n)
{
	int64_t least = ns[0];

	for (int i = 1; i < ROOM_ROUNDS; i++)
		least = ns[i] < least ? ns[i] : least;
	printf("| %s | %zu | %.1f |\n", what, n, (double)least / (double)(n ? n : 1));
}

#endif
