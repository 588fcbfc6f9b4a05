/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/naming.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "naming.h"
#include "unit/engine_build.h"
#include "unit/flow_build.h"

/* Telegram's first packet on port 443: 0xef, then the length in words; more than 56 bytes (nDPI, telegram.c). */
static const char telegram[] =
	"\xef\x10telegram-telegram-telegram-telegram-telegram-telegram-telegram--";
static const char jabber[] = "<?xml version='1.0'?><stream:stream "
			     "xmlns:stream='http://etherx.jabber.org/streams' "
			     "xmlns='jabber:client' to='chat.example'>";

static void test_asked_only_where_it_matters(void **state)
{
	struct fb x;
	struct flow *f;

	(void)state;
	fb_init(&x, 8 << 20);
	fb_open(&x);
	f = fb_data(&x, 0, 0, telegram, sizeof(telegram) - 1);
	for (enum ndpi_when w = NDPI_EVENTS; w <= NDPI_OFF; w++)
		for (enum naming_of why = NAMING_SUSPECT; why <= NAMING_TOLD; why++) {
			struct app_ndpi *n = app_ndpi_new(w, NULL);
			struct ndpi_app a;

			f->app[0] = '\0';
			assert_int_equal(naming_look(n, f, why, &a), w != NDPI_OFF);
			memcpy(f->app, "TLS", 4);
			assert_int_equal(naming_look(n, f, why, &a),
					 w == NDPI_ALL ||
						 (w == NDPI_EVENTS && why == NAMING_FOUND));
			memcpy(f->app, "HTTP", 5);
			assert_int_equal(naming_look(n, f, why, &a), w == NDPI_ALL);
			assert_int_equal(naming_wants_packet(n, f, true), w == NDPI_ALL);
			app_ndpi_free(n);
		}
	f->app[0] = '\0';
	fb_fini(&x);
}

static void test_only_a_blocked_kind_makes_the_first_words_a_trigger(void **state)
{
	const struct trigger g = {.kind = TRIGGER_PAYLOAD, .last_frame = 4};
	struct ndpi_app a = {.name = "SSH", .kind = APP_KIND_OTHER};
	struct flow_record r = {.trigger = TRIGGER_NONE};

	(void)state;
	naming_record(&a, &g, &r);
	assert_string_equal(r.app, "SSH");
	assert_int_equal(r.trigger, TRIGGER_NONE);
	a = (struct ndpi_app){.name = "Tor", .kind = APP_KIND_TUNNEL};
	naming_record(&a, NULL, &r);
	assert_int_equal(r.trigger, TRIGGER_NONE);
	naming_record(&a, &g, &r);
	assert_int_equal(r.trigger, TRIGGER_PAYLOAD);
	assert_int_equal(r.trigger_frame, 4);
	a.name[0] = '\0';
	memcpy(r.app, "TLS", 4);
	naming_record(&a, &g, &r);
	assert_string_equal(r.app, "TLS");
}

/* First words, then a forged reset or none; the last flow's record and the techniques of the finding are looked at. */
static void run_words(const char *words, bool reset, enum ndpi_when when, struct told_lines *o)
{
	const struct engine_config cfg = {
		.memory_bytes = 64 << 20, .want_flows = true, .ndpi = when};
	struct run_summary run;
	struct eb b;
	const char *file;

	eb_init(&b);
	file = eb_file(&b, "a.pcap");
	eb_pkt(&b, 0, TCP_SYN, EB_C, 0, "");
	b.at_s += 0.03;
	eb_pkt(&b, 1, TCP_SYN | TCP_ACK, EB_SV, EB_C + 1, "");
	eb_pkt(&b, 0, TCP_ACK, EB_C + 1, EB_SV + 1, "");
	eb_pkt(&b, 0, TCP_PSH | TCP_ACK, EB_C + 1, EB_SV + 1, words);
	if (reset) {
		b.ttl[1] = 98;
		eb_pkt(&b, 1, TCP_RST | TCP_ACK, EB_SV + 1, EB_C + 1 + (uint32_t)strlen(words), "");
		b.ttl[1] = 50;
	}
	b.at_s += 0.02;
	eb_pkt(&b, 1, TCP_ACK, EB_SV + 1, EB_C + 1 + (uint32_t)strlen(words), "");
	eb_end(&b);
	eb_run(&cfg, &file, 1, o, &run);
	run_summary_free(&run);
	eb_fini(&b);
}

static void test_protocol_blocking_follows_a_messengers_first_words(void **state)
{
	static struct told_lines o;
	const uint32_t rst = 1u << TECH_RST_INJECTION, proto = 1u << TECH_PROTOCOL_BLOCKING;

	(void)state;
	run_words(telegram, true, NDPI_EVENTS, &o);
	assert_int_equal(o.techniques, rst | proto);
	assert_string_equal(o.last_flow.app, "Telegram");
	run_words(jabber, true, NDPI_EVENTS, &o);
	assert_int_equal(o.techniques, rst | proto);
	assert_string_equal(o.last_flow.app, "Jabber");
	/* an innocent connection of the same kind */
	run_words(telegram, false, NDPI_EVENTS, &o);
	assert_int_equal(o.techniques, 0);
	assert_string_equal(o.last_flow.app, "Telegram");
	/* a protocol that nobody blocks as such, and words that nobody knows */
	run_words("\x13"
		  "BitTorrent protocol12345678901234567890123456789012345678901234567890",
		  true, NDPI_EVENTS, &o);
	assert_int_equal(o.techniques, rst);
	run_words("qwpoeiruty zmxncbv", true, NDPI_EVENTS, &o);
	assert_int_equal(o.techniques, rst);
	assert_string_equal(o.last_flow.app, "");
	/* switched off, and on for all */
	run_words(telegram, true, NDPI_OFF, &o);
	assert_int_equal(o.techniques, rst);
	assert_string_equal(o.last_flow.app, "");
	run_words(telegram, true, NDPI_ALL, &o);
	assert_int_equal(o.techniques, rst | proto);
	assert_string_equal(o.last_flow.app, "Telegram");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_only_where_it_matters),
		cmocka_unit_test(test_only_a_blocked_kind_makes_the_first_words_a_trigger),
		cmocka_unit_test(test_protocol_blocking_follows_a_messengers_first_words),
	};

	return cmocka_run_group_tests(tests, eb_group_setup, eb_group_teardown);
}
