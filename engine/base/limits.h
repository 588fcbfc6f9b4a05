/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_LIMITS_H
#define WP_BASE_LIMITS_H

/* Every bound on work or memory that input could otherwise choose, with its unit and its reason. */
enum {
	/* decode/: layers between the frame and the innermost packet; real stacks stay below 10. */
	LIMIT_DECODE_LAYERS = 16,
	/* decode/: IPv6 extension headers in one packet; RFC 8504 5.3 lets a node stop at 8. */
	LIMIT_IP6_EXT_HDRS = 8,
	/* decode/: labels of one MPLS stack, extension headers of one GTP-U header, attributes of one NFLOG frame; all far above real ones. */
	LIMIT_MPLS_LABELS = 16,
	LIMIT_GTP_EXT_HDRS = 8,
	LIMIT_NFLOG_ATTRS = 32,
	/* source/: one frame; libpcap's MAXIMUM_SNAPLEN. A record that claims more is damage. */
	LIMIT_FRAME_BYTES = 262144,
	/* source/: pcapng interfaces in one section. */
	LIMIT_PCAPNG_INTERFACES = 4096,
	/* source/: one pcapng block; above this the file is taken as damaged. */
	LIMIT_PCAPNG_BLOCK_BYTES = 16 * 1024 * 1024,
	/* source/: how much larger a compressed capture may become (zstd of zeros reaches 30,000; real ones 100). */
	LIMIT_EXPAND_RATIO = 2000,
	/* flow/: packets remembered of one flow once it is under suspicion; 64 bytes each. */
	LIMIT_LOG_SEGS = 1024,
	/* flow/: bytes kept of one direction, a power of two: a hello may be 16 KB (RFC 8446 5.1), a conflict is younger than that. */
	LIMIT_STREAM_BYTES = 16384,
	/* flow/: datagrams being put together at once, and bytes of each (RFC 791's maximum). */
	LIMIT_DEFRAG_DATAGRAMS = 1024,
	LIMIT_DEFRAG_BYTES = 65535,
	LIMIT_DEFRAG_PIECES = 64,
};

#endif
