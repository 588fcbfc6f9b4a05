/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng: draft-ietf-opsawg-pcapng ("the draft"). Where it leaves a choice we do as Wireshark 4.0
 * does, observed on files made for the purpose: a packet of an interface that was not described
 * ends the reading, and so does a block whose two lengths differ, for nothing tells where the next
 * block begins. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "source/source_impl.h"

enum ng_type {
	NG_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
	NG_INTERFACE = 1,
	NG_PACKET_OLD = 2,
	NG_PACKET_SIMPLE = 3,
	NG_NAMES = 4,
	NG_STATISTICS = 5,
	NG_PACKET = 6,
	NG_JOURNAL = 9,
	NG_SECRETS = 10,
	NG_SYSDIG = 0x204,
	NG_SYSDIG_2 = 0x216,
	NG_SYSDIG_2_LARGE = 0x221,
	NG_CUSTOM = 0xbad,
	NG_CUSTOM_LOCAL = 0x40000bad,
};

enum { NG_OPT_END = 0, NG_OPT_TSRESOL = 9, NG_OPT_TSOFFSET = 14 };
enum { NG_BLOCK_MIN = 12 };

struct ng_block {
	uint32_t type;
	size_t total; /* with header, trailer and padding */
	struct bytes body;
};

struct ng_packet {
	uint32_t iface_i, cap_len, wire_len;
	uint64_t ticks;
	bool timed;
	struct bytes data; /* from the packet's first byte to the end of the block's body */
};

/* Says what is wrong with the block at the head of the window. Always WALK_BAD. */
static PRINTF_LIKE(3, 4) enum walk_got
	ng_bad(const struct source *s, struct err_info *err, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	/* A sentence that is cut is still a sentence: the length is of no use. */
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)err_set(err, "block at byte %" PRIu64 ", after frame %" PRIu64 ": %s",
		      input_offset(&s->in), s->no, why); /* always false */
	return WALK_BAD;
}

/* The byte order that a section header names; the draft, 4.1. */
static bool ng_order(const uint8_t *at, bool *big)
{
	*big = wire32(at + 8, true) == UINT32_C(0x1a2b3c4d);
	return *big || wire32(at + 8, false) == UINT32_C(0x1a2b3c4d);
}

bool source_pcapng_is(struct bytes head)
{
	uint32_t type;

	return bytes_be32(head, 0, &type) && type == NG_SECTION;
}

void source_pcapng_free(struct source *s)
{
	free(s->ng.iface);
	s->ng.iface = NULL;
	s->ng.n_ifaces = s->ng.cap_ifaces = 0;
}

/* Measures the block at the head of the window. WALK_FULL: it is all there. */
static enum walk_got ng_block_get(const struct source *s, struct ng_block *b, size_t *need,
				  struct err_info *err)
{
	struct bytes w = input_window(&s->in);
	bool big = s->ng.big;

	*need = NG_BLOCK_MIN;
	if (w.len < NG_BLOCK_MIN)
		return WALK_MORE;
	b->type = wire32(w.at, big);
	if (b->type == NG_SECTION && !ng_order(w.at, &big))
		return ng_bad(s, err, "section header without a byte-order mark");
	uint32_t said = wire32(w.at + 4, big);

	if (said < NG_BLOCK_MIN || said > LIMIT_PCAPNG_BLOCK_BYTES)
		return ng_bad(s, err, "a length of %" PRIu32 " bytes cannot be", said);
	/* Some writers leave the padding out of the length; Wireshark rounds up, too. */
	b->total = (said + 3) & ~(size_t)3;
	*need = b->total;
	if (w.len < b->total)
		return WALK_MORE;
	uint32_t again = wire32(w.at + b->total - 4, big);

	if (again != said && again != b->total)
		return ng_bad(s, err, "its two lengths differ (%" PRIu32 " and %" PRIu32 ")", said,
			      again);
	b->body = (struct bytes){w.at + 8, b->total - NG_BLOCK_MIN};
	return WALK_FULL;
}

/* A section begins: its byte order, and no interfaces yet. The section's length is not needed. */
static enum walk_got ng_section(struct source *s, struct ng_block b, struct err_info *err)
{
	bool big;

