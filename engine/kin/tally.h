/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_KIN_TALLY_H
#define WP_KIN_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/macros.h"

/* How many flows succeeded, by network they came from and by time: what outages are read from (METHODS j). Bins of 5 minutes of packet
 * time; a key is everything, a country, one network's part of a country, or a prefix. No address of a client is kept: distinct
 * clients are counted in a sketch that nothing can be read out of, and a key is not told before TALLY_FLOOR clients
 * were seen under it within a week. */

enum {
	TALLY_BIN_S = 300,
	TALLY_FLOOR = 10,
	TALLY_COUNT_MAX = 500000000, /* a bin counts no further: 1.6 million flows a second */
	/* A half-open flow is over 70 s after its last SYN (flow/flow_table.c), and Linux sends that 63 s after the first. */
	TALLY_LAG_S = 150,
};

enum tally_scope { TALLY_ALL, TALLY_COUNTRY, TALLY_NETWORK, TALLY_PREFIX, TALLY_SCOPES };

/* What a flow was for, by protocol and the server's port. */
enum tally_kind {
	TALLY_TCP_443,
	TALLY_TCP_80,
	TALLY_TCP_22,
	TALLY_TCP_OTHER,
	TALLY_UDP_443,
	TALLY_UDP_53,
	TALLY_UDP_OTHER,
	TALLY_KINDS
};
const char *tally_kind_name(enum tally_kind k); /* "tcp/443", ..., "udp" for the rest */

/* Without padding: two keys are the same when their bytes are. What a scope does not have is 0. */
struct tally_key {
	uint8_t scope; /* enum tally_scope */
	uint8_t bits;  /* PREFIX: 24 (IPv4) or 48 */
	char country[2];
	uint32_t network;
	uint8_t prefix[16]; /* IPv4 as ::ffff:a.b.c.0 */
};

struct tally_counts {
	uint32_t clients;  /* distinct, estimated: within a fifth in 19 of 20 bins (test_tally) */
	uint32_t syn_only; /* handshakes that the client began and never completed */
	uint32_t rtt_us;   /* median round trip to the clients; 0 unknown */
	uint32_t kind[TALLY_KINDS]; /* flows that succeeded */
};
/* Flows that succeeded and whose client has shown that it receives: all but DNS over UDP, where anybody can write any
 * sender. */
uint32_t tally_ok(const struct tally_counts *c);

struct tally_row {
	uint32_t no; /* of the key, below LIMIT_TALLY_KEYS */
	struct tally_counts c;
};

/* Who is told of the series: a file, the detectors. Calls come in this order for every bin: gone, key, bin. */
struct tally_hears {
	void *arg;
	/* From the next bin on, this key stands under this number; a bin without a row of it means zero. */
	void (*key)(void *arg, uint32_t no, const struct tally_key *key);
	/* From the next bin on it is not counted, so that no row says nothing. */
	void (*gone)(void *arg, uint32_t no);
	/* A bin that was watched from its beginning to its end; each number has one row at most. Bins ascend; one that is missing was not
	 * watched. */
	void (*bin)(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n);
};

struct tally_stats {
	uint64_t bins, partial;   /* told; not watched from beginning to end */
	uint64_t late;            /* flows that belong to a bin that was told already */
	uint64_t keys;            /* that were told of */
	uint64_t keys_dropped;    /* told keys that went to make room: LIMIT_TALLY_KEYS */
	uint64_t waiting_dropped; /* keys below the floor that went: LIMIT_TALLY_WAITING */
};

struct tally_flow {
	const uint8_t *client; /* 16 bytes, IPv4 as ::ffff:a.b.c.d; a loan for the call */
	int64_t ts_ns;
	enum tally_kind kind;
	bool ok;          /* else: its handshake was never completed */
	int64_t rtt_ns;   /* 0 unknown */
	char country[3];  /* empty: not known */
	uint32_t network; /* 0: not known */
};

struct tally;
/* *to is copied. NULL when out of memory. */
struct tally *tally_begin(const struct tally_hears *to);
/* A packet of any kind was seen at this time: the watermark. Cheap when no bin is due. */
void tally_time(struct tally *s, int64_t ts_ns);
/* Once for each flow, when it has succeeded or is over. About 1 us. */
void tally_count(struct tally *s, const struct tally_flow *f);
void tally_stats(const struct tally *s, struct tally_stats *out);
/* The bins still open are told as far as they were watched. */
void tally_finish(struct tally *s);
void tally_free(struct tally *s); /* accepts NULL */

#endif
