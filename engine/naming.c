/* SPDX-License-Identifier: BSD-3-Clause */
#include "naming.h"

#include <string.h>

/* Nameless: our own readers know the usual protocols, so that this is where nDPI has something to
 * say. TLS: what is in it (Tor, a messenger) can follow from the hello; worth the asking once there
 * is a finding. HTTP, DNS and QUIC tell their names themselves. */
static bool is_asked(const struct app_ndpi *n, const struct flow *f, enum naming_of why)
{
	switch (app_ndpi_when(n)) {
	case NDPI_OFF:
		return false;
	case NDPI_ALL:
		return true;
	default:
		return !f->app[0] || (why == NAMING_FOUND && !strcmp(f->app, "TLS"));
	}
}

bool naming_look(struct app_ndpi *n, const struct flow *f, enum naming_of why, struct ndpi_app *out)
{
	*out = (struct ndpi_app){.n_frames = 0};
	return is_asked(n, f, why) && app_ndpi_look(n, f, out);
}

void naming_record(const struct ndpi_app *a, const struct trigger *g, struct flow_record *r)
{
	if (!a->name[0])
		return;
	memcpy(r->app, a->name, sizeof(r->app));
	r->app_kind = a->kind;
	if (r->trigger != TRIGGER_NONE || !g || !app_kind_blocked(a->kind))
		return;
	r->trigger = g->kind;
	r->trigger_frame = g->last_frame;
}

static bool was_found(const struct flow *f)
{
	for (size_t k = 0; f->told && k < FLOW_TOLD_KINDS; k++)
		if (f->told[k].rev)
			return true;
	return false;
}

void naming_flow(struct app_ndpi *n, const struct flow *f, struct flow_record *r)
{
	struct ndpi_app a;

	if (naming_look(n, f, was_found(f) ? NAMING_FOUND : NAMING_TOLD, &a))
		naming_record(&a, NULL, r);
}

void naming_evidence(const struct ndpi_app *a, struct evidence *ev)
{
	const char *kind = app_kind_name(a->kind);

	if (!a->name[0])
		return;
	evidence_put_text(ev, FEAT_FLOW_APP, a->name, strlen(a->name), a->frame[0]);
	if (kind)
		evidence_put_text(ev, FEAT_FLOW_APP_KIND, kind, strlen(kind), a->frame[0]);
}

bool naming_wants_packet(const struct app_ndpi *n, const struct flow *f, bool flows_told)
{
	switch (app_ndpi_when(n)) {
	case NDPI_OFF:
		return false;
	case NDPI_ALL:
		return true;
	default:
		/* What TCP says is remembered (stream.c); of UDP nothing is. */
		return flows_told && f->proto == 17 && !f->app[0] && !f->dns;
	}
}
