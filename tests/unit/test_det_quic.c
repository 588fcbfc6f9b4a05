/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/detect/det_quic.c engine/detect/attempt.c
 * long: one world of flows, hosts and controls that every test needs */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/quic_flow.h"
#include "app/trigger.h"
#include "detect/attempt.h"
#include "detect/det_quic.h"
#include "unit/flow_build.h"
#include "unit/quic_write.h"

enum { UNKNOWN = -99 };

/* A world with one host at 10.0.0.1 and servers it asks; time goes on by `b.now_ns`. */
struct world {
	struct fb b;
	struct det_quic dq;
	struct hosts *hosts;
	struct case_list got;
};

static void keep(void *arg, const struct flow *f, const struct trigger *trigger,
		 struct case_list *cases)
{
	struct world *w = arg;

	(void)f;
	(void)trigger;
	case_list_free(&w->got);
	w->got = *cases;
	cases->n = 0; /* taken: freed by world_fini */
}

static void on_end(void *arg, struct flow *f)
{
	det_quic_end(arg, f, f->last_ns);
}

static void world_init(struct world *w)
{
	struct flow_options o = {.memory_bytes = 8 << 20, .arg = &w->dq, .on_end = on_end};

	*w = (struct world){.hosts = hosts_new()};
	fb_init(&w->b, 8 << 20);
	flow_table_free(w->b.t);
	w->b.t = flow_table_new(&o);
	w->dq = (struct det_quic){.table = w->b.t,
				  .crypt = quic_crypt_new(),
				  .controls = controls_new(),
				  .hosts = w->hosts,
				  .arg = w,
				  .on_judged = keep};
}

static void world_fini(struct world *w)
{
	flow_table_end_all(w->b.t);
	case_list_free(&w->got);
	controls_free(w->dq.controls);
	quic_crypt_free(w->dq.crypt);
	hosts_free(w->hosts);
	fb_fini(&w->b);
}

static struct flow *send(struct world *w, int who, const uint8_t *at, size_t len)
{
	struct pkt p = fb_udp(&w->b, who);
	struct flow *f;

	p.payload = (struct bytes){at, len};
	p.payload_len = (uint32_t)len;
	f = fb_put(&w->b, &p);
	hosts_heard(w->hosts, p.dst.b, p.src.b, p.ts_ns, p.frame_no);
	det_quic_packet(&w->dq, f, w->b.d, &p);
	return f;
}

static struct flow *initial(struct world *w, const char *name, uint32_t version)
{
	static uint8_t hello[600], gram[QW_SIZE];

	qw_initial(gram, version, 0x31, hello, 0, qw_hello(name, hello));
	return send(w, 0, gram, sizeof(gram));
}

static struct flow *other(struct world *w, int who, uint8_t first)
{
	uint8_t gram[40];

	qw_other(gram, first, QUIC_V1);
	return send(w, who, gram, sizeof(gram));
}

/* A flow of its own from the next source port: tried, and answered or not. The caller ends it. */
static struct flow *attempt(struct world *w, const char *name, uint32_t version, bool answered)
{
	struct flow *f;

	w->b.port[0]++;
	f = initial(w, name, version);
	w->b.now_ns += FB_S;
	if (answered) {
		f = other(w, 1, 0xc3);
		return f;
	}
	f = initial(w, name, version);
	w->b.now_ns += FB_S;
	return f;
}

/* Ends the flow, a minute later as the table would; answers the case, NULL when there was nothing to say. */
static const struct evidence *end(struct world *w, struct flow *f)
{
	case_list_free(&w->got);
	det_quic_end(&w->dq, f, w->b.now_ns + 60 * FB_S);
	assert_null(f->quic);
	assert_true(w->got.n <= 1);
	return w->got.n ? w->got.at[0] : NULL;
}

static int64_t num(const struct evidence *ev, enum feat id)
{
	const struct ev_value *v = evidence_get(ev, id);

	return v ? v->num : UNKNOWN;
}

static void assert_stop(const struct evidence *ev, const char *word)
{
	assert_non_null(ev);
	assert_string_equal(evidence_get(ev, FEAT_QUIC_STOP)->text[0], word);
}

