/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/first_words.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/detect.h"
#include "unit/flow_build.h"

static uint8_t noise[400];

static int make_noise(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (uint8_t)(x >> 24);
	}
	return 0;
}

/* What is put for the flow; NULL: nothing. */
static const char *words_of(const struct flow *f, struct evidence **ev)
{
	const struct ev_value *v;

	*ev = evidence_new(CASE_RST);
	assert_non_null(*ev);
	detect_first_words(f, *ev);
	v = evidence_get(*ev, FEAT_TRIGGER_FEP);
	assert_int_equal(v != NULL, evidence_get(*ev, FEAT_TRIGGER_POPCOUNT) != NULL);
	return v ? v->text[0] : NULL;
}

static void test_the_first_packets_payload_is_judged(void **state)
{
	struct evidence *ev;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 4 << 20);
	fb_open(&b);
	f = fb_data(&b, 0, 0, noise, sizeof(noise));
	f = fb_text(&b, 0, sizeof(noise),
		    "and then text that the rule would let pass, were it first");
	assert_string_equal(words_of(f, &ev), "none");
	assert_int_equal(evidence_get(ev, FEAT_TRIGGER_FEP)->frame[0], 4);
	assert_int_equal(feat_info(FEAT_TRIGGER_FEP)->group, GROUP_NONE);
	assert_int_equal(feat_info(FEAT_TRIGGER_POPCOUNT)->group, GROUP_NONE);
	evidence_free(ev);
	fb_fini(&b);
}

static void test_known_protocols_are_left_alone(void **state)
{
	struct evidence *ev;
	struct flow *f;
	struct fb b;

	(void)state;
	fb_init(&b, 4 << 20);
	fb_open(&b);
	f = fb_data(&b, 0, 0, noise, sizeof(noise));
	memcpy(f->app, "TLS", 4);
	assert_null(words_of(f, &ev));
	evidence_free(ev);
	fb_fini(&b);
}

static void test_what_is_not_whole_is_unknown(void **state)
{
	struct evidence *ev;
	struct flow *f;
	struct fb b;
	struct pkt p;

	(void)state;
	/* nothing said */
	fb_init(&b, 4 << 20);
	f = fb_open(&b);
	assert_null(words_of(f, &ev));
	evidence_free(ev);
	fb_fini(&b);
	/* its first packet came after its second */
	fb_init(&b, 4 << 20);
	fb_open(&b);
	fb_data(&b, 0, 100, noise + 100, 100);
	f = fb_data(&b, 0, 0, noise, 100);
	assert_null(words_of(f, &ev));
	evidence_free(ev);
	fb_fini(&b);
	/* cut by the capture */
	fb_init(&b, 4 << 20);
	fb_open(&b);
	p = fb_pkt(&b, 0, TCP_ACK | TCP_PSH, FB_C + 1, FB_SV + 1, noise, 64);
	p.payload_len = sizeof(noise);
	p.quirks |= QUIRK(TRUNC_PAYLOAD);
	f = fb_put(&b, &p);
	f->truncated = true;
	assert_null(words_of(f, &ev));
	evidence_free(ev);
	fb_fini(&b);
	/* begun before the capture */
	fb_init(&b, 4 << 20);
	f = fb_data(&b, 0, 0, noise, sizeof(noise));
	assert_null(words_of(f, &ev));
	evidence_free(ev);
	fb_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_packets_payload_is_judged),
		cmocka_unit_test(test_known_protocols_are_left_alone),
		cmocka_unit_test(test_what_is_not_whole_is_unknown),
	};

	return cmocka_run_group_tests(tests, make_noise, NULL);
}
