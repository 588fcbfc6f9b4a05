/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_UNDECODED_H
#define WP_UNDECODED_H

#include "decode/decode.h"
#include "sink/sink.h"

/* Counts one frame that could not be decoded, by link type, ethertype and reason; when the table is
 * full its last line takes the rest. `why` is static. */
void undecoded_count(struct run_summary *r, uint16_t linktype, uint16_t ethertype, const char *why);
/* The reason in words. */
const char *undecoded_why(enum decode_got got);

#endif
