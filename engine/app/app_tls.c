/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_tls.h"

#include <string.h>

enum { RECORD_HEADER_LEN = 5, MSG_HEADER_LEN = 4, RANDOM_LEN = 32 };
enum { REC_CCS = 20, REC_ALERT = 21, REC_HANDSHAKE = 22, REC_HEARTBEAT = 24 };
enum { MSG_CLIENT_HELLO = 1, MSG_SERVER_HELLO = 2 };
/* RFC 5246 6.2.3 lets a sealed record grow by 2048. */
enum { RECORD_BODY_MAX = 16384 + 2048 };
enum {
	EXT_SERVER_NAME = 0,
	EXT_ALPN = 16,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	EXT_ECH = 0xfe0d,  /* RFC 9849 */
	EXT_ESNI = 0xffce, /* draft-ietf-tls-esni-02 */
};

bool tls_is_record(struct bytes b)
{
	uint16_t len;

	return bytes_be16(b, 3, &len) && b.at[0] >= REC_CCS && b.at[0] <= REC_HEARTBEAT &&
	       b.at[1] == 3 && b.at[2] <= 4 && len <= RECORD_BODY_MAX;
}

/* A walk over a message: `left` bytes from `off` on belong to the current structure, as the message
 * claims; whether they are there is another question, that `b` answers. */
struct walk {
	struct bytes b;
	size_t off, left;
};

/* Takes the length (len_size bytes, big-endian) of a vector and makes *in the walk over its inside;
 * the outer walk goes on behind it. */
static enum app_got walk_into(struct walk *w, size_t len_size, struct walk *in)
{
	size_t len = 0;

	if (w->left < len_size)
		return APP_BAD;
	for (size_t i = 0; i < len_size; i++) {
		uint8_t c;

		if (!bytes_u8(w->b, w->off + i, &c))
			return APP_MORE;
		len = len << 8 | c;
	}
	if (w->left - len_size < len)
		return APP_BAD;
	*in = (struct walk){w->b, w->off + len_size, len};
	w->off += len_size + len;
	w->left -= len_size + len;
	return APP_OK;
}

static enum app_got walk_u16(struct walk *w, uint16_t *out)
{
	if (w->left < 2)
		return APP_BAD;
	if (!bytes_be16(w->b, w->off, out))
		return APP_MORE;
	w->off += 2;
	w->left -= 2;
	return APP_OK;
}

/* Are all the bytes of the walk there? */
static bool walk_whole(const struct walk *w)
{
	return w->off <= w->b.len && w->b.len - w->off >= w->left;
}

static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff); /* RFC 8701 */
}

/* RFC 6066 3: a DNS name in ASCII, no address, no dot at the end. Underscores are in real use. */
static bool sni_is_valid(const char *s, size_t len)
{
	size_t label_len = 0;
	bool digits = true;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '.') {
			if (!label_len)
				return false;
			label_len = 0;
			digits = true;
			continue;
		}
		if (c < '0' || c > '9') {
			digits = false;
			if ((c < 'a' || c > 'z') && c != '-' && c != '_')
				return false;
		}
		if (++label_len > 63)
			return false;
	}
	return label_len && !digits && len <= 253;
}

static enum app_got ext_server_name(struct walk ext, struct tls_hello *out)
{
	struct walk list, name;
	enum app_got got;
	uint8_t type;

