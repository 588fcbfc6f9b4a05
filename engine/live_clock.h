/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WP_LIVE_CLOCK_H
#define WP_LIVE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Notices that the machine's clock was set. The kernel stamps packets with that clock; flows live by differences of those stamps. All times
 * in ns. Zero it before use. */
struct live_clock {
	bool known;
	int64_t ahead_ns;     /* the clock minus the time since boot, when last asked */
	int64_t step_ns;      /* how far it was set, last */
	int64_t step_boot_ns; /* and when */
};

/* Asked with the clock (CLOCK_REALTIME) and the time since boot (CLOCK_BOOTTIME), read together: was the clock set since the last call?
 * Corrections of 125 ms and less are none: NTP slews those (RFC 5905, STEPT). */
bool live_clock_stepped(struct live_clock *c, int64_t real_ns, int64_t boot_ns);

/* The stamp of a packet that is read at `real_ns`, by the clock as it is now: one that still waits from before the step moves with it. */
int64_t live_clock_stamp(const struct live_clock *c, int64_t ts_ns, int64_t real_ns,
			 int64_t boot_ns);

#endif
