/* SPDX-License-Identifier: BSD-3-Clause */
/* match/: every case that the capture gives, against all signatures. Run from the top of the source tree. */
#include "engine.h"
#include "room.h"

enum { TIMES = 20 };

struct cases {
	const struct sig_set *sigs;
	struct sig_result *result;
	size_t n, results;
	int64_t ns[ROOM_ROUNDS];
};

static void on_case(void *arg, const struct flow_record *r, const struct evidence *ev,
		    const struct sig_result *result, size_t n, const char *file)
{
	struct cases *c = arg;

	(void)result;
	(void)n;
	(void)file;
	for (int i = 0; i < ROOM_ROUNDS; i++) {
		int64_t begin = room_ns();

		for (int k = 0; k < TIMES; k++)
			c->results += match_case(c->sigs, ev, r->first_ns, c->result);
		c->ns[i] += room_ns() - begin;
	}
	c->n += TIMES;
}

int main(int argc, char **argv)
{
	const char *const dir = "signatures", *const file = argc == 2 ? argv[1] : NULL;
	struct engine_config cfg = {.ndpi = NDPI_OFF};
	struct engine_hooks hooks = {.on_case = on_case};
	struct sig_problems problems = {0};
	struct run_summary run;
	struct cases c = {0};
	struct err_info err;
	struct sig_set *sigs;

	if (!file)
		room_fail("usage: bench_match CAPTURE");
	if (!sig_set_load(&sigs, &dir, 1, &problems, &err))
		room_fail(err.text);
	c.sigs = sigs;
	c.result = calloc(sig_set_n(sigs), sizeof(*c.result));
	hooks.arg = &c;
	if (!c.result || !engine_run(&cfg, sigs, &file, 1, &hooks, &run, &err))
		room_fail("the capture cannot be judged");
	room_say("match: a case, all signatures of its kind", c.ns, c.n);
	run_summary_free(&run);
	sig_problems_free(&problems);
	sig_set_free(sigs);
	free(c.result);
	return 0;
}
