/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/trigger.h"

#include <stdlib.h>
#include <string.h>

#include "app/app_http.h"
#include "app/app_tls.h"
#include "base/words.h"

/* A hello or request that is not whole after this many segments is not waited for. */
enum { TRIES_MAX = 24, GIVEN_UP = 255 };

static struct trigger *trigger_new(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p, enum trigger_kind kind)
{
	struct trigger *g;

	if (!f->trigger) {
		if (!flow_table_take(t, FLOW_TRIGGERS_MAX * sizeof(*f->trigger)))
			return NULL;
		f->trigger = calloc(FLOW_TRIGGERS_MAX, sizeof(*f->trigger));
		if (!f->trigger) {
			flow_table_give(t, FLOW_TRIGGERS_MAX * sizeof(*f->trigger));
			return NULL;
		}
	}
	/* On a long keep-alive connection the latest requests matter: the break comes after the last one. */
	if (f->n_triggers == FLOW_TRIGGERS_MAX) {
		memmove(f->trigger + 1, f->trigger + 2, (FLOW_TRIGGERS_MAX - 2) * sizeof(*f->trigger));
		f->n_triggers--;
	}
	g = &f->trigger[f->n_triggers++];
	*g = (struct trigger){
		.kind = (uint8_t)kind, .dir = (uint8_t)d, .first_frame = p->frame_no, .last_frame = p->frame_no,
		.ts_ns = p->ts_ns, .seq = p->tcp.seq, .seq_end = p->tcp.seq + p->payload_len,
		.ip_id = p->ip_id, .win = p->tcp.win, .ttl = p->ttl,
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

struct trigger *trigger_note(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p, enum trigger_kind kind, const char *name,
			     size_t len)
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

static bool is_method(struct bytes b)
{
	static const char *const method[] = {"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "CONNECT ", "DELETE ", "PATCH ", "TRACE "};

	for (size_t i = 0; i < ARRAY_LEN(method); i++)
		if (b.len >= strlen(method[i]) && !memcmp(b.at, method[i], strlen(method[i])))
			return true;
	return false;
}

/* A request: from the packet when it starts one (later requests of a kept connection), else from the stream's head. */
static bool look_http(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	struct http_req req;
	struct bytes head = stream_head(f, d);
	bool at_start = is_method(p->payload), in_head = !at_start && f->app_tries[d] && is_method(head);
	enum app_got got;
	struct trigger *g;

	if (!at_start && !in_head)
		return false;
	set_app(f, "HTTP");
	got = http_request(at_start ? p->payload : head, &req);
	if (got == APP_NOT)
		return false;
	if (!req.host[0] && got == APP_MORE && f->app_tries[d] < TRIES_MAX) {
		if (!f->app_tries[d]++)
			f->app_first_frame[d] = p->frame_no;
		return true;
	}
	g = trigger_new(t, f, d, p, req.host[0] ? TRIGGER_HTTP_HOST : TRIGGER_PAYLOAD);
	if (g) {
		set_name(g, req.host, strlen(req.host));
		if (in_head) {
			g->first_frame = f->app_first_frame[d];
			g->seq = f->side[d].stream->base;
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
	/* A name that is there already is noted at once: a middlebox acts on it before the hello is whole. The end of the trigger moves
	 * with later segments (trigger_extend). */
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

/* The rest of a hello whose name was noted before it was whole. */
static void trigger_extend(struct flow *f, enum dir d, const struct pkt *p)
{
	struct trigger *g = f->n_triggers ? &f->trigger[f->n_triggers - 1] : NULL;
	uint8_t scratch[TLS_SCRATCH_BYTES];
	struct tls_hello hello;

	if (!g || !g->open || g->dir != d || seq_diff(p->tcp.seq + p->payload_len, g->seq_end) <= 0)
		return;
	g->last_frame = p->frame_no;
	g->ts_ns = p->ts_ns;
	g->seq_end = p->tcp.seq + p->payload_len;
	g->open = tls_client_hello(stream_head(f, d), scratch, sizeof(scratch), &hello) == APP_MORE;
	g->ech = hello.has_ech ? 1 : hello.has_esni ? 2 : g->ech;
}

void trigger_look(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	if (!p->payload.len || (p->tcp.flags & TCP_RST))
		return;
	if (f->app_tries[d] == GIVEN_UP) {
		trigger_extend(f, d, p);
		/* A proxy's CONNECT and STARTTLS aside, a TLS connection makes no HTTP requests. */
		return;
	}
	if (look_http(t, f, d, p) || look_tls(t, f, d, p))
		return;
	/* Any first words can be a trigger (SMTP, SSH, obfuscated protocols): noted without a name, once. */
	if (!f->n_triggers && d == DIR_ORIG && !f->app_tries[d])
		(void)trigger_new(t, f, d, p, TRIGGER_PAYLOAD); /* no memory: no trigger, features unknown */
	if (d == DIR_ORIG && strcmp(f->app, "HTTP"))
		f->app_tries[d] = GIVEN_UP;
}
