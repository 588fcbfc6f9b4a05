/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/words.h"

#include <stddef.h>

const char *capture_point_name(enum capture_point p)
{
	static const char *const name[] = {"unknown", "wire",    "host",
					   "offload", "vpn_api", "proxy"};

	return name[p];
}

const char *flow_stage_name(enum flow_stage s)
{
	static const char *const name[] = {NULL, "post_syn", "post_ack", "post_psh", "later"};

	return name[s];
}

const char *trigger_kind_name(enum trigger_kind k)
{
	static const char *const name[] = {NULL,        "tls-sni",  "http-host",
					   "dns-qname", "quic-sni", "payload"};

	return name[k];
}

const char *app_kind_name(enum app_kind k)
{
	static const char *const name[] = {NULL, "tunnel", "messenger", "other"};

	return name[k];
}
