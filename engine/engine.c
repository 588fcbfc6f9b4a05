/* SPDX-License-Identifier: BSD-3-Clause */
/* long: the one file that sees every room, from file and from interface */
/* The pipeline of one worker: the only file that sees every room. Frames in, packets, flows, facts,
 * findings out. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "across/answers.h"
#include "across/controls.h"
#include "across/dns_then.h"
#include "across/hosts.h"
#include "across/usual.h"
#include "app/trigger.h"
#include "base/keyhash.h"
#include "decode/decode.h"
#include "detect/attempt.h"
#include "detect/det_dns.h"
#include "detect/det_quic.h"
#include "detect/det_tls.h"
#include "detect/detect.h"
#include "detect/then.h"
#include "dns_watch.h"
#include "flow/defrag.h"
#include "flow/flow.h"
#include "naming.h"
#include "source/source.h"
#include "telling.h"
#include "undecoded.h"
#include "vantage.h"

/* A suspected flow is judged this long after its suspicion (packet time) when findings are wanted
 * early: METHODS b waits 2 s for life after a reset. */
static const int64_t settle_ns = INT64_C(2500) * 1000000;
enum { PROGRESS_EVERY = 65536, DEFRAG_SHARE = 16 };

/* jemalloc reads this at its start (jemalloc(3), TUNING); without it nobody does. Flows come and go
 * by the ten thousand, and most of a replay was the kernel giving and taking 4 KB pages. Huge pages,
 * kept: 2.0 -> 0.7 to 1.4 s of CPU and 233 -> 249 MB for 200,000 packets of the mix, 14 -> 18 MB for
 * one packet (bench/, 2026-11). What is freed is used again: engine_config's ceiling still holds. */
extern const char *const malloc_conf;
const char *const malloc_conf = "dirty_decay_ms:-1,thp:always";

struct engine {
	const struct engine_config *cfg;
	const struct engine_hooks *hooks;
	struct telling *telling;
	struct flow_table *table;
	struct defrag *defrag;
	struct usual *usual;
	struct hosts *hosts;
	struct controls *controls;
	struct answers *answers;
	struct dns_then *then;
	struct app_ndpi *ndpi;
	struct det_dns dns;
	struct det_quic quic;
	struct det_tls tls;
	struct vantage vantage;
	struct run_summary *run;
	struct source *source; /* being read */
	uint32_t input_i;
	const char *file;
	uint16_t linktype;
	/* frames of earlier files of one series: they count on, as mergecap -a would */
	uint64_t last_no, frame_base;
	int64_t watermark_ns;
	struct timespec last_read, last_tick;
};

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

static void on_flow_end(void *arg, struct flow *f)
{
	struct engine *e = arg;

	det_dns_end(&e->dns, f);
	det_quic_end(&e->quic, f, e->watermark_ns);
	det_tls_end(&e->tls, f);
	telling_flow_end(e->telling, f, e->watermark_ns, vantage_judge(&e->vantage));
	app_ndpi_end(e->ndpi, e->table, f);
	page_end(e->table, f);
}

/* A closed port says so; QUIC is told, for its silence is then no riddle. */
static void take_icmp(struct engine *e, const struct pkt *p)
{
	const struct icmp_quote *q = &p->icmp.quote;
	/* RFC 792, RFC 4443 3.1 */
	bool unreachable = p->ip_version == 4 ? p->icmp.type == 3 : p->icmp.type == 1;
	struct flow *f;

	if (!unreachable || !q->present || !q->has_ports || q->ip_proto != 17)
		return;
	f = flow_table_find(e->table, q->ip_proto, &q->src, q->sport, &q->dst, q->dport);
	if (f)
		det_quic_unreachable(&e->quic, f, p);
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
		telling_settle(e->telling, e->watermark_ns - settle_ns, vantage_judge(&e->vantage));
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
		then_tcp(e->then, f, d, p);
		page_look(e->table, f, d, p, e->cfg->blockpages);
	}
	if (naming_wants_packet(e->ndpi, f, e->cfg->want_flows))
		app_ndpi_packet(e->ndpi, e->table, f, d, p);
	if (e->cfg->follow && f->suspicion && p->l4 == L4_TCP)
		suspect(e, f);
}

