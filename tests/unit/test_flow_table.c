/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/flow/flow_table.c engine/flow/flow_key.c */
/* Which packets are one flow, and who opened it. Timeouts and memory: test_flow_time.c, test_flow_memory.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20 };

/* Both directions of a 5-tuple are one flow, whichever end has the greater address or port; swapping the ports between
 * the addresses, or the protocol, makes another. */
static void test_flow_hash_both_directions_are_one_flow(void **state)
{
	static const struct ip_addr v6 = {{0x20, 1, 0xd, 0xb8}};
	const struct ip_addr ends[] = {fb_ip4(10, 0, 0, 1), fb_ip4(10, 0, 0, 2),
				       fb_ip4(9, 255, 255, 255), v6};
	uint64_t flows = 0;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++) {
			struct flow *f, *same, *other, *udp;
			struct pkt p;

			if (i == j)
				continue;
			b.addr[0] = ends[i];
			b.addr[1] = ends[j];
			/* The ports hold i and j, so that each pair is new. */
			b.port[0] = (uint16_t)(40000 + 10 * i + j);
			b.port[1] = 443;
			f = fb_syn(&b, 0, 1);
			assert_int_equal(b.d, DIR_ORIG);
			same = fb_send(&b, 1, TCP_SYN | TCP_ACK, 7, 2, NULL, 0);
			assert_ptr_equal(f, same);
			assert_int_equal(b.d, DIR_RESP);
			assert_ptr_equal(
				flow_table_find(b.t, 6, &b.addr[1], 443, &b.addr[0], b.port[0]), f);
			assert_ptr_equal(
				flow_table_find(b.t, 6, &b.addr[0], b.port[0], &b.addr[1], 443), f);
			assert_null(
				flow_table_find(b.t, 17, &b.addr[0], b.port[0], &b.addr[1], 443));
			assert_null(
				flow_table_find(b.t, 6, &b.addr[0], 443, &b.addr[1], b.port[0]));
			p = fb_udp(&b, 0);
			udp = fb_put(&b, &p);
			assert_ptr_not_equal(udp, f);
			b.port[1] = b.port[0];
			b.port[0] = 443;
			other = fb_syn(&b, 0, 1);
			assert_ptr_not_equal(other, f);
			flows += 3;
			assert_int_equal(fb_stats(&b).flows, flows);
		}
	assert_int_equal(b.n_ended, 0);
	fb_fini(&b);
}

/* One host speaking to itself: with two ports the ends can be told; with one (a land attack) everything is orig's. */
static void test_flow_same_address_on_both_ends_is_one_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	b.addr[1] = b.addr[0];
	f = fb_open(&b);
	assert_int_equal(f->side[DIR_ORIG].packets, 2);
	assert_int_equal(f->side[DIR_RESP].packets, 1);
	assert_true(f->established);
	b.port[1] = b.port[0];
	f = fb_syn(&b, 0, 5);
	assert_ptr_equal(fb_send(&b, 1, TCP_SYN | TCP_ACK, 5, 6, NULL, 0), f);
	assert_int_equal(b.d, DIR_ORIG);
	assert_int_equal(f->side[DIR_ORIG].packets, 2);
	assert_int_equal(fb_stats(&b).flows, 2);
	fb_fini(&b);
}

static void test_flow_many_ports_are_all_found_again(void **state)
{
	enum { N = 20000 };
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (uint32_t i = 0; i < N; i++) {
		b.port[0] = (uint16_t)(1024 + i);
		b.now_ns = FB_START;
		assert_int_equal(fb_syn(&b, 0, i)->no, i + 1);
	}
	/* Every third ends by reuse and is made anew: the slots behind it must stay reachable. */
	for (uint32_t i = 0; i < N; i += 3) {
		b.port[0] = (uint16_t)(1024 + i);
		b.now_ns = FB_START;
		fb_syn(&b, 0, i + 99);
	}
	assert_int_equal(fb_stats(&b).live, N);
	for (uint32_t i = 0; i < N; i++) {
		const struct flow *f =
			flow_table_find(b.t, 6, &b.addr[1], 443, &b.addr[0], (uint16_t)(1024 + i));

		assert_non_null(f);
		assert_int_equal(f->port[DIR_ORIG], 1024 + i);
		if (i % 3)
			assert_int_equal(f->no, i + 1);
	}
	fb_fini(&b);
	assert_int_equal(b.n_ended, (N + 2) / 3);
}

