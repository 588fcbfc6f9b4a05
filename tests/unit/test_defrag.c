/* SPDX-License-Identifier: BSD-3-Clause */
/* long: every test needs the same small fragment builder */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "flow/defrag.h"
#include "test_decode_build.h"

#define SECOND INT64_C(1000000000)

/* A TCP segment of 20 + 76 bytes with a payload that counts up: 12 blocks of 8. */
enum { WHOLE = 96, BLOCKS = WHOLE / 8 };

static void whole_make(struct build *f)
{
	build_tcp(f, "");
	for (int i = 0; i < WHOLE - 20; i++)
		build_add(f, (uint8_t[1]){(uint8_t)('0' + i)}, 1);
}

/* Bytes [from, to) of f as a fragment, decoded; its bytes are in *bytes, which must live as long as
 * the packet. */
static struct pkt piece(struct build *bytes, const struct build *f, size_t from, size_t to,
			bool more, bool v6, uint32_t id)
{
	struct decode_note note;
	struct pkt p;

	bytes->n = 0;
	build_add(bytes, f->b + from, to - from);
	if (v6) {
		uint8_t h[8] = {6, 0, (uint8_t)(from >> 8), (uint8_t)(from | more)};

		build_be32(h + 4, id);
		build_wrap(bytes, h, 8);
		build_ip6_wrap(bytes, 44, 1);
	} else {
		build_ip4_wrap(bytes, 6, 1);
		build_be16(bytes->b + 4, id);
		build_be16(bytes->b + 6, from / 8 | (more ? 0x2000 : 0));
	}
	struct frame fr = {.at = bytes->b,
			   .cap_len = (uint32_t)bytes->n,
			   .wire_len = (uint32_t)bytes->n,
			   .no = from + 1};

	assert_int_equal(decode_frame(101, &fr, &p, &note), DECODE_OK);
	return p;
}

static enum defrag_got add(struct defrag *d, const struct build *f, size_t from, size_t to,
			   bool more, uint32_t id, int64_t ts, struct pkt *p)
{
	struct build bytes;

	*p = piece(&bytes, f, from, to, more, false, id);
	p->ts_ns = ts;
	return defrag_add(d, p);
}

static struct defrag_stats stats_of(const struct defrag *d)
{
	struct defrag_stats s;

	defrag_stats(d, &s);
	return s;
}

static void assert_whole(const struct pkt *p, const struct build *f)
{
	assert_false(p->frag);
	assert_int_equal(p->l4, L4_TCP);
	assert_int_equal(p->sport, 40000);
	assert_true(p->quirks & QUIRK(FRAGMENT));
	assert_int_equal(p->l4_bytes.len, f->n);
	assert_memory_equal(p->l4_bytes.at, f->b, f->n);
	assert_int_equal(p->payload_len, f->n - 20);
	assert_int_equal(p->payload.len, f->n - 20);
}

/* Four pieces in all 24 orders, for both families: whole on the last one, with its frame number and
 * time. */
static void test_fragments_all_orders_whole_on_last(void **state)
{
	static const size_t cut[5] = {0, 8, 24, 64, WHOLE};
	struct build f, bytes;

	(void)state;
	whole_make(&f);
	for (int v6 = 0; v6 < 2; v6++) {
		for (int perm = 0; perm < 256; perm++) {
			int order[4] = {perm & 3, perm >> 2 & 3, perm >> 4 & 3, perm >> 6 & 3};
			struct defrag *d;

			if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
				continue;
			d = defrag_new(1 << 20);
			for (int i = 0; i < 4; i++) {
				int k = order[i];
				struct pkt p =
					piece(&bytes, &f, cut[k], cut[k + 1], k < 3, v6, 0xabcdef);

				p.ts_ns = 100 + i;
				p.ttl = (uint8_t)(50 + k);
				assert_int_equal(defrag_add(d, &p),
						 i == 3 ? DEFRAG_DONE : DEFRAG_HELD);
				if (i < 3)
					continue;
				assert_whole(&p, &f);
				assert_int_equal(p.frame_no, cut[k] + 1);
				assert_int_equal(p.ts_ns, 103);
				assert_int_equal(p.ttl,
						 50); /* of the fragment that holds the start */
				assert_int_equal(p.ip_total_len, (v6 ? 48 : 20) + WHOLE);
			}
			assert_int_equal(stats_of(d).completed, 1);
			assert_int_equal(stats_of(d).fragments, 4);
			assert_int_equal(stats_of(d).pending, 0);
			assert_int_equal(stats_of(d).overlaps, 0);
			defrag_free(d);
		}
	}
}

