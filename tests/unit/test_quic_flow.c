/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/quic_flow.h"
#include "base/words.h"
#include "unit/flow_build.h"
#include "unit/guard.h"
#include "unit/quic_write.h"

static uint8_t hello[600], gram[QW_SIZE];
static struct quic_crypt *opener;

/* Puts a datagram in and shows it to the reader; the bytes end at an unreadable page. */
static uint32_t give(struct fb *b, struct flow **f, int who, const uint8_t *at, size_t len)
{
	struct guard g = guard_copy(at, len);
	struct pkt p = fb_udp(b, who);
	uint32_t news;

	p.payload = (struct bytes){g.at, len};
	p.payload_len = (uint32_t)len;
	*f = fb_put(b, &p);
	news = quic_flow_packet(b->t, opener, *f, b->d, &p);
	guard_free(&g);
	return news;
}

static uint32_t give_initial(struct fb *b, struct flow **f, const char *name)
{
	size_t n = qw_hello(name, hello);

	qw_initial(gram, QUIC_V1, 0x11, hello, 0, n);
	return give(b, f, 0, gram, sizeof(gram));
}

static uint32_t give_other(struct fb *b, struct flow **f, int who, uint8_t first, uint32_t version)
{
	uint8_t other[40];

	qw_other(other, first, version);
	return give(b, f, who, other, sizeof(other));
}

static void done(struct fb *b, struct flow *f)
{
	if (f)
		quic_flow_free(b->t, f);
	fb_fini(b);
}

static void test_packet_initial_gives_name_and_app(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	assert_int_equal(give_initial(&b, &f, "Www.Example"), QUIC_NEWS_TRIED | QUIC_NEWS_NAME);
	assert_string_equal(f->app, "QUIC");
	assert_true(f->suspicion & SUS_QUIC);
	assert_int_equal(f->n_triggers, 1);
	assert_int_equal(f->trigger[0].kind, TRIGGER_QUIC_SNI);
	assert_string_equal(f->trigger[0].name, "www.example");
	assert_int_equal(f->trigger[0].first_frame, 1);
	assert_true(quic_flow_get(f)->name_in_first);
	assert_int_equal(quic_flow_get(f)->version, QUIC_V1);
	assert_int_equal(quic_flow_get(f)->first_len, QW_SIZE);
	done(&b, f);
}

static void test_packet_hello_in_two_datagrams_gives_name_with_the_second(void **state)
{
	size_t n = qw_hello("split.example", hello);
	struct flow *f;
	uint64_t before;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	qw_initial(gram, QUIC_V2, 0x22, hello, 40, n);
	assert_int_equal(give(&b, &f, 0, gram, sizeof(gram)), QUIC_NEWS_TRIED);
	assert_non_null(quic_flow_get(f)->hello);
	before = fb_used(&b);
	qw_initial(gram, QUIC_V2, 0x22, hello, 0, 40);
	assert_int_equal(give(&b, &f, 0, gram, sizeof(gram)), QUIC_NEWS_NAME);
	assert_string_equal(f->trigger[0].name, "split.example");
	assert_int_equal(f->trigger[0].first_frame, 1);
	assert_int_equal(f->trigger[0].last_frame, 2);
	assert_false(quic_flow_get(f)->name_in_first);
	/* The hello's memory went back, though a trigger was taken. */
	assert_null(quic_flow_get(f)->hello);
	assert_true(fb_used(&b) < before);
	/* 2 ms apart: one sending. */
	assert_int_equal(quic_flow_get(f)->n_opening, 2);
	assert_int_equal(quic_flow_get(f)->n_rounds, 1);
	assert_int_equal(quic_flow_get(f)->n_same_dcid, 1);
	done(&b, f);
}

static void test_packet_hello_that_never_ends_is_given_up(void **state)
{
	struct flow *f = NULL;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	(void)qw_hello("endless.example", hello);
	for (int i = 0; i < LIMIT_QUIC_HELLO_DATAGRAMS; i++) {
		qw_initial(gram, QUIC_V1, 0x11, hello, (size_t)i, (size_t)i + 1);
		(void)give(&b, &f, 0, gram, sizeof(gram));
		assert_int_equal(quic_flow_get(f)->hello != NULL,
				 i + 1 < LIMIT_QUIC_HELLO_DATAGRAMS);
	}
	assert_true(quic_flow_get(f)->hello_done);
	assert_int_equal(f->n_triggers, 0);
	done(&b, f);
}

static void test_packet_seal_that_does_not_fit_gives_no_name(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	qw_initial(gram, QUIC_V1, 0x11, hello, 0, qw_hello("bad.example", hello));
	gram[600] ^= 1;
	assert_int_equal(give(&b, &f, 0, gram, sizeof(gram)), QUIC_NEWS_TRIED);
	assert_int_equal(f->n_triggers, 0);
	done(&b, f);
}

static void test_packet_cut_at_every_length_reads_nothing_beyond(void **state)
{
	(void)state;
	qw_initial(gram, QUIC_V1, 0x11, hello, 0, qw_hello("cut.example", hello));
	for (size_t n = 0; n < QW_SIZE; n += n < 60 ? 1 : 37) {
		struct flow *f;
		struct fb b;

		fb_init(&b, 1 << 20);
		(void)give(&b, &f, 0, gram, n);
		assert_int_equal(f->n_triggers, 0);
		done(&b, f);
	}
}

