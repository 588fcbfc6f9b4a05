/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_FLOW_FLOW_H
#define WP_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keyhash.h"
#include "base/limits.h"
#include "decode/decode.h"

enum dir { DIR_ORIG = 0, DIR_RESP = 1 };
static inline enum dir dir_other(enum dir d)
{
	return d == DIR_ORIG ? DIR_RESP : DIR_ORIG;
}

/* Serial number arithmetic, RFC 1982 / RFC 9293 3.4: a - b as a signed distance. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* One packet of a flow as it is remembered for judging later. Numbers as on the wire. */
struct seg {
	int64_t ts_ns;
	uint64_t frame_no;
	uint32_t seq, ack;
	uint32_t len; /* payload bytes on the wire */
	/* the sender's next byte before this packet, by its earlier non-RST packets */
	uint32_t next_seq;
	uint32_t peer_next; /* the same of the other side */
	uint32_t ts_val;
	uint32_t digest; /* of the captured payload; 0 when there is none */
	uint16_t flags, win, ip_id, opts;
	uint8_t ttl, hdr_len;
	uint8_t dir; /* enum dir */
	bool df : 1, has_id : 1;
	bool next_known : 1, peer_known : 1; /* next_seq, peer_next are known */
	bool retransmit : 1;                 /* all its bytes were sent before */
	/* same IP ID, numbers and payload as a packet within 1 ms before: a mirror port's second
	 * view, or a burst */
	bool copy : 1;
	int32_t copy_gap_ns; /* copy: time since the packet it repeats */
	int8_t checksum;     /* RST only: 1 right, 0 wrong, -1 unknown */
};

/* Remembered packets: the first LOG_HEAD, then the latest; after the first reset (or other
 * suspicion) nothing is forgotten until LIMIT_LOG_SEGS. */
/* LOG_FIRST: room at the start, then it doubles */
enum { LOG_FIRST = 4, LOG_HEAD = 24, LOG_TAIL = 96, LOG_SLACK = 64 };
struct flow_log {
	uint32_t n, cap;
	/* packets between at[LOG_HEAD - 1] and at[LOG_HEAD], or at the end once full */
	uint32_t skipped;
	bool sealed;
	struct seg *at;
};

/* A run of bytes in the ring and the segment that first brought them. */
struct piece {
	uint32_t off, len; /* relative to the stream's base */
	/* the whole segment, other runs and bytes that were there before included */
	uint32_t seg_off, seg_len;
	uint64_t frame_no;
};

enum { STREAM_PIECES = 48 };
/* The last bytes of one direction, first version kept, as a ring over stream offsets. */
struct stream {
	uint32_t base;       /* sequence number of offset 0 */
	uint32_t cap;        /* ring size, power of two */
	uint32_t end;        /* highest offset stored, exclusive */
	uint32_t contiguous; /* bytes from offset 0 without a gap, while end <= cap */
	uint32_t n_pieces;   /* newest at [(n_pieces - 1) % cap_pieces] */
	uint32_t cap_pieces; /* grows up to STREAM_PIECES */
	uint8_t *ring;
	struct piece piece[];
};

/* Two segments that say different things about the same bytes. */
struct conflict {
	uint64_t first_frame, second_frame;
	uint32_t overlap, differ; /* bytes */
	uint32_t off;             /* stream offset of the shared range */
	uint8_t dir;
	/* that version starts with an HTTP status line at the shared range's start */
	bool first_http, second_http;
};
enum { FLOW_CONFLICTS_MAX = 16 };

struct trigger {
	uint8_t kind; /* enum trigger_kind, evidence/flow_record.h */
	uint8_t dir;
	uint8_t ech; /* 0 none, 1 ECH, 2 ESNI */
	bool open;   /* more of the hello may come */
	uint8_t name_len;
	char name[256];
	uint64_t first_frame, last_frame; /* packets that carried it */
	int64_t ts_ns;                    /* of its last packet */
	uint32_t seq, seq_end;            /* range of sequence numbers */
	uint16_t ip_id, win;
	uint8_t ttl;
};
enum { FLOW_TRIGGERS_MAX = 8 };

enum { RST_BYTES = 32 };
struct rst_bytes {
	uint64_t frame_no;
	uint8_t n, at[RST_BYTES];
};

