/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SUMMARY_H
#define WP_SUMMARY_H

#include "decode/decode.h"
#include "sink/sink.h"

/* Counts n frames that could not be decoded, by link type, ethertype and reason; when the table is full its last line takes the rest.
 * `why` is static. */
void undecoded_count(struct run_summary *r, uint16_t linktype, uint16_t ethertype, const char *why,
		     uint64_t n);
/* The reason in words. */
const char *undecoded_why(enum decode_got got);
/* Adds the counts of a part of a run to those of the run, and takes them out of the part. Parts are taken in order of input: which kinds
 * of undecoded frames get a line of their own depends on it. Inputs, lists and databases are left alone. */
void summary_take(struct run_summary *run, struct run_summary *part);

#endif
