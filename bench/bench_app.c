/* SPDX-License-Identifier: BSD-3-Clause */
/* app/: names, headers and questions, each payload by itself. */
#include "app/app_dns.h"
#include "app/app_http.h"
#include "app/app_tls.h"
#include "room.h"

static uint8_t scratch[TLS_SCRATCH_BYTES];

static bool is_hello(const struct pkt *p)
{
	struct tls_hello h;

	return tls_client_hello(p->payload, scratch, sizeof(scratch), &h) == APP_OK;
}

static bool is_request(const struct pkt *p)
{
	struct http_req h;

	return http_request(p->payload, &h) == APP_OK;
}

static bool is_dns(const struct pkt *p)
{
	struct dns_msg m;

	return dns_read(p->payload, &m) == APP_OK;
}

/* Keeps the packets of `l4` that `reads` takes, then reads those alone. */
static void bench(const char *what, const struct pkt *p, size_t n, enum l4 l4,
		  bool (*reads)(const struct pkt *p))
{
	const struct pkt **of = malloc((n + 1) * sizeof(const struct pkt *));
	int64_t ns[ROOM_ROUNDS];
	volatile size_t read = 0;
	size_t k = 0;

	if (!of)
		room_fail("out of memory");
	for (size_t i = 0; i < n; i++)
		if (p[i].l4 == l4 && p[i].payload.len && reads(&p[i]))
			of[k++] = &p[i];
	for (int r = 0; r < ROOM_ROUNDS; r++) {
		int64_t begin = room_ns();

		for (size_t i = 0; i < k; i++)
			read += reads(of[i]);
		ns[r] = room_ns() - begin;
	}
	room_say(what, ns, k);
	free(of);
}

int main(int argc, char **argv)
{
	struct room_frames r = room_read(argc, argv);
	size_t n;
	struct pkt *p = room_decode(&r, &n);

	bench("app: a client hello", p, n, L4_TCP, is_hello);
	bench("app: an HTTP request", p, n, L4_TCP, is_request);
	bench("app: a DNS message", p, n, L4_UDP, is_dns);
	free(p);
	return 0;
}
