/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_SINK_TELL_H
#define WP_SINK_TELL_H

#include "match/finding.h"
#include "sink/page.h"
#include "sink/sink.h"

/* A finding in words. The person reading may be a helpline worker: "the server" is the responder,
 * "the client" the originator. The words name a mechanism, never who is behind it. All functions
 * add to `s`. */

void tell_act(struct say *s, const struct finding *f);   /* what happened, one or two sentences */
void tell_grade(struct say *s, const struct finding *f); /* "likely: ..." and what that means */
void tell_ends(struct say *s,
	       const struct flow_record *r); /* "192.0.2.1:1 -> [2001:db8::1]:443/tcp" */
void tell_caution(
	struct say *s,
	const struct flow_record *r); /* what the capture cannot show; nothing when all is well */

enum { TELL_SIGNS_MAX = 5 };
/* One fact worth a line; points into the finding's evidence. */
struct tell_sign {
	const struct evidence *ev;
	const struct ev_value *v;
	const char *words; /* template; NULL: the feature's own description */
};
/* Chooses the most telling facts, best first, each feature once. Returns how many. */
size_t tell_signs(const struct finding *f, struct tell_sign out[TELL_SIGNS_MAX]);
/* "frames 17-19: TTL 11 hops below ..." */
void tell_sign(struct say *s, const struct tell_sign *sign);

/* Paragraphs, with labels in TELL_INDENT columns. `room` is an empty sentence to write in, and
 * empty again afterwards. */
enum { TELL_INDENT = 18 };
void tell_full(struct page *p, struct say *room,
	       const struct finding *f); /* everything but tell_act */
void tell_short(struct page *p, struct say *room,
		const struct finding *f); /* one line: grade, ends, frames */
/* The devices of a run, a paragraph each; nothing when there is none. */
void tell_devices(struct page *p, struct say *room, const struct devices *ds);
/* The end of a run: what was read, what was found or what finding nothing means, what is missing.
 * `n_told` findings were handed to the sink. */
void tell_run(struct page *p, struct say *room, const struct run_summary *r, uint64_t n_told);

#endif
