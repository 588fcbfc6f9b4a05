/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/outages.test runs it */
#include "outage_run.h"

#include <string.h>

static void on_key(void *arg, uint32_t no, const struct tally_key *key)
{
	struct outage_run *r = arg;

	for (uint32_t i = 0; i < r->n_hears; i++)
		r->hears[i].key(r->hears[i].arg, no, key);
}

static void on_gone(void *arg, uint32_t no)
{
	struct outage_run *r = arg;

	for (uint32_t i = 0; i < r->n_hears; i++)
		r->hears[i].gone(r->hears[i].arg, no);
}

static void on_bin(void *arg, int64_t start_s, const struct tally_row *row, uint32_t n)
{
	struct outage_run *r = arg;

	for (uint32_t i = 0; i < r->n_hears; i++)
		r->hears[i].bin(r->hears[i].arg, start_s, row, n);
}

struct tally_hears outage_run_hears(struct outage_run *r)
{
	return (struct tally_hears){.arg = r, .key = on_key, .gone = on_gone, .bin = on_bin};
}

bool outage_run_begin(struct outage_run *r, const char *command, bool detect, const char *save)
{
	struct tally_hears all = outage_run_hears(r);

	memset(r, 0, sizeof(*r));
	r->command = command;
	if (detect) {
		r->outages = outages_new();
		if (r->outages)
			r->hears[r->n_hears++] = outages_hears(r->outages);
	}
	if (save) {
		if (!cmd_out_open(command, save, &r->file))
			return false;
		tally_write_begin(&r->writer, r->file.f);
		r->hears[r->n_hears++] = tally_write_hears(&r->writer);
	}
	r->tally = tally_begin(&all);
	if (r->tally && (r->outages || !detect))
		return true;
	cmd_complain(command, "out of memory");
	return false;
}

bool outage_run_tell(struct outage_run *r, const struct geo *networks, const struct sink_ops *ops,
		     struct sink *sink, struct run_summary *out)
{
	bool ok = true;

	tally_finish(r->tally);
	out->series.known = true;
	tally_stats(r->tally, &out->series.st);
	cmd_note_geo(networks, &out->series.networks);
	if (r->outages) {
		outages_finish(r->outages);
		out->series.outages_left_out = outages_left_out(r->outages);
		if (ops->outages)
			ops->outages(sink, r->outages);
	}
	if (r->file.f) {
		tally_write_end(&r->writer, &out->series.st);
		ok = cmd_out_close(r->command, &r->file);
		r->file.f = NULL;
	}
	return ok;
}

void outage_run_free(struct outage_run *r)
{
	/* Something else went wrong, and was said. */
	if (r->file.f && !cmd_out_close(NULL, &r->file))
		r->file.f = NULL;
	tally_free(r->tally);
	outages_free(r->outages);
}
