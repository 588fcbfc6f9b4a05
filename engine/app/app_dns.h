/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_DNS_H
#define WP_APP_APP_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/app.h"

/* Record types (IANA DNS parameters) that the reader knows by value. */
enum { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41 };

/* Bits of the flags word, RFC 1035 4.1.1. */
enum {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_Z = 0x0040
};

/* One record of the answer section. */
struct dns_rr {
	uint16_t type, class;
	uint16_t rdata_len; /* bytes, as the record claims */
	uint32_t ttl_s;
	bool name_c00c; /* its owner name is exactly the pointer to the question */
	/* 4 for A, 16 for AAAA; 0 for others, and when rdata has another length */
	uint8_t addr_len;
	uint8_t addr[16];           /* as on the wire */
	char target[APP_NAME_SIZE]; /* CNAME: where it points, lower case; empty for others */
};

/* A DNS message (also mDNS, LLMNR, NBNS: the ports tell). Names are presentation text without the
 * last dot ("." is the root): bytes outside 0x21..0x7e are written \DDD, and . and \ inside a label
 * get a \ before them (RFC 4343 2.1). */
struct dns_msg {
	uint16_t id, flags;              /* flags: the whole word after the id */
	uint16_t n_qd, n_an, n_ns, n_ar; /* counts as the header claims */
	bool has_question;
	bool qname_cut;                 /* the text did not fit and ends early */
	char qname[APP_NAME_SIZE];      /* lower case */
	char qname_sent[APP_NAME_SIZE]; /* as sent: its letter case may be a nonce (dns0x20) */
	uint16_t qtype, qclass;
	bool has_opt, opt_do;   /* EDNS (RFC 6891), and its DO bit */
	uint16_t opt_udp_bytes; /* payload size the OPT offers */
	bool has_cookie;        /* a COOKIE option (RFC 7873) */
	uint8_t cookie[8];      /* its client part */
	bool cut;               /* the bytes end before the message does */
	bool skipped;           /* a bound was met: records after it are not looked at */
	size_t end_off;         /* first byte after the last record read */
	size_t trailing_bytes;  /* after the end of a message that was read whole; else 0 */
	uint32_t n_answer;      /* answers in `answer` */
	struct dns_rr answer[LIMIT_DNS_ANSWERS];
};

/* Bits 0..3 of the flags word: NOERROR 0, SERVFAIL 2, NXDOMAIN 3, REFUSED 5 ... */
static inline uint16_t dns_rcode(const struct dns_msg *m)
{
	return m->flags & 0x000f;
}

/* Reads one message, the payload of a datagram. APP_OK: header and first question (if it has one)
 * were read; a message cut after that by the capture length has out->cut and the records before it.
 * APP_MORE: cut inside header or question. APP_NOT: the counts cannot fit in any message.
 * APP_BAD: a name or record is malformed. Whether `cut` is the capture's doing or a lie of the
 * message is the caller's to know. Cost: one walk over the message. */
MUST_CHECK enum app_got dns_read(struct bytes msg, struct dns_msg *out);

/* The same over TCP: a two-byte length, then the message (RFC 1035 4.2.2). `stream` is what one
 * direction sent from a message's start on. APP_OK sets *used to the bytes taken, so that the next
 * message starts there; APP_MORE: the message goes on (out->has_question if that much is there);
 * APP_NOT: the length cannot hold a header. *used is 0 unless APP_OK. */
MUST_CHECK enum app_got dns_read_tcp(struct bytes stream, struct dns_msg *out, size_t *used);

/* May the name (lower case, as in qname) be expected to have only public addresses? False for one
 * label, for suffixes of private or special use, and for services whose names carry private
 * addresses on purpose. example.* counts as public: our lab uses it. */
bool dns_name_is_public(const char *lower);

/* True for an A (4 bytes at addr) or AAAA (16 bytes) that no public name can honestly have:
 * private, shared, loopback, link-local, reserved, multicast. The documentation ranges (RFC 5737,
 * RFC 3849) are not among them, our lab's servers live there; nor is 198.18.0.0/15, which local
 * proxy programs answer with. False for every other type. */
bool dns_addr_bogon(uint16_t type, const uint8_t *addr);

/* True for an AAAA (16 bytes) in 2001::/32 whose Teredo server field is 0.0.0.0: no Teredo host can
 * have it (RFC 4380 4), known forgers make it (Sheffey et al., FOCI 2025). */
bool dns_addr_teredo0(const uint8_t *addr);

#endif
