/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_DEFRAG_H
#define WP_FLOW_DEFRAG_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "decode/decode.h"

/* Puts IPv4 and IPv6 fragments together again, in any order, within bounds: LIMIT_DEFRAG_DATAGRAMS
 * at once, LIMIT_DEFRAG_BYTES and LIMIT_DEFRAG_PIECES each, LIMIT_DEFRAG_SECONDS of packet time,
 * and the caller's number of bytes. Where fragments overlap the first to come wins, and a
 * difference is counted: stacks disagree on it, and evasion lives there. */
struct defrag;

enum defrag_got {
	DEFRAG_HELD, /* kept; more is missing. p's frame may go. */
	/* p is now the whole datagram, or a fragment that came in it through a tunnel: then
	 * p->frag, add it again */
	DEFRAG_DONE,
	DEFRAG_DROPPED, /* not used, and counted; p is untouched */
};

/* All since defrag_new, except `pending`. Of the datagrams begun, completed + timed_out + evicted +
 * refused + pending is the number. */
struct defrag_stats {
	uint64_t fragments; /* handed in */
	uint64_t completed; /* datagrams put together */
	uint64_t timed_out; /* datagrams given up after LIMIT_DEFRAG_SECONDS */
	uint64_t evicted;   /* datagrams given up for newer ones */
	/* datagrams given up because they were in more pieces than LIMIT_DEFRAG_PIECES */
	uint64_t refused;
	uint64_t pending;     /* datagrams not complete now; read at the end: never completed */
	uint64_t truncated;   /* fragments dropped: the capture holds only part of them */
	uint64_t malformed;   /* fragments dropped: lengths that cannot be */
	uint64_t no_memory;   /* fragments dropped: beyond bytes_max or the machine's memory */
	uint64_t overlaps;    /* fragments that repeat bytes already there */
	uint64_t conflicts;   /* of these, with other bytes */
	uint64_t bad_headers; /* datagrams completed whose transport header is not valid */
};

/* bytes_max bounds everything it holds, its own tables (about 8 KiB) excepted. NULL when out of
 * memory. */
struct defrag *defrag_new(size_t bytes_max);
void defrag_free(struct defrag *d); /* accepts NULL */

/* Takes the fragment p (p->frag must be set). On DEFRAG_DONE p has the IP facts of the fragment
 * that holds the start, time and frame number of this last one, QUIRK(FRAGMENT), and what
 * decode_datagram makes of it; its views point into memory of d that stays valid until the next
 * defrag_add or defrag_free. Worker thread only; allocates, but only for fragments. */
MUST_CHECK enum defrag_got defrag_add(struct defrag *d, struct pkt *p);

void defrag_stats(const struct defrag *d, struct defrag_stats *out);

#endif
