/* SPDX-License-Identifier: BSD-3-Clause */
#include "around.h"

#include <string.h>

#include "across/name_test.h"
#include "base/limits.h"

/* The longest residual blocking that is published, MIDDLEBOXES 1.1: 360 s. */
static const int64_t residual_ns = INT64_C(360) * 1000000000;
/* METHODS e, "differential design": attempts within 10 min of each other are compared; g.2: whether others answer, within 60 s. */
static const int64_t service_ns = INT64_C(600) * 1000000000, others_ns = INT64_C(60) * 1000000000;

/* Other attempts of the same client at the same service, from `from_ns` to `to_ns`. */
static struct control_ask ask_service(const struct flow *f, int64_t from_ns, int64_t to_ns,
				      int64_t now_ns)
{
	return (struct control_ask){.flow_no = f->no,
				    .by = CONTROL_BY_RESP,
				    .addr = f->addr[DIR_RESP].b,
				    .orig = f->addr[DIR_ORIG].b,
				    .proto = f->proto,
				    .port = f->port[DIR_RESP],
				    .from_ns = from_ns,
				    .to_ns = to_ns,
				    .now_ns = now_ns};
}

static void put_count(struct evidence *ev, enum feat id, const struct control_answer *k)
{
	/* Lines had to make room: that none is left says nothing. */
	if (k->other.ok || !k->cut)
		evidence_put(ev, id, k->other.ok, k->other.ok_frame, k->other.n_ok_frames);
}

/* How far the sender of an ICMP error is from the responder, when both distances are known. */
static void put_short(uint8_t resp_ttl, struct evidence *ev)
{
	const struct ev_value *hops = evidence_get(ev, FEAT_DROP_ICMP_HOPS);

	if (hops && resp_ttl)
		evidence_put(ev, FEAT_DROP_ICMP_SHORT,
			     model_ttl_init(resp_ttl) - resp_ttl - hops->num, hops->frame,
			     hops->n_frames);
}

/* SYNs without an answer: did this service answer before, did this host since, do others? */
static void put_address(const struct around *a, const struct flow *f, int64_t now_ns,
			struct evidence *ev)
{
	struct control_ask ask = ask_service(f, f->first_ns - service_ns, f->first_ns, now_ns);
	struct control_answer k;

	controls_ask(a->controls, &ask, &k);
	put_count(ev, FEAT_DROP_SERVICE_OK, &k);
	put_short(k.other.ok_ttl, ev);
	ask.port = 0;
	ask.from_ns = f->first_ns;
	ask.to_ns = now_ns;
	controls_ask(a->controls, &ask, &k);
	put_count(ev, FEAT_DROP_ADDR_SINCE, &k);
	ask.by = CONTROL_BY_ORIG;
	ask.addr = f->addr[DIR_ORIG].b;
	ask.orig = NULL;
	ask.not_resp = f->addr[DIR_RESP].b;
	ask.from_ns = f->first_ns - others_ns;
	controls_ask(a->controls, &ask, &k);
	k.other.ok = k.peers_ok;
	put_count(ev, FEAT_DROP_OTHERS_OK, &k);
}

/* What came back to the client's SYN; 0 when the capture does not hold it. */
static uint8_t synack_ttl(const struct flow *f)
{
	for (uint32_t i = 0; i < f->log.n; i++)
		if (f->log.at[i].dir == DIR_RESP && f->log.at[i].flags & TCP_SYN)
			return f->log.at[i].ttl;
	return 0;
}

static bool is_yes(const struct evidence *ev, enum feat id)
{
	const struct ev_value *v = evidence_get(ev, id);

	return v && v->num;
}

/* The name or what followed it was dropped: do other names pass at this server? */
static void put_names(const struct around *a, const struct flow *f, int64_t now_ns,
		      struct evidence *ev)
{
	struct control_ask ask =
		ask_service(f, f->first_ns - service_ns, f->first_ns + service_ns, now_ns);
	const struct ev_value *name = evidence_get(ev, FEAT_TRIGGER_NAME);
	struct control_line line[LIMIT_CONTROL_LINES];
	struct name_test t;
	size_t n;

