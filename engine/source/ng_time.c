/* SPDX-License-Identifier: BSD-3-Clause */
#include "source/source_impl.h"

enum { NS_PER_S = 1000000000 };

static uint64_t power_of_ten(uint32_t n)
{
	uint64_t p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* draft-ietf-opsawg-pcapng 4.2, if_tsresol: a negative power of ten, or of two when the top bit is
 * set. */
void ng_time_set(struct ng_iface *ifc, uint8_t tsresol)
{
	uint32_t n = tsresol & 0x7f;

	if (tsresol & 0x80) {
		ifc->scale = n < 94 ? NG_BINARY : NG_ZERO; /* 2^64 * 10^9 is below 2^94 */
		ifc->factor = n;
	} else if (n <= 9) {
		ifc->scale = NG_MULTIPLY;
		ifc->factor = power_of_ten(9 - n);
	} else if (n - 9 <= 19) { /* 10^19 is the last power in 64 bits */
		ifc->scale = NG_DIVIDE;
		ifc->factor = power_of_ten(n - 9);
	} else {
		ifc->scale = NG_ZERO;
	}
}

int64_t ng_time_ns(const struct ng_iface *ifc, uint64_t ticks)
{
	__int128 ns = 0;

	switch ((enum ng_scale)ifc->scale) {
	case NG_MULTIPLY:
		ns = (__int128)ticks * ifc->factor;
		break;
	case NG_DIVIDE:
		ns = (__int128)(ticks / ifc->factor);
		break;
	case NG_BINARY:
		ns = (__int128)ticks * NS_PER_S >> ifc->factor;
		break;
	case NG_ZERO:
		break;
	}
	/* |ns| < 2^94 and |offset| * 10^9 < 2^93: the sum has room. */
	ns += (__int128)ifc->offset_s * NS_PER_S;
	if (ns > INT64_MAX)
		return INT64_MAX;
	return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}
