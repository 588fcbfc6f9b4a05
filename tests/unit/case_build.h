/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_TESTS_CASE_BUILD_H
#define WP_TESTS_CASE_BUILD_H

/* Packets of one connection, put where engine.c puts them (flow table, triggers, pages), and the cases the detectors make of
 * the flow. Each side has its own TTL (64 and 50), its own IP ID counter and sequence line, so that a test changes only what
 * it is about. Include after cmocka.h. */

#include "app/trigger.h"
#include "detect/detect.h"
#include "flow_build.h"

enum { CB_ORIG_ID = 1000, CB_RESP_ID = 20000 };
#define CB_REQUEST "GET / HTTP/1.1\r\nHost: blocked.example\r\n\r\n"
#define CB_ANSWER  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct cb {
	struct fb b;
	uint32_t seq[2]; /* next byte of each side */
	uint16_t id[2];  /* next IP ID of each side */
	bool ts;         /* both sides use timestamps */
	struct flow *f;
	struct case_list cases;
};

static inline void cb_init(struct cb *c)
{
	memset(c, 0, sizeof(*c));
	fb_init(&c->b, 64 << 20);
	c->seq[0] = FB_C;
	c->seq[1] = FB_SV;
	c->id[0] = CB_ORIG_ID;
	c->id[1] = CB_RESP_ID;
}

static inline void cb_fini(struct cb *c)
{
	case_list_free(&c->cases);
	fb_fini(&c->b);
}

/* The next packet comes this many microseconds after the start. */
static inline void cb_at_us(struct cb *c, int64_t us)
{
	c->b.now_ns = FB_START + us * 1000;
}

static inline void cb_at(struct cb *c, int64_t ms)
{
	cb_at_us(c, ms * 1000);
}

/* The packet that side would send next; nothing is sent yet. */
static inline struct pkt cb_next(struct cb *c, int who, uint16_t flags, const void *data,
				 size_t len)
{
	struct pkt p = fb_pkt(&c->b, who, flags, c->seq[who], flags & TCP_ACK ? c->seq[!who] : 0,
			      data, len);

	p.ip_id = c->id[who]++;
	p.ip_hdr_len = 20;
	p.ip_total_len =
		(uint32_t)(40 + len); /* l4_bytes stays empty: the checksum cannot be told */
	p.tcp.win = who ? 29000 : 64240;
	if (flags & TCP_SYN)
		p.tcp.opts = TCP_OPT_MSS | TCP_OPT_SACK_OK | TCP_OPT_WSCALE;
	if (c->ts && !(flags & TCP_RST)) {
		p.tcp.opts |= TCP_OPT_TS;
		p.tcp.ts_val = (uint32_t)(c->b.now_ns / FB_MS);
		p.tcp.hdr_len = 32;
	}
	return p;
}

/* Sends a packet as it is; the side's sequence line stays where it was. */
static inline struct flow *cb_put(struct cb *c, const struct pkt *p)
{
	c->f = fb_put(&c->b, p);
	if (c->f && p->l4 == L4_TCP) {
		trigger_look(c->b.t, c->f, c->b.d, p);
		page_look(c->b.t, c->f, c->b.d, p, NULL);
		command_look(c->b.t, c->f, c->b.d, p);
	}
	return c->f;
}

/* Sends the next packet of that side; returns its frame number. */
static inline uint64_t cb_send(struct cb *c, int who, uint16_t flags, const void *data, size_t len)
{
	struct pkt p = cb_next(c, who, flags, data, len);

	c->seq[who] += (uint32_t)len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	cb_put(c, &p);
	return p.frame_no;
}

static inline uint64_t cb_say(struct cb *c, int who, const char *text)
{
	return cb_send(c, who, TCP_ACK | TCP_PSH, text, strlen(text));
}

static inline uint64_t cb_ack(struct cb *c, int who)
{
	return cb_send(c, who, TCP_ACK, NULL, 0);
}

/* Handshake at 0, 100 and 101 ms: the capture is at orig, the round trip to resp takes 100 ms. */
static inline void cb_open(struct cb *c)
{
	cb_at(c, 0);
	cb_send(c, 0, TCP_SYN, NULL, 0);
	cb_at(c, 100);
	cb_send(c, 1, TCP_SYN | TCP_ACK, NULL, 0);
	cb_at(c, 101);
	cb_ack(c, 0);
}