/* What an ICMP error says, by type and code: RFC 792, RFC 1812 5.2.7.1 and RFC 4443 3. */
enum icmp_says {
	ICMP_SAYS_OTHER,
	ICMP_SAYS_EXPIRED, /* TTL used up on the way */
	ICMP_SAYS_NET,     /* no route */
	ICMP_SAYS_HOST,
	ICMP_SAYS_PORT,
	ICMP_SAYS_TOO_BIG,
	ICMP_SAYS_PROHIBITED, /* administratively */
};
/* Whether the packet that it quotes is one of the flow's, by direction and sequence number: who is not on the path would have to
 * guess that (RFC 5927 4.1). */
enum icmp_fit { ICMP_FIT_UNKNOWN, ICMP_FIT_NO, ICMP_FIT_YES };

/* ICMP errors alike in sender, saying, quoted direction and fit. */
struct icmp_note {
	int64_t ts_ns;     /* of the first */
	uint64_t frame_no; /* of the first */
	/* the packet it quotes, as this capture holds it; 0: it does not */
	uint64_t quoted_frame;
	struct ip_addr from;
	uint32_t n;
	uint32_t seq; /* quoted; valid when has_seq */
	uint32_t mtu; /* ICMP_SAYS_TOO_BIG; 0: not told */
	bool has_seq;
	uint8_t says;       /* enum icmp_says */
	uint8_t fit;        /* enum icmp_fit */
	uint8_t dir;        /* of the quoted packet */
	uint8_t type, code; /* as on the wire */
	uint8_t ttl;        /* as it arrived */
	uint8_t quoted_ttl; /* in the quote, and of quoted_frame as it was seen */
	uint8_t seen_ttl;
};
struct icmp_notes {
	uint32_t n, lost; /* lost: errors of yet another kind than the first LIMIT_ICMP_NOTES */
	struct icmp_note at[LIMIT_ICMP_NOTES];
};

/* An answer to an HTTP request that is worth a look: its first segment as it came. */
enum { PAGE_BYTES = 1460 };
struct page_note {
	uint64_t frame_no;
	uint32_t trigger_i;
	uint32_t len;
	uint8_t at[PAGE_BYTES];
	/* struct page_hit of app/blockpages.h: what imported lists know in it, when there are any */
	uint32_t n_hits;
	void *hit;
};

/* A command in orig's name that is not of orig's stack (detect/det_command.c). */
enum {
	COMMAND_BYTES = 16 /* longer segments carry more than one; the observed ones have 6 to 11 */
};
struct command_note {
	uint64_t frame_no;
	/* first packets of orig's own stack that say the same bytes at that place, and others; 0: none */
	uint64_t same_frame, other_frame;
	uint32_t seq;
	uint8_t len;
	uint8_t at[COMMAND_BYTES];
};

enum { SIDE_TTLS = 6 };
struct flow_side {
	uint32_t isn, next, ack_max; /* next: byte after the highest sent in a non-RST packet */
	bool have_isn, have_next, have_ack;
	bool fin, ts_ok, syn_seen;
	uint8_t n_ttl;
	struct {
		uint8_t ttl;
		uint32_t n;
	} ttl[SIDE_TTLS];      /* of non-RST packets; the rarest is replaced when full */
	uint32_t n_df, n_nodf; /* non-RST IPv4 packets */
	/* n_again: retransmissions in a row that nothing acknowledged */
	uint32_t n_rst, n_fin, n_syn, n_data, n_again;
	int64_t again_ns; /* when the first of them was sent */
	uint64_t packets, bytes;
	int64_t last_ns;
	uint16_t win_last, ip_id_last;
	struct stream *stream;
};

/* Reasons to look closer; each detector wants some. */
enum suspicion {
	SUS_RST = 1 << 0,
	SUS_CONFLICT = 1 << 1,
	SUS_SYNACK = 1 << 2,  /* SYN/ACKs with different sequence numbers */
	SUS_PAGE = 1 << 3,    /* an HTTP-like answer worth a look */
	SUS_SILENCE = 1 << 4, /* sent twice or more again and not acknowledged */
	SUS_RATE = 1 << 5,    /* enough bytes to judge a rate */
	SUS_QUIC = 1 << 6,    /* a QUIC flow with Initials */
	SUS_ICMP = 1 << 7,    /* TCP: an ICMP error quotes a packet of it */
	SUS_COMMAND = 1 << 8, /* a command in orig's name from another stack */
};

/* The last revision of a finding that was told. */
struct told {
	uint32_t rev;
	uint64_t digest;
};
enum { FLOW_TOLD_KINDS = 12 };