static void test_flow_reuse_with_a_new_isn_is_a_new_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	fb_send(&b, 0, TCP_FIN | TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
	fb_send(&b, 1, TCP_FIN | TCP_ACK, FB_SV + 1, FB_C + 2, NULL, 0);
	f = fb_syn(&b, 0, FB_C + 70000);
	assert_int_equal(f->no, 2);
	assert_int_equal(b.n_ended, 1);
	assert_int_equal(b.ended[0], 1);
	assert_string_equal(f->history, "S");
	/* Unanswered, with another number: also a new attempt. */
	assert_int_equal(fb_syn(&b, 0, FB_C + 90000)->no, 3);
	/* After a refusal, likewise. */
	fb_send(&b, 1, TCP_RST | TCP_ACK, 0, FB_C + 90001, NULL, 0);
	assert_int_equal(fb_syn(&b, 0, FB_C + 95000)->no, 4);
	fb_fini(&b);
}

/* Windows repeats a refused SYN as it was: it stays one flow. */
static void test_flow_same_isn_after_refusal_stays_one_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (int i = 0; i < 3; i++) {
		f = fb_syn(&b, 0, FB_C);
		assert_int_equal(f->no, 1);
		fb_send(&b, 1, TCP_RST | TCP_ACK, 0, FB_C + 1, NULL, 0);
		b.now_ns += FB_S / 2;
	}
	assert_int_equal(f->side[DIR_ORIG].n_syn, 3);
	assert_int_equal(f->side[DIR_RESP].n_rst, 3);
	fb_fini(&b);
}

/* RFC 5961 4: a SYN inside a living connection is answered with an ACK and changes nothing; one after 3 s of quiet is
 * taken for a new connection. */
static void test_flow_syn_in_a_live_connection_is_noted_not_obeyed(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = fb_syn(&b, 0, FB_C + 5555555);
	assert_int_equal(f->no, 1);
	assert_int_equal(f->side[DIR_ORIG].isn, FB_C);
	assert_int_equal(f->side[DIR_ORIG].next, FB_C + 1);
	f = fb_syn(&b, 1, FB_SV + 5555555);
	assert_int_equal(f->no, 1);
	assert_int_equal(f->side[DIR_RESP].isn, FB_SV);
	b.now_ns += 2990 * FB_MS; /* the last one was 2 ms ago */
	assert_int_equal(fb_syn(&b, 0, FB_C + 7)->no, 1);
	b.now_ns += 3 * FB_S;
	assert_int_equal(fb_syn(&b, 0, FB_C + 9)->no, 2);
	fb_fini(&b);
}

static void test_flow_simultaneous_open_is_one_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_syn(&b, 0, FB_C);
	f = fb_syn(&b, 1, FB_SV);
	assert_int_equal(f->no, 1);
	assert_int_equal(b.d, DIR_RESP);
	fb_send(&b, 0, TCP_SYN | TCP_ACK, FB_C, FB_SV + 1, NULL, 0);
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	f = fb_send(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
	assert_int_equal(f->no, 1);
	assert_true(f->established);
	assert_int_equal(f->side[DIR_ORIG].isn, FB_C);
	assert_int_equal(f->side[DIR_RESP].isn, FB_SV);
	assert_int_equal(f->suspicion, 0);
	assert_false(f->flipped);
	fb_fini(&b);
}

/* Captures put together from several queues show a SYN after its own SYN/ACK: still one connection. */
static void test_flow_syn_seen_after_its_synack_is_one_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	f = fb_syn(&b, 0, FB_C);
	assert_int_equal(f->no, 1);
	assert_int_equal(b.d, DIR_ORIG);
	assert_int_equal(f->side[DIR_ORIG].isn, FB_C);
	assert_false(f->midstream);
	/* A SYN that the SYN/ACK does not answer is another attempt. */
	b.port[0]++;
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	assert_int_equal(fb_syn(&b, 0, FB_C + 1)->no, 3);
	fb_fini(&b);
}