static void test_end_silence_alone_has_no_control(void **state)
{
	const struct evidence *ev;
	struct world w;

	(void)state;
	world_init(&w);
	ev = end(&w, attempt(&w, "a.example", QUIC_V1, false));
	assert_stop(ev, "unanswered");
	assert_int_equal(num(ev, FEAT_QUIC_INITIALS), 2);
	assert_int_equal(num(ev, FEAT_QUIC_ROUNDS), 2);
	assert_int_equal(num(ev, FEAT_QUIC_SAME_DCID), 1);
	assert_int_equal(num(ev, FEAT_QUIC_ANSWERED), 0);
	assert_true(num(ev, FEAT_QUIC_SILENCE) >= 60 * FB_S);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_NAMES_OK), 0);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_SINCE), 0);
	assert_int_equal(num(ev, FEAT_QUIC_SERVER_SPEAKS), 0);
	assert_int_equal(num(ev, FEAT_QUIC_TCP_OK), 0);
	assert_int_equal(num(ev, FEAT_QUIC_SINCE_ANSWER), UNKNOWN);
	/* Nothing in the capture ever reached orig. */
	assert_int_equal(num(ev, FEAT_QUIC_TWO_WAY), UNKNOWN);
	assert_int_equal(num(ev, FEAT_QUIC_GFW_LOOKS), 1);
	world_fini(&w);
}

static void test_end_answered_and_single_flows_say_nothing(void **state)
{
	struct world w;
	struct flow *f;

	(void)state;
	world_init(&w);
	f = attempt(&w, "a.example", QUIC_V1, true);
	assert_null(end(&w, f));
	w.b.port[0]++;
	assert_null(end(&w, initial(&w, "a.example", QUIC_V1)));
	world_fini(&w);
}

static void test_end_other_name_answered_later_is_a_control(void **state)
{
	const struct evidence *ev;
	struct flow *dead;
	struct world w;

	(void)state;
	world_init(&w);
	dead = attempt(&w, "blocked.example", QUIC_V1, false);
	(void)attempt(&w, "fine.example", QUIC_V1, true);
	ev = end(&w, dead);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_NAMES_OK), 1);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_SINCE), 1);
	assert_int_equal(num(ev, FEAT_QUIC_SAME_NAME_OK), 0);
	assert_int_equal(num(ev, FEAT_QUIC_SERVER_SPEAKS), 1);
	assert_int_equal(num(ev, FEAT_QUIC_TWO_WAY), 1);
	world_fini(&w);
}

static void test_end_other_name_answered_before_is_none_since(void **state)
{
	const struct evidence *ev;
	struct world w;

	(void)state;
	world_init(&w);
	(void)attempt(&w, "fine.example", QUIC_V1, true);
	w.b.now_ns += 5 * FB_S;
	ev = end(&w, attempt(&w, "blocked.example", QUIC_V1, false));
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_NAMES_OK), 1);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_SINCE), 0);
	assert_int_equal(num(ev, FEAT_QUIC_ANSWERED_BEFORE), 1);
	assert_true(num(ev, FEAT_QUIC_SINCE_ANSWER) > 5 * FB_S &&
		    num(ev, FEAT_QUIC_SINCE_ANSWER) < 6 * FB_S);
	assert_int_equal(num(ev, FEAT_QUIC_DEAD_FLOWS), 1);
	world_fini(&w);
}

static void test_end_same_name_in_another_version_is_told(void **state)
{
	const struct evidence *ev;
	struct flow *dead;
	struct world w;

	(void)state;
	world_init(&w);
	dead = attempt(&w, "a.example", QUIC_V1, false);
	(void)attempt(&w, "a.example", QUIC_V2, true);
	ev = end(&w, dead);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_VERSION_OK), 1);
	assert_int_equal(num(ev, FEAT_QUIC_SAME_NAME_OK), 1);
	assert_int_equal(num(ev, FEAT_QUIC_OTHER_SINCE), 0);
	world_fini(&w);
}

