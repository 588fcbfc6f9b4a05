/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_PAIR_PAIR_H
#define WP_PAIR_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/macros.h"
#include "decode/decode.h"

/* Two captures of the same traffic, one at each end, laid side by side (METHODS c.5): what was
 * received and never sent, what was sent and never received, what was changed on the way. Only
 * packets' numbers and a digest of their payload are kept. */

enum { PAIR_NONE = UINT32_MAX };         /* no record, no flow */
enum pair_file { PAIR_ORIG, PAIR_RESP }; /* whose end the capture was taken at */

enum pair_mark {
	PAIR_CUT = 1 << 0,    /* payload not wholly captured: the digest says nothing */
	PAIR_HAS_ID = 1 << 1, /* IPv4 */
	PAIR_WHOLE =
		1
		<< 2, /* explained by a chain of the other end's segments, or the other way round */
	PAIR_TWIN = 1 << 3,    /* a copy of this very packet found a mate, this one did not */
	PAIR_CHANGED = 1 << 4, /* its mate has other bytes */
};

/* One packet. */
struct pair_rec {
	int64_t ts_ns;
	uint64_t digest; /* pair_hash_bytes of the payload */
	uint64_t key;    /* scratch of the matching: equal for packets that may be the same */
	uint32_t frame, flow_i;
	uint32_t next; /* in file order, same flow and direction; PAIR_NONE ends */
	uint32_t mate; /* record of the other capture, or PAIR_NONE */
	uint32_t seq, ack, len;
	uint16_t ip_id, flags;
	uint8_t dir, ttl, marks;
};
_Static_assert(sizeof(struct pair_rec) <= 64, "the budget in limits.h counts 64 bytes a packet");

struct pair_flow {
	struct ip_addr addr[2]; /* orig, resp */
	uint16_t port[2];
	uint8_t proto;
	bool has_isn;
	uint32_t isn;                    /* of orig */
	uint32_t head[2], tail[2], n[2]; /* records by direction: 0 from orig */
	uint32_t seq_last[2];
	int64_t first_ns, last_ns;
	uint32_t older; /* flow with the same ends before this one, or PAIR_NONE */
	uint32_t mate;  /* flow of the other capture, or PAIR_NONE */
	uint32_t
		/* what findings are told by: the flow for TCP, the two hosts and resp's port for
		 * UDP */
		talk;
	uint32_t delta[2]; /* resp capture's sequence numbers minus orig capture's; set in both
			      mates */
	bool compared;     /* the other capture should have seen this flow */
	bool rewritten;    /* known only by addresses that were translated */
	bool ids_kept[2];  /* IP IDs arrive as they were sent */
	bool has_hops[2];
	int16_t hops[2];  /* sent TTL minus received TTL of an undoubted packet */
	uint8_t whole[2]; /* 0 not asked yet, 1 the loss check passed, 2 it failed */
	/* Orig's SYNs without a mate: the other capture is known to cover their address at the times
	 * seen_from to seen_to of its clock, though it holds no packet between the two hosts; and it
	 * missed nothing that came to that address, while other packets of orig's host reached it. */
	bool absent, absent_whole;
	int64_t seen_from, seen_to;
};

struct pair_side {
	struct pair_rec *rec;
	struct pair_flow *flow;
	uint32_t n_rec, rec_room, n_flows, flow_room;
	uint32_t *slot; /* flow index by ends, open addressing */
	uint32_t n_slots;
	int64_t first_ns, last_ns;
	uint64_t other;    /* packets that are neither TCP nor UDP: not compared */
	uint64_t left_out; /* beyond the limits: not compared */
};

struct pair_clock {
	/* resp capture's clock minus orig capture's, at ref_ns of the orig capture */
	int64_t offset_ns;
	int64_t ref_ns;
	int64_t rtt_ns; /* least round trip between the two captures; valid with both_ways */
	double drift_ppm;
	uint32_t n_pairs;
	bool valid, both_ways;
};

enum pair_kind { PAIR_INJECTED, PAIR_DROPPED, PAIR_ALTERED, PAIR_KINDS };
enum pair_grade { PAIR_ANOMALY, PAIR_LIKELY, PAIR_PROOF };

/* One packet of a finding. */
struct pair_item {
	uint32_t talk, rec;
	uint8_t kind, file; /* file: where the frame stands, enum pair_file */
	bool uncovered;     /* beyond the last packet of the other capture */
	bool complete;      /* the other capture is shown to have missed nothing around it */
};

struct pair {
	struct pair_side side[2]; /* enum pair_file */
	uint64_t base; /* of the payload digests; random, so that nobody can choose equal ones */
	struct pair_clock clock;
	uint32_t n_talks;
	/* resp's capture was taken at these too, the user says */
	struct ip_addr host[LIMIT_PAIR_HOSTS];
	uint32_t n_hosts;
	struct pair_item *item; /* sorted by talk, kind, file, frame */
	uint32_t n_items, item_room;
	uint32_t flows_paired;
	uint64_t matched, lost[2], twins[2], outside[2];
};

