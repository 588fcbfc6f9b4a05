/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_DNS_WIRE_H
#define WP_TESTS_DNS_WIRE_H

/* DNS messages on the wire, put into a flow table and det_dns, and what was judged. */

#include "case_build.h"
#include "detect/det_dns.h"

enum { QUESTION = 0x0100, ANSWER = 0x8180 };

/* What was judged: the last transaction's facts, and counts. */
struct judged {
	uint32_t n, n_early, n_cases, n_conflicts, lost;
	int64_t answers, queries, type_ignored;
	struct trigger question;
};

struct dn {
	struct fb b;
	struct det_dns dd;
	struct judged got;
	struct flow *f;
	uint8_t wire[512];
	size_t len;
	uint16_t ip_id;
};

/* Judged for good only: what is said early is counted in n_early. */
static inline void on_judged(void *arg, const struct flow *f, const struct trigger *question,
			     struct case_list *cases, struct told *told, bool last)
{
	struct judged *g = arg;

	(void)f;
	(void)told;
	if (!last) {
		g->n_early++;
		return;
	}
	g->n++;
	g->n_cases += cases->n;
	g->lost += cases->lost;
	g->question = *question;
	for (uint32_t i = 0; i < cases->n; i++) {
		const struct evidence *ev = cases->at[i];

		g->n_conflicts += evidence_get(ev, FEAT_DNS_CONFLICT)->num != 0;
		g->answers = evidence_get(ev, FEAT_DNS_ANSWERS)->num;
		g->queries = evidence_get(ev, FEAT_DNS_QUERIES)->num;
		g->type_ignored = evidence_get(ev, FEAT_DNS_TYPE_IGNORED)->num;
	}
}

static inline void dn_init(struct dn *d, uint64_t memory_bytes)
{
	memset(d, 0, sizeof(*d));
	fb_init(&d->b, memory_bytes);
	d->b.port[0] = 33333;
	d->b.port[1] = 53;
	d->dd = (struct det_dns){
		.table = d->b.t, .usual = usual_new(), .arg = &d->got, .on_judged = on_judged};
	assert_non_null(d->dd.usual);
	d->ip_id = 100;
}

static inline void dn_end(struct dn *d)
{
	if (d->f)
		det_dns_end(&d->dd, d->f);
}

static inline void dn_fini(struct dn *d)
{
	dn_end(d);
	usual_free(d->dd.usual);
	fb_fini(&d->b);
}

static inline void put(struct dn *d, uint32_t v, int n)
{
	while (n--)
		d->wire[d->len++] = (uint8_t)(v >> 8 * n);
}

static inline void put_name(struct dn *d, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		put(d, (uint32_t)n, 1);
		memcpy(d->wire + d->len, name, n);
		d->len += n;
		name += n + (name[n] == '.');
	}
	put(d, 0, 1);
}

static inline void message(struct dn *d, uint16_t id, uint16_t flags, const char *name,
			   uint16_t qtype, uint16_t n_an)
{
	d->len = 0;
	put(d, id, 2);
	put(d, flags, 2);
	put(d, 1, 2);
	put(d, n_an, 2);
	put(d, 0, 4);
	put_name(d, name);
	put(d, qtype, 2);
	put(d, 1, 2);
}

static inline void record(struct dn *d, uint16_t type, const void *data, uint16_t n)
{
	put(d, 0xc00c, 2);
	put(d, type, 2);
	put(d, 1, 2);
	put(d, 300, 4);
	put(d, n, 2);
	memcpy(d->wire + d->len, data, n);
	d->len += n;
}

static inline void send_at(struct dn *d, int who, int64_t us)
{
	struct pkt p;

	d->b.now_ns = FB_START + us * 1000;
	p = fb_udp(&d->b, who);
	p.payload = (struct bytes){d->wire, d->len};
	p.payload_len = (uint32_t)d->len;
	p.ip_id = d->ip_id++;
	d->f = fb_put(&d->b, &p);
	assert_non_null(d->f);
	det_dns_packet(&d->dd, d->f, &p);
}

static inline void ask(struct dn *d, uint16_t id, const char *name, int64_t us)
{
	message(d, id, QUESTION, name, DNS_A, 0);
	send_at(d, 0, us);
}

/* An A record 198.51.100.x. */
static inline void reply(struct dn *d, uint16_t id, const char *name, uint8_t x, int64_t us)
{
	message(d, id, ANSWER, name, DNS_A, 1);
	record(d, DNS_A, (const uint8_t[]){198, 51, 100, x}, 4);
	send_at(d, 1, us);
}

#endif
