/* SPDX-License-Identifier: BSD-3-Clause */
/* flow/: packet to flow, with tracking, streams and memory of its packets; the flows' end too. */
#include "flow/flow.h"
#include "room.h"

static void on_end(void *arg, struct flow *f)
{
	uint64_t *ended = arg;

	(void)f;
	++*ended;
}

int main(int argc, char **argv)
{
	struct room_frames r = room_read(argc, argv);
	int64_t ns[ROOM_ROUNDS];
	uint64_t ended = 0;
	size_t n;
	struct pkt *p = room_decode(&r, &n);

	for (int i = 0; i < ROOM_ROUNDS; i++) {
		struct flow_options o = {
			.memory_bytes = UINT64_C(1) << 30, .arg = &ended, .on_end = on_end};
		int64_t begin = room_ns();
		struct flow_table *t = flow_table_new(&o);

		if (!t)
			room_fail("out of memory");
		for (size_t k = 0; k < n; k++) {
			enum dir d;

			if (p[k].l4 == L4_TCP || p[k].l4 == L4_UDP)
				(void)flow_table_packet(t, &p[k], 0, &d);
		}
		flow_table_end_all(t);
		flow_table_free(t);
		ns[i] = room_ns() - begin;
	}
	room_say("flow: a packet", ns, n);
	room_say("flow: a flow, all its packets", ns, ended / ROOM_ROUNDS);
	free(p);
	return 0;
}
