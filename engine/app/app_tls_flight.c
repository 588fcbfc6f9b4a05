/* SPDX-License-Identifier: BSD-3-Clause */
/* The clear part of a TLS handshake, put together from records. What is read here is what JA3S and
 * JA3 are made of (version, suite, extensions); the numbers are our own. */
#include "app/app_tls_flight.h"

#include <string.h>

#include "app/app_tls.h"
#include "base/keyhash.h"

enum { RECORD_HEADER_LEN = 5, MSG_HEADER_LEN = 4, RANDOM_LEN = 32 };
enum { REC_HANDSHAKE = 22 };
enum { MSG_CLIENT_HELLO = 1, MSG_SERVER_HELLO = 2, MSG_CERTIFICATE = 11, MSG_HELLO_DONE = 14 };
enum { VERSION_TLS13 = 0x0304 };
enum {
	EXT_PADDING = 21,
	EXT_TICKET = 35, /* empty or full: says whether the client was here before */
	EXT_PSK = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_COOKIE = 44,
};

/* SHA-256 of "HelloRetryRequest", RFC 8446 4.1.3: its first eight bytes are enough to know it. */
static const uint8_t retry_random[8] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};

/* Bodies of the handshake records at the start of the stream, one after the other. *whole: a record
 * of another type follows. */
static enum app_got gather(struct bytes stream, uint8_t *scratch, size_t n, size_t *len,
			   bool *whole)
{
	size_t off = 0;

	*len = 0;
	*whole = false;
	for (uint32_t i = 0; i < LIMIT_TLS_RECORDS; i++) {
		struct bytes rec = bytes_from(stream, off), body;
		uint16_t rec_len;

		if (!bytes_be16(rec, 3, &rec_len))
			return rec.len && rec.at[0] != REC_HANDSHAKE && !i ? APP_NOT : APP_MORE;
		if (!tls_is_record(rec))
			return i ? APP_BAD : APP_NOT;
		if (rec.at[0] != REC_HANDSHAKE) {
			*whole = true;
			return i ? APP_OK : APP_NOT;
		}
		body = bytes_head(bytes_from(rec, RECORD_HEADER_LEN), rec_len);
		if (body.len > n - *len)
			return APP_BAD;
		if (body.len)
			memcpy(scratch + *len, body.at, body.len);
		*len += body.len;
		if (body.len < rec_len)
			return APP_MORE;
		off += RECORD_HEADER_LEN + (size_t)rec_len;
	}
	return APP_BAD;
}

static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff); /* RFC 8701 */
}

/* A whole ServerHello; false when its lengths contradict each other. */
static bool server_hello(struct bytes b, struct tls_flight *out)
{
	size_t off = 2 + RANDOM_LEN;
	uint16_t exts_len, type, len;
	uint8_t id_len;

	if (!bytes_be16(b, 0, &out->version) || !bytes_u8(b, off, &id_len))
		return false;
	out->retry = memcmp(b.at + 2, retry_random, sizeof(retry_random)) == 0;
	off += 1 + (size_t)id_len;
	if (!bytes_be16(b, off, &out->cipher))
		return false;
	off += 3; /* suite, compression */
	out->has_hello = true;
	if (off >= b.len)
		return off == b.len;
	if (!bytes_be16(b, off, &exts_len) || b.len - off - 2 != exts_len)
		return false;
	off += 2;
	for (uint32_t i = 0; i < LIMIT_TLS_EXTENSIONS && off < b.len; i++) {
		if (!bytes_be16(b, off, &type) || !bytes_be16(b, off + 2, &len) ||
		    b.len - off - 4 < len)
			return false;
		if (out->n_exts < TLS_FLIGHT_EXTS)
			out->ext[out->n_exts++] = type;
		if (type == EXT_SUPPORTED_VERSIONS && len == 2 &&
		    !bytes_be16(b, off + 4, &out->version))
			return false;
		off += 4 + (size_t)len;
	}
	return true;
}

/* A whole Certificate message of TLS 1.2 and older. */
static bool certificates(struct bytes b, struct tls_flight *out)
{
	uint32_t all, len;
	size_t off = 3;

	if (!bytes_be24(b, 0, &all) || b.len - 3 != all)
		return false;
	/* Ends: every round takes three bytes or more, and a message is no larger than the scratch.
	 */
	while (off < b.len) {
		if (!bytes_be24(b, off, &len) || b.len - off - 3 < len)
			return false;
		if (out->n_certs < LIMIT_TLS_CERTS)
			out->cert[out->n_certs++] = bytes_head(bytes_from(b, off + 3), len);
		off += 3 + (size_t)len;
	}
	out->has_certs = out->n_certs > 0;
	return true;
}

/* *done: what comes next is sealed, or of no interest. */
static enum app_got message(uint8_t type, struct bytes body, struct tls_flight *out, bool *done)
{
	bool ok = true;

	if (!out->has_hello && type != MSG_SERVER_HELLO)
		return APP_NOT;
	if (type == MSG_SERVER_HELLO && !out->has_hello) {
		ok = server_hello(body, out);
		*done = out->retry || out->version >= VERSION_TLS13;
	} else if (type == MSG_CERTIFICATE) {
		ok = certificates(body, out);
		*done = true;
	} else if (type == MSG_HELLO_DONE) {
		*done = true;
	}
	return ok ? APP_OK : APP_BAD;
}

