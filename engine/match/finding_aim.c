/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match/match_impl.h"

static bool is_yes(const struct evidence *ev, enum feat id)
{
	const struct ev_value *v = evidence_get(ev, id);

	return v && v->num == 1;
}

/* Whether the detector, or else the frames' order, says that the act came after the flow's
 * trigger. */
static bool after_trigger(const struct evidence *ev, const struct flow_record *flow)
{
	const uint64_t *suspect;
	size_t n = evidence_suspects(ev, &suspect);

	switch (evidence_case(ev)) {
	case CASE_RST:
		return is_yes(ev, FEAT_RST_AFTER_TRIGGER);
	case CASE_OVERLAP:
		return is_yes(ev, FEAT_OVERLAP_AFTER_TRIGGER);
	case CASE_DROP:
		return is_yes(ev, FEAT_DROP_IN_TRIGGER) || is_yes(ev, FEAT_DROP_AFTER_TRIGGER);
	default:
		return n && flow->trigger_frame && flow->trigger_frame < suspect[0];
	}
}

uint32_t finding_aim(const struct evidence *ev, const struct flow_record *flow)
{
	const struct ev_value *v = evidence_get(ev, FEAT_TRIGGER_KIND);
	const char *kind = v ? v->text[0] : trigger_kind_name(flow->trigger);

	if (!kind || !after_trigger(ev, flow))
		return 0;
	if (strcmp(kind, "payload") == 0)
		return app_kind_blocked(flow->app_kind) ? BIT(TECH_PROTOCOL_BLOCKING) : 0;
	if (strcmp(kind, "tls-sni") == 0 || strcmp(kind, "quic-sni") == 0)
		return BIT(TECH_SNI_FILTERING);
	return strcmp(kind, "http-host") == 0 ? BIT(TECH_HOST_FILTERING) : 0;
}

static bool at_least(const struct evidence *ev, enum feat id, int64_t least)
{
	const struct ev_value *v = evidence_get(ev, id);

	return v && v->num >= least;
}

/* A SYN says nothing but an address and a port: when it finds no answer while other servers give one, and this one gave none since, these
 * are what set the act off. Not so after a reset: that was for what the connection before had said. */
static uint32_t address_aim(const struct evidence *ev)
{
	const struct ev_value *handshake = evidence_get(ev, FEAT_DROP_HANDSHAKE),
			      *since = evidence_get(ev, FEAT_DROP_ADDR_SINCE);

	if (!handshake || handshake->num || !since || since->num ||
	    evidence_get(ev, FEAT_DROP_SINCE_RESET))
		return 0;
	return at_least(ev, FEAT_DROP_OTHERS_OK, 1) ? BIT(TECH_ADDRESS_BLOCKING) : 0;
}

uint32_t finding_control_aim(const struct evidence *ev)
{
	const struct ev_value *same = evidence_get(ev, FEAT_QUIC_SAME_NAME_OK);

	if (evidence_case(ev) == CASE_DROP)
		return address_aim(ev);
	if (evidence_case(ev) != CASE_QUIC || !same)
		return 0;
	if (same->num == 0)
		return is_yes(ev, FEAT_QUIC_OTHER_SINCE) ? BIT(TECH_SNI_FILTERING) : 0;
	return at_least(ev, FEAT_QUIC_OTHER_VERSION_OK, 1) ? BIT(TECH_PROTOCOL_BLOCKING) : 0;
}
