/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/unit/test_engine.c runs it through engine_run() */
/* The packets of one series through all rooms: decoded, put to their flow, read, remembered across flows; and at a flow's end
 * judged and told. */
#include "engine_series.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/app_quic.h"
#include "app/trigger.h"
#include "decode/decode.h"
#include "detect/attempt.h"
#include "detect/detect.h"
#include "detect/then.h"
#include "dns_watch.h"
#include "naming.h"
#include "served.h"
#include "summary.h"
#include "tls_watch.h"

enum { DEFRAG_SHARE = 16 };

static void on_judged(void *arg, const struct flow *f, const struct trigger *question,
		      struct case_list *cases)
{
	struct engine *e = arg;

	telling_cases(e->telling, f, question, cases, NULL, true, vantage_judge(&e->vantage));
}

static void on_dns_judged(void *arg, const struct flow *f, const struct trigger *question,
			  struct case_list *cases, struct told *told, bool last)
{
	struct engine *e = arg;

	telling_cases(e->telling, f, question, cases, told, last, vantage_judge(&e->vantage));
}

static void on_tls_judged(void *arg, struct flow *f, const struct trigger *hello,
			  struct case_list *cases, bool last)
{
	struct engine *e = arg;
	struct told *told = telling_told(e->telling, f, CASE_TLS);

	telling_cases(e->telling, f, hello, cases, told, last, vantage_judge(&e->vantage));
}

static void on_flow_end(void *arg, struct flow *f)
{
	struct engine *e = arg;

	if (e->cfg->tally)
		served_end(e->cfg, f);
	det_dns_end(&e->dns, f);
	det_quic_end(&e->quic, f, e->watermark_ns);
	det_tls_end(&e->tls, f);
	telling_flow_end(e->telling, f, e->watermark_ns, vantage_judge(&e->vantage));
	app_ndpi_end(e->ndpi, e->table, f);
	page_end(e->table, f);
}

/* A flow that is worth a second look: it will be judged early, and the filter in the kernel lets
 * its next packets pass. */
static void suspect(struct engine *e, struct flow *f)
{
	if (e->cfg->live && !f->waits)
		source_live_follow(e->source,
				   &(struct live_flow){.addr = {f->addr[0].b, f->addr[1].b},
						       .port = {f->port[0], f->port[1]},
						       .proto = f->proto});
	telling_suspect(e->telling, f, e->watermark_ns);
}

/* An ICMP error is a fact about the flow whose packet it quotes. A closed UDP port says so; QUIC is told, for its silence is then no riddle. */
static void take_icmp(struct engine *e, const struct pkt *p)
{
	const struct icmp_quote *q = &p->icmp.quote;
	/* RFC 792, RFC 4443 3.1 */
	bool unreachable = p->ip_version == 4 ? p->icmp.type == 3 : p->icmp.type == 1;
	struct flow *f;

	if (!q->present || !q->has_ports)
		return;
	f = flow_table_find(e->table, q->ip_proto, &q->src, q->sport, &q->dst, q->dport);
	if (f)
		f->marked |= p->frame_no == e->cfg->mark_frame;
	if (f && f->proto == 6) {
		icmp_note(e->table, f, p);
		if (e->cfg->follow && f->suspicion)
			suspect(e, f);
	} else if (f && unreachable) {
		det_quic_unreachable(&e->quic, f, p);
	}
}

