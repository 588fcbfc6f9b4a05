/* SPDX-License-Identifier: BSD-3-Clause */
/* QUIC flows that get no further (METHODS g.2), and what other attempts say about why. A silence alone is put down only where
 * the capture has shown that packets for orig are in it.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a server without QUIC (a third of one censor's list: Zohaib et al. 2025): nobody got QUIC there; TCP alone proves nothing
 *     test_end_tcp_to_the_same_address_is_laid_beside golden/inn-quic-none quic-no-service.pcap
 * - a firewall that drops all UDP: no server answers over QUIC
 *     test_end_other_servers_silent_too_is_told quic-udp-blocked.pcap
 * - a closed port: the server's own ICMP
 *     test_unreachable_counts_from_the_responder_only quic-closed-port.pcap
 * - a cut line: nobody is heard any more
 *     quic-cut-off.pcap
 * - a hello in two datagrams that never ends, a single flow: fewer than three tries
 *     test_end_answered_and_single_flows_say_nothing
 * - a client that gave up, a scanner that leaves after the answer: it stopped, not the path
 *     test_end_handshake_that_stops_tells_which_side_is_not_heard
 * - a capture of one direction: no packet for orig is in it
 *     quic-one-way.pcap
 * - two servers behind one address, another name answered: a control, and its time counts
 *     test_end_other_name_answered_before_is_none_since
 * - an ordinary connection that ends: it was answered
 *     test_end_short_headers_into_silence_say_nothing golden/inn-quic quic-fine.pcap */
#include "detect/det_quic.h"

#include <string.h>

#include "app/quic_flow.h"
#include "base/words.h"
#include "detect/attempt.h"

static const int64_t second_ns = INT64_C(1000000000);
/* METHODS g.2: 5 s of silence; controls within 60 s before or after; residual blocking of 180 s
 * (MIDDLEBOXES 1.7). */
enum { SILENCE_S = 5, CONTROL_S = 60, RESIDUAL_S = 180, SPEAKS_S = 3600 };
/* A handshake's packets are sent again after 1, 2, 4 s (RFC 9002 6.2): three of them, 3 s apart,
 * are no single loss. */
enum { REPEATS = 3, REPEATS_S = 3 };

/* Where it stopped. */
enum stop { STOP_NONE, STOP_UNANSWERED, STOP_ORIG_UNHEARD, STOP_RESP_UNHEARD, STOP_ORIG_GONE };

void det_quic_packet(struct det_quic *dq, struct flow *f, enum dir d, const struct pkt *p)
{
	uint32_t news = quic_flow_packet(dq->table, dq->crypt, f, d, p);
	const struct quic_flow *q;

	if (!news)
		return;
	q = quic_flow_get(f);
	if (news & (QUIC_NEWS_TRIED | QUIC_NEWS_NAME))
		attempt_note(dq->controls, f, p, CONTROL_TRIED, q->version, 0);
	if (news & QUIC_NEWS_ANSWERED)
		attempt_note(dq->controls, f, p, CONTROL_OK, q->version,
			     q->n_opening == 1 ? p->ts_ns - q->side[DIR_ORIG].first_ns : 0);
}

void det_quic_unreachable(struct det_quic *dq, struct flow *f, const struct pkt *p)
{
	(void)dq; /* the state hangs on the flow */
	if (!memcmp(&p->src, &f->addr[DIR_RESP], sizeof(p->src)))
		quic_flow_refused(f, p->frame_no);
}

static enum stop stop_of(const struct quic_flow *q, int64_t now_ns)
{
	const struct quic_side *o = &q->side[DIR_ORIG], *r = &q->side[DIR_RESP];

	if (!r->n)
		return now_ns - o->first_ns >= SILENCE_S * second_ns ? STOP_UNANSWERED : STOP_NONE;
	if (o->n_unheard_long >= REPEATS && o->last_ns - o->unheard_ns >= SILENCE_S * second_ns)
		return STOP_RESP_UNHEARD;
	if (r->n_unheard_long >= REPEATS && r->last_ns - r->unheard_ns >= REPEATS_S * second_ns)
		return STOP_ORIG_GONE;
	if (r->n_late_long >= REPEATS &&
	    r->late_last_ns - r->late_first_ns >= REPEATS_S * second_ns && o->n > q->n_opening)
		return STOP_ORIG_UNHEARD;
	return STOP_NONE;
}

