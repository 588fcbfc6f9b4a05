/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
#ifndef WP_BPF_SHARED_H
#define WP_BPF_SHARED_H

/* The types that the programs in the kernel and source/tap.c both compile. Fixed-size types of
 * <linux/types.h> only. */
#include <linux/types.h>

/* What the tap decided about a frame, and why; the index of its counters. */
enum tap_choice {
	TAP_NOT_WANTED, /* counted as lost.prefiltered */
	TAP_NOT_IP,     /* ARP, LLDP, ...: nothing that wallprint reads */
	TAP_EVERYTHING, /* --follow all */
	TAP_FLAGS,      /* SYN, FIN, RST */
	TAP_FIRST,      /* among the first of its flow and direction */
	TAP_FOLLOWED,   /* the flow is being followed */
	TAP_DNS,
	TAP_QUIC, /* a long header */
	TAP_ICMP,
	TAP_FRAGMENT,
	TAP_OPAQUE, /* a tunnel or an extension that the tap does not take apart: user space does */
	TAP_CHOICES,
	TAP_RING_FULL =
		TAP_CHOICES, /* chosen, and the ring had no room: counted beside the choice */
};

enum {
	/* The first packets with payload, and the first without, of each flow and direction: the
	 * largest hello of the corpus takes 4 segments, a forged answer comes within the next two;
	 * PERFORMANCE 6 measured the cost with 6. */
	TAP_FIRST_DATA = 6,
	TAP_FIRST_BARE = 4,
	/* How long the kernel follows a flow on its own account, issue 6: packets, and seconds (in
	 * units of 2^30 ns). */
	TAP_FOLLOW_PACKETS = 64,
	TAP_FOLLOW_TICKS = 10,
	/* Lines of counters, a power of two; machines with more CPUs share lines, and a race between two
	   may then miscount. TAP_COUNTERS: of one line, a power of two. */
	TAP_CPUS = 256,
	TAP_COUNTERS = 16,
	/* Bytes of a frame that a record holds: 64 KB and a link header, the most that offload joins
	   without IPv6 jumbograms; longer frames are cut, and say so. */
	TAP_FRAME_MOST = 65536 + 64,
	/* Cells of the sketch: 8 MB. PERFORMANCE 7 measured this size. */
	TAP_CELLS = 1 << 20,
	/* Cells in which a flow may stand; with their neighbours they share a cache line. With one cell a fifth of 262 k flows met
	   another and was chosen packet by packet; of four, one in fifty finds none free. */
	TAP_WAYS = 4,
	TAP_BUCKETS = TAP_CELLS / TAP_WAYS,
};

/* What is known of one flow. A flow that finds its bucket full takes a cell from another, which then looks
 * new: more is chosen, never less; only a cell whose flow is being followed is not given away.
 * Written without a lock: a race miscounts by one. */
struct tap_cell {
	__u16 tag;        /* of the hash; 0 free */
	__u16 until;      /* followed until this tick */
	__u8 follow_left; /* packets; 0 not followed */
	__u8 data;        /* payload packets seen: orig in the low four bits (the lower address) */
	__u8 bare;        /* the same of packets without payload */
	__u8 bits;        /* TAP_SYNACK_SEEN */
};
enum { TAP_SYNACK_SEEN = 1 };

struct tap_bucket {
	struct tap_cell way[TAP_WAYS];
};

/* A frame in the ring (tc, XDP); its bytes follow. */
struct tap_record {
	__u64 tai_ns; /* the kernel's clock of atomic time: steps with the wall clock's seconds, not for leap seconds */
	__u32 wire_len; /* of the frame */
	__u32 cap_len;  /* bytes that follow */
	__be16 vlan_proto; /* a tag that stands beside the frame, as the card or kernel took it off; 0 none */
	__u16 vlan_tci;
	__u16 joined; /* the frame is several segments that were joined or are not cut apart yet */
	__u16 pad;
};

/* The two ends in one order, whoever sent: addresses as 16 bytes (IPv4 mapped), ports in host
 * order. */
struct tap_flow {
	__u64 addr[2][2];
	__u16 port[2];
	__u8 proto;
};

static inline __u64 tap_mix(__u64 h, __u64 x)
{
	h = (h ^ x) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

/* The flow's hash under a seed that is drawn at every start, so that nobody outside can aim at
 * another's cell. */
static inline __u64 tap_hash(__u64 seed, const struct tap_flow *f)
{
	__u64 h = tap_mix(seed, f->addr[0][0]);

	h = tap_mix(h, f->addr[0][1]);
	h = tap_mix(h, f->addr[1][0]);
	h = tap_mix(h, f->addr[1][1]);
	return tap_mix(h, (__u64)f->port[0] << 32 | (__u64)f->port[1] << 8 | f->proto);
}

static inline __u32 tap_bucket_of(__u64 hash)
{
	return (__u32)hash & (TAP_BUCKETS - 1);
}

static inline __u16 tap_tag_of(__u64 hash)
{
	return (__u16)(hash >> 48) | 1;
}

/* The cell of that tag (0: a free one) in a bucket; NULL when there is none. */
static inline struct tap_cell *tap_cell_in(struct tap_bucket *b, __u16 tag)
{
	for (int i = 0; i < TAP_WAYS; i++)
		if (b->way[i].tag == tag)
			return &b->way[i];
	return 0;
}

/* Whose cell a flow takes that finds none free: one of the four, by its hash. */
static inline __u32 tap_way_of(__u64 hash)
{
	return (__u32)(hash >> 40) & (TAP_WAYS - 1);
}

/* Swaps the ends when they are not in order; returns whether it did: 1 when the packet goes from
 * the higher end to the lower. */
static inline int tap_order(struct tap_flow *f)
{
	__u64 a = f->addr[0][0], b = f->addr[0][1];
	__u16 p = f->port[0];
	int swap = a != f->addr[1][0]   ? a > f->addr[1][0]
		   : b != f->addr[1][1] ? b > f->addr[1][1]
					: p > f->port[1];

	if (!swap)
		return 0;
	f->addr[0][0] = f->addr[1][0];
	f->addr[0][1] = f->addr[1][1];
	f->port[0] = f->port[1];
	f->addr[1][0] = a;
	f->addr[1][1] = b;
	f->port[1] = p;
	return 1;
}

#endif
