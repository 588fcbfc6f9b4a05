/* SPDX-License-Identifier: BSD-3-Clause */
/* Who answered a TLS hello: the certificate where it is in the clear (TLS 1.2 and older), the server hello everywhere, each
 * beside what the same server showed to others (METHODS f.4).
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a device's own page: self-issued, the name not covered: facts, no more
 *     test_tls_device_page_is_self_issued_and_covers_nothing tls-device-page.pcap
 * - two certificates, one for each kind of key: clients that offer otherwise are not compared
 *     test_certs_of_other_servers_names_and_offers_are_no_controls tls-two-certificates.pcap
 * - rotation: a new key, a new issuer: its software's hello is the same
 *     test_tls_the_exception_among_four golden/inn-new-certificate tls-rotation.pcap
 * - many networks behind one name, two machines behind one address: no majority
 *     test_tls_of_the_majority_is_no_exception
 * - antivirus, a company's gateway: a product's issuer
 *     test_tls_certificate_facts tls-company-proxy.pcap
 * - a captive portal: its own certificate: the name is not covered
 *     test_tls_device_page_is_self_issued_and_covers_nothing
 * - a server hello that is the same for all: no exception
 *     tls13-same.pcap */
#include "detect/det_tls.h"

#include <stdio.h>
#include <string.h>

#include "app/tls_flow.h"
#include "base/keyhash.h"
#include "base/text.h"

/* METHODS e asks for three controls, and this one must be the exception among them. */
enum { OTHERS_MIN = 3 };
static const struct hash_key name_key = {0x746c732e6e616d65, 0x73};

static uint64_t hash8(const uint8_t *h)
{
	uint64_t v;

	memcpy(&v, h, sizeof(v));
	return v ? v : 1;
}

static uint64_t text_hash(const char *s, size_t n)
{
	uint64_t h = n ? keyhash(&name_key, s, n) : 0;

	return n && !h ? 1 : h;
}

/* The last two labels: what one holder has under a short ending. Under a longer one (co.uk) it takes
 * several holders for one, and then says less. */
static uint64_t site_hash(const char *s, size_t n)
{
	size_t from = n, dots = 0;

	while (from && (s[from - 1] != '.' || ++dots < 2))
		from--;
	return dots ? text_hash(s + from, n - from) : 0;
}

static struct cert_note note_of(const struct flow *f, const struct tls_flow *tf)
{
	const struct trigger *g = f->n_triggers ? &f->trigger[0] : NULL;
	struct cert_note n = {
		.flow_no = f->no,
		.resp = f->addr[DIR_RESP].b,
		.port = f->port[DIR_RESP],
		.ttl = tf->ttl,
		.client_shape = tf->client_shape,
		.server_shape = tf->server_shape,
		.ts_ns = f->last_ns,
		.frame = tf->last_frame,
	};

	if (g && g->kind == TRIGGER_TLS_SNI) {
		n.name = text_hash(g->name, g->name_len);
		n.site = site_hash(g->name, g->name_len);
	}
	if (tf->shown) {
		n.cert = hash8(tf->shown->leaf.hash);
		n.key = hash8(tf->shown->leaf.key_hash);
		n.issuer = hash8(tf->shown->leaf.issuer_hash);
	}
	return n;
}

static void put_text(struct evidence *ev, enum feat id, const char *s, uint64_t frame)
{
	if (s[0])
		evidence_put_text(ev, id, s, strlen(s), frame);
}

static void put_hash(struct evidence *ev, enum feat id, const uint8_t h[CERT_HASH], uint64_t frame)
{
	char hex[2 * CERT_HASH];

	text_hex(hex, h, CERT_HASH);
	evidence_put_text(ev, id, hex, sizeof(hex), frame);
}

static void put_key(const struct cert *c, struct evidence *ev, uint64_t fr)
{
	static const char *const kind[] = {"other", "rsa", "ec"};

	put_text(ev, FEAT_TLS_KEY_TYPE, kind[c->key], fr);
	put_hash(ev, FEAT_TLS_KEY_HASH, c->key_hash, fr);
	if (c->key_bits)
		evidence_put1(ev, FEAT_TLS_KEY_BITS, c->key_bits, fr);
	if (c->rsa_exponent && c->rsa_exponent <= INT64_MAX)
		evidence_put1(ev, FEAT_TLS_KEY_EXPONENT, (int64_t)c->rsa_exponent, fr);
}

