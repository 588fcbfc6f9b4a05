/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_dns.h"

#include <string.h>

enum { DNS_HEADER_LEN = 12, DNS_NAME_WIRE_MAX = 255, DNS_QUESTION_MIN = 5, DNS_RR_MIN = 11 };

/* Text being written; once something does not fit, `full` stays set and nothing more is added. */
struct text {
	char *at;
	size_t len, size;
	bool full;
};

static void text_put(struct text *t, const char *s, size_t n)
{
	if (t->full || t->size - t->len <= n) {
		t->full = true;
		return;
	}
	memcpy(t->at + t->len, s, n);
	t->len += n;
}

/* One byte of a label. */
static void text_put_byte(struct text *t, uint8_t c)
{
	char s[4] = {'\\', (char)c, 0, 0};

	if (c == '.' || c == '\\') {
		text_put(t, s, 2);
	} else if (c > 0x20 && c < 0x7f) {
		text_put(t, s + 1, 1);
	} else {
		s[1] = (char)('0' + c / 100);
		s[2] = (char)('0' + c / 10 % 10);
		s[3] = (char)('0' + c % 10);
		text_put(t, s, 4);
	}
}

static void text_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s | 0x20);
}

/* Where a walk over a name stands. */
struct name_walk {
	size_t off;   /* next byte to read */
	size_t after; /* where the name ends in the place it was found; 0 until known */
	size_t floor; /* pointers must lead below this: so they cannot loop */
	size_t wire_len;
	unsigned int n_jumps;
};

/* Follows the pointer at w->off (RFC 1035 4.1.4: to a *prior* occurrence). */
static enum app_got name_jump(struct bytes msg, struct name_walk *w)
{
	uint16_t to;

	if (!bytes_be16(msg, w->off, &to))
		return APP_MORE;
	to &= 0x3fff;
	if (!w->after)
		w->after = w->off + 2;
	if (to >= w->floor || to < DNS_HEADER_LEN || ++w->n_jumps > LIMIT_DNS_JUMPS)
		return APP_BAD;
	w->floor = to;
	w->off = to;
	return APP_OK;
}

/* Writes the label whose length byte is at w->off, with a dot before it if it is not the first. */
static enum app_got name_label(struct bytes msg, struct name_walk *w, struct text *t)
{
	size_t n = msg.at[w->off];

	w->wire_len += n + 1;
	if (w->wire_len >= DNS_NAME_WIRE_MAX)
		return APP_BAD;
	if (msg.len - w->off - 1 < n)
		return APP_MORE;
	if (t->len || t->full)
		text_put(t, ".", 1);
	for (size_t i = 0; i < n; i++)
		text_put_byte(t, msg.at[w->off + 1 + i]);
	w->off += n + 1;
	return APP_OK;
}

/* Reads the name at *off as text and moves *off behind it. text[] always ends with NUL; *cut tells
 * that it ended early. */
static enum app_got name_read(struct bytes msg, size_t *off, char text[APP_NAME_SIZE], bool *cut)
{
	struct name_walk w = {.off = *off, .floor = *off};
	struct text t = {.at = text, .size = APP_NAME_SIZE};
	enum app_got got = APP_OK;
	uint8_t n = 1;

	/* Each round takes a label (128 at most) or a jump, so it ends. */
	while (got == APP_OK) {
		if (!bytes_u8(msg, w.off, &n))
			got = APP_MORE;
		else if (n == 0)
			break;
		else if (n >= 0xc0)
			got = name_jump(msg, &w);
		else if (n >= 0x40)
			got = APP_BAD;
		else
			got = name_label(msg, &w, &t);
	}
	if (got == APP_OK && !t.len)
		text_put(&t, ".", 1);
	text[t.len] = '\0';
	*cut = t.full;
	if (got == APP_OK)
		*off = w.after ? w.after : w.off + 1;
	return got;
}

/* Moves *off behind the name without following pointers. */
static enum app_got name_skip(struct bytes msg, size_t *off)
{
	size_t at = *off, wire_len = 1;
	uint8_t n;

