/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: words; tests/cli/outages.test reads them */
#include "sink/outage_words.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *outage_prefix(const struct tally_key *key, char out[OUTAGE_SCOPE_TEXT])
{
	char ip[INET6_ADDRSTRLEN];
	bool v4 = key->bits == 24;

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? key->prefix + 12 : key->prefix, ip,
			sizeof(ip));                                    /* fits */
	(void)snprintf(out, OUTAGE_SCOPE_TEXT, "%s/%u", ip, key->bits); /* fits */
	return out;
}

uint32_t outage_causes(const struct outage *e, const char *cause[OUTAGE_CAUSES],
		       const char *tell[OUTAGE_CAUSES])
{
	uint32_t n = 0;

	if (e->key.scope == TALLY_ALL) {
		cause[n] = "maintenance or failure of the server, its host or its network";
		tell[n++] = "the server's own log, and whether others saw it";
		cause[n] = "the capture missed packets";
		tell[n++] = "the run's counts of what was lost";
		return n;
	}
	cause[n] = "clients were led to another server (DNS, anycast, a load balancer)";
	tell[n++] = "the other servers of the service gained at the same time";
	cause[n] = "a route changed or a cable failed";
	tell[n++] = "routing data and other servers show it too";
	cause[n] = "power or network failure at the clients' end";
	tell[n++] = "reports of the network, and measurements from elsewhere";
	if (e->key.scope == TALLY_PREFIX || e->key.scope == TALLY_NETWORK) {
		cause[n] = "clients were given addresses of another prefix";
		tell[n++] = "other prefixes of that network or country gained at the same time";
	}
	if (e->depth_lo < 0.8) {
		cause[n] = "a holiday, or clocks that were changed";
		tell[n++] = "a slope and not a step, and the calendar";
	}
	if (!e->compared) {
		cause[n] = "the server itself failed";
		tell[n++] = "too few others were there to compare with";
	}
	return n;
}
