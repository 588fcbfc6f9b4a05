/* SPDX-License-Identifier: BSD-3-Clause */
/* The only file that knows nDPI. It is shown packets that are built anew from payload, ports and
 * sequence numbers, between two documentation addresses (RFC 5737): what it says then rests on
 * content alone, and its lists of addresses can name nobody (an anonymised capture holds other
 * people's). Only answers that nDPI itself ascribes to inspection count; guesses by port and by its
 * memory of other flows do not.
 *
 * The library is loaded when the first flow asks: linked in, its lists of names alone make 24,000
 * more relocations, 2 to 3 of a one-packet run's 18 ms (bench/README.md has the rest).
 *
 * long: whatever touches nDPI's structures, in one place
 *
 * API: written for 4.2 (Debian 12 and 13); the later forms are chosen by NDPI_MAJOR and NDPI_MINOR:
 * a sixth argument of ndpi_detection_process_packet from 4.6 on, ndpi_init_detection_module(context)
 * from 4.10 on, ndpi_protocol.proto from 4.12 on. */
#include "app/app_ndpi.h"

#include <dlfcn.h>
#if __has_include(<ndpi/ndpi_config.h>)
#define NDPI_LIB_COMPILATION /* shows the module's tables: forget_others() */
#endif
#include <ndpi/ndpi_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_kind.h"
#include "app/app_packet.h"
#include "base/bytes.h"
#include "base/log.h"

#define NDPI_VERSION (NDPI_MAJOR * 100 + NDPI_MINOR)

/* What one flow has been shown. */
struct ndpi_state {
	struct ndpi_flow_struct *flow; /* NULL once known, or given up */
	uint16_t app, master;          /* NDPI_PROTOCOL_UNKNOWN: not known */
	uint32_t n_shown;
	uint64_t frame[NDPI_FRAMES];
};

/* The functions used, by their own names and types. */
#define NDPI_FUNCTIONS(X)                       \
	X(ndpi_get_api_version)                 \
	X(ndpi_init_detection_module)           \
	X(ndpi_set_protocol_detection_bitmask2) \
	X(ndpi_finalize_initialization)         \
	X(ndpi_detection_process_packet)        \
	X(ndpi_get_proto_name)                  \
	X(ndpi_free_flow_data)                  \
	X(ndpi_lru_free_cache)                  \
	X(ndpi_exit_detection_module)

struct ndpi_functions {
#define X(name) __typeof__(name) *name;
	NDPI_FUNCTIONS(X)
#undef X
};

struct app_ndpi {
	enum ndpi_when when;
	pthread_mutex_t *lock; /* held in the library; NULL: nobody else is */
	void *library;
	struct ndpi_functions f;
	struct ndpi_detection_module_struct *mod; /* NULL until the first flow asks */
	bool failed;                              /* it could not be set up */
	bool missing;                             /* the library could not be loaded */
	uint32_t n_live;
	uint64_t lost;
	struct ndpi_flow_struct *scratch; /* for flows judged from what they remember */
};

bool ndpi_when_find(const char *word, enum ndpi_when *out)
{
	static const char *const name[] = {
		[NDPI_EVENTS] = "events", [NDPI_ALL] = "all", [NDPI_OFF] = "off"};

	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		if (!strcmp(word, name[i])) {
			*out = (enum ndpi_when)i;
			return true;
		}
	return false;
}

struct app_ndpi *app_ndpi_new(enum ndpi_when when, pthread_mutex_t *lock)
{
	struct app_ndpi *n = calloc(1, sizeof(*n));

	if (n) {
		n->when = when;
		n->lock = lock;
	}
	return n;
}

static void enter(const struct app_ndpi *n)
{
	if (n->lock)
		pthread_mutex_lock(n->lock);
}

static void leave(const struct app_ndpi *n)
{
	if (n->lock)
		pthread_mutex_unlock(n->lock);
}