	if (!name || !name->n_text ||
	    (!is_yes(ev, FEAT_DROP_IN_TRIGGER) && !is_yes(ev, FEAT_DROP_AFTER_TRIGGER)))
		return;
	ask.ttl = synack_ttl(f);
	n = controls_lines(a->controls, &ask, line);
	if (name_test(line, n, controls_name(name->text[0], strlen(name->text[0])), f->no, &t))
		evidence_put(ev, FEAT_DROP_NAME_CHANCE, t.chance_ppm, t.frame, t.n_frames);
	evidence_put(ev, FEAT_DROP_NAME_FAILED, t.failed, NULL, 0);
	evidence_put(ev, FEAT_DROP_CONTROLS_OK, t.other_ok, NULL, 0);
}

void around_case(const struct around *a, const struct flow *f, int64_t now_ns, struct evidence *ev)
{
	const struct ev_value *handshake = evidence_get(ev, FEAT_DROP_HANDSHAKE);
	struct hosts_struck r;

	if (evidence_case(ev) != CASE_DROP || !handshake)
		return;
	if (handshake->num) {
		put_names(a, f, now_ns, ev);
		return;
	}
	if (hosts_struck_before(a->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b,
				f->port[DIR_RESP], HOSTS_RESET, f->first_ns, &r)) {
		const uint64_t both[] = {r.frame, f->first_frame};

		evidence_put(ev, FEAT_DROP_SINCE_RESET, f->first_ns - r.ts_ns, both, 2);
	}
	put_address(a, f, now_ns, ev);
}

/* Another name passed at this server after this one had failed, or the same name failed at two servers, three times. */
static void put_basis(const struct around *a, struct control_ask ask,
		      const struct control_answer *here, const struct flow *f, struct finding *fd)
{
	uint32_t aims = fd->aimed_follows & (1u << TECH_SNI_FILTERING | 1u << TECH_HOST_FILTERING);
	struct control_answer all, elsewhere;

	if (!aims || here->same.ok)
		return;
	if (here->other.ok && !here->mixed && here->other.ok_last_ns > fd->ts_ns)
		fd->aimed_control |= aims;
	ask.by = CONTROL_BY_ORIG;
	ask.addr = f->addr[DIR_ORIG].b;
	ask.orig = NULL;
	ask.ttl = 0;
	controls_ask(a->controls, &ask, &all);
	ask.not_resp = f->addr[DIR_RESP].b;
	controls_ask(a->controls, &ask, &elsewhere);
	/* This flow is one of the three. */
	if (!all.cut && !all.same.ok && all.same.failed >= 2 && elsewhere.same.failed)
		fd->aimed_repeat |= aims;
}

static void put_controls(const struct around *a, const struct flow *f, int64_t now_ns,
			 struct finding *fd)
{
	struct control_ask ask =
		ask_service(f, fd->ts_ns - service_ns, fd->ts_ns + service_ns, now_ns);
	struct control_answer k;

	ask.name = controls_name(fd->flow.trigger_value, fd->flow.trigger_len);
	ask.ttl = synack_ttl(f);
	if (!ask.name || fd->flow.trigger == TRIGGER_DNS_QNAME)
		return;
	controls_ask(a->controls, &ask, &k);
	fd->controls.ok = k.other.ok;
	fd->controls.failed = k.other.failed;
	fd->controls.n_frames = k.other.n_ok_frames;
	memcpy(fd->controls.frame, k.other.ok_frame, sizeof(fd->controls.frame));
	put_basis(a, ask, &k, f, fd);
}

/* Nothing in this connection can have set it off: no payload had been sent before it broke. */
static bool before_payload(const struct finding *fd)
{
	return fd->flow.trigger == TRIGGER_NONE &&
	       (fd->flow.stage == STAGE_POST_SYN || fd->flow.stage == STAGE_POST_ACK);
}

/* Another name was struck at the same service before this one, and nothing has passed there since. */
static bool after_other_name(const struct around *a, const struct flow *f, const struct finding *fd,
			     enum hosts_how how, struct hosts_struck *out)
{
	struct control_ask ask = ask_service(f, 0, f->first_ns, f->first_ns);
	struct control_answer k;

	if (!hosts_struck_before(a->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b,
				 f->port[DIR_RESP], how, f->first_ns - 1, out) ||
	    out->name == controls_name(fd->flow.trigger_value, fd->flow.trigger_len))
		return false;
	ask.from_ns = out->ts_ns;
	controls_ask(a->controls, &ask, &k);
	return !k.other.ok && !k.cut;
}

