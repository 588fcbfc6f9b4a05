/* SPDX-License-Identifier: BSD-3-Clause */
/* ICMP errors noted on the flow they quote: RFC 792, RFC 1812 5.2.7.1, RFC 4443 3, RFC 5927 4.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "flow_build.h"
#include "icmp_build.h"

static struct ip_addr router(uint8_t n)
{
	return fb_ip4(198, 51, 100, n);
}

/* A SYN, and what is noted of one error about it. */
static struct flow *with_syn(struct fb *b)
{
	fb_init(b, 1 << 20);
	return fb_send(b, 0, TCP_SYN, FB_C, 0, NULL, 0);
}

static void test_icmp_every_code_says_what_the_rfc_says(void **state)
{
	static const struct {
		int version, type, code, says;
	} t[] = {
		{4, 3, 0, ICMP_SAYS_NET},         {4, 3, 1, ICMP_SAYS_HOST},
		{4, 3, 2, ICMP_SAYS_OTHER},       {4, 3, 3, ICMP_SAYS_PORT},
		{4, 3, 4, ICMP_SAYS_TOO_BIG},     {4, 3, 5, ICMP_SAYS_OTHER},
		{4, 3, 6, ICMP_SAYS_NET},         {4, 3, 7, ICMP_SAYS_HOST},
		{4, 3, 8, ICMP_SAYS_OTHER},       {4, 3, 9, ICMP_SAYS_PROHIBITED},
		{4, 3, 10, ICMP_SAYS_PROHIBITED}, {4, 3, 11, ICMP_SAYS_NET},
		{4, 3, 12, ICMP_SAYS_HOST},       {4, 3, 13, ICMP_SAYS_PROHIBITED},
		{4, 3, 14, ICMP_SAYS_OTHER},      {4, 3, 255, ICMP_SAYS_OTHER},
		{4, 11, 0, ICMP_SAYS_EXPIRED},    {4, 11, 1, ICMP_SAYS_OTHER},
		{4, 12, 0, ICMP_SAYS_OTHER},      {6, 1, 0, ICMP_SAYS_NET},
		{6, 1, 1, ICMP_SAYS_PROHIBITED},  {6, 1, 2, ICMP_SAYS_OTHER},
		{6, 1, 3, ICMP_SAYS_HOST},        {6, 1, 4, ICMP_SAYS_PORT},
		{6, 1, 5, ICMP_SAYS_PROHIBITED},  {6, 1, 6, ICMP_SAYS_PROHIBITED},
		{6, 1, 7, ICMP_SAYS_OTHER},       {6, 2, 0, ICMP_SAYS_TOO_BIG},
		{6, 3, 0, ICMP_SAYS_EXPIRED},     {6, 3, 1, ICMP_SAYS_OTHER},
		{6, 4, 0, ICMP_SAYS_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct fb b;
		struct flow *f = with_syn(&b);
		struct pkt p =
			fb_icmp(&b, router(1), (uint8_t)t[i].type, (uint8_t)t[i].code, 0, FB_C);

		p.ip_version = (uint8_t)t[i].version;
		fb_icmp_put(&b, f, &p);
		assert_non_null(f->icmp);
		assert_int_equal(f->icmp->at[0].says, t[i].says);
		assert_true(f->suspicion & SUS_ICMP);
		fb_fini(&b);
	}
}

static void test_icmp_redirect_and_source_quench_are_no_news(void **state)
{
	(void)state;
	for (uint8_t type = 4; type <= 5; type++) {
		struct fb b;
		struct flow *f = with_syn(&b);
		struct pkt p = fb_icmp(&b, router(1), type, 0, 0, FB_C);

		fb_icmp_put(&b, f, &p);
		assert_null(f->icmp);
		assert_int_equal(f->suspicion, 0);
		fb_fini(&b);
	}
}

static void test_icmp_quote_is_laid_beside_what_was_sent(void **state)
{
	struct fb b;
	struct flow *f = with_syn(&b);
	struct pkt p = fb_icmp(&b, router(1), 3, 13, 0, FB_C);
	const struct icmp_note *n;

	(void)state;
	fb_icmp_put(&b, f, &p);
	/* a number that nobody sent; the right one, sent to somebody else; none at all */
	p = fb_icmp(&b, router(2), 3, 13, 0, FB_C + 77);
	fb_icmp_put(&b, f, &p);
	p = fb_icmp(&b, router(3), 3, 13, 0, FB_C);
	p.dst = fb_ip4(203, 0, 113, 9);
	fb_icmp_put(&b, f, &p);
	p = fb_icmp(&b, router(4), 3, 13, 0, FB_C);
	p.icmp.quote.has_seq = false;
	fb_icmp_put(&b, f, &p);
	n = f->icmp->at;
	assert_int_equal(f->icmp->n, 4);
	assert_int_equal(n[0].fit, ICMP_FIT_YES);
	assert_int_equal(n[0].quoted_frame, 1);
	assert_int_equal(n[0].seen_ttl - n[0].quoted_ttl, 3);
	assert_int_equal(n[1].fit, ICMP_FIT_NO);
	assert_int_equal(n[2].fit, ICMP_FIT_NO);
	assert_int_equal(n[3].fit, ICMP_FIT_UNKNOWN);
	fb_fini(&b);
}

/* A capture that shows only the other direction cannot say whether the quoted packet was sent; one that has forgotten packets neither. */
static void test_icmp_fit_stays_unknown_without_the_packets(void **state)
{
	struct fb b;
	struct flow *f;
	struct pkt p;

	(void)state;
	fb_init(&b, 1 << 20);
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	p = fb_icmp(&b, router(1), 3, 13, 0, FB_C);
	fb_icmp_put(&b, f, &p);
	assert_int_equal(f->icmp->at[0].fit, ICMP_FIT_UNKNOWN);
	fb_fini(&b);

	f = with_syn(&b);
	for (uint32_t i = 0; i < LIMIT_ICMP_LOOK_BACK; i++)
		f = fb_send(&b, 0, TCP_ACK, FB_C + 1 + i, FB_SV, "x", 1);
	p = fb_icmp(&b, router(1), 3, 13, 0, FB_C);
	fb_icmp_put(&b, f, &p);
	assert_int_equal(f->icmp->at[0].fit, ICMP_FIT_UNKNOWN);
	p = fb_icmp(&b, router(2), 3, 13, 0, FB_C + 1);
	fb_icmp_put(&b, f, &p);
	assert_int_equal(f->icmp->at[1].fit, ICMP_FIT_YES);
	fb_fini(&b);
}

static void test_icmp_quote_of_the_responder_has_its_direction(void **state)
{
	struct fb b;
	struct flow *f = with_syn(&b);
	struct pkt p;

	(void)state;
	f = fb_send(&b, 1, TCP_SYN | TCP_ACK, FB_SV, FB_C + 1, NULL, 0);
	p = fb_icmp(&b, router(1), 3, 1, 1, FB_SV);
	fb_icmp_put(&b, f, &p);
	assert_int_equal(f->icmp->at[0].dir, DIR_RESP);
	assert_int_equal(f->icmp->at[0].fit, ICMP_FIT_YES);
	fb_fini(&b);
}

/* A flood of errors costs no more than a few lines, and each is counted. */
static void test_icmp_flood_is_counted_not_kept(void **state)
{
	struct fb b;
	struct flow *f = with_syn(&b);
	uint64_t used = fb_used(&b);
	uint32_t n = 0;

	(void)state;
	for (int round = 0; round < 100; round++)
		for (uint8_t from = 1; from <= 10; from++) {
			struct pkt p = fb_icmp(&b, router(from), 3, 13, 0, FB_C);

			fb_icmp_put(&b, f, &p);
		}
	assert_int_equal(f->icmp->n, LIMIT_ICMP_NOTES);
	for (uint32_t i = 0; i < f->icmp->n; i++) {
		assert_int_equal(f->icmp->at[i].n, 100);
		n += f->icmp->at[i].n;
	}
	assert_int_equal(n + f->icmp->lost, 1000);
	assert_int_equal(fb_used(&b), used + sizeof(*f->icmp));
	fb_fini(&b);
}

static void test_icmp_without_memory_is_left_out_and_counted(void **state)
{
	struct fb b;
	struct flow *f = with_syn(&b);
	struct pkt p = fb_icmp(&b, router(1), 3, 13, 0, FB_C);
	uint64_t lost = fb_stats(&b).inspection_lost, taken = 0;

	(void)state;
	for (size_t step = 1 << 16; step; step /= 2)
		while (flow_table_take(b.t, step))
			taken += step;
	fb_icmp_put(&b, f, &p);
	assert_null(f->icmp);
	assert_true(fb_stats(&b).inspection_lost > lost);
	flow_table_give(b.t, taken);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp_every_code_says_what_the_rfc_says),
		cmocka_unit_test(test_icmp_redirect_and_source_quench_are_no_news),
		cmocka_unit_test(test_icmp_quote_is_laid_beside_what_was_sent),
		cmocka_unit_test(test_icmp_fit_stays_unknown_without_the_packets),
		cmocka_unit_test(test_icmp_quote_of_the_responder_has_its_direction),
		cmocka_unit_test(test_icmp_flood_is_counted_not_kept),
		cmocka_unit_test(test_icmp_without_memory_is_left_out_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
