/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the capture was taken: one table of what was seen and what follows from it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vantage.h"
#include "flow_build.h"

/* Packets of one kind. */
struct kind {
	uint32_t n;
	uint8_t ttl;
	int checksum; /* 1 right, 0 wrong, -1 cannot be told */
	uint32_t wire_len;
	bool udp;
};

/* A TCP packet with 20 bytes of header whose checksum over the pseudo header is right or wrong, or that is cut. */
static void see(struct vantage *v, const struct kind *k, bool phone, bool trailer, bool raw)
{
	static const uint8_t right_hdr[20] = {[12] = 0x50};
	uint8_t hdr[20];
	struct pkt p = {
		.src = phone ? fb_ip4(10, 215, 173, 1) : fb_ip4(10, 215, 174, 1),
		.dst = fb_ip4(192, 0, 2, 1),
		.ip_version = 4,
		.ip_proto = 6,
		.l4 = k->udp ? L4_UDP : L4_TCP,
		.ttl = k->ttl,
		.wire_len = k->wire_len,
		.ip_hdr_len = 20,
		.ip_total_len = k->checksum < 0 ? 60 : 40,
		.payload_len = k->checksum < 0 ? 20 : 0,
		.l4_bytes = {hdr, sizeof(hdr)},
		.tcp = {.hdr_len = 20},
	};
	struct decode_note note = {.pcapdroid = trailer};
	uint32_t sum = 6 + 20 + 0x5000;

	memcpy(hdr, right_hdr, sizeof(hdr));
	for (int i = 0; i < 16; i += 2)
		sum += (uint32_t)(p.src.b[i] << 8 | p.src.b[i + 1]) +
		       (uint32_t)(p.dst.b[i] << 8 | p.dst.b[i + 1]);
	sum -= 2 * 0xffff; /* the ::ffff: of both */
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	hdr[16] = (uint8_t)(sum >> 8);
	hdr[17] = (uint8_t)(sum ^ !k->checksum);
	p.tcp.checksum = (uint16_t)(hdr[16] << 8 | hdr[17]);
	if (!k->udp)
		assert_int_equal(decode_checksum(&p), k->checksum);
	for (uint32_t i = 0; i < k->n; i++)
		vantage_packet(v, &p, &note, raw);
}

