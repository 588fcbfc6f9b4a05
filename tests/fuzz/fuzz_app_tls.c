/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_tls.c engine/app/app_tls_server.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_tls.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct tls_hello *h)
{
	must(h->sni[h->sni_len] == '\0' && memchr(h->alpn, 0, sizeof(h->alpn)) != NULL);
	must(!h->sni_valid || (h->has_sni && strlen(h->sni) == h->sni_len));
	must(h->n_exts <= LIMIT_TLS_EXTENSIONS && h->n_records <= LIMIT_TLS_RECORDS);
}

/* First byte: 0 a whole hello with the scratch that callers use, 1 without record layer, 2 an answer, else a small scratch. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t scratch[TLS_SCRATCH_BYTES];
	struct bytes b = {data, size};
	struct tls_hello h, half;
	struct tls_server s;
	enum app_got got;

	if (!size)
		return 0;
	b = bytes_from(b, 1);
	if (data[0] == 1) {
		got = tls_hello_body(b, &h);
		check(&h);
		must(got != APP_OK || h.msg_len <= b.len);
		return 0;
	}
	if (data[0] == 2) {
		got = tls_server_first(b, &s);
		must(got != APP_OK || tls_is_record(b));
		return 0;
	}
	got = tls_client_hello(b, scratch, data[0] ? 64 : sizeof(scratch), &h);
	check(&h);
	if (got != APP_OK)
		return 0;
	must(h.end_off && h.end_off <= b.len);
	/* Cut: more is asked for, and what was there is the same. */
	got = tls_client_hello(bytes_head(b, h.end_off - 1), scratch,
			       data[0] ? 64 : sizeof(scratch), &half);
	check(&half);
	must(got == APP_MORE);
	must(!half.has_sni || strcmp(half.sni, h.sni) == 0);
	return 0;
}
