/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_WORDS_H
#define WP_BASE_WORDS_H

#include <stdbool.h>

/* Small vocabularies that several rooms share, and their names in the output. */

enum capture_point {
	POINT_UNKNOWN,
	POINT_WIRE,
	POINT_HOST,
	POINT_OFFLOAD,
	POINT_VPN_API,
	POINT_PROXY
};
const char *capture_point_name(enum capture_point p); /* "unknown", "wire", ... */

enum flow_stage {
	STAGE_NONE,
	STAGE_POST_SYN,
	STAGE_POST_ACK,
	STAGE_POST_PSH,
	STAGE_LATER,
	STAGE_N
};
const char *flow_stage_name(enum flow_stage s); /* NULL for NONE; "post_syn" ... */

/* What an application is for, as far as it matters for blocking: a way around or under a network's
 * rules, or talk between people. */
enum app_kind { APP_KIND_NONE, APP_KIND_TUNNEL, APP_KIND_MESSENGER, APP_KIND_OTHER };
const char *app_kind_name(enum app_kind k); /* NULL for NONE; "tunnel", "messenger", "other" */
/* Is it one that networks block as such? */
static inline bool app_kind_blocked(enum app_kind k)
{
	return k == APP_KIND_TUNNEL || k == APP_KIND_MESSENGER;
}
/* A flow's application as text, with its NUL. */
enum { FLOW_APP_TEXT = 40 };

enum trigger_kind {
	TRIGGER_NONE,
	TRIGGER_TLS_SNI,
	TRIGGER_HTTP_HOST,
	TRIGGER_DNS_QNAME,
	TRIGGER_QUIC_SNI,
	TRIGGER_PAYLOAD
};
const char *trigger_kind_name(enum trigger_kind k); /* NULL for NONE; "tls-sni" ... */

#endif
