/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DET_QUIC_H
#define WP_DETECT_DET_QUIC_H

#include "across/controls.h"
#include "across/hosts.h"
#include "detect/detect.h"

/* QUIC flows that get no further. One of these per worker, filled by the caller; the state of a
 * flow hangs on the flow. */
struct det_quic {
	struct flow_table *table;
	struct quic_crypt *crypt;  /* opens Initials; the owner's */
	struct controls *controls; /* told of every QUIC attempt, and asked */
	const struct hosts *hosts; /* who was heard */
	void *arg;
	/* A flow has ended with something to say. The cases are freed after the call. */
	void (*on_judged)(void *arg, const struct flow *f, const struct trigger *trigger,
			  struct case_list *cases);
	uint64_t lost;
};

/* Takes one UDP datagram that is already in the flow. */
void det_quic_packet(struct det_quic *dq, struct flow *f, enum dir d, const struct pkt *p);
/* Takes an ICMP "unreachable" that quotes a packet of the flow. */
void det_quic_unreachable(struct det_quic *dq, struct flow *f, const struct pkt *p);
/* The flow ends at packet time `now_ns`: judges it and frees its QUIC state. */
void det_quic_end(struct det_quic *dq, struct flow *f, int64_t now_ns);
/* The facts about a flow that stopped, without telling anybody; none for a flow that went on. For
 * tests and for the above. */
void det_quic_judge(struct det_quic *dq, const struct flow *f, int64_t now_ns,
		    struct case_list *out);

#endif