static void put_shown(const struct flow *f, const struct tls_shown *s, struct evidence *ev,
		      uint64_t fr)
{
	const struct cert *c = &s->leaf;
	int64_t now_s = f->first_ns / 1000000000;

	put_text(ev, FEAT_TLS_ISSUER_CN, c->issuer_cn, fr);
	put_text(ev, FEAT_TLS_ISSUER_ORG, c->issuer_org, fr);
	put_text(ev, FEAT_TLS_ISSUER_UNIT, c->issuer_unit, fr);
	put_text(ev, FEAT_TLS_SUBJECT_CN, c->subject_cn, fr);
	put_hash(ev, FEAT_TLS_CERT_HASH, c->hash, fr);
	put_key(c, ev, fr);
	for (uint32_t i = 0; i < s->n_names; i++)
		evidence_add_text(ev, FEAT_TLS_CHAIN_NAME, s->name[i], strlen(s->name[i]), fr);
	for (uint32_t i = 0; i < s->n_marks; i++)
		evidence_add_text(ev, FEAT_TLS_ISSUER_MARK, s->mark[i], strlen(s->mark[i]), fr);
	evidence_put1(ev, FEAT_TLS_ROOT_KNOWN, s->root_known, fr);
	evidence_put1(ev, FEAT_TLS_PROXY_KNOWN, s->proxy_known, fr);
	evidence_put1(ev, FEAT_TLS_CHAIN, s->n_chain, fr);
	evidence_put1(ev, FEAT_TLS_SELF_ISSUED, c->self_issued, fr);
	if (c->covers != CERT_UNKNOWN)
		evidence_put1(ev, FEAT_TLS_NAME_COVERED, c->covers == CERT_YES, fr);
	if (!c->has_times)
		return;
	evidence_put1(ev, FEAT_TLS_IN_TIME, now_s >= c->from_s && now_s <= c->until_s, fr);
	evidence_put1(ev, FEAT_TLS_VALID_DAYS, (c->until_s - c->from_s) / 86400, fr);
}

static const char *version_name(uint16_t v)
{
	static const char *const name[] = {"ssl3", "1.0", "1.1", "1.2", "1.3"};

	return v >= 0x300 && v <= 0x304 ? name[v - 0x300] : "other";
}

static void put_hello(const struct tls_flow *tf, struct evidence *ev)
{
	char exts[TLS_EXTS * sizeof("-0017")] = "";
	uint64_t fr = tf->first_frame;
	size_t n = 0;

	for (uint16_t i = 0; i < tf->n_exts; i++)
		n += (size_t)snprintf(exts + n, sizeof(exts) - n, i ? "-%04x" : "%04x", tf->ext[i]);

	put_text(ev, FEAT_TLS_VERSION, version_name(tf->version), fr);
	evidence_put1(ev, FEAT_TLS_CIPHER, tf->cipher, fr);
	put_text(ev, FEAT_TLS_SERVER_EXTS, exts, fr);
}

/* Is this one's server hello the exception among the others'? */
static bool hello_exception(const struct cert_answer *a)
{
	return a->hello_other >= OTHERS_MIN && a->hello_same * 3 <= a->hello_other;
}

/* Beside what other connections were shown. Fewer than three others say nothing about who is the
 * exception, so that below it the features that accuse are "no", not unknown: they were looked for. */