static void put_opening(const struct flow *f, const struct quic_flow *q, struct evidence *ev)
{
	uint32_t kept = q->n_opening < QUIC_FRAMES_KEPT ? q->n_opening : QUIC_FRAMES_KEPT;
	uint64_t first = q->frame[0];
	bool sport_gt = f->port[DIR_ORIG] > f->port[DIR_RESP];

	evidence_put(ev, FEAT_QUIC_INITIALS, q->n_opening, q->frame, kept);
	evidence_put(ev, FEAT_QUIC_ROUNDS, q->n_rounds, q->frame, kept);
	evidence_put(ev, FEAT_QUIC_SAME_DCID, q->n_same_dcid, q->frame, kept);
	evidence_put1(ev, FEAT_QUIC_VERSION, q->version, first);
	evidence_put1(ev, FEAT_QUIC_INITIAL_LEN, q->first_len, first);
	evidence_put1(ev, FEAT_QUIC_SPORT_GT_DPORT, sport_gt, first);
	if (!q->has_name)
		return;
	evidence_put1(ev, FEAT_QUIC_NAME_IN_FIRST, q->name_in_first, first);
	evidence_put1(ev, FEAT_QUIC_GFW_LOOKS, sport_gt && q->name_in_first && !q->n_before, first);
}

static void put_stop(const struct quic_flow *q, enum stop stop, int64_t now_ns, struct evidence *ev)
{
	static const char *const word[] = {NULL, "unanswered", "orig_unheard", "resp_unheard",
					   "orig_gone"};
	const struct quic_side *o = &q->side[DIR_ORIG], *r = &q->side[DIR_RESP];
	uint64_t frames[2] = {o->first_frame, o->last_frame};

	evidence_put_text(ev, FEAT_QUIC_STOP, word[stop], strlen(word[stop]), frames[0]);
	evidence_put1(ev, FEAT_QUIC_ANSWERED, r->n > 0, r->n ? r->first_frame : o->first_frame);
	if (stop == STOP_UNANSWERED) {
		evidence_put(ev, FEAT_QUIC_SILENCE, now_ns - o->first_ns, frames, 2);
		evidence_put(ev, FEAT_QUIC_UNHEARD, o->n, frames, 2);
	} else if (stop == STOP_RESP_UNHEARD) {
		frames[0] = o->unheard_frame;
		evidence_put(ev, FEAT_QUIC_SILENCE, o->last_ns - o->unheard_ns, frames, 2);
		evidence_put(ev, FEAT_QUIC_UNHEARD, o->n_unheard, frames, 2);
	} else if (stop == STOP_ORIG_GONE) {
		frames[0] = r->unheard_frame;
		frames[1] = r->last_frame;
		evidence_put(ev, FEAT_QUIC_SILENCE, r->last_ns - r->unheard_ns, frames, 2);
		evidence_put(ev, FEAT_QUIC_UNHEARD, r->n_unheard, frames, 2);
	}
	evidence_put(ev, FEAT_QUIC_RETRY, q->retry, NULL, 0);
	evidence_put(ev, FEAT_QUIC_VN, q->negotiation, NULL, 0);
	evidence_put(ev, FEAT_QUIC_REFUSED, q->refused, q->refused ? &q->refused_frame : NULL,
		     q->refused ? 1 : 0);
}

static struct control_ask ask_of(const struct flow *f, const struct quic_flow *q, int64_t now_ns)
{
	const struct trigger *g = f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL;

