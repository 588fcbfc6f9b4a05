/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/decode/decode.c */
/* covers: engine/decode/decode_link.c */
/* covers: engine/decode/decode_wifi.c */
/* covers: engine/decode/decode_ip.c */
/* covers: engine/decode/decode_tunnel.c */
/* covers: engine/decode/decode_udp.c */
/* covers: engine/decode/decode_icmp.c */
/* covers: engine/decode/decode_checksum.c */
/* covers: engine/decode/ip.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_inside(struct bytes view, const struct frame *f)
{
	if (view.len == 0)
		return true;
	return view.at >= f->at && view.len <= f->cap_len &&
	       (size_t)(view.at - f->at) <= f->cap_len - view.len;
}

static void check(const struct frame *f, const struct pkt *p)
{
	char text[IP_TEXT_MAX];

	must(p->ip_version == 4 || p->ip_version == 6);
	must(is_inside(p->l4_bytes, f) && is_inside(p->payload, f));
	must(p->payload.len <= p->payload_len);
	must(p->payload.len == p->payload_len || p->quirks & QUIRK(TRUNC_PAYLOAD));
	must(p->ip_hdr_len <= p->ip_total_len);
	must(p->l4_bytes.len <= p->ip_total_len - p->ip_hdr_len);
	must(p->payload_len <= p->ip_total_len - p->ip_hdr_len);
	must(!p->frag || p->l4 == L4_NONE);
	must(p->l4 != L4_NONE || p->payload.len == 0);
	must(strlen(ip_text(&p->src, text)) < IP_TEXT_MAX);
	(void)ip_is_private(&p->dst);
	must(decode_checksum(p) <= 1);
	for (int bit = 0; bit < 32; bit++)
		if (p->quirks >> bit & 1)
			must(quirk_token((enum quirk_bit)bit)[0] &&
			     quirk_doc((enum quirk_bit)bit)[0]);
}

/* Two bytes of link type, one of how much longer the frame was on the wire, then the frame. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f = {.ts_ns = 1, .no = 2};
	struct decode_note note, note2;
	struct pkt p, again;
	enum decode_got got;
	uint16_t linktype;

	if (size < 3)
		return 0;
	linktype = (uint16_t)(data[0] << 8 | data[1]);
	f.at = data + 3;
	f.cap_len = (uint32_t)(size - 3);
	f.wire_len = f.cap_len + data[2];
	got = decode_frame(linktype, &f, &p, &note);
	memset(&again, 0xa5, sizeof(again));
	must(decode_frame(linktype, &f, &again, &note2) == got);
	must(memcmp(&p, &again, sizeof(p)) == 0 && note.ethertype == note2.ethertype);
	must(p.ts_ns == 1 && p.frame_no == 2 && p.wire_len == f.wire_len);
	if (got != DECODE_OK)
		return 0;
	check(&f, &p);
	if (p.frag && p.l4_bytes.len > 0) { /* as if it were a datagram put together */
		(void)decode_datagram(&p, p.l4_bytes);
		check(&f, &p);
	}
	return 0;
}
