/* SPDX-License-Identifier: BSD-3-Clause */
#include "detect/carrier.h"

#include <stdlib.h>

static bool in(uint64_t frame_no, const uint64_t *skip, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (skip[i] == frame_no)
			return true;
	return false;
}

static void look_df(const struct flow *f, struct carrier *c, const uint64_t *skip, uint32_t n_skip)
{
	uint32_t same = 0, other = 0;

	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];

		if (s->dir != c->s->dir || !s->has_id || (s->flags & (TCP_RST | TCP_SYN)) ||
		    s == c->s || in(s->frame_no, skip, n_skip))
			continue;
		same += s->df == c->s->df;
		other += s->df != c->s->df;
	}
	c->df_known = same + other > 0;
	c->df_odd = other && !same;
}

struct carrier carrier_look(const struct flow *f, const struct seg *s, const uint64_t *skip,
			    uint32_t n_skip)
{
	const struct flow_side *a = &f->side[0], *b = &f->side[1];
	struct carrier c = {.s = s};
	uint64_t all[16];
	uint32_t n = 0;
	uint8_t near;

	for (; n < n_skip && n + 1 < ARRAY_LEN(all); n++)
		all[n] = skip[n];
	all[n++] = s->frame_no;
	if (model_nearest_ttl(f, s->dir, s->ttl, all, n, &near)) {
		c.ttl_known = true;
		c.ttl_gap = abs(near - s->ttl);
		c.ttl_far = c.ttl_gap > TTL_NEAR;
	}
	c.ipid = model_ipid(f, s, all, n);
	c.ts_known = a->syn_seen && b->syn_seen;
	c.ts_missing = c.ts_known && a->ts_ok && b->ts_ok && !(s->opts & TCP_OPT_TS);
	look_df(f, &c, all, n);
	c.signs = (uint32_t)c.ttl_far + (c.ipid == IPID_OFF) + c.ts_missing + c.df_odd;
	return c;
}

const struct seg *carrier_answers(const struct flow *f, const struct seg *s)
{
	const struct seg *last = NULL;

	for (const struct seg *x = f->log.at; x < s; x++)
		if (x->dir != s->dir && !(x->flags & TCP_RST))
			last = x;
	return last;
}
