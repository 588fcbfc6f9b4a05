/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_SOURCE_H
#define WP_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"

struct source;

enum source_got {
	SOURCE_FRAMES, /* *out holds 1..BATCH_MAX frames */
	SOURCE_IDLE,   /* nothing within 100 ms (standard input, live); try again */
	SOURCE_END,    /* the input ended where it should */
	SOURCE_CUT,   /* the input ended inside a record, or is damaged from here on; err says where
		       */
	SOURCE_ERROR, /* reading failed (I/O); err says why; only source_close may follow */
};

struct source_options {
	/* cap on what a compressed input may grow to; 0 = default of limits.h */
	uint64_t expand_max_bytes;
	uint32_t expand_ratio_max; /* cap on output/input of a compressed input; 0 = default */
};

struct source_stats {
	uint64_t frames;    /* handed out so far */
	uint64_t bytes;     /* sum of their wire lengths */
	uint64_t truncated; /* frames whose cap_len < wire_len */
	/* records or blocks without a frame that were passed over (unknown block types) */
	uint64_t skipped;
	/* an interface only: frames that the kernel had no room for on a socket, those for which the ring
	 * had none, and those that the filter did not choose */
	uint64_t kernel_lost, ring_lost, prefiltered;
	uint64_t file_bytes; /* read from the file (compressed size), for progress */
	uint64_t file_size;  /* of the file, 0 when unknown (pipe) */
	uint8_t sha256[32];  /* of the input's bytes as stored; valid after SOURCE_END or SOURCE_CUT
			      */
	bool sha256_valid;
	const char *format; /* "pcap", "pcapng", "pcap.gz", ...: static string */
};

/* Opens a capture file, `path` "-" for standard input (not closed by source_close). Recognises
 * pcap, pcapng, and gzip, zstd, xz around them, by magic. False with a reason when it is none of
 * these, empty or unreadable. `opts` may be NULL. The source is the caller's to close. */
MUST_CHECK bool source_open(struct source **out, const char *path,
			    const struct source_options *opts, struct err_info *err);

/* Fills *out with 1..BATCH_MAX frames in file order; a batch ends early where the link type
 * changes. ts_ns is what the capture says and may go backwards (merged files do; flow/ clamps and
 * counts it). Frames stay valid until the next call or source_close. Blocks at most 100 ms on a
 * pipe, then SOURCE_IDLE. */
MUST_CHECK enum source_got source_next(struct source *s, struct batch *out, struct err_info *err);

void source_stats(const struct source *s, struct source_stats *out);

/* Accepts NULL and half-open sources. */
void source_close(struct source *s);

#endif
