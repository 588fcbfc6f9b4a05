/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet changes in its flow: sequence state, marks, flags, TTLs. Log and history: test_flow_log.c, test_flow_history.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20 };

static const struct seg *last_seg(const struct flow *f)
{
	return &f->log.at[f->log.n - 1];
}

/* Every value of the flags field, into a fresh flow and into an open one, with and without payload. */
static void test_tcp_track_every_flag_value_notes_rst_exactly_when_set(void **state)
{
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (uint16_t i = 0; i < 4096 * 4; i++) {
		uint16_t flags = i / 4;
		bool open = i & 1, rst = flags & TCP_RST;
		const struct flow_side *s;
		struct flow *f;

		b.port[0] = (uint16_t)(20000 + i);
		if (open)
			fb_open(&b);
		f = fb_send(&b, 0, flags, FB_C + 1, FB_SV + 1, "payload", i & 2 ? 7 : 0);
		assert_non_null(f);
		s = &f->side[b.d];
		assert_int_equal(f->suspicion & SUS_RST, rst ? SUS_RST : 0);
		assert_int_equal(s->n_rst, rst);
		if (rst)
			assert_true(f->log.sealed);
		assert_int_equal(f->rst_bytes != NULL, rst && i & 2);
		assert_int_equal(strchr(f->history, 'R') || strchr(f->history, 'r'), rst);
		assert_int_equal(last_seg(f)->flags, flags);
		/* A reset leaves no trace in what is usual for its side. */
		assert_int_equal(s->n_ttl, !rst || open);
		assert_int_equal(s->n_fin, !!(flags & TCP_FIN));
		if (rst)
			assert_true(f->closed);
		if (b.n_ended > 4096) /* they time out as the loop goes: memory stays small */
			b.n_ended = 0;
	}
	fb_fini(&b);
}

static void test_tcp_track_sequence_state_follows_the_handshake(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_syn(&b, 0, FB_C);
	assert_false(f->established);
	assert_int_equal(f->side[DIR_ORIG].isn, FB_C);
	assert_int_equal(f->side[DIR_ORIG].next, FB_C + 1);
	assert_false(f->side[DIR_RESP].have_next);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	assert_int_equal(f->side[DIR_RESP].ack_max, FB_C + 1);
	assert_false(f->established);
	fb_send(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);
	assert_true(f->established);
	fb_text(&b, 0, 0, "hello");
	assert_int_equal(f->side[DIR_ORIG].next, FB_C + 6);
	assert_int_equal(last_seg(f)->next_seq, FB_C + 1);
	assert_int_equal(last_seg(f)->peer_next, FB_SV + 1);
	assert_true(last_seg(f)->next_known && last_seg(f)->peer_known);
	fb_send(&b, 0, TCP_FIN | TCP_ACK, FB_C + 6, FB_SV + 1, NULL, 0);
	assert_int_equal(f->side[DIR_ORIG].next, FB_C + 7);
	assert_false(f->closed);
	fb_send(&b, 1, TCP_FIN | TCP_ACK, FB_SV + 1, FB_C + 7, NULL, 0);
	assert_true(f->closed);
	assert_int_equal(f->seq_gaps, 0);
	fb_fini(&b);
}

/* TCP Fast Open, RFC 7413: data on a SYN takes the numbers after it. */
static void test_tcp_track_data_on_syn_counts(void **state)
{
	struct flow *f;
	struct bytes head;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_send(&b, 0, TCP_SYN, FB_C, 0, "early", 5);
	assert_int_equal(f->side[DIR_ORIG].next, FB_C + 6);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 6, NULL, 0);
	fb_text(&b, 0, 5, " bird");
	head = stream_head(f, DIR_ORIG);
	assert_int_equal(head.len, 10);
	assert_memory_equal(head.at, "early bird", 10);
	assert_string_equal(f->history, "SDh");
	fb_fini(&b);
}

/* Forged segments far away in sequence space are logged; the side's state goes on as if they had not been. */
static void test_tcp_track_wild_sequence_number_does_not_derail(void **state)
{
	static const uint32_t wild[] = {1u << 24,   1u << 30,   0x7fffffff,
					0x80000000, 0x80000001, 0xfff00000};

	(void)state;
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		struct flow *f;
		struct bytes head;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		fb_text(&b, 0, 0, "one");
		f = fb_send(&b, 0, TCP_ACK, FB_C + 4 + wild[i], FB_SV + 1, "wild data", 9);
		assert_int_equal(f->log.n, 5);
		assert_int_equal(last_seg(f)->seq, FB_C + 4 + wild[i]);
		assert_int_equal(f->side[DIR_ORIG].next, FB_C + 4);
		fb_text(&b, 0, 3, "two");
		assert_false(last_seg(f)->retransmit);
		assert_int_equal(f->side[DIR_ORIG].next, FB_C + 7);
		head = stream_head(f, DIR_ORIG);
		assert_int_equal(head.len, 6);
		assert_memory_equal(head.at, "onetwo", 6);
		fb_fini(&b);
	}
}

