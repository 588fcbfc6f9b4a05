/* SPDX-License-Identifier: BSD-3-Clause */
/* Findings into devices: METHODS k. A case goes to the cell of its class and values at once; which
 * cells are one device is said at the end, when it shows which values are constant. So the outcome
 * does not depend on the order of findings, as long as there is room. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "kin/devices_impl.h"
#include "kin/place.h"

struct devices *devices_new(void)
{
	return calloc(1, sizeof(struct devices));
}

void devices_free(struct devices *ds)
{
	if (!ds)
		return;
	for (uint32_t i = 0; i < ds->n_cells; i++)
		device_clear(&ds->cell[i].d);
	free(ds->cell);
	free(ds->out);
	free(ds);
}

size_t devices_n(const struct devices *ds)
{
	return ds->n_out;
}

const struct device *devices_at(const struct devices *ds, size_t i)
{
	return ds->out[i];
}

uint64_t devices_left_out(const struct devices *ds)
{
	return ds->left_out;
}

/* --- one case --- */

static int64_t num_or(const struct evidence *ev, enum feat id, int64_t none)
{
	const struct ev_value *v = evidence_get(ev, id);

	return v ? v->num : none;
}

static void put_id(struct device *d, const struct finding *f, const struct evidence *ev)
{
	/* "wallprint.device/1" */
	static const struct hash_key key = {0x77616c6c7072696e, 0x742e646576696365};
	struct {
		char finding[17];
		uint64_t frame;
		uint32_t kase;
	} made;
	const uint64_t *suspect;
	char id[17];

	memset(&made, 0, sizeof(made));
	memcpy(made.finding, f->id, sizeof(made.finding));
	made.frame = evidence_suspects(ev, &suspect) ? suspect[0] : f->n_frames ? f->frame[0] : 0;
	made.kase = (uint32_t)evidence_case(ev);
	/* 16 digits fit */
	(void)snprintf(id, sizeof(id), "%016llx",
		       (unsigned long long)keyhash(&key, &made, sizeof(made)));
	if (f->ts_ns < d->first_ns || (f->ts_ns == d->first_ns && strcmp(id, d->id) < 0))
		memcpy(d->id, id, sizeof(id));
}

static bool is_v4(const uint8_t a[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a, mapped, sizeof(mapped)) == 0;
}

static void put_reset(struct device *d, const struct finding *f, const struct evidence *ev)
{
	const struct ev_value *to = evidence_get(ev, FEAT_RST_TO);
	int64_t id = num_or(ev, FEAT_RST_IPID, -1), win = num_or(ev, FEAT_RST_WIN, 0);
	const struct flow_end *src, *dst;
	struct generator_reset r = {.packets = 1, .ts_ns = f->ts_ns};

	if (evidence_case(ev) != CASE_RST || d->local_headers || id < 0 || win <= 0 || !to ||
	    !to->n_text || !is_v4(f->flow.orig.addr) || !is_v4(f->flow.resp.addr))
		return;
	r.to_orig = strcmp(to->text[0], "orig") == 0;
	src = r.to_orig ? &f->flow.resp : &f->flow.orig;
	dst = r.to_orig ? &f->flow.orig : &f->flow.resp;
	memcpy(r.src, src->addr + 12, sizeof(r.src));
	memcpy(r.dst, dst->addr + 12, sizeof(r.dst));
	r.ip_id = (uint16_t)id;
	r.win = (uint16_t)win;
	r.ttl = (uint8_t)num_or(ev, FEAT_RST_TTL, 0);
	if (num_or(ev, FEAT_RST_IDENTICAL, 0))
		r.packets = (uint32_t)num_or(ev, FEAT_RST_COUNT, 1);
	device_reset_add(d, &r);
}

static void put_seen(struct device *d, const struct finding *f, const struct evidence *ev,
		     const char *file, bool new_finding)
{
	struct device_seen *s = device_seen_get(d, file);
	uint8_t lo = 0, hi = 0;

	if (!s) {
		d->seen_left_out += new_finding;
		return;
	}
	s->n_findings += new_finding;
	s->first_ns = f->ts_ns < s->first_ns ? f->ts_ns : s->first_ns;
	s->last_ns = f->ts_ns > s->last_ns ? f->ts_ns : s->last_ns;
	switch (place_of(&f->flow, ev, &lo, &hi)) {
	case PLACE_REFUSED:
		s->n_no_hops++;
		break;
	case PLACE_KNOWN:
		s->hops_lo = !s->n_hops || lo < s->hops_lo ? lo : s->hops_lo;
		s->hops_hi = !s->n_hops || hi > s->hops_hi ? hi : s->hops_hi;
		s->n_hops++;
		break;
	default:
		break;
	}
}

