/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * collide N MASK WIDTH: source addresses and ports whose flows fall next to each other in a table of MASK + 1 places under
 * the key that the flow table would have if it were fixed (the one unit tests use), one `address port` a line.
 * Built and run by adversary.test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "flow/flow_key.h"

int main(int argc, char **argv)
{
	unsigned long n = argc > 3 ? strtoul(argv[1], NULL, 10) : 0,
		      mask = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long width = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	const struct hash_key key = FLOW_TABLE_FIXED_KEY;
	struct ip_addr from, to;
	uint16_t port;
	const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff}, server[4] = {198, 51, 100, 20};

	memcpy(from.b, v4, 12);
	memcpy(to.b, v4, 12);
	memcpy(to.b + 12, server, 4);
	for (uint32_t i = 0; n && i < UINT32_MAX; i++) {
		uint8_t a[4] = {10, (uint8_t)(i >> 22), (uint8_t)(i >> 14), 1};

		memcpy(from.b + 12, a, 4);
		port = (uint16_t)(1024 + (i & 0x3fff));
		if ((flow_hash(&key, 6, &from, port, &to, 443) & mask) >= width)
			continue;
		printf("%u.%u.%u.%u %u\n", a[0], a[1], a[2], a[3], port);
		n--;
	}
	return n ? 1 : 0;
}
