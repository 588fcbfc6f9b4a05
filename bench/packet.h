/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets for the workload generator: builds frames and writes them as pcap records to standard
 * output. */
#ifndef WP_BENCH_PACKET_H
#define WP_BENCH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { POOL = 1 << 16, MSS = 1448, FRAME = 2048 };

struct side {
	uint32_t ip, seq;
	uint16_t port, id;
	uint8_t ttl;
};

struct conn {
	struct side s[2]; /* who asks, who answers */
	uint8_t kind, phase;
	bool v6;
	uint32_t left;  /* bytes that the answer still has */
	uint32_t since; /* segments since the last ACK */
	bool again;     /* the last segment is to come a second time */
};

struct gen {
	uint64_t rng, ts_ns, packets, packets_max;
	uint32_t gap_ns, flows;
	uint8_t pool[POOL + FRAME];
	uint8_t text[FRAME]; /* a request or an answer being made */
};

uint64_t rnd(struct gen *g);
uint32_t below(struct gen *g, uint32_t n); /* 0..n-1 */

/* Big-endian writers; each returns the place behind what it wrote. */
uint8_t *put8(uint8_t *p, uint32_t v);
uint8_t *put16(uint8_t *p, uint32_t v);
uint8_t *put32(uint8_t *p, uint32_t v);
uint8_t *put(uint8_t *p, const void *at, size_t n);

/* The file header: nanoseconds, Ethernet. */
void write_header(void);
/* One TCP segment from side d; `tcp` moves its sequence number on, `tcp_as_is` leaves it. n <= MSS.
 * Ends the program when it cannot write; writes nothing once packets_max is reached. */
void tcp(struct gen *g, struct conn *c, int d, uint32_t flags, const void *data, size_t n);
void tcp_as_is(struct gen *g, struct conn *c, int d, uint32_t flags, const void *data, size_t n);
void udp(struct gen *g, struct conn *c, int d, const void *data, size_t n);

#endif
