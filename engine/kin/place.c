/* SPDX-License-Identifier: BSD-3-Clause */
/* How far away an injector sits, by the TTL of its packets: METHODS c.1. A TTL equal to the claimed
 * sender's own is no evidence: some gateways write one TTL into all packets (MIDDLEBOXES, caveat
 * 1). Answers to DNS questions are left out: the published injectors count, draw or mirror their
 * TTL (MIDDLEBOXES 1.9). */
#include "kin/place.h"

enum { HOPS_MAX = 40 /* METHODS c.1.1 */, HOPS_BEHIND = 2 /* METHODS c.1.2 */ };

static bool num_of(const struct evidence *ev, enum feat id, int64_t *out)
{
	const struct ev_value *v = evidence_get(ev, id);

	if (v)
		*out = v->num;
	return v != NULL;
}

static bool is_yes(const struct evidence *ev, enum feat id)
{
	int64_t v;

	return num_of(ev, id, &v) && v;
}

/* To the nearest usual initial TTL above. */
static int64_t hops_of(int64_t ttl)
{
	return (ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl;
}

/* Every usual initial TTL that gives a distance of at most `most`. */
static enum place_got range(int64_t ttl, int64_t most, uint8_t *lo, uint8_t *hi)
{
	static const int init[] = {32, 64, 128, 255};
	enum place_got got = PLACE_REFUSED;

	for (int i = 0; i < 4; i++) {
		int64_t h = init[i] - ttl;

		if (h < 0 || h > most)
			continue;
		if (got != PLACE_KNOWN)
			*lo = (uint8_t)h;
		*hi = (uint8_t)h;
		got = PLACE_KNOWN;
	}
	return got;
}

/* By rule: it climbs within the burst or with the window, or the equation of a generator whose TTL
 * is a counter may hold. */
static bool by_rule(const struct evidence *ev)
{
	int64_t step;

	return (num_of(ev, FEAT_RST_TTL_STEP, &step) && step) || is_yes(ev, FEAT_RST_LOCKSTEP) ||
	       is_yes(ev, FEAT_RST_TSG_BOUND) || is_yes(ev, FEAT_RST_TSG_EXACT);
}

enum place_got place_of(const struct flow_record *flow, const struct evidence *ev, uint8_t *lo,
			uint8_t *hi)
{
	int64_t ttl, delta, genuine;

	if (flow->point == POINT_VPN_API || flow->point == POINT_PROXY)
		return PLACE_UNKNOWN;
	switch (evidence_case(ev)) {
	case CASE_RST:
		if (!num_of(ev, FEAT_RST_TTL, &ttl) || !num_of(ev, FEAT_RST_TTL_DELTA, &delta) ||
		    !delta)
			return PLACE_UNKNOWN;
		if (by_rule(ev))
			return PLACE_REFUSED;
		genuine = hops_of(ttl - delta) + HOPS_BEHIND;
		return range(ttl, genuine < HOPS_MAX ? genuine : HOPS_MAX, lo, hi);
	case CASE_PAGE:
		if (!num_of(ev, FEAT_PAGE_TTL, &ttl) || !num_of(ev, FEAT_PAGE_TTL_GAP, &delta) ||
		    !delta)
			return PLACE_UNKNOWN;
		return range(ttl, HOPS_MAX, lo, hi);
	default:
		return PLACE_UNKNOWN;
	}
}

void place_finding(struct finding *f)
{
	uint8_t lo, hi;

	f->has_injector = false;
	for (uint32_t i = 0; i < f->n_cases; i++) {
		if (!(f->likely_cases >> i & 1))
			continue;
		switch (place_of(&f->flow, f->cases[i], &lo, &hi)) {
		case PLACE_REFUSED:
			f->has_injector = false;
			return;
		case PLACE_KNOWN:
			f->injector_lo =
				!f->has_injector || lo < f->injector_lo ? lo : f->injector_lo;
			f->injector_hi =
				!f->has_injector || hi > f->injector_hi ? hi : f->injector_hi;
			f->has_injector = true;
			break;
		default:
			break;
		}
	}
}
