/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_HOSTS_H
#define WP_ACROSS_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

/* Two small bounded memories over the whole series, both keyed by addresses of 16 bytes. When a set
 * is full the oldest entry goes.
 *
 * Who was heard: for each host the last packet it received from each of its two latest peers; tells
 * a dead path from a dead connection. What was struck: for two hosts and a port, when a connection
 * that had been answered was last reset or dropped after its trigger, or QUIC was blocked; tells
 * residual censorship from a service that is down. */
struct hosts;

struct hosts *hosts_new(void); /* NULL when out of memory */
void hosts_free(struct hosts *h);
/* Forgets all, for the next series; costs nothing. */
void hosts_clear(struct hosts *h);
/* Hosts and struck services that went to make room, since then. */
uint64_t hosts_evicted(const struct hosts *h);

/* A packet from `peer` reached `host`. Called for every TCP and UDP packet: one hash, no
 * allocation. */
void hosts_heard(struct hosts *h, const uint8_t host[16], const uint8_t peer[16], int64_t ts_ns,
		 uint64_t frame);
/* The same for a caller who remembers where the host was: *place is tried first, and says where it is now. Any value
 * will do at first. */
void hosts_heard_at(struct hosts *h, uint16_t *place, const uint8_t host[16],
		    const uint8_t peer[16], int64_t ts_ns, uint64_t frame);
/* The frame of a packet that reached `host` after `since_ns` from anybody but `not_peer`; 0 when
 * none is known. */
uint64_t hosts_alive(const struct hosts *h, const uint8_t host[16], const uint8_t not_peer[16],
		     int64_t since_ns);

/* What was done to a connection; each is remembered by itself. */
enum hosts_how { HOSTS_RESET, HOSTS_DROPPED, HOSTS_QUIC };
struct hosts_struck {
	int64_t ts_ns;
	uint64_t frame;
	uint16_t orig_port; /* told again and not part of the key */
	uint64_t name;      /* controls_name() of what came before it; 0: none */
};
/* `port` is resp's. */
void hosts_struck(struct hosts *h, const uint8_t orig[16], const uint8_t resp[16], uint16_t port,
		  enum hosts_how how, const struct hosts_struck *what);
/* The last such at or before `ts_ns`: true with *out. */
bool hosts_struck_before(const struct hosts *h, const uint8_t orig[16], const uint8_t resp[16],
			 uint16_t port, enum hosts_how how, int64_t ts_ns,
			 struct hosts_struck *out);

#endif