static void put_others(const struct cert_answer *a, const struct tls_flow *tf, struct evidence *ev)
{
	const uint64_t cert[] = {tf->last_frame, a->all_other_frame},
		       hello[] = {tf->first_frame, a->hello_other_frame};
	uint64_t n_cert = a->all_other_frame ? 2 : 1, n_hello = a->hello_other_frame ? 2 : 1;

	if (tf->server_shape && tf->client_shape) {
		evidence_put1(ev, FEAT_TLS_HELLO_SAME, a->hello_same, tf->first_frame);
		evidence_put(ev, FEAT_TLS_HELLO_OTHER, a->hello_other, hello, n_hello);
		evidence_put(ev, FEAT_TLS_HELLO_EXCEPTION, hello_exception(a), hello, n_hello);
		if (a->hello_other)
			evidence_put(ev, FEAT_TLS_TTL_GAP, a->ttl_gap, hello, n_hello);
	}
	if (!tf->shown || !tf->client_shape)
		return;
	evidence_put1(ev, FEAT_TLS_KEY_SAME, a->key_same, tf->last_frame);
	evidence_put1(ev, FEAT_TLS_KEY_OTHER, a->key_other, tf->last_frame);
	evidence_put(ev, FEAT_TLS_SHOWN_OTHER, a->all_other, cert, n_cert);
	evidence_put(ev, FEAT_TLS_SHOWN_EXCEPTION,
		     a->all_other >= OTHERS_MIN && a->key_same * 3 <= a->all_other, cert, n_cert);
}

bool det_tls_makes_odd(enum feat id)
{
	static const enum feat odd[] = {
		FEAT_TLS_ISSUER_CN,    FEAT_TLS_ISSUER_ORG,      FEAT_TLS_ISSUER_UNIT,
		FEAT_TLS_SUBJECT_CN,   FEAT_TLS_CERT_HASH,       FEAT_TLS_KEY_TYPE,
		FEAT_TLS_KEY_HASH,     FEAT_TLS_KEY_BITS,        FEAT_TLS_KEY_EXPONENT,
		FEAT_TLS_CHAIN_NAME,   FEAT_TLS_ISSUER_MARK,     FEAT_TLS_ROOT_KNOWN,
		FEAT_TLS_PROXY_KNOWN,  FEAT_TLS_CHAIN,           FEAT_TLS_SELF_ISSUED,
		FEAT_TLS_NAME_COVERED, FEAT_TLS_IN_TIME,         FEAT_TLS_VALID_DAYS,
		FEAT_TLS_KEY_CERTS,    FEAT_TLS_KEY_SAME,        FEAT_TLS_KEY_OTHER,
		FEAT_TLS_SHOWN_OTHER,  FEAT_TLS_SHOWN_EXCEPTION, FEAT_TLS_HELLO_EXCEPTION,
	};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (odd[i] == id)
			return true;
	return false;
}

void det_tls_judge(struct det_tls *dt, const struct flow *f, struct case_list *out)
{
	const struct tls_flow *tf = tls_flow_get(f);
	struct cert_answer a;
	struct evidence *ev;
	struct cert_note n;

	if (!tf)
		return;
	n = note_of(f, tf);
	certs_ask(dt->certs, &n, &a);
	if (dt->only_odd && !tf->shown && !hello_exception(&a))
		return;
	if (!(ev = case_new(out, CASE_TLS, f)))
		return;
	if (f->n_triggers)
		case_trigger(ev, &f->trigger[0]);
	put_hello(tf, ev);
	if (tf->shown) {
		put_shown(f, tf->shown, ev, tf->last_frame);
		evidence_put1(ev, FEAT_TLS_KEY_CERTS, a.key_certs, tf->last_frame);
	}
	put_others(&a, tf, ev);
}

static void tell(struct det_tls *dt, struct flow *f, bool last)
{
	struct case_list cases = {0};

	det_tls_judge(dt, f, &cases);
	dt->lost += cases.lost;
	if (cases.n && dt->on_judged)
		dt->on_judged(dt->arg, f, f->n_triggers ? &f->trigger[0] : NULL, &cases, last);
	case_list_free(&cases);
}

void det_tls_packet(struct det_tls *dt, struct flow *f, enum dir d, const struct pkt *p)
{
	const struct tls_flow *tf;
	struct cert_note n;

	if (!tls_flow_packet(dt->table, f, d, p) || !(tf = tls_flow_get(f)))
		return;
	n = note_of(f, tf);
	certs_note(dt->certs, &n);
	if (dt->early)
		tell(dt, f, false);
}

void det_tls_end(struct det_tls *dt, struct flow *f)
{
	if (!f->tls)
		return;
	tell(dt, f, true);
	tls_flow_free(dt->table, f);
}
