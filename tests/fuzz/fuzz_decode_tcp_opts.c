/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/decode/decode_tcp.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void decode(const uint8_t *b, size_t cap, size_t wire, struct pkt *p)
{
	uint8_t *at = malloc(cap); /* exactly as large, so that the sanitizer sees the end */
	struct frame f = {.at = at, .cap_len = (uint32_t)cap, .wire_len = (uint32_t)wire};
	struct decode_note note;

	must(at != NULL);
	memcpy(at, b, cap);
	must(decode_frame(101, &f, p, &note) == DECODE_OK);
	must(p->l4 == L4_TCP && p->payload.len <= p->payload_len && p->payload_len <= wire - 20);
	free(at);
}

/* One byte that says where the capture ends, then a TCP segment; the IPv4 header around it is
 * always right. What the cut shows must be part of what the whole shows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t b[512] = {0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
	struct pkt whole, cut;
	size_t wire, cap;

	if (size < 1 || size > sizeof(b) - 20)
		return 0;
	wire = 20 + size - 1;
	memcpy(b + 20, data + 1, size - 1);
	b[2] = (uint8_t)(wire >> 8);
	b[3] = (uint8_t)wire;
	decode(b, wire, wire, &whole);
	cap = 20 + data[0] % size;
	decode(b, cap, wire, &cut);
	must(cut.payload.len <= whole.payload.len && cut.payload_len <= whole.payload_len);
	if (cut.quirks & QUIRK(TRUNC_L4))
		return 0;
	/* Up to six bytes that the capture left out may be taken for padding: less is told, not
	 * more. */
	must(cut.payload_len == whole.payload_len || cut.quirks & QUIRK(PADDING));
	must((cut.tcp.opts & ~whole.tcp.opts) == 0);
	must(!(cut.quirks & QUIRK(BAD_OPTS)) || whole.quirks & QUIRK(BAD_OPTS));
	must(cut.tcp.flags == whole.tcp.flags && cut.tcp.seq == whole.tcp.seq);
	must(!(cut.tcp.opts & TCP_OPT_TS) || whole.tcp.opts & TCP_OPT_TS);
	return 0;
}