static void test_end_dead_flows_after_answers_are_counted(void **state)
{
	const struct evidence *ev;
	struct flow *dead;
	struct world w;

	(void)state;
	world_init(&w);
	for (int i = 0; i < 3; i++)
		(void)attempt(&w, "fine.example", QUIC_V1, true);
	w.b.now_ns += FB_S;
	dead = attempt(&w, "fine.example", QUIC_V1, false);
	(void)attempt(&w, "other.example", QUIC_V1, false);
	ev = end(&w, dead);
	assert_int_equal(num(ev, FEAT_QUIC_ANSWERED_BEFORE), 3);
	assert_int_equal(num(ev, FEAT_QUIC_DEAD_FLOWS), 2);
	assert_int_equal(num(ev, FEAT_QUIC_SAME_NAME_OK), 3);
	assert_true(num(ev, FEAT_QUIC_DEAD_SPAN) >= FB_S);
	world_fini(&w);
}

/* A dead flow, and another that is answered meanwhile. */
static struct flow *after_answer(struct world *w)
{
	struct flow *dead = attempt(w, "fine.example", QUIC_V1, false);

	(void)attempt(w, "fine.example", QUIC_V1, true);
	return dead;
}

static void test_end_answer_during_the_silence_ends_the_residue(void **state)
{
	const struct evidence *ev;
	struct world w;

	(void)state;
	world_init(&w);
	(void)attempt(&w, "fine.example", QUIC_V1, true);
	ev = end(&w, attempt(&w, "fine.example", QUIC_V1, false));
	assert_int_equal(num(ev, FEAT_QUIC_DEAD_FLOWS), 1);
	world_fini(&w);
	world_init(&w);
	(void)attempt(&w, "fine.example", QUIC_V1, true);
	ev = end(&w, after_answer(&w));
	assert_int_equal(num(ev, FEAT_QUIC_SINCE_ANSWER), UNKNOWN);
	assert_int_equal(num(ev, FEAT_QUIC_DEAD_FLOWS), UNKNOWN);
	world_fini(&w);
}

/* The handshake's packets of one side at 0, 1, 3 and 7 s; `peer` answers each when it is not negative. */
static struct flow *repeats(struct world *w, int who, int peer)
{
	struct flow *f = NULL;

	for (int i = 0; i < 4; i++) {
		f = other(w, who, 0xe3);
		if (peer >= 0)
			f = other(w, peer, 0xe3);
		w->b.now_ns += (FB_S << i);
	}
	return f;
}

static void test_end_handshake_that_stops_tells_which_side_is_not_heard(void **state)
{
	const struct evidence *ev;
	struct world w;

	(void)state;
	world_init(&w);
	(void)attempt(&w, "a.example", QUIC_V1, true);
	ev = end(&w, repeats(&w, 0, -1));
	assert_stop(ev, "resp_unheard");
	assert_int_equal(num(ev, FEAT_QUIC_UNHEARD), 4);
	assert_true(num(ev, FEAT_QUIC_SILENCE) >= 7 * FB_S);
	(void)attempt(&w, "b.example", QUIC_V1, true);
	ev = end(&w, repeats(&w, 1, -1));
	assert_stop(ev, "orig_gone");
	(void)attempt(&w, "c.example", QUIC_V1, true);
	ev = end(&w, repeats(&w, 1, 0));
	assert_stop(ev, "orig_unheard");
	assert_int_equal(num(ev, FEAT_QUIC_ANSWERED), 1);
	world_fini(&w);
}

static void test_end_short_headers_into_silence_say_nothing(void **state)
{
	struct flow *f;
	struct world w;

	(void)state;
	world_init(&w);
	f = attempt(&w, "a.example", QUIC_V1, true);
	for (int i = 0; i < 6; i++) {
		f = other(&w, 0, 0x43);
		w.b.now_ns += 4 * FB_S;
	}
	assert_null(end(&w, f));
	world_fini(&w);
}

