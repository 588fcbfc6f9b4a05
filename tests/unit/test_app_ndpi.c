/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/app/app_ndpi.c
 * covers: engine/app/app_packet.c
 * covers: engine/app/app_kind.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/app_kind.h"
#include "app/app_ndpi.h"
#include "app/app_packet.h"
#include "unit/flow_build.h"
#include "unit/guard.h"

/* Telegram's first packet on port 443: 0xef, then the length in words; more than 56 bytes (nDPI, telegram.c). */
static const char telegram[] =
	"\xef\x10telegram-telegram-telegram-telegram-telegram-telegram-telegram--";
struct nd {
	struct fb b;
	struct app_ndpi *n;
	struct flow *f;
};

static void nd_init(struct nd *x, enum ndpi_when when)
{
	fb_init(&x->b, 8 << 20);
	x->n = app_ndpi_new(when, NULL);
	assert_non_null(x->n);
	x->f = fb_open(&x->b);
}

static void nd_fini(struct nd *x)
{
	app_ndpi_end(x->n, x->b.t, x->f);
	app_ndpi_free(x->n);
	fb_fini(&x->b);
}

static void test_words(void **state)
{
	enum ndpi_when w;

	(void)state;
	assert_true(ndpi_when_find("off", &w) && w == NDPI_OFF);
	assert_true(ndpi_when_find("events", &w) && w == NDPI_EVENTS);
	assert_true(ndpi_when_find("all", &w) && w == NDPI_ALL);
	assert_false(ndpi_when_find("", &w) || ndpi_when_find("All", &w) ||
		     ndpi_when_find("al", &w));
	assert_int_equal(app_kind_of("Tor"), APP_KIND_TUNNEL);
	assert_int_equal(app_kind_of("Telegram"), APP_KIND_MESSENGER);
	assert_int_equal(app_kind_of("tor"), APP_KIND_OTHER);
	assert_int_equal(app_kind_of("SSH"), APP_KIND_OTHER);
	assert_true(app_kind_blocked(APP_KIND_TUNNEL) && app_kind_blocked(APP_KIND_MESSENGER));
	assert_false(app_kind_blocked(APP_KIND_OTHER) || app_kind_blocked(APP_KIND_NONE));
}

/* What the capture's ends are called must not reach nDPI, whose lists name people's servers. */
static void test_packet_is_built_between_documentation_addresses(void **state)
{
	struct nd x;
	uint8_t out[APP_PACKET_MAX];
	const uint32_t number[2] = {0x01020304, 0x05060708};

	(void)state;
	nd_init(&x, NDPI_OFF);
	assert_int_equal(app_packet_build(x.f, DIR_RESP, number,
					  (struct bytes){(const uint8_t *)"ab", 2}, out),
			 42);
	assert_memory_equal(out, "\x45\0\0\x2a", 4);
	assert_memory_equal(out + 9, "\x06", 1);
	assert_memory_equal(out + 12, "\xc6\x33\x64\x01\xc0\x00\x02\x01", 8);
	assert_memory_equal(out + 20, "\x01\xbb\x9c\x40\x05\x06\x07\x08\x01\x02\x03\x04\x50\x18",
			    14);
	assert_memory_equal(out + 40, "ab", 2);
	nd_fini(&x);
}

static void test_packet_holds_no_more_than_its_bound(void **state)
{
	static uint8_t big[LIMIT_NDPI_BYTES + 1];
	struct nd x;
	uint8_t out[APP_PACKET_MAX];
	const uint32_t number[2] = {0};
	struct guard g = guard_copy(big, LIMIT_NDPI_BYTES);

	(void)state;
	nd_init(&x, NDPI_OFF);
	assert_int_equal(app_packet_build(x.f, DIR_ORIG, number, (struct bytes){big, sizeof(big)},
					  out),
			 sizeof(out));
	assert_int_equal(app_packet_build(x.f, DIR_ORIG, number,
					  (struct bytes){g.at, LIMIT_NDPI_BYTES}, out),
			 sizeof(out));
	guard_free(&g);
	nd_fini(&x);
}

static void test_remembered_bytes_name_the_application(void **state)
{
	struct nd x;
	struct ndpi_app a;

	(void)state;
	nd_init(&x, NDPI_EVENTS);
	assert_false(app_ndpi_look(x.n, x.f, &a)); /* nothing said yet */
	x.f = fb_data(&x.b, 0, 0, telegram, sizeof(telegram) - 1);
	assert_true(app_ndpi_look(x.n, x.f, &a));
	assert_string_equal(a.name, "Telegram");
	assert_int_equal(a.kind, APP_KIND_MESSENGER);
	assert_int_equal(a.n_frames, 1);
	assert_int_equal(a.frame[0], 4);
	/* asked again, the same */
	assert_true(app_ndpi_look(x.n, x.f, &a));
	assert_string_equal(a.name, "Telegram");
	assert_int_equal(app_ndpi_lost(x.n), 0);
	nd_fini(&x);
}

static void test_unknown_words_stay_unnamed(void **state)
{
	struct nd x;
	struct ndpi_app a;

	(void)state;
	nd_init(&x, NDPI_EVENTS);
	x.f = fb_text(&x.b, 0, 0, "qwpoeiruty zmxncbv");
	assert_false(app_ndpi_look(x.n, x.f, &a));
	assert_string_equal(a.name, "");
	nd_fini(&x);
}

/* nDPI would guess TLS from port 443 and SSH from 22: a port is no content. */
static void test_a_port_names_nothing(void **state)
{
	static const uint16_t port[] = {22, 443, 1194, 5222, 9001};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(port); i++) {
		struct nd x;
		struct ndpi_app a;

		fb_init(&x.b, 8 << 20);
		x.b.port[1] = port[i];
		x.n = app_ndpi_new(NDPI_EVENTS, NULL);
		fb_open(&x.b);
		x.f = fb_text(&x.b, 0, 0, "qwpoeiruty zmxncbv");
		assert_false(app_ndpi_look(x.n, x.f, &a));
		nd_fini(&x);
	}
}

