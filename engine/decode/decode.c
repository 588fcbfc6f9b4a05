/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/decode.h"

#include <string.h>

#include "base/limits.h"
#include "decode/layer.h"

_Static_assert(QUIRK_N <= 32, "pkt.quirks has 32 bits");

const char *quirk_token(enum quirk_bit bit)
{
	static const char *const token[QUIRK_N] = {
#define X(name, tok, doc) tok,
#include "decode/quirks.def"
#undef X
	};

	return (unsigned)bit < QUIRK_N ? token[bit] : "unknown";
}

const char *quirk_doc(enum quirk_bit bit)
{
	static const char *const text[QUIRK_N] = {
#define X(name, tok, doc) doc,
#include "decode/quirks.def"
#undef X
	};

	return (unsigned)bit < QUIRK_N ? text[bit] : "";
}

static enum decode_got step(struct layer *l, struct pkt *p)
{
	switch (l->kind) {
	case LAYER_ETHER:
		return decode_link_ether(l);
	case LAYER_TYPE:
		return decode_link_type(l);
	case LAYER_LLC:
		return decode_link_llc(l);
	case LAYER_PPP:
		return decode_link_ppp(l);
	case LAYER_IP:
		return decode_ip_header(l, p);
	case LAYER_PROTO:
		return decode_ip_proto(l, p);
	case LAYER_DONE:
		break;
	}
	return DECODE_OK;
}

/* Walks from l to the innermost packet. A tunnel whose inside is no IP packet that we understand is
 * only a packet: then *p is put back to what was around it. */
static enum decode_got walk(struct layer *l, struct pkt *p)
{
	struct pkt outer;
	bool has_outer = false;

	for (int i = 0; i < LIMIT_DECODE_LAYERS; i++) {
		enum decode_got got = step(l, p);

		if (got != DECODE_OK) {
			if (!has_outer)
				return got;
			*p = outer;
			return DECODE_OK;
		}
		if (l->kind == LAYER_DONE)
			return DECODE_OK;
		if (l->tunnel) {
			l->tunnel = false;
			outer = *p;
			has_outer = true;
			p->tunnel_depth++;
		}
	}
	return DECODE_TOO_DEEP;
}

/* PCAPdroid can end its made-up Ethernet frames with 32 bytes of its own: magic, uid, app name[20],
 * checksum. */
static bool has_pcapdroid_trailer(struct bytes b)
{
	uint32_t magic;

	return b.len >= 14 + 20 + 32 && bytes_be32(b, b.len - 32, &magic) && magic == 0x01072021;
}

static void start(const struct frame *f, struct pkt *out)
{
	memset(out, 0, sizeof(*out));
	out->ts_ns = f->ts_ns;
	out->frame_no = f->no;
	out->wire_len = f->wire_len;
}

enum decode_got decode_frame(uint16_t linktype, const struct frame *f, struct pkt *out,
			     struct decode_note *note)
{
	struct layer l = {.b = {f->at, f->cap_len},
			  .wire = f->wire_len > f->cap_len ? f->wire_len : f->cap_len};
	enum decode_got got;

	start(f, out);
	note->ethertype = 0;
	note->pcapdroid = false;
	if (linktype == 1 && l.wire == l.b.len && has_pcapdroid_trailer(l.b)) {
		note->pcapdroid = true;
		layer_clamp(&l, l.b.len - 32);
	}
	if (linktype == 1) {
		if (decode_plain(&l, out))
			return DECODE_OK;
		start(f, out);
	}
	got = decode_link_start(linktype, &l);
	if (got == DECODE_OK)
		got = walk(&l, out);
	if (got == DECODE_NOT_IP)
		note->ethertype = l.type;
	return got;
}

bool decode_datagram(struct pkt *p, struct bytes l4)
{
	struct layer l = {.b = l4, .wire = l4.len, .kind = LAYER_PROTO};
	const uint32_t bad = QUIRK(TRUNC_L4) | QUIRK(BAD_DOFF);
	struct pkt before;

	p->frag = false;
	p->frag_more = false;
	p->frag_off = 0;
	p->ip_total_len = p->ip_hdr_len + (uint32_t)l4.len;
	p->quirks &= ~(QUIRK(TRUNC_PAYLOAD) | bad);
	p->l4_bytes = l4;
	before = *p;
	if (walk(&l, p) != DECODE_OK) {
		*p = before; /* extension headers that led nowhere */
		return false;
	}
	return !(p->quirks & bad);
}
