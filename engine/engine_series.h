/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_ENGINE_SERIES_H
#define WP_ENGINE_SERIES_H

#include <time.h>

#include "across/answers.h"
#include "across/controls.h"
#include "across/dns_then.h"
#include "across/hosts.h"
#include "across/usual.h"
#include "app/app_ndpi.h"
#include "detect/det_dns.h"
#include "detect/det_quic.h"
#include "detect/det_tls.h"
#include "engine.h"
#include "flow/defrag.h"
#include "flow/flow.h"
#include "live_clock.h"
#include "source/source.h"
#include "telling.h"
#include "vantage.h"

/* What one run of the engine holds. engine.c reads inputs and minds the time, engine_series.c takes packets through the rooms; nobody
 * else sees this. */
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
	struct run_summary *run; /* counts of the series, until it is over */
	struct source *source;   /* being read */
	uint32_t input_i;
	const char *file;
	uint64_t packets_before; /* of earlier series */
	uint16_t linktype;
	/* frames of earlier files of one series: they count on, as mergecap -a would */
	uint64_t last_no, frame_base;
	int64_t watermark_ns;
	struct timespec last_read;
	int64_t last_tick_ns; /* live, as the next */
	struct live_clock clock;
};

/* A suspected flow is judged this long after its suspicion (packet time) when findings are wanted
 * early: METHODS b waits 2 s for life after a reset. */
#define SETTLE_NS (INT64_C(2500) * 1000000)

/* The tables and the detectors. Counts go into *part, whose list of inputs is there; what is decided goes to *to. False with a reason;
 * series_free either way. */
MUST_CHECK bool series_set_up(struct engine *e, const struct sig_set *sigs,
			      struct run_summary *part, const struct telling_to *to,
			      struct err_info *err);
void series_free(struct engine *e);
/* Each input is a series of its own: two people's 10.0.0.1 are not one host. Ends the flows of the one before. */
MUST_CHECK bool series_new(struct engine *e, struct err_info *err);
/* One frame, from decoding to whatever it makes known. */
void series_frame(struct engine *e, const struct frame *fr);
/* Counts what the tables of the series forgot and the datagrams that never became whole, and forgets those. Once a series. */
void series_close(struct engine *e);
/* Adds what the tables have counted since series_set_up to *out. */
void series_totals(const struct engine *e, struct run_summary *out);

/* --- engine.c --- */
/* Reads one input to its end; unless it may go on in the next (one_series), its flows end too. An input that is refused or cut is noted and
 * no failure. False when out of memory. */
MUST_CHECK bool engine_input(struct engine *e, const char *name, uint32_t input_i,
			     struct err_info *err);

#endif