/* Each key field alone keeps two datagrams apart; IPv6 does not count the protocol. */
static void test_fragments_different_key_not_mixed(void **state)
{
	struct build f, bytes;

	(void)state;
	whole_make(&f);
	for (int v6 = 0; v6 < 2; v6++) {
		for (int field = 0; field < 5; field++) {
			struct defrag *d = defrag_new(1 << 20);
			struct pkt p = piece(&bytes, &f, 0, 48, true, v6, 7);

			assert_int_equal(defrag_add(d, &p), DEFRAG_HELD);
			p = piece(&bytes, &f, 48, WHOLE, false, v6, 7);
			p.src.b[15] ^= field == 1;
			p.dst.b[15] ^= field == 2;
			p.frag_id ^= field == 3;
			p.ip_proto = field == 4 ? 17 : 6;
			assert_int_equal(defrag_add(d, &p), field == 0 || (v6 && field == 4)
								    ? DEFRAG_DONE
								    : DEFRAG_HELD);
			defrag_free(d);
		}
	}
}

/* Pseudo-random pieces that overlap but agree: the datagram comes out right, whatever the order. */
static void test_overlaps_that_agree_whole(void **state)
{
	uint32_t seed = 12345;
	struct build f;

	(void)state;
	whole_make(&f);
	for (int round = 0; round < 500; round++) {
		struct defrag *d = defrag_new(1 << 20);
		bool there[BLOCKS] = {false};
		enum defrag_got got = DEFRAG_HELD;
		struct pkt p;

		for (int i = 0; i < 1000 && got == DEFRAG_HELD; i++) {
			bool all = true;
			size_t a, b;

			seed = seed * 1664525 + 1013904223;
			a = (seed >> 10) % BLOCKS;
			b = a + 1 + (seed >> 20) % 4;
			b = b > BLOCKS ? BLOCKS : b;
			for (size_t k = a; k < b; k++)
				there[k] = true;
			for (size_t k = 0; k < BLOCKS; k++)
				all = all && there[k];
			got = add(d, &f, a * 8, b * 8, b < BLOCKS, 1, 0, &p);
			assert_int_equal(got, all ? DEFRAG_DONE : DEFRAG_HELD);
		}
		assert_int_equal(got, DEFRAG_DONE);
		assert_whole(&p, &f);
		assert_int_equal(stats_of(d).conflicts, 0);
		defrag_free(d);
	}
}

