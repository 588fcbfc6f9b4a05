/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_HTTP_H
#define WP_APP_APP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"

/* Both readers take lines that end in CR LF or in LF alone, odd letter case, and blanks around the
 * colon: servers do, and evasion tools and censors' own boxes make use of it. All struct bytes
 * point into the stream given to the call; an empty one (len 0) means absent. */

enum http_version { HTTP_NONE, HTTP_1_0, HTTP_1_1 };

struct http_req {
	struct bytes method, target; /* as sent */
	enum http_version version;   /* HTTP_NONE: a line without version (HTTP/0.9) */
	/* Whom the request is for (RFC 9112 3.3): from an absolute target or CONNECT, else from
	 * Host. Lower case, without port and user, [] of an IPv6 address kept. Empty: none was
	 * read. A longer one than fits is cut and host_odd. Never holds NUL. */
	char host[APP_NAME_SIZE];
	bool host_odd;       /* bytes in it that no host name has, or it was cut */
	bool host_in_target; /* it comes from the target, not from a Host line */
	uint32_t n_host;     /* Host lines */
	uint32_t
		n_headers; /* header lines that are whole; folded lines count with the one before */
	size_t header_end; /* first byte after the blank line; 0: not there yet */
};

/* Reads the request at the start of `stream`; up to four line ends before it are stepped over.
 * APP_OK: the header is whole. APP_MORE: cut; every line that was whole is in *out (method.len is 0
 * until the first is). APP_NOT: no HTTP request. APP_BAD: a header line without a colon, or more
 * lines than LIMIT_HTTP_HEADERS. */
MUST_CHECK enum app_got http_request(struct bytes stream, struct http_req *out);

struct http_resp {
	enum http_version version; /* HTTP_NONE: no status line, the page starts at once */
	uint16_t status;           /* 100..999; 0 without status line */
	struct bytes reason;
	struct bytes location, server, content_type; /* first of each, blanks around taken off */
	char location_host[APP_NAME_SIZE]; /* as http_req.host; empty when Location names none */
	bool has_content_length;
	uint64_t content_length; /* bytes; the first one */
	bool conn_close;         /* Connection holds "close" */
	uint32_t n_headers;
	size_t header_end; /* as above; 0 also for a page without status line */
	struct bytes body; /* what is there of it; framing (chunked) is not undone */
};

/* Reads the response at the start of `stream`: results as http_request(). Bare markup without a
 * status line (some injectors send it) is APP_OK with version HTTP_NONE and all of it as body. */
MUST_CHECK enum app_got http_response(struct bytes stream, struct http_resp *out);

/* "1.0", "1.1" or "none": the tokens of the feature page.version. */
const char *http_version_name(enum http_version v);

#endif