/* Who is orig when no SYN was seen: first words, then the lower well-known port, then who came first. */
static void test_flow_midstream_orientation_follows_the_table(void **state)
{
	static const struct {
		uint16_t from, to, flags;
		const char *data;
		size_t len;
		bool src_is_orig, midstream, udp;
	} row[] = {
		{40000, 443, TCP_SYN, "", 0, true, false, false},
		{443, 40000, TCP_SYN, "", 0, true, false, false},
		{443, 40000, TCP_SYN | TCP_ACK, "", 0, false, false, false},
		{40000, 443, TCP_SYN | TCP_ACK, "", 0, false, false, false},
		{40000, 443, TCP_ACK, "", 0, true, true, false},
		{443, 40000, TCP_ACK, "", 0, false, true, false},
		{443, 40000, TCP_RST, "", 0, false, true, false},
		{40000, 50000, TCP_ACK, "", 0, true, true, false},
		{50000, 40000, TCP_ACK, "", 0, true, true, false},
		{22, 443, TCP_ACK, "", 0, true, true, false},
		{1023, 1024, TCP_ACK, "", 0, false, true, false},
		{1024, 1023, TCP_ACK, "", 0, true, true, false},
		/* Words beat ports. */
		{40000, 443, TCP_ACK, "HTTP/1.1 200 OK\r\n", 17, false, true, false},
		{40000, 50000, TCP_ACK, "HTTP/1.0", 8, false, true, false},
		{443, 40000, TCP_ACK, "GET / HTTP/1.1\r\n", 16, true, true, false},
		{443, 40000, TCP_ACK, "POST /", 6, true, true, false},
		{443, 40000, TCP_ACK, "HEAD /", 6, true, true, false},
		{443, 40000, TCP_ACK, "GETS /", 6, false, true, false},
		{443, 40000, TCP_ACK, "\x16\x03\x01\x01\x00\x01", 6, true, true, false},
		{40000, 443, TCP_ACK, "\x16\x03\x03\x01\x00\x02", 6, false, true, false},
		{40000, 443, TCP_ACK, "\x17\x03\x03\x01\x00\x02", 6, true, true, false},
		{40000, 443, TCP_ACK, "\x16\x03\x03\x01\x00", 5, true, true, false},
		{40000, 443, TCP_ACK, "HTTP", 4, true, true, false},
		{40000, 53, 0, "", 0, true, false, true},
		{53, 40000, 0, "", 0, false, false, true},
		{53, 53, 0, "", 0, true, false, true},
		{500, 53, 0, "", 0, true, false, true},
		{53, 500, 0, "", 0, false, false, true},
	};
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow *f;
		struct pkt p;
		int src;

		b.addr[0] = fb_ip4(10, 1, 0, (uint8_t)i);
		p = fb_pkt(&b, 0, row[i].flags, 5, 5, row[i].data, row[i].len);
		p.sport = row[i].from;
		p.dport = row[i].to;
		if (row[i].udp)
			p.l4 = L4_UDP;
		f = fb_put(&b, &p);
		src = row[i].src_is_orig ? DIR_ORIG : DIR_RESP;
		if ((int)b.d != src)
			print_error("row %zu\n", i);
		assert_int_equal(b.d, src);
		assert_memory_equal(&f->addr[src], &p.src, sizeof(p.src));
		assert_memory_equal(&f->addr[!src], &p.dst, sizeof(p.dst));
		assert_int_equal(f->port[src], row[i].from);
		assert_int_equal(f->port[!src], row[i].to);
		assert_int_equal(f->flipped, !row[i].src_is_orig);
		assert_int_equal(f->history[0] == '^', !row[i].src_is_orig);
		assert_int_equal(f->midstream, row[i].midstream);
	}
	fb_fini(&b);
}

/* A SYN on a flow that was joined in the middle opens the connection that is really meant. */
static void test_flow_syn_after_midstream_packets_is_a_new_flow(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_text(&b, 0, 100, "tail of an old connection");
	assert_true(f->midstream);
	f = fb_syn(&b, 0, FB_C + 99999);
	assert_int_equal(f->no, 2);
	assert_false(f->midstream);
	fb_fini(&b);
}

static void test_flow_facts_of_its_packets_are_kept(void **state)
{
	struct flow *f;
	struct pkt p;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	b.frame = 41;
	fb_syn(&b, 0, FB_C);
	p = fb_pkt(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	p.tunnel_depth = 2;
	f = fb_put(&b, &p);
	assert_false(f->truncated);
	p = fb_pkt(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, "abc", 3);
	p.payload_len = 900;
	p.quirks = QUIRK(TRUNC_PAYLOAD);
	f = flow_table_packet(b.t, &p, 3, &b.d);
	assert_int_equal(f->first_ns, FB_START);
	assert_int_equal(f->last_ns, FB_START + 4 * FB_MS);
	assert_int_equal(f->first_frame, 42);
	assert_int_equal(f->last_frame, 44);
	assert_int_equal(f->depth_max, 2);
	assert_int_equal(f->input_i, 0);
	assert_true(f->truncated);
	assert_int_equal(f->side[DIR_ORIG].bytes, 900);
	assert_int_equal(f->side[DIR_ORIG].packets, 2);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_hash_both_directions_are_one_flow),
		cmocka_unit_test(test_flow_same_address_on_both_ends_is_one_flow),
		cmocka_unit_test(test_flow_many_ports_are_all_found_again),
		cmocka_unit_test(test_flow_reuse_with_a_new_isn_is_a_new_flow),
		cmocka_unit_test(test_flow_same_isn_after_refusal_stays_one_flow),
		cmocka_unit_test(test_flow_syn_in_a_live_connection_is_noted_not_obeyed),
		cmocka_unit_test(test_flow_simultaneous_open_is_one_flow),
		cmocka_unit_test(test_flow_syn_seen_after_its_synack_is_one_flow),
		cmocka_unit_test(test_flow_midstream_orientation_follows_the_table),
		cmocka_unit_test(test_flow_syn_after_midstream_packets_is_a_new_flow),
		cmocka_unit_test(test_flow_facts_of_its_packets_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