void app_ndpi_free(struct app_ndpi *n)
{
	if (!n)
		return;
	enter(n);
	if (n->scratch) {
		n->f.ndpi_free_flow_data(n->scratch);
		free(n->scratch);
	}
	if (n->mod)
		n->f.ndpi_exit_detection_module(n->mod);
	leave(n);
	/* The library stays loaded: what it leaks at exit (4.2 does) is told under its name, which tests/lsan.supp knows. */
	free(n);
}

enum ndpi_when app_ndpi_when(const struct app_ndpi *n)
{
	return n->when;
}

uint64_t app_ndpi_lost(const struct app_ndpi *n)
{
	return n->lost;
}

/* The library that the header belongs to, by its usual names; another one has other structures. */
static bool load(struct app_ndpi *n)
{
	char file[3][32];
	bool ok = true;

	(void)snprintf(file[0], sizeof(file[0]), "libndpi.so.%d.%d", NDPI_MAJOR, NDPI_MINOR);
	(void)snprintf(file[1], sizeof(file[1]), "libndpi.so.%d", NDPI_MAJOR); /* these fit */
	(void)snprintf(file[2], sizeof(file[2]), "libndpi.so");
	for (size_t i = 0; i < ARRAY_LEN(file) && !n->library; i++)
		n->library = dlopen(file[i], RTLD_NOW | RTLD_LOCAL);
	if (!n->library)
		return false;
#define X(name) ok &= (*(void **)&n->f.name = dlsym(n->library, #name)) != NULL;
	NDPI_FUNCTIONS(X)
#undef X
	return ok && n->f.ndpi_get_api_version() == NDPI_API_VERSION;
}

static bool finalize(struct app_ndpi *n)
{
#if NDPI_VERSION >= 410
	return n->f.ndpi_finalize_initialization(n->mod) == 0;
#else
	n->f.ndpi_finalize_initialization(n->mod);
	return true;
#endif
}

static struct ndpi_detection_module_struct *module_new(const struct app_ndpi *n)
{
#if NDPI_VERSION >= 410
	return n->f.ndpi_init_detection_module(NULL);
#else
	/* lists of Tor's addresses: addresses are not asked */
	return n->f.ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
#endif
}

static bool set_up_locked(struct app_ndpi *n)
{
	NDPI_PROTOCOL_BITMASK all;

	n->failed = true;
	n->missing = !load(n);
	if (n->missing)
		return false;
	n->mod = module_new(n);
	if (!n->mod)
		return false;
	NDPI_BITMASK_SET_ALL(all);
	/* from 4.6 on it returns an error for an empty mask only */
	(void)n->f.ndpi_set_protocol_detection_bitmask2(n->mod, &all);
	if (!finalize(n)) {
		n->f.ndpi_exit_detection_module(n->mod);
		n->mod = NULL;
	}
	return n->mod != NULL;
}

static bool set_up(struct app_ndpi *n)
{
	if (n->mod || n->failed)
		return n->mod != NULL;
	enter(n);
	(void)set_up_locked(n); /* n->mod says it */
	leave(n);
	return n->mod != NULL;
}

bool app_ndpi_missing(const struct app_ndpi *n)
{
	return n && n->missing;
}

void app_ndpi_warn(void)
{
	log_warn("app", "libndpi %d.%d could not be loaded: applications stay unnamed", NDPI_MAJOR,
		 NDPI_MINOR);
}

bool app_ndpi_prepare(struct app_ndpi *n)
{
	return n->when == NDPI_OFF || set_up(n);
}

/* What nDPI remembers of other flows it keeps by address and port, and ours all have the same addresses: a later flow would be called what an
 * earlier one was, and what is said of one capture would depend on those before it. 4.2 makes each of these tables when it has something to keep. It gives
 * no function for it; from 4.6 on it has options, which no Debian release needs yet. */
static void forget_others(struct app_ndpi *n)
{
#if NDPI_VERSION < 406 && defined(NDPI_LIB_COMPILATION)
	struct ndpi_lru_cache **const kept[] = {&n->mod->ookla_cache,    &n->mod->bittorrent_cache,
						&n->mod->zoom_cache,     &n->mod->stun_cache,
						&n->mod->tls_cert_cache, &n->mod->mining_cache,
						&n->mod->msteams_cache};

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (*kept[i]) {
			n->f.ndpi_lru_free_cache(*kept[i]);
			*kept[i] = NULL;
		}
#else
	(void)n;
#endif
}

