/* SPDX-License-Identifier: BSD-3-Clause */
/* What came before between the same ends, and what came of other flows with the same name: how long
 * a device goes on, and how reliably it acts. */
#include <string.h>

#include "base/keyhash.h"
#include "kin/devices_impl.h"

/* The longest residual blocking on record is 360 s (MIDDLEBOXES 1.1); an act an hour later is a new
 * one. */
static const int64_t past_ns = INT64_C(3600) * 1000000000;

/* RFC 3986's names of hosts do not care for case; who acts on them may, and that is no matter here.
 */
uint64_t devices_name(const struct flow_record *r)
{
	static const struct hash_key key = {0x6e616d65, 0x64657669};
	uint64_t h;

	if (!r->trigger_len || (r->trigger != TRIGGER_TLS_SNI && r->trigger != TRIGGER_HTTP_HOST))
		return 0;
	h = keyhash(&key, r->trigger_value, r->trigger_len);
	h = h * 31 + (uint64_t)r->trigger;
	h = h * 31 + r->input_i;
	return h ? h : 1;
}

static struct pass *pass_of(const struct devices *ds, uint64_t name)
{
	size_t at = name % LIMIT_DEVICE_NAMES;

	/* never full: see devices_pass */
	while (ds->pass[at].name && ds->pass[at].name != name)
		at = (at + 1) % LIMIT_DEVICE_NAMES;
	return (struct pass *)&ds->pass[at];
}

uint64_t devices_pass_of(const struct flow_record *r)
{
	return r->udp || r->one_sided || !r->bytes[1] ? 0 : devices_name(r);
}

void devices_pass(struct devices *ds, uint64_t name, const char flow_id[FLOW_ID_TEXT])
{
	struct pass *p;

	if (!strcmp(flow_id, ds->last_flow))
		return;
	p = pass_of(ds, name);
	if (!p->name && ds->n_passes == LIMIT_DEVICE_NAMES * 3 / 4) {
		ds->passes_cut = true;
		return;
	}
	ds->n_passes += !p->name;
	p->name = name;
	p->n++;
}

void devices_flow(struct devices *ds, const struct flow_record *r)
{
	uint64_t pass = ds ? devices_pass_of(r) : 0;

	if (pass)
		devices_pass(ds, pass, r->id);
}

bool devices_passed(const struct devices *ds, const struct cell *c, uint64_t *n)
{
	*n = 0;
	if (ds->passes_cut || c->names_cut)
		return false;
	for (uint32_t i = 0; i < c->n_names; i++)
		*n += pass_of(ds, c->name[i])->n;
	return true;
}

/* --- earlier acts --- */

static bool same_ends(const struct act *a, const struct flow_record *r)
{
	return a->input_i == r->input_i && a->port == r->resp.port &&
	       memcmp(a->orig, r->orig.addr, 16) == 0 && memcmp(a->resp, r->resp.addr, 16) == 0;
}

static void went_on(struct devices *ds, const struct act *a, int64_t ns)
{
	struct device *d = &ds->cell[devices_cell(ds, a->cell_i)].d;

	if (ns > d->residual_ns && ns <= past_ns)
		d->residual_ns = ns;
}

/* Before any payload: nothing in this connection can have set it off. */
static bool before_payload(const struct evidence *ev)
{
	const struct ev_value *stage = evidence_get(ev, FEAT_FLOW_STAGE);

	return stage && stage->n_text &&
	       (!strcmp(stage->text[0], "post_syn") || !strcmp(stage->text[0], "post_ack"));
}

static void look_back(struct devices *ds, const struct flow_record *r, const struct evidence *ev,
		      int64_t ts_ns, uint32_t cell_i)
{
	const struct ev_value *reset = evidence_get(ev, FEAT_DROP_SINCE_RESET);
	bool again = r->trigger == TRIGGER_NONE && before_payload(ev);
	uint64_t n = ds->n_acts < LIMIT_DEVICE_ACTS ? ds->n_acts : LIMIT_DEVICE_ACTS;

	for (uint64_t i = 0; (again || reset) && i < n; i++) {
		const struct act *a = &ds->act[i];
		uint64_t class = ds->cell[devices_cell(ds, a->cell_i)].key.class;

		if (!same_ends(a, r))
			continue;
		if (reset && reset->n_frames && reset->frame[0] == a->frame)
			went_on(ds, a, reset->num);
		if (again && class == ds->cell[cell_i].key.class)
			went_on(ds, a, ts_ns - a->ts_ns);
	}
}

void devices_past(struct devices *ds, const struct flow_record *r, const struct evidence *ev,
		  int64_t ts_ns, uint32_t cell_i)
{
	const struct ev_value *span = evidence_get(ev, FEAT_QUIC_DEAD_SPAN);
	struct device *d = &ds->cell[cell_i].d;
	const uint64_t *suspect;
	struct act *a;

	look_back(ds, r, ev, ts_ns, cell_i);
	if (span && span->num > d->residual_ns)
		d->residual_ns = span->num;
	if (r->trigger == TRIGGER_NONE || !evidence_suspects(ev, &suspect))
		return;
	a = &ds->act[ds->n_acts++ % LIMIT_DEVICE_ACTS];
	*a = (struct act){.input_i = r->input_i,
			  .port = r->resp.port,
			  .ts_ns = ts_ns,
			  .frame = suspect[0],
			  .cell_i = cell_i};
	memcpy(a->orig, r->orig.addr, sizeof(a->orig));
	memcpy(a->resp, r->resp.addr, sizeof(a->resp));
}
