/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_EVIDENCE_FLOW_RECORD_H
#define WP_EVIDENCE_FLOW_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"

enum {
	FLOW_ID_TEXT = 17, /* 16 hex digits and NUL */
	HISTORY_MAX = 24,  /* letters kept, and NUL */
	TRIGGER_TEXT = 256,
	TAMPERING_TEXT = 48,
};

struct flow_end {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	/* ISO 3166 alpha-2 by the database that the user named; empty: it says none, or there is
	 * none */
	char country[3];
};

/* What is told of one flow, with or without a finding. Plain values, copyable; text is
 * attacker-controlled where it comes from packets (trigger). */
struct flow_record {
	char id[FLOW_ID_TEXT]; /* stable: does not depend on the table's key */
	uint32_t input_i;      /* which input file of the run */
	bool udp;
	struct flow_end orig, resp;
	int64_t first_ns, last_ns; /* packet time */
	uint64_t first_frame, last_frame;
	uint64_t packets[2]; /* [0] orig, [1] resp */
	uint64_t bytes[2];   /* payload bytes on the wire */
	/* Zeek's letters: upper case orig, lower case resp; + when cut */
	char history[HISTORY_MAX];
	enum flow_stage stage; /* of the break; NONE when the flow was not broken */
	/* its start was seen, so that NONE says something: else a break's stage may be unknown */
	bool stage_known;
	/* name of one of the 19 published signatures; empty when none */
	char tampering[TAMPERING_TEXT];
	/* "TLS", "HTTP", "DNS", "Telegram", "TLS.Telegram", ...; empty unknown */
	char app[FLOW_APP_TEXT];
	enum app_kind app_kind; /* NONE: only the layer is known, or nothing */
	enum trigger_kind trigger;
	uint32_t trigger_len;
	char trigger_value[TRIGGER_TEXT]; /* NUL-terminated too */
	uint64_t trigger_frame;
	enum capture_point point;
	bool one_sided, truncated;
	/* holds the frame that was asked for (engine_config.mark_frame) */
	bool marked;
	/* packets of this flow that the capture shows to be missing (ACKs of unseen data) */
	uint64_t lost;
};

#endif
