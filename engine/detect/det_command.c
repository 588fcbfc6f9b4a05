/* SPDX-License-Identifier: BSD-3-Clause */
/* A command that the opener may not have sent, as seen beside the server: "CRLF . CRLF QUIT CRLF" in an SMTP session that ends
 * the mail and the connection, from another stack than the client's, with resets behind it (METHODS f.1, measured in
 * server-side captures of 2020).
 *
 * The forger takes the client's next sequence number. The client knows nothing of his bytes: it says something else at that
 * place, or acknowledges what the server answered with a number that does not count the command.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a client that says QUIT itself: its own stack, nothing is noted
 *     test_command_of_the_own_stack_is_none golden/inn-mail smtp-quit.pcap
 * - a command sent again, the first copy by another path: its own stack says the same bytes there (said_again)
 *     test_command_sent_again_by_the_own_stack_is_its_own smtp-quit-again.pcap
 * - a path or NAT that changes in mid-connection: later packets look like the command, none ignores it
 *     test_command_behind_a_changed_path_is_not_ignored smtp-path-change.pcap
 * - an ACK that the command overtook: it acknowledges nothing that came behind the command
 *     test_command_that_overtook_an_ack_is_not_ignored
 * - a client that quits and resets: one stack; of another path, not a burst within 10 ms
 *     test_command_resets_are_counted_within_ten_ms smtp-quit-reset.pcap
 * - a proxy that ends the session for its client: it makes the whole connection
 *     test_command_of_the_own_stack_is_none
 * - the word in a mail's text, a keep-alive byte: a command stands alone in its segment
 *     test_command_stands_alone_in_its_segment */
#include <stdlib.h>
#include <string.h>

#include "detect/carrier.h"
#include "detect/detect.h"

/* Packets of one forger come in one go: within 10 ms in published bursts (MIDDLEBOXES 3.2, 6.2). */
static const int64_t burst_ns = INT64_C(10) * 1000000;

/* Commands that end a session or what is being sent, as whole lines: RFC 5321 4.1.1.10 and 4.1.1.5 (SMTP; QUIT is also FTP's,
 * POP3's, NNTP's and IRC's: RFC 959 4.1.1, 1939 5, 3977 5.4, 2812 3.1.7), RFC 959 4.1.3. */
static const char *const words[] = {"QUIT", "RSET", "ABOR"};

static char upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : (char)c;
}

/* The word that is all of the payload, behind an end of mail data (RFC 5321 4.1.1.4) if there is one; NULL: none. */
static const char *word_of(struct bytes b, bool *ends_data)
{
	static const char end[] = "\r\n.\r\n";

	*ends_data = b.len > 5 && !memcmp(b.at, end, 5);
	if (*ends_data)
		b = bytes_from(b, 5);
	if (b.len < 5 || b.len > 6 || b.at[b.len - 1] != '\n' || (b.len == 6 && b.at[4] != '\r'))
		return NULL;
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		size_t i = 0;

		while (i < 4 && upper(b.at[i]) == words[w][i])
			i++;
		if (i == 4)
			return words[w];
	}
	return NULL;
}

static bool built_otherwise(const struct carrier *c)
{
	return c->ttl_far || c->ts_missing || c->df_odd;
}

/* What orig's own stack says where the command stands. */
static void look_again(struct flow *f, const struct pkt *p)
{
	struct command_note *n = f->command;
	const struct seg *s;
	struct carrier c;
	size_t len = p->payload.len < n->len ? p->payload.len : n->len;

	if (p->tcp.seq != n->seq || !len || !(s = flow_seg(f, p->frame_no)))
		return;
	c = carrier_look(f, s, &n->frame_no, 1);
	if (built_otherwise(&c))
		return;
	if (memcmp(p->payload.at, n->at, len)) {
		if (!n->other_frame)
			n->other_frame = p->frame_no;
	} else if (!n->same_frame) {
		n->same_frame = p->frame_no;
	}
}

void command_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	const struct seg *s;
	struct carrier c;
	bool ends_data;

	if (d != DIR_ORIG || !p->payload.len || p->tcp.flags & (TCP_RST | TCP_SYN))
		return;
	if (f->command) {
		look_again(f, p);
		return;
	}
	if (p->payload.len > COMMAND_BYTES || p->payload.len != p->payload_len ||
	    !word_of(p->payload, &ends_data) || !(s = flow_seg(f, p->frame_no)))
		return;
	c = carrier_look(f, s, NULL, 0);
	if (!built_otherwise(&c) || !flow_table_take(t, sizeof(*f->command)))
		return;
	f->command = calloc(1, sizeof(*f->command));
	if (!f->command) {
		flow_table_give(t, sizeof(*f->command));
		return;
	}
	f->command->frame_no = p->frame_no;
	f->command->seq = p->tcp.seq;
	f->command->len = (uint8_t)p->payload.len;
	memcpy(f->command->at, p->payload.at, p->payload.len);
	f->suspicion |= SUS_COMMAND;
	f->log.sealed = true;
}

