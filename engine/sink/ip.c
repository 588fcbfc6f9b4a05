/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/ip.h"

#include <arpa/inet.h>
#include <string.h>

const char *sink_ip(const uint8_t addr[16], char out[SINK_IP_MAX])
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const char *got = memcmp(addr, mapped, 12)
				  ? inet_ntop(AF_INET6, addr, out, SINK_IP_MAX)
				  : inet_ntop(AF_INET, addr + 12, out, SINK_IP_MAX);

	if (!got)
		out[0] = '\0'; /* cannot be: the buffer has room for either */
	return out;
}
