/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/gateways.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/gateways.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What passed may be shown: everything that is printed is there. */
static void check_side(const struct gateway_side *s)
{
	must(s->says && gateway_level_name(s->level));
	must(s->level == GATEWAY_NONE || s->n_sources > 0);
	must(s->n_signatures == 0); /* the collection here is empty */
	for (uint32_t i = 0; i < s->n_sources; i++)
		must(strcmp(s->source[i], "a2009") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sig_set *set;
	struct source_entry entry = {.key = (char *)"a2009"};
	struct source_list known = {&entry, 1};
	struct sig_problems p = {0};
	struct gateway_list l;
	struct err_info err;
	bool good;

	must(set || sig_set_load(&set, NULL, 0, &p, &err));
	good = gateways_parse(&l, "g", (struct bytes){data, size}, set, &known, &p);
	must(good == (p.n + p.left_out == 0));
	must(l.n <= LIMIT_SIG_ITEMS);
	for (uint32_t i = 0; good && i < l.n; i++) {
		must(l.at[i].place && strlen(l.at[i].place) == 2 && l.at[i].name);
		check_side(&l.at[i].packet);
		check_side(&l.at[i].application);
	}
	gateways_free(&l);
	sig_problems_free(&p);
	return 0;
}