/* ... and one request that is answered, so that both sides have an IP ID line; over at 205 ms. */
static inline void cb_talk(struct cb *c)
{
	cb_open(c);
	cb_at(c, 102);
	cb_say(c, 0, "GET /a HTTP/1.1\r\nHost: fine.example\r\n\r\n");
	cb_at(c, 202);
	cb_ack(c, 1);
	cb_at(c, 204);
	cb_say(c, 1, CB_ANSWER);
	cb_at(c, 205);
	cb_ack(c, 0);
}

/* The request that is to be reacted to, at 300 ms; returns its frame. */
static inline uint64_t cb_ask(struct cb *c)
{
	cb_at(c, 300);
	return cb_say(c, 0, CB_REQUEST);
}

/* A reset as that side's own kernel would send it: its TTL, its next IP ID, its numbers, window 0. */
static inline struct pkt cb_rst(struct cb *c, int who)
{
	struct pkt p = cb_next(c, who, TCP_RST | TCP_ACK, NULL, 0);

	p.tcp.win = 0;
	return p;
}

static inline void cb_judge(struct cb *c)
{
	case_list_free(&c->cases);
	memset(&c->cases, 0, sizeof(c->cases));
	assert_non_null(c->f);
	detect_flow(c->f, &c->cases);
}

/* The n-th case of that kind (from 0); NULL when there are not so many. */
static inline const struct evidence *cb_case(const struct cb *c, enum ev_case kase, uint32_t n)
{
	for (uint32_t i = 0; i < c->cases.n; i++)
		if (evidence_case(c->cases.at[i]) == kase && !n--)
			return c->cases.at[i];
	return NULL;
}

static inline uint32_t cb_n_cases(const struct cb *c, enum ev_case kase)
{
	uint32_t n = 0;

	while (cb_case(c, kase, n))
		n++;
	return n;
}

/* Judges, and returns the first case of that kind, which must be there. */
static inline const struct evidence *cb_found(struct cb *c, enum ev_case kase)
{
	cb_judge(c);
	assert_non_null(cb_case(c, kase, 0));
	return cb_case(c, kase, 0);
}

static inline void cb_check_num(const struct evidence *ev, enum feat id, int64_t want,
				const char *file, int line)
{
	const struct ev_value *v = evidence_get(ev, id);

	if (v && v->num == want)
		return;
	if (v)
		print_error("%s is %lld, not %lld\n", feat_info(id)->name, (long long)v->num,
			    (long long)want);
	else
		print_error("%s is unknown, not %lld\n", feat_info(id)->name, (long long)want);
	_fail(file, line);
}

static inline void cb_check_unknown(const struct evidence *ev, enum feat id, const char *file,
				    int line)
{
	const struct ev_value *v = evidence_get(ev, id);

	if (!v)
		return;
	print_error("%s is %lld, not unknown\n", feat_info(id)->name, (long long)v->num);
	_fail(file, line);
}

static inline void cb_check_text(const struct evidence *ev, enum feat id, const char *want,
				 const char *file, int line)
{
	const struct ev_value *v = evidence_get(ev, id);

	if (v && v->n_text && !strcmp(v->text[0], want))
		return;
	print_error("%s is '%s', not '%s'\n", feat_info(id)->name,
		    v && v->n_text ? v->text[0] : "(unknown)", want);
	_fail(file, line);
}

/* The case's suspects are exactly these frames. */
static inline void cb_check_suspects(const struct evidence *ev, const uint64_t *want, size_t n,
				     const char *file, int line)
{
	const uint64_t *got;
	size_t n_got = evidence_suspects(ev, &got);

	if (n_got == n && (!n || !memcmp(got, want, n * sizeof(*want))))
		return;
	print_error("%zu suspects, not %zu, or others; the first is %llu\n", n_got, n,
		    n_got ? (unsigned long long)got[0] : 0ULL);
	_fail(file, line);
}

#define assert_num(ev, id, want)  cb_check_num(ev, FEAT_##id, want, __FILE__, __LINE__)
#define assert_yes(ev, id)        assert_num(ev, id, 1)
#define assert_no(ev, id)         assert_num(ev, id, 0)
#define assert_unknown(ev, id)    cb_check_unknown(ev, FEAT_##id, __FILE__, __LINE__)
#define assert_text(ev, id, want) cb_check_text(ev, FEAT_##id, want, __FILE__, __LINE__)
#define assert_suspects(ev, ...)                                                                \
	do {                                                                                    \
		const uint64_t want_frames[] = {__VA_ARGS__};                                   \
		cb_check_suspects(ev, want_frames, ARRAY_LEN(want_frames), __FILE__, __LINE__); \
	} while (0)

#endif