	for (;;) {
		if (!bytes_u8(msg, at, &n))
			return APP_MORE;
		if (n >= 0x40 && n < 0xc0)
			return APP_BAD;
		if (n == 0 || n >= 0xc0)
			break;
		wire_len += (size_t)n + 1;
		if (wire_len > DNS_NAME_WIRE_MAX)
			return APP_BAD;
		at += (size_t)n + 1;
	}
	at += n ? 2 : 1;
	if (at > msg.len)
		return APP_MORE;
	*off = at;
	return APP_OK;
}

/* Reads the header; false when it is not all there. */
static bool header_read(struct bytes msg, struct dns_msg *out)
{
	return bytes_be16(msg, 0, &out->id) && bytes_be16(msg, 2, &out->flags) &&
	       bytes_be16(msg, 4, &out->n_qd) && bytes_be16(msg, 6, &out->n_an) &&
	       bytes_be16(msg, 8, &out->n_ns) && bytes_be16(msg, 10, &out->n_ar);
}

/* Completes the first question, whose name is read, from the four bytes at off. */
static void question_put(struct bytes msg, size_t off, struct dns_msg *out)
{
	out->has_question =
		bytes_be16(msg, off, &out->qtype) && bytes_be16(msg, off + 2, &out->qclass);
	memcpy(out->qname, out->qname_sent, sizeof(out->qname));
	text_lower(out->qname);
}

/* Reads the first question and skips the others. */
static enum app_got questions_read(struct bytes msg, struct dns_msg *out)
{
	size_t off = out->end_off;
	enum app_got got;

	for (unsigned int i = 0; i < out->n_qd; i++) {
		if (i >= LIMIT_DNS_RECORDS) {
			out->skipped = true;
			return APP_OK;
		}
		if (i)
			got = name_skip(msg, &off);
		else
			got = name_read(msg, &off, out->qname_sent, &out->qname_cut);
		if (got == APP_OK && msg.len - off < 4)
			got = APP_MORE;
		if (got != APP_OK)
			return got;
		if (i == 0)
			question_put(msg, off, out);
		off += 4;
		out->end_off = off;
	}
	return APP_OK;
}

/* The fixed part of a record, behind its name. */
struct rr_head {
	uint16_t type, class, rdata_len;
	uint32_t ttl_s;
};

static bool rr_head_read(struct bytes msg, size_t off, struct rr_head *out)
{
	return bytes_be16(msg, off, &out->type) && bytes_be16(msg, off + 2, &out->class) &&
	       bytes_be32(msg, off + 4, &out->ttl_s) && bytes_be16(msg, off + 8, &out->rdata_len);
}

/* RFC 6891 6.1.3: OPT keeps the payload size in the class and the flags in the low half of the TTL.
 */
static void opt_put(struct dns_msg *out, const struct rr_head *h)
{
	out->has_opt = true;
	out->opt_do = (h->ttl_s & 0x8000) != 0;
	out->opt_udp_bytes = h->class;
}

/* The options of an OPT record whose rdata, all of it in msg, is [off, end). Only the cookie is kept; rdata that is no list
 * of options is passed over. */
static void options_read(struct bytes msg, size_t off, size_t end, struct dns_msg *out)
{
	enum { COOKIE = 10, CLIENT_COOKIE_BYTES = 8 };
	uint16_t code, len;

	msg = bytes_head(msg, end);
	for (unsigned int i = 0; i < LIMIT_DNS_OPTIONS; i++) {
		if (!bytes_be16(msg, off, &code) || !bytes_be16(msg, off + 2, &len) ||
		    msg.len - off - 4 < len)
			return;
		if (code == COOKIE && len >= CLIENT_COOKIE_BYTES) {
			memcpy(out->cookie, msg.at + off + 4, CLIENT_COOKIE_BYTES);
			out->has_cookie = true;
		}
		off += 4 + (size_t)len;
	}
}

/* Keeps an answer whose rdata, all of it in msg, is at off. */
static enum app_got answer_put(struct bytes msg, size_t off, const struct rr_head *h, bool c00c,
			       struct dns_msg *out)
{
	struct dns_rr *rr = &out->answer[out->n_answer];
	size_t end = off + h->rdata_len;
	bool cut;

