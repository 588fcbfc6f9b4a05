/* SPDX-License-Identifier: BSD-3-Clause */
/* What other flows tell about one that found no answer (METHODS e, g.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "around.h"
#include "case_build.h"
#include "icmp_build.h"

struct scene {
	struct cb c;
	struct around a;
	uint64_t flow_no;
};

static void scene_init(struct scene *s)
{
	cb_init(&s->c);
	s->a = (struct around){hosts_new(), controls_new()};
	s->flow_no = 1000; /* no flow of the table's */
}

static void scene_fini(struct scene *s)
{
	hosts_free(s->a.hosts);
	controls_free(s->a.controls);
	cb_fini(&s->c);
}

/* Another connection of the client's, tried and (or not) answered `ms` after the start. */
static void other(struct scene *s, struct ip_addr resp, uint16_t port, int64_t ms, bool ok)
{
	struct control_note n = {.flow_no = ++s->flow_no,
				 .orig = s->c.b.addr[0].b,
				 .resp = resp.b,
				 .resp_port = port,
				 .proto = 6,
				 .ts_ns = FB_START + ms * FB_MS,
				 .frame = (uint64_t)(5000 + ms)};

	controls_note(s->a.controls, &n);
	if (!ok)
		return;
	n.outcome = CONTROL_OK;
	n.ttl = 55;
	controls_note(s->a.controls, &n);
}

/* Three SYNs of the flow from 700 s on, and what is told of it at 800 s. */
static const struct evidence *unanswered(struct scene *s, bool icmp)
{
	struct evidence *ev;

	for (int64_t i = 0; i < 3; i++) {
		struct pkt p;

		cb_at(&s->c, 700000 + 1500 * i);
		p = cb_next(&s->c, 0, TCP_SYN, NULL, 0);
		cb_put(&s->c, &p);
	}
	if (icmp) {
		struct pkt p = fb_icmp(&s->c.b, fb_ip4(198, 51, 100, 7), 3, 13, 0, FB_C);

		fb_icmp_put(&s->c.b, s->c.f, &p);
	}
	cb_judge(&s->c);
	ev = s->c.cases.at[0];
	around_case(&s->a, s->c.f, FB_START + 800000 * FB_MS, ev);
	return ev;
}