/* The same for acknowledgement numbers: a wild one neither counts as bytes that the capture lost nor hides the real ones. */
static void test_tcp_track_wild_ack_does_not_derail(void **state)
{
	static const uint32_t wild[] = {1u << 24, 1u << 30, 0x7fffffff, 0x80000000, 0xfff00000};

	(void)state;
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		struct flow *f;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		fb_text(&b, 0, 0, "one");
		f = fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 4 + wild[i], NULL, 0);
		fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 4, NULL, 0);
		assert_int_equal(f->side[DIR_RESP].ack_max, FB_C + 4);
		assert_int_equal(f->seq_gaps, 0);
		fb_fini(&b);
	}
}

static void test_tcp_track_ack_of_unseen_data_is_a_gap(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 2, NULL,
		    0); /* a FIN that was not seen would do that */
	assert_int_equal(f->seq_gaps, 0);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 1401, NULL, 0);
	assert_int_equal(f->seq_gaps, 1);
	fb_send(&b, 1, TCP_ACK, FB_SV + 1, FB_C + 1401, NULL,
		0); /* the same again is the same gap */
	assert_int_equal(f->seq_gaps, 1);
	fb_fini(&b);
}

/* RFC 1982: all of it once more with ISNs right before the numbers wrap. */
static void test_tcp_track_numbers_that_wrap_are_in_order(void **state)
{
	(void)state;
	for (uint32_t before = 0; before < 12; before++) {
		const uint32_t isn = 0u - before, peer = 0x80000000 - before;
		struct flow *f;
		struct bytes head;
		struct fb b;

		fb_init(&b, MB64);
		fb_syn(&b, 0, isn);
		fb_send(&b, 1, TCP_SYN | TCP_ACK, peer, isn + 1, NULL, 0);
		f = fb_send(&b, 0, TCP_ACK, isn + 1, peer + 1, NULL, 0);
		fb_send(&b, 0, TCP_ACK, isn + 1, peer + 1, "hello", 5);
		assert_false(last_seg(f)->retransmit);
		fb_send(&b, 0, TCP_ACK, isn + 6, peer + 1, "world", 5);
		assert_false(last_seg(f)->retransmit);
		assert_int_equal(f->side[DIR_ORIG].next, (uint32_t)(isn + 11));
		fb_send(&b, 0, TCP_ACK, isn + 1, peer + 1, "hello", 5);
		assert_true(last_seg(f)->retransmit);
		fb_send(&b, 1, TCP_ACK, peer + 1, isn + 11, NULL, 0);
		assert_int_equal(f->side[DIR_RESP].ack_max, (uint32_t)(isn + 11));
		assert_int_equal(f->seq_gaps, 0);
		head = stream_head(f, DIR_ORIG);
		assert_int_equal(head.len, 10);
		assert_memory_equal(head.at, "helloworld", 10);
		assert_int_equal(f->n_conflicts, 0);
		fb_fini(&b);
	}
	assert_int_equal(seq_diff(0, UINT32_MAX), 1);
	assert_int_equal(seq_diff(UINT32_MAX, 0), -1);
	assert_int_equal(seq_diff(0x7fffffff, 0), INT32_MAX);
	assert_int_equal(seq_diff(0x80000000, 0), INT32_MIN);
}