/* What this goes on from: for TCP that broke before it said anything a reset or drop on an earlier connection of these hosts to this
 * port, for a hello that was dropped one that held another name. */
static bool earlier(const struct around *a, const struct flow *f, const struct finding *fd,
		    struct hosts_struck *out)
{
	const uint8_t *orig = f->addr[DIR_ORIG].b, *resp = f->addr[DIR_RESP].b;
	uint16_t port = f->port[DIR_RESP];
	int64_t to_ns = f->first_ns - 1;

	if (fd->techniques >> TECH_QUIC_BLOCKING & 1)
		return after_other_name(a, f, fd, HOSTS_QUIC, out);
	if (fd->techniques >> TECH_PACKET_DROP & 1 && fd->flow.trigger != TRIGGER_NONE)
		return after_other_name(a, f, fd, HOSTS_DROPPED, out);
	return before_payload(fd) &&
	       (hosts_struck_before(a->hosts, orig, resp, port, HOSTS_RESET, to_ns, out) ||
		hosts_struck_before(a->hosts, orig, resp, port, HOSTS_DROPPED, to_ns, out));
}

static void put_residual(const struct around *a, const struct flow *f, int64_t now_ns,
			 struct finding *fd)
{
	struct control_ask ask = ask_service(f, f->last_ns, now_ns, now_ns);
	uint32_t silences = 1u << TECH_PACKET_DROP | 1u << TECH_QUIC_BLOCKING;
	/* A silence lasts to the last packet that asks into it, a reset is where it stands. */
	int64_t end_ns = fd->techniques & silences ? f->last_ns : fd->ts_ns;
	struct control_answer k;
	struct hosts_struck r;

	if (fd->grade < GRADE_LIKELY || !earlier(a, f, fd, &r) ||
	    f->first_ns - r.ts_ns > residual_ns)
		return;
	fd->residual.tuple = r.orig_port == f->port[DIR_ORIG] ? 4 : 3;
	fd->residual.ns = end_ns - r.ts_ns;
	controls_ask(a->controls, &ask, &k);
	if (k.other.ok)
		fd->residual.most_ns = k.other.ok_first_ns - r.ts_ns;
}

void around_finding(const struct around *a, const struct flow *f, int64_t now_ns,
		    struct finding *fd)
{
	put_controls(a, f, now_ns, fd);
	put_residual(a, f, now_ns, fd);
}

/* What of it later flows between the same hosts are compared with, and since when it stands. */
static bool is_struck(const struct flow *f, const struct finding *fd, enum hosts_how *how)
{
	const uint32_t t = fd->techniques;
	/* What goes on from another is counted from that one. */
	const bool first = !fd->residual.tuple;

	if (t >> TECH_RST_INJECTION & 1)
		*how = HOSTS_RESET;
	else if (t >> TECH_PACKET_DROP & 1 && first)
		*how = HOSTS_DROPPED;
	else if (t >> TECH_QUIC_BLOCKING & 1 && first)
		*how = HOSTS_QUIC;
	else
		return false;
	return fd->grade >= GRADE_LIKELY && (*how == HOSTS_QUIC || f->side[DIR_RESP].n_syn);
}

void around_remember(const struct around *a, const struct flow *f, const struct finding *fd)
{
	struct hosts_struck s = {f->first_ns, f->first_frame, f->port[DIR_ORIG],
				 controls_name(fd->flow.trigger_value, fd->flow.trigger_len)};
	const uint64_t *suspect;
	const struct seg *seg;
	enum hosts_how how;

	if (!is_struck(f, fd, &how))
		return;
	if (how == HOSTS_RESET) {
		if (!evidence_suspects(fd->cases[0], &suspect))
			return;
		seg = flow_seg(f, suspect[0]);
		s.frame = suspect[0];
	} else {
		seg = flow_seg(f, fd->flow.trigger_frame);
		s.frame = fd->flow.trigger_frame ? fd->flow.trigger_frame : s.frame;
	}
	s.ts_ns = seg ? seg->ts_ns : s.ts_ns;
	hosts_struck(a->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b, f->port[DIR_RESP], how,
		     &s);
}
