/* SPDX-License-Identifier: BSD-3-Clause */
/* source/: a capture read to its end, its digest included. */
#include "room.h"

int main(int argc, char **argv)
{
	int64_t ns[ROOM_ROUNDS];
	uint64_t n = 0;

	for (int i = 0; i < ROOM_ROUNDS; i++) {
		struct err_info err;
		struct source *s;
		struct batch b;
		int64_t begin = room_ns();

		if (argc != 2 || !source_open(&s, argv[1], NULL, &err))
			room_fail("usage: bench_source CAPTURE");
		for (n = 0; source_next(s, &b, &err) == SOURCE_FRAMES;)
			n += b.n;
		source_close(s);
		ns[i] = room_ns() - begin;
	}
	room_say("source: a frame", ns, n);
	return 0;
}
