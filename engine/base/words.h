/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_BASE_WORDS_H
#define WP_BASE_WORDS_H

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