static void take_frame(struct engine *e, const struct frame *fr)
{
	struct decode_note note;
	struct pkt p;
	enum decode_got got = decode_frame(e->linktype, fr, &p, &note);

	e->run->packets++;
	e->run->bytes += fr->wire_len;
	e->run->lost.truncated += fr->cap_len < fr->wire_len;
	if (got != DECODE_OK) {
		undecoded_count(e->run, e->linktype, note.ethertype, undecoded_why(got));
		return;
	}
	e->last_no = fr->no;
	p.frame_no += e->frame_base;
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

/* The kernel stamps packets with the machine's clock: what is older than this, and not here, does
 * not come (ARCHITECTURE 8). */
static void idle_live(struct engine *e)
{
	enum { LATE_NS = 200000000 };
	struct timespec now;
	int64_t until;

	if (clock_gettime(CLOCK_REALTIME, &now))
		return;
	until = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - LATE_NS;
	if (until > e->watermark_ns)
		e->watermark_ns = until;
	telling_settle(e->telling, e->watermark_ns - settle_ns, vantage_judge(&e->vantage));
	flow_table_advance(e->table, e->watermark_ns);
}

/* A pipe that is idle: packet time goes on with the clock, so that what was waited for is told. */
static void on_idle(struct engine *e)
{
	struct timespec now;
	int64_t idle_ns;

	if (e->cfg->live)
		idle_live(e);
	if (e->cfg->live || !e->cfg->follow || clock_gettime(CLOCK_MONOTONIC, &now))
		return;
	idle_ns = (now.tv_sec - e->last_read.tv_sec) * INT64_C(1000000000) +
		  (now.tv_nsec - e->last_read.tv_nsec);
	telling_settle(e->telling, e->watermark_ns + idle_ns - settle_ns,
		       vantage_judge(&e->vantage));
}

static void note_input(struct engine *e, const struct source *s, enum input_state state,
		       const struct err_info *err)
{
	struct run_input *in = &e->run->input[e->input_i];

	in->state = state;
	if (s) {
		struct source_stats st;

		source_stats(s, &st);
		in->packets = st.frames;
		in->bytes = st.bytes;
		e->run->lost.kernel += st.kernel_lost;
		e->run->lost.prefiltered += st.prefiltered;
		in->sha256_valid = st.sha256_valid;
		memcpy(in->sha256, st.sha256, sizeof(in->sha256));
	}
	if (state != INPUT_WHOLE) {
		size_t n = strnlen(err->text, sizeof(in->why) - 1);

		memcpy(in->why, err->text, n);
		in->why[n] = '\0';
	}
	if (e->hooks->on_input)
		e->hooks->on_input(e->hooks->arg, in);
}

static void progress(struct engine *e, const struct source *s)
{
	struct source_stats st;

	if (!e->hooks->on_progress)
		return;
	source_stats(s, &st);
	e->hooks->on_progress(e->hooks->arg, e->file, st.file_bytes, st.file_size, e->run->packets);
}

static void run_totals(const struct engine *e, struct run_summary *out)
{
	struct flow_stats fs;

	flow_table_stats(e->table, &fs);
	out->flows = fs.flows;
	out->lost.evicted = fs.evicted;
	out->inspection_lost = fs.inspection_lost + e->dns.lost + e->quic.lost + e->tls.lost +
			       telling_lost(e->telling) + app_ndpi_lost(e->ndpi);
	out->time_backwards = fs.time_backwards;
}

/* Live: now and then, between packets. */
static void tick(struct engine *e)
{
	struct run_summary so_far = *e->run;
	struct source_stats st;

	if (!e->hooks->on_tick)
		return;
	source_stats(e->source, &st);
	so_far.lost.kernel = st.kernel_lost;
	so_far.lost.prefiltered = st.prefiltered;
	run_totals(e, &so_far);
	e->hooks->on_tick(e->hooks->arg, &so_far);
}

/* Has a tenth of a second passed since the last tick? */
static bool tick_due(struct engine *e)
{
	enum { TICK_NS = 100000000 };
	struct timespec now;

	/* cannot fail for this clock */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - e->last_tick.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
		    e->last_tick.tv_nsec <
	    TICK_NS)
		return false;
	e->last_tick = now;
	return true;
}