static void test_vantage_judge_follows_the_table(void **state)
{
	static const struct {
		const char *what;
		struct kind kind[3];
		bool phone, trailer, raw;
		enum capture_point point;
	} row[] = {
		{"nothing", {{0}}, false, false, false, POINT_UNKNOWN},
		{"one packet", {{1, 50, 1, 60, false}}, false, false, false, POINT_UNKNOWN},
		{"only UDP", {{9, 50, 1, 60, true}}, false, false, false, POINT_UNKNOWN},
		{"all from afar", {{2, 50, 1, 60, false}}, false, false, false, POINT_WIRE},
		{"cut checksums from afar",
		 {{9, 50, -1, 80, false}},
		 false,
		 false,
		 false,
		 POINT_WIRE},
		{"bad checksums from afar",
		 {{5, 50, 0, 60, false}, {5, 51, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_WIRE},
		{"TTL 64",
		 {{5, 64, 1, 60, false}, {5, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_UNKNOWN},
		{"TTL 128",
		 {{1, 128, 1, 60, false}, {5, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_UNKNOWN},
		{"TTL 255",
		 {{1, 255, 1, 60, false}, {5, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_UNKNOWN},
		{"own bad checksums",
		 {{5, 64, 0, 60, false}, {5, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_HOST},
		{"two bad checksums",
		 {{2, 64, 0, 60, false}, {9, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_HOST},
		{"one bad checksum",
		 {{1, 64, 0, 60, false}, {9, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_UNKNOWN},
		/* An anonymiser's work, not a card's: nearly all are wrong. */
		{"4 of 5 bad",
		 {{4, 64, 0, 60, false}, {1, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_UNKNOWN},
		{"all bad", {{9, 64, 0, 60, false}}, false, false, false, POINT_UNKNOWN},
		{"one giant",
		 {{1, 50, 1, 9101, false}, {9, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_WIRE},
		{"two giants",
		 {{2, 50, 1, 9101, false}, {9, 50, 1, 60, false}},
		 false,
		 false,
		 false,
		 POINT_OFFLOAD},
		{"jumbo frames", {{9, 50, 1, 9100, false}}, false, false, false, POINT_WIRE},
		{"phone with trailer", {{1, 64, 1, 60, false}}, true, true, false, POINT_VPN_API},
		{"phone, raw link", {{1, 64, 1, 60, true}}, true, false, true, POINT_VPN_API},
		{"phone's address on Ethernet",
		 {{2, 50, 1, 60, false}},
		 true,
		 false,
		 false,
		 POINT_WIRE},
		{"raw link alone", {{2, 50, 1, 60, false}}, false, false, true, POINT_WIRE},
		{"phone and giants", {{2, 50, 1, 9999, false}}, true, true, false, POINT_VPN_API},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct vantage v = {0};

		for (size_t k = 0; k < 3; k++)
			if (row[i].kind[k].n)
				see(&v, &row[i].kind[k], row[i].phone, row[i].trailer, row[i].raw);
		if (vantage_judge(&v) != row[i].point)
			print_error("row: %s\n", row[i].what);
		assert_int_equal(vantage_judge(&v), row[i].point);
	}
}

static void test_vantage_address_in_either_place_counts(void **state)
{
	struct pkt p = {.src = fb_ip4(192, 0, 2, 1), .dst = fb_ip4(10, 215, 173, 2), .l4 = L4_UDP};
	struct decode_note note = {.pcapdroid = true};
	struct vantage v = {0};

	(void)state;
	vantage_packet(&v, &p, &note, false);
	assert_int_equal(vantage_judge(&v), POINT_VPN_API);
	/* The same bytes at the end of an IPv6 address are no IPv4 address. */
	v = (struct vantage){0};
	p.dst.b[0] = 0x20;
	vantage_packet(&v, &p, &note, false);
	assert_int_equal(vantage_judge(&v), POINT_UNKNOWN);
}

/* Checksums cost a pass over the payload: only the first 64 that could be told are. */
static void test_vantage_checksums_after_64_are_not_computed(void **state)
{
	const struct kind right = {64, 64, 1, 60, false}, wrong = {500, 64, 0, 60, false};
	struct vantage v = {0};

	(void)state;
	see(&v, &right, false, false, false);
	see(&v, &wrong, false, false, false);
	assert_int_equal(v.n_checked, 64);
	assert_int_equal(v.n_bad_checksum, 0);
	assert_int_equal(v.n_tcp, 564);
}

/* A proxy's packets are alike in TTL, window and the lack of options; one that is not, and a kernel had a hand in it. */
static void test_vantage_packets_all_alike_are_a_proxys(void **state)
{
	enum { N = 8 };
	const struct decode_note note = {0};

	(void)state;
	for (int odd = 0; odd < 6; odd++)
		for (int at = 0; at < N; at++) {
			struct vantage v = {0};

			for (int i = 0; i < N; i++) {
				struct pkt p = {.l4 = L4_TCP,
						.ip_version = 4,
						.ttl = odd == 1 && i == at ? 63 : 64,
						.wire_len = 60,
						.tcp = {.flags = i == 0   ? TCP_SYN
								 : i == 1 ? TCP_SYN | TCP_ACK
									  : TCP_ACK,
							.win = odd == 2 && i == at ? 32766 : 32767,
							.hdr_len = odd == 3 && i == at ? 24 : 20}};

				/* the handshake is not all there; then the whole is one packet short */
				if ((odd == 4 && i == at % 2) || (odd == 5 && i == 7))
					p.l4 = L4_UDP;
				vantage_packet(&v, &p, &note, false);
			}
			assert_int_equal(vantage_judge(&v) == POINT_PROXY, odd == 0);
		}
}

static void test_vantage_packet_cut_in_its_header_tells_nothing(void **state)
{
	struct pkt p = {.l4 = L4_TCP, .ttl = 64, .wire_len = 60000, .quirks = QUIRK(TRUNC_L4)};
	struct decode_note note = {0};
	struct vantage v = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		vantage_packet(&v, &p, &note, false);
	assert_int_equal(v.n_tcp, 0);
	assert_int_equal(vantage_judge(&v), POINT_UNKNOWN);
}

/* What the kernel says it has joined counts as what only a host's stack can hold; once a packet. */
static void test_vantage_joined_packets_are_offload(void **state)
{
	const struct kind tcp = {1, 50, 1, 1500, false}, huge = {1, 50, 1, 20000, false};
	struct pkt p = {.l4 = L4_TCP, .wire_len = 1500}, udp = {.l4 = L4_UDP},
		   long_one = {.l4 = L4_TCP, .wire_len = 20000};
	struct vantage v = {0};

	(void)state;
	see(&v, &tcp, false, false, false);
	vantage_joined(&v, &p);
	vantage_joined(&v, &udp);
	see(&v, &tcp, false, false, false);
	assert_int_equal(vantage_judge(&v), POINT_WIRE);
	vantage_joined(&v, &p);
	assert_int_equal(vantage_judge(&v), POINT_OFFLOAD);

	v = (struct vantage){0};
	see(&v, &huge, false, false, false);
	vantage_joined(&v, &long_one);
	see(&v, &tcp, false, false, false);
	assert_int_equal(vantage_judge(&v), POINT_WIRE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vantage_judge_follows_the_table),
		cmocka_unit_test(test_vantage_joined_packets_are_offload),
		cmocka_unit_test(test_vantage_address_in_either_place_counts),
		cmocka_unit_test(test_vantage_checksums_after_64_are_not_computed),
		cmocka_unit_test(test_vantage_packets_all_alike_are_a_proxys),
		cmocka_unit_test(test_vantage_packet_cut_in_its_header_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
