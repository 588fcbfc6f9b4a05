/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode/layer.h"

enum {
	WIFI_HDR = 24,
	WIFI_TYPE_DATA = 2,
};

/* IEEE 802.11-2020 9.2.3: frame control, duration, three addresses, sequence; a fourth address when
 * both DS bits are set; two bytes of QoS when subtype bit 3 is set, and four more (HT control) when
 * the order bit is. */
enum decode_got decode_wifi_frame(struct layer *l)
{
	uint8_t fc, flags;
	size_t hdr = WIFI_HDR;
	bool is_qos;

	if (!bytes_u8(l->b, 0, &fc) || !bytes_u8(l->b, 1, &flags))
		return DECODE_CUT;
	if ((fc >> 2 & 3) != WIFI_TYPE_DATA || (fc & 3) != 0)
		return DECODE_NOT_IP;
	if (fc & 0x40) /* subtypes without a body */
		return DECODE_NOT_IP;
	if (flags & 0x40) /* protected: still encrypted */
		return DECODE_NOT_IP;
	if ((flags & 3) == 3)
		hdr += 6;
	is_qos = fc & 0x80;
	if (is_qos) {
		uint8_t qos;

		if (!bytes_u8(l->b, hdr, &qos))
			return DECODE_CUT;
		if (qos & 0x80) /* several frames in one (A-MSDU): not taken apart */
			return DECODE_NOT_IP;
		hdr += 2;
		if (flags & 0x80)
			hdr += 4;
	}
	if (!layer_skip(l, hdr))
		return DECODE_CUT;
	/* Only a first fragment (of usually one) starts with LLC. */
	l->kind = LAYER_LLC;
	l->type = 0;
	return DECODE_OK;
}

/* radiotap.org: version 0, pad, little-endian length, then bitmaps of present fields. Of these only
 * the flags field matters: it says whether the header was padded to 4 bytes. It follows the 8-byte,
 * 8-aligned TSFT when that is present. */
enum decode_got decode_wifi_radiotap(struct layer *l)
{
	uint32_t present;
	size_t len, off = 8;
	uint8_t flags = 0;
	bool has_pad;
	enum decode_got got;

	if (l->b.len < 8 || !bytes_le32(l->b, 4, &present))
		return DECODE_CUT;
	len = (size_t)(l->b.at[2] | l->b.at[3] << 8);
	if (l->b.at[0] != 0 || len < 8)
		return DECODE_MALFORMED;
	/* Each further bitmap is announced by bit 31 of the one before; the header's length bounds
	 * the walk. */
	for (uint32_t more = present; more & UINT32_C(1) << 31; off += 4)
		if (off + 4 > len || !bytes_le32(l->b, off, &more))
			return DECODE_MALFORMED;
	if (present & 1)
		off = ((off + 7) & ~(size_t)7) + 8;
	if (present & 2 && off < len && !bytes_u8(l->b, off, &flags))
		return DECODE_CUT;
	has_pad = flags & 0x20;
	if (!layer_skip(l, len))
		return DECODE_CUT;
	if (flags & 0x10 && l->wire >= 4) /* the frame check sequence is included */
		layer_clamp(l, l->wire - 4);
	got = decode_wifi_frame(l);
	if (got == DECODE_OK && has_pad && l->b.len >= 2 && l->b.at[0] == 0 && !layer_skip(l, 2))
		return DECODE_CUT;
	return got;
}