static void show(struct app_ndpi *n, struct ndpi_state *s, const struct flow *f, enum dir d,
		 const uint32_t number[2], struct bytes payload, uint64_t frame, int64_t ts_ns)
{
	uint8_t built[APP_PACKET_MAX];
	uint16_t len = app_packet_build(f, d, number, payload, built);
	/* nDPI subtracts times; it takes no negative ones */
	uint64_t ms = ts_ns > 0 ? (uint64_t)ts_ns / 1000000 : 0;
	ndpi_protocol got;

	enter(n);
	forget_others(n);
#if NDPI_VERSION >= 406
	got = n->f.ndpi_detection_process_packet(n->mod, s->flow, built, len, ms, NULL);
#else
	got = n->f.ndpi_detection_process_packet(n->mod, s->flow, built, len, ms);
#endif
	leave(n);
	if (s->n_shown < NDPI_FRAMES)
		s->frame[s->n_shown] = frame;
	s->n_shown++;
	if (s->flow->confidence != NDPI_CONFIDENCE_DPI)
		return;
#if NDPI_VERSION >= 412
	s->app = got.proto.app_protocol;
	s->master = got.proto.master_protocol;
#else
	s->app = got.app_protocol;
	s->master = got.master_protocol;
#endif
}

/* A layer below what is asked for; more packets may tell. */
static bool is_layer(uint16_t id)
{
	return id == NDPI_PROTOCOL_TLS || id == NDPI_PROTOCOL_HTTP || id == NDPI_PROTOCOL_QUIC ||
	       id == NDPI_PROTOCOL_UNKNOWN || id == NDPI_PROTOCOL_DNS;
}

static void state_close(struct app_ndpi *n, struct flow_table *t, struct ndpi_state *s)
{
	if (!s->flow)
		return;
	n->f.ndpi_free_flow_data(s->flow);
	free(s->flow);
	s->flow = NULL;
	n->n_live--;
	flow_table_give(t, sizeof(*s->flow));
}

static bool state_open(struct app_ndpi *n, struct flow_table *t, struct flow *f)
{
	size_t bytes = sizeof(struct ndpi_state) + sizeof(struct ndpi_flow_struct);
	struct ndpi_state *s;

	if (!set_up(n) || n->n_live == LIMIT_NDPI_FLOWS || !flow_table_take(t, bytes))
		return false;
	s = calloc(1, sizeof(*s));
	if (s)
		s->flow = calloc(1, sizeof(*s->flow));
	if (!s || !s->flow) {
		free(s);
		flow_table_give(t, bytes);
		return false;
	}
	n->n_live++;
	f->ndpi = s;
	return true;
}

void app_ndpi_packet(struct app_ndpi *n, struct flow_table *t, struct flow *f, enum dir d,
		     const struct pkt *p)
{
	struct ndpi_state *s = f->ndpi;
	uint32_t number[2];

	if (!p->payload.len || (s && !s->flow) || (p->l4 == L4_TCP && p->tcp.flags & TCP_RST))
		return;
	/* A flow that found no room when it began would be judged by its middle. */
	if (!s && f->side[0].bytes + f->side[1].bytes > p->payload_len)
		return;
	if (!s && !state_open(n, t, f)) {
		n->lost++;
		return;
	}
	s = f->ndpi;
	number[d] = p->tcp.seq;
	number[dir_other(d)] = p->tcp.ack;
	show(n, s, f, d, number, p->payload, p->frame_no, p->ts_ns);
	if (s->n_shown == LIMIT_NDPI_PACKETS || !is_layer(s->app))
		state_close(n, t, s);
}

