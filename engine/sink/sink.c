/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink/sink.h"

#include <stdlib.h>
#include <string.h>

#define X(symbol) extern const struct sink_ops sink_##symbol;
#include "sink/sinks.def"
#undef X

static const struct sink_ops *const sinks[] = {
#define X(symbol) &sink_##symbol,
#include "sink/sinks.def"
#undef X
	NULL,
};

const struct sink_ops *const *sink_list(void)
{
	return sinks;
}

const struct sink_ops *sink_find(const char *name)
{
	for (size_t i = 0; sinks[i]; i++)
		if (!strcmp(sinks[i]->name, name))
			return sinks[i];
	return NULL;
}

const char *input_state_name(enum input_state s)
{
	static const char *const name[] = {"whole", "cut", "refused", "failed"};

	return name[s];
}

void run_summary_free(struct run_summary *r)
{
	for (uint32_t i = 0; i < r->n_inputs; i++)
		free(r->input[i].file);
	free(r->input);
	r->input = NULL;
	r->n_inputs = 0;
}
