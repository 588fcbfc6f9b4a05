/* SPDX-License-Identifier: BSD-3-Clause */
#include "across/name_test.h"

#include <string.h>

#include "base/limits.h"
#include "base/macros.h"

enum { FAILED_MIN = 3, CONTROLS_MIN = 3 }; /* METHODS e */

/* n over k; exact in a double for n up to LIMIT_CONTROL_LINES. */
static double choose(uint32_t n, uint32_t k)
{
	double r = 1;

	if (k > n)
		return 0;
	for (uint32_t i = 1; i <= k; i++)
		r = r * (n - k + i) / i;
	return r;
}

/* The chance that `failed` or more of all failures fall on the name, when all attempts are alike. */
static double fisher(const struct name_test *t)
{
	uint32_t mine = t->failed + t->ok, bad = t->failed + t->other_failed;
	uint32_t all = mine + t->other_failed + t->other_ok;
	double p = 0;

	for (uint32_t x = t->failed; x <= bad && x <= mine; x++)
		p += choose(bad, x) * choose(all - bad, mine - x);
	return p / choose(all, mine);
}

static uint32_t count_names(const struct control_line *line, size_t n)
{
	uint32_t names = 0;

	for (size_t i = 0; i < n; i++) {
		bool first = line[i].name != 0;

		for (size_t k = 0; first && k < i; k++)
			first = line[k].name != line[i].name;
		names += first;
	}
	return names;
}

static void cite(struct name_test *t, uint32_t *left, uint64_t frame)
{
	if (!*left || !frame)
		return;
	--*left;
	t->frame[t->n_frames++] = frame;
}

bool name_test(const struct control_line *line, size_t n, uint64_t name, uint64_t flow_no,
	       struct name_test *out)
{
	uint32_t left_failed = CONTROL_FRAMES, left_ok = CONTROL_FRAMES;
	bool struck = false, counted = false;
	double ppm;

	*out = (struct name_test){0};
	for (size_t i = 0; i < n; i++) {
		const struct control_line *l = &line[i];
		bool self = l->flow_no == flow_no;

		if (l->outcome == CONTROL_OK && !self) {
			struck = false;
			out->ok += l->name == name;
			if (l->name && l->name != name) {
				out->other_ok++;
				cite(out, &left_ok, l->frame);
			}
		} else if ((l->outcome == CONTROL_FAILED || self) && !struck) {
			struck = true;
			counted |= self;
			out->other_failed += l->name && l->name != name;
			if (l->name == name) {
				out->failed++;
				cite(out, &left_failed, l->frame);
			}
		}
	}
	if (!counted || out->failed < FAILED_MIN || out->other_ok < CONTROLS_MIN)
		return false;
	ppm = fisher(out) * count_names(line, n) * 1e6;
	out->chance_ppm = ppm >= 1e6 ? 1000000 : (uint32_t)ppm + 1;
	return true;
}
