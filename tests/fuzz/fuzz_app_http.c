/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_http.c engine/app/app_marks.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_http.h"
#include "app/app_marks.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(struct bytes b, struct bytes view)
{
	return !view.len || (view.at >= b.at && view.len <= b.len &&
			     view.at - b.at <= (ptrdiff_t)(b.len - view.len));
}

static void check_request(struct bytes b)
{
	struct http_req q;
	enum app_got got = http_request(b, &q);

	must(inside(b, q.method) && inside(b, q.target));
	must(memchr(q.host, 0, sizeof(q.host)) != NULL && q.n_host <= q.n_headers);
	must((got == APP_OK) == (q.header_end != 0) && q.header_end <= b.len);
	if (got == APP_OK)
		must(http_request(bytes_head(b, q.header_end - 1), &q) == APP_MORE);
}

static void check_response(struct bytes b)
{
	struct http_resp r;
	enum app_got got = http_response(b, &r);

	must(inside(b, r.reason) && inside(b, r.location) && inside(b, r.server) &&
	     inside(b, r.content_type) && inside(b, r.body));
	must(memchr(r.location_host, 0, sizeof(r.location_host)) != NULL && r.header_end <= b.len);
	must(http_version_name(r.version) != NULL);
	if (got == APP_OK && r.header_end)
		must(http_response(bytes_head(b, r.header_end - 1), &r) == APP_MORE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *names[4];
	struct bytes b = {data, size};
	size_t n = marks_find(b, names, ARRAY_LEN(names));

	must(n <= ARRAY_LEN(names));
	check_request(b);
	check_response(b);
	return 0;
}
