/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "app/app_dns.h"

static const uint8_t notice[][4] = {
#define X(a, b, c, d, scope, source) {a, b, c, d},
#include "app/notices.def"
#undef X
};

bool dns_addr_notice(uint16_t type, const uint8_t *addr)
{
	if (type != DNS_A)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(notice); i++)
		if (memcmp(notice[i], addr, 4) == 0)
			return true;
	return false;
}
