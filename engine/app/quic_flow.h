/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_QUIC_FLOW_H
#define WP_APP_QUIC_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/app_quic.h"
#include "flow/flow.h"

/* What is remembered of one side's datagrams of a QUIC flow. */
struct quic_side {
	uint32_t n, n_initial, n_handshake, n_short, n_foreign; /* by the datagram's first packet */
	int64_t first_ns, last_ns;
	uint64_t first_frame, last_frame;
	/* Since the other side's last datagram: how many, of which with a long header (the
	 * handshake goes on), and the first of them. */
	uint32_t n_unheard, n_unheard_long;
	int64_t unheard_ns;
	uint64_t unheard_frame;
	/* Long headers that came 1 s or more after the other side's first answer to this side: a
	 * handshake that does not get on. */
	uint32_t n_late_long;
	int64_t late_first_ns, late_last_ns;
	uint8_t ttl; /* of its latest datagram */
};

enum { QUIC_FRAMES_KEPT = 8 };

/* A UDP flow whose orig opens QUIC, as much as judging it takes; about 400 bytes, and 17 KB while a
 * hello spread over datagrams is being put together. */
struct quic_flow {
	struct quic_side side[2];
	uint32_t version;   /* of orig's first long header */
	uint32_t n_before;  /* datagrams of the flow before the first Initial */
	uint32_t n_opening; /* Initials of orig before anything came back */
	/* times they were sent: those within 150 ms of another are one hello */
	uint32_t n_rounds;
	int64_t round_ns;     /* when the latest round began */
	uint32_t n_same_dcid; /* of these, after the first: with the first one's connection id */
	uint32_t first_len;   /* bytes of the first Initial's datagram */
	uint64_t frame[QUIC_FRAMES_KEPT]; /* the first of the opening Initials */
	uint32_t n_hello;                 /* datagrams that the hello came in, so far */
	bool retry, negotiation, hello_done, hello_whole, has_name, name_in_first;
	uint8_t dcid_len, dcid[20]; /* of the first Initial */
	/* an ICMP error about this flow came from resp's own address: closed port */
	bool refused;
	uint64_t refused_frame;
	struct quic_hello *hello; /* while the hello is not whole */
};

/* What a datagram brought. */
enum quic_news {
	QUIC_NEWS_TRIED = 1 << 0,    /* the first Initial of orig */
	QUIC_NEWS_NAME = 1 << 1,     /* the hello's name is known: the flow's last trigger */
	QUIC_NEWS_ANSWERED = 1 << 2, /* the first datagram of resp */
};

/* Looks at one UDP datagram that is already in the flow. The flow becomes QUIC with an Initial of
 * orig among its first packets (or a long header of another version to port 443); all others cost
 * one compare. Notes the name as trigger and sets flow.app. Returns enum quic_news bits. */
uint32_t quic_flow_packet(struct flow_table *t, struct quic_crypt *crypt, struct flow *f,
			  enum dir d, const struct pkt *p);
/* The state of a flow; NULL when it is no QUIC flow. */
const struct quic_flow *quic_flow_get(const struct flow *f);
/* An ICMP "unreachable" about the flow: a closed port when resp itself sends it. */
void quic_flow_refused(struct flow *f, uint64_t frame_no);
/* Gives everything back; at the flow's end. */
void quic_flow_free(struct flow_table *t, struct flow *f);

#endif