/* --- pair_hash.c: digests of byte runs that can be put together (polynomial modulo 2^61 - 1) ---
 */
uint64_t pair_hash_bytes(uint64_t base, struct bytes b);
/* The digest of a run of a_len bytes with digest a, followed by a run with digest b. */
uint64_t pair_hash_join(uint64_t base, uint64_t a, uint64_t a_len, uint64_t b);

/* --- pair_capture.c --- */
/* NULL when out of memory. */
struct pair *pair_new(void);
void pair_free(struct pair *p); /* accepts NULL */
/* Takes one decoded packet of that end's capture, in file order. False only when out of memory;
 * packets beyond LIMIT_PAIR_PACKETS or LIMIT_PAIR_FLOWS are counted in left_out. */
MUST_CHECK bool pair_capture_add(struct pair *p, enum pair_file file, const struct pkt *k);

/* --- pair_flows.c --- */
/* Finds each flow's mate: by its ends; by its ports when addresses were translated; by initial
 * sequence number and payload when ports were too. Marks flows whose hosts are known from a mated
 * flow as compared. False when out of memory. */
MUST_CHECK bool pair_flows_mate(struct pair *p);
/* How the resp capture's sequence numbers differ in flow f of the orig capture and its mate (a
 * firewall may rewrite them). */
void pair_flows_delta(struct pair *p, uint32_t flow_i);

/* --- pair_absent.c --- */
/* After pair_flows_mate(): marks orig's SYNs to addresses that the other capture covers without holding anything of them. False when out of
 * memory. */
MUST_CHECK bool pair_absent(struct pair *p);

/* --- pair_clock.c --- */
/* One packet seen at both ends: times in the two captures. */
struct pair_tie {
	int64_t orig_ns, resp_ns;
	uint8_t dir;
};
/* Offset from the least difference both ways (Cristian 1989), drift from the first and the last
 * third of what is longer than a minute. Sorts tie[]. */
void pair_clock_fit(struct pair_clock *c, struct pair_tie *tie, uint32_t n);
/* A time of one capture in the clock of the other. */
int64_t pair_clock_to_resp(const struct pair_clock *c, int64_t orig_ns);
int64_t pair_clock_to_orig(const struct pair_clock *c, int64_t resp_ns);
/* How long after sending the packet was received, clocks aligned; may be a little negative. */
int64_t pair_clock_flight(const struct pair_clock *c, uint8_t dir, int64_t sent_ns,
			  int64_t received_ns);

/* --- pair_match.c --- */
/* Fits the clock and finds each packet's mate. False when out of memory. */
MUST_CHECK bool pair_match(struct pair *p);

/* --- pair_chain.c --- */
/* Among TCP data without a mate: marks PAIR_WHOLE what the other end has as several segments, or as
 * a part of larger ones: offload and proxies cut anew. `sent` and `got` are the records of one
 * direction with payload, in any order; both are sorted. `delta` is got's sequence numbers minus
 * sent's. */
void pair_chain(struct pair *p, uint8_t dir, uint32_t delta, uint32_t *sent, uint32_t n_sent,
		uint32_t *got, uint32_t n_got);

/* --- pair_judge.c --- */
/* Fills item[] and the counters. False when out of memory. */
MUST_CHECK bool pair_judge(struct pair *p);
/* The grade of items [from, to) of one talk and kind. */
enum pair_grade pair_judge_grade(const struct pair *p, uint32_t from, uint32_t to);

/* --- pair_whole.c: the loss check --- */
/* Does the sender's capture show that it holds every packet of direction dir of its flow? TCP: no
 * hole in what was sent, no acknowledgement for more (but for bytes of a packet under suspicion
 * itself), no IP ID left out where they count up. UDP: only where IP IDs count up by one. */
bool pair_whole_sent(const struct pair *p, uint32_t flow_i, uint8_t dir);
/* Does the receiver's capture show that it missed nothing of direction dir: did its end acknowledge
 * only bytes that stand in it? Never for UDP. flow_i is the receiver's. */
bool pair_whole_received(const struct pair *p, uint32_t flow_i, uint8_t dir);

/* A packet that its sender's capture does not hold in any form. */
static inline bool pair_is_strange(const struct pair_rec *r)
{
	return r->mate == PAIR_NONE && !(r->marks & (PAIR_WHOLE | PAIR_TWIN));
}

/* All of it, after the last pair_capture_add. False when out of memory. */
MUST_CHECK bool pair_compare(struct pair *p);

/* The capture at the end that sends in this direction. */
static inline enum pair_file pair_sender(uint8_t dir)
{
	return dir == 0 ? PAIR_ORIG : PAIR_RESP;
}

/* Sequence numbers a packet takes, RFC 9293 3.4. */
static inline uint32_t pair_span(const struct pair_rec *r)
{
	return r->len + !!(r->flags & TCP_SYN) + !!(r->flags & TCP_FIN);
}

#endif
