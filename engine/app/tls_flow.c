/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's side of a TLS handshake, hung on the flow. */
#include "app/tls_flow.h"

#include <stdlib.h>
#include <string.h>

#include "app/app_tls.h"
#include "base/macros.h"

/* A flight comes in below ten segments; more tries are somebody's one-byte segments. */
enum { TRIES_MAX = 32 };

enum issuer_what { ROOT, PROXY };
enum issuer_field { CN, ORG };
enum issuer_how { IS, STARTS };
static const struct {
	const char *name;
	enum issuer_what what;
	enum issuer_field field;
	const char *text;
	enum issuer_how how;
} issuers[] = {
#define X(name, what, field, text, how, source) {name, what, field, text, how},
#include "app/issuers.def"
#undef X
};

static bool text_fits(const char *have, const char *want, enum issuer_how how)
{
	return how == IS ? !strcmp(have, want) : !strncmp(have, want, strlen(want));
}

static void add_mark(struct tls_shown *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_marks; i++)
		if (s->mark[i] == name || !strcmp(s->mark[i], name))
			return;
	if (s->n_marks < TLS_MARKS)
		s->mark[s->n_marks++] = name;
}

/* A root is known by any certificate of the chain, a product by who issued the leaf. */
static void look_issuers(struct tls_shown *s)
{
	for (size_t i = 0; i < ARRAY_LEN(issuers); i++) {
		bool fits =
			text_fits(issuers[i].field == CN ? s->leaf.issuer_cn : s->leaf.issuer_org,
				  issuers[i].text, issuers[i].how);

		for (uint32_t k = 0; issuers[i].what == ROOT && k < s->n_names; k++)
			fits |= text_fits(s->name[k], issuers[i].text, issuers[i].how);
		if (!fits)
			continue;
		add_mark(s, issuers[i].name);
		s->root_known |= issuers[i].what == ROOT;
		s->proxy_known |= issuers[i].what == PROXY;
	}
}

static void add_name(struct tls_shown *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_names; i++)
		if (!strcmp(s->name[i], name))
			return;
	if (name[0] && s->n_names < TLS_NAMES)
		memcpy(s->name[s->n_names++], name, CERT_TEXT);
}

static void take_certs(struct flow_table *t, struct flow *f, struct tls_flow *tf,
		       const struct tls_flight *fl)
{
	const struct trigger *g = f->n_triggers ? &f->trigger[0] : NULL;
	char subject[CERT_TEXT], issuer[CERT_TEXT];
	struct tls_shown *s;

	if (!flow_table_take(t, sizeof(*s)))
		return;
	s = calloc(1, sizeof(*s));
	if (!s || !cert_read(fl->cert[0], g ? g->name : NULL, g ? g->name_len : 0, &s->leaf)) {
		free(s);
		flow_table_give(t, sizeof(*s));
		return;
	}
	s->n_chain = fl->n_certs;
	add_name(s, s->leaf.issuer_cn);
	for (uint32_t i = 1; i < fl->n_certs && i < LIMIT_TLS_CHAIN; i++)
		if (cert_names(fl->cert[i], subject, issuer)) {
			add_name(s, subject);
			add_name(s, issuer);
		}
	look_issuers(s);
	tf->shown = s;
}

static void take_hello(struct tls_flow *tf, const struct tls_flight *fl)
{
	tf->has_hello = fl->has_hello;
	tf->retry = fl->retry;
	tf->version = fl->version;
	tf->cipher = fl->cipher;
	tf->server_shape = tls_flight_shape(fl);
	tf->n_exts = fl->n_exts < TLS_EXTS ? fl->n_exts : TLS_EXTS;
	memcpy(tf->ext, fl->ext, tf->n_exts * sizeof(tf->ext[0]));
}

static struct tls_flow *state(struct flow_table *t, struct flow *f, const struct pkt *p)
{
	struct tls_flow *tf = f->tls;

	if (tf)
		return tf;
	if (!flow_table_take(t, sizeof(*tf)))
		return NULL;
	tf = calloc(1, sizeof(*tf));
	if (!tf) {
		flow_table_give(t, sizeof(*tf));
		return NULL;
	}
	tf->first_frame = p->frame_no;
	f->tls = tf;
	return tf;
}

bool tls_flow_packet(struct flow_table *t, struct flow *f, enum dir d, const struct pkt *p)
{
	uint8_t scratch[TLS_SCRATCH_BYTES];
	struct tls_flow *tf = f->tls;
	struct tls_flight fl;
	struct bytes head;
	enum app_got got;

	if (d != DIR_RESP || !p->payload.len || (tf && tf->done) || !f->n_triggers ||
	    (p->tcp.flags & TCP_RST) || strcmp(f->app, "TLS") != 0)
		return false;
	head = stream_head(f, DIR_RESP);
	if (!(tf = state(t, f, p)) || head.len <= tf->seen)
		return false;
	tf->seen = (uint32_t)head.len;
	tf->last_frame = p->frame_no;
	tf->ttl = p->ttl;
	got = tls_flight_read(head, scratch, sizeof(scratch), &fl);
	tf->done = got != APP_MORE || ++tf->tries >= TRIES_MAX;
	if (got != APP_OK || !fl.has_hello)
		return false;
	take_hello(tf, &fl);
	if (fl.has_certs)
		take_certs(t, f, tf, &fl);
	tf->client_shape = tls_hello_shape(stream_head(f, DIR_ORIG), scratch, sizeof(scratch));
	return true;
}

const struct tls_flow *tls_flow_get(const struct flow *f)
{
	const struct tls_flow *tf = f->tls;

	return tf && tf->has_hello ? tf : NULL;
}

void tls_flow_free(struct flow_table *t, struct flow *f)
{
	struct tls_flow *tf = f->tls;

	if (!tf)
		return;
	if (tf->shown) {
		free(tf->shown);
		flow_table_give(t, sizeof(*tf->shown));
	}
	free(tf);
	flow_table_give(t, sizeof(*tf));
	f->tls = NULL;
}
