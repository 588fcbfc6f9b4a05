/* SPDX-License-Identifier: BSD-3-Clause */
/* A page for people. The first finding of a kind is told in full when it comes, the same kind in
 * another file in short; more of the same in the same file are counted and listed at the end.
 * Memory does not grow with the number of findings. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyhash.h"
#include "sink/outage_out.h"
#include "sink/sink.h"
#include "sink/tell.h"

enum {
	GROUPS_MAX = 256, /* kinds of finding, each in one file; more are counted */
	FULL_MAX = 24,    /* told in full */
	MEMBERS_MAX = 4,  /* of each kind are named at the end */
	IDS_MAX = 2048,   /* findings that a later revision may still change */
	WIDTH_MIN = 60,
	WIDTH_MAX = 100,
};

struct member {
	char id[17]; /* the finding's */
	struct flow_record flow;
	uint64_t frame; /* first suspected, else first cited */
};

struct group {
	uint64_t kind, file; /* hashes */
	uint64_t n;          /* findings in it now */
	uint32_t n_members;
	struct member member[MEMBERS_MAX];
};

struct known_id {
	char id[17];
	uint32_t group_i; /* GROUPS_MAX: in none */
};

struct sink {
	struct page page;
	struct say say;
	int error; /* errno of the first write that failed; 0 none */
	uint64_t n_told, n_left_out;
	bool repeats_shown;
	uint32_t n_groups, n_full;
	uint64_t file_shown; /* hash of the file whose name stands above */
	struct group group[GROUPS_MAX];
	uint32_t n_ids; /* ever; the ring holds the last IDS_MAX */
	struct known_id id[IDS_MAX];
};

static bool text_open(struct sink **out, FILE *f, const struct sink_options *opts,
		      struct err_info *err)
{
	uint32_t width = opts->width ? opts->width : WIDTH_MAX;
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, "out of memory");
	width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
	s->page = (struct page){.f = f, .width = width, .colour = opts->colour};
	*out = s;
	return true;
}

static uint64_t hash_of(const void *at, size_t n)
{
	static const struct hash_key key = {
		0x73696e6b, 0x74657874}; /* only for the eye: a collision joins two lines */

	return keyhash(&key, at, n);
}

/* What makes two findings of one kind: the act, how sure, where to, and which middleboxes behave
 * like it. */
static uint64_t kind_of(const struct finding *f)
{
	uint64_t part[] = {f->techniques, f->aimed_follows,  (uint64_t)f->grade,
			   f->flow.udp,   f->flow.resp.port, 0};

	for (uint32_t i = 0; i < f->n_matches; i++)
		if (f->match[i].r.sig->kind == SIG_MIDDLEBOX)
			part[5] ^= hash_of(f->match[i].r.sig->id, strlen(f->match[i].r.sig->id));
	return hash_of(part, sizeof(part));
}

static void show_file(struct sink *s, const char *file, uint64_t hash)
{
	if (s->file_shown == hash)
		return;
	s->file_shown = hash;
	say_foreign(&s->say, file, strlen(file));
	page_put(&s->page, NULL, 0, s->say.at, INK_BOLD);
	say_clear(&s->say);
	page_gap(&s->page);
}

static bool kind_known(const struct sink *s, uint64_t kind)
{
	for (uint32_t i = 0; i < s->n_groups; i++)
		if (s->group[i].kind == kind)
			return true;
	return false;
}

/* The group of this kind in this file; n_groups when it is new. */
static uint32_t group_of(const struct sink *s, uint64_t kind, uint64_t file)
{
	uint32_t i = 0;

	while (i < s->n_groups && (s->group[i].kind != kind || s->group[i].file != file))
		i++;
	return i;
}

static struct known_id *id_get(struct sink *s, const char *id)
{
	uint32_t n = s->n_ids < IDS_MAX ? s->n_ids : IDS_MAX;

	for (uint32_t i = 0; i < n; i++)
		if (strcmp(s->id[i].id, id) == 0)
			return &s->id[i];
	return NULL;
}

/* Remembers where the finding was counted; a revision takes it out of where it was. Returns the
 * number that it had above, 0 when new. */
static uint32_t count_finding(struct sink *s, const struct finding *f, uint32_t group_i)
{
	struct known_id *k = f->rev > 1 ? id_get(s, f->id) : NULL;
	uint32_t was = 0;

	if (k && k->group_i < GROUPS_MAX) {
		s->group[k->group_i].n--;
		was = k->group_i + 1;
	}
	if (!k) {
		k = &s->id[s->n_ids++ % IDS_MAX];
		memcpy(k->id, f->id, sizeof(k->id));
		s->n_told++;
	}
	k->group_i = group_i;
	if (group_i < GROUPS_MAX)
		s->group[group_i].n++;
	else
		s->n_left_out++;
	return was;
}

static void remember_member(struct group *g, const struct finding *f)
{
	struct member *m;

	for (uint32_t i = 0; i < g->n_members; i++)
		if (strcmp(g->member[i].id, f->id) == 0)
			return;
	if (g->n_members == MEMBERS_MAX)
		return;
	m = &g->member[g->n_members++];
	memcpy(m->id, f->id, sizeof(m->id));
	m->flow = f->flow;
	m->frame = f->n_injected ? f->injected[0] : f->n_frames ? f->frame[0] : 0;
}

