/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/attempt.h"

#include <string.h>

#include "base/words.h"

void attempt_note(struct controls *c, struct flow *f, const struct pkt *p,
		  enum control_outcome outcome, uint32_t version, int64_t rtt_ns)
{
	const struct trigger *g = f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL;
	struct control_note n = {
		.flow_no = f->no,
		.orig = f->addr[DIR_ORIG].b,
		.resp = f->addr[DIR_RESP].b,
		.resp_port = f->port[DIR_RESP],
		.proto = f->proto,
		.outcome = (uint8_t)outcome,
		.ts_ns = p->ts_ns,
		.frame = p->frame_no,
		.version = version,
		.rtt_ns = rtt_ns,
	};

	if (outcome == CONTROL_OK)
		n.ttl = p->ttl;
	if (g && g->kind != TRIGGER_PAYLOAD)
		n.name = controls_name(g->name, g->name_len);
	controls_note(c, &n);
}

/* The first bytes of a server that does what it was asked: a TLS handshake record, an HTTP status
 * line, any DNS message. An alert may be forged. */
static bool is_answer(const struct flow *f, struct bytes b)
{
	if (f->trigger[0].kind == TRIGGER_DNS_QNAME)
		return b.len > 0;
	return b.len >= 6 && ((b.at[0] == 0x16 && b.at[1] == 3) || !memcmp(b.at, "HTTP/1", 6));
}

void attempt_tcp(struct controls *c, struct flow *f, enum dir d, const struct pkt *p)
{
	if (f->attempt == ATTEMPT_ANSWERED || !f->n_triggers || !p->payload.len)
		return;
	if (f->attempt == ATTEMPT_NONE) {
		f->attempt = ATTEMPT_TRIED;
		attempt_note(c, f, p, CONTROL_TRIED, 0, 0);
	}
	if (d == DIR_RESP && f->trigger[0].dir == DIR_ORIG && is_answer(f, p->payload)) {
		f->attempt = ATTEMPT_ANSWERED;
		attempt_note(c, f, p, CONTROL_OK, 0, p->ts_ns - f->trigger[0].ts_ns);
	}
}
