/* SPDX-License-Identifier: BSD-3-Clause */
#include "diff_tell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/keyhash.h"
#include "base/text.h"
#include "sink/ip.h"
#include "sink/json.h"

static const char *const kind_name[PAIR_KINDS] = {"injected", "dropped", "changed"};

static const struct pair_rec *rec_of(const struct pair *p, const struct pair_item *it)
{
	return &p->side[it->file].rec[it->rec];
}

static const struct pair_flow *flow_of(const struct pair *p, const struct pair_item *it)
{
	return &p->side[it->file].flow[rec_of(p, it)->flow_i];
}

static uint32_t technique_of(const struct pair *p, const struct pair_item *it)
{
	const struct pair_rec *r = rec_of(p, it);
	const struct pair_flow *f = flow_of(p, it);

	if (it->kind == PAIR_DROPPED)
		return UINT32_C(1) << TECH_PACKET_DROP;
	if (r->flags & TCP_RST)
		return UINT32_C(1) << TECH_RST_INJECTION;
	if (f->proto == 17 && r->dir == 1 && f->port[1] == 53)
		return UINT32_C(1) << TECH_DNS_INJECTION;
	/* A bare ACK or FIN is part of what it comes with. */
	return r->len || r->flags & TCP_SYN ? UINT32_C(1) << TECH_DATA_INJECTION : 0;
}

bool diff_tell_next(const struct pair *p, uint32_t from, struct diff_finding *out)
{
	static const enum grade grade[] = {[PAIR_ANOMALY] = GRADE_ANOMALY,
					   [PAIR_LIKELY] = GRADE_LIKELY,
					   [PAIR_PROOF] = GRADE_PROOF};

	if (from >= p->n_items)
		return false;
	*out = (struct diff_finding){.from = from, .to = from};
	for (; out->to < p->n_items && p->item[out->to].talk == p->item[from].talk &&
	       p->item[out->to].kind == p->item[from].kind;
	     out->to++)
		out->techniques |= technique_of(p, &p->item[out->to]);
	if (!out->techniques)
		out->techniques = UINT32_C(1) << TECH_DATA_INJECTION;
	out->grade = grade[pair_judge_grade(p, from, out->to)];
	return true;
}

/* Stable: made of the packets, not of anything of this run. */
static void id_text(const struct pair *p, const struct pair_item *it, bool of_flow, char out[17])
{
	static const struct hash_key key = {0x77616c6c7072696eULL, 0x742064696666ULL};
	const struct pair_flow *f = flow_of(p, it);
	uint8_t at[64] = {f->proto};

	if (it->file == PAIR_RESP && f->mate != PAIR_NONE)
		f = &p->side[PAIR_ORIG].flow[f->mate]; /* both ends' findings name one flow */
	memcpy(at + 1, f->addr[0].b, 16);
	memcpy(at + 17, f->addr[1].b, 16);
	memcpy(at + 33, f->port, sizeof(f->port));
	memcpy(at + 37, &f->first_ns, sizeof(f->first_ns));
	if (!of_flow) {
		at[45] = (uint8_t)(it->kind + 1);
		at[46] = (uint8_t)(it->file + 1);
		memcpy(at + 47, &rec_of(p, it)->frame, sizeof(uint32_t));
	}
	snprintf(out, 17, "%016" PRIx64, keyhash(&key, at, sizeof(at)));
}

static void put_time(struct json *j, const char *key, int64_t ns)
{
	char at[TEXT_TIME_SIZE];

	json_word(j, key, text_time(ns, at));
}

/* The frames of the items [from, to) that stand in this file; nothing when there are none. */
static void put_file_frames(struct json *j, const struct diff_run *d, uint32_t from, uint32_t to,
			    int file, bool mates)
{
	const struct pair *p = d->pair;
	bool open = false;

	for (uint32_t i = from; i < to; i++) {
		const struct pair_item *it = &p->item[i];
		const struct pair_rec *r = rec_of(p, it);

		if (mates ? r->mate == PAIR_NONE || it->file == file : it->file != file)
			continue;
		if (!open) {
			json_open(j, NULL, '{');
			json_str(j, "file", d->input[file].file, strlen(d->input[file].file));
			json_open(j, "frames", '[');
			open = true;
		}
		json_uint(j, NULL, mates ? p->side[file].rec[r->mate].frame : r->frame);
	}
	if (open) {
		json_close(j, ']');
		json_close(j, '}');
	}
}

