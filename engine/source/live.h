/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_LIVE_H
#define WP_SOURCE_LIVE_H

#include <signal.h>

#include "source/source.h"

/* A network interface as a source. Where the kernel lets us, an eBPF program (bpf/) chooses there what is worth copying. Listens
 * only: nothing is sent, no packet is held back, and everything goes away with the process. */

/* How to listen, in the order in which one falls to the next where the kernel or our rights do not allow it. */
enum live_tap {
	LIVE_TAP_AUTO, /* begins with the socket */
	LIVE_TAP_XDP, /* what comes in, before the kernel makes packets of it; tc for what leaves */
	LIVE_TAP_TC,  /* both ways, through a ring */
	LIVE_TAP_SOCKET, /* a filter on a capture socket: any driver, sees copies only */
	LIVE_TAP_PCAP,   /* no program in the kernel: every packet comes to user space */
	LIVE_TAPS
};
/* "auto", "xdp", ...; the tap of that name, or LIVE_TAPS. */
const char *live_tap_name(enum live_tap t);
enum live_tap live_tap_find(const char *name);
/* Was this program built with the filter? */
bool live_has_bpf(void);

struct live_options {
	const char *device; /* a loan until source_close */
	enum live_tap tap;
	bool promisc;
	bool mirror;         /* a mirror port: only what comes in is looked at (tc, xdp) */
	bool follow_all;     /* the filter passes everything that wallprint can read */
	uint32_t snaplen;    /* bytes of a frame; 0: all (LIMIT_FRAME_BYTES) */
	uint32_t ring_bytes; /* between kernel and program; 0: LIMIT_LIVE_RING_BYTES */
	/* when it becomes non-zero, source_next answers SOURCE_END */
	const volatile sig_atomic_t *stop;
};

/* Opens the interface. False with a reason. `note` says which tap listens, and what the ones before
 * it were refused for. Everything else as source_open: source_next gives SOURCE_IDLE after
 * 100 ms without a packet, frames stay valid until the next call. An interface that goes down and
 * comes up again is waited for; one that is gone ends the source with SOURCE_ERROR. */
MUST_CHECK bool source_live_open(struct source **out, const struct live_options *opts,
				 struct err_info *note, struct err_info *err);

/* The ends of a flow whose later packets are wanted: addresses as 16 bytes (IPv4 mapped), ports in
 * host order. */
struct live_flow {
	const uint8_t *addr[2];
	uint16_t port[2];
	uint8_t proto;
};
/* Asks the filter to pass that flow's next packets (bpf/shared.h says how many and how long).
 * Nothing to do on a source without one. */
void source_live_follow(struct source *s, const struct live_flow *f);

#endif
