/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_ANSWERS_H
#define WP_ACROSS_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

/* What resolvers said about names, so that one answer can be laid beside what other resolvers said of the same name, and
 * beside what the same resolver says of other names (METHODS d.2 "rcode swap", "many-to-one", "fixed RR TTL"). Two bounded
 * tables over one series: by name, and by resolver; when they are full, what is oldest goes (counted). */
struct answers;

/* What an answer comes to. The two between DENIED and the end say nothing about who is right: a resolver that fails or has
 * no record of that type does so for many reasons. */
enum answer_kind {
	ANSWER_PUBLIC, /* an address that a public host can have */
	ANSWER_DENIED, /* NXDOMAIN, REFUSED, or an address that no public host can have */
	ANSWER_OTHER,  /* SERVFAIL, no record of that type, only an alias, cut, other types */
};

struct answer_note {
	const uint8_t *resolver; /* 16 bytes, a loan for the call */
	bool resolver_private;
	const char *name; /* lower case, as in struct dns_msg */
	uint16_t qtype;
	uint8_t kind;        /* enum answer_kind */
	const uint8_t *addr; /* 16 bytes (IPv4 padded with zeros); NULL: none */
	uint32_t rr_ttl_s;
	int64_t ts_ns;
};

struct answer_facts {
	/* Other resolvers, none with a private address, whose last answer for this name and type was PUBLIC; was DENIED. */
	uint32_t elsewhere_ok, elsewhere_denied;
	uint32_t names_ok; /* other names for which this resolver had a public address */
	/* Registrable domains (the last two labels: fewer than there are, never more), this name's too, that this resolver
	 * denied while another had a public address; that it answered with this address; with this record TTL. */
	uint32_t denied_domains, addr_domains, ttl_domains;
};

struct answers *answers_new(void);    /* NULL when out of memory */
void answers_free(struct answers *a); /* accepts NULL */
/* Forgets all, for the next series; costs nothing. */
void answers_clear(struct answers *a);
/* Notes an answer as it comes; of several to one name by one resolver the last counts. About 200 ns. */
void answers_note(struct answers *a, const struct answer_note *n);
/* Lays `n` (whose ts_ns is the answer's) beside what was noted within ten minutes of it. Pure. */
void answers_ask(const struct answers *a, const struct answer_note *n, struct answer_facts *out);
uint64_t answers_evicted(const struct answers *a);

#endif
