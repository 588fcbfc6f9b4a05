/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to an HTTP request that the responder may not have sent (METHODS f.2). A known text alone is put down as a fact;
 * only a signature says what it means.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a genuine 403, 302, 451: blocked countries, web firewalls: own stack and speed: not noted
 *     test_page_genuine_refusals_are_not_noted server-refuses-country.pcap
 * - a content network: 301 to https, 421, a challenge: the same
 *     golden/inn-302 golden/inn-403 cdn-misdirected.pcap
 * - a captive portal, a cache or proxy close to the client: it makes the whole connection
 *     http-honest-redirect.pcap captive-portal.pcap
 * - an answer from a cache, faster than the server: one sample of its speed is no habit
 *     page-fast-one-sample.pcap
 * - an answer whose request or handshake the capture missed: unknown
 *     test_page_without_anything_to_compare_is_unknown page-fast-midstream.pcap */
#include <stdlib.h>
#include <string.h>

#include "app/app_http.h"
#include "app/app_marks.h"
#include "app/blockpages.h"
#include "base/words.h"
#include "detect/carrier.h"
#include "detect/detect.h"

enum { FAST_TENTHS = 7, MARKS_MAX = EV_TEXTS_MAX, COMPANIONS_MAX = 8 };
static const int64_t jitter_ns = 2000000;
/* Published boxes send their second packet 0.05 to 0.2 ms behind the first (MIDDLEBOXES 3.2, 6.2).
 */
static const int64_t companion_ns = INT64_C(10) * 1000000;
static const int64_t rst_follows_ns = INT64_C(10) * 1000000;
/* PacketLogic's trailing ACK: 98.6 to 99.9 ms after the FIN in public captures (MIDDLEBOXES 5.1).
 */
static const int64_t late_ack_min_ns = INT64_C(90) * 1000000,
		     late_ack_max_ns = INT64_C(110) * 1000000;

static const struct trigger *request_of(const struct flow *f, enum dir d)
{
	const struct trigger *t = f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL;

	return t && t->dir != d &&
			       (t->kind == TRIGGER_HTTP_HOST ||
				(t->kind == TRIGGER_PAYLOAD && !strcmp(f->app, "HTTP")))
		       ? t
		       : NULL;
}

/* Faster than that side's other answers (those in `skip` left out)? *samples: how many it had. */
static bool too_fast(const struct flow *f, enum dir d, const uint64_t *skip, uint32_t n_skip,
		     int64_t lag_ns, uint32_t *samples)
{
	int64_t rtt = 0;

	*samples = model_rtt(f, d, skip, n_skip, &rtt);
	return *samples && lag_ns >= 0 && lag_ns * 10 < rtt * FAST_TENTHS &&
	       rtt - lag_ns > jitter_ns;
}

static bool starts_answer(struct bytes b)
{
	return b.len >= 6 && (!memcmp(b.at, "HTTP/", 5) || b.at[0] == '<');
}

/* Worth remembering? Any one sign; the judging comes later, with all packets of the flow at hand.
 */
static bool looks_odd(struct flow *f, enum dir d, const struct pkt *p, const struct trigger *t)
{
	const struct seg *s = flow_seg(f, p->frame_no);
	const char *marks[MARKS_MAX];
	struct carrier c;
	uint32_t samples;

	if (!s)
		return false;
	if ((p->tcp.flags & (TCP_FIN | TCP_PSH)) == TCP_FIN || p->payload.at[0] == '<' ||
	    too_fast(f, d, &p->frame_no, 1, p->ts_ns - t->ts_ns, &samples))
		return true;
	c = carrier_look(f, s, NULL, 0);
	if (c.ttl_far || c.ts_missing || c.df_odd ||
	    (s->has_id && t->ip_id && t->ip_id == s->ip_id) ||
	    marks_find(p->payload, marks, MARKS_MAX) > 0)
		return true;
	f->unmarked_frame = p->frame_no;
	return false;
}

/* Keeps what the lists know with the note; without memory it stays unknown. */
static void keep_hits(struct flow_table *t, struct page_note *n, const struct page_hit *hit,
		      size_t n_hits)
{
	size_t bytes = n_hits * sizeof(*hit);

	if (!n_hits || !flow_table_take(t, bytes))
		return;
	n->hit = malloc(bytes);
	if (!n->hit) {
		flow_table_give(t, bytes);
		return;
	}
	memcpy(n->hit, hit, bytes);
	n->n_hits = (uint32_t)n_hits;
}

