/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_quic.h"

#include <string.h>

#include "app/app_quic_keys.h"

enum { CID_MAX = 20 };
enum {
	FRAME_PADDING = 0,
	FRAME_PING = 1,
	FRAME_ACK = 2,
	FRAME_ACK_ECN = 3,
	FRAME_CRYPTO = 6,
	FRAME_CLOSE = 0x1c
};

/* RFC 9000 16: the top two bits give the length. Moves *off behind it. */
static bool varint(struct bytes b, size_t *off, uint64_t *out)
{
	uint64_t v;
	uint8_t c;
	size_t n;

	if (!bytes_u8(b, *off, &c))
		return false;
	n = (size_t)1 << (c >> 6);
	if (b.len - *off < n)
		return false;
	v = c & 0x3f;
	for (size_t i = 1; i < n; i++)
		v = v << 8 | b.at[*off + i];
	*off += n;
	*out = v;
	return true;
}

/* A long header up to the version's own part (RFC 8999 5.1). */
struct long_header {
	uint32_t version;
	struct bytes dcid;
	uint8_t type; /* of version 1: 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry */
	bool initial, retry;
	size_t len; /* bytes of it */
};

static bool is_known(uint32_t version)
{
	return version == QUIC_V1 || version == QUIC_V2 || version == QUIC_DRAFT29;
}

static enum app_got long_read(struct bytes b, struct long_header *h)
{
	uint8_t first, dcid_len, scid_len;
	unsigned int type;

	if (!bytes_u8(b, 0, &first))
		return APP_MORE;
	if (!(first & 0x80))
		return APP_NOT;
	if (!bytes_be32(b, 1, &h->version))
		return APP_MORE;
	if (!is_known(h->version))
		return APP_NOT;
	if (!bytes_u8(b, 5, &dcid_len))
		return APP_MORE;
	if (dcid_len > CID_MAX)
		return APP_NOT;
	h->dcid = bytes_head(bytes_from(b, 6), dcid_len);
	if (!bytes_u8(b, 6 + (size_t)dcid_len, &scid_len))
		return APP_MORE;
	if (scid_len > CID_MAX)
		return APP_NOT;
	h->len = 7 + (size_t)dcid_len + scid_len;
	/* RFC 9369 3.2 turns the types by one, so that nobody takes them for granted. */
	type = (unsigned int)(first >> 4 & 3) - (h->version == QUIC_V2 ? 1u : 0u);
	h->type = (uint8_t)(type & 3);
	h->initial = h->type == 0;
	h->retry = h->type == 3;
	return h->len > b.len ? APP_MORE : APP_OK;
}

bool quic_is_initial(struct bytes datagram)
{
	struct long_header h;

	return long_read(datagram, &h) == APP_OK && h.initial;
}

/* A long header of a version that we cannot read further: only RFC 8999's fields are sure. */
static enum quic_type foreign_read(struct bytes b, struct quic_head *out)
{
	uint8_t dcid_len;

	if (!bytes_be32(b, 1, &out->version) || !bytes_u8(b, 5, &dcid_len) || b.len - 6 < dcid_len)
		return QUIC_NONE;
	out->dcid = bytes_head(bytes_from(b, 6), dcid_len);
	if (!out->version)
		return QUIC_NEGOTIATION;
	/* RFC 9000 15 and 17.2 want the fixed bit and 20 bytes of id at most; gQUIC from Q046 on
	 * obeys. */
	return (b.at[0] & 0x40) && dcid_len <= CID_MAX ? QUIC_OTHER_VERSION : QUIC_NONE;
}

enum quic_type quic_head_read(struct bytes datagram, struct quic_head *out)
{
	static const enum quic_type type[] = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE,
					      QUIC_RETRY};
	struct long_header h;
	uint8_t first;

	memset(out, 0, sizeof(*out));
	if (!bytes_u8(datagram, 0, &first))
		return QUIC_NONE;
	if (!(first & 0x80))
		return first & 0x40 ? QUIC_SHORT : QUIC_NONE;
	if (long_read(datagram, &h) != APP_OK)
		return foreign_read(datagram, out);
	out->version = h.version;
	out->dcid = h.dcid;
	return type[h.type];
}

/* Bytes before `len` were not there; pieces that begin at or before it now join. */
static void pieces_join(struct quic_crypto *c)
{
	bool joined = true;

	/* Each round takes at least one piece away, so there are at most LIMIT_QUIC_PIECES. */
	while (joined) {
		joined = false;
		for (uint32_t i = 0; i < c->n_pieces; i++) {
			size_t end = (size_t)c->piece[i].off + c->piece[i].len;

			if (c->piece[i].off > c->len)
				continue;
			if (end > c->len)
				c->len = end;
			c->piece[i] = c->piece[--c->n_pieces];
			joined = true;
			break;
		}
	}
}

/* Keeps the bytes of a CRYPTO frame at their place; of bytes sent twice the later stand. */
static void crypto_put(struct quic_crypto *c, uint64_t off, struct bytes data)
{
	if (off > c->size || c->size - off < data.len || c->n_pieces >= LIMIT_QUIC_PIECES) {
		c->lost = true;
		return;
	}
	if (!data.len)
		return;
	memcpy(c->at + off, data.at, data.len);
	c->piece[c->n_pieces].off = (uint32_t)off;
	c->piece[c->n_pieces++].len = (uint32_t)data.len;
	pieces_join(c);
}

