/* SPDX-License-Identifier: BSD-3-Clause */
/* pcap files: draft-ietf-opsawg-pcap, and the older variants that libpcap and Wireshark read. */
#include <inttypes.h>

#include "base/limits.h"
#include "source/source_impl.h"

struct pcap_magic {
	uint32_t magic;
	uint32_t frac_ns;
	uint8_t record_hdr, file_hdr;
};

static const struct pcap_magic pcap_magics[] = {
	{0xa1b2c3d4, 1000, 16, 24},
	{0xa1b23c4d, 1, 16, 24},
	/* Kuznetzov: interface, protocol and packet type after the lengths */
	{0xa1b2cd34, 1000, 24, 24},
	/* netsniff-ng: time source, interface, protocol, types after the lengths */
	{0xa1e2cb12, 1, 24, 24},
	/* Ixia lcap, hardware and software: four bytes more in the file header */
	{0x1c0001ac, 1, 16, 28},
	{0x1c0001ab, 1, 16, 28},
};

static const struct pcap_magic *pcap_magic_find(struct bytes head, bool *big)
{
	uint32_t be, le;

	if (!bytes_be32(head, 0, &be) || !bytes_le32(head, 0, &le))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(pcap_magics); i++) {
		*big = be == pcap_magics[i].magic;
		if (*big || le == pcap_magics[i].magic)
			return &pcap_magics[i];
	}
	return NULL;
}

bool source_pcap_is(struct bytes head)
{
	bool big;

	return pcap_magic_find(head, &big) != NULL;
}

/* The hot loop. Called with constants for the shapes that matter, so that each gets a loop of its
 * own. */
static inline __attribute__((always_inline)) enum walk_got
pcap_walk_as(struct source *s, struct batch *out, size_t *need, struct err_info *err, bool big,
	     size_t hdr_len, bool old)
{
	const uint8_t *at = s->in.win + s->in.head;
	size_t left = s->in.tail - s->in.head;
	const uint32_t frac_ns = s->pcap.frac_ns;
	enum walk_got got = WALK_FULL;
	uint32_t n = out->n;

	out->linktype = s->pcap.linktype;
	while (n < BATCH_MAX) {
		*need = hdr_len;
		got = WALK_MORE;
		if (left < hdr_len)
			break;
		uint32_t cap_len = wire32(at + 8, big), wire_len = wire32(at + 12, big);

		if (old && (s->pcap.len_swap || (s->pcap.len_swap_maybe && cap_len > wire_len))) {
			uint32_t t = cap_len;

			cap_len = wire_len;
			wire_len = t;
		}
		/* snaplen is not believed, as in Wireshark: Solaris 2.3 and mergers write more than
		 * it says. */
		if (cap_len > LIMIT_FRAME_BYTES) {
			(void)err_set(
				err,
				"record %" PRIu64 " (byte %" PRIu64 ") claims %" PRIu32
				" bytes, more than the %d a frame may have",
				s->no + 1,
				input_offset(&s->in) + (uint64_t)(at - (s->in.win + s->in.head)),
				cap_len, LIMIT_FRAME_BYTES); /* always false; the enum says it */
			got = WALK_BAD;
			break;
		}
		*need = hdr_len + cap_len;
		if (left < *need)
			break;
		struct frame *f = &out->frame[n++];

		if (wire_len < cap_len)
			wire_len = cap_len;
		f->at = at + hdr_len;
		f->cap_len = cap_len;
		f->wire_len = wire_len;
		/* Seconds are unsigned, good until 2106; the sum stays below 2^62. */
		f->ts_ns = (int64_t)wire32(at, big) * 1000000000 +
			   (int64_t)wire32(at + 4, big) * frac_ns;
		f->no = ++s->no;
		f->joined = false;
		s->stats.bytes += wire_len;
		s->stats.truncated += cap_len < wire_len;
		at += *need;
		left -= *need;
		got = WALK_FULL;
	}
	out->n = n;
	s->in.head = s->in.tail - left;
	return got;
}

static enum walk_got pcap_walk_le(struct source *s, struct batch *out, size_t *need,
				  struct err_info *err)
{
	return pcap_walk_as(s, out, need, err, false, 16, false);
}

static enum walk_got pcap_walk_any(struct source *s, struct batch *out, size_t *need,
				   struct err_info *err)
{
	return pcap_walk_as(s, out, need, err, s->pcap.big, s->pcap.hdr_len, true);
}

/* Refuses what would be misread; sets the order of the two lengths, which old versions had the
 * other way round (pcap-savefile(5); 543.0 is DG/UX). */
static bool pcap_version_set(struct pcap_state *p, uint16_t major, uint16_t minor,
			     struct err_info *err)
{
	if (major < 2)
		return err_set(err,
			       "is a pcap file of version %u.%u; versions before 2.0 are not read",
			       major, minor);
	p->len_swap = (major == 2 && minor < 3) || (major == 543 && minor == 0);
	p->len_swap_maybe = major == 2 && minor == 3;
	return true;
}

bool source_pcap_start(struct source *s, struct err_info *err)
{
	struct pcap_state *p = &s->pcap;
	const struct pcap_magic *m = pcap_magic_find(input_window(&s->in), &p->big);
	enum input_got got = input_wait(&s->in, m->file_hdr, err);

	if (got == INPUT_END)
		return err_set(err, "ends inside the pcap file header");
	if (got != INPUT_OK)
		return got == INPUT_IDLE ? err_set(err, "interrupted") : false;
	const uint8_t *at = input_window(&s->in).at;

	if (!pcap_version_set(p, wire16(at + 4, p->big), wire16(at + 6, p->big), err))
		return false;
	uint32_t type = wire32(at + 20, p->big);

	/* draft-ietf-opsawg-pcap 4: the upper bits tell the length of a frame check sequence, which
	 * IP lengths cut off anyway; bits 16..25 must be zero, libpcap and Wireshark refuse other
	 * values too. */
	if (type & UINT32_C(0x03ff0000))
		return err_set(err, "has a link type that is not known (0x%08" PRIx32 ")", type);
	p->linktype = source_linktype((uint16_t)type);
	p->frac_ns = m->frac_ns;
	p->hdr_len = m->record_hdr;
	s->in.head += m->file_hdr;
	s->walk = p->big || p->hdr_len != 16 || p->len_swap || p->len_swap_maybe ? pcap_walk_any
										 : pcap_walk_le;
	return true;
}
