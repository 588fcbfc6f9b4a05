/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lab's middlebox. It shares no code with engine/: a tool that wrote the test and the program
 * under test would agree with itself. mbox.c: wires and rules at work; mbox_queue.c: what waits for its time;
 * mbox_conf.c: the order sheet; mbox_craft.c: packets read and packets forged; mbox_name.c, mbox_quic.c: names in them.
 */
#ifndef LAB_MBOX_H
#define LAB_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_MAX = 2048,
	ACTS_MAX = 16,
	FLOWS_MAX = 64,
	LOSE_MAX = 16,
	PAYLOAD_MAX = 1400,
	NAME_MAX_LEN = 255,
	ETH_LEN = 14,
};

enum { F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16 };

/* c2s: away from the client. The value is also the index of the leg a packet leaves by. */
enum dir { C2S, S2C };

enum trig_kind { TRIG_NONE, TRIG_SNI, TRIG_HOST, TRIG_QNAME, TRIG_SYN, TRIG_QUIC, TRIG_BYTES };
enum act_on { ON_TRIGGER, ON_FIN };
enum ipid_mode { ID_FIXED, ID_ECHO };

/* One forged packet, or a burst of equal ones. Every number comes from the order sheet. */
struct act {
	enum act_on on;
	enum dir dir; /* S2C: forged as the server, goes to the client */
	bool is_dns;
	int64_t delay_us; /* after the box saw the trigger */
	int count;
	int64_t gap_us;  /* between packets of a burst */
	bool ttl_mirror; /* as the trigger's TTL arrived at the box */
	int ttl;
	enum ipid_mode ipid_mode;
	int ipid; /* the value, or what to add to the trigger's */
	bool df;
	int tos;
	/* TCP */
	unsigned flags; /* 12 bits: four reserved, then CWR..FIN */
	bool win_echo;
	int win;
	int64_t seq_add, ack_add;
	bool seq_is_abs, ack_is_abs;
	int opt_mss; /* 0: no such option */
	bool opt_ts;
	uint8_t payload[PAYLOAD_MAX];
	size_t payload_len;
	/* DNS */
	int dns_flags;
	uint32_t rr_ttl;
	bool name_full;
	uint8_t rdata[16];
	size_t rdata_len;
};

struct conf {
	int64_t leg_us[2];   /* one way; index 0 box-client, 1 box-server */
	int hops[2];         /* virtual routers on each leg, besides the real ones */
	int64_t v6_extra_us; /* added to each leg for IPv6 */
	uint32_t loss_ppm;
	uint32_t lose_nth[2][LOSE_MAX];
	int n_lose[2];
	uint64_t seed;
	enum trig_kind trig;
	char name[NAME_MAX_LEN + 1];
	bool drop_trigger, drop_c2s, drop_s2c;
	int64_t residual_s;
	int64_t police_bps,
		police_burst; /* token bucket towards the client, bits a second and bytes; 0: none */
	struct act acts[ACTS_MAX];
	int n_acts;
};

/* What the box reads of a packet. Offsets count from the start of the Ethernet frame. */
struct seen {
	bool v6, is_tcp, is_udp;
	size_t ip_off, l4_off, data_off, end;
	uint8_t ttl;
	uint16_t ipid, sport, dport, win;
	uint8_t addr_len;
	uint8_t src[16], dst[16];
	uint32_t seq, ack;
	unsigned flags;
	uint32_t tsval, tsecr;
};

/* Reads the order sheet. False, with a line on standard error, if a line makes no sense. */
bool conf_read(struct conf *c, const char *path);

/* True if the frame is whole IPv4 or IPv6 with TCP or UDP on top; fills *s. */
bool craft_see(const uint8_t *f, size_t len, struct seen *s);

/* True if the packet carries the name (compared without case) in the place the kind asks for. */
bool craft_trigger(const uint8_t *f, const struct seen *s, enum trig_kind kind, const char *name);

/* Forges one frame for `a` in answer to the trigger frame; `out` holds FRAME_MAX. Returns its length,
 * or 0 if it cannot be built. The TTL is the injector's initial one. */
size_t craft_forge(const struct act *a, const uint8_t *f, const struct seen *s, uint8_t *out);

/* Lowers TTL or hop limit by n and mends the IPv4 checksum. False if the packet dies on the way. */
bool craft_hops(uint8_t *f, size_t len, int n);

/* Length of the question section's one name and type and class, 0 if it is not all there. */
size_t name_question(const uint8_t *p, size_t len, char *name, size_t max);

/* Opens a client's QUIC Initial (version 1, 2 or draft 29) with the keys that every observer can derive. Returns the
 * length of the plain frames in `out`, or 0. */
size_t quic_open(const uint8_t *p, size_t len, uint8_t *out, size_t max);

enum stage { OBSERVE, EMIT };

struct job {
	int64_t due_ns;
	uint64_t order; /* ties leave in the order they came */
	enum stage stage;
	enum dir dir;
	size_t len;
	uint8_t *frame;
};

enum { QUEUE_MAX = 8192 };

struct queue {
	struct job heap[QUEUE_MAX];
	size_t n;
	uint64_t order;
};

/* Queues a copy of the frame. The queue full means the lab is asked for more than it can do: the program ends. */
void queue_put(struct queue *q, enum stage st, enum dir d, int64_t due, const uint8_t *f, size_t n);

/* The job that is due first; its frame is the caller's. The queue must not be empty. */
struct job queue_get(struct queue *q);

#endif