	if (b.body.len < 16 || !ng_order(b.body.at - 8, &big))
		return ng_bad(s, err, "the section header is too short");
	uint16_t major = wire16(b.body.at + 4, big), minor = wire16(b.body.at + 6, big);

	/* The draft, 4.1: readers take 1.2 as 1.0. */
	if (major != 1 || (minor != 0 && minor != 2))
		return ng_bad(s, err, "pcapng version %u.%u is not known", major, minor);
	s->ng.big = big;
	s->ng.n_ifaces = 0;
	return WALK_FULL;
}

/* The time options of an interface. False when the list runs over the block's end. */
static bool ng_iface_options(struct ng_iface *ifc, struct bytes o, bool big)
{
	size_t off = 0;

	/* Each turn takes 4 bytes or more of a block that is bounded. */
	while (o.len - off >= 4) {
		uint16_t code = wire16(o.at + off, big), len = wire16(o.at + off + 2, big);

		off += 4;
		if (code == NG_OPT_END)
			return true;
		if (o.len - off < len)
			return false;
		if (code == NG_OPT_TSRESOL && len == 1)
			ng_time_set(ifc, o.at[off]);
		if (code == NG_OPT_TSOFFSET && len == 8) {
			uint32_t a = wire32(o.at + off, big), b = wire32(o.at + off + 4, big);

			ifc->offset_s =
				(int64_t)(big ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
		}
		/* The body's length is a multiple of 4, so the padding is there. */
		off += (len + 3U) & ~3U;
	}
	return true;
}

static enum walk_got ng_interface(struct source *s, struct ng_block b, struct err_info *err)
{
	struct ng_state *ng = &s->ng;
	struct ng_iface ifc = {0};

	if (b.body.len < 8)
		return ng_bad(s, err, "the interface description is too short");
	if (ng->n_ifaces == LIMIT_PCAPNG_INTERFACES)
		return ng_bad(s, err, "more than %d interfaces in a section",
			      LIMIT_PCAPNG_INTERFACES);
	if (ng->n_ifaces == ng->cap_ifaces) {
		uint32_t cap = ng->cap_ifaces ? 2 * ng->cap_ifaces : 4;
		struct ng_iface *more = realloc(ng->iface, cap * sizeof(*more));

		if (!more)
			return ng_bad(s, err, "out of memory for interfaces");
		ng->iface = more;
		ng->cap_ifaces = cap;
	}
	ifc.linktype = source_linktype(wire16(b.body.at, ng->big));
	ifc.snaplen = wire32(b.body.at + 4, ng->big);
	ng_time_set(&ifc, 6); /* the draft, 4.2: microseconds when nothing is said */
	if (!ng_iface_options(&ifc, bytes_from(b.body, 8), ng->big))
		return ng_bad(s, err, "an option of the interface description runs over its end");
	ng->iface[ng->n_ifaces++] = ifc;
	return WALK_FULL;
}

/* Reads the fields of a block with a packet; p->data lies in the block, even when nothing is left
 * for it. False when the block is too short for them. */
static bool ng_packet_read(const struct source *s, struct ng_block b, struct ng_packet *p)
{
	const uint8_t *at = b.body.at;
	bool big = s->ng.big;

	if (b.body.len < (b.type == NG_PACKET_SIMPLE ? 4 : 20))
		return false;
	if (b.type == NG_PACKET_SIMPLE) {
		/* The draft, 4.4: no interface, no time, no captured length; the first interface's
		 * snaplen tells it. */
		uint32_t snaplen = s->ng.n_ifaces ? s->ng.iface[0].snaplen : 0;

		*p = (struct ng_packet){.wire_len = wire32(at, big),
					.data = {at + 4, b.body.len - 4}};
		p->cap_len = snaplen && snaplen < p->wire_len ? snaplen : p->wire_len;
		return true;
	}
	/* The obsolete block has 16 bits each for the interface and for a count of drops; the
	 * draft, appendix A. */
	p->iface_i = b.type == NG_PACKET ? wire32(at, big) : wire16(at, big);
	p->ticks = (uint64_t)wire32(at + 4, big) << 32 | wire32(at + 8, big);
	p->timed = true;
	p->cap_len = wire32(at + 12, big);
	p->wire_len = wire32(at + 16, big);
	p->data = (struct bytes){at + 20, b.body.len - 20};
	return true;
}

/* WALK_FULL: the frame was appended. WALK_MORE: it has another link type than the batch and must
 * wait. */
static enum walk_got ng_packet(struct source *s, struct ng_block b, struct batch *out,
			       struct err_info *err)
{
	struct ng_packet p;

	if (!ng_packet_read(s, b, &p))
		return ng_bad(s, err, "the packet block is too short");
	if (p.iface_i >= s->ng.n_ifaces)
		return ng_bad(s, err,
			      "a packet of interface %" PRIu32 ", but only %" PRIu32
			      " are described",
			      p.iface_i, s->ng.n_ifaces);
	if (p.cap_len > LIMIT_FRAME_BYTES || p.cap_len > p.data.len)
		return ng_bad(s, err,
			      "a packet of %" PRIu32
			      " bytes, but only %zu are there (and %d allowed)",
			      p.cap_len, p.data.len, LIMIT_FRAME_BYTES);
	const struct ng_iface *ifc = &s->ng.iface[p.iface_i];

	if (out->n > 0 && ifc->linktype != out->linktype)
		return WALK_MORE;
	struct frame *f = &out->frame[out->n++];

	out->linktype = ifc->linktype;
	f->at = p.data.at;
	f->cap_len = p.cap_len;
	f->wire_len = p.wire_len < p.cap_len ? p.cap_len : p.wire_len;
	f->ts_ns = p.timed ? ng_time_ns(ifc, p.ticks) : 0;
	f->no = ++s->no;
	f->joined = false;
	s->stats.bytes += f->wire_len;
	s->stats.truncated += f->cap_len < f->wire_len;
	return WALK_FULL;
}

static enum walk_got ng_other(struct source *s, struct ng_block b, struct err_info *err)
{
	switch (b.type) {
	case NG_SECTION:
		return ng_section(s, b, err);
	case NG_INTERFACE:
		return ng_interface(s, b, err);
	case NG_NAMES:
	case NG_STATISTICS:
	case NG_SECRETS:
		return WALK_FULL;
	case NG_JOURNAL:
	case NG_SYSDIG:
	case NG_SYSDIG_2:
	case NG_SYSDIG_2_LARGE:
	case NG_CUSTOM:
	case NG_CUSTOM_LOCAL:
		/* No packet, but Wireshark gives these a frame number, and ours are to be looked up
		 * there. */
		s->no++;
		break;
	default:
		break;
	}
	s->stats.skipped++;
	return WALK_FULL;
}

static enum walk_got ng_walk(struct source *s, struct batch *out, size_t *need,
			     struct err_info *err)
{
	while (out->n < BATCH_MAX) {
		struct ng_block b;
		enum walk_got got = ng_block_get(s, &b, need, err);

		if (got != WALK_FULL)
			return got;
		if (b.type == NG_PACKET || b.type == NG_PACKET_SIMPLE || b.type == NG_PACKET_OLD)
			got = ng_packet(s, b, out, err);
		else
			got = ng_other(s, b, err);
		if (got != WALK_FULL)
			return got == WALK_MORE ? WALK_FULL : got;
		s->in.head += b.total;
	}
	return WALK_FULL;
}

bool source_pcapng_start(struct source *s, struct err_info *err)
{
	struct ng_block b;
	size_t need = NG_BLOCK_MIN;

	for (;;) {
		enum input_got have = input_wait(&s->in, need, err);

		if (have == INPUT_END)
			return err_set(err, "ends inside the first pcapng section header");
		if (have != INPUT_OK)
			return have == INPUT_IDLE ? err_set(err, "interrupted") : false;
		enum walk_got got = ng_block_get(s, &b, &need, err);

		if (got == WALK_BAD)
			return false;
		if (got == WALK_FULL)
			break;
	}
	if (ng_section(s, b, err) != WALK_FULL)
		return false;
	s->in.head += b.total;
	s->walk = ng_walk;
	return true;
}
