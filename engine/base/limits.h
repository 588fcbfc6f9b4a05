/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_LIMITS_H
#define WP_BASE_LIMITS_H

/* Every bound on work or memory that input could otherwise choose, with its unit and its reason. */
enum {
	/* decode/: layers between the frame and the innermost packet; real stacks stay below 10. */
	LIMIT_DECODE_LAYERS = 16,
	/* decode/: IPv6 extension headers in one packet; RFC 8504 5.3 lets a node stop at 8. */
	LIMIT_IP6_EXT_HDRS = 8,
	/* decode/: labels of one MPLS stack, extension headers of one GTP-U header, attributes of
	   one NFLOG frame; all far above real ones. */
	LIMIT_MPLS_LABELS = 16,
	LIMIT_GTP_EXT_HDRS = 8,
	LIMIT_NFLOG_ATTRS = 32,
	/* source/: one frame; libpcap's MAXIMUM_SNAPLEN. A record that claims more is damage. */
	LIMIT_FRAME_BYTES = 262144,
	/* source/: pcapng interfaces in one section. */
	LIMIT_PCAPNG_INTERFACES = 4096,
	/* source/: one pcapng block; above this the file is taken as damaged. */
	LIMIT_PCAPNG_BLOCK_BYTES = 16 * 1024 * 1024,
	/* source/: how much larger a compressed capture may become (zstd of zeros reaches 30,000;
	   real ones 100). */
	LIMIT_EXPAND_RATIO = 2000,
	/* source/: the ratio is not asked below this: a small file of zeros is no bomb. */
	LIMIT_EXPAND_FLOOR_BYTES = 4 * 1024 * 1024,
	/* source/: memory of a decompressor: xz -9 wants 65 MB; zstd windows up to 2^27 (`--ultra
	   -22`, `--long`). */
	LIMIT_EXPAND_MEMORY_BYTES = 160 * 1024 * 1024,
	LIMIT_ZSTD_WINDOW_LOG = 27,
	/* source/: one read(); 256 KB stay in the second-level cache, so that parsing after it is
	   almost free. */
	LIMIT_READ_BYTES = 256 * 1024,
	/* source/: how long a call waits for a pipe, milliseconds; source.h promises it. */
	LIMIT_IDLE_MS = 100,
	/* source/: the ring between the kernel and a live capture; PERFORMANCE 6 lost nothing with
	   64 MB up to what the kernel itself could receive. */
	LIMIT_LIVE_RING_BYTES = 64 * 1024 * 1024,
	/* source/: batches of 64 packets that are still read from an interface when it was told to stop: a
	   quarter of what a ring of 64 MB holds. */
	LIMIT_LIVE_LAST_ROUNDS = 1024,
	/* live: results that wait for a slow reader, and counts; more are lost and counted. */
	LIMIT_LIVE_LINES_BYTES = 16 * 1024 * 1024,
	LIMIT_LIVE_METRICS_BYTES = 1024 * 1024,
	/* live: signatures read anew, on their way to the parsing process; ours are 0.4 MB. */
	LIMIT_LIVE_ORDER_BYTES = 64 * 1024 * 1024,
	/* live: connections at a time that ask for metrics. */
	LIMIT_HTTP_CONNECTIONS = 16,
	/* live: its configuration file. */
	LIMIT_CONF_BYTES = 64 * 1024,
	/* source/: directories in directories, and files and directories that the arguments may
	   grow to. */
	LIMIT_PATH_DEPTH = 32,
	LIMIT_PATHS = 100000,
	/* across/: hosts whose usual answers are remembered; 96 bytes each. */
	LIMIT_USUAL_HOSTS = 16384,
	/* across/: hosts, as responders, as originators and in pairs, of which attempts are
	   remembered, and attempts kept of each; 80 bytes an attempt. */
	LIMIT_CONTROL_HOSTS = 2048,
	LIMIT_CONTROL_LINES = 24,
	/* across/: hosts of which is known who was heard last (112 bytes each), and connections
	   reset or dropped after their trigger (72 bytes). */
	LIMIT_HOSTS_HEARD = 16384,
	LIMIT_HOSTS_STRUCK = 4096,
	/* across/: names of which is known what resolvers said, and resolvers kept of one (32 bytes
	   each); resolvers, and names kept of one (56 bytes each). */
	LIMIT_ANSWER_NAMES = 4096,
	LIMIT_ANSWER_RESOLVERS = 8,
	LIMIT_ANSWER_HOSTS = 256,
	LIMIT_ANSWER_LINES = 64,
	/* across/: visits of a client to an address under a name; 32 bytes each. */
	LIMIT_THEN_VISITS = 16384,
	/* app/: options of one EDNS record; resolvers send below 5. */
	LIMIT_DNS_OPTIONS = 32,
	/* across/: servers (address, port, name) of which is remembered what they showed, and how
	   many connections of each; keys, and certificates of each. */
	LIMIT_CERT_SERVERS = 1024,
	LIMIT_CERT_LINES = 12,
	LIMIT_CERT_KEYS = 1024,
	LIMIT_CERT_KEY_LINES = 6,
	/* flow/: DNS transactions open in one flow at once, and answers kept of one. */
	LIMIT_DNS_OPEN = 16,
	LIMIT_DNS_TXN_ANSWERS = 8,
	/* flow/: packets remembered of one flow once it is under suspicion; 64 bytes each. */
	LIMIT_LOG_SEGS = 1024,
	/* flow/: kinds of ICMP errors (sender, saying, direction) kept of one TCP flow, 80 bytes
	   each, and packets looked back at for the quoted one: more than a window of full
	   segments. */
	LIMIT_ICMP_NOTES = 4,
	LIMIT_ICMP_LOOK_BACK = 128,
	/* flow/: bytes kept of one direction, a power of two: a hello may be 16 KB (RFC 8446 5.1),
	   a conflict is younger than that. */
	LIMIT_STREAM_BYTES = 16384,
	/* flow/: datagrams being put together at once, and bytes of each (RFC 791's maximum). */
	LIMIT_DEFRAG_DATAGRAMS = 1024,
	LIMIT_DEFRAG_BYTES = 65535,
	/* Runs of bytes with a hole after them, of one datagram. */
	LIMIT_DEFRAG_PIECES = 64,
	/* Packet time; RFC 791 suggests 15 s, Linux waits 30 (ipfrag_time), RFC 8200 4.5 wants 60.
	 */
	LIMIT_DEFRAG_SECONDS = 30,
	/* flow/: data packets of one flow whose times are kept, 32 bytes each: 24 MB of full
	 * segments. The lab captures behind METHODS h.1 have at most 8,700. All series together
	 * take at most this part of the memory for flows. */
	LIMIT_RATE_PACKETS = 16384,
	LIMIT_RATE_MEMORY_SHARE = 4,
	/* flow/: segments that one packet of a host with segmentation offload is taken apart into:
	   64 KB of the smallest usual MSS, 536. */
	LIMIT_RATE_PARTS = 123,
	/* flow/: packets looked at for one SACK block; the walk ends at the first known one. */
	LIMIT_RATE_SACK_WALK = 256,
	/* app/: records of one DNS message that are walked over; ordinary answers have below 50. */
	LIMIT_DNS_RECORDS = 512,
	/* app/: answers of one DNS message that are kept. */
	LIMIT_DNS_ANSWERS = 32,
	/* app/: compression pointers followed in one DNS name; a known injector follows 17 (USENIX
	   Security 2026 5). */
	LIMIT_DNS_JUMPS = 32,
	/* app/: TLS records that one handshake message may be spread over; evasion tools use tens.
	 */
	LIMIT_TLS_RECORDS = 1024,
	/* app/: certificates kept of one TLS message, and of these looked into; real chains have 2
	   to 4, and one costs libcrypto about 30 us. */
	LIMIT_TLS_CERTS = 8,
	LIMIT_TLS_CHAIN = 3,
	/* app/: extensions looked at in one TLS hello; browsers send below 25. */
	LIMIT_TLS_EXTENSIONS = 256,
	/* app/: header lines of one HTTP message; Apache's default is 100. */
	LIMIT_HTTP_HEADERS = 128,
	/* app/: bytes of a page searched for marks, and places looked at for each mark. */
	LIMIT_MARK_PAGE_BYTES = 65536,
	LIMIT_MARK_HITS = 16,
	/* app/: packets in one QUIC datagram, and frames of one Initial packet (a run of PADDING is
	   one). */
	LIMIT_QUIC_PACKETS = 8,
	LIMIT_QUIC_FRAMES = 256,
	/* app/: bytes of one Initial packet; a jumbo frame holds 9000, real ones are below 1500. */
	LIMIT_QUIC_PACKET_BYTES = 9216,
	/* app/: pieces of the handshake stream out of order; Chrome sends about 15 on purpose. */
	LIMIT_QUIC_PIECES = 64,
	/* app/: Initials that one hello is put together from; Chrome's post-quantum hello takes 2,
	   METHODS g.1 says 4, and a Retry makes it twice. */
	LIMIT_QUIC_HELLO_DATAGRAMS = 8,
	/* app/: a list of block pages (the longest public one: 1,729 entries, 283 KB), one of its
	   patterns, its entries that are complained of, and expressions that the matcher may refuse
	   when it makes all into one. */
	LIMIT_PAGE_LIST_BYTES = 8 * 1024 * 1024,
	LIMIT_PAGE_LIST_ENTRIES = 16384,
	LIMIT_PAGE_PATTERN = 2048,
	LIMIT_PAGE_COMPLAINTS = 20,
	LIMIT_PAGE_REFUSED = 64,
	/* app/: packets with payload of one flow that nDPI is shown (4 to 8 know nearly all that will
	   be known: PERFORMANCE 4), bytes of each, and flows that nDPI remembers at once: 0.7 to
	   1.3 KB each. */
	LIMIT_NDPI_PACKETS = 8,
	LIMIT_NDPI_BYTES = 1460,
	LIMIT_NDPI_FLOWS = 16384,
	/* pair/: packets and flows kept of one of two captures that are compared, 64 and 120 bytes
	   each: 128 MB and 16 MB. */
	LIMIT_PAIR_PACKETS = 2 * 1024 * 1024,
	LIMIT_PAIR_FLOWS = 128 * 1024,
	/* pair/: connections of the same ends looked at for one packet, and like packets for one
	   mate; ends are reused after minutes. */
	LIMIT_PAIR_REUSE = 8,
	LIMIT_PAIR_LOOK = 64,
	/* pair/: addresses that the user says the server's capture was taken at. */
	LIMIT_PAIR_HOSTS = 16,
	/* pair/: segments put together to be one of the other capture's: 64 KB of the smallest
	   usual MSS, 536. */
	LIMIT_PAIR_CHAIN = 128,
	/* geo/: ranges in one table; tor's of 2026 have 390,000, and 36 bytes each are 144 MB. */
	LIMIT_GEO_RANGES = 4 * 1024 * 1024,
	/* kin/: different resets of one device that the pair test looks at. */
	LIMIT_GENERATOR_RESETS = 64,
	/* kin/: sorts of cases that findings are told apart by before they are devices, about 16 KB
	   each at most; acts that later ones are laid beside (72 bytes); names of flows that passed
	   (16 bytes). */
	LIMIT_DEVICE_CELLS = 1024,
	LIMIT_DEVICE_ACTS = 1024,
	LIMIT_DEVICE_NAMES = 4096,
	/* kin/: one line of a file of events; a finding that cites 1024 frames has 40 KB. */
	LIMIT_EVENT_BYTES = 1024 * 1024,
	/* kin/: bytes of findings of one run that are kept for joining, and its devices. */
	LIMIT_EVENT_KEPT_BYTES = 512 * 1024 * 1024,
	LIMIT_EVENT_DEVICES = 4096,
	/* kin/: findings looked back at for an earlier revision; more often than that, both stay. */
	LIMIT_EVENT_REVISIONS = 256,
	/* kin/: runs that are joined, and captures of one name among which one is told from the
	   others. */
	LIMIT_MERGE_RUNS = 1024,
	LIMIT_MERGE_NAMES = 64,
	/* kin/: devices of all runs that are joined; each is laid beside each. */
	LIMIT_MERGE_DEVICES = 8192,
	/* kin/: devices laid side by side: 32,640 pairs. */
	LIMIT_KIN_DEVICES = 256,
	/* kin/: profiles in a table of base rates; ours has 150. */
	LIMIT_BASE_ROWS = 262144,
	/* engine/: threads of a replay; the least share of the memory ceiling that one gets; and what one may have found out before the turn
	   of its input: 1,300 findings, or with --flows 40,000 flows. */
	LIMIT_JOBS = 256,
	LIMIT_JOB_MEMORY_BYTES = 64 * 1024 * 1024,
	LIMIT_JOB_AHEAD_BYTES = 32 * 1024 * 1024,
	/* kin/: keys (countries, networks, prefixes) whose flows are counted, 5 KB each with what the
	   detectors remember; keys that wait until they have clients enough to be told (80 bytes). */
	LIMIT_TALLY_KEYS = 4096,
	LIMIT_TALLY_WAITING = 32768,
	/* kin/: one line of a file of series, whose longest has 100 bytes; outages kept of one run. */
	LIMIT_TALLY_LINE = 256,
	LIMIT_OUTAGES = 4096,
	/* match/: one signature file; the longest of ours stays below 8 KiB. */
	LIMIT_SIG_BYTES = 65536,
	/* match/: maps and lists inside one another in a signature file; the grammar needs 3. */
	LIMIT_SIG_DEPTH = 6,
	/* match/: values in one signature file, keys included. */
	LIMIT_SIG_NODES = 4096,
	/* match/: bytes of one value (the notes are the longest), and of one literal in a term; the
	 * latter must stay below EV_TEXT_BYTES, so that a text that was cut equals no literal. */
	LIMIT_SIG_SCALAR = 8192,
	LIMIT_SIG_LITERAL = 200,
	/* match/: entries of one list of rivals, sources, tests or countries. */
	LIMIT_SIG_ITEMS = 64,
	/* match/: complaints kept in one run; more are counted. */
	LIMIT_SIG_PROBLEMS = 1000,
	/* match/: folders below a signature directory, signature files and directory entries in one
	   set. */
	LIMIT_SIG_DIR_DEPTH = 8,
	LIMIT_SIG_FILES = 8192,
	LIMIT_SIG_ENTRIES = 65536,
};

/* source/: what a compressed capture may grow to, bytes; a day's capture of a busy link, and half
 * an hour of work. */
#define LIMIT_EXPAND_BYTES (UINT64_C(1) << 38)

#endif
