/* SPDX-License-Identifier: BSD-3-Clause */
#include "around.h"

/* METHODS e, "differential design": attempts within 10 min of each other are compared; g.2: whether others answer, within 60 s. */
static const int64_t service_ns = INT64_C(600) * 1000000000, others_ns = INT64_C(60) * 1000000000;

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
	struct control_ask ask = {.flow_no = f->no,
				  .by = CONTROL_BY_RESP,
				  .addr = f->addr[DIR_RESP].b,
				  .orig = f->addr[DIR_ORIG].b,
				  .proto = f->proto,
				  .port = f->port[DIR_RESP],
				  .from_ns = f->first_ns - service_ns,
				  .to_ns = f->first_ns,
				  .now_ns = now_ns};
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

void around_case(const struct around *a, const struct flow *f, int64_t now_ns, struct evidence *ev)
{
	const struct ev_value *handshake = evidence_get(ev, FEAT_DROP_HANDSHAKE);
	int64_t at_ns;
	uint64_t frame;

	if (evidence_case(ev) != CASE_DROP || !handshake || handshake->num)
		return;
	if (hosts_reset_before(a->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b,
			       f->port[DIR_RESP], f->first_ns, &at_ns, &frame)) {
		const uint64_t both[] = {frame, f->first_frame};

		evidence_put(ev, FEAT_DROP_SINCE_RESET, f->first_ns - at_ns, both, 2);
	}
	put_address(a, f, now_ns, ev);
}
