/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/trigger.h"

#include <stdlib.h>
#include <string.h>

#include "app/app_http.h"
#include "app/app_tls.h"
#include "base/words.h"

/* A hello or request that is not whole after this many segments is not waited for. */
enum { TRIES_MAX = 24, GIVEN_UP = 255 };

/* Most connections say one name, so the table grows by need: 1, 2, 4, 8. */
static bool trigger_room(struct flow_table *t, struct flow *f)
{
	uint32_t cap = f->cap_triggers ? f->cap_triggers * 2 : 1;
	size_t more = (cap - f->cap_triggers) * sizeof(*f->trigger);
	struct trigger *bigger;

	if (f->n_triggers < f->cap_triggers)
		return true;
	if (!flow_table_take(t, more))
		return false;
	bigger = realloc(f->trigger, cap * sizeof(*bigger));
	if (!bigger) {
		flow_table_give(t, more);
		return false;
	}
	f->trigger = bigger;
	f->cap_triggers = cap;
	return true;
}

static struct trigger *trigger_new(struct flow_table *t, struct flow *f, enum dir d,
				   const struct pkt *p, enum trigger_kind kind)
{
	struct trigger *g;

	/* On a long keep-alive connection the latest requests matter: the break comes after the
	 * last one. */
	if (f->n_triggers == FLOW_TRIGGERS_MAX) {
		memmove(f->trigger + 1, f->trigger + 2,
			(FLOW_TRIGGERS_MAX - 2) * sizeof(*f->trigger));
		f->n_triggers--;
	}
	if (!trigger_room(t, f))
		return NULL;
	g = &f->trigger[f->n_triggers++];
	*g = (struct trigger){
		.kind = (uint8_t)kind,
		.dir = (uint8_t)d,
		.first_frame = p->frame_no,
		.last_frame = p->frame_no,
		.ts_ns = p->ts_ns,
		.seq = p->tcp.seq,
		.seq_end = p->tcp.seq + p->payload_len,
		.ip_id = p->ip_id,
		.win = p->tcp.win,
		.ttl = p->ttl,
	};
	return g;
}

static void set_name(struct trigger *g, const char *name, size_t len)
{
	if (len > sizeof(g->name) - 1)
		len = sizeof(g->name) - 1;
	memcpy(g->name, name, len);
	g->name[len] = '\0';
	g->name_len = (uint8_t)len;
}

struct trigger *trigger_note(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p,
			     enum trigger_kind kind, const char *name, size_t len)
{
	struct trigger *g = trigger_new(t, f, d, p, kind);

	if (g)
		set_name(g, name, len);
	return g;
}

static void set_app(struct flow *f, const char *app)
{
	if (!f->app[0])
		memcpy(f->app, app, strlen(app) + 1);
}

static const char *const methods[] = {"GET ",     "POST ",   "HEAD ",  "PUT ",  "OPTIONS ",
				      "CONNECT ", "DELETE ", "PATCH ", "TRACE "};

static bool is_method(struct bytes b)
{
	/* Nearly every packet stops here. */
	if (!b.len || b.at[0] < 'C' || b.at[0] > 'T')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (b.len >= strlen(methods[i]) && !memcmp(b.at, methods[i], strlen(methods[i])))
			return true;
	return false;
}

/* Cut so early that more bytes may make a hello or a request of it (evasion tools cut after the
 * first or second byte). */
static bool may_become(struct bytes b)
{
	if (b.len < 6 && b.at[0] == 0x16 && (b.len == 1 || b.at[1] == 3))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (b.len < strlen(methods[i]) && !memcmp(b.at, methods[i], b.len))
			return true;
	return false;
}

/* Where the packet's payload lies in its stream. */
static uint32_t offset_of(const struct flow *f, enum dir d, const struct pkt *p)
{
	const struct stream *s = f->side[d].stream;

	return s ? p->tcp.seq + !!(p->tcp.flags & TCP_SYN) - s->base : 0;
}

/* Counts a segment that did not tell yet; the first one marks where the hello or request begins. */
static void wait_more(struct flow *f, enum dir d, const struct pkt *p, uint32_t from)
{
	if (!f->app_tries[d]++) {
		f->app_first_frame[d] = p->frame_no;
		f->app_from[d] = from;
	}
}

/* A request: from the packet when it starts one (later requests of a kept connection), else from
 * the stream since it began. */
