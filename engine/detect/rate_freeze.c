/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection that works, and after 10 to 25 KB towards the opener lets nothing more through in that direction (METHODS h.5:
 * reported from Russia in 2025, bbs 490 and 546). The device is silent: all that shows is that one side repeats and the other
 * does not hear it. A single flow cannot rule out a NAT that forgot it or a responder that died; so the facts are put down and
 * the signature stays at the shape; the published control, other flows of the same ends that pass 64 KB, needs many flows.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - an opener switched off or out of reach: its packets stop too: opener_alive not yes
 *     test_freeze_at_each_limit opener-gone.pcap
 * - a full receiver: window 0: window_open no
 *     test_freeze_receiver_that_is_full_or_thaws full-receiver.pcap
 * - a pause that ends: the bytes come after all
 *     test_freeze_receiver_that_is_full_or_thaws
 * - a connection that was ended: FIN or RST
 *     test_freeze_ended_connection_is_none */
#include <string.h>

#include "detect/rate.h"

/* METHODS h.5; 25 KB read as 25 * 1024, 10 KB as 10000. */
enum { DELIVERED_MIN = 10000, DELIVERED_MAX = 25600, REPEATS_MIN = 3 };
static const int64_t silence_min_ns = INT64_C(10) * 1000000000;
/* An opener that answers this long after the silence began is there; a round trip is over by then.
 */
static const int64_t alive_after_ns = INT64_C(5) * 1000000000;

struct freeze {
	uint32_t delivered, repeats;
	const struct seg *first, *last, *alive;
	uint64_t frame[EV_FRAMES_MAX];
	uint32_t n_frames;
	bool from_sender;
};

static void note(struct freeze *z, const struct seg *s)
{
	if (!z->first)
		z->first = s;
	else
		z->repeats++;
	z->last = s;
	if (z->n_frames < EV_FRAMES_MAX)
		z->frame[z->n_frames++] = s->frame_no;
}

/* Beside the responder: the first byte that was not acknowledged is sent again and again. */
static void look_sender(const struct flow *f, struct freeze *z)
{
	uint32_t ack = f->side[DIR_ORIG].ack_max;

	for (const struct seg *s = f->log.at; s < f->log.at + f->log.n; s++) {
		if (s->dir == DIR_RESP && s->len && seq_diff(s->seq, ack) <= 0 &&
		    seq_diff(s->seq + s->len, ack) > 0)
			note(z, s);
		else if (s->dir == DIR_ORIG && z->first &&
			 s->ts_ns - z->first->ts_ns >= alive_after_ns)
			z->alive = s;
	}
	z->from_sender = true;
}

static bool asks(const struct seg *s)
{
	bool keep_alive = s->next_known && s->seq == s->next_seq - 1 && s->len <= 1;

	return s->len || keep_alive || (s->flags & TCP_FIN);
}

/* Beside the opener: nothing comes any more, whatever it asks. */
static void look_receiver(const struct flow *f, struct freeze *z)
{
	const struct seg *s = f->log.at + f->log.n;

	while (s > f->log.at && s[-1].dir == DIR_ORIG)
		s--;
	for (; s < f->log.at + f->log.n; s++)
		if (asks(s))
			note(z, s);
}

static bool may_freeze(const struct flow *f)
{
	const struct flow_side *o = &f->side[DIR_ORIG], *r = &f->side[DIR_RESP];

	return f->proto == 6 && f->established && !f->midstream && o->packets && r->packets &&
	       r->have_isn && o->have_ack && !o->n_rst && !r->n_rst && !r->fin;
}

static bool is_frozen(const struct freeze *z)
{
	return z->first && z->repeats >= REPEATS_MIN &&
	       z->last->ts_ns - z->first->ts_ns >= silence_min_ns;
}

void rate_freeze(const struct flow *f, struct case_list *out)
{
	struct freeze z = {0};
	const char *seen;
	struct evidence *ev;

	if (!may_freeze(f))
		return;
	z.delivered = f->side[DIR_ORIG].ack_max - f->side[DIR_RESP].isn - 1;
	if (z.delivered < DELIVERED_MIN || z.delivered > DELIVERED_MAX)
		return;
	look_sender(f, &z);
	if (!is_frozen(&z)) {
		z = (struct freeze){.delivered = z.delivered};
		look_receiver(f, &z);
	}
	if (!is_frozen(&z) || !(ev = case_new(out, CASE_RATE, f)))
		return;
	seen = z.from_sender ? "sender" : "receiver";
	evidence_put_text(ev, FEAT_RATE_TO, "orig", 4, 0);
	evidence_put_text(ev, FEAT_RATE_FREEZE_SEEN, seen, strlen(seen), 0);
	evidence_put(ev, FEAT_RATE_FREEZE_BYTES, z.delivered, z.frame, z.n_frames);
	evidence_put(ev, FEAT_RATE_FREEZE_TIME, z.last->ts_ns - z.first->ts_ns, NULL, 0);
	evidence_put(ev, FEAT_RATE_FREEZE_REPEATS, z.repeats, z.frame, z.n_frames);
	evidence_put(ev, FEAT_RATE_FREEZE_WINDOW, f->side[DIR_ORIG].win_last != 0, NULL, 0);
	if (z.from_sender)
		evidence_put1(ev, FEAT_RATE_FREEZE_ALIVE, z.alive != NULL,
			      z.alive ? z.alive->frame_no : z.last->frame_no);
}