static void read_input(struct engine *e, struct source *s)
{
	struct err_info err = {{0}};
	uint64_t next_progress = e->run->packets + PROGRESS_EVERY;
	struct batch b;

	for (;;) {
		enum source_got got = source_next(s, &b, &err);

		switch (got) {
		case SOURCE_FRAMES:
			e->linktype = b.linktype;
			for (uint32_t i = 0; i < b.n; i++)
				take_frame(e, &b.frame[i]);
			if (e->cfg->follow)
				/* cannot fail for this clock */
				(void)clock_gettime(CLOCK_MONOTONIC, &e->last_read);
			if (e->run->packets >= next_progress) {
				progress(e, s);
				next_progress = e->run->packets + PROGRESS_EVERY;
			}
			if (e->cfg->live && tick_due(e)) {
				idle_live(e);
				tick(e);
			}
			continue;
		case SOURCE_IDLE:
			on_idle(e);
			if (e->cfg->live && tick_due(e))
				tick(e);
			continue;
		case SOURCE_END:
			note_input(e, s, INPUT_WHOLE, &err);
			return;
		case SOURCE_CUT:
			note_input(e, s, INPUT_CUT, &err);
			return;
		default:
			note_input(e, s, INPUT_FAILED, &err);
			return;
		}
	}
}

static void end_defrag(struct engine *e)
{
	struct defrag_stats ds;

	if (!e->defrag)
		return;
	defrag_stats(e->defrag, &ds);
	e->run->defrag_failed +=
		ds.timed_out + ds.evicted + ds.refused + ds.pending + ds.bad_headers;
	defrag_free(e->defrag);
	e->defrag = NULL;
}

/* Each input is a series of its own: two people's 10.0.0.1 are not one host. */
static bool new_series(struct engine *e, struct err_info *err)
{
	if (e->table)
		flow_table_end_all(e->table);
	end_defrag(e);
	certs_free(e->tls.certs);
	e->tls.certs = certs_new();
	e->defrag = defrag_new(e->cfg->memory_bytes / DEFRAG_SHARE);
	/* 15 MB that a small capture hardly touches: emptied, not made anew. */
	if (e->usual && e->hosts && e->controls) {
		usual_clear(e->usual);
		hosts_clear(e->hosts);
		controls_clear(e->controls);
	} else {
		e->usual = usual_new();
		e->hosts = hosts_new();
		e->controls = controls_new();
	}
	telling_hosts(e->telling, e->hosts);
	answers_free(e->answers);
	dns_then_free(e->then);
	e->dns.answers = e->answers = answers_new();
	e->dns.then = e->then = dns_then_new();
	e->dns.usual = e->usual;
	e->quic.controls = e->controls;
	e->quic.hosts = e->hosts;
	e->vantage = (struct vantage){0};
	e->watermark_ns = INT64_MIN / 2;
	return (e->defrag && e->usual && e->hosts && e->controls && e->answers && e->then &&
		e->tls.certs) ||
	       err_set(err, "out of memory");
}

static bool open_input(struct engine *e, const char *name, struct err_info *why)
{
	struct err_info note;

	if (!e->cfg->live)
		return source_open(&e->source, name, NULL, why);
	if (!source_live_open(&e->source, e->cfg->live, &note, why))
		return false;
	/* Behind on_ready no library can be loaded. Without it applications stay unnamed: it says so. */
	(void)app_ndpi_prepare(e->ndpi);
	if (!e->hooks->on_ready || e->hooks->on_ready(e->hooks->arg, note.text))
		return true;
	source_close(e->source);
	return err_set(why, "stopped before the first packet");
}