static void take_packet(struct engine *e, struct pkt *p, const struct decode_note *note)
{
	uint16_t nowhere = 0;
	struct flow *f;
	enum dir d;

	vantage_packet(&e->vantage, p, note,
		       e->linktype == 101 || e->linktype == 228 || e->linktype == 229);
	if (p->l4 == L4_ICMP)
		take_icmp(e, p);
	if (p->l4 != L4_TCP && p->l4 != L4_UDP)
		return;
	if (p->ts_ns > e->watermark_ns)
		e->watermark_ns = p->ts_ns;
	if (e->cfg->follow)
		telling_settle(e->telling, e->watermark_ns - SETTLE_NS, vantage_judge(&e->vantage));
	f = flow_table_packet(e->table, p, e->input_i, &d);
	hosts_heard_at(e->hosts, f ? &f->heard[dir_other(d)] : &nowhere, p->dst.b, p->src.b,
		       p->ts_ns, p->frame_no);
	if (!f)
		return;
	f->marked |= p->frame_no == e->cfg->mark_frame;
	if (f->suspicion & SUS_SILENCE && !f->path_alive)
		f->path_alive = hosts_alive(e->hosts, f->addr[DIR_ORIG].b, f->addr[DIR_RESP].b,
					    f->side[DIR_ORIG].again_ns);
	if (p->l4 == L4_UDP) {
		det_dns_packet(&e->dns, f, p);
		det_quic_packet(&e->quic, f, d, p);
	} else {
		if (!det_dns_tcp(&e->dns, f, d, p))
			trigger_look(e->table, f, d, p);
		det_tls_packet(&e->tls, f, d, p);
		attempt_tcp(e->controls, f, d, p);
		page_look(e->table, f, d, p, e->cfg->blockpages);
		then_tcp(e->then, f, d, p);
		command_look(e->table, f, d, p);
	}
	if (naming_wants_packet(e->ndpi, f, e->cfg->want_flows))
		app_ndpi_packet(e->ndpi, e->table, f, d, p);
	if (e->cfg->tally)
		served_packet(e->cfg, f, d, p);
	if (e->cfg->follow && f->suspicion && p->l4 == L4_TCP)
		suspect(e, f);
}

void series_frame(struct engine *e, const struct frame *fr)
{
	struct decode_note note;
	struct pkt p;
	enum decode_got got = decode_frame(e->linktype, fr, &p, &note);

	e->run->packets++;
	e->run->bytes += fr->wire_len;
	e->run->lost.truncated += fr->cap_len < fr->wire_len;
	if (got != DECODE_OK) {
		undecoded_count(e->run, e->linktype, note.ethertype, undecoded_why(got), 1);
		return;
	}
	e->last_no = fr->no;
	p.frame_no += e->frame_base;
	if (fr->joined)
		vantage_joined(&e->vantage, &p);
	/* A pcapng file may claim any time in 64 bits; flow/ and detect/ take differences. */
	if (p.ts_ns > FLOW_TIME_MAX || p.ts_ns < FLOW_TIME_MIN)
		p.ts_ns = p.ts_ns < 0 ? FLOW_TIME_MIN : FLOW_TIME_MAX;
	/* A datagram that was whole may hold a fragment inside a tunnel: at most
	 * LIMIT_DECODE_LAYERS rounds. */
	for (int round = 0; p.frag; round++)
		if (round == LIMIT_DECODE_LAYERS || defrag_add(e->defrag, &p) != DEFRAG_DONE)
			return;
	take_packet(e, &p, &note);
}

/* What this series' tables of other flows have forgotten so far. */
static uint64_t forgotten(const struct engine *e)
{
	return usual_evicted(e->usual) + hosts_evicted(e->hosts) + controls_evicted(e->controls) +
	       answers_evicted(e->answers) + dns_then_evicted(e->then) +
	       certs_evicted(e->tls.certs);
}

void series_totals(const struct engine *e, struct run_summary *out)
{
	struct flow_stats fs;

	flow_table_stats(e->table, &fs);
	out->flows += fs.flows;
	out->lost.evicted += fs.evicted;
	out->inspection_lost += fs.inspection_lost + e->dns.lost + e->quic.lost + e->tls.lost +
				telling_lost(e->telling) + app_ndpi_lost(e->ndpi);
	out->time_backwards += fs.time_backwards;
	if (e->defrag) /* not closed yet */
		out->across_evicted += forgotten(e);
}

void series_close(struct engine *e)
{
	struct defrag_stats ds;

	if (!e->defrag)
		return;
	defrag_stats(e->defrag, &ds);
	e->run->defrag_failed +=
		ds.timed_out + ds.evicted + ds.refused + ds.pending + ds.bad_headers;
	defrag_free(e->defrag);
	e->defrag = NULL;
	e->run->across_evicted += forgotten(e);
}

/* What is known across flows. The last one there says that all are. */
static bool tables_new(struct engine *e)
{
	return (e->usual = usual_new()) && (e->hosts = hosts_new()) &&
	       (e->controls = controls_new()) && (e->tls.certs = certs_new()) &&
	       (e->answers = answers_new()) && (e->then = dns_then_new());
}