void page_end(struct flow_table *t, struct flow *f)
{
	if (!f->page || !f->page->hit)
		return;
	free(f->page->hit);
	flow_table_give(t, f->page->n_hits * sizeof(struct page_hit));
	f->page->hit = NULL;
	f->page->n_hits = 0;
}

void page_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
	       const struct blockpages *lists)
{
	struct page_hit hit[PAGE_HITS_MAX];
	const struct trigger *req;
	size_t n_hits;

	if (f->page || !p->payload.len || !(req = request_of(f, d)) || !starts_answer(p->payload))
		return;
	/* A retransmission of what was there before the request is no answer to it. */
	if (f->side[d].have_next && p->ts_ns < req->ts_ns)
		return;
	n_hits = lists ? blockpages_find(lists, p->payload, hit, ARRAY_LEN(hit)) : 0;
	if ((!n_hits && !looks_odd(f, d, p, req)) || !flow_table_take(t, sizeof(*f->page)))
		return;
	f->page = calloc(1, sizeof(*f->page));
	if (!f->page) {
		flow_table_give(t, sizeof(*f->page));
		return;
	}
	f->page->frame_no = p->frame_no;
	f->page->trigger_i = f->n_triggers - 1;
	f->page->len = (uint32_t)(p->payload.len < PAGE_BYTES ? p->payload.len : PAGE_BYTES);
	memcpy(f->page->at, p->payload.at, f->page->len);
	keep_hits(t, f->page, hit, n_hits);
	f->suspicion |= SUS_PAGE;
	f->log.sealed = true;
}

/* What imported lists know in it; a look-alike among the hits comes first and takes the others'
 * meaning away. */
static void put_hits(const struct page_note *n, struct evidence *ev)
{
	const struct page_hit *hit = n->hit;
	const char *scope;

	for (uint32_t i = 0; i < n->n_hits; i++)
		evidence_add_text(ev, FEAT_PAGE_LIST, hit[i].id, strlen(hit[i].id), n->frame_no);
	if (!n->n_hits)
		return;
	scope = page_scope_name(hit[0].scope);
	evidence_put_text(ev, FEAT_PAGE_LIST_SCOPE, scope, strlen(scope), n->frame_no);
}

static void put_content(const struct page_note *n, struct evidence *ev)
{
	struct bytes b = {n->at, n->len};
	const char *marks[MARKS_MAX];
	struct http_resp r;
	size_t n_marks = marks_find(b, marks, MARKS_MAX);
	const char *version;

	for (size_t i = 0; i < n_marks; i++)
		evidence_add_text(ev, FEAT_PAGE_MARK, marks[i], strlen(marks[i]), n->frame_no);
	if (http_response(b, &r) == APP_NOT)
		return;
	version = http_version_name(r.version);
	evidence_put_text(ev, FEAT_PAGE_VERSION, version, strlen(version), n->frame_no);
	if (r.status)
		evidence_put1(ev, FEAT_PAGE_STATUS, r.status, n->frame_no);
	evidence_put1(ev, FEAT_PAGE_HEADERS, r.n_headers, n->frame_no);
	if (r.location.len)
		evidence_put_text(ev, FEAT_PAGE_LOCATION, (const char *)r.location.at,
				  r.location.len, n->frame_no);
	if (r.location_host[0])
		evidence_put_text(ev, FEAT_PAGE_LOCATION_HOST, r.location_host,
				  strlen(r.location_host), n->frame_no);
	if (r.server.len)
		evidence_put_text(ev, FEAT_PAGE_SERVER, (const char *)r.server.at, r.server.len,
				  n->frame_no);
}

/* What the same builder may have sent right behind the page (a FIN, a second segment): no witness
 * of what that side is like. */
struct companions {
	uint32_t n;
	uint64_t frame[COMPANIONS_MAX];
};

static struct companions companions_of(const struct flow *f, const struct seg *s)
{
	struct companions k = {.n = 1, .frame = {s->frame_no}};

	for (const struct seg *x = s + 1;
	     x < f->log.at + f->log.n && x->ts_ns - s->ts_ns <= companion_ns; x++)
		if (x->dir == s->dir && k.n < COMPANIONS_MAX)
			k.frame[k.n++] = x->frame_no;
	return k;
}

static void put_stack(const struct flow *f, const struct seg *s, const struct trigger *t,
		      struct evidence *ev)
{
	struct companions k = companions_of(f, s);
	struct carrier c = carrier_look(f, s, k.frame, k.n);
	uint64_t fr = s->frame_no;

