/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SOURCE_TAP_H
#define WP_SOURCE_TAP_H

#include "base/frame.h"
#include "source/live.h"

/* The programs in the kernel (bpf/), from user space. Internal to source/. */
struct tap;

struct tap_options {
	enum live_tap kind; /* socket, tc or xdp */
	int fd;             /* socket: the capture socket */
	int ifindex;        /* tc, xdp */
	uint32_t link_len;  /* what stands before the network header */
	bool both;          /* tc, xdp: what leaves the interface too */
	bool follow_all;
	uint32_t snaplen;    /* tc, xdp: bytes of a frame */
	uint32_t ring_bytes; /* tc, xdp: room for frames, made a power of two */
};

struct tap_tally {
	uint64_t prefiltered; /* frames of readable protocols that were not chosen */
	uint64_t ring_lost;   /* frames that were, and found no room */
	uint64_t in_ring;     /* frames that were, and found room: read or still there */
};

/* Loads the program and hangs it where frames pass. NULL with a reason. *how says in words where it hangs now. Everything goes
 * with the process, whatever ends it: a socket's filter with the socket, the others with the links
 * that this process holds open. */
struct tap *tap_new(const struct tap_options *o, const char **how, struct err_info *err);
/* tc, xdp: fills *out with what has come, else with what comes within `ms` milliseconds; but for the frames' numbers. They stay valid until the next call. */
void tap_read(struct tap *t, struct batch *out, int ms);
void tap_follow(struct tap *t, const struct live_flow *f);
struct tap_tally tap_tally(const struct tap *t);
void tap_free(struct tap *t);

#endif