	return (struct control_ask){
		.flow_no = f->no,
		.by = CONTROL_BY_RESP,
		.addr = f->addr[DIR_RESP].b,
		.orig = f->addr[DIR_ORIG].b,
		.proto = f->proto,
		.port = f->port[DIR_RESP],
		.name = g && q->has_name ? controls_name(g->name, g->name_len) : 0,
		.version = q->version,
		.from_ns = q->side[DIR_ORIG].first_ns - CONTROL_S * second_ns,
		.to_ns = q->side[DIR_ORIG].last_ns + CONTROL_S * second_ns,
		.now_ns = now_ns,
		.ttl = q->side[DIR_RESP].ttl,
	};
}

/* When any attempt of those counted was answered last. */
static int64_t last_ok(const struct control_answer *k)
{
	if (!k->other.ok)
		return k->same.ok_last_ns;
	return k->same.ok && k->same.ok_last_ns > k->other.ok_last_ns ? k->same.ok_last_ns
								      : k->other.ok_last_ns;
}

/* Did the same two hosts speak QUIC, and stop? */
static void put_stopped(struct det_quic *dq, const struct quic_flow *q, struct control_ask a,
			struct evidence *ev)
{
	int64_t first_ns = q->side[DIR_ORIG].first_ns, end_ns = q->side[DIR_ORIG].last_ns, from;
	struct control_answer before, during, dead;

	a.from_ns = first_ns - RESIDUAL_S * second_ns;
	a.to_ns = first_ns - 1;
	controls_ask(dq->controls, &a, &before);
	evidence_put(ev, FEAT_QUIC_ANSWERED_BEFORE, before.same.ok + before.other.ok, NULL, 0);
	a.from_ns = first_ns;
	a.to_ns = end_ns + SILENCE_S * second_ns;
	controls_ask(dq->controls, &a, &during);
	if (during.cut || before.same.ok + before.other.ok == 0 ||
	    during.same.ok + during.other.ok > 0)
		return;
	from = last_ok(&before) + 1;
	evidence_put(ev, FEAT_QUIC_SINCE_ANSWER, first_ns + 1 - from, NULL, 0);
	/* The others that began since then and have waited their 5 s by now, earlier and later
	 * ones. */
	a.from_ns = from;
	a.to_ns = end_ns + CONTROL_S * second_ns;
	controls_ask(dq->controls, &a, &dead);
	evidence_put(ev, FEAT_QUIC_DEAD_FLOWS, dead.same.failed + dead.other.failed + 1, NULL, 0);
	from = first_ns;
	if (dead.same.failed && dead.same.failed_first_ns < from)
		from = dead.same.failed_first_ns;
	if (dead.other.failed && dead.other.failed_first_ns < from)
		from = dead.other.failed_first_ns;
	evidence_put(ev, FEAT_QUIC_DEAD_SPAN, end_ns - from, NULL, 0);
}

/* The same server over QUIC: other names, other versions, other times. */
static void put_same_server(struct det_quic *dq, const struct quic_flow *q, struct control_ask a,
			    struct evidence *ev)
{
	int64_t first_ns = q->side[DIR_ORIG].first_ns;
	struct control_answer k;

	controls_ask(dq->controls, &a, &k);
	evidence_put(ev, FEAT_QUIC_SERVER_MIXED, k.mixed, NULL, 0);
	evidence_put(ev, FEAT_QUIC_OTHER_VERSION_OK, k.other_version_ok, NULL, 0);
	if (a.name) {
		/* A server so busy that the table lost some: none found is not none. */
		if (k.same.ok || !k.cut)
			evidence_put(ev, FEAT_QUIC_SAME_NAME_OK, k.same.ok, NULL, 0);
		evidence_put(ev, FEAT_QUIC_SAME_NAME_DEAD, k.same.failed, NULL, 0);
		evidence_put(ev, FEAT_QUIC_OTHER_NAMES_OK, k.names_ok, NULL, 0);
		evidence_put(ev, FEAT_QUIC_OTHER_SINCE,
			     k.names_ok && k.other.ok_last_ns >= first_ns, NULL, 0);
	}
	put_stopped(dq, q, a, ev);
}

/* The same server over TCP, and whether anybody ever had QUIC from it. */
static void put_other_ways(struct det_quic *dq, const struct quic_flow *q, struct control_ask a,
			   struct evidence *ev)
{
	struct control_answer k;

