/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_DEVICE_BUILD_H
#define WP_TESTS_DEVICE_BUILD_H

/* Findings of resets, as match/ would hand them over, one every second, and the devices made of them. Include after cmocka.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kin/device.h"
#include "kin/device_impl.h"

#define DB_STEP_NS INT64_C(1000000000)
#define DB_START   (INT64_C(1700000000) * DB_STEP_NS)

struct db_reset {
	uint16_t win, id, flags; /* flags 0: RST+ACK */
	uint8_t ttl;             /* 0: no TTL evidence */
	int delta;               /* to the claimed sender's TTL */
	uint8_t hdr_len;         /* 0: 20 */
	bool both, anomaly;
	uint32_t input;
	int64_t at;        /* steps after the start; 0: the next */
	const char *stage; /* not NULL: no trigger */
	uint8_t server;    /* last byte of its address; 0: 90 */
};

struct db {
	struct devices *ds;
	enum capture_point point;
	uint64_t frame;
	int64_t n;
	bool same_flow;
	char last_flow[FLOW_ID_TEXT];
};

static inline void db_init(struct db *b)
{
	memset(b, 0, sizeof(*b));
	b->ds = devices_new();
	assert_non_null(b->ds);
}

static inline void db_fini(struct db *b)
{
	devices_free(b->ds);
}

static inline void db_finish(struct db *b)
{
	devices_finish(b->ds);
}

/* The one device there must be. */
static inline const struct device *db_only(struct db *b)
{
	devices_finish(b->ds);
	assert_int_equal(devices_n(b->ds), 1);
	return devices_at(b->ds, 0);
}

static inline void db_text(struct evidence *ev, enum feat id, const char *text, uint64_t frame)
{
	evidence_put_text(ev, id, text, strlen(text), frame);
}

static inline struct evidence *db_case(struct db *b, const struct db_reset *r, bool to_orig)
{
	struct evidence *ev = evidence_new(CASE_RST);
	uint64_t no = r->at ? (uint64_t)r->at * 2 + to_orig : ++b->frame;
	uint16_t flags = r->flags ? r->flags : 20;

	assert_non_null(ev);
	db_text(ev, FEAT_RST_TO, to_orig ? "orig" : "resp", no);
	db_text(ev, FEAT_FLOW_STAGE, r->stage ? r->stage : "post_psh", no);
	if (!r->stage)
		db_text(ev, FEAT_TRIGGER_KIND, "tls-sni", no);
	evidence_put1(ev, FEAT_RST_FLAGS, flags, no);
	evidence_put1(ev, FEAT_RST_DF, 1, no);
	evidence_put1(ev, FEAT_RST_HDR_LEN, r->hdr_len ? r->hdr_len : 20, no);
	evidence_put1(ev, FEAT_RST_PAYLOAD_LEN, 0, no);
	evidence_put1(ev, FEAT_RST_ACK_ZERO, !(flags & 16), no);
	/* in the other direction the generator's numbers differ by more than the direction */
	evidence_put1(ev, FEAT_RST_WIN, r->win + (to_orig ? 0 : 300), no);
	evidence_put1(ev, FEAT_RST_IPID, r->id + (to_orig ? 0 : 411), no);
	if (r->ttl) {
		evidence_put1(ev, FEAT_RST_TTL, r->ttl, no);
		evidence_put1(ev, FEAT_RST_TTL_DELTA, r->delta, no);
	}
	evidence_suspect(ev, no);
	return ev;
}

static inline void db_record(struct db *b, struct flow_record *r, const char *name, uint8_t server)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t client[4] = {10, 0, 0, 7}, host[4] = {203, 0, 113, server ? server : 90};

	memset(r, 0, sizeof(*r));
	if (b->same_flow)
		memcpy(r->id, b->last_flow, sizeof(r->id));
	else
		(void)snprintf(r->id, sizeof(r->id), "%016llx", (unsigned long long)++b->n);
	memcpy(b->last_flow, r->id, sizeof(r->id));
	memcpy(r->orig.addr, mapped, 12);
	memcpy(r->orig.addr + 12, client, 4);
	memcpy(r->resp.addr, mapped, 12);
	memcpy(r->resp.addr + 12, host, 4);
	r->resp.port = 443;
	r->point = b->point;
	if (!name)
		return;
	r->trigger = TRIGGER_TLS_SNI;
	r->trigger_len = (uint32_t)strlen(name);
	memcpy(r->trigger_value, name, strlen(name) + 1);
}

static inline void db_reset(struct db *b, const struct db_reset *r)
{
	struct finding *f = calloc(1, sizeof(*f));
	struct evidence *ev[2] = {db_case(b, r, true), r->both ? db_case(b, r, false) : NULL};

	assert_non_null(f);
	db_record(b, &f->flow, r->stage ? NULL : "blocked.example", r->server);
	f->flow.input_i = r->input;
	f->ts_ns = DB_START + (r->at ? r->at : b->n) * DB_STEP_NS;
	/* stable: made of what the finding is */
	(void)snprintf(f->id, sizeof(f->id), "f%015llx",
		       (unsigned long long)(r->at ? r->at : b->n));
	f->grade = r->anomaly ? GRADE_ANOMALY : GRADE_CONFIRMED;
	f->n_cases = r->both ? 2 : 1;
	f->cases[0] = ev[0];
	f->cases[1] = ev[1];
	f->likely_cases = r->anomaly ? 0 : r->both ? 3 : 1;
	devices_finding(b->ds, f, r->input ? "b.pcap" : "a.pcap");
	free(f);
	evidence_free(ev[0]);
	evidence_free(ev[1]);
}

/* A flow that nobody acted on, with so many bytes of answer. */
static inline void db_flow(struct db *b, const char *name, uint64_t answer)
{
	struct flow_record r;

	db_record(b, &r, name, 0);
	r.bytes[1] = answer;
	devices_flow(b->ds, &r);
}

#endif
