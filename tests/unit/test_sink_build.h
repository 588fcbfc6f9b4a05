/* SPDX-License-Identifier: BSD-3-Clause */
/* A finding with everything in it, made by hand: what the sinks print is not judged by the matcher here. */
#ifndef TEST_SINK_BUILD_H
#define TEST_SINK_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"

struct example {
	struct evidence *ev[2];
	struct signature *sig[3];
	struct finding f;
};

static inline struct signature *example_sig(const char *text)
{
	struct sig_problems p = {0};
	struct signature *s =
		sig_read(NULL, (struct bytes){(const uint8_t *)text, strlen(text)}, &p);

	for (size_t i = 0; i < p.n; i++)
		sig_problem_print(stderr, &p.at[i]);
	assert_non_null(s);
	sig_problems_free(&p);
	return s;
}

static inline void example_sigs(struct example *e)
{
	e->sig[0] = example_sig(
		"format: 1\nid: mechanism.reset-x\nrev: 2\nstatus: draft\ntitle: A reset of another make\n"
		"claims: {technique: rst_injection}\n"
		"when: [rst.ttl_gap >= 2, rst.after_trigger is yes]\nunless: [rst.after_fin is yes]\n"
		"supports: [rst.count == 3, rst.df is yes, rst.odd_flags is yes]\n"
		"rivals:\n  - {cause: a load balancer, tell: it does so for every name}\n"
		"  - {cause: chance, tell: it happens once}\n");
	e->sig[1] = example_sig(
		"format: 1\nid: middlebox.vendor.box\nrev: 7\nstatus: draft\ntitle: Three resets of a known make\n"
		"claims: {technique: rst_injection}\nwhen: [rst.count == 3]\nunless:\n"
		"rivals:\n  - {cause: chance, tell: said before}\n  - {cause: a twin, tell: the path}\n"
		"sources:\n  - {key: us, says: made up, read: primary}\n");
	e->sig[2] = example_sig(
		"format: 1\nid: benign.look\nrev: 1\nstatus: draft\ntitle: A server that gives up\n"
		"excuses: rst_injection\neffect: anomaly\nwhen: [rst.count == 9]\nunless:\n");
}

static inline void example_evidence(struct example *e)
{
	const uint64_t three[] = {17, 18, 19};

	e->ev[0] = evidence_new(CASE_RST);
	assert_non_null(e->ev[0]);
	evidence_put_text(e->ev[0], FEAT_FLOW_PROTO, "tcp", 3, 0);
	evidence_put(e->ev[0], FEAT_RST_COUNT, 3, three, 3);
	evidence_put_text(e->ev[0], FEAT_RST_TO, "orig", 4, 17);
	evidence_put1(e->ev[0], FEAT_RST_TTL_DELTA, -11, 17);
	evidence_put1(e->ev[0], FEAT_RST_TTL_GAP, 11, 17);
	evidence_put(e->ev[0], FEAT_RST_IDENTICAL, 1, three, 3);
	evidence_put1(e->ev[0], FEAT_RST_DF, 0, 17);
	evidence_put1(e->ev[0], FEAT_RST_LAG, 4000000, 17);
	evidence_put1(e->ev[0], FEAT_RST_RTT, 180000000, 3);
	evidence_put1(e->ev[0], FEAT_RST_TOO_FAST, 1, 17);
	evidence_put1(e->ev[0], FEAT_RST_AFTER_TRIGGER, 1, 17);
}

static inline void example_flow(struct flow_record *r)
{
	static const uint8_t orig[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 10};
	static const uint8_t resp[16] = {0x20, 1, 0x0d, 0xb8, [15] = 7};

	*r = (struct flow_record){.id = "0123456789abcdef",
				  .stage = STAGE_POST_PSH,
				  .app = "TLS",
				  .history = "ShADr",
				  .first_ns = INT64_C(1511764638219219000),
				  .last_ns = INT64_C(1511764639000000001),
				  .first_frame = 1,
				  .last_frame = 20,
				  .packets = {7, 13},
				  .bytes = {517, 0},
				  .tampering = "PSH+ACK->RST+ACK;RST+ACK",
				  .point = POINT_HOST};
	memcpy(r->orig.addr, orig, 16);
	memcpy(r->resp.addr, resp, 16);
	r->orig.port = 51500;
	r->resp.port = 443;
	r->trigger = TRIGGER_TLS_SNI;
	memcpy(r->trigger_value, "blocked.example", 16);
	r->trigger_len = 15;
	r->trigger_frame = 12;
}

static inline void example_new(struct example *e)
{
	struct finding *f = &e->f;

	memset(e, 0, sizeof(*e));
	example_sigs(e);
	example_evidence(e);
	memcpy(f->id, "9f2c000000000001", 17);
	f->rev = 1;
	f->ts_ns = INT64_C(1511764638500000000);
	example_flow(&f->flow);
	f->techniques = 1u << TECH_RST_INJECTION | 1u << TECH_SNI_FILTERING;
	f->aimed_follows = 1u << TECH_SNI_FILTERING;
	f->grade = GRADE_CONFIRMED;
	f->groups = 1u << GROUP_STACK | 1u << GROUP_TIMING;
	f->cases[f->n_cases++] = e->ev[0];
	f->match[0].r = (struct sig_result){.sig = e->sig[0],
					    .verdict = TRUTH_YES,
					    .when_held = 3,
					    .supports_held = 1,
					    .supports_failed = 2,
					    .supports_unknown = 4,
					    .unless_unknown_mask = 1};
	f->match[1].r = (struct sig_result){.sig = e->sig[1], .verdict = TRUTH_YES, .when_held = 1};
	f->n_matches = 2;
	for (uint64_t i = 17; i <= 19; i++) {
		f->injected[f->n_injected++] = i;
		f->frame[f->n_frames + 1] = i;
		f->n_frames += i == 19 ? 2 : 1;
	}
	f->frame[0] = 12;
}

static inline void example_free(struct example *e)
{
	for (size_t i = 0; i < 2; i++)
		evidence_free(e->ev[i]);
	for (size_t i = 0; i < 3; i++)
		sig_free(e->sig[i]);
}

/* A sink that writes into memory. */
struct told {
	const struct sink_ops *ops;
	struct sink *sink;
	FILE *f;
	char *text;
	size_t len;
};

static inline void told_open(struct told *t, const char *format, struct sink_options opts)
{
	struct err_info err;

	*t = (struct told){.ops = sink_find(format)};
	assert_non_null(t->ops);
	t->f = open_memstream(&t->text, &t->len);
	assert_non_null(t->f);
	assert_true(t->ops->open(&t->sink, t->f, &opts, &err));
}

/* Ends the run if there is one; the text is then in t->text until told_free. */
static inline void told_close(struct told *t, const struct run_summary *run)
{
	struct err_info err;

	if (run)
		assert_true(t->ops->end(t->sink, run, &err));
	t->ops->close(t->sink);
	assert_int_equal(fclose(t->f), 0);
}

static inline void told_free(struct told *t)
{
	free(t->text);
}

#endif