	a.orig = NULL;
	a.from_ns -= SPEAKS_S * second_ns;
	controls_ask(dq->controls, &a, &k);
	evidence_put(ev, FEAT_QUIC_SERVER_SPEAKS, k.same.ok + k.other.ok > 0, NULL, 0);
	/* An answer from before proves nothing when the line may have died since. */
	a.from_ns = q->side[DIR_ORIG].first_ns;
	a.proto = 6;
	a.port = 443;
	a.ttl = 0; /* TCP and UDP of one address may come from different boxes */
	a.version = 0;
	controls_ask(dq->controls, &a, &k);
	evidence_put(ev, FEAT_QUIC_TCP_OK, k.same.ok + k.other.ok, NULL, 0);
	evidence_put(ev, FEAT_QUIC_TCP_DEAD, k.same.failed + k.other.failed, NULL, 0);
}

/* The same host asking other servers. */
static void put_elsewhere(struct det_quic *dq, const struct flow *f, const struct quic_flow *q,
			  struct control_ask a, struct evidence *ev)
{
	static const uint8_t nobody[16];
	struct control_answer all, udp;
	uint64_t alive = hosts_alive(dq->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b,
				     q->side[DIR_ORIG].first_ns);
	uint64_t any = hosts_alive(dq->hosts, f->addr[DIR_ORIG].b, nobody, INT64_MIN / 2);

	a.by = CONTROL_BY_ORIG;
	a.addr = f->addr[DIR_ORIG].b;
	a.orig = NULL;
	a.not_resp = f->addr[DIR_RESP].b;
	a.port = 0;
	a.ttl = 0;
	controls_ask(dq->controls, &a, &udp);
	a.proto = 0;
	controls_ask(dq->controls, &a, &all);
	evidence_put(ev, FEAT_QUIC_SERVERS_OK, udp.peers_ok, NULL, 0);
	evidence_put(ev, FEAT_QUIC_SERVERS_DEAD, udp.peers_failed, NULL, 0);
	evidence_put(ev, FEAT_QUIC_UDP_DEAD, !udp.peers_ok && udp.peers_failed >= 2, NULL, 0);
	evidence_put(ev, FEAT_QUIC_CUT_OFF, !alive && !all.peers_ok && all.peers_failed > 0, NULL,
		     0);
	if (alive)
		evidence_put1(ev, FEAT_QUIC_PATH_ALIVE, 1, alive);
	if (any)
		evidence_put1(ev, FEAT_QUIC_TWO_WAY, 1, any);
}

void det_quic_judge(struct det_quic *dq, const struct flow *f, int64_t now_ns,
		    struct case_list *out)
{
	const struct quic_flow *q = quic_flow_get(f);
	enum stop stop = q && q->n_opening ? stop_of(q, now_ns) : STOP_NONE;
	struct control_ask a;
	struct evidence *ev;

	/* One Initial that nobody answers is a loss, or a client that left. */
	if (stop == STOP_NONE || (stop == STOP_UNANSWERED && q->n_opening < 2))
		return;
	ev = case_new(out, CASE_QUIC, f);
	if (!ev)
		return;
	if (f->n_triggers)
		case_trigger(ev, &f->trigger[f->n_triggers - 1]);
	put_opening(f, q, ev);
	put_stop(q, stop, now_ns, ev);
	a = ask_of(f, q, now_ns);
	put_same_server(dq, q, a, ev);
	put_other_ways(dq, q, a, ev);
	put_elsewhere(dq, f, q, a, ev);
}

void det_quic_end(struct det_quic *dq, struct flow *f, int64_t now_ns)
{
	struct case_list cases = {0};

	if (!f->quic)
		return;
	det_quic_judge(dq, f, now_ns, &cases);
	dq->lost += cases.lost;
	if (cases.n)
		dq->on_judged(dq->arg, f, f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL,
			      &cases);
	case_list_free(&cases);
	quic_flow_free(dq->table, f);
}