/* The last packet that the other end sent before this one and the first after it: what its capture
 * holds in the place of what it does not. */
static void put_beside(struct json *j, const struct diff_run *d, const struct diff_finding *fi,
		       int file)
{
	const struct pair *p = d->pair;
	const struct pair_item *it = &p->item[fi->from];
	const struct pair_rec *r = rec_of(p, it);
	const struct pair_flow *f = flow_of(p, it);
	const struct pair_side *o = &p->side[file];
	uint32_t before = PAIR_NONE, after = PAIR_NONE;
	int64_t at = it->file == PAIR_ORIG ? pair_clock_to_resp(&p->clock, r->ts_ns)
					   : pair_clock_to_orig(&p->clock, r->ts_ns);

	json_open(j, NULL, '{');
	json_str(j, "file", d->input[file].file, strlen(d->input[file].file));
	json_open(j, "frames", '[');
	if (f->mate != PAIR_NONE)
		for (uint32_t x = o->flow[f->mate].head[r->dir];
		     x != PAIR_NONE && after == PAIR_NONE; x = o->rec[x].next) {
			if (o->rec[x].ts_ns <= at)
				before = x;
			else
				after = x;
		}
	if (before != PAIR_NONE)
		json_uint(j, NULL, o->rec[before].frame);
	if (after != PAIR_NONE)
		json_uint(j, NULL, o->rec[after].frame);
	json_close(j, ']');
	json_close(j, '}');
}

static bool in_file(const struct pair *p, const struct diff_finding *fi, int file)
{
	for (uint32_t i = fi->from; i < fi->to; i++)
		if (p->item[i].file == file)
			return true;
	return false;
}

