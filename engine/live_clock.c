/* SPDX-License-Identifier: BSD-3-Clause */
#include "live_clock.h"

/* RFC 5905 11.3: what is off by more is set at once, not slewed. */
static const int64_t step_least_ns = INT64_C(125) * 1000000;
/* Longer than a packet waits between kernel and program, unless the program hangs. */
static const int64_t queue_ns = INT64_C(10) * 1000000000;

static int64_t size(int64_t n)
{
	return n < 0 ? -n : n;
}

bool live_clock_stepped(struct live_clock *c, int64_t real_ns, int64_t boot_ns)
{
	int64_t ahead = real_ns - boot_ns, by = ahead - c->ahead_ns;
	bool stepped = c->known && size(by) > step_least_ns;

	c->known = true;
	c->ahead_ns = ahead;
	if (stepped) {
		c->step_ns = by;
		c->step_boot_ns = boot_ns;
	}
	return stepped;
}

int64_t live_clock_stamp(const struct live_clock *c, int64_t ts_ns, int64_t real_ns,
			 int64_t boot_ns)
{
	if (!c->step_ns || boot_ns - c->step_boot_ns > queue_ns)
		return ts_ns;
	/* Which of the two clocks was read a moment ago? */
	return size(ts_ns + c->step_ns - real_ns) < size(ts_ns - real_ns) ? ts_ns + c->step_ns
									  : ts_ns;
}
