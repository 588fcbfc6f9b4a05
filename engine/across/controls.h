/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ACROSS_CONTROLS_H
#define WP_ACROSS_CONTROLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How other attempts went that a suspected flow can be laid beside: the same server asked for
 * another name, over another protocol, at another time, and the same host asking other servers
 * (METHODS e "differential design", g.2). A bounded table over one series of packets; when it is
 * full, what is oldest goes (counted). One line a flow, kept under its responder, under its
 * originator, and under both. */
struct controls;

/* What became of an attempt; a later note of the same flow may only raise it. */
enum control_outcome {
	/* asked: its hello (or Initial) was seen; with nothing more for 5 s it counts as silent */
	CONTROL_TRIED,
	/* answered as a working server answers: ServerHello, HTTP status, QUIC datagram */
	CONTROL_OK,
	CONTROL_FAILED, /* known to have failed: reset, silence after a start */
};

struct control_note {
	uint64_t flow_no; /* struct flow's no: one line a flow */
	/* 16 bytes each (IPv4 as ::ffff:a.b.c.d), a loan for the call */
	const uint8_t *orig, *resp;
	uint16_t resp_port;
	uint8_t proto;   /* 6 TCP, 17 UDP */
	uint8_t outcome; /* enum control_outcome */
	/* of the responder's packets as they arrived; 0: not known (yet) */
	uint8_t ttl;
	uint32_t version; /* QUIC's; 0: none */
	uint64_t name;    /* controls_name() of SNI or Host; 0: none known */
	int64_t ts_ns;    /* of the packet that shows it */
	uint64_t frame;   /* that packet's */
	int64_t rtt_ns;   /* to the responder; 0: not known */
};

enum control_by { CONTROL_BY_RESP, CONTROL_BY_ORIG };
struct control_ask {
	uint64_t flow_no;        /* the asking flow: it is no control of itself */
	uint8_t by;              /* enum control_by: which host's lines */
	const uint8_t *addr;     /* that host, 16 bytes */
	const uint8_t *orig;     /* BY_RESP: only attempts of this originator; NULL: of any */
	const uint8_t *not_resp; /* BY_ORIG: leave this responder out; NULL: none */
	uint8_t proto;           /* 6, 17; 0: any */
	uint16_t port;           /* responder's; 0: any */
	uint32_t version;        /* the suspected QUIC version; 0: not asked */
	/* the suspected name: tells same from other; 0: not known, then all lines are "other" */
	uint64_t name;
	int64_t from_ns, to_ns; /* only attempts whose first or last note lies in here */
	/* the watermark: what was tried 5 s or more before it without an answer is silent */
	int64_t now_ns;
	/* A control counts only if TTL and round trip agree with the suspect's (anonymised captures
	 * merge servers: ARCHITECTURE 5). 0: not known, agrees with anything. */
	uint8_t ttl;
	int64_t rtt_ns;
};

enum { CONTROL_FRAMES = 4 };
struct control_count {
	uint32_t ok, failed;                     /* flows; silent ones are failed */
	int64_t ok_first_ns, ok_last_ns;         /* of the answers; valid when ok > 0 */
	int64_t failed_first_ns, failed_last_ns; /* of the attempts; valid when failed > 0 */
	/* of the answers; of an attempt that failed, of its first packet or of what showed it */
	uint32_t n_ok_frames, n_failed_frames;
	uint64_t ok_frame[CONTROL_FRAMES], failed_frame[CONTROL_FRAMES];
	uint8_t ok_ttl; /* of one of them; 0: none is known */
};
struct control_answer {
	struct control_count same, other; /* the asked name, and other names or none */
	/* distinct other names that were answered; at most the lines kept of a host */
	uint32_t names_ok;
	/* distinct other ends with an answered line, and with failed lines only */
	uint32_t peers_ok, peers_failed;
	uint32_t other_version_ok; /* answered lines of another QUIC version */
	/* lines that began in the window had to make room: counts are lower bounds, and 0 says
	 * nothing */
	bool cut;
	/* lines left out because TTL or round trip do not agree with the suspect's */
	uint32_t disagree;
	/* BY_RESP: the answered lines do not agree with one another: several servers behind one
	 * address */
	bool mixed;
};

struct controls *controls_new(void);    /* NULL when out of memory */
void controls_free(struct controls *c); /* accepts NULL */
/* Forgets all, for the next series; costs nothing. */
void controls_clear(struct controls *c);
/* Writes one flow's line, or brings it up to date (outcome never falls; name, ttl, rtt are taken
 * when they were not known). About 100 ns; called a few times in a flow's life, not per packet. */
void controls_note(struct controls *c, const struct control_note *n);
/* Fills *out from the lines of one host. Pure. */
void controls_ask(const struct controls *c, const struct control_ask *a,
		  struct control_answer *out);
/* One attempt as controls_lines() tells it. */
struct control_line {
	uint64_t flow_no, name, frame;
	int64_t first_ns;
	/* enum control_outcome; CONTROL_TRIED: it may yet be answered */
	uint8_t outcome;
};
/* The attempts of one host in the order in which they began, the asking flow's own among them; what was answered from elsewhere (TTL,
 * round trip) is left out. Returns how many; at most LIMIT_CONTROL_LINES, the latest. */
size_t controls_lines(const struct controls *c, const struct control_ask *a,
		      struct control_line *out);
/* A name as the table keeps it, never 0 for len > 0; ASCII case does not count. */
uint64_t controls_name(const char *name, size_t len);
/* Hosts and lines that went to make room. */
uint64_t controls_evicted(const struct controls *c);

#endif