/* A packet of orig's own stack? */
static bool own(const struct flow *f, const struct seg *s, const uint64_t *skip, uint32_t n_skip)
{
	struct carrier c = carrier_look(f, s, skip, n_skip);

	return c.ttl_known && !built_otherwise(&c);
}

/* The command and the resets that its maker sent in one go. */
static uint32_t burst_of(const struct flow *f, const struct seg *s, uint64_t *frame, uint32_t max)
{
	uint32_t n = 0;
	uint8_t near;

	frame[n++] = s->frame_no;
	for (const struct seg *x = s + 1; x < f->log.at + f->log.n && n < max; x++)
		if (x->dir == s->dir && x->flags & TCP_RST && x->ts_ns - s->ts_ns <= burst_ns &&
		    model_nearest_ttl(f, x->dir, x->ttl, frame, 1, &near) &&
		    abs(near - x->ttl) > TTL_NEAR)
			frame[n++] = x->frame_no;
	return n;
}

/* Did orig, when it had what resp sent behind the command, count the command's bytes? NULL: no packet of its own tells. Only
 * packets without payload: one with payload may be an older one sent again, and look_again() has read those. */
static const struct seg *answer_of_orig(const struct flow *f, const struct seg *s, bool *ignores)
{
	const struct seg *end = f->log.at + f->log.n;
	const struct seg *reply = NULL;

	for (const struct seg *x = s + 1; x < end; x++) {
		int32_t into = seq_diff(x->seq, s->seq);

		if (x->dir != s->dir) {
			if (!reply && x->len && !(x->flags & (TCP_SYN | TCP_RST)))
				reply = x;
			continue;
		}
		if (!reply || x->len || x->flags & (TCP_SYN | TCP_RST) || !(x->flags & TCP_ACK) ||
		    seq_diff(x->ack, reply->seq) <= 0 || into < 0 || into > (int32_t)s->len ||
		    !own(f, x, &s->frame_no, 1))
			continue;
		*ignores = into < (int32_t)s->len;
		return x;
	}
	return NULL;
}

static void put_ignored(const struct flow *f, const struct seg *s, struct evidence *ev)
{
	const struct command_note *n = f->command;
	uint64_t both[2] = {s->frame_no, n->same_frame ? n->same_frame : n->other_frame};
	bool ignores = !n->same_frame;
	const struct seg *x;

	if (!both[1] && (x = answer_of_orig(f, s, &ignores)))
		both[1] = x->frame_no;
	if (both[1])
		evidence_put(ev, FEAT_COMMAND_SEQ_IGNORED, ignores, both, 2);
	evidence_put(ev, FEAT_COMMAND_SAID_AGAIN, n->same_frame != 0, both, n->same_frame ? 2 : 1);
}

static void judge_command(const struct flow *f, struct case_list *out)
{
	enum { BURST_MAX = 15 };
	const struct command_note *note = f->command;
	const struct seg *s = flow_seg(f, note->frame_no);
	uint64_t frame[BURST_MAX];
	bool ends_data;
	const char *word = word_of((struct bytes){note->at, note->len}, &ends_data);
	struct evidence *ev;
	struct carrier c;
	uint32_t n;

	if (!s || !(ev = case_new(out, CASE_COMMAND, f)))
		return;
	n = burst_of(f, s, frame, BURST_MAX);
	c = carrier_look(f, s, frame, n);
	evidence_put_text(ev, FEAT_COMMAND_WORD, word, strlen(word), s->frame_no);
	evidence_put1(ev, FEAT_COMMAND_ENDS_DATA, ends_data, s->frame_no);
	evidence_put1(ev, FEAT_COMMAND_STACK_DIFFERS, built_otherwise(&c), s->frame_no);
	if (c.ttl_known)
		evidence_put1(ev, FEAT_COMMAND_TTL_GAP, c.ttl_gap, s->frame_no);
	if (s->has_id)
		evidence_put1(ev, FEAT_COMMAND_IPID, s->ip_id, s->frame_no);
	if (c.ipid != IPID_UNKNOWN)
		evidence_put1(ev, FEAT_COMMAND_IPID_FITS, c.ipid == IPID_FITS, s->frame_no);
	evidence_put(ev, FEAT_COMMAND_RESETS, n - 1, frame, n);
	put_ignored(f, s, ev);
	evidence_suspect(ev, s->frame_no);
}

const struct detector det_command = {
	.name = "command",
	.help = "a command that the opener may not have sent",
	.wants = SUS_COMMAND,
	.judge = judge_command,
};
