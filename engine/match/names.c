/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match/signature.h"

static const char *const technique[TECH_N] = {
	[TECH_RST_INJECTION] = "rst_injection",
	[TECH_DNS_INJECTION] = "dns_injection",
	[TECH_DATA_INJECTION] = "data_injection",
	[TECH_HTTP_BLOCKPAGE] = "http_blockpage",
	[TECH_TLS_INTERCEPTION] = "tls_interception",
	[TECH_PACKET_DROP] = "packet_drop",
	[TECH_QUIC_BLOCKING] = "quic_blocking",
	[TECH_THROTTLING] = "throttling",
	[TECH_DNS_MANIPULATION] = "dns_manipulation",
	[TECH_SNI_FILTERING] = "sni_filtering",
	[TECH_HOST_FILTERING] = "host_filtering",
	[TECH_ADDRESS_BLOCKING] = "address_blocking",
	[TECH_PROTOCOL_BLOCKING] = "protocol_blocking",
};

const char *technique_name(enum technique t)
{
	return technique[t];
}

bool technique_find(const char *name, size_t len, enum technique *out)
{
	for (size_t i = 0; i < TECH_N; i++) {
		if (strlen(technique[i]) != len || memcmp(technique[i], name, len) != 0)
			continue;
		*out = (enum technique)i;
		return true;
	}
	return false;
}

const char *grade_name(enum grade g)
{
	static const char *const name[] = {NULL, "anomaly", "likely", "confirmed", "proof"};

	return name[g];
}
