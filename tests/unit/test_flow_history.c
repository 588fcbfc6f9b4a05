/* SPDX-License-Identifier: BSD-3-Clause */
/* The history letters: Zeek's style, upper case for orig, each once a direction. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow_build.h"

enum { MB64 = 64 << 20 };

static void test_history_of_a_whole_connection_reads_as_zeek_writes_it(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	f = fb_open(&b);
	assert_string_equal(f->history, "ShA");
	for (uint32_t i = 0; i < 5; i++) {
		fb_text(&b, 0, i * 3, "abc");
		fb_text(&b, 1, i * 3, "xyz");
		fb_send(&b, 1, TCP_ACK, FB_SV + 4 + i * 3, FB_C + 4, NULL, 0);
	}
	assert_string_equal(f->history, "ShADda");
	fb_text(&b, 0, 0, "abc");
	assert_string_equal(f->history, "ShADdaT");
	fb_send(&b, 0, TCP_FIN | TCP_ACK, FB_C + 16, FB_SV + 16, NULL, 0);
	fb_send(&b, 1, TCP_FIN | TCP_ACK, FB_SV + 16, FB_C + 17, NULL, 0);
	fb_send(&b, 0, TCP_RST, FB_C + 17, 0, NULL, 0);
	fb_send(&b, 0, TCP_RST, FB_C + 17, 0, NULL, 0);
	fb_send(&b, 1, TCP_RST, FB_SV + 17, 0, NULL, 0);
	assert_string_equal(f->history, "ShADdaTFfRr");
	fb_fini(&b);
}

/* One packet in a fresh flow, from orig and, after a SYN, from resp. */
static void test_history_of_one_packet_follows_the_table(void **state)
{
	static const struct {
		uint16_t flags;
		size_t len;
		const char *orig, *resp;
	} row[] = {
		{TCP_SYN, 0, "S", "Ss"},
		{TCP_SYN | TCP_ECE | TCP_CWR, 0, "S", "Ss"},
		{TCP_SYN, 4, "SD", "Ssd"},
		{TCP_SYN | TCP_ACK, 0, "^h", "Sh"},
		{TCP_ACK, 0, "A", "Sa"},
		{TCP_ACK, 4, "D", "Sd"},
		{TCP_PSH | TCP_ACK, 4, "D", "Sd"},
		{TCP_PSH | TCP_ACK, 0, "", "S"},
		{TCP_FIN | TCP_ACK, 0, "F", "Sf"},
		{TCP_FIN | TCP_ACK, 4, "DF", "Sdf"},
		{TCP_RST, 0, "R", "Sr"},
		{TCP_RST | TCP_ACK, 0, "R", "Sr"},
		{TCP_RST | TCP_ACK, 4, "R", "Sr"}, /* the payload of a reset is no data */
		{TCP_FIN | TCP_RST, 0, "FR", "Sfr"},
		{TCP_SYN | TCP_FIN, 0, "ISF", "Sisf"},
		{TCP_SYN | TCP_RST, 0, "ISR", "Sisr"},
		{0, 0, "", "S"},
	};
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow *f;

		b.port[0]++;
		f = fb_send(&b, 0, row[i].flags, 5, 5, "data", row[i].len);
		assert_string_equal(f->history, row[i].orig);
		b.port[0]++;
		fb_syn(&b, 0, FB_C);
		f = fb_send(&b, 1, row[i].flags, FB_SV, FB_C + 1, "data", row[i].len);
		assert_string_equal(f->history, row[i].resp);
	}
	fb_fini(&b);
}

/* The mark of a flow that was turned round comes first, and never in lower case. */
static void test_history_of_a_flipped_flow_starts_with_the_mark(void **state)
{
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	fb_text(&b, 1, 0, "HTTP/1.1 200 OK\r\n");
	f = fb_text(&b, 0, 0, "GET / HTTP/1.1\r\n");
	assert_string_equal(f->history, "^dD");
	fb_fini(&b);
}

static void test_history_of_udp_shows_who_spoke(void **state)
{
	struct flow *f;
	struct pkt p;
	struct fb b;

	(void)state;
	fb_init(&b, MB64);
	b.port[1] = 53;
	p = fb_udp(&b, 1);
	fb_put(&b, &p);
	p = fb_udp(&b, 0);
	fb_put(&b, &p);
	f = fb_put(&b, &p);
	assert_string_equal(f->history, "^dD");
	assert_int_equal(f->side[DIR_ORIG].packets, 2);
	assert_int_equal(f->side[DIR_RESP].bytes, 1);
	fb_fini(&b);
}

/* Every letter of both directions has room; a letter nobody knows is left out. */
static void test_history_all_letters_fit(void **state)
{
	struct flow f = {0};

	(void)state;
	for (int round = 0; round < 3; round++)
		for (const char *c = "^SHADFRTIC?x"; *c; c++) {
			flow_history(&f, DIR_ORIG, *c);
			if (*c != '^')
				flow_history(&f, DIR_RESP, *c);
		}
	assert_string_equal(f.history, "^SsHhAaDdFfRrTtIiCc");
}

/* Should more letters ever be added: the last place says that there were more. */
static void test_history_full_ends_in_a_plus(void **state)
{
	struct flow f = {0};

	(void)state;
	while (f.history_n < sizeof(f.history) - 3)
		f.history[f.history_n++] = '.';
	flow_history(&f, DIR_ORIG, 'S');
	assert_int_equal(f.history_n, sizeof(f.history) - 2);
	for (const char *c = "HADFR"; *c; c++)
		flow_history(&f, DIR_RESP, *c);
	assert_int_equal(strlen(f.history), sizeof(f.history) - 1);
	assert_string_equal(f.history + sizeof(f.history) - 3, "S+");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history_of_a_whole_connection_reads_as_zeek_writes_it),
		cmocka_unit_test(test_history_of_one_packet_follows_the_table),
		cmocka_unit_test(test_history_of_a_flipped_flow_starts_with_the_mark),
		cmocka_unit_test(test_history_of_udp_shows_who_spoke),
		cmocka_unit_test(test_history_all_letters_fit),
		cmocka_unit_test(test_history_full_ends_in_a_plus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