void app_ndpi_end(struct app_ndpi *n, struct flow_table *t, struct flow *f)
{
	struct ndpi_state *s = f->ndpi;

	if (!s)
		return;
	state_close(n, t, s);
	free(s);
	flow_table_give(t, sizeof(*s));
	f->ndpi = NULL;
}

/* The piece of either direction that the capture shows first after frame `after`; NULL: none. */
static const struct piece *next_piece(const struct flow *f, uint64_t after, enum dir *d)
{
	const struct piece *best = NULL;

	for (enum dir i = DIR_ORIG; i <= DIR_RESP; i++) {
		const struct stream *s = f->side[i].stream;

		if (!s || !stream_head(f, i).len || s->n_pieces > STREAM_PIECES)
			continue;
		for (uint32_t k = 0; k < s->n_pieces; k++)
			if (s->piece[k].frame_no > after &&
			    s->piece[k].off + s->piece[k].len <= s->contiguous &&
			    (!best || s->piece[k].frame_no < best->frame_no)) {
				best = &s->piece[k];
				*d = i;
			}
	}
	return best;
}

/* Shows what the flow remembers of its first segments, in the order of the capture. */
static bool show_remembered(struct app_ndpi *n, const struct flow *f, struct ndpi_state *s)
{
	const struct piece *p;
	uint64_t after = 0;
	enum dir d = DIR_ORIG;

	if (f->proto != 6 || !next_piece(f, 0, &d) || !set_up(n))
		return false;
	if (n->scratch)
		n->f.ndpi_free_flow_data(n->scratch);
	else
		n->scratch = malloc(sizeof(*n->scratch));
	if (!n->scratch) {
		n->lost++;
		return false;
	}
	memset(n->scratch, 0, sizeof(*n->scratch));
	*s = (struct ndpi_state){.flow = n->scratch};
	while (s->n_shown < LIMIT_NDPI_PACKETS && is_layer(s->app) &&
	       (p = next_piece(f, after, &d))) {
		const struct stream *st = f->side[d].stream;
		uint32_t number[2] = {0, 0};

		number[d] = st->base + p->off;
		if (f->side[dir_other(d)].stream)
			number[dir_other(d)] = f->side[dir_other(d)].stream->base;
		show(n, s, f, d, number, (struct bytes){st->ring + p->off, p->len}, p->frame_no,
		     f->first_ns);
		after = p->frame_no;
	}
	return true;
}

static void add_text(char out[FLOW_APP_TEXT], const char *text)
{
	size_t n = strlen(out), len = strlen(text);

	if (len > FLOW_APP_TEXT - 1 - n)
		len = FLOW_APP_TEXT - 1 - n;
	memcpy(out + n, text, len);
	out[n + len] = '\0';
}

bool app_ndpi_look(struct app_ndpi *n, const struct flow *f, struct ndpi_app *out)
{
	const struct ndpi_state *s = f->ndpi;
	struct ndpi_state now;

	*out = (struct ndpi_app){.n_frames = 0};
	if (!s) {
		if (!show_remembered(n, f, &now))
			return false;
		s = &now;
	}
	if (s->app == NDPI_PROTOCOL_UNKNOWN && s->master == NDPI_PROTOCOL_UNKNOWN)
		return false;
	/* The layer has our own name where our own reader knew it. */
	if (f->app[0])
		add_text(out->name, f->app);
	else if (s->master != NDPI_PROTOCOL_UNKNOWN && s->master != s->app)
		add_text(out->name, n->f.ndpi_get_proto_name(n->mod, s->master));
	if (!is_layer(s->app)) {
		if (out->name[0])
			add_text(out->name, ".");
		add_text(out->name, n->f.ndpi_get_proto_name(n->mod, s->app));
		out->kind = app_kind_of(n->f.ndpi_get_proto_name(n->mod, s->app));
	} else if (!out->name[0]) {
		add_text(out->name, n->f.ndpi_get_proto_name(n->mod, s->app));
	}
	out->n_frames = s->n_shown < NDPI_FRAMES ? s->n_shown : NDPI_FRAMES;
	memcpy(out->frame, s->frame, sizeof(out->frame));
	return out->name[0];
}