	got = walk_into(&ext, 2, &list);
	if (got != APP_OK)
		return got;
	if (!list.left)
		return APP_BAD;
	if (!bytes_u8(list.b, list.off, &type))
		return APP_MORE;
	if (type != 0) /* host_name is the only type there is */
		return APP_OK;
	list.off++;
	list.left--;
	got = walk_into(&list, 2, &name);
	if (got != APP_OK)
		return got;
	if (!walk_whole(&name))
		return APP_MORE;
	out->has_sni = true;
	out->sni_len = (uint8_t)(name.left < APP_NAME_SIZE - 1 ? name.left : APP_NAME_SIZE - 1);
	for (size_t i = 0; i < out->sni_len; i++) {
		uint8_t c = name.b.at[name.off + i];

		out->sni[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	out->sni[out->sni_len] = '\0';
	out->sni_valid = name.left == out->sni_len && sni_is_valid(out->sni, out->sni_len);
	return APP_OK;
}

static enum app_got ext_alpn(struct walk ext, struct tls_hello *out)
{
	struct walk list, name;
	enum app_got got;
	size_t len = 0;

	got = walk_into(&ext, 2, &list);
	if (got == APP_OK)
		got = walk_into(&list, 1, &name);
	if (got != APP_OK)
		return got;
	if (!walk_whole(&name))
		return APP_MORE;
	for (size_t i = 0; i < name.left; i++) {
		uint8_t c = name.b.at[name.off + i];
		char s[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
			     (char)('0' + c % 10)};
		bool odd = c <= 0x20 || c >= 0x7f || c == '\\';
		size_t n = odd ? sizeof(s) : 1;

		if (TLS_ALPN_SIZE - 1 - len < n)
			break;
		if (odd)
			memcpy(out->alpn + len, s, n);
		else
			out->alpn[len] = (char)c;
		len += n;
	}
	return APP_OK;
}

static enum app_got ext_versions(struct walk ext, struct tls_hello *out)
{
	uint16_t max = 0, v = 0;
	struct walk list;
	enum app_got got;

	got = walk_into(&ext, 1, &list);
	while (got == APP_OK && list.left) {
		got = walk_u16(&list, &v);
		if (got == APP_OK && !is_grease(v) && v > max)
			max = v;
	}
	if (got == APP_OK && max)
		out->version_max = max;
	return got;
}

static enum app_got ext_read(uint16_t type, struct walk ext, struct tls_hello *out)
{
	switch (type) {
	case EXT_SERVER_NAME:
		return out->has_sni ? APP_OK : ext_server_name(ext, out);
	case EXT_ALPN:
		return out->alpn[0] ? APP_OK : ext_alpn(ext, out);
	case EXT_SUPPORTED_VERSIONS:
		return ext_versions(ext, out);
	case EXT_KEY_SHARE:
		out->key_share_bytes = (uint16_t)ext.left;
		break;
	case EXT_ECH:
		out->has_ech = true;
		break;
	case EXT_ESNI:
		out->has_esni = true;
		break;
	default:
		break;
	}
	return walk_whole(&ext) ? APP_OK : APP_MORE;
}

static enum app_got exts_read(struct walk *w, struct tls_hello *out)
{
	struct walk exts, ext;
	uint16_t type = 0;
	enum app_got got;

	if (!w->left) /* RFC 5246 7.4.1.2: no extensions at all is allowed */
		return APP_OK;
	got = walk_into(w, 2, &exts);
	while (got == APP_OK && exts.left) {
		if (out->n_exts >= LIMIT_TLS_EXTENSIONS) {
			out->exts_cut = true;
			break;
		}
		got = walk_u16(&exts, &type);
		if (got == APP_OK)
			got = walk_into(&exts, 2, &ext);
		if (got == APP_OK) {
			out->n_exts++;
			got = ext_read(type, ext, out);
		}
	}
	return got;
}

/* Everything of *out but what tls_client_hello() adds. */
static enum app_got hello_read(struct bytes msg, struct tls_hello *out)
{
	struct walk w = {msg, MSG_HEADER_LEN, 0}, in;
	enum app_got got;
	uint32_t len;
	uint8_t type;

	if (!bytes_u8(msg, 0, &type))
		return APP_MORE;
	if (type != MSG_CLIENT_HELLO)
		return APP_NOT;
	if (!bytes_be24(msg, 1, &len))
		return APP_MORE;
	w.left = len;
	out->msg_len = len + MSG_HEADER_LEN;
	got = walk_u16(&w, &out->version);
	if (got != APP_OK)
		return got;
	out->version_max = out->version;
	if (w.left < RANDOM_LEN)
		return APP_BAD;
	w.left -= RANDOM_LEN;
	w.off += RANDOM_LEN;
	if (msg.len < w.off)
		return APP_MORE;
	out->has_random = true;
	got = walk_into(&w, 1, &in); /* session id */
	if (got == APP_OK)
		got = walk_into(&w, 2, &in);
	if (got != APP_OK)
		return got;
	out->n_suites = (uint16_t)(in.left / 2);
	got = walk_into(&w, 1, &in); /* compression methods */
	if (got == APP_OK)
		got = exts_read(&w, out);
	if (got == APP_OK && msg.len < out->msg_len)
		return APP_MORE;
	return got;
}

enum app_got tls_hello_body(struct bytes msg, struct tls_hello *out)
{
	memset(out, 0, sizeof(*out));
	return hello_read(msg, out);
}

/* RFC 5246 E.2: length with the top bit set, type 1, version, three lengths. */
static enum app_got sslv2_read(struct bytes stream, struct tls_hello *out)
{
	uint16_t len, version, suites_len, id_len, challenge_len;

	if (stream.len >= 3 && (stream.at[0] < 0x80 || stream.at[2] != MSG_CLIENT_HELLO))
		return APP_NOT;
	if (!bytes_be16(stream, 0, &len) || !bytes_be16(stream, 3, &version) ||
	    !bytes_be16(stream, 5, &suites_len) || !bytes_be16(stream, 7, &id_len) ||
	    !bytes_be16(stream, 9, &challenge_len))
		return stream.len && stream.at[0] < 0x80 ? APP_NOT : APP_MORE;
	len &= 0x7fff;
	if ((version != 0x0002 && version >> 8 != 3) || suites_len % 3 != 0 || !suites_len ||
	    (id_len != 0 && id_len != 16) || challenge_len < 16 || challenge_len > 32 ||
	    (uint32_t)suites_len + id_len + challenge_len + 9 != len)
		return APP_NOT;
	out->sslv2 = true;
	out->version = version;
	out->version_max = version;
	out->n_suites = suites_len / 3;
	out->msg_len = len;
	out->end_off = (size_t)len + 2;
	out->n_records = 1;
	return stream.len < out->end_off ? APP_MORE : APP_OK;
}

/* A hello being put together from records. */
struct gather {
	struct bytes stream;
	size_t off; /* next record */
	uint8_t *at;
	size_t len, size;
};

/* Appends what is there of the next record's body. */
static enum app_got gather_record(struct gather *g, struct tls_hello *out)
{
	struct bytes rec = bytes_from(g->stream, g->off), body;
	uint16_t len;

	if (!bytes_be16(rec, 3, &len)) {
		if ((rec.len && rec.at[0] != REC_HANDSHAKE) || (rec.len > 1 && rec.at[1] != 3))
			return APP_BAD;
		return APP_MORE;
	}
	/* RFC 8446 5.1: no empty handshake records. */
	if (!tls_is_record(rec) || rec.at[0] != REC_HANDSHAKE || !len ||
	    out->n_records >= LIMIT_TLS_RECORDS)
		return APP_BAD;
	if (!out->n_records++)
		out->record_version = (uint16_t)(rec.at[1] << 8 | rec.at[2]);
	body = bytes_head(bytes_from(rec, RECORD_HEADER_LEN), len);
	body = bytes_head(body, g->size - g->len);
	if (body.len)
		memcpy(g->at + g->len, body.at, body.len);
	g->len += body.len;
	/* The length of the message is known from its first four bytes on. */
	if (g->len >= MSG_HEADER_LEN) {
		size_t msg_len = (size_t)g->at[1] << 16 | (size_t)g->at[2] << 8 | g->at[3];
		size_t before = g->len - body.len;

		msg_len += MSG_HEADER_LEN;
		if (msg_len > before && msg_len - before <= len)
			out->end_off = g->off + RECORD_HEADER_LEN + (msg_len - before);
	}
	g->off += RECORD_HEADER_LEN + len;
	return g->off > g->stream.len ? APP_MORE : APP_OK;
}

enum app_got tls_client_hello(struct bytes stream, uint8_t *scratch, size_t n,
			      struct tls_hello *out)
{
	struct gather g = {.stream = stream, .at = scratch, .size = n};
	enum app_got got = APP_OK, read;
	uint16_t rec_len;
	uint8_t type;

	memset(out, 0, sizeof(*out));
	if (!stream.len)
		return APP_MORE;
	if (stream.at[0] != REC_HANDSHAKE)
		return sslv2_read(stream, out);
	if ((stream.len > 1 && stream.at[1] != 3) ||
	    (stream.len >= RECORD_HEADER_LEN && !tls_is_record(stream)))
		return APP_NOT;
	/* What a server says is asked for at each of its packets. */
	if (bytes_be16(stream, 3, &rec_len) && rec_len &&
	    bytes_u8(stream, RECORD_HEADER_LEN, &type) && type != MSG_CLIENT_HELLO)
		return APP_NOT;
	/* Ends: every record takes bytes of the stream, and LIMIT_TLS_RECORDS bounds it. */
	while (got == APP_OK && !out->end_off && g.len < g.size)
		got = gather_record(&g, out);
	read = hello_read((struct bytes){scratch, g.len}, out);
	if (read != APP_MORE)
		return read;
	if (got == APP_BAD || g.len == g.size || out->msg_len > n)
		return APP_BAD;
	return APP_MORE;
}
