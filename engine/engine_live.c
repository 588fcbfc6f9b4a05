/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_live.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t); /* cannot fail for the clocks used here */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nothing waits to be read. The kernel stamps packets with the machine's clock: what is older than this, and not here, does
 * not come (ARCHITECTURE 8). While packets come time goes on with them: those that wait may be older, when this process had to. */
static void time_passes(struct engine *e)
{
	enum { LATE_NS = 200000000 };
	int64_t until = clock_ns(CLOCK_REALTIME) - LATE_NS;

	if (until > e->watermark_ns)
		e->watermark_ns = until;
	telling_settle(e->telling, e->watermark_ns - SETTLE_NS, vantage_judge(&e->vantage));
	flow_table_advance(e->table, e->watermark_ns);
}

enum source_got live_next(struct engine *e, struct source *s, struct batch *out,
			  struct err_info *err)
{
	enum source_got got = source_next(s, out, err);
	int64_t now = clock_ns(CLOCK_REALTIME), boot = clock_ns(CLOCK_BOOTTIME);

	/* How long anything took across the step nobody can say: flows are judged by what was seen until here. */
	if (live_clock_stepped(&e->clock, now, boot)) {
		e->run->clock_steps++;
		if (!series_new(e, err))
			return SOURCE_ERROR;
	}
	for (uint32_t i = 0; got == SOURCE_FRAMES && i < out->n; i++)
		out->frame[i].ts_ns = live_clock_stamp(&e->clock, out->frame[i].ts_ns, now, boot);
	if (got == SOURCE_IDLE)
		time_passes(e);
	return got;
}

/* Now and then, the counts so far. */
static void tick(struct engine *e)
{
	struct run_summary so_far = *e->run;
	struct source_stats st;

	if (!e->hooks->on_tick)
		return;
	source_stats(e->source, &st);
	so_far.lost.kernel = st.kernel_lost;
	so_far.lost.ring = st.ring_lost;
	so_far.lost.prefiltered = st.prefiltered;
	series_totals(e, &so_far);
	e->hooks->on_tick(e->hooks->arg, e, &so_far);
}

void live_turn(struct engine *e)
{
	enum { TICK_NS = 100000000 };
	int64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - e->last_tick_ns < TICK_NS)
		return;
	e->last_tick_ns = now;
	tick(e);
}