enum flow_list { LIST_HALF, LIST_OPEN, LIST_CLOSED, LIST_UDP, LIST_N };

struct flow {
	uint64_t hash;
	uint64_t no; /* order of creation in the run, from 1 */
	uint32_t input_i;
	struct ip_addr addr[2]; /* orig, resp */
	uint16_t port[2];
	uint8_t proto;
	uint8_t list; /* enum flow_list */
	uint16_t suspicion;
	bool midstream, flipped, established;
	bool truncated; /* some packet of it was cut by the capture */
	bool closed;    /* RST, or FIN from both sides */
	uint8_t depth_max;
	char history[24];
	uint8_t history_n;
	uint32_t history_bits;                 /* letters already given */
	int64_t first_ns, last_ns, touched_ns; /* touched: the watermark when it was last seen */
	uint64_t first_frame, last_frame;
	struct flow_side side[2];
	struct flow_log log;
	uint32_t n_conflicts, conflicts_lost;
	struct conflict *conflict;
	uint32_t n_triggers, cap_triggers;
	struct trigger *trigger;     /* room for cap_triggers, at most FLOW_TRIGGERS_MAX */
	uint8_t app_tries[2];        /* segments the trigger readers have looked at, by direction */
	uint64_t app_first_frame[2]; /* packet with which the unread hello or request began */
	uint32_t app_from[2];        /* stream offset at which it begins */
	struct page_note *page;
	uint64_t unmarked_frame;     /* the latest answer in which page_look() found no mark */
	struct rate_series *rate;    /* flow/rate_series.h; NULL until a side has sent enough */
	bool no_rate;                /* there was no memory for it */
	struct rst_bytes *rst_bytes; /* payload of the first reset that carried one */
	struct command_note *command;
	struct icmp_notes *icmp; /* NULL: no ICMP error quotes this TCP flow */
	char app[16];
	uint64_t seq_gaps; /* ACKs for bytes the capture never showed */
	/* distance of the ordinary copies; valid when dup_ordinary > 0 */
	int64_t dup_gap_min_ns, dup_gap_max_ns;
	/* mirror copies among packets with payload or SYN, and all such packets */
	uint32_t dup_ordinary, n_ordinary;
	/* detect/det_dns.c's transactions of this flow; freed through
	 * flow_table_options.free_dns */
	void *dns;
	/* frame of another host's packet that reached orig while this flow was in silence; 0
	 * none */
	uint64_t path_alive;
	/* struct quic_flow of app/quic_flow.h; freed by its quic_flow_free() at the flow's end */
	void *quic;
	/* struct ndpi_state of app/app_ndpi.c; freed by app_ndpi_end() at the flow's end */
	void *ndpi;
	/* struct tls_flow of app/tls_flow.h; freed by its tls_flow_free() at the flow's end */
	void *tls;
	uint16_t heard[2]; /* where across/hosts.h keeps that side's host, if it still does */
	uint8_t attempt;   /* detect/attempt.h: what across/controls.h has been told of this flow */
	bool then_told;    /* detect/then.h has told across/dns_then.h what became of this visit */
	bool marked;       /* holds the frame that was asked for */
	bool served;       /* the series of successful flows has counted it */
	bool waits;        /* follow mode: in the queue of flows to be judged early */
	/* FLOW_TOLD_KINDS by case kind, what was told of this flow last; NULL: nothing */
	struct told *told;
	struct flow *prev, *next; /* in its list, least recently touched first */
};

struct flow_table;

/* The key of a table whose owner sets none (tests). */
#define FLOW_TABLE_FIXED_KEY ((struct hash_key){0x77616c6c7072696e, 0x7420726570656174})

struct flow_options {
	uint64_t memory_bytes; /* ceiling for flows, logs and streams together */
	/* Decides about places in the table and nothing else: no output depends on it. All 0: FLOW_TABLE_FIXED_KEY. */
	struct hash_key key;
	void *arg;
	/* A flow has ended (timeout, reuse, eviction, end of input): last chance to look at it. */
	void (*on_end)(void *arg, struct flow *f);
};

struct flow_stats {
	uint64_t flows, evicted, inspection_lost, time_backwards, live, bytes_used, bytes_max;
};

struct flow_table *flow_table_new(const struct flow_options *o); /* NULL when out of memory */
/* The packet times that the room takes, years 1823 to 2116: any two differ by less than 2^63.
 * Whoever calls sees to it. */