enum app_got tls_flight_read(struct bytes stream, uint8_t *scratch, size_t n,
			     struct tls_flight *out)
{
	enum app_got got;
	size_t len, off = 0;
	bool whole, done = false;

	memset(out, 0, sizeof(*out));
	got = gather(stream, scratch, n, &len, &whole);
	if (got == APP_NOT || got == APP_BAD)
		return got;
	/* Ends: every message takes four bytes or more. */
	while (!done && len - off >= MSG_HEADER_LEN) {
		struct bytes msg = {scratch + off, len - off};
		size_t msg_len = (size_t)msg.at[1] << 16 | (size_t)msg.at[2] << 8 | msg.at[3];

		if (msg.len - MSG_HEADER_LEN < msg_len)
			break;
		got = message(msg.at[0], bytes_head(bytes_from(msg, MSG_HEADER_LEN), msg_len), out,
			      &done);
		if (got != APP_OK)
			return got;
		off += MSG_HEADER_LEN + msg_len;
	}
	return done || (whole && out->has_hello) ? APP_OK : APP_MORE;
}

/* --- shapes --- */

static const struct hash_key shape_key = {0x746c732e73686170, 0x652f31};

/* A walk over a ClientHello: the vector with a length of `size` bytes at *off. */
static bool vector(struct bytes b, size_t *off, size_t size, struct bytes *in)
{
	uint16_t len = 0;
	uint8_t small = 0;

	if (size == 1 ? !bytes_u8(b, *off, &small) : !bytes_be16(b, *off, &len))
		return false;
	len = size == 1 ? small : len;
	*off += size;
	if (b.len - *off < len)
		return false;
	*in = bytes_head(bytes_from(b, *off), len);
	*off += len;
	return true;
}

static bool is_constant_ext(uint16_t type)
{
	return !is_grease(type) && type != EXT_PADDING && type != EXT_PSK &&
	       type != EXT_EARLY_DATA && type != EXT_COOKIE && type != EXT_TICKET;
}

/* The suites lie in the caller's scratch, at `at`: those that count are moved together there. */
static uint64_t suites_hash(uint8_t *at, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i + 2 <= n; i += 2) {
		if (is_grease((uint16_t)(at[i] << 8 | at[i + 1])))
			continue;
		at[kept++] = at[i];
		at[kept++] = at[i + 1];
	}
	return keyhash(&shape_key, at, kept);
}

/* Sorted, for their order means nothing. */
static uint64_t exts_hash(struct bytes exts)
{
	uint16_t sorted[LIMIT_TLS_EXTENSIONS], type;
	struct bytes body;
	size_t off = 0, n = 0;

	for (uint32_t i = 0; i < LIMIT_TLS_EXTENSIONS && bytes_be16(exts, off, &type); i++) {
		size_t k = n;

		off += 2;
		if (!vector(exts, &off, 2, &body))
			break;
		if (!is_constant_ext(type))
			continue;
		for (; k && sorted[k - 1] > type; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = type;
		n++;
	}
	return keyhash(&shape_key, sorted, n * sizeof(sorted[0]));
}

uint64_t tls_hello_shape(struct bytes stream, uint8_t *scratch, size_t n)
{
	size_t len, off = MSG_HEADER_LEN + 2 + RANDOM_LEN;
	struct bytes msg, id, suites, methods, exts = {NULL, 0};
	uint64_t h[2];
	uint32_t msg_len;
	bool whole;

	if (gather(stream, scratch, n, &len, &whole) == APP_NOT || len < MSG_HEADER_LEN ||
	    scratch[0] != MSG_CLIENT_HELLO)
		return 0;
	msg = (struct bytes){scratch, len};
	if (!bytes_be24(msg, 1, &msg_len) || len - MSG_HEADER_LEN < msg_len)
		return 0;
	msg = bytes_head(msg, MSG_HEADER_LEN + (size_t)msg_len);
	if (!vector(msg, &off, 1, &id) || !vector(msg, &off, 2, &suites) ||
	    !vector(msg, &off, 1, &methods) || (off < msg.len && !vector(msg, &off, 2, &exts)))
		return 0;
	h[0] = suites_hash(scratch + (suites.at - scratch), suites.len);
	h[1] = exts_hash(exts);
	h[0] = keyhash(&shape_key, h, sizeof(h));
	return h[0] ? h[0] : 1;
}

uint64_t tls_flight_shape(const struct tls_flight *fl)
{
	uint16_t part[TLS_FLIGHT_EXTS + 2] = {fl->version, fl->cipher};
	size_t n = 2;
	uint64_t h;

	if (!fl->has_hello || fl->retry)
		return 0;
	for (uint16_t i = 0; i < fl->n_exts; i++)
		if (is_constant_ext(fl->ext[i]))
			part[n++] = fl->ext[i];
	h = keyhash(&shape_key, part, n * sizeof(part[0]));
	return h ? h : 1;
}
