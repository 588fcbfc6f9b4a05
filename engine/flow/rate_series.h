/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_RATE_SERIES_H
#define WP_FLOW_RATE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "flow/flow.h"

/* When one side of a connection sent what, what of it was sent again, and when it was acknowledged:
 * the series that METHODS h.1 and h.3 judge. One direction only, the first that sends
 * RATE_START_BYTES. */

enum { RATE_START_BYTES = 32768 };
/* No such time, no such packet. */
#define RATE_NONE UINT32_MAX

enum rate_flag {
	RATE_REPEAT = 1 << 0,    /* all its bytes were seen before */
	RATE_AGAIN = 1 << 1,     /* its bytes were sent again later */
	RATE_SPURIOUS = 1 << 2,  /* ... for nothing: the receiver says it had them (RFC 2883) */
	RATE_AFTER_GAP = 1 << 3, /* the bytes right before it were not seen when it came */
	RATE_FILL = 1 << 4,      /* its bytes lie in such a gap */
	RATE_START =
		1 << 5, /* first of an exchange: the other side spoke while nothing was under way */
};

struct rate_pkt {
	uint32_t at_us; /* since rate_series.start_ns */
	uint32_t seq;   /* first byte, since rate_series.seq0 */
	uint32_t hi;    /* highest byte seen up to and with this packet, exclusive; never falls */
	uint32_t
		/* until its bytes were acknowledged; of one sent again: until they were at last */
		ack_us;
	uint32_t echo_us; /* since the other side sent the timestamp that it echoes (RFC 7323) */
	/* A first transmission: the latest repeat of it. A repeat: the packet that it repeats. A
	 * fill: the packet after the gap. */
	uint32_t link;
	uint32_t frame; /* since rate_series.frame0 */
	uint16_t len;
	uint8_t flags; /* enum rate_flag */
};

enum { RATE_ECHOES = 32 };
struct rate_series {
	enum dir dir;    /* of the data */
	bool whole;      /* begins with that side's first data */
	bool peer_spoke; /* since that side's last data, everything being acknowledged */
	uint32_t n, cap;
	uint64_t left_out; /* data packets after the bound, or for which there was no memory */
	uint32_t n_again, n_fill, n_copies;
	int64_t start_ns;
	uint64_t frame0;
	uint32_t seq0;
	uint32_t acked;  /* highest ACK, since seq0 */
	uint32_t una_i;  /* everything before this packet is acknowledged */
	uint32_t now_us; /* of the latest packet of either side */
	uint16_t mss;    /* largest segment of at most RATE_SEGMENT_MAX bytes so far; 0 none */
	struct {
		uint32_t ts_val, at_us;
		bool set;
	} echo[RATE_ECHOES]; /* when the other side first sent a timestamp, by its low bits */
	struct rate_pkt *at;
};

/* Puts a TCP packet into the flow's series, which starts here when its side has sent enough; also
 * when memory is out, then the series ends and counts. Sets SUS_RATE when there is something to
 * judge. `repeat`: all the packet's bytes were sent before. Call after side and log are updated.
 * Amortised constant cost: a few compares below RATE_START_BYTES; then one record a data packet and
 * a binary search a repeat or SACK. */
void rate_series_packet(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
			bool repeat);
/* Accepts NULL. */
void rate_series_free(struct flow_table *t, struct rate_series *s);

#endif
