/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DET_TLS_H
#define WP_DETECT_DET_TLS_H

#include "across/certs.h"
#include "detect/detect.h"

/* Who answered a TLS hello. One of these per worker, filled by the caller; the state of a flow hangs
 * on the flow. */
struct det_tls {
	struct flow_table *table;
	struct certs *certs; /* told of every server hello, and asked */
	void *arg;
	bool early; /* judge when the answer is whole, not only when the flow is over */
	/* There is something to say of a flow; `last` when it is over. The cases are freed after the call. */
	void (*on_judged)(void *arg, struct flow *f, const struct trigger *trigger,
			  struct case_list *cases, bool last);
	uint64_t lost;
	/* Nobody has use for the cases of ordinary answers: those with no certificate in the clear, and a hello that is not the
	 * exception among those of others. They are then not made. */
	bool only_odd;
};

/* Does an ordinary answer's case lack this feature, or, FEAT_TLS_HELLO_EXCEPTION, have it as "no"? */
bool det_tls_makes_odd(enum feat id);

/* Takes one TCP packet that is already in the flow, after trigger_look(). */
void det_tls_packet(struct det_tls *dt, struct flow *f, enum dir d, const struct pkt *p);
/* The flow ends: judges it and frees its TLS state. */
void det_tls_end(struct det_tls *dt, struct flow *f);
/* The facts about a flow whose server hello was seen, without telling anybody. For tests and for the
 * above. */
void det_tls_judge(struct det_tls *dt, const struct flow *f, struct case_list *out);

#endif
