/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets: who may have sent them.
 *
 * Gathers the resets of a flow into groups that one sender would have made (direction, flags, near
 * or far from that side's TTL, empty window or not) and writes what can be measured about each
 * group: METHODS b (sequence), c (stack, timing), a.5 (stage).
 *
 * Innocent look-alikes, each of which a fact tells apart: a closed port (refuses_syn), a close with
 * unread data (unread_data, IP ID and TTL as the flow's), a client that aborts (by_opener, fits its
 * line), packets after a FIN (after_fin), a firewall's idle timeout (idle), a load balancer with
 * another initial TTL (ttl_shift), a scanner (scan_syn), an evasion tool's decoy (bad_checksum), a
 * mirror port's second copy (left out of the count when ordinary packets come twice too). When in
 * doubt a fact is not written. */
#include "detect/carrier.h"
#include "detect/rst_group.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = CASES_MAX };
/* A reset built from data that arrived after it: METHODS a.5 step 3. */
static const int64_t race_ns = INT64_C(200) * 1000000;

struct kind {
	enum dir dir;
	uint16_t flags;
	bool far, empty_window;
};

static struct kind kind_of(const struct flow *f, const struct seg *s)
{
	struct kind k = {.dir = s->dir, .flags = s->flags, .empty_window = s->win == 0};
	uint8_t near;

	if (model_nearest_ttl(f, s->dir, s->ttl, NULL, 0, &near))
		k.far = abs(near - s->ttl) > TTL_NEAR;
	return k;
}

static bool same_kind(const struct kind *a, const struct kind *b)
{
	return a->dir == b->dir && a->flags == b->flags && a->far == b->far &&
	       a->empty_window == b->empty_window;
}

/* The trigger the group answers: the last one before it, or the one its sequence number was
 * computed from though it arrived later. */
static void group_trigger(struct rst_group *g)
{
	const struct seg *r = g->at[0];
	const struct trigger *t = trigger_before(g->f, r->ts_ns, g->dir == DIR_ORIG ? race_ns : 0);

	/* Data that came before the trigger's own turn: a reset whose number lies beyond the next
	 * trigger's end was made from that one. */
	for (uint32_t i = 0; g->dir == DIR_ORIG && i < g->f->n_triggers; i++) {
		const struct trigger *c = &g->f->trigger[i];

		if (c->dir == DIR_ORIG && c->ts_ns > r->ts_ns && c->ts_ns - r->ts_ns <= race_ns &&
		    r->seq == c->seq_end)
			t = c;
	}
	g->trigger = t;
	g->raced_trigger = t && t->ts_ns > r->ts_ns;
}

static void judge_group(struct rst_group *g, struct case_list *out)
{
	struct evidence *ev = case_new(out, CASE_RST, g->f);
	enum flow_stage st;

	if (!ev)
		return;
	group_trigger(g);
	if (g->trigger)
		case_trigger(ev, g->trigger);
	st = detect_stage(g->f, g->at[0]);
	if (st != STAGE_NONE)
		evidence_put_text(ev, FEAT_FLOW_STAGE, flow_stage_name(st),
				  strlen(flow_stage_name(st)), g->at[0]->frame_no);
	rst_facts_stack(g, ev);
	rst_facts_order(g, ev);
	rst_facts_time(g, ev);
	rst_facts_generator(g, ev);
	for (uint32_t i = 0; i < g->n; i++)
		evidence_suspect(ev, g->at[i]->frame_no);
}

static void judge_rst(const struct flow *f, struct case_list *out)
{
	struct rst_group *group = calloc(GROUPS_MAX, sizeof(*group));
	struct kind kind[GROUPS_MAX];
	uint32_t n = 0, g;

	if (!group) {
		out->lost++;
		return;
	}
	for (uint32_t i = 0; i < f->log.n; i++) {
		const struct seg *s = &f->log.at[i];
		struct kind k;

		if (!(s->flags & TCP_RST) || flow_is_mirror_copy(f, s))
			continue;
		k = kind_of(f, s);
		for (g = 0; g < n && !same_kind(&kind[g], &k); g++)
			;
		if (g == GROUPS_MAX) {
			out->lost++;
			continue;
		}
		if (g == n) {
			kind[n] = k;
			group[n++] = (struct rst_group){.f = f, .dir = s->dir};
		}
		if (group[g].n < RST_GROUP_MAX)
			group[g].at[group[g].n++] = s;
		else
			group[g].left_out++;
	}
	for (g = 0; g < n; g++)
		judge_group(&group[g], out);
	free(group);
}

const struct detector det_rst = {
	.name = "rst",
	.help = "resets that may not come from the side whose name they carry",
	.wants = SUS_RST,
	.judge = judge_rst,
};
