/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client met where a DNS answer led it.
 *
 * A name's own server is known by a certificate that the client accepts. In TLS 1.3 nobody else sees it; but a client that does
 * not like it says no more than an alert, and one that does goes on. A client that takes every certificate (a scanner, curl -k,
 * a broken app) goes on as well: so this excuses and never accuses. */
#include "detect/then.h"

#include <string.h>

#include "app/app_marks.h"
#include "app/app_tls.h"
#include "base/words.h"

/* After its hello a client that refuses sends at most a ChangeCipherSpec record of 6 bytes (RFC 8446 D.4) and an alert of 5 + 2
 * bytes, sealed 5 + 2 + 1 + 16 (RFC 8446 5.2, 6): 30. One that goes on sends a Finished: 5 + 4 + 32 + 1 + 16 and more in TLS 1.3;
 * in TLS 1.2 a key exchange besides (RFC 5246 7.4.7, 7.4.9). */
enum { GOES_ON_BYTES = 58 };

static void tell(struct dns_then *t, struct flow *f, const struct trigger *g, const struct pkt *p,
		 uint32_t what)
{
	dns_then_note(t, &(struct then_note){.client = f->addr[DIR_ORIG].b,
					     .addr = f->addr[DIR_RESP].b,
					     .name = g->name,
					     .name_len = g->name_len,
					     .what = what,
					     .ts_ns = g->ts_ns,
					     .frame_no = p->frame_no});
	f->then_told = true;
}

static bool tls_went_on(const struct flow *f, const struct trigger *g)
{
	const struct flow_side *o = &f->side[DIR_ORIG];
	struct tls_server first;

	return !g->open && o->have_next && seq_diff(o->next, g->seq_end) >= GOES_ON_BYTES &&
	       tls_server_first(stream_head(f, DIR_RESP), &first) == APP_OK &&
	       first.kind == TLS_SERVER_HELLO;
}

static bool has_mark(const struct flow *f, const struct pkt *p)
{
	const char *mark;

	return f->unmarked_frame != p->frame_no && marks_find(p->payload, &mark, 1) > 0;
}

void then_tcp(struct dns_then *t, struct flow *f, enum dir d, const struct pkt *p)
{
	const struct trigger *g = f->n_triggers ? &f->trigger[0] : NULL;

	if (f->then_told || d != DIR_RESP || !g || !p->payload.len || g->dir != DIR_ORIG ||
	    p->tcp.flags & TCP_RST)
		return;
	if (g->kind == TRIGGER_TLS_SNI && tls_went_on(f, g))
		tell(t, f, g, p, THEN_TLS);
	else if (g->kind == TRIGGER_HTTP_HOST && p->payload.len >= 6 &&
		 !memcmp(p->payload.at, "HTTP/", 5))
		tell(t, f, g, p, has_mark(f, p) ? THEN_PAGE : THEN_HTTP);
}
