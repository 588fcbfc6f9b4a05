/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_FRAME_H
#define WP_BASE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* What a source hands to decode/: one captured frame. `no` counts from 1 in its file, as Wireshark
 * does. */
struct frame {
	const uint8_t *at;
	uint32_t cap_len;  /* bytes at `at` */
	uint32_t wire_len; /* bytes the frame had on the wire; >= cap_len */
	int64_t ts_ns;     /* since 1970-01-01 UTC; what the capture says, may go backwards */
	uint64_t no;
	bool joined; /* the source knows that it is several segments, joined or not yet cut apart */
};

enum { BATCH_MAX = 64 };

/* 1..BATCH_MAX frames of one link type (LINKTYPE_* of tcpdump.org, not DLT_*). */
struct batch {
	uint32_t n;
	uint16_t linktype;
	struct frame frame[BATCH_MAX];
};

#endif
