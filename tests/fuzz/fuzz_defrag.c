/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/flow/defrag.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "flow/defrag.h"

enum { RECORD = 6 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t byte_at(uint32_t off)
{
	return (uint8_t)(off * 7 + off / 256);
}

/* A record is one fragment: flags, id, offset (2 bytes, units of 8), length, time step. Honest
 * fragments carry bytes that only their place decides, so a datagram of honest ones has a known
 * content, in whatever order they came. */
static struct pkt fragment(const uint8_t *r, uint8_t *room, int64_t ts_ns)
{
	struct pkt p = {.ip_version = r[0] & 1 ? 6 : 4, .ip_proto = 132, .frag = true};
	uint32_t len = (r[0] & 16) ? r[4] * 32u : r[4];

	p.ts_ns = ts_ns;
	p.frag_more = r[0] & 2;
	p.frag_id = r[1];
	p.frag_off = (uint16_t)((r[2] << 8 | r[3]) << 3);
	p.ip_hdr_len = 20;
	p.ip_total_len = 20 + len;
	for (uint32_t i = 0; i < len; i++)
		room[i] = (uint8_t)(byte_at(p.frag_off + i) ^ (r[0] & 4 ? 1 : 0));
	p.l4_bytes = (struct bytes){room, r[0] & 8 && len ? len - 1 : len};
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[255 * 32];
	struct defrag *d;
	struct defrag_stats s;
	int64_t ts_ns = 0;
	bool honest = true;
	uint64_t n = 0;

	if (size < 1)
		return 0;
	d = defrag_new((size_t)data[0] * 4096);
	must(d != NULL);
	for (size_t at = 1; size - at >= RECORD && n < 1024; at += RECORD, n++) {
		struct pkt p;

		honest = honest && !(data[at] & 4);
		ts_ns += (int64_t)data[at + 5] * 100000000;
		p = fragment(data + at, room, ts_ns);
		if (defrag_add(d, &p) != DEFRAG_DONE)
			continue;
		must(!p.frag && p.l4_bytes.len > 0 && p.l4_bytes.len <= LIMIT_DEFRAG_BYTES);
		must(p.ts_ns == ts_ns && p.quirks & QUIRK(FRAGMENT));
		for (uint32_t i = 0; i < p.l4_bytes.len; i++)
			must(!honest || p.l4_bytes.at[i] == byte_at(i));
	}
	defrag_stats(d, &s);
	must(s.fragments == n && s.pending <= LIMIT_DEFRAG_DATAGRAMS);
	must(s.conflicts <= s.overlaps && (!honest || s.conflicts == 0));
	must(s.completed + s.malformed + s.truncated + s.no_memory <= n);
	defrag_free(d);
	return 0;
}
