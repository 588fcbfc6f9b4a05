/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/quic_flow.h"

#include <stdlib.h>
#include <string.h>

#include "app/app_tls.h"
#include "app/trigger.h"

/* Packets of a UDP flow among which the first Initial must be: a hello may follow a datagram sent
 * to open the way (an evasion of the GFW: Zohaib et al. 2025), and STUN or a ping. */
enum { LOOK_PACKETS = 4 };
/* A handshake that goes well is over within three round trips; 1 s is three of the longest on
 * earth. */
static const int64_t late_ns = INT64_C(1000) * 1000000;

/* Two Initials closer than this are one hello in two datagrams: RFC 9002 6.2.2 sends again after 1
 * s, Chrome (initial RTT 100 ms) after 300 ms; both recalled. */
static const int64_t round_ns = INT64_C(150) * 1000000;

/* A hello that did not come whole in its first datagram. */
struct quic_hello {
	struct quic_crypto crypto;
	uint8_t at[TLS_SCRATCH_BYTES];
};

const struct quic_flow *quic_flow_get(const struct flow *f)
{
	return f->quic;
}

static void hello_free(struct flow_table *t, struct quic_flow *q)
{
	if (q->hello)
		flow_table_give(t, sizeof(*q->hello));
	free(q->hello);
	q->hello = NULL;
}

void quic_flow_free(struct flow_table *t, struct flow *f)
{
	struct quic_flow *q = f->quic;

	if (!q)
		return;
	hello_free(t, q);
	flow_table_give(t, sizeof(*q));
	free(q);
	f->quic = NULL;
}

void quic_flow_refused(struct flow *f, uint64_t frame_no)
{
	struct quic_flow *q = f->quic;

	if (!q || q->refused)
		return;
	q->refused = true;
	q->refused_frame = frame_no;
}

static struct quic_flow *open_flow(struct flow_table *t, struct flow *f)
{
	struct quic_flow *q;

	if (!flow_table_take(t, sizeof(*q)))
		return NULL;
	q = calloc(1, sizeof(*q));
	if (!q) {
		flow_table_give(t, sizeof(*q));
		return NULL;
	}
	q->n_before = (uint32_t)(f->side[0].packets + f->side[1].packets - 1);
	f->quic = q;
	memcpy(f->app, "QUIC", 5);
	f->suspicion |= SUS_QUIC;
	return q;
}

/* Notes the trigger once its name is there, or the hello is whole without one. */
static bool hello_judge(struct flow_table *t, struct flow *f, struct quic_flow *q,
			const struct quic_crypto *c, const struct pkt *p)
{
	struct tls_hello hello;
	enum app_got got = tls_hello_body((struct bytes){c->at, c->len}, &hello);
	struct trigger *g;

	if (got == APP_MORE && !hello.has_sni)
		return false;
	q->hello_done = true;
	q->hello_whole = got == APP_OK;
	q->has_name = hello.has_sni;
	q->name_in_first = hello.has_sni && q->n_hello == 1;
	g = trigger_note(t, f, DIR_ORIG, p, hello.has_sni ? TRIGGER_QUIC_SNI : TRIGGER_PAYLOAD,
			 hello.sni, hello.has_sni ? hello.sni_len : 0);
	if (g) {
		g->first_frame = q->frame[0] ? q->frame[0] : p->frame_no;
		g->ech = hello.has_ech ? 1 : hello.has_esni ? 2 : 0;
	}
	return true;
}

/* A hello that goes on in the next datagram moves to the heap. */
static void hello_keep(struct flow_table *t, struct quic_flow *q, const struct quic_crypto *c)
{
	struct quic_hello *h;

	if (!flow_table_take(t, sizeof(*h))) {
		q->hello_done = true;
		return;
	}
	h = malloc(sizeof(*h));
	if (!h) {
		flow_table_give(t, sizeof(*h));
		q->hello_done = true;
		return;
	}
	h->crypto = *c;
	h->crypto.at = h->at;
	memcpy(h->at, c->at, sizeof(h->at));
	q->hello = h;
}

static bool hello_read(struct flow_table *t, struct quic_crypt *crypt, struct flow *f,
		       struct quic_flow *q, const struct pkt *p)
{
	uint8_t scratch[TLS_SCRATCH_BYTES];
	struct quic_crypto fresh = {.at = scratch, .size = sizeof(scratch)},
			   *c = q->hello ? &q->hello->crypto : &fresh;
	struct quic_initial initial;

