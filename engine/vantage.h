/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_VANTAGE_H
#define WP_VANTAGE_H

#include "base/words.h"
#include "decode/decode.h"

/* Where the capture of one input was taken, judged from its packets so far. Plain values: zero it
 * at the start of an input. */
struct vantage {
	uint32_t n_checked, n_bad_checksum, n_super, n_pcapdroid, n_hop0, n_tcp;
	/* of the first TCP packet; of every one until `varied` */
	uint8_t ttl;
	uint16_t win;
	bool varied, syn, syn_ack;
};

void vantage_packet(struct vantage *v, const struct pkt *p, const struct decode_note *note,
		    bool raw_link);
/* The packet's frame is known to be several segments: a host's own stack was watched. */
void vantage_joined(struct vantage *v, const struct pkt *p);
enum capture_point vantage_judge(const struct vantage *v);

#endif