static void put_matches(struct device *d, const struct finding *f, uint32_t case_i)
{
	for (uint32_t i = 0; i < f->n_matches; i++) {
		const struct signature *s = f->match[i].r.sig;

		if (f->match[i].case_i != case_i || s->kind == SIG_BENIGN)
			continue;
		device_match_add(d, s->id, 1);
		if (s->has_technique && f->techniques >> s->technique & 1)
			d->techniques |= UINT32_C(1) << s->technique;
	}
	d->techniques |= f->aimed_follows | f->aimed_control;
}

/* Has an earlier case of this finding gone to a cell of this class? */
static bool class_told(const struct devices *ds, const struct finding *f, uint64_t class)
{
	for (uint32_t i = 0; i < ds->n_cells; i++)
		if (ds->cell[i].key.class == class && !strcmp(ds->cell[i].last_finding, f->id))
			return true;
	return false;
}

static void take_case(struct devices *ds, const struct finding *f, uint32_t case_i,
		      const char *file)
{
	const struct evidence *ev = f->cases[case_i];
	bool local = f->flow.point == POINT_VPN_API || f->flow.point == POINT_PROXY, new_finding;
	struct device_key key = device_key_of(ev, local);
	enum feat values[2];
	bool told;
	uint32_t at;
	struct cell *c;

	/* Without packets of its own to look at, likeness says nothing from one place to another. */
	if (!device_key_values(evidence_case(ev), values) ||
	    (local && evidence_case(ev) != CASE_PAGE && evidence_case(ev) != CASE_DNS))
		key.class = key.class * 31 + f->flow.input_i;
	told = class_told(ds, f, key.class);
	at = devices_cell_for(ds, &key);
	if (at == CELL_NONE) {
		ds->left_out++;
		return;
	}
	c = &ds->cell[at];
	new_finding = strcmp(c->last_finding, f->id) != 0;
	memcpy(c->last_finding, f->id, sizeof(c->last_finding));
	c->d.kase = evidence_case(ev);
	c->d.local_headers = local;
	c->d.grade = f->grade > c->d.grade ? f->grade : c->d.grade;
	put_id(&c->d, f, ev);
	c->d.first_ns = f->ts_ns < c->d.first_ns ? f->ts_ns : c->d.first_ns;
	c->d.last_ns = f->ts_ns > c->d.last_ns ? f->ts_ns : c->d.last_ns;
	c->d.n_findings += new_finding;
	c->d.n_cases++;
	c->n_own += !told;
	if (f->flow.trigger != TRIGGER_NONE)
		c->d.reacts_to |= UINT32_C(1) << f->flow.trigger;
	device_feats_add(&c->d, ev);
	put_seen(&c->d, f, ev, file, new_finding);
	put_reset(&c->d, f, ev);
	if (new_finding)
		put_matches(&c->d, f, case_i);
	if (!told && !f->flow.udp && devices_name(&f->flow)) {
		c->acted++;
		devices_name_add(c, devices_name(&f->flow));
	}
	devices_past(ds, &f->flow, ev, f->ts_ns, at);
}

void devices_finding(struct devices *ds, const struct finding *f, const char *file)
{
	for (uint32_t i = 0; ds && i < f->n_cases; i++)
		if (f->likely_cases >> i & 1)
			take_case(ds, f, i, file);
	if (ds && f->likely_cases)
		memcpy(ds->last_flow, f->flow.id, sizeof(ds->last_flow));
}

/* --- the end --- */

static int by_time(const void *a, const void *b)
{
	const struct device *x = *(struct device *const *)a, *y = *(struct device *const *)b;

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void settle_cell(const struct devices *ds, struct cell *c)
{
	uint64_t passed;

	if (c->acted && devices_passed(ds, c, &passed)) {
		c->d.acted = c->acted;
		c->d.opportunities = c->acted + passed;
	}
	device_settle(&c->d);
}

void devices_finish(struct devices *ds)
{
	devices_group(ds);
	for (uint32_t i = 0; i < ds->n_cells; i++)
		for (uint32_t k = i + 1; ds->cell[i].moved_to == CELL_NONE && k < ds->n_cells; k++)
			if (ds->cell[k].moved_to == CELL_NONE &&
			    ds->cell[k].key.class == ds->cell[i].key.class &&
			    ds->cell[k].group == ds->cell[i].group)
				devices_take_in(ds, i, k);
	ds->out = calloc(ds->n_cells ? ds->n_cells : 1, sizeof(struct device *));
	for (uint32_t i = 0; i < ds->n_cells; i++) {
		struct cell *c = &ds->cell[i];

		if (c->moved_to != CELL_NONE)
			continue;
		settle_cell(ds, c);
		if (ds->out)
			ds->out[ds->n_out++] = &c->d;
		else
			ds->left_out += c->d.n_findings;
	}
	if (ds->out)
		qsort(ds->out, ds->n_out, sizeof(struct device *), by_time);
}