	if (quic_initial_read(crypt, p->payload, c, &initial) != APP_OK) {
		/* The capture cut it, or it is no hello: nothing of the name will be known from
		 * more of them. */
		q->hello_done = ++q->n_hello == LIMIT_QUIC_HELLO_DATAGRAMS;
		return false;
	}
	q->n_hello++;
	if (hello_judge(t, f, q, c, p)) {
		hello_free(t, q);
		return true;
	}
	if (c->lost || q->n_hello == LIMIT_QUIC_HELLO_DATAGRAMS) {
		q->hello_done = true;
		hello_free(t, q);
	} else if (!q->hello) {
		hello_keep(t, q, &fresh);
	}
	return false;
}

static bool is_long(enum quic_type type)
{
	return type != QUIC_NONE && type != QUIC_SHORT;
}

static void side_put(struct quic_flow *q, enum dir d, enum quic_type type, const struct pkt *p)
{
	struct quic_side *s = &q->side[d], *o = &q->side[dir_other(d)];

	if (!s->n) {
		s->first_ns = p->ts_ns;
		s->first_frame = p->frame_no;
	}
	s->n++;
	s->n_initial += type == QUIC_INITIAL;
	s->n_handshake += type == QUIC_HANDSHAKE;
	s->n_short += type == QUIC_SHORT;
	s->n_foreign += type == QUIC_OTHER_VERSION;
	s->last_ns = p->ts_ns;
	s->last_frame = p->frame_no;
	s->ttl = p->ttl;
	if (!s->n_unheard) {
		s->unheard_ns = p->ts_ns;
		s->unheard_frame = p->frame_no;
	}
	s->n_unheard++;
	s->n_unheard_long += is_long(type);
	o->n_unheard = o->n_unheard_long = 0;
	/* The other side has spoken since this one began, and still this one is at its handshake.
	 */
	if (is_long(type) && o->n && o->last_ns > s->first_ns &&
	    p->ts_ns - s->first_ns >= late_ns) {
		if (!s->n_late_long)
			s->late_first_ns = p->ts_ns;
		s->late_last_ns = p->ts_ns;
		s->n_late_long++;
	}
}

static void opening_put(struct quic_flow *q, const struct quic_head *h, const struct pkt *p)
{
	if (!q->n_rounds || p->ts_ns - q->round_ns >= round_ns) {
		q->n_rounds++;
		q->round_ns = p->ts_ns;
	}
	if (q->n_opening < QUIC_FRAMES_KEPT)
		q->frame[q->n_opening] = p->frame_no;
	if (!q->n_opening++) {
		q->version = h->version;
		q->first_len = p->payload_len;
		q->dcid_len = (uint8_t)h->dcid.len;
		if (h->dcid.len)
			memcpy(q->dcid, h->dcid.at, h->dcid.len);
	} else {
		q->n_same_dcid += q->dcid_len == h->dcid.len &&
				  (!h->dcid.len || !memcmp(q->dcid, h->dcid.at, h->dcid.len));
	}
}

static uint32_t take(struct flow_table *t, struct quic_crypt *crypt, struct flow *f,
		     struct quic_flow *q, enum dir d, enum quic_type type,
		     const struct quic_head *h, const struct pkt *p)
{
	uint32_t news = 0;

	if (d == DIR_RESP) {
		news |= q->side[DIR_RESP].n ? 0 : QUIC_NEWS_ANSWERED;
		q->retry |= type == QUIC_RETRY;
		q->negotiation |= type == QUIC_NEGOTIATION;
	} else if ((type == QUIC_INITIAL || type == QUIC_OTHER_VERSION) && !q->side[DIR_RESP].n) {
		news |= q->n_opening ? 0 : QUIC_NEWS_TRIED;
		opening_put(q, h, p);
	}
	side_put(q, d, type, p);
	if (d == DIR_ORIG && type == QUIC_INITIAL && !q->hello_done &&
	    hello_read(t, crypt, f, q, p) && q->has_name)
		news |= QUIC_NEWS_NAME;
	return news;
}

uint32_t quic_flow_packet(struct flow_table *t, struct quic_crypt *crypt, struct flow *f,
			  enum dir d, const struct pkt *p)
{
	struct quic_flow *q = f->quic;
	struct quic_head h;
	enum quic_type type;

	if (!q && f->side[0].packets + f->side[1].packets > LOOK_PACKETS)
		return 0;
	type = quic_head_read(p->payload, &h);
	/* A flow that was answered before its first Initial is another protocol that went on to
	 * QUIC, or began before the capture. */
	if (!q && d == DIR_ORIG && !f->side[DIR_RESP].packets &&
	    (type == QUIC_INITIAL || (type == QUIC_OTHER_VERSION && p->dport == 443)))
		q = open_flow(t, f);
	return q ? take(t, crypt, f, q, d, type, &h, p) : 0;
}