static void test_unreachable_counts_from_the_responder_only(void **state)
{
	struct pkt icmp = {.l4 = L4_ICMP, .frame_no = 77};
	const struct evidence *ev;
	struct flow *f;
	struct world w;

	(void)state;
	world_init(&w);
	f = attempt(&w, "a.example", QUIC_V1, false);
	icmp.src = fb_ip4(192, 0, 2, 254);
	det_quic_unreachable(&w.dq, f, &icmp);
	assert_int_equal(num(end(&w, f), FEAT_QUIC_REFUSED), 0);
	f = attempt(&w, "a.example", QUIC_V1, false);
	icmp.src = w.b.addr[1];
	det_quic_unreachable(&w.dq, f, &icmp);
	ev = end(&w, f);
	assert_int_equal(num(ev, FEAT_QUIC_REFUSED), 1);
	assert_int_equal(evidence_get(ev, FEAT_QUIC_REFUSED)->frame[0], 77);
	world_fini(&w);
}

static void test_end_other_servers_silent_too_is_told(void **state)
{
	const struct evidence *ev;
	struct flow *dead;
	struct world w;

	(void)state;
	world_init(&w);
	dead = attempt(&w, "a.example", QUIC_V1, false);
	for (uint8_t i = 2; i < 4; i++) {
		w.b.addr[1] = fb_ip4(192, 0, 2, i);
		(void)attempt(&w, "b.example", QUIC_V1, false);
	}
	ev = end(&w, dead);
	assert_int_equal(num(ev, FEAT_QUIC_SERVERS_DEAD), 2);
	assert_int_equal(num(ev, FEAT_QUIC_UDP_DEAD), 1);
	assert_int_equal(num(ev, FEAT_QUIC_CUT_OFF), 1);
	world_fini(&w);
}

static void tcp_attempt(struct world *w, bool answered)
{
	static const char server[] = "\x16\x03\x03\0\x2a\2\0\0\x26";
	static const char request[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	struct pkt p;
	struct flow *f;

	w->b.port[0]++;
	(void)fb_open(&w->b);
	p = fb_pkt(&w->b, 0, TCP_ACK | TCP_PSH, FB_C + 1, FB_SV + 1, request, sizeof(request) - 1);
	f = fb_put(&w->b, &p);
	trigger_look(w->b.t, f, w->b.d, &p);
	attempt_tcp(w->dq.controls, f, w->b.d, &p);
	assert_int_equal(f->attempt, ATTEMPT_TRIED);
	p = fb_pkt(&w->b, 1, TCP_ACK | TCP_PSH, FB_SV + 1, FB_C + 1,
		   answered ? server : "\x15\x03\x03\0\2\2\x28", 7);
	f = fb_put(&w->b, &p);
	attempt_tcp(w->dq.controls, f, w->b.d, &p);
	assert_int_equal(f->attempt, answered ? ATTEMPT_ANSWERED : ATTEMPT_TRIED);
}

static void test_end_tcp_to_the_same_address_is_laid_beside(void **state)
{
	const struct evidence *ev;
	struct flow *dead;
	struct world w;

	(void)state;
	world_init(&w);
	tcp_attempt(&w, true); /* before: proves nothing */
	w.b.now_ns += FB_S;
	dead = attempt(&w, "a.example", QUIC_V1, false);
	tcp_attempt(&w, true);
	tcp_attempt(&w, false);
	ev = end(&w, dead);
	assert_int_equal(num(ev, FEAT_QUIC_TCP_OK), 1);
	assert_int_equal(num(ev, FEAT_QUIC_TCP_DEAD), 1);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_silence_alone_has_no_control),
		cmocka_unit_test(test_end_answered_and_single_flows_say_nothing),
		cmocka_unit_test(test_end_other_name_answered_later_is_a_control),
		cmocka_unit_test(test_end_other_name_answered_before_is_none_since),
		cmocka_unit_test(test_end_same_name_in_another_version_is_told),
		cmocka_unit_test(test_end_dead_flows_after_answers_are_counted),
		cmocka_unit_test(test_end_answer_during_the_silence_ends_the_residue),
		cmocka_unit_test(test_end_handshake_that_stops_tells_which_side_is_not_heard),
		cmocka_unit_test(test_end_short_headers_into_silence_say_nothing),
		cmocka_unit_test(test_unreachable_counts_from_the_responder_only),
		cmocka_unit_test(test_end_other_servers_silent_too_is_told),
		cmocka_unit_test(test_end_tcp_to_the_same_address_is_laid_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