static void test_packet_other_protocols_are_not_quic(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	assert_int_equal(give(&b, &f, 0, (const uint8_t *)"\x00\x01 STUN", 7), 0);
	assert_null(quic_flow_get(f));
	/* The answer came first: an Initial now is another protocol's business. */
	assert_int_equal(give(&b, &f, 1, (const uint8_t *)"hello", 5), 0);
	assert_int_equal(give_initial(&b, &f, "late.example"), 0);
	assert_null(quic_flow_get(f));
	done(&b, f);
}

static void test_packet_initial_behind_another_datagram_is_seen(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	(void)give(&b, &f, 0, (const uint8_t *)"x", 1);
	assert_int_equal(give_initial(&b, &f, "second.example"), QUIC_NEWS_TRIED | QUIC_NEWS_NAME);
	assert_int_equal(quic_flow_get(f)->n_before, 1);
	done(&b, f);
}

static void test_packet_initial_behind_many_is_not_looked_for(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	for (int i = 0; i < 4; i++)
		(void)give(&b, &f, 0, (const uint8_t *)"x", 1);
	assert_int_equal(give_initial(&b, &f, "fifth.example"), 0);
	assert_null(quic_flow_get(f));
	done(&b, f);
}

static void test_packet_unknown_version_counts_to_port_443_only(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	assert_int_equal(give_other(&b, &f, 0, 0xc3, 0x51303436), QUIC_NEWS_TRIED);
	assert_int_equal(quic_flow_get(f)->version, 0x51303436);
	done(&b, f);
	fb_init(&b, 1 << 20);
	b.port[1] = 4433;
	assert_int_equal(give_other(&b, &f, 0, 0xc3, 0x51303436), 0);
	done(&b, f);
}

static void test_packet_answer_retry_and_negotiation_are_noted(void **state)
{
	const struct quic_flow *q;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	(void)give_initial(&b, &f, "a.example");
	b.now_ns += FB_S;
	(void)give_initial(&b, &f, "a.example");
	q = quic_flow_get(f);
	assert_int_equal(q->n_rounds, 2);
	assert_int_equal(q->side[DIR_ORIG].n_unheard, 2);
	assert_int_equal(give_other(&b, &f, 1, 0xf0, QUIC_V1), QUIC_NEWS_ANSWERED);
	assert_true(q->retry);
	assert_int_equal(q->side[DIR_ORIG].n_unheard, 0);
	assert_int_equal(give_other(&b, &f, 1, 0xc0, 0), 0);
	assert_true(q->negotiation);
	/* An Initial after an answer is no opening any more. */
	(void)give_initial(&b, &f, "a.example");
	assert_int_equal(q->n_opening, 2);
	assert_int_equal(q->side[DIR_ORIG].n_unheard_long, 1);
	(void)give_other(&b, &f, 0, 0x43, 0);
	assert_int_equal(q->side[DIR_ORIG].n_unheard, 2);
	assert_int_equal(q->side[DIR_ORIG].n_short, 1);
	assert_int_equal(f->n_triggers, 1);
	done(&b, f);
}

static void test_packet_without_memory_leaves_no_state(void **state)
{
	struct flow_stats st;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	(void)give(&b, &f, 0, (const uint8_t *)"x", 1);
	st = fb_stats(&b);
	assert_true(flow_table_take(b.t, (1 << 20) - st.bytes_used));
	assert_int_equal(give_initial(&b, &f, "poor.example"), 0);
	assert_null(quic_flow_get(f));
	assert_true(fb_stats(&b).inspection_lost > 0);
	flow_table_give(b.t, (1 << 20) - st.bytes_used);
	done(&b, f);
}

static void test_free_gives_everything_back(void **state)
{
	struct flow *f;
	uint64_t before;
	struct fb b;

	(void)state;
	fb_init(&b, 1 << 20);
	(void)give(&b, &f, 0, (const uint8_t *)"x", 1);
	before = fb_used(&b);
	(void)qw_hello("half.example", hello);
	qw_initial(gram, QUIC_V1, 0x11, hello, 0, 10);
	(void)give(&b, &f, 0, gram, sizeof(gram));
	assert_true(fb_used(&b) > before + 16384);
	quic_flow_free(b.t, f);
	assert_int_equal(fb_used(&b), before);
	quic_flow_free(b.t, f);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_initial_gives_name_and_app),
		cmocka_unit_test(test_packet_hello_in_two_datagrams_gives_name_with_the_second),
		cmocka_unit_test(test_packet_hello_that_never_ends_is_given_up),
		cmocka_unit_test(test_packet_seal_that_does_not_fit_gives_no_name),
		cmocka_unit_test(test_packet_cut_at_every_length_reads_nothing_beyond),
		cmocka_unit_test(test_packet_other_protocols_are_not_quic),
		cmocka_unit_test(test_packet_initial_behind_another_datagram_is_seen),
		cmocka_unit_test(test_packet_initial_behind_many_is_not_looked_for),
		cmocka_unit_test(test_packet_unknown_version_counts_to_port_443_only),
		cmocka_unit_test(test_packet_answer_retry_and_negotiation_are_noted),
		cmocka_unit_test(test_packet_without_memory_leaves_no_state),
		cmocka_unit_test(test_free_gives_everything_back),
	};
	int failed;

	opener = quic_crypt_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	quic_crypt_free(opener);
	return failed;
}
