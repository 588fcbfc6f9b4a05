/* SPDX-License-Identifier: BSD-3-Clause */
/* decode/: frame to packet. */
#include "room.h"

int main(int argc, char **argv)
{
	struct room_frames r = room_read(argc, argv);
	int64_t ns[ROOM_ROUNDS];
	volatile uint64_t ok = 0;

	for (int i = 0; i < ROOM_ROUNDS; i++) {
		int64_t begin = room_ns();

		for (size_t k = 0; k < r.n; k++) {
			struct decode_note note;
			struct pkt p;

			ok += decode_frame(r.linktype, &r.frame[k], &p, &note) == DECODE_OK;
		}
		ns[i] = room_ns() - begin;
	}
	room_say("decode: a frame", ns, r.n);
	return 0;
}