#define FLOW_TIME_MAX ((INT64_C(1) << 62) - 1)
#define FLOW_TIME_MIN (-FLOW_TIME_MAX - 1)
/* Finds or makes the flow of a TCP or UDP packet, updates it (tcp_track) and returns it with the
 * packet's direction; moves the watermark and ends flows that have timed out before. NULL only when
 * no memory could be had (counted). Flow stays valid until the next call. */
struct flow *flow_table_packet(struct flow_table *t, const struct pkt *p, uint32_t input_i,
			       enum dir *dir);
/* Time has gone on without a packet: ends what is over. */
void flow_table_advance(struct flow_table *t, int64_t now_ns);
/* The TCP or UDP flow of the packet that an ICMP error quotes; NULL when not known. */
struct flow *flow_table_find(struct flow_table *t, uint8_t proto, const struct ip_addr *src,
			     uint16_t sport, const struct ip_addr *dst, uint16_t dport);
/* Ends every flow, oldest first (end of an input that is its own series, end of the run). */
void flow_table_end_all(struct flow_table *t);
void flow_table_stats(const struct flow_table *t, struct flow_stats *out);
void flow_table_free(struct flow_table *t);
/* Memory accounting for rooms that hang state on a flow. False: the budget is used up, hang
 * nothing. */
bool flow_table_take(struct flow_table *t, size_t bytes);
void flow_table_give(struct flow_table *t, size_t bytes);
/* The same for rate series, which together get only their share (LIMIT_RATE_MEMORY_SHARE): long
 * flows must not push out the others. */
bool flow_table_take_rate(struct flow_table *t, size_t bytes);
void flow_table_give_rate(struct flow_table *t, size_t bytes);

/* --- tcp_track.c --- */
/* Updates sides, log, streams and history with one TCP packet of the flow. */
void tcp_track(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);
void flow_history(struct flow *f, enum dir d, char letter);

/* --- icmp_note.c --- */
/* Notes an ICMP error that quotes a packet of this TCP flow. At most LIMIT_ICMP_NOTES kinds a flow, others are counted; without
 * memory it is left out (counted by the table). Costs a look back over LIMIT_ICMP_LOOK_BACK packets. */
void icmp_note(struct flow_table *t, struct flow *f, const struct pkt *p);

/* --- stream.c --- */
/* Stores a segment's bytes (first version wins), compares overlaps, notes conflicts. */
void stream_put(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);
/* The first bytes of a direction that are there without a gap; view into the flow, valid until its
 * next packet. */
struct bytes stream_head(const struct flow *f, enum dir d);
void stream_free(struct flow_table *t, struct stream *s);

/* --- model.c: what a side's packets have in common, for judging one of them --- */
/* TTL of that side nearest to `ttl` among its non-RST packets; false when none was seen.
 * `not_frame`: this frame's own TTL is left out when it is not a RST (0: none). */
bool model_nearest_ttl(const struct flow *f, enum dir d, uint8_t ttl, const uint64_t *skip,
		       uint32_t n_skip, uint8_t *out);

enum ipid_fit { IPID_UNKNOWN, IPID_FITS, IPID_OFF };
/* Does s's IP ID lie on the line of the other packets of its direction (METHODS c.2)? Packets in
 * `skip` (frame numbers) are left out. */
enum ipid_fit model_ipid(const struct flow *f, const struct seg *s, const uint64_t *skip,
			 uint32_t n_skip);
uint8_t model_ttl_init(uint8_t ttl);
/* The smallest round trip between the capture and side `d`, from its answers to what went to it:
 * SYN to SYN/ACK, data to the first packet that acknowledges it. Resets and the packets in `skip`
 * do not count as answers, what was sent twice asks no question (Karn). Returns the number of
 * samples; *min_ns is set when there is one. */
uint32_t model_rtt(const struct flow *f, enum dir d, const uint64_t *skip, uint32_t n_skip,
		   int64_t *min_ns);
/* Was this flow captured at a mirror port that gives every packet twice? Ordinary packets must show
 * it: METHODS 0. */
bool flow_is_mirrored(const struct flow *f);
/* Is this packet, marked as a copy, the mirror's second view? Only when it follows as soon as the
 * ordinary copies of the flow do: a burst of identical forgeries has a distance of its own. */
bool flow_is_mirror_copy(const struct flow *f, const struct seg *s);
const struct seg *flow_seg(const struct flow *f, uint64_t frame_no);

#endif
