/* SPDX-License-Identifier: BSD-3-Clause */
/* sink/: each finding of the capture as a JSON line. Run from the top of the source tree. */
#include "engine.h"
#include "room.h"

enum { TIMES = 20 };

struct out {
	const struct sink_ops *ops;
	struct sink *sink;
	size_t n;
	int64_t ns[ROOM_ROUNDS];
};

static void on_finding(void *arg, const struct finding *f, const char *file)
{
	struct out *o = arg;

	for (int i = 0; i < ROOM_ROUNDS; i++) {
		int64_t begin = room_ns();

		for (int k = 0; k < TIMES; k++)
			o->ops->finding(o->sink, f, file);
		o->ns[i] += room_ns() - begin;
	}
	o->n += TIMES;
}

int main(int argc, char **argv)
{
	const char *const dir = "signatures", *const file = argc == 2 ? argv[1] : NULL;
	struct engine_config cfg = {.ndpi = NDPI_OFF};
	struct out o = {.ops = sink_find("jsonl")};
	struct engine_hooks hooks = {.arg = &o, .on_finding = on_finding};
	struct sink_options options = {0};
	FILE *null = fopen("/dev/null", "w");
	struct sig_problems problems = {0};
	struct run_summary run;
	struct err_info err;
	struct sig_set *sigs;

	if (!file || !null)
		room_fail("usage: bench_sink CAPTURE");
	if (!sig_set_load(&sigs, &dir, 1, &problems, &err) ||
	    !o.ops->open(&o.sink, null, &options, &err))
		room_fail(err.text);
	if (!engine_run(&cfg, sigs, &file, 1, &hooks, &run, &err))
		room_fail("the capture cannot be judged");
	room_say("sink: a finding as a JSON line", o.ns, o.n);
	o.ops->close(o.sink);
	run_summary_free(&run);
	sig_problems_free(&problems);
	sig_set_free(sigs);
	return fclose(null) != 0;
}