/* Steps over an ACK frame (RFC 9000 19.3), its type already read. */
static bool ack_skip(struct bytes b, size_t *off, bool ecn)
{
	uint64_t v, n_ranges;

	if (!varint(b, off, &v) || !varint(b, off, &v) || !varint(b, off, &n_ranges) ||
	    !varint(b, off, &v))
		return false;
	/* Each range takes two bytes at least, so the payload bounds this. */
	for (uint64_t i = 0; i < n_ranges; i++)
		if (!varint(b, off, &v) || !varint(b, off, &v))
			return false;
	return !ecn || (varint(b, off, &v) && varint(b, off, &v) && varint(b, off, &v));
}

/* Walks the frames that an Initial packet may hold (RFC 9000 17.2.2); false when malformed. */
static bool frames_read(struct bytes b, struct quic_crypto *crypto)
{
	uint64_t type, data_off, len;
	size_t off = 0;

	for (int i = 0; i < LIMIT_QUIC_FRAMES; i++) {
		while (off < b.len && b.at[off] == FRAME_PADDING)
			off++;
		if (off == b.len)
			return true;
		if (!varint(b, &off, &type))
			return false;
		if (type == FRAME_CLOSE)
			return true; /* nothing of use comes after it */
		if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
			if (!ack_skip(b, &off, type == FRAME_ACK_ECN))
				return false;
		} else if (type == FRAME_CRYPTO) {
			if (!varint(b, &off, &data_off) || !varint(b, &off, &len) ||
			    b.len - off < len)
				return false;
			crypto_put(crypto, data_off, bytes_head(bytes_from(b, off), (size_t)len));
			off += (size_t)len;
		} else if (type != FRAME_PING) {
			return false;
		}
	}
	return false;
}

/* Finds the parts of the long-header packet at the start of b and its length; *s is of use for an
 * Initial only. */
static enum app_got packet_find(struct bytes b, const struct long_header *h, struct quic_sealed *s,
				size_t *len, bool *has_token)
{
	uint64_t token_len = 0, rest_len;
	size_t off = h->len;

	if (h->initial) {
		if (!varint(b, &off, &token_len))
			return APP_MORE;
		if (token_len > LIMIT_QUIC_PACKET_BYTES)
			return APP_BAD;
		if (b.len - off < token_len)
			return APP_MORE;
		off += (size_t)token_len;
	}
	*has_token = token_len > 0;
	if (!varint(b, &off, &rest_len))
		return APP_MORE;
	if (rest_len > LIMIT_QUIC_PACKET_BYTES)
		return APP_BAD;
	if (b.len - off < rest_len)
		return APP_MORE;
	s->header = bytes_head(b, off);
	s->rest = bytes_head(bytes_from(b, off), (size_t)rest_len);
	*len = off + (size_t)rest_len;
	return APP_OK;
}

/* Reads the packet at the start of b; *len is 0 when nothing can follow it. */
static enum app_got packet_read(struct quic_crypt *c, struct bytes b, const struct quic_keys *keys,
				struct quic_crypto *crypto, struct quic_initial *out, size_t *len)
{
	uint8_t plain[LIMIT_QUIC_PACKET_BYTES];
	struct quic_sealed s;
	struct long_header h;
	enum app_got got;
	bool has_token;
	int n;

	*len = 0;
	got = long_read(b, &h);
	if (got != APP_OK)
		return got;
	if (h.retry) /* has no length: nothing follows */
		return APP_NOT;
	got = packet_find(b, &h, &s, len, &has_token);
	if (got != APP_OK || !h.initial)
		return got;
	n = quic_keys_open(c, keys, s, plain);
	if (n < 0 || !frames_read((struct bytes){plain, (size_t)n}, crypto))
		return APP_BAD;
	out->has_token = out->has_token || has_token;
	out->n_packets++;
	return APP_OK;
}

enum app_got quic_initial_read(struct quic_crypt *c, struct bytes datagram,
			       struct quic_crypto *crypto, struct quic_initial *out)
{
	struct long_header h;
	struct quic_keys keys;
	enum app_got got;
	size_t off = 0, len;

	memset(out, 0, sizeof(*out));
	got = long_read(datagram, &h);
	if (got != APP_OK)
		return got;
	if (!h.initial)
		return APP_NOT;
	out->version = h.version;
	out->dcid_len = (uint8_t)h.dcid.len;
	if (h.dcid.len)
		memcpy(out->dcid, h.dcid.at, h.dcid.len);
	if (!quic_keys_derive(h.version, h.dcid, &keys))
		return APP_BAD;
	for (int i = 0; i < LIMIT_QUIC_PACKETS; i++) {
		got = packet_read(c, bytes_from(datagram, off), &keys, crypto, out, &len);
		if (got != APP_OK || !len)
			break;
		off += len;
	}
	/* What follows an opened Initial (padding, other packets) cannot take it back. */
	return out->n_packets ? APP_OK : got;
}
