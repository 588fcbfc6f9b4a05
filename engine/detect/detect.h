/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_DETECT_DETECT_H
#define WP_DETECT_DETECT_H

#include "evidence/evidence.h"
#include "evidence/flow_record.h"
#include "flow/flow.h"

struct blockpages; /* app/blockpages.h */

enum { CASES_MAX = 8 };

/* The cases a detector found in one flow. Owned by the caller, who frees each evidence. */
struct case_list {
	uint32_t n, lost;
	struct evidence *at[CASES_MAX];
};

/* A detector looks at one flow as it is remembered (log, sides, triggers, conflicts) and writes
 * neutral facts. It is a pure function of the flow: it can be asked again when more packets have
 * come, and gives a fuller answer. It names nobody, and when it could not measure something it
 * writes nothing (unknown). */
struct detector {
	const char *name, *help;
	uint32_t wants; /* enum suspicion bits: asked only for flows that have one of them */
	void (*judge)(const struct flow *f, struct case_list *out);
};

extern const struct detector det_rst, det_overlap, det_synack, det_page, det_silence, det_rate,
	det_command;

/* Asks every detector of detectors.def that wants this flow. */
void detect_flow(const struct flow *f, struct case_list *out);

/* A fresh case with the facts that belong to every case; NULL when the list is full or memory is
 * out (counted). */
struct evidence *case_new(struct case_list *out, enum ev_case kase, const struct flow *f);
void case_list_free(struct case_list *l);

/* The trigger that came last before `ts_ns` (or at most `race_ns` after it); NULL when there is
 * none. */
const struct trigger *trigger_before(const struct flow *f, int64_t ts_ns, int64_t race_ns);
void case_trigger(struct evidence *ev, const struct trigger *t);

/* How far the connection had come when packet `at` of the log arrived, by sequence numbers (METHODS
 * a.5). */
enum flow_stage detect_stage(const struct flow *f, const struct seg *at);
/* Writes the published name of the flow's tampering signature (METHODS a.2), empty when none fits;
 * returns the stage of the break, STAGE_NONE when the flow was not broken. Judges silence only when
 * `ended_ns` is 3 s or more after the last packet. */
enum flow_stage detect_tampering(const struct flow *f, int64_t ended_ns, char out[TAMPERING_TEXT]);

/* Puts trigger.fep into a case of a flow that broke after its first payload, where that payload is
 * at hand and no reader of ours knows it. */
void detect_first_words(const struct flow *f, struct evidence *ev);

/* Notes an answer worth a look; called for payload packets of the responder. `lists`: imported
 * fingerprints, NULL for none. */
void page_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
	       const struct blockpages *lists);
/* Frees what page_look() hung on the flow's note beside the note itself. */
void page_end(struct flow_table *t, struct flow *f);

/* Notes a command in orig's name that another stack sent, and what orig itself says at that place; called for TCP packets, after
 * the flow has them. A few compares for any but the shortest payloads. */
void command_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p);

#endif
