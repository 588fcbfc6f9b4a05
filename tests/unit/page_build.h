/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_PAGE_BUILD_H
#define WP_TESTS_PAGE_BUILD_H

/* A connection that asks over HTTP, and answers to it: the server's own, and those of an injector. The round trip is 100 ms; the request leaves at
 * 300 ms. Include after cmocka.h. */

#include "case_build.h"

#define PAGE \
	"HTTP/1.1 403 Forbidden\r\nServer: box\r\nLocation: http://warn.example/x\r\n\r\n<iframe src=\"http://10.10.34.36/\">"

static inline void start(struct cb *c)
{
	cb_init(c);
	c->ts = true;
	cb_talk(c);
	cb_ask(c);
}

/* An answer at that time, as resp's own stack would send it. */
static inline struct pkt answer(struct cb *c, int64_t ms, const char *text)
{
	cb_at(c, ms);
	return cb_next(c, 1, TCP_ACK | TCP_PSH, text, strlen(text));
}

/* The same by an injector: another TTL, IP ID, DF, no timestamps, FIN without PSH. */
static inline struct pkt forged(struct cb *c, int64_t ms)
{
	struct pkt p = answer(c, ms, PAGE);

	c->id[1]--;
	p.tcp.flags = TCP_ACK | TCP_FIN;
	p.tcp.opts = 0;
	p.tcp.hdr_len = 20;
	p.tcp.win = 5120;
	p.ttl = 61;
	p.ip_id = 9;
	p.df = false;
	return p;
}

#endif