static void test_around_service_answered_within_ten_minutes(void **state)
{
	static const struct {
		int64_t ms;
		uint16_t port;
		bool ok;
		int64_t n;
	} t[] = {
		{650000, 443, true, 1}, {100000, 443, true, 1},  {99999, 443, true, 0},
		{650000, 80, true, 0},  {650000, 443, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct evidence *ev;
		struct scene s;

		scene_init(&s);
		other(&s, s.c.b.addr[1], t[i].port, t[i].ms, t[i].ok);
		ev = unanswered(&s, false);
		assert_num(ev, DROP_SERVICE_OK, t[i].n);
		assert_num(ev, DROP_ADDR_SINCE, 0);
		assert_num(ev, DROP_OTHERS_OK, 0);
		if (t[i].n)
			assert_int_equal(evidence_get(ev, FEAT_DROP_SERVICE_OK)->frame[0],
					 5000 + t[i].ms);
		scene_fini(&s);
	}
}

static void test_around_others_and_the_same_host_since(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	other(&s, fb_ip4(198, 51, 100, 50), 443, 600000, true); /* more than a minute before */
	other(&s, fb_ip4(198, 51, 100, 51), 443, 705000, true);
	other(&s, fb_ip4(198, 51, 100, 51), 80, 705000, true); /* the same server */
	other(&s, s.c.b.addr[1], 80, 710000, true);            /* the host itself, another port */
	ev = unanswered(&s, false);
	assert_num(ev, DROP_SERVICE_OK, 0);
	assert_num(ev, DROP_ADDR_SINCE, 1);
	assert_num(ev, DROP_OTHERS_OK, 1);
	assert_unknown(ev, DROP_ICMP_SHORT);
	scene_fini(&s);
}

/* Where lines had to make room, none says nothing. */
static void test_around_forgotten_lines_leave_it_unknown(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	for (int64_t i = 0; i < LIMIT_CONTROL_LINES + 1; i++)
		other(&s, s.c.b.addr[1], 443, 650000 + i, false);
	ev = unanswered(&s, false);
	assert_unknown(ev, DROP_SERVICE_OK);
	scene_fini(&s);
}

/* The quote had gone 3 hops; the server's answers came with TTL 55, from 9 routers away. */
static void test_around_how_far_the_refusing_router_is_from_the_server(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	other(&s, s.c.b.addr[1], 443, 650000, true);
	ev = unanswered(&s, true);
	assert_num(ev, DROP_ICMP_HOPS, 3);
	assert_num(ev, DROP_ICMP_SHORT, 6);
	scene_fini(&s);
}

static void test_around_a_reset_before_is_told_for_syns_only(void **state)
{
	const struct evidence *ev;
	struct scene s;

	(void)state;
	scene_init(&s);
	hosts_reset(s.a.hosts, s.c.b.addr[0].b, s.c.b.addr[1].b, 443, 39999,
		    FB_START + 690000 * FB_MS, 77);
	ev = unanswered(&s, false);
	assert_num(ev, DROP_SINCE_RESET, 10000 * FB_MS);
	scene_fini(&s);
}

static void test_around_nothing_about_a_connection_that_was_answered(void **state)
{
	struct scene s;
	struct evidence *ev = evidence_new(CASE_DROP);

	(void)state;
	scene_init(&s);
	cb_open(&s.c);
	other(&s, s.c.b.addr[1], 443, 10, true);
	evidence_put(ev, FEAT_DROP_HANDSHAKE, 1, NULL, 0);
	around_case(&s.a, s.c.f, FB_START + 800 * FB_S, ev);
	assert_unknown(ev, DROP_SERVICE_OK);
	evidence_free(ev);
	scene_fini(&s);
}

/* --- findings --- */

enum { SNI = 1 << TECH_SNI_FILTERING };

/* Another attempt of the client's under a name, `s` seconds after the start. */
static void named(struct scene *sc, struct ip_addr resp, const char *name, int64_t s, bool ok)
{
	struct control_note n = {.flow_no = ++sc->flow_no,
				 .orig = sc->c.b.addr[0].b,
				 .resp = resp.b,
				 .resp_port = 443,
				 .proto = 6,
				 .name = controls_name(name, strlen(name)),
				 .ts_ns = FB_START + s * FB_S,
				 .frame = (uint64_t)(5000 + s)};

	controls_note(sc->a.controls, &n);
	n.outcome = CONTROL_OK;
	n.ttl = 50;
	if (ok)
		controls_note(sc->a.controls, &n);
}

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
		hosts_reset(s.a.hosts, s.c.b.addr[0].b, s.c.b.addr[1].b, 443, t[i].orig_port,
			    FB_START + t[i].reset_s * FB_S, 77);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_around_service_answered_within_ten_minutes),
		cmocka_unit_test(test_around_others_and_the_same_host_since),
		cmocka_unit_test(test_around_forgotten_lines_leave_it_unknown),
		cmocka_unit_test(test_around_how_far_the_refusing_router_is_from_the_server),
		cmocka_unit_test(test_around_a_reset_before_is_told_for_syns_only),
		cmocka_unit_test(test_around_finding_beside_other_names),
		cmocka_unit_test(test_around_finding_control_basis),
		cmocka_unit_test(test_around_finding_repeat_basis),
		cmocka_unit_test(test_around_finding_without_an_aim_gets_none),
		cmocka_unit_test(test_around_finding_residual),
		cmocka_unit_test(test_around_nothing_about_a_connection_that_was_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
