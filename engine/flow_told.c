/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_told.h"

#include <endian.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/text.h"
#include "geo/geo.h"

/* Stable: made from what the flow is, not from where a table keeps it. */
static void flow_id(const struct flow *f, char out[FLOW_ID_TEXT])
{
	/* "wallprint.flow/1" */
	static const struct hash_key key = {0x77616c6c7072696e, 0x742e666c6f772f31};
	struct {
		struct ip_addr addr[2];
		int64_t first_ns;
		uint64_t first_frame;
		uint16_t port[2];
		uint32_t proto;
	} id;
	uint8_t bytes[(FLOW_ID_TEXT - 1) / 2];
	uint64_t hash;

	memset(&id, 0, sizeof(id));
	memcpy(id.addr, f->addr, sizeof(id.addr));
	id.first_ns = f->first_ns;
	id.first_frame = f->first_frame;
	memcpy(id.port, f->port, sizeof(id.port));
	id.proto = f->proto;
	hash = htobe64(keyhash(&key, &id, sizeof(id)));
	memcpy(bytes, &hash, sizeof(bytes));
	text_hex(out, bytes, sizeof(bytes)); /* once a flow: printf would take ten times as long */
	out[FLOW_ID_TEXT - 1] = '\0';
}

static void record_trigger(struct flow_record *r, const struct trigger *g)
{
	r->trigger = g->kind;
	r->trigger_len = g->name_len;
	memcpy(r->trigger_value, g->name, g->name_len);
	r->trigger_value[g->name_len] = '\0';
	r->trigger_frame = g->last_frame;
}

void flow_record_of(const struct geo *geo, const struct flow *f, const struct trigger *g,
		    enum capture_point point, struct flow_record *r)
{
	struct flow_end *end[2] = {&r->orig, &r->resp};

	memset(r, 0, sizeof(*r));
	flow_id(f, r->id);
	r->input_i = f->input_i;
	r->udp = f->proto == 17;
	for (int d = 0; d < 2; d++) {
		memcpy(end[d]->addr, f->addr[d].b, sizeof(end[d]->addr));
		end[d]->port = f->port[d];
		if (geo)
			(void)geo_country(geo, end[d]->addr, /* none: empty */
					  end[d]->country);
		r->packets[d] = f->side[d].packets;
		r->bytes[d] = f->side[d].bytes;
	}
	r->first_ns = f->first_ns;
	r->last_ns = f->last_ns;
	r->first_frame = f->first_frame;
	r->last_frame = f->last_frame;
	memcpy(r->history, f->history, sizeof(f->history));
	memcpy(r->app, f->app, sizeof(f->app));
	r->point = point;
	r->stage_known = f->proto == 6 && !f->midstream;
	r->one_sided = !f->side[0].packets || !f->side[1].packets;
	r->truncated = f->truncated;
	r->marked = f->marked;
	r->lost = f->seq_gaps;
	if (g && trigger_kind_name(g->kind) && (g->name_len || g->kind != TRIGGER_PAYLOAD))
		record_trigger(r, g);
}
