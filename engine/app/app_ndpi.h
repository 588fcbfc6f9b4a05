/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_APP_APP_NDPI_H
#define WP_APP_APP_NDPI_H

#include <pthread.h>

#include "base/words.h"
#include "flow/flow.h"

/* nDPI behind one door: which application a flow carries, by what it says (never by port or
 * address). Own recognisers come first (trigger.c, quic_flow.c); this answers where they have no
 * name, or know only the layer below ("TLS"). */

enum ndpi_when {
	NDPI_EVENTS, /* flows under suspicion, and nameless ones that are told (--flows) */
	NDPI_ALL,    /* every flow, its first payload packets as they come */
	NDPI_OFF,
};
/* "events", "all", "off"; false for any other word. */
MUST_CHECK bool ndpi_when_find(const char *word, enum ndpi_when *out);

/* What was found. `frames` are the packets that were shown to nDPI until it knew. */
enum { NDPI_FRAMES = 8 };
struct ndpi_app {
	char name[FLOW_APP_TEXT]; /* "Telegram"; below TLS, HTTP or QUIC "TLS.Telegram" */
	enum app_kind kind;
	uint32_t n_frames;
	uint64_t frame[NDPI_FRAMES];
};

/* One a thread. The library itself is set up at the first flow that asks (about 30 ms and 5 MB). It has statics: two threads in it at
 * once have ended in abort(), so threads that run side by side name one lock (a loan; NULL: there is one thread).
 * NULL when out of memory. */
struct app_ndpi;
struct app_ndpi *app_ndpi_new(enum ndpi_when when, pthread_mutex_t *lock);
void app_ndpi_free(struct app_ndpi *n); /* accepts NULL */
enum ndpi_when app_ndpi_when(const struct app_ndpi *n);
/* Sets the library up now, for who may open no file later. False: applications stay unnamed. */
bool app_ndpi_prepare(struct app_ndpi *n);
/* Has it been asked for and could not be loaded? A person should be told, once a run. */
bool app_ndpi_missing(const struct app_ndpi *n);
void app_ndpi_warn(void);

/* Shows nDPI a packet of a flow: to be called for every packet with payload in NDPI_ALL, and for
 * UDP flows that no reader of ours knows when they are to be told. At most LIMIT_NDPI_PACKETS of a
 * flow, and none once it is known. State hangs on the flow, under the table's ceiling. */
void app_ndpi_packet(struct app_ndpi *n, struct flow_table *t, struct flow *f, enum dir d,
		     const struct pkt *p);
/* What the flow carries: by the packets shown before, else by the bytes that the flow remembers of
 * TCP. False: not known. */
bool app_ndpi_look(struct app_ndpi *n, const struct flow *f, struct ndpi_app *out);
/* Frees what hangs on the flow. */
void app_ndpi_end(struct app_ndpi *n, struct flow_table *t, struct flow *f);
/* Flows that were not looked at for lack of memory. */
uint64_t app_ndpi_lost(const struct app_ndpi *n);

#endif