	*rr = (struct dns_rr){.type = h->type,
			      .class = h->class,
			      .rdata_len = h->rdata_len,
			      .ttl_s = h->ttl_s,
			      .name_c00c = c00c};
	if ((h->type == DNS_A && h->rdata_len == 4) ||
	    (h->type == DNS_AAAA && h->rdata_len == 16)) {
		memcpy(rr->addr, msg.at + off, h->rdata_len);
		rr->addr_len = (uint8_t)h->rdata_len;
	}
	if (h->type == DNS_CNAME) {
		/* The message ends with this rdata as far as the name is concerned. */
		if (name_read(bytes_head(msg, end), &off, rr->target, &cut) != APP_OK || off != end)
			return APP_BAD;
		text_lower(rr->target);
	}
	out->n_answer++;
	return APP_OK;
}

/* Reads the record at out->end_off. */
static enum app_got rr_read(struct bytes msg, bool is_answer, struct dns_msg *out)
{
	size_t off = out->end_off;
	enum app_got got;
	struct rr_head h;
	uint16_t first = 0;

	got = name_skip(msg, &off);
	if (got != APP_OK)
		return got;
	if (!bytes_be16(msg, out->end_off, &first) || !rr_head_read(msg, off, &h))
		return APP_MORE;
	off += 10;
	if (h.type == DNS_OPT && !is_answer)
		opt_put(out, &h);
	if (msg.len - off < h.rdata_len)
		return APP_MORE;
	if (h.type == DNS_OPT && !is_answer)
		options_read(msg, off, off + h.rdata_len, out);
	if (is_answer && out->n_answer < LIMIT_DNS_ANSWERS) {
		got = answer_put(msg, off, &h, first == 0xc00c, out);
		if (got != APP_OK)
			return got;
	}
	out->end_off = off + h.rdata_len;
	return APP_OK;
}

static enum app_got records_read(struct bytes msg, struct dns_msg *out)
{
	uint32_t n_rr = (uint32_t)out->n_an + out->n_ns + out->n_ar;
	enum app_got got;

	for (uint32_t i = 0; i < n_rr; i++) {
		if (i >= LIMIT_DNS_RECORDS) {
			out->skipped = true;
			break;
		}
		got = rr_read(msg, i < out->n_an, out);
		if (got != APP_OK)
			return got;
	}
	return APP_OK;
}

enum app_got dns_read(struct bytes msg, struct dns_msg *out)
{
	size_t least_len;
	enum app_got got;

	/* The answers are written before they are counted; zeroing them all would cost 10 KB a
	 * message. */
	memset(out, 0, offsetof(struct dns_msg, answer));
	if (!header_read(msg, out)) {
		out->cut = true;
		return APP_MORE;
	}
	least_len = DNS_HEADER_LEN + (size_t)out->n_qd * DNS_QUESTION_MIN +
		    ((size_t)out->n_an + out->n_ns + out->n_ar) * DNS_RR_MIN;
	if (least_len > UINT16_MAX)
		return APP_NOT;
	out->end_off = DNS_HEADER_LEN;
	got = questions_read(msg, out);
	if (!out->has_question)
		out->qname_sent[0] = '\0'; /* half a name is no name */
	if (got == APP_OK && !out->skipped)
		got = records_read(msg, out);
	out->cut = got == APP_MORE;
	if (got == APP_OK && !out->skipped)
		out->trailing_bytes = msg.len - out->end_off;
	/* Who asks for the question has what is needed. */
	if (out->cut && (out->has_question || !out->n_qd))
		return APP_OK;
	return got;
}

enum app_got dns_read_tcp(struct bytes stream, struct dns_msg *out, size_t *used)
{
	struct bytes msg = bytes_from(stream, 2);
	enum app_got got;
	uint16_t len;

	*used = 0;
	memset(out, 0, offsetof(struct dns_msg, answer));
	if (!bytes_be16(stream, 0, &len)) {
		out->cut = true;
		return APP_MORE;
	}
	if (len < DNS_HEADER_LEN)
		return APP_NOT;
	got = dns_read(bytes_head(msg, len), out);
	if (got == APP_NOT || got == APP_BAD)
		return got;
	if (msg.len < len) {
		out->cut = true;
		out->trailing_bytes = 0;
		return APP_MORE;
	}
	/* All of it is here, so a record that reaches past its end is damage. */
	if (out->cut)
		return APP_BAD;
	*used = (size_t)len + 2;
	return APP_OK;
}