bool series_new(struct engine *e, struct err_info *err)
{
	if (e->table)
		flow_table_end_all(e->table);
	series_close(e);
	e->defrag = defrag_new(e->cfg->memory_bytes / DEFRAG_SHARE);
	/* 20 MB that a small capture hardly touches: emptied, not made anew. */
	if (e->then) {
		usual_clear(e->usual);
		hosts_clear(e->hosts);
		controls_clear(e->controls);
		certs_clear(e->tls.certs);
		answers_clear(e->answers);
		dns_then_clear(e->then);
	} else if (!tables_new(e)) {
		return err_set(err, "out of memory");
	}
	telling_series(e->telling, &(struct around){e->hosts, e->controls}, &e->watermark_ns);
	e->dns.answers = e->answers;
	e->dns.then = e->then;
	e->dns.usual = e->usual;
	e->quic.controls = e->controls;
	e->quic.hosts = e->hosts;
	e->vantage = (struct vantage){0};
	e->watermark_ns = INT64_MIN / 2;
	return e->defrag || err_set(err, "out of memory");
}

static void note_signatures(struct engine *e, const struct sig_set *sigs)
{
	e->run->sig_n = (uint32_t)sig_set_n(sigs);
	sig_set_digest(sigs, e->run->sig_sha256);
}

bool series_set_up(struct engine *e, const struct sig_set *sigs, struct run_summary *part,
		   const struct telling_to *to, struct err_info *err)
{
	struct flow_options fo = {
		.memory_bytes = e->cfg->memory_bytes, .arg = e, .on_end = on_flow_end};

	/* Who knows the key can choose tuples that share a place: 20,000 of them cost 10 times as much (tests/cli/adversary.test). Without
	 * random bytes the fixed key serves: slower under attack, never wrong. */
	if (getrandom(&fo.key, sizeof(fo.key), GRND_NONBLOCK) != sizeof(fo.key))
		fo.key = (struct hash_key){0, 0};
	e->run = part;
	e->telling = telling_new(sigs, e->hooks, e->cfg, e->run, to);
	e->table = flow_table_new(&fo);
	e->ndpi = app_ndpi_new(e->cfg->ndpi, e->cfg->ndpi_lock);
	if (!e->table || !e->telling || !e->ndpi)
		return err_set(err, "out of memory");
	telling_ndpi(e->telling, e->ndpi);
	e->dns = (struct det_dns){
		.table = e->table, .arg = e, .on_judged = on_dns_judged, .early = e->cfg->follow};
	if (!dns_watch_make(sigs, &e->dns))
		return err_set(err, "out of memory");
	note_signatures(e, sigs);
	e->quic = (struct det_quic){
		.table = e->table, .crypt = quic_crypt_new(), .arg = e, .on_judged = on_judged};
	if (!e->quic.crypt)
		return err_set(err, "out of memory");
	e->tls = (struct det_tls){.table = e->table,
				  .arg = e,
				  .early = e->cfg->follow,
				  .on_judged = on_tls_judged,
				  .only_odd = !e->hooks->on_case && !tls_watch_ordinary(sigs)};
	return true;
}

bool engine_signatures(struct engine *e, const struct sig_set *sigs)
{
	struct det_dns old = e->dns;

	if (!dns_watch_make(sigs, &e->dns))
		return false;
	if (!telling_signatures(e->telling, sigs)) {
		dns_watch_free(&e->dns);
		e->dns = old;
		return false;
	}
	dns_watch_free(&old);
	e->tls.only_odd = !e->hooks->on_case && !tls_watch_ordinary(sigs);
	note_signatures(e, sigs);
	return true;
}

void series_free(struct engine *e)
{
	flow_table_free(e->table);
	telling_free(e->telling);
	app_ndpi_free(e->ndpi);
	quic_crypt_free(e->quic.crypt);
	defrag_free(e->defrag);
	usual_free(e->usual);
	hosts_free(e->hosts);
	controls_free(e->controls);
	answers_free(e->answers);
	dns_then_free(e->then);
	dns_watch_free(&e->dns);
	certs_free(e->tls.certs);
}