/* A segment is a retransmission when all its bytes were sent before: neither less nor more. */
static void test_tcp_track_retransmit_needs_all_its_bytes(void **state)
{
	static const struct {
		uint32_t off;
		size_t len;
		bool again;
	} row[] = {{0, 10, true},  {0, 1, true},   {9, 1, true},  {5, 5, true},  {5, 6, false},
		   {10, 1, false}, {10, 0, false}, {0, 0, false}, {0, 11, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow *f;
		struct fb b;

		fb_init(&b, MB64);
		fb_open(&b);
		fb_text(&b, 0, 0, "0123456789");
		f = fb_data(&b, 0, row[i].off, &"0123456789X"[row[i].off], row[i].len);
		assert_int_equal(last_seg(f)->retransmit, row[i].again);
		fb_fini(&b);
	}
}

static void test_tcp_track_repeated_syn_is_a_retransmission(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_syn(&b, 0, FB_C);
	assert_false(last_seg(f)->retransmit);
	fb_syn(&b, 0, FB_C);
	assert_true(last_seg(f)->retransmit);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	assert_true(last_seg(f)->retransmit);
	assert_int_equal(f->suspicion, 0);
	fb_fini(&b);
}

static void test_tcp_track_second_synack_with_another_isn_is_suspect(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV + 4711, FB_C + 1, NULL, 0);
	assert_int_equal(f->no, 1);
	assert_int_equal(f->suspicion, SUS_SYNACK);
	assert_true(f->log.sealed);
	assert_int_equal(f->side[DIR_RESP].isn, FB_SV);
	assert_int_equal(f->side[DIR_RESP].next, FB_SV + 1);
	fb_fini(&b);
}

/* Packets that end inside the TCP header have ports and nothing else that could be believed. */
static void test_tcp_track_header_cut_teaches_nothing(void **state)
{
	struct flow *f;
	struct pkt p;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	p = fb_pkt(&b, 0, TCP_RST, 9, 9, NULL, 0);
	p.quirks = QUIRK(TRUNC_L4);
	f = fb_put(&b, &p);
	assert_true(f->truncated);
	assert_int_equal(f->suspicion, 0);
	assert_int_equal(f->log.n, 0);
	assert_int_equal(f->side[b.d].packets, 0);
	fb_fini(&b);
}

static void test_tcp_track_ttls_more_than_fit_keep_the_usual_one(void **state)
{
	const struct flow_side *s;
	struct flow *f;
	bool usual = false;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	s = &f->side[DIR_ORIG];
	for (int i = 0; i < 30; i++) {
		struct pkt p = fb_pkt(&b, 0, TCP_ACK, FB_C + 1, FB_SV + 1, NULL, 0);

		if (i % 2)
			p.ttl = (uint8_t)(100 + i);
		fb_put(&b, &p);
	}
	assert_int_equal(s->n_ttl, SIDE_TTLS);
	for (uint32_t i = 0; i < s->n_ttl; i++)
		usual |= s->ttl[i].ttl == 64 && s->ttl[i].n == 17;
	assert_true(usual);
	fb_fini(&b);
}

static void test_tcp_track_reset_payload_is_kept_once_and_cut(void **state)
{
	static const char text[] = "a reset that explains itself at some length";
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_open(&b);
	f = fb_send(&b, 1, TCP_RST, FB_SV + 1, 0, NULL, 0);
	assert_null(f->rst_bytes);
	fb_send(&b, 1, TCP_RST, FB_SV + 1, 0, text, sizeof(text) - 1);
	fb_send(&b, 1, TCP_RST, FB_SV + 1, 0, "other", 5);
	assert_int_equal(f->rst_bytes->frame_no, 5);
	assert_int_equal(f->rst_bytes->n, RST_BYTES);
	assert_memory_equal(f->rst_bytes->at, text, RST_BYTES);
	/* It is no part of the stream. */
	assert_int_equal(stream_head(f, DIR_RESP).len, 0);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_track_every_flag_value_notes_rst_exactly_when_set),
		cmocka_unit_test(test_tcp_track_sequence_state_follows_the_handshake),
		cmocka_unit_test(test_tcp_track_data_on_syn_counts),
		cmocka_unit_test(test_tcp_track_wild_sequence_number_does_not_derail),
		cmocka_unit_test(test_tcp_track_wild_ack_does_not_derail),
		cmocka_unit_test(test_tcp_track_ack_of_unseen_data_is_a_gap),
		cmocka_unit_test(test_tcp_track_numbers_that_wrap_are_in_order),
		cmocka_unit_test(test_tcp_track_retransmit_needs_all_its_bytes),
		cmocka_unit_test(test_tcp_track_repeated_syn_is_a_retransmission),
		cmocka_unit_test(test_tcp_track_second_synack_with_another_isn_is_suspect),
		cmocka_unit_test(test_tcp_track_header_cut_teaches_nothing),
		cmocka_unit_test(test_tcp_track_ttls_more_than_fit_keep_the_usual_one),
		cmocka_unit_test(test_tcp_track_reset_payload_is_kept_once_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
