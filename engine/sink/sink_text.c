/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "sink/sink.h"

struct sink {
	FILE *f;
};

static bool text_open(struct sink **out, FILE *f, const struct sink_options *opts,
		      struct err_info *err)
{
	(void)opts;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_set(err, "out of memory");
	(*out)->f = f;
	return true;
}

static void text_finding(struct sink *s, const struct finding *f, const char *file)
{
	fprintf(s->f, "%s: %s\n", file, grade_name(f->grade));
}

static void text_flow(struct sink *s, const struct flow_record *r, const char *file)
{
	fprintf(s->f, "%s: flow %s\n", file, r->id);
}

static bool text_end(struct sink *s, const struct run_summary *run, struct err_info *err)
{
	fprintf(s->f, "%llu packets\n", (unsigned long long)run->packets);
	return !ferror(s->f) || err_set(err, "output could not be written");
}

static void text_close(struct sink *s)
{
	free(s);
}

const struct sink_ops sink_text = {.name = "text",
				   .help = "a page for people",
				   .open = text_open,
				   .finding = text_finding,
				   .flow = text_flow,
				   .end = text_end,
				   .close = text_close};
