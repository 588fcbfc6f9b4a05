/* SPDX-License-Identifier: BSD-3-Clause */
/* The reset generator published in "Technical Analysis of the Geedge Networks Firewall Source Code
 * Leak", USENIX Security 2026, section 6.3 and listing 1; address order and byte order verified on
 * public captures (MIDDLEBOXES 1.1):
 *
 *   win  = val + (B mod k)                    k = 13, M = 65535
 *   ipid = (M - k * val + (A mod win)) mod 65536
 *
 * Exact test: x = ipid + 13 win - 65535 - 13 (S mod 13) - (D mod win) = 0 mod 65536, with the
 * reset's source S and destination D as little-endian 32-bit numbers; a chance of 1 in 65536 a
 * packet. Bound test, without addresses (NAT): 1 <= win <= 5053 and (ipid + 13 win - 65535) mod
 * 65536 < win + 156; about 0.3 % of random ID and window pass both. */
#include "detect/rst_group.h"

enum { GEN_K = 13, GEN_M = 65535, GEN_WIN_MAX = 5053, GEN_SLACK = 156 };

static uint32_t le32(const struct ip_addr *a)
{
	return (uint32_t)a->b[12] | (uint32_t)a->b[13] << 8 | (uint32_t)a->b[14] << 16 |
	       (uint32_t)a->b[15] << 24;
}

static uint16_t remainder_of(const struct seg *r)
{
	return (uint16_t)(r->ip_id + GEN_K * r->win - GEN_M);
}

static bool bound(const struct seg *r)
{
	return r->win >= 1 && r->win <= GEN_WIN_MAX && remainder_of(r) < r->win + GEN_SLACK;
}

static bool exact(const struct seg *r, uint32_t s, uint32_t d)
{
	return r->win && (uint16_t)(remainder_of(r) - GEN_K * (s % GEN_K) - d % r->win) == 0;
}

void rst_facts_generator(const struct rst_group *g, struct evidence *ev)
{
	const struct ip_addr *src = &g->f->addr[g->dir], *dst = &g->f->addr[dir_other(g->dir)];
	bool all_bound = true, all_exact = true, all_swapped = true;
	uint64_t frames[EV_FRAMES_MAX] = {0};
	uint32_t n = 0;

	if (!g->at[0]->has_id || !ip_is_v4(src))
		return;
	for (uint32_t i = 0; i < g->n; i++) {
		const struct seg *r = g->at[i];

		all_bound &= bound(r);
		all_exact &= exact(r, le32(src), le32(dst));
		all_swapped &= exact(r, le32(dst), le32(src));
		if (n < EV_FRAMES_MAX)
			frames[n++] = r->frame_no;
	}
	evidence_put(ev, FEAT_RST_TSG_BOUND, all_bound, frames, n);
	/* Behind NAT the capture shows another address than the generator saw: not false, unknown.
	 */
	if (all_exact || all_swapped || (!ip_is_private(src) && !ip_is_private(dst)))
		evidence_put(ev, FEAT_RST_TSG_EXACT, all_exact || all_swapped, frames, n);
}