static void test_overlap_that_differs_first_wins_and_counted(void **state)
{
	struct build f, forged;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	forged = f;
	memset(forged.b + 24, 'X', 56);
	assert_int_equal(add(d, &f, 32, 48, true, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 64, 72, true, 1, 0, &p), DEFRAG_HELD);
	/* Lies over both runs: only the bytes that nobody had sent are taken. */
	assert_int_equal(add(d, &forged, 24, 80, true, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(stats_of(d).overlaps, 1);
	assert_int_equal(stats_of(d).conflicts, 1);
	assert_int_equal(add(d, &f, 0, 24, true, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 80, WHOLE, false, 1, 0, &p), DEFRAG_DONE);
	memcpy(forged.b + 32, f.b + 32, 16);
	memcpy(forged.b + 64, f.b + 64, 8);
	assert_whole(&p, &forged);
	defrag_free(d);
}

static void test_fragment_impossible_lengths_dropped(void **state)
{
	struct build f, bytes;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	/* Not a multiple of 8, and more to come. */
	assert_int_equal(add(d, &f, 0, 12, true, 1, 0, &p), DEFRAG_DROPPED);
	/* Empty. */
	assert_int_equal(add(d, &f, 8, 8, true, 1, 0, &p), DEFRAG_DROPPED);
	/* Beyond 65535. */
	p = piece(&bytes, &f, 0, 64, true, false, 1);
	p.frag_off = 65528;
	assert_int_equal(defrag_add(d, &p), DEFRAG_DROPPED);
	assert_int_equal(stats_of(d).malformed, 3);
	assert_int_equal(stats_of(d).pending, 0);
	/* The end is known: nothing reaches past it, and a second end must be the same. */
	assert_int_equal(add(d, &f, 64, 72, false, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 72, 80, true, 1, 0, &p), DEFRAG_DROPPED);
	assert_int_equal(add(d, &f, 72, 80, false, 1, 0, &p), DEFRAG_DROPPED);
	assert_int_equal(add(d, &f, 56, 64, false, 1, 0, &p), DEFRAG_DROPPED);
	assert_int_equal(add(d, &f, 64, 72, false, 1, 0, &p), DEFRAG_HELD);
	/* An end before bytes that are already there. */
	assert_int_equal(add(d, &f, 64, 72, true, 2, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 56, 64, false, 2, 0, &p), DEFRAG_DROPPED);
	assert_int_equal(stats_of(d).malformed, 7);
	defrag_free(d);
}

/* A fragment of which the capture holds only a part must not be filled up with anything. */
static void test_fragment_truncated_dropped(void **state)
{
	struct build f, bytes;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	p = piece(&bytes, &f, 0, 48, true, false, 1);
	p.l4_bytes.len = 47;
	assert_int_equal(defrag_add(d, &p), DEFRAG_DROPPED);
	assert_true(p.frag);
	assert_int_equal(stats_of(d).truncated, 1);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 1, 0, &p), DEFRAG_HELD);
	defrag_free(d);
}

static void test_timeout_by_packet_time(void **state)
{
	struct build f;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	assert_int_equal(add(d, &f, 0, 48, true, 1, 5 * SECOND, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 0, 48, true, 2, 6 * SECOND, &p), DEFRAG_HELD);
	/* Exactly 30 s is still in time. */
	assert_int_equal(add(d, &f, 48, WHOLE, false, 1, 35 * SECOND, &p), DEFRAG_DONE);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 2, 36 * SECOND + 1, &p), DEFRAG_HELD);
	assert_int_equal(stats_of(d).timed_out, 1);
	assert_int_equal(stats_of(d).pending, 1);
	/* Time that goes backwards, or jumps to the ends of its range, neither loses nor keeps
	 * anything. */
	assert_int_equal(add(d, &f, 0, 48, true, 2, INT64_MIN, &p), DEFRAG_DONE);
	assert_int_equal(add(d, &f, 0, 48, true, 3, INT64_MAX, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 3, 0, &p), DEFRAG_DONE);
	defrag_free(d);
	d = defrag_new(1 << 20);
	assert_int_equal(add(d, &f, 0, 48, true, 1, INT64_MIN, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 0, 48, true, 2, INT64_MAX, &p), DEFRAG_HELD);
	assert_int_equal(stats_of(d).timed_out, 1);
	defrag_free(d);
}

static void test_table_full_oldest_evicted(void **state)
{
	struct build f;
	struct defrag *d = defrag_new(64 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	for (uint32_t id = 0; id < LIMIT_DEFRAG_DATAGRAMS + 10; id++)
		assert_int_equal(add(d, &f, 0, 48, true, id, 0, &p), DEFRAG_HELD);
	assert_int_equal(stats_of(d).evicted, 10);
	assert_int_equal(stats_of(d).pending, LIMIT_DEFRAG_DATAGRAMS);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 10, 0, &p), DEFRAG_DONE);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 9, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 48, WHOLE, false, LIMIT_DEFRAG_DATAGRAMS + 9, 0, &p),
			 DEFRAG_DONE);
	defrag_free(d);
}

