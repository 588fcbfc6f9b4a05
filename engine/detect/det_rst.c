/* SPDX-License-Identifier: BSD-3-Clause */
/* Resets: who may have sent them.
 *
 * Gathers the resets of a flow into groups that one sender would have made (direction, flags, near or far from that side's
 * TTL, empty window or not) and writes what can be measured about each group: METHODS b (sequence), c (stack, timing), a.5
 * (stage). When in doubt a fact is not written.
 *
 * Innocent look-alikes, what tells each apart, and its tests (tests/check/alike):
 * - a closed port: seq 0, window 0, to a SYN: refuses_syn
 *     test_rst_closed_port_is_refusal_not_injection closed-port.pcap
 * - Windows: IP IDs in sequence on every reset: fits its line
 *     test_rst_of_windows_fits_its_line windows-reset.pcap
 * - a close with unread data, linger 0: unread_data, own TTL, a full round trip
 *     test_rst_of_a_close_with_unread_data unread-data.pcap
 * - a client that aborts: tab closed, preconnect dropped: by_opener, fits its line
 *     test_rst_client_abort_looks_like_the_client client-abort.pcap
 * - late data after the client's FIN: number and kind of a kernel's answer
 *     test_rst_to_late_data_after_the_clients_fin late-data-reset.pcap
 * - a reset behind a FIN: after_fin
 *     test_rst_after_a_fin_of_either_side fin-then-reset.pcap
 * - a NAT or firewall that forgot: idle for a minute
 *     test_rst_idle_is_the_silence_before_it idle-reset-a.pcap
 * - a firewall at the server, another initial TTL: ttl_shift
 *     test_rst_load_balancer_ttl_is_a_shift firewall-reset-ttl64.pcap
 * - a load balancer without backend: within 3 hops, a full round trip (near_resp)
 *     test_rst_near_resp_is_where_a_balancer_stands lb-backend-gone.pcap lb-backend-gone-b.pcap
 * - a server that refuses the name: alert, page, then reset: after_data
 *     test_rst_after_the_trigger_or_after_the_answer tls-alert-then-reset.pcap
 * - a scrubber's SYN authentication: no trigger
 *     test_rst_without_trigger_has_no_lag syn-auth-cookie.pcap syn-auth-wrong-ack.pcap
 * - a scanner's kernel: scan_syn
 *     test_rst_to_a_scanner_s_syn zmap-scan.pcap masscan.pcap
 * - borrowed sources of a SYN flood: no trigger
 *     test_rst_without_trigger_has_no_lag spoofed-syn.pcap
 * - health checks of a balancer: no trigger, own stack
 *     test_rst_of_the_own_stack_shows_no_sign health-check.pcap
 * - Happy Eyeballs' loser: by_opener, no trigger
 *     eyeballs-lost.pcap
 * - a captive portal before login: all hosts alike; it makes the whole connection
 *     test_rst_of_the_own_stack_shows_no_sign captive-portal.pcap
 * - an evasion tool's decoy: bad_checksum
 *     test_rst_with_wrong_checksums_only_is_a_decoy bad-checksum-rst.pcap
 * - a mirror port's second copy: left out where other packets come twice too
 *     test_rst_mirror_copies_are_one_reset mirrored-reset.pcap */
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
