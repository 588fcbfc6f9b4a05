/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/app_http.h"

#include <string.h>

/* The longest registered method (IANA) has 16 letters; a made-up one may be a little longer. */
enum { METHOD_MAX = 20, BLANK_BEFORE_MAX = 4 };
/* With this many bytes every entry of is_markup() can be told. */
enum { MARKUP_MIN = 9 };

const char *http_version_name(enum http_version v)
{
	static const char *const names[] = {"none", "1.0", "1.1"};

	return names[v];
}

static struct bytes trim(struct bytes b)
{
	while (b.len && (b.at[0] == ' ' || b.at[0] == '\t'))
		b = bytes_from(b, 1);
	while (b.len && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '\t'))
		b.len--;
	return b;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Is b exactly this word (given in lower case), letter case aside? */
static bool is_word(struct bytes b, const char *word)
{
	if (b.len != strlen(word))
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (lower(b.at[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static bool starts_with(struct bytes b, const char *word)
{
	size_t n = strlen(word);

	return b.len >= n && is_word(bytes_head(b, n), word);
}

/* Does b start with the word, as far as it goes? True for an empty b. */
static bool may_start(struct bytes b, const char *word)
{
	for (size_t i = 0; i < b.len && word[i]; i++)
		if (lower(b.at[i]) != (uint8_t)word[i])
			return false;
	return true;
}

/* Gives the line at *off without its end and moves *off behind that; false when the end is not
 * there. */
static bool line_next(struct bytes stream, size_t *off, struct bytes *line)
{
	struct bytes rest = bytes_from(stream, *off);
	const uint8_t *lf = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;

	if (!lf)
		return false;
	*line = bytes_head(rest, (size_t)(lf - rest.at));
	*off += line->len + 1;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* The part of b before the first `c`, or all of it; *rest is what follows the `c`. */
static struct bytes split(struct bytes b, uint8_t c, struct bytes *rest)
{
	const uint8_t *p = b.len ? memchr(b.at, c, b.len) : NULL;
	size_t n = p ? (size_t)(p - b.at) : b.len;

	*rest = bytes_from(b, n + 1);
	return bytes_head(b, n);
}

/* Writes the host of "user@host:port" (RFC 3986 3.2); false when it has odd bytes or was cut. */
static bool host_put(struct bytes authority, char out[APP_NAME_SIZE])
{
	struct bytes host = authority, rest;
	bool odd = false;
	size_t n = 0;

	(void)split(authority, '@', &rest); /* only what follows a user is wanted here */
	if (rest.len)
		host = rest;
	if (host.len && host.at[0] == '[') {
		struct bytes in = split(host, ']', &rest);

		host.len = in.len < host.len ? in.len + 1 : in.len;
	} else {
		host = split(host, ':', &rest);
	}
	host = trim(host);
	for (size_t i = 0; i < host.len && n < APP_NAME_SIZE - 1; i++) {
		uint8_t c = lower(host.at[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && (!c || !strchr("-._:[]", c)))
			odd = true;
		if (c)
			out[n++] = (char)c;
	}
	out[n] = '\0';
	return !odd && host.len < APP_NAME_SIZE;
}

/* The authority of "scheme://authority/..." or "//authority/..."; empty when there is none. */
static struct bytes url_authority(struct bytes url)
{
	size_t i = 0;

	if (starts_with(url, "http://"))
		i = 7;
	else if (starts_with(url, "https://"))
		i = 8;
	else if (starts_with(url, "//"))
		i = 2;
	else
		return (struct bytes){NULL, 0};
	url = bytes_from(url, i);
	for (i = 0; i < url.len; i++)
		if (strchr("/?#\\", url.at[i]) != NULL)
			break;
	return bytes_head(url, i);
}

/* "HTTP/1.x" gives the version; false for anything else. */
static bool version_read(struct bytes b, enum http_version *out)
{
	if (b.len != 8 || !starts_with(b, "http/1.") || b.at[7] < '0' || b.at[7] > '9')
		return false;
	*out = b.at[7] == '0' ? HTTP_1_0 : HTTP_1_1;
	return true;
}

/* One header line, its value with the blanks around taken off. */
struct header {
	struct bytes name, value;
};

/* Gives the next header line. APP_OK with an empty name: the blank line that ends the header. A
 * folded line (RFC 9112 5.2) is stepped over, and so is its part of the value. */
static enum app_got header_next(struct bytes stream, size_t *off, struct header *h)
{
	struct bytes line;

	do {
		if (!line_next(stream, off, &line))
			return APP_MORE;
	} while (line.len && (line.at[0] == ' ' || line.at[0] == '\t'));
	if (!line.len) {
		*h = (struct header){{NULL, 0}, {NULL, 0}};
		return APP_OK;
	}
	h->name = split(line, ':', &h->value);
	if (h->name.len == line.len)
		return APP_BAD;
	h->name = trim(h->name);
	h->value = trim(h->value);
	return h->name.len ? APP_OK : APP_BAD;
}

static bool is_method(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = lower(b.at[i]);

		if ((c < 'a' || c > 'z') && c != '-' && c != '_')
			return false;
	}
	return b.len && b.len <= METHOD_MAX;
}

/* No control bytes but tabs? */
static bool is_text(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] < 0x20 && b.at[i] != '\t')
			return false;
	return true;
}

/* Could these bytes, which hold no line end, be the beginning of a request line? */
static enum app_got request_line_cut(struct bytes b)
{
	struct bytes rest;
	struct bytes method = split(b, ' ', &rest);

	if (!b.len)
		return APP_MORE;
	if (!is_method(method))
		return APP_NOT;
	if (rest.len && rest.at[rest.len - 1] == '\r') /* its LF is yet to come */
		rest.len--;
	return is_text(rest) ? APP_MORE : APP_NOT;
}

static enum app_got request_line(struct bytes line, struct http_req *out)
{
	struct bytes method, target, version = {NULL, 0}, rest;

	method = split(line, ' ', &rest);
	if (!is_method(method) || !is_text(rest))
		return APP_NOT;
	target = trim(rest);
	/* The version is the last word: targets with blanks in them do occur. */
	for (size_t i = target.len; i > 0; i--)
		if (target.at[i - 1] == ' ') {
			version = bytes_from(target, i);
			break;
		}
	if (version_read(version, &out->version))
		target = trim(bytes_head(target, target.len - version.len));
	else if (version.len || !is_word(method, "get") || !target.len || target.at[0] != '/')
		return APP_NOT; /* HTTP/0.9 knew "GET /path" only */
	if (!target.len)
		return APP_NOT;
	out->method = method;
	out->target = target;
	rest = is_word(method, "connect") ? target : url_authority(target);
	out->host_in_target = rest.len > 0;
	if (out->host_in_target)
		out->host_odd = !host_put(rest, out->host);
	return APP_OK;
}

enum app_got http_request(struct bytes stream, struct http_req *out)
{
	struct bytes line;
	enum app_got got;
	struct header h;
	size_t off = 0;

	memset(out, 0, sizeof(*out));
	while (off < stream.len && off < BLANK_BEFORE_MAX &&
	       (stream.at[off] == '\r' || stream.at[off] == '\n'))
		off++; /* RFC 9112 2.2 */
	if (!line_next(stream, &off, &line))
		return request_line_cut(bytes_from(stream, off));
	got = request_line(line, out);
	if (got != APP_OK)
		return got;
	if (out->version == HTTP_NONE) {
		out->header_end = off; /* HTTP/0.9 has no header */
		return APP_OK;
	}
	while ((got = header_next(stream, &off, &h)) == APP_OK && h.name.len) {
		if (++out->n_headers > LIMIT_HTTP_HEADERS)
			return APP_BAD;
		if (!is_word(h.name, "host") || out->n_host++ || out->host_in_target)
			continue;
		out->host_odd = !host_put(h.value, out->host);
	}
	if (got == APP_OK)
		out->header_end = off;
	return got;
}

/* Decimal digits to a number; false when there are none, others, or too many. */
static bool number_read(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (!b.len || b.len > 18)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(b.at[i] - '0');
	}
	*out = v;
	return true;
}

/* Does the comma-separated list hold the word? */
static bool list_has(struct bytes list, const char *word)
{
	while (list.len) {
		struct bytes one = split(list, ',', &list);

		if (is_word(trim(one), word))
			return true;
	}
	return false;
}

static void response_header(const struct header *h, struct http_resp *out)
{
	if (is_word(h->name, "location") && !out->location.len) {
		out->location = h->value;
		/* Odd bytes in it do not matter here: the location itself is kept. */
		(void)host_put(url_authority(h->value), out->location_host);
	} else if (is_word(h->name, "server") && !out->server.len) {
		out->server = h->value;
	} else if (is_word(h->name, "content-type") && !out->content_type.len) {
		out->content_type = h->value;
	} else if (is_word(h->name, "content-length") && !out->has_content_length) {
		out->has_content_length = number_read(h->value, &out->content_length);
	} else if (is_word(h->name, "connection")) {
		out->conn_close = out->conn_close || list_has(h->value, "close");
	}
}

/* A page that starts at once: a "<" and one of the words that begin a document. */
static bool is_markup(struct bytes b)
{
	static const char *const starts[] = {
		"<html", "<!doctype", "<head", "<body", "<meta", "<script", "<iframe", "<title",
	};

	while (b.len && strchr(" \t\r\n", b.at[0]) && b.at[0])
		b = bytes_from(b, 1);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (starts_with(b, starts[i]))
			return true;
	return false;
}

static enum app_got status_line(struct bytes line, struct http_resp *out)
{
	struct bytes rest, status;
	uint64_t v;

	if (!version_read(split(line, ' ', &rest), &out->version))
		return APP_NOT;
	rest = trim(rest);
	status = split(rest, ' ', &rest);
	if (status.len != 3 || !number_read(status, &v) || v < 100)
		return APP_BAD;
	out->status = (uint16_t)v;
	out->reason = trim(rest);
	return APP_OK;
}

enum app_got http_response(struct bytes stream, struct http_resp *out)
{
	struct bytes line;
	enum app_got got;
	struct header h;
	size_t off = 0;

	memset(out, 0, sizeof(*out));
	if (is_markup(stream)) {
		out->body = stream;
		return APP_OK;
	}
	if (!may_start(stream, "http/1."))
		return stream.len < MARKUP_MIN && may_start(stream, "<") ? APP_MORE : APP_NOT;
	if (!line_next(stream, &off, &line))
		return APP_MORE;
	got = status_line(line, out);
	if (got != APP_OK)
		return got;
	while ((got = header_next(stream, &off, &h)) == APP_OK && h.name.len) {
		if (++out->n_headers > LIMIT_HTTP_HEADERS)
			return APP_BAD;
		response_header(&h, out);
	}
	if (got == APP_OK) {
		out->header_end = off;
		out->body = bytes_from(stream, off);
	}
	return got;
}