static void test_memory_budget_oldest_evicted_or_refused(void **state)
{
	struct build f, bytes;
	struct defrag *d = defrag_new(100000);
	struct pkt p;

	(void)state;
	whole_make(&f);
	/* Far-off pieces make large buffers. */
	for (uint32_t id = 0; id < 20; id++) {
		p = piece(&bytes, &f, 0, 64, true, false, id);
		p.frag_off = 40000;
		assert_int_equal(defrag_add(d, &p), DEFRAG_HELD);
		assert_true(stats_of(d).pending <= 1);
	}
	assert_int_equal(stats_of(d).evicted, 19);
	defrag_free(d);
	/* Room for a small datagram, never for a large one. */
	d = defrag_new(10000);
	assert_int_equal(add(d, &f, 0, 48, true, 1, 0, &p), DEFRAG_HELD);
	p = piece(&bytes, &f, 0, 64, true, false, 1);
	p.frag_off = 40000;
	assert_int_equal(defrag_add(d, &p), DEFRAG_DROPPED);
	assert_int_equal(stats_of(d).no_memory, 1);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 1, 0, &p), DEFRAG_DONE);
	defrag_free(d);
	d = defrag_new(0);
	assert_int_equal(add(d, &f, 0, 48, true, 1, 0, &p), DEFRAG_DROPPED);
	assert_int_equal(stats_of(d).pending, 0);
	defrag_free(d);
}

static void test_too_many_holes_given_up(void **state)
{
	struct build f, bytes;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	for (uint32_t i = 0; i <= LIMIT_DEFRAG_PIECES; i++) {
		p = piece(&bytes, &f, 0, 8, true, false, 1);
		p.frag_off = (uint16_t)(16 * i);
		assert_int_equal(defrag_add(d, &p),
				 i < LIMIT_DEFRAG_PIECES ? DEFRAG_HELD : DEFRAG_DROPPED);
	}
	assert_int_equal(stats_of(d).refused, 1);
	assert_int_equal(stats_of(d).pending, 0);
	defrag_free(d);
}

/* The largest datagram there is, in the smallest pieces, in order. */
static void test_largest_datagram_whole(void **state)
{
	struct build f, bytes;
	struct defrag *d = defrag_new(1 << 20);
	enum defrag_got got = DEFRAG_HELD;
	struct pkt p;

	(void)state;
	whole_make(&f);
	for (uint32_t off = 0; off < 65535 - 20; off += 8) {
		size_t n = off + 8 < 65515 ? 8 : 65515 - off;

		p = piece(&bytes, &f, off ? 24 : 0, (off ? 24 : 0) + n, n == 8 && off + 8 != 65515,
			  false, 1);
		p.frag_off = (uint16_t)off;
		got = defrag_add(d, &p);
	}
	assert_int_equal(got, DEFRAG_DONE);
	assert_int_equal(p.l4_bytes.len, 65515);
	assert_int_equal(p.ip_total_len, 65535);
	defrag_free(d);
}