static void put_flow(struct json *j, const struct pair *p, const struct pair_item *it)
{
	const struct pair_flow *f = flow_of(p, it);
	char ip[SINK_IP_MAX], id[17];

	id_text(p, it, true, id);
	json_open(j, "flow", '{');
	json_word(j, "id", id);
	json_word(j, "proto", f->proto == 17 ? "udp" : "tcp");
	for (int e = 0; e < 2; e++) {
		json_open(j, e ? "resp" : "orig", '{');
		json_word(j, "ip", sink_ip(f->addr[e].b, ip));
		json_uint(j, "port", f->port[e]);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_alternative(struct json *j, const char *cause, const char *tell)
{
	json_open(j, NULL, '{');
	json_word(j, "cause", cause);
	json_word(j, "tell", tell);
	json_close(j, '}');
}

static void put_alternatives(struct json *j, const struct pair *p, const struct diff_finding *fi)
{
	json_open(j, "alternatives", '[');
	if (fi->grade != GRADE_PROOF) {
		if (p->item[fi->from].kind == PAIR_DROPPED)
			put_alternative(
				j,
				"the receiving host or its capture had stopped, or a link was down",
				"that capture's last packet is older than what is missing");
		else
			put_alternative(
				j,
				"the sender's capture missed packets, or another host behind the same address sent them",
				"nothing shows the sender's capture to be complete: no IP ID that counts up, or numbers are left out");
	}
	json_close(j, ']');
}

static void put_finding(struct json *j, const struct diff_run *d, const struct diff_finding *fi)
{
	const struct pair *p = d->pair;
	const struct pair_item *first = &p->item[fi->from];
	bool complete = true, uncovered = false;
	char id[17];

	for (uint32_t i = fi->from; i < fi->to; i++) {
		complete &= p->item[i].complete;
		uncovered |= p->item[i].uncovered;
	}
	id_text(p, first, false, id);
	json_event(j, "finding");
	json_word(j, "id", id);
	json_uint(j, "rev", 1);
	put_time(j, "ts", rec_of(p, first)->ts_ns);
	json_open(j, "src", '[');
	for (int file = 0; file < 2; file++) {
		if (in_file(p, fi, file))
			put_file_frames(j, d, fi->from, fi->to, file, false);
		else if (first->kind == PAIR_ALTERED)
			put_file_frames(j, d, fi->from, fi->to, file, true);
		else
			put_beside(j, d, fi, file);
	}
	json_close(j, ']');
	put_flow(j, p, first);
	json_open(j, "techniques", '[');
	for (int t = 0; t < TECH_N; t++)
		if (fi->techniques >> t & 1)
			json_word(j, NULL, technique_name((enum technique)t));
	json_close(j, ']');
	json_word(j, "grade", grade_name(fi->grade));
	for (int k = 0; k < PAIR_KINDS; k++) {
		json_open(j, kind_name[k], '[');
		for (int file = 0; k == first->kind && file < 2; file++)
			put_file_frames(j, d, fi->from, fi->to, file, false);
		json_close(j, ']');
	}
	put_alternatives(j, p, fi);
	json_open(j, "quality", '{');
	json_bool(j, "complete", complete);
	json_bool(j, "beyond_end", uncovered);
	json_close(j, '}');
	json_close(j, '}');
	json_end_line(j);
}

static void put_inputs(struct json *j, const struct diff_run *d)
{
	json_open(j, "inputs", '[');
	for (int i = 0; i < 2; i++) {
		const struct run_input *in = &d->input[i];
		char hex[65];

		json_open(j, NULL, '{');
		json_str(j, "file", in->file, strlen(in->file));
		for (size_t k = 0; in->sha256_valid && k < sizeof(in->sha256); k++)
			snprintf(hex + 2 * k, 3, "%02x", in->sha256[k]);
		if (in->sha256_valid)
			json_word(j, "sha256", hex);
		json_uint(j, "packets", in->packets);
		json_word(j, "state", input_state_name(in->state));
		json_word(j, "why", in->why);
		json_word(j, "end", i ? "resp" : "orig");
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_both(struct json *j, const char *key, const uint64_t n[2])
{
	json_open(j, key, '[');
	json_uint(j, NULL, n[0]);
	json_uint(j, NULL, n[1]);
	json_close(j, ']');
}

static void put_run(struct json *j, const struct diff_run *d, const uint64_t found[TECH_N],
		    const uint64_t kinds[PAIR_KINDS])
{
	const struct pair *p = d->pair;
	const struct pair_side *s = p->side;

	json_run(j);
	put_inputs(j, d);
	json_uint(j, "packets", d->input[0].packets + d->input[1].packets);
	json_uint(j, "flows", p->flows_paired);
	json_bool(j, "swapped", d->swapped);
	json_open(j, "clock", '{');
	if (p->clock.valid) {
		json_int(j, "offset_ns", p->clock.offset_ns);
		json_int(j, "drift_ppm", llround(p->clock.drift_ppm));
		json_bool(j, "both_ways", p->clock.both_ways);
		if (p->clock.both_ways)
			json_int(j, "rtt_ns", p->clock.rtt_ns);
	}
	json_uint(j, "n_pairs", p->clock.n_pairs);
	json_close(j, '}');
	json_open(j, "diff", '{'); /* lists: in the file of orig, in the file of resp */
	json_uint(j, "matched", p->matched);
	for (int k = 0; k < PAIR_KINDS; k++)
		json_uint(j, kind_name[k], kinds[k]);
	put_both(j, "lost", p->lost);
	put_both(j, "duplicated", p->twins);
	put_both(j, "outside", p->outside);
	put_both(j, "not_compared", (const uint64_t[]){s[0].other, s[1].other});
	put_both(j, "left_out", (const uint64_t[]){s[0].left_out, s[1].left_out});
	json_close(j, '}');
	json_open(j, "findings", '{');
	for (int t = 0; t < TECH_N; t++)
		if (found[t])
			json_uint(j, technique_name((enum technique)t), found[t]);
	json_close(j, '}');
	json_open(j, "lost", '{');
	json_uint(j, "undecoded", d->undecoded[0] + d->undecoded[1]);
	json_uint(j, "evicted", s[0].left_out + s[1].left_out);
	json_close(j, '}');
	json_close(j, '}');
	json_end_line(j);
}

void diff_tell_jsonl(FILE *f, const struct diff_run *d)
{
	uint64_t found[TECH_N] = {0}, kinds[PAIR_KINDS] = {0};
	struct json j = {.f = f};
	struct diff_finding fi;

	for (uint32_t i = 0; diff_tell_next(d->pair, i, &fi); i = fi.to) {
		put_finding(&j, d, &fi);
		for (int t = 0; t < TECH_N; t++)
			found[t] += fi.techniques >> t & 1;
		kinds[d->pair->item[i].kind] += fi.to - fi.from;
	}
	put_run(&j, d, found, kinds);
}