static bool look_http(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	struct http_req req;
	bool at_start = is_method(p->payload), in_stream = false;
	uint32_t from = at_start ? offset_of(f, d, p) : f->app_from[d];
	struct bytes view = bytes_from(stream_head(f, d), from);
	enum app_got got;
	struct trigger *g;

	if (at_start && from != f->app_from[d])
		f->app_tries[d] = 0; /* another request than the one that was waited for */
	if (!at_start && (!f->app_tries[d] || !is_method(view)))
		return false;
	set_app(f, "HTTP");
	got = at_start ? http_request(p->payload, &req) : APP_MORE;
	/* What came in the wrong order may be there already. */
	if (!at_start || (got == APP_MORE && !req.host[0] && view.len > p->payload.len)) {
		in_stream = true;
		got = http_request(view, &req);
	}
	if (got == APP_NOT)
		return false;
	if (!req.host[0] && got == APP_MORE && f->app_tries[d] < TRIES_MAX) {
		wait_more(f, d, p, from);
		return true;
	}
	g = trigger_new(t, f, d, p, req.host[0] ? TRIGGER_HTTP_HOST : TRIGGER_PAYLOAD);
	if (g) {
		set_name(g, req.host, strlen(req.host));
		if (f->app_tries[d])
			g->first_frame = f->app_first_frame[d];
		if (in_stream) {
			g->seq = f->side[d].stream->base + from;
			g->seq_end = g->seq + (uint32_t)view.len;
		}
	}
	/* The next request may come at any packet. */
	f->app_tries[d] = 0;
	return true;
}

static bool look_tls(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	uint8_t scratch[TLS_SCRATCH_BYTES];
	struct bytes head = stream_head(f, d);
	struct tls_hello hello;
	struct trigger *g;
	enum app_got got;

	if (head.len < 6 || head.at[0] != 0x16 || head.at[1] != 3)
		return false;
	got = tls_client_hello(head, scratch, sizeof(scratch), &hello);
	if (got == APP_NOT)
		return false;
	set_app(f, "TLS");
	if (!f->app_tries[d])
		f->app_first_frame[d] = p->frame_no;
	/* A name that is there already is noted at once: a middlebox acts on it before the hello is
	 * whole. The end of the trigger moves with later segments (trigger_extend). */
	if (got == APP_MORE && !hello.has_sni && ++f->app_tries[d] < TRIES_MAX)
		return true;
	f->app_tries[d] = GIVEN_UP;
	g = trigger_new(t, f, d, p, hello.has_sni ? TRIGGER_TLS_SNI : TRIGGER_PAYLOAD);
	if (!g)
		return true;
	g->first_frame = f->app_first_frame[d];
	g->seq = f->side[d].stream->base;
	g->seq_end = g->seq + (uint32_t)head.len;
	if (hello.has_sni)
		set_name(g, hello.sni, hello.sni_len);
	g->ech = hello.has_ech ? 1 : hello.has_esni ? 2 : 0;
	g->open = got == APP_MORE;
	return true;
}

/* The rest of a hello whose name was noted before it was whole: whatever makes the stream's head
 * longer. */
static void trigger_extend(struct flow *f, enum dir d, const struct pkt *p)
{
	struct trigger *g = f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL;
	uint8_t scratch[TLS_SCRATCH_BYTES];
	struct tls_hello hello;
	struct bytes head;
	uint32_t end;

	if (!g || !g->open || g->dir != d || !f->side[d].stream)
		return;
	head = stream_head(f, d);
	end = f->side[d].stream->base + (uint32_t)head.len;
	if (seq_diff(end, g->seq_end) <= 0)
		return;
	g->last_frame = p->frame_no;
	g->ts_ns = p->ts_ns;
	g->seq_end = end;
	g->open = tls_client_hello(head, scratch, sizeof(scratch), &hello) == APP_MORE;
	g->ech = hello.has_ech ? 1 : hello.has_esni ? 2 : g->ech;
}

/* Is it too early to say what these first words are? */
static bool too_early(const struct flow *f, enum dir d, const struct pkt *p)
{
	const struct stream *s = f->side[d].stream;
	struct bytes head = stream_head(f, d);

	if (d != DIR_ORIG || f->app_tries[d] >= TRIES_MAX)
		return false;
	if (f->n_triggers) /* a later request of a kept connection */
		return !strcmp(f->app, "HTTP") && may_become(p->payload);
	if (!s || s->end > s->cap)
		return false;
	return !head.len || may_become(head); /* no head: its first segment is still on its way */
}

void trigger_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	struct trigger *g;

	if (!p->payload.len || (p->tcp.flags & TCP_RST))
		return;
	if (f->app_tries[d] == GIVEN_UP) {
		trigger_extend(f, d, p);
		/* A proxy's CONNECT and STARTTLS aside, a TLS connection makes no HTTP requests. */
		return;
	}
	if (look_http(t, f, d, p) || look_tls(t, f, d, p))
		return;
	if (too_early(f, d, p)) {
		wait_more(f, d, p, f->n_triggers ? offset_of(f, d, p) : 0);
		return;
	}
	/* Any first words can be a trigger (SMTP, SSH, obfuscated protocols): noted without a name,
	 * once. */
	if (!f->n_triggers && d == DIR_ORIG) {
		g = trigger_new(t, f, d, p, TRIGGER_PAYLOAD);
		if (g && f->app_tries[d])
			g->first_frame = f->app_first_frame[d];
	}
	if (d == DIR_ORIG && strcmp(f->app, "HTTP"))
		f->app_tries[d] = GIVEN_UP;
}
