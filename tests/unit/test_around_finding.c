/* SPDX-License-Identifier: BSD-3-Clause */
/* What other flows tell about a finding: controls, residual blocking, the aim's basis (METHODS e).
 * covers: engine/around.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "around_build.h"

enum { SNI = 1 << TECH_SNI_FILTERING };

/* A likely finding about a.example at 1000 s, told at 1100 s. */
static void find(struct scene *sc, struct finding *fd)
{
	cb_at(&sc->c, 999000);
	cb_send(&sc->c, 0, TCP_SYN, NULL, 0);
	cb_send(&sc->c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	*fd = (struct finding){.ts_ns = FB_START + 1000 * FB_S,
			       .grade = GRADE_LIKELY,
			       .aimed_follows = SNI,
			       .flow = {.trigger = TRIGGER_TLS_SNI,
					.trigger_value = "a.example",
					.trigger_len = 9}};
	around_finding(&sc->a, sc->c.f, FB_START + 1100 * FB_S, fd);
}

static void test_around_finding_beside_other_names(void **state)
{
	static struct finding fd;
	struct scene s;

	(void)state;
	scene_init(&s);
	named(&s, s.c.b.addr[1], "long-ago.example", 399, true);
	named(&s, s.c.b.addr[1], "b.example", 401, true);
	named(&s, s.c.b.addr[1], "c.example", 1001, true);
	named(&s, s.c.b.addr[1], "d.example", 1002, false);
	named(&s, s.c.b.addr[1], "e.example", 1099, false); /* may yet be answered */
	named(&s, fb_ip4(198, 51, 100, 5), "f.example", 1001, true);
	find(&s, &fd);
	assert_int_equal(fd.controls.ok, 2);
	assert_int_equal(fd.controls.failed, 1);
	assert_int_equal(fd.controls.n_frames, 2);
	assert_int_equal(fd.controls.frame[0], 5401);
	assert_int_equal(fd.controls.frame[1], 6001);
	assert_int_equal(fd.aimed_control, SNI);
	assert_int_equal(fd.aimed_repeat, 0);
	scene_fini(&s);
}

/* Another name that passed before tells nothing of the time since; the same name that passes belies the aim. */
static void test_around_finding_control_basis(void **state)
{
	static struct finding fd;
	static const struct {
		int64_t other_s, same_s;
		uint32_t aim;
	} t[] = {{990, 0, 0}, {1010, 0, SNI}, {1010, 1020, 0}, {1010, 900, 0}, {0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct scene s;

		scene_init(&s);
		if (t[i].other_s)
			named(&s, s.c.b.addr[1], "b.example", t[i].other_s, true);
		if (t[i].same_s)
			named(&s, s.c.b.addr[1], "A.example", t[i].same_s, true);
		find(&s, &fd);
		assert_int_equal(fd.aimed_control, t[i].aim);
		scene_fini(&s);
	}
}

/* Three times over two servers, this one among them, and never answered. */
static void test_around_finding_repeat_basis(void **state)
{
	static struct finding fd;
	const struct ip_addr far = fb_ip4(198, 51, 100, 5);

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct scene s;

		scene_init(&s);
		named(&s, s.c.b.addr[1], "a.example", 900, false);
		if (i != 1) /* 1: two times only */
			named(&s, i == 2 ? s.c.b.addr[1] : far, "a.example", 950, false);
		if (i == 3)
			named(&s, far, "a.example", 1010, true);
		if (i == 4)
			named(&s, far, "a.example", 300, true); /* long ago */
		find(&s, &fd);
		assert_int_equal(fd.aimed_repeat, i == 0 || i == 4 ? SNI : 0);
		assert_int_equal(fd.aimed_control, 0);
		scene_fini(&s);
	}
}

/* An act that came after no name has none to compare, and no aim is made of thin air. */
static void test_around_finding_without_an_aim_gets_none(void **state)
{
	static struct finding fd;
	struct scene s;

	(void)state;
	scene_init(&s);
	named(&s, s.c.b.addr[1], "b.example", 1010, true);
	cb_open(&s.c);
	fd = (struct finding){.ts_ns = FB_START + 1000 * FB_S, .grade = GRADE_LIKELY};
	around_finding(&s.a, s.c.f, FB_START + 1100 * FB_S, &fd);
	assert_int_equal(fd.controls.ok, 0);
	assert_int_equal(fd.aimed_control | fd.aimed_repeat, 0);
	scene_fini(&s);
}

static void test_around_finding_residual(void **state)
{
	static struct finding fd;
	static const struct {
		int64_t reset_s, pass_s;
		uint16_t orig_port;
		enum grade grade;
		enum flow_stage stage;
		int tuple, ns, most;
	} t[] = {
		{690, 0, 39999, GRADE_LIKELY, STAGE_POST_SYN, 3, 13, 0},
		{690, 0, 40000, GRADE_LIKELY, STAGE_POST_SYN, 4, 13, 0},
		{690, 730, 39999, GRADE_LIKELY, STAGE_POST_SYN, 3, 13, 40},
		{340, 0, 39999, GRADE_LIKELY, STAGE_POST_SYN, 3, 363, 0},
		{339, 0, 39999, GRADE_LIKELY, STAGE_POST_SYN, 0, 0, 0}, /* over 360 s */
		{690, 0, 39999, GRADE_ANOMALY, STAGE_POST_SYN, 0, 0, 0},
		{690, 0, 39999, GRADE_LIKELY, STAGE_POST_PSH, 0, 0, 0},
		{701, 0, 39999, GRADE_LIKELY, STAGE_POST_SYN, 0, 0, 0}, /* later than its SYN */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct scene s;

		scene_init(&s);
		struck(&s, HOSTS_RESET, t[i].orig_port, t[i].reset_s);
		if (t[i].pass_s)
			other(&s, s.c.b.addr[1], 443, t[i].pass_s * 1000, true);
		(void)unanswered(&s, false); /* SYNs at 700 to 703 s */
		fd = (struct finding){.ts_ns = s.c.f->first_ns,
				      .grade = t[i].grade,
				      .techniques = 1u << TECH_PACKET_DROP,
				      .flow = {.stage = t[i].stage}};
		around_finding(&s.a, s.c.f, FB_START + 800 * FB_S, &fd);
		assert_int_equal(fd.residual.tuple, t[i].tuple);
		assert_int_equal(fd.residual.ns / FB_S, t[i].ns);
		assert_int_equal(fd.residual.most_ns / FB_S, t[i].most);
		scene_fini(&s);
	}
}

/* The same for what was dropped or blocked after a name: it goes on from another name's, when nothing passed in between. */
static void test_around_finding_residual_after_another_name(void **state)
{
	static struct finding fd;
	static const struct {
		enum hosts_how how;
		enum technique tech;
		const char *name;
		int64_t struck_s, pass_s;
		int tuple;
	} t[] = {
		{HOSTS_DROPPED, TECH_PACKET_DROP, "b.example", 900, 0, 3},
		{HOSTS_QUIC, TECH_QUIC_BLOCKING, "b.example", 900, 0, 3},
		{HOSTS_DROPPED, TECH_PACKET_DROP, "a.example", 900, 0, 0}, /* the same name again */
		{HOSTS_DROPPED, TECH_PACKET_DROP, "b.example", 900, 950, 0}, /* one passed */
		{HOSTS_DROPPED, TECH_PACKET_DROP, "b.example", 900, 890, 3},
		{HOSTS_DROPPED, TECH_PACKET_DROP, "b.example", 600, 0, 0}, /* over 360 s */
		{HOSTS_QUIC, TECH_PACKET_DROP, "b.example", 900, 0, 0},
		{HOSTS_RESET, TECH_PACKET_DROP, "b.example", 900, 0, 0}, /* a reset does not drop */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct scene s;

		scene_init(&s);
		struck(&s, t[i].how, 39999, t[i].struck_s);
		if (t[i].pass_s)
			named(&s, s.c.b.addr[1], "c.example", t[i].pass_s, true);
		cb_at(&s.c, 999000);
		cb_send(&s.c, 0, TCP_SYN, NULL, 0);
		fd = (struct finding){.ts_ns = FB_START + 1000 * FB_S,
				      .grade = GRADE_LIKELY,
				      .techniques = 1u << t[i].tech,
				      .flow = {.trigger = TRIGGER_TLS_SNI,
					       .stage = STAGE_POST_PSH,
					       .trigger_len = 9}};
		memcpy(fd.flow.trigger_value, t[i].name, 10);
		around_finding(&s.a, s.c.f, FB_START + 1100 * FB_S, &fd);
		assert_int_equal(fd.residual.tuple, t[i].tuple);
		scene_fini(&s);
	}
}

/* What is remembered: from `likely` on, after a handshake, not what goes on from another. */
static void test_around_remember_what_was_struck(void **state)
{
	static struct finding fd;
	static const struct {
		enum technique tech;
		enum grade grade;
		bool handshake;
		int tuple;
		bool kept;
	} t[] = {
		{TECH_PACKET_DROP, GRADE_LIKELY, true, 0, true},
		{TECH_PACKET_DROP, GRADE_ANOMALY, true, 0, false},
		{TECH_PACKET_DROP, GRADE_LIKELY, false, 0, false},
		{TECH_PACKET_DROP, GRADE_LIKELY, true, 3, false},
		{TECH_QUIC_BLOCKING, GRADE_LIKELY, false, 0, true},
		{TECH_QUIC_BLOCKING, GRADE_LIKELY, false, 3, false},
		{TECH_THROTTLING, GRADE_CONFIRMED, true, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		enum hosts_how how = t[i].tech == TECH_QUIC_BLOCKING ? HOSTS_QUIC : HOSTS_DROPPED;
		struct hosts_struck r;
		struct scene s;

		scene_init(&s);
		cb_send(&s.c, 0, TCP_SYN, NULL, 0);
		if (t[i].handshake)
			cb_send(&s.c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		fd = (struct finding){.grade = t[i].grade,
				      .techniques = 1u << t[i].tech,
				      .residual = {.tuple = (uint8_t)t[i].tuple},
				      .flow = {.trigger_len = 9}};
		memcpy(fd.flow.trigger_value, "b.example", 10);
		around_remember(&s.a, s.c.f, &fd);
		assert_int_equal(hosts_struck_before(s.a.hosts, s.c.b.addr[0].b, s.c.b.addr[1].b,
						     443, how, INT64_MAX, &r),
				 t[i].kept);
		if (t[i].kept) {
			assert_int_equal(r.name, controls_name("b.example", 9));
			assert_int_equal(r.ts_ns, s.c.f->first_ns);
		}
		scene_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_around_finding_beside_other_names),
		cmocka_unit_test(test_around_finding_control_basis),
		cmocka_unit_test(test_around_finding_repeat_basis),
		cmocka_unit_test(test_around_finding_without_an_aim_gets_none),
		cmocka_unit_test(test_around_finding_residual),
		cmocka_unit_test(test_around_finding_residual_after_another_name),
		cmocka_unit_test(test_around_remember_what_was_struck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
