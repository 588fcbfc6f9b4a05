/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages in TCP connections (METHODS d.5): a two-byte length before each (RFC 1035 4.2.2), several on one
 * connection, in any cut (RFC 7766 6.2, 8).
 *
 * A forger who answers in the resolver's name has to use sequence numbers that the resolver's own answer uses as well, so
 * two versions of the same bytes come. The stream keeps the first; the other is read from its packet, when that begins
 * where the first did and holds a whole message.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - an answer that is sent again: the same message: dropped here
 *     test_det_dns_tcp_answer_sent_again_is_one_answer dns-tcp-fine.pcap
 * - another protocol on port 53: given up at the first message that is none
 *     test_det_dns_tcp_other_protocols_on_port_53_are_left_to_others
 * - a zone transfer: longer than what is kept of a stream: given up
 *     test_det_dns_tcp_zone_transfer_is_given_up
 * - a connection joined in its middle, or one direction of it: no question is known
 *     test_det_dns_tcp_one_direction_knows_no_question */
#include <string.h>

#include "app/trigger.h"
#include "detect/dns_txn.h"

enum { LENGTH_BYTES = 2, HEADER_BYTES = 12 };

/* Can these first bytes be a message of that direction? Asked before it is waited for: a question has one name (RFC 9619),
 * and its resolver's messages are answers. */
static bool plausible(struct bytes b, bool from_resolver)
{
	uint16_t len, flags, n_qd;

	if (!bytes_be16(b, 0, &len))
		return true;
	if (len < HEADER_BYTES || len > LIMIT_STREAM_BYTES)
		return false;
	if (!bytes_be16(b, LENGTH_BYTES + 2, &flags))
		return true;
	/* A question carries no result code; a TLS hello read as a question would have one. */
	if (((flags & DNS_QR) != 0) != from_resolver || (!from_resolver && flags & 0x000f))
		return false;
	return !bytes_be16(b, LENGTH_BYTES + 4, &n_qd) || n_qd == 1;
}

static void note_question(struct det_dns *dd, struct flow *f, enum dir d, const struct pkt *p,
			  const struct dns_msg *m, const struct dns_line *line, size_t used)
{
	struct trigger *g =
		trigger_note(dd->table, f, d, p, TRIGGER_DNS_QNAME, m->qname, strlen(m->qname));

	if (!g)
		return;
	g->first_frame = line->first_frame;
	g->seq = f->side[d].stream->base + line->off;
	g->seq_end = g->seq + (uint32_t)used;
}

/* What stands at the line's place. Beyond LIMIT_STREAM_BYTES a stream is no longer read from its start: then only
 * messages that begin in this packet. */
static struct bytes view_of(const struct flow *f, enum dir d, const struct dns_line *line,
			    const struct pkt *p, bool *late)
{
	struct bytes head = stream_head(f, d);
	const struct stream *s = f->side[d].stream;
	uint32_t off;

	*late = s && !head.at;
	if (!*late)
		return bytes_from(head, line->off);
	off = p->tcp.seq - s->base;
	if (off > line->off || line->off - off > p->payload.len)
		return (struct bytes){NULL, 0};
	return bytes_from(p->payload, line->off - off);
}

/* Takes one whole message off the line; false when there is none. */
static bool read_one(struct det_dns *dd, struct flow *f, struct dns_open *o, enum dir d,
		     const struct pkt *p, bool from_resolver)
{
	struct dns_line *line = &o->line[d];
	struct dns_msg m;
	uint16_t len;
	size_t used;
	bool late;
	struct bytes view = view_of(f, d, line, p, &late);

	if (!view.len && !late)
		return false;
	if (!line->first_frame)
		line->first_frame = p->frame_no;
	line->given_up = !plausible(view, from_resolver);
	if (line->given_up)
		return false;
	if (!bytes_be16(view, 0, &len) || view.len - LENGTH_BYTES < len) {
		line->given_up = late && view.len != 0;
		dd->lost += line->given_up;
		return false;
	}
	line->given_up = dns_read_tcp(view, &m, &used) != APP_OK || !m.has_question;
	if (line->given_up)
		return false;
	memcpy(f->app, "DNS", 4);
	if (!from_resolver)
		note_question(dd, f, d, p, &m, line, used);
	dns_message(dd, f, o, &m, p, line->off);
	line->off += (uint32_t)used;
	line->first_frame = 0;
	return true;
}

static bool same_message(const struct dns_answer *a, const struct dns_answer *b)
{
	return a->flags == b->flags && a->n_an == b->n_an && a->rr_ttl_s == b->rr_ttl_s &&
	       a->n_addr == b->n_addr && !memcmp(a->addr, b->addr, sizeof(a->addr)) &&
	       !strcmp(a->cname, b->cname);
}

/* The answer that was read at that place of the stream. */
static const struct dns_answer *known_at(const struct dns_open *o, uint32_t off)
{
	for (const struct dns_txn *t = o->first; t; t = t->next)
		for (uint32_t i = 0; i < t->n_answers; i++)
			if (t->answer[i].off == off)
				return &t->answer[i];
	return NULL;
}

/* Another version of an answer that was read before. */
static void read_again(struct det_dns *dd, struct flow *f, struct dns_open *o, enum dir d,
		       const struct pkt *p)
{
	uint32_t off = p->tcp.seq - f->side[d].stream->base;
	const struct dns_answer *before = off < o->line[d].off ? known_at(o, off) : NULL;
	struct dns_answer a;
	struct dns_msg m;
	size_t used;

	if (!before || dns_read_tcp(p->payload, &m, &used) != APP_OK || !m.has_question ||
	    !(m.flags & DNS_QR))
		return;
	a = dns_answer_of(&m, p, off);
	if (same_message(before, &a))
		return;
	dns_message(dd, f, o, &m, p, off);
	/* A longer version's end is no new message. */
	if (off + used > o->line[d].off)
		o->line[d].off = off + (uint32_t)used;
}

bool det_dns_tcp(struct det_dns *dd, struct flow *f, enum dir d, const struct pkt *p)
{
	enum dir resolver = f->port[DIR_RESP] == 53 ? DIR_RESP : DIR_ORIG;
	struct dns_open *o = f->dns;

	if (f->port[resolver] != 53)
		return false;
	if (!p->payload.len || p->tcp.flags & TCP_RST)
		return o && !o->line[d].given_up;
	if (o && o->line[d].given_up)
		return !strcmp(f->app, "DNS");
	o = dns_open_of(dd, f);
	if (!o) {
		dd->lost++;
		return false;
	}
	if (d == resolver && f->side[d].stream)
		read_again(dd, f, o, d, p);
	/* Each round takes 14 bytes or more of at most LIMIT_STREAM_BYTES, and takes them once. */
	while (read_one(dd, f, o, d, p, d == resolver))
		;
	return !o->line[d].given_up || !strcmp(f->app, "DNS");
}