static void test_both_directions_are_shown_in_order(void **state)
{
	struct nd x;
	struct ndpi_app a;

	(void)state;
	nd_init(&x, NDPI_EVENTS);
	x.f = fb_text(&x.b, 0, 0, "SSH-2.0-OpenSSH_9.2\r\n");
	x.f = fb_text(&x.b, 1, 0, "SSH-2.0-dropbear_2022.83\r\n");
	assert_true(app_ndpi_look(x.n, x.f, &a));
	assert_string_equal(a.name, "SSH");
	assert_int_equal(a.kind, APP_KIND_OTHER);
	assert_int_equal(a.frame[0], 4);
	nd_fini(&x);
}

/* The ring has turned: the first words are gone, and its middle is not shown for them. */
static void test_a_long_flow_without_its_head_stays_unnamed(void **state)
{
	static char block[1400];
	struct nd x;
	struct ndpi_app a;

	(void)state;
	memset(block, 'q', sizeof(block));
	nd_init(&x, NDPI_EVENTS);
	fb_data(&x.b, 0, 0, telegram, sizeof(telegram) - 1);
	for (uint32_t i = 0; i < 40; i++)
		x.f = fb_data(&x.b, 0, (uint32_t)sizeof(telegram) - 1 + i * 1400, block,
			      sizeof(block));
	assert_false(app_ndpi_look(x.n, x.f, &a));
	nd_fini(&x);
}

static struct flow *show_udp_from(struct nd *x, int who, const void *at, size_t len)
{
	struct guard g = guard_copy(at, len);
	struct pkt p = fb_udp(&x->b, who);

	p.payload = (struct bytes){g.at, len};
	p.payload_len = (uint32_t)len;
	x->f = fb_put(&x->b, &p);
	app_ndpi_packet(x->n, x->b.t, x->f, x->b.d, &p);
	guard_free(&g);
	return x->f;
}

static struct flow *show_udp(struct nd *x, const void *at, size_t len)
{
	return show_udp_from(x, 0, at, len);
}

/* WireGuard's handshake: an initiation (type 1, 148 bytes) and the answer to it (type 2, 92 bytes, the first's sender
 * as its receiver). An initiation alone, whole or cut, is nothing. */
static void test_udp_is_shown_as_it_passes(void **state)
{
	uint8_t wg[148] = {1}, answer[92] = {2};
	struct nd x;
	struct ndpi_app a;
	uint64_t used;

	(void)state;
	memset(wg + 4, 0xa7, sizeof(wg) - 4);
	memset(answer + 4, 0xa7, sizeof(answer) - 4);
	nd_init(&x, NDPI_ALL);
	used = fb_used(&x.b);
	show_udp(&x, wg, sizeof(wg));
	assert_false(app_ndpi_look(x.n, x.f, &a));
	show_udp_from(&x, 1, answer, sizeof(answer));
	assert_true(app_ndpi_look(x.n, x.f, &a));
	assert_string_equal(a.name, "WireGuard");
	assert_int_equal(a.kind, APP_KIND_TUNNEL);
	assert_int_equal(a.frame[0], 4);
	assert_true(fb_used(&x.b) - used < 8192);
	app_ndpi_end(x.n, x.b.t, x.f);
	assert_null(x.f->ndpi);
	for (size_t len = 1; len < sizeof(wg); len += 7) {
		x.b.port[0]++; /* another flow */
		show_udp(&x, wg, len);
		assert_false(app_ndpi_look(x.n, x.f, &a));
		app_ndpi_end(x.n, x.b.t, x.f);
	}
	nd_fini(&x);
}

static void test_state_goes_when_the_flow_is_known_or_given_up(void **state)
{
	struct nd x;
	struct ndpi_app a;
	uint64_t used;

	(void)state;
	nd_init(&x, NDPI_ALL);
	for (int i = 0; i < LIMIT_NDPI_PACKETS - 1; i++)
		show_udp(&x, "qwpoeiruty", 10);
	used = fb_used(&x.b);
	show_udp(&x, "qwpoeiruty", 10);
	assert_true(fb_used(&x.b) < used);
	used = fb_used(&x.b);
	show_udp(&x, "qwpoeiruty", 10);
	assert_int_equal(fb_used(&x.b), used);
	assert_false(app_ndpi_look(x.n, x.f, &a));
	nd_fini(&x);
}

static void test_no_room_is_counted(void **state)
{
	struct nd x;
	struct ndpi_app a;

	(void)state;
	nd_init(&x, NDPI_ALL);
	while (flow_table_take(x.b.t, 512))
		;
	show_udp(&x, "qwpoeiruty", 10);
	assert_int_equal(app_ndpi_lost(x.n), 1);
	assert_false(app_ndpi_look(x.n, x.f, &a));
	nd_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_packet_is_built_between_documentation_addresses),
		cmocka_unit_test(test_packet_holds_no_more_than_its_bound),
		cmocka_unit_test(test_remembered_bytes_name_the_application),
		cmocka_unit_test(test_unknown_words_stay_unnamed),
		cmocka_unit_test(test_a_port_names_nothing),
		cmocka_unit_test(test_both_directions_are_shown_in_order),
		cmocka_unit_test(test_a_long_flow_without_its_head_stays_unnamed),
		cmocka_unit_test(test_udp_is_shown_as_it_passes),
		cmocka_unit_test(test_state_goes_when_the_flow_is_known_or_given_up),
		cmocka_unit_test(test_no_room_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
