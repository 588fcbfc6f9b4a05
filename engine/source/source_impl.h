/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_SOURCE_IMPL_H
#define WP_SOURCE_SOURCE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/frame.h"
#include "source/input.h"
#include "source/source.h"

/* What a format's reader and source.c share. Internal to source/, its tests and its fuzz targets.
 */

/* Reads a capture that lies in memory; `mem` outlives the source. chunk 0: frames point into `mem`;
 * else the bytes take the way a file's take, at most `chunk` at a time. Otherwise as source_open.
 */
MUST_CHECK bool source_open_memory(struct source **out, struct bytes mem, size_t chunk,
				   const struct source_options *opts, struct err_info *err);

enum walk_got {
	WALK_FULL, /* the batch ends here: BATCH_MAX frames, or the next has another link type */
	WALK_MORE, /* going on needs *need bytes in the window */
	/* the next record is damaged; err says how. Nothing of it was consumed: asking again
	 * says it again */
	WALK_BAD,
};

enum ng_scale {
	NG_MULTIPLY, /* ns = ticks * factor */
	NG_DIVIDE,   /* ns = ticks / factor */
	NG_BINARY,   /* ns = ticks * 10^9 >> factor */
	NG_ZERO,     /* the unit is so small that 2^64 of them are no nanosecond */
};

struct ng_iface {
	uint16_t linktype;
	uint8_t scale; /* enum ng_scale */
	uint32_t snaplen;
	uint64_t factor;
	int64_t offset_s;
};

struct ng_state {
	bool big;
	uint32_t n_ifaces, cap_ifaces;
	struct ng_iface *iface;
};

struct pcap_state {
	uint16_t linktype;
	uint32_t frac_ns; /* nanoseconds in a unit of the fraction: 1000, or 1 */
	uint32_t hdr_len; /* of a record: 16 or 24 */
	bool big;
	bool len_swap;       /* the wire length comes first */
	bool len_swap_maybe; /* it does when that makes sense of the two */
};

struct live; /* source_live.c */

struct source {
	struct live *live; /* an interface; NULL: a file, and `in` is where its bytes are */
	struct input in;
	/* Appends frames to *out from the window. */
	enum walk_got (*walk)(struct source *s, struct batch *out, size_t *need,
			      struct err_info *err);
	uint64_t no; /* frame numbers given so far */
	struct pcap_state pcap;
	struct ng_state ng;
	struct source_stats stats;
	struct source_options opts;
	bool ended;
	enum source_got end; /* what every further call answers */
	struct err_info why;
};

/* Reads the file header and sets s->walk. False with a reason to refuse the file. */
MUST_CHECK bool source_pcap_start(struct source *s, struct err_info *err);
MUST_CHECK bool source_pcapng_start(struct source *s, struct err_info *err);
void source_pcapng_free(struct source *s);
/* source_live.c: a network interface behind the same functions. */
enum source_got source_live_next(struct source *s, struct batch *out);
void source_live_stats(const struct source *s, struct source_stats *out);
void source_live_free(struct live *l);

bool source_pcap_is(struct bytes head);
bool source_pcapng_is(struct bytes head);

/* The LINKTYPE_ value for what a capture file says. Some writers put their system's DLT_ value
 * there, and the values that tcpdump.org/linktypes.html keeps free for that reason cannot mean
 * anything else. */
uint16_t source_linktype(uint16_t in_file);

/* Sets how `ifc` counts time from the if_tsresol option; any value is defined. ng_time_ns turns
 * ticks into nanoseconds since 1970, held within int64_t. */
void ng_time_set(struct ng_iface *ifc, uint8_t tsresol);
int64_t ng_time_ns(const struct ng_iface *ifc, uint64_t ticks);

/* Readers for bytes whose presence the caller has checked; `big`: big-endian. The compiler makes
 * one load of each. */
static inline uint32_t wire32(const uint8_t *at, bool big)
{
	if (big)
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static inline uint16_t wire16(const uint8_t *at, bool big)
{
	return big ? (uint16_t)(at[0] << 8 | at[1]) : (uint16_t)(at[1] << 8 | at[0]);
}

#endif
