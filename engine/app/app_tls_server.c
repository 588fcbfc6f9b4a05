/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "app/app_tls.h"

enum { REC_ALERT = 21, REC_HANDSHAKE = 22, MSG_SERVER_HELLO = 2, EXT_SUPPORTED_VERSIONS = 43 };
/* Where the fixed fields of a ServerHello stand in a record: behind the record header (5), the
 * message header (4), version (2) and random (32). RFC 8446 4.1.3. */
enum { AT_MSG_LEN = 6, AT_VERSION = 9, AT_RANDOM = 11, AT_SESSION = 43 };

/* SHA-256 of "HelloRetryRequest", RFC 8446 4.1.3. */
static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* Looks for supported_versions in the extensions at [off, end). */
static enum app_got versions_find(struct bytes b, size_t off, size_t end, struct tls_server *out)
{
	uint16_t type, len;

	for (size_t i = 0; i < LIMIT_TLS_EXTENSIONS && off < end; i++) {
		if (end - off < 4)
			return APP_BAD;
		if (!bytes_be16(b, off, &type) || !bytes_be16(b, off + 2, &len))
			return APP_MORE;
		off += 4;
		if (end - off < len)
			return APP_BAD;
		if (type == EXT_SUPPORTED_VERSIONS && len == 2 &&
		    !bytes_be16(b, off, &out->version))
			return APP_MORE;
		off += len;
	}
	return b.len < end ? APP_MORE : APP_OK;
}

static enum app_got server_hello(struct bytes rec, struct tls_server *out)
{
	uint16_t exts_len;
	uint8_t id_len;
	uint32_t len;
	size_t end, off = AT_SESSION;

	if (!bytes_be24(rec, AT_MSG_LEN, &len) || !bytes_be16(rec, AT_VERSION, &out->version))
		return APP_MORE;
	end = (size_t)len + AT_VERSION;
	if (!bytes_u8(rec, off, &id_len))
		return end <= off ? APP_BAD : APP_MORE;
	out->retry = memcmp(rec.at + AT_RANDOM, retry_random, sizeof(retry_random)) == 0;
	off += 1 + (size_t)id_len;
	if (id_len > 32 || off + 3 > end)
		return APP_BAD;
	if (!bytes_be16(rec, off, &out->cipher))
		return APP_MORE;
	off += 3; /* suite, compression */
	if (off == end)
		return rec.len < end ? APP_MORE : APP_OK;
	if (end - off < 2)
		return APP_BAD;
	if (!bytes_be16(rec, off, &exts_len))
		return APP_MORE;
	off += 2;
	if (end - off != exts_len)
		return APP_BAD;
	return versions_find(rec, off, end, out);
}

enum app_got tls_server_first(struct bytes stream, struct tls_server *out)
{
	uint16_t len;
	uint8_t type;

	memset(out, 0, sizeof(*out));
	out->kind = TLS_SERVER_OTHER;
	if (!bytes_be16(stream, 3, &len))
		return stream.len && (stream.at[0] < 20 || stream.at[0] > 24) ? APP_NOT : APP_MORE;
	if (!tls_is_record(stream))
		return APP_NOT;
	out->record_type = stream.at[0];
	out->record_version = (uint16_t)(stream.at[1] << 8 | stream.at[2]);
	if (out->record_type == REC_ALERT) {
		out->kind = TLS_SERVER_ALERT;
		out->alert_sealed = len != 2;
		if (out->alert_sealed)
			return APP_OK;
		return bytes_u8(stream, 5, &out->alert_level) &&
				       bytes_u8(stream, 6, &out->alert_desc)
			       ? APP_OK
			       : APP_MORE;
	}
	if (out->record_type != REC_HANDSHAKE)
		return APP_OK;
	if (!bytes_u8(stream, 5, &type))
		return APP_MORE;
	if (type != MSG_SERVER_HELLO)
		return APP_OK;
	out->kind = TLS_SERVER_HELLO;
	return server_hello(bytes_head(stream, (size_t)len + 5), out);
}
