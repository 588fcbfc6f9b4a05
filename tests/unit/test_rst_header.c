/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reset's flags, options, checksum and payload say about who built it (METHODS c.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "case_build.h"

static void start(struct cb *c)
{
	cb_init(c);
	cb_talk(c);
	cb_ask(c);
	cb_at(c, 305);
}

static void test_rst_df_differs_only_from_all_others_of_its_side(void **state)
{
	(void)state;
	for (int others = 0; others < 3; others++) /* all DF, none DF, mixed */
		for (int df = 0; df < 2; df++) {
			struct pkt p;
			struct cb c;

			cb_init(&c);
			cb_ask(&c);
			for (int i = 0; i < 2; i++) {
				p = cb_next(&c, 1, TCP_ACK, NULL, 0);
				p.df = others == 0 || (others == 2 && i);
				cb_put(&c, &p);
			}
			p = cb_rst(&c, 1);
			p.df = df;
			cb_put(&c, &p);
			assert_num(cb_found(&c, CASE_RST), RST_DF, df);
			assert_num(cb_found(&c, CASE_RST), RST_DF_DIFFERS,
				   (others == 0 && !df) || (others == 1 && df));
			cb_fini(&c);
		}
}

/* The transport bytes of a reset from 192.0.2.1 to 10.0.0.1 with the right checksum, RFC 9293 3.1. */
static void tcp_bytes(const struct pkt *p, uint8_t out[20])
{
	uint32_t sum = 0x0a00 + 0x0001 + 0xc000 + 0x0201 + 6 + 20;

	memset(out, 0, 20);
	for (int i = 0; i < 4; i++) {
		out[4 + i] = (uint8_t)(p->tcp.seq >> (24 - 8 * i));
		out[8 + i] = (uint8_t)(p->tcp.ack >> (24 - 8 * i));
	}
	out[0] = (uint8_t)(p->sport >> 8);
	out[1] = (uint8_t)p->sport;
	out[2] = (uint8_t)(p->dport >> 8);
	out[3] = (uint8_t)p->dport;
	out[12] = 0x50;
	out[13] = (uint8_t)p->tcp.flags;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(out[i] << 8 | out[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	out[16] = (uint8_t)(~sum >> 8);
	out[17] = (uint8_t)~sum;
}

/* One reset with a right checksum may have been obeyed: only all wrong ones are decoys. Not captured (the other tests) is no. */
static void test_rst_with_wrong_checksums_only_is_a_decoy(void **state)
{
	(void)state;
	for (int wrong = 0; wrong < 4; wrong++) { /* bits: first, second */
		uint8_t bytes[2][20];
		struct pkt r[2];
		struct cb c;

		start(&c);
		for (int i = 0; i < 2; i++) {
			r[i] = cb_rst(&c, 1);
			tcp_bytes(&r[i], bytes[i]);
			bytes[i][17] ^= (uint8_t)(wrong >> i & 1);
			r[i].l4_bytes = (struct bytes){bytes[i], 20};
			cb_put(&c, &r[i]);
		}
		assert_num(cb_found(&c, CASE_RST), RST_BAD_CHECKSUM, wrong == 3);
		cb_fini(&c);
	}
}

static void test_rst_without_negotiated_timestamp_is_noted(void **state)
{
	(void)state;
	for (int ts = 0; ts < 2; ts++)
		for (int carries = 0; carries < 2; carries++) {
			struct cb c;
			struct pkt r;

			cb_init(&c);
			c.ts = ts;
			cb_talk(&c);
			cb_ask(&c);
			r = cb_rst(&c, 1);
			r.tcp.opts = carries ? TCP_OPT_TS : 0;
			cb_put(&c, &r);
			assert_num(cb_found(&c, CASE_RST), RST_TS_MISSING, ts && !carries);
			cb_fini(&c);
		}
}

static void test_rst_payload_is_kept_in_hex(void **state)
{
	static const uint8_t henan[] = {1, 2, 3, 4, 5,
					6, 7, 8, 9, 0}; /* Henan's ten bytes, METHODS c.3 */
	uint8_t longer[40];
	char want[65] = "";
	struct cb c;
	struct pkt r;

	(void)state;
	start(&c);
	r = cb_rst(&c, 1);
	r.payload = (struct bytes){henan, sizeof(henan)};
	r.payload_len = sizeof(henan);
	cb_put(&c, &r);
	assert_num(cb_found(&c, CASE_RST), RST_PAYLOAD_LEN, 10);
	assert_text(cb_found(&c, CASE_RST), RST_PAYLOAD, "01020304050607080900");
	cb_fini(&c);

	memset(longer, 0xab, sizeof(longer));
	for (int i = 0; i < 32; i++)
		memcpy(want + 2 * i, "ab", 3);
	start(&c);
	r = cb_rst(&c, 1);
	r.payload = (struct bytes){longer, sizeof(longer)};
	r.payload_len = sizeof(longer);
	cb_put(&c, &r);
	assert_num(cb_found(&c, CASE_RST), RST_PAYLOAD_LEN, 40);
	assert_text(cb_found(&c, CASE_RST), RST_PAYLOAD, want);
	cb_fini(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rst_df_differs_only_from_all_others_of_its_side),
		cmocka_unit_test(test_rst_with_wrong_checksums_only_is_a_decoy),
		cmocka_unit_test(test_rst_without_negotiated_timestamp_is_noted),
		cmocka_unit_test(test_rst_payload_is_kept_in_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