	evidence_put1(ev, FEAT_PAGE_LEN, s->len, fr);
	evidence_put1(ev, FEAT_PAGE_FIN, !!(s->flags & TCP_FIN), fr);
	evidence_put1(ev, FEAT_PAGE_PSH, !!(s->flags & TCP_PSH), fr);
	evidence_put1(ev, FEAT_PAGE_WIN, s->win, fr);
	evidence_put1(ev, FEAT_PAGE_HDR_LEN, s->hdr_len, fr);
	evidence_put1(ev, FEAT_PAGE_TTL, s->ttl, fr);
	evidence_put1(ev, FEAT_PAGE_STACK_SIGNS, c.signs, fr);
	if (c.ttl_known)
		evidence_put1(ev, FEAT_PAGE_TTL_GAP, c.ttl_gap, fr);
	if (c.ts_known)
		evidence_put1(ev, FEAT_PAGE_TS_MISSING, c.ts_missing, fr);
	if (c.ipid != IPID_UNKNOWN)
		evidence_put1(ev, FEAT_PAGE_IPID_FITS, c.ipid == IPID_FITS, fr);
	if (s->has_id) {
		evidence_put1(ev, FEAT_PAGE_IPID, s->ip_id, fr);
		evidence_put1(ev, FEAT_PAGE_DF, s->df, fr);
		if (c.df_known)
			evidence_put1(ev, FEAT_PAGE_DF_DIFFERS, c.df_odd, fr);
		evidence_put1(ev, FEAT_PAGE_IPID_ECHO,
			      t->ip_id && t->ip_id == s->ip_id && c.ipid != IPID_FITS, fr);
	}
}

/* What came after it: a reset, a trailing ACK, more payload. */
static void put_after(const struct flow *f, const struct seg *s, struct evidence *ev)
{
	const struct seg *end = f->log.at + f->log.n, *fin = NULL;
	bool more = false, late = false;
	uint64_t rst = 0, ack = 0;

	for (const struct seg *x = s + 1; x < end; x++) {
		if (x->dir != s->dir) {
			if (!fin && (x->flags & TCP_FIN))
				fin = x;
			continue;
		}
		if ((x->flags & TCP_RST) && !rst && x->ts_ns - s->ts_ns <= rst_follows_ns)
			rst = x->frame_no;
		more |= x->len && !(x->flags & TCP_RST) && x->digest != s->digest;
		if (fin && !x->len && x->flags == TCP_ACK && x->ip_id == s->ip_id &&
		    x->win == s->win && x->ts_ns - fin->ts_ns >= late_ack_min_ns &&
		    x->ts_ns - fin->ts_ns <= late_ack_max_ns) {
			late = true;
			ack = x->frame_no;
		}
	}
	evidence_put1(ev, FEAT_PAGE_RST_FOLLOWS, rst != 0, rst ? rst : s->frame_no);
	evidence_put1(ev, FEAT_PAGE_NO_MORE, !more, s->frame_no);
	if (fin)
		evidence_put1(ev, FEAT_PAGE_LATE_ACK, late, late ? ack : s->frame_no);
}

static void judge_page(const struct flow *f, struct case_list *out)
{
	const struct page_note *n = f->page;
	const struct seg *s = flow_seg(f, n->frame_no);
	const struct trigger *t = n->trigger_i < f->n_triggers ? &f->trigger[n->trigger_i] : NULL;
	struct companions k;
	struct evidence *ev;
	uint64_t frames[2];
	uint32_t samples;
	bool fast;

	if (!s || !t || !(ev = case_new(out, CASE_PAGE, f)))
		return;
	case_trigger(ev, t);
	put_content(n, ev);
	put_hits(n, ev);
	put_stack(f, s, t, ev);
	put_after(f, s, ev);
	frames[0] = t->last_frame;
	frames[1] = s->frame_no;
	evidence_put(ev, FEAT_PAGE_LAG, s->ts_ns - t->ts_ns, frames, 2);
	k = companions_of(f, s);
	fast = too_fast(f, s->dir, k.frame, k.n, s->ts_ns - t->ts_ns, &samples);
	evidence_put1(ev, FEAT_PAGE_RTT_SAMPLES, samples, s->frame_no);
	if (samples)
		evidence_put(ev, FEAT_PAGE_TOO_FAST, fast, frames, 2);
	evidence_suspect(ev, s->frame_no);
}

const struct detector det_page = {
	.name = "page",
	.help = "answers to an HTTP request that the responder may not have sent",
	.wants = SUS_PAGE,
	.judge = judge_page,
};
