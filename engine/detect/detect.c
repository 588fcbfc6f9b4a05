/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/detect.h"

#include <string.h>

static const struct detector *const detectors[] = {
#define X(symbol) &det_##symbol,
#include "detect/detectors.def"
#undef X
};

void detect_flow(const struct flow *f, struct case_list *out)
{
	for (size_t i = 0; i < ARRAY_LEN(detectors); i++)
		if (detectors[i]->wants & f->suspicion)
			detectors[i]->judge(f, out);
}

struct evidence *case_new(struct case_list *out, enum ev_case kase, const struct flow *f)
{
	struct evidence *ev;

	if (out->n == CASES_MAX || !(ev = evidence_new(kase))) {
		out->lost++;
		return NULL;
	}
	out->at[out->n++] = ev;
	evidence_put_text(ev, FEAT_FLOW_PROTO, f->proto == 6 ? "tcp" : "udp", 3, 0);
	evidence_put(ev, FEAT_FLOW_RESP_PORT, f->port[DIR_RESP], NULL, 0);
	evidence_put(ev, FEAT_FLOW_ONE_SIDED, !f->side[0].packets || !f->side[1].packets, NULL, 0);
	evidence_put(ev, FEAT_FLOW_MIDSTREAM, f->midstream, NULL, 0);
	return ev;
}

void case_list_free(struct case_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		evidence_free(l->at[i]);
	l->n = 0;
}

const struct trigger *trigger_before(const struct flow *f, int64_t ts_ns, int64_t race_ns)
{
	const struct trigger *best = NULL, *racing = NULL;

	for (uint32_t i = 0; i < f->n_triggers; i++) {
		const struct trigger *t = &f->trigger[i];

		if (t->ts_ns <= ts_ns)
			best = t;
		else if (t->ts_ns - ts_ns <= race_ns && !racing)
			racing = t;
	}
	return best ? best : racing;
}

void case_trigger(struct evidence *ev, const struct trigger *t)
{
	static const char *const ech[] = {"none", "ech", "esni"};
	const char *kind = trigger_kind_name(t->kind);

	evidence_put_text(ev, FEAT_TRIGGER_KIND, kind, strlen(kind), t->last_frame);
	if (t->name_len)
		evidence_put_text(ev, FEAT_TRIGGER_NAME, t->name, t->name_len, t->last_frame);
	if (t->kind == TRIGGER_TLS_SNI)
		evidence_put_text(ev, FEAT_TRIGGER_ECH, ech[t->ech], strlen(ech[t->ech]),
				  t->last_frame);
}