static void text_finding(struct sink *s, const struct finding *f, const char *file)
{
	uint64_t kind = kind_of(f), hash = hash_of(file, strlen(file));
	uint32_t i = group_of(s, kind, hash), was;
	bool fresh = i == s->n_groups, full = false;
	char label[16];

	was = count_finding(s, f, i);
	if (i < GROUPS_MAX) {
		full = s->n_full < FULL_MAX && !kind_known(s, kind);
		s->group[i].kind = kind;
		s->group[i].file = hash;
		s->n_groups += fresh;
		remember_member(&s->group[i], f);
	}
	if (!fresh || i == GROUPS_MAX)
		return;
	show_file(s, file, hash);
	(void)snprintf(label, sizeof(label), "%" PRIu32 ".", i + 1); /* fits: below 1000 */
	tell_act(&s->say, f);
	if (was && was != i + 1)
		say(&s->say, " (Tells number %" PRIu32 " anew.)", was);
	page_put(&s->page, label, 5, s->say.at, INK_BOLD);
	say_clear(&s->say);
	if (full) {
		s->n_full++;
		tell_full(&s->page, &s->say, f);
	} else {
		tell_short(&s->page, &s->say, f);
	}
	page_gap(&s->page);
	if (fflush(s->page.f) && !s->error)
		s->error = errno;
}

static void text_flow(struct sink *s, const struct flow_record *r, const char *file)
{
	const char *stage = flow_stage_name(r->stage);

	show_file(s, file, hash_of(file, strlen(file)));
	say(&s->say, "flow %s ", r->id);
	tell_ends(&s->say, r);
	say(&s->say, " %s", r->history[0] ? r->history : "-");
	if (r->trigger != TRIGGER_NONE && r->trigger_len) {
		say(&s->say, " ");
		say_foreign(&s->say, r->trigger_value, r->trigger_len);
	}
	if (stage)
		say(&s->say, " broken off %s: %s", stage, r->tampering);
	page_put(&s->page, NULL, 0, s->say.at, INK_PLAIN);
	say_clear(&s->say);
}

static void show_repeats(struct sink *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->n_groups; i++) {
		const struct group *g = &s->group[i];
		char label[16];

		if (g->n < 2)
			continue;
		if (!any)
			page_put(&s->page, NULL, 0, "The same again:", INK_BOLD);
		any = true;
		say_count(&s->say, g->n, "flow",
			  g->member[0].flow.udp ? "exchanges" : "connections");
		say(&s->say, " to %u/%s: ", g->member[0].flow.resp.port,
		    g->member[0].flow.udp ? "udp" : "tcp");
		for (uint32_t k = 0; k < g->n_members; k++) {
			say(&s->say, "%s", k ? "; " : "");
			tell_ends(&s->say, &g->member[k].flow);
			if (g->member[k].flow.udp && g->member[k].flow.trigger_len) {
				say(&s->say, " for ");
				say_foreign(&s->say, g->member[k].flow.trigger_value,
					    g->member[k].flow.trigger_len);
			}
			if (g->member[k].frame)
				say(&s->say, " (from frame %" PRIu64 ")", g->member[k].frame);
		}
		if (g->n > g->n_members)
			say(&s->say, "; and %" PRIu64 " more", g->n - g->n_members);
		say(&s->say, ".");
		(void)snprintf(label, sizeof(label), "%" PRIu32 ".", i + 1); /* fits: below 1000 */
		page_put(&s->page, label, 5, s->say.at, INK_PLAIN);
		say_clear(&s->say);
	}
	if (s->n_left_out) {
		say_count(&s->say, s->n_left_out, "finding of a further kind is",
			  "findings of further kinds are");
		say(&s->say, " not shown here; `--format jsonl` shows all.");
		page_put(&s->page, NULL, 0, s->say.at, INK_PLAIN);
		say_clear(&s->say);
	}
	if (any || s->n_left_out)
		page_gap(&s->page);
}

static void text_devices(struct sink *s, const struct devices *ds)
{
	show_repeats(s);
	s->repeats_shown = true;
	tell_devices(&s->page, &s->say, ds);
}

static void text_outages(struct sink *s, const struct outages *o)
{
	tell_outages(&s->page, &s->say, o);
}

static bool text_end(struct sink *s, const struct run_summary *run, struct err_info *err)
{
	if (!s->repeats_shown)
		show_repeats(s);
	tell_run(&s->page, &s->say, run, s->n_told);
	if (fflush(s->page.f) && !s->error)
		s->error = errno;
	if (!s->error && !ferror(s->page.f))
		return true;
	/* An earlier write may have failed inside stdio, which tells that it failed and no longer
	 * why. */
	return err_set(err, "output could not be written%s%s", s->error ? ": " : "",
		       s->error ? strerror(s->error) : "");
}

static void text_close(struct sink *s)
{
	free(s);
}

const struct sink_ops sink_text = {
	.name = "text",
	.help = "a page for people",
	.open = text_open,
	.finding = text_finding,
	.flow = text_flow,
	.devices = text_devices,
	.outages = text_outages,
	.end = text_end,
	.close = text_close,
};