static void test_bad_transport_in_datagram_counted(void **state)
{
	struct build f;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	f.b[12] = 0x10;
	assert_int_equal(add(d, &f, 0, 48, true, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(add(d, &f, 48, WHOLE, false, 1, 0, &p), DEFRAG_DONE);
	assert_true(p.quirks & QUIRK(BAD_DOFF));
	assert_int_equal(p.payload_len, 0);
	assert_int_equal(stats_of(d).bad_headers, 1);
	defrag_free(d);
}

/* Found by fuzzing: extension headers that end in the wrong place left a header length that
 * contradicted the bytes. */
static void test_bad_extension_header_in_datagram_l4_none(void **state)
{
	struct build f = {.n = 0}, bytes;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	build_add(&f, (uint8_t[16]){44, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 1}, 16);
	build_add(&f, (uint8_t[8]){6, 200}, 8); /* destination options beyond the end */
	p = piece(&bytes, &f, 0, 16, true, true, 1);
	p.ip_proto = 60;
	assert_int_equal(defrag_add(d, &p), DEFRAG_HELD);
	p = piece(&bytes, &f, 16, 24, false, true, 1);
	assert_int_equal(defrag_add(d, &p), DEFRAG_DONE);
	assert_int_equal(p.l4, L4_NONE);
	assert_int_equal(p.l4_bytes.len, 24);
	assert_int_equal(p.ip_total_len - p.ip_hdr_len, 24);
	assert_int_equal(stats_of(d).bad_headers, 1);
	defrag_free(d);
}

/* A tunnelled packet that had to be fragmented comes out as itself. */
static void test_tunnel_in_datagram_inner_packet(void **state)
{
	struct build f;
	struct defrag *d = defrag_new(1 << 20);
	struct build bytes;
	struct pkt p;

	(void)state;
	whole_make(&f);
	build_ip4_wrap(&f, 6, 5);
	p = piece(&bytes, &f, 0, 48, true, false, 1);
	p.ip_proto = 4;
	assert_int_equal(defrag_add(d, &p), DEFRAG_HELD);
	p = piece(&bytes, &f, 48, f.n, false, false, 1);
	p.ip_proto = 4;
	assert_int_equal(defrag_add(d, &p), DEFRAG_DONE);
	assert_int_equal(p.tunnel_depth, 1);
	assert_int_equal(p.src.b[15], 5);
	assert_int_equal(p.payload_len, WHOLE - 20);
	assert_true(p.quirks & QUIRK(FRAGMENT));
	defrag_free(d);
}

/* Fragments in fragments: what comes out is added again while its bytes are still the last
 * datagram's. */
static void test_fragment_in_datagram_added_again(void **state)
{
	static const size_t cut[3] = {0, 48, WHOLE};
	struct build f;
	struct defrag *d = defrag_new(1 << 20);
	enum defrag_got got = DEFRAG_HELD;
	struct pkt p;

	(void)state;
	whole_make(&f);
	for (int i = 0; i < 2; i++) {
		struct build inner, bytes;

		(void)piece(&inner, &f, cut[i], cut[i + 1], i == 0, false, 99);
		for (size_t at = 0; at < inner.n; at += 40) {
			size_t to = at + 40 < inner.n ? at + 40 : inner.n;

			p = piece(&bytes, &inner, at, to, to < inner.n, false, 1000 + (uint32_t)i);
			p.ip_proto = 4;
			got = defrag_add(d, &p);
		}
		assert_int_equal(got, DEFRAG_DONE);
		assert_true(p.frag);
		assert_int_equal(p.tunnel_depth, 1);
		got = defrag_add(d, &p);
	}
	assert_int_equal(got, DEFRAG_DONE);
	assert_whole(&p, &f);
	defrag_free(d);
}

static void test_free_null_and_half_full(void **state)
{
	struct build f;
	struct defrag *d = defrag_new(1 << 20);
	struct pkt p;

	(void)state;
	whole_make(&f);
	defrag_free(NULL);
	assert_int_equal(add(d, &f, 0, 48, true, 1, 0, &p), DEFRAG_HELD);
	assert_int_equal(stats_of(d).pending, 1);
	defrag_free(d); /* leaks are the sanitizer's to find */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments_all_orders_whole_on_last),
		cmocka_unit_test(test_fragments_different_key_not_mixed),
		cmocka_unit_test(test_overlaps_that_agree_whole),
		cmocka_unit_test(test_overlap_that_differs_first_wins_and_counted),
		cmocka_unit_test(test_fragment_impossible_lengths_dropped),
		cmocka_unit_test(test_fragment_truncated_dropped),
		cmocka_unit_test(test_timeout_by_packet_time),
		cmocka_unit_test(test_table_full_oldest_evicted),
		cmocka_unit_test(test_memory_budget_oldest_evicted_or_refused),
		cmocka_unit_test(test_too_many_holes_given_up),
		cmocka_unit_test(test_largest_datagram_whole),
		cmocka_unit_test(test_bad_transport_in_datagram_counted),
		cmocka_unit_test(test_bad_extension_header_in_datagram_l4_none),
		cmocka_unit_test(test_tunnel_in_datagram_inner_packet),
		cmocka_unit_test(test_fragment_in_datagram_added_again),
		cmocka_unit_test(test_free_null_and_half_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