static bool read_all(struct engine *e, const char *const *files, size_t n, struct err_info *err)
{
	for (size_t i = 0; i < n; i++) {
		struct err_info why = {{0}};

		e->input_i = (uint32_t)i;
		e->file = e->run->input[i].file;
		if (!open_input(e, files[i], &why)) {
			note_input(e, NULL, INPUT_REFUSED, &why);
			continue;
		}
		if ((i == 0 || !e->cfg->one_series || !e->defrag) && !new_series(e, err)) {
			source_close(e->source);
			return false;
		}
		e->frame_base = e->cfg->one_series ? e->frame_base + e->last_no : 0;
		e->last_no = 0;
		read_input(e, e->source);
		source_close(e->source);
		if (!e->cfg->one_series)
			flow_table_end_all(e->table);
	}
	flow_table_end_all(e->table);
	return true;
}

static bool set_up(struct engine *e, const struct sig_set *sigs, const char *const *files, size_t n,
		   struct err_info *err)
{
	struct flow_options fo = {
		.memory_bytes = e->cfg->memory_bytes, .arg = e, .on_end = on_flow_end};

	/* Who knows the key can choose tuples that share a place: 20,000 of them cost 10 times as much (tests/cli/adversary.test). Without
	 * random bytes the fixed key serves: slower under attack, never wrong. */
	if (getrandom(&fo.key, sizeof(fo.key), GRND_NONBLOCK) != sizeof(fo.key))
		fo.key = (struct hash_key){0, 0};
	e->run->input = calloc(n ? n : 1, sizeof(*e->run->input));
	e->telling = telling_new(sigs, e->hooks, e->cfg, e->run);
	e->table = flow_table_new(&fo);
	e->ndpi = app_ndpi_new(e->cfg->ndpi);
	if (!e->run->input || !e->table || !e->telling || !e->ndpi)
		return err_set(err, "out of memory");
	telling_ndpi(e->telling, e->ndpi);
	for (size_t i = 0; i < n; i++) {
		e->run->input[i].file = strdup(files[i]);
		if (!e->run->input[i].file)
			return err_set(err, "out of memory");
		e->run->n_inputs++;
	}
	e->dns = (struct det_dns){
		.table = e->table, .arg = e, .on_judged = on_dns_judged, .early = e->cfg->follow};
	if (!dns_watch_make(sigs, &e->dns))
		return err_set(err, "out of memory");
	e->quic = (struct det_quic){.table = e->table, .arg = e, .on_judged = on_judged};
	e->tls = (struct det_tls){.table = e->table, .arg = e, .on_judged = on_judged};
	e->run->sig_n = (uint32_t)sig_set_n(sigs);
	sig_set_digest(sigs, e->run->sig_sha256);
	return true;
}

bool engine_run(const struct engine_config *cfg, const struct sig_set *sigs,
		const char *const *files, size_t n_files, const struct engine_hooks *hooks,
		struct run_summary *out, struct err_info *err)
{
	struct engine_config c = *cfg;
	struct engine e = {.cfg = &c, .hooks = hooks, .run = out};
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!c.memory_bytes) {
		long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

		c.memory_bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 4
						       : UINT64_C(1) << 30;
	}
	ok = set_up(&e, sigs, files, n_files, err) && read_all(&e, files, n_files, err);
	if (ok) {
		telling_devices(e.telling);
		end_defrag(&e);
		run_totals(&e, out);
	}
	flow_table_free(e.table);
	telling_free(e.telling);
	app_ndpi_free(e.ndpi);
	defrag_free(e.defrag);
	usual_free(e.usual);
	hosts_free(e.hosts);
	controls_free(e.controls);
	answers_free(e.answers);
	dns_then_free(e.then);
	dns_watch_free(&e.dns);
	certs_free(e.tls.certs);
	return ok;
}
