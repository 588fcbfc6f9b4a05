/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_DNS_THEN_H
#define WP_ACROSS_DNS_THEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client met at an address where it went for a name (METHODS d.4): joins an answer to the connections that it led
 * to. A bounded table over one series of packets, filled as packets come, asked when a DNS transaction is over; when it is
 * full, what is oldest goes (counted). */
struct dns_then;

enum then_what {
	/* A TLS handshake with that name went through: the client went on after the server's certificate. */
	THEN_TLS = 1 << 0,
	/* An HTTP answer to that name carried a mark of a known block page. */
	THEN_PAGE = 1 << 1,
	/* An HTTP answer to that name carried none. */
	THEN_HTTP = 1 << 2,
};

struct then_note {
	const uint8_t *client, *addr; /* 16 bytes each (IPv4 as ::ffff:a.b.c.d), a loan */
	const char *name;             /* server name or Host, any case */
	size_t name_len;
	uint32_t what; /* enum then_what bits; several notes add up */
	int64_t ts_ns; /* when the client named it */
	uint64_t frame_no;
};
struct then_answer {
	uint32_t what;
	uint64_t frame_no; /* of the latest note that is told of */
};

struct dns_then *dns_then_new(void); /* NULL when out of memory */
void dns_then_free(struct dns_then *t);
/* Forgets all, for the next series; costs nothing. */
void dns_then_clear(struct dns_then *t);
void dns_then_note(struct dns_then *t, const struct then_note *n);
/* What became of the client's visits to that address under that name from `ts_ns` on, for as long as an answer is used
 * (five minutes: browsers keep names one minute, systems a record's TTL, mostly 300 s). Pure; nothing known is 0. */
struct then_answer dns_then_ask(const struct dns_then *t, const struct then_note *n);
uint64_t dns_then_evicted(const struct dns_then *t);

#endif
