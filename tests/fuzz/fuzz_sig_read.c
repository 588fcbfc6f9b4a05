/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: engine/match/sig_check.c */
/* covers: engine/match/sig_keys.c */
/* covers: engine/match/sig_map.c */
/* covers: engine/match/sig_print.c */
/* covers: engine/match/sig_term.c */
/* covers: engine/match/sig_text.c */
/* covers: engine/match/sig_yaml.c */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/signature.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Whatever is quoted from the file, nothing that steers a terminal is printed. */
static void check_printed(const struct sig_problems *p)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return;
	for (size_t i = 0; i < p->n; i++)
		sig_problem_print(f, &p->at[i]);
	must(fclose(f) == 0);
	for (size_t i = 0; i < len; i++)
		must(out[i] == '\n' || (uint8_t)out[i] >= 0x20);
	for (size_t i = 0; i + 1 < len; i++)
		must((uint8_t)out[i] != 0xc2 || (uint8_t)out[i + 1] >= 0xa0);
	free(out);
}

static void check_terms(const struct term *t, uint32_t n, const struct evidence *ev)
{
	must(n <= SIG_TERMS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		enum unit u = feat_info(t[i].feat)->unit;

		must(t[i].source && t[i].n_values >= 1 && t[i].n_values <= SIG_VALUES_MAX);
		must(t[i].n_values == 1 || t[i].op == OP_IN);
		must((u == UNIT_YESNO) == (t[i].op == OP_IS));
		for (uint32_t k = 0; k < t[i].n_values; k++) {
			const char *text = t[i].value[k].text;

			must((text != NULL) ==
			     (u == UNIT_TOKEN || u == UNIT_TEXT || u == UNIT_ADDR));
			must(!text || strlen(text) < EV_TEXT_BYTES);
		}
		must(term_eval(&t[i], ev) ==
		     (evidence_get(ev, t[i].feat) ? term_eval(&t[i], ev) : TRUTH_UNKNOWN));
	}
}

static void check_good(const struct signature *s)
{
	struct evidence *ev = evidence_new(CASE_RST);

	if (!ev)
		return;
	evidence_put1(ev, FEAT_RST_COUNT, 3, 1);
	evidence_put_text(ev, FEAT_RST_PAYLOAD, "beef", 4, 1);
	must(s->id && s->title && s->rev >= 1 && s->n_when >= 1);
	must(s->has_technique || s->kind == SIG_BENIGN);
	must(s->kase != CASE_ANY || s->kind == SIG_BENIGN);
	must(s->kind != SIG_MIDDLEBOX || s->n_sources >= 1);
	must(s->valid_from_ns <= s->valid_to_ns && s->caps >= GRADE_ANOMALY &&
	     s->caps <= GRADE_PROOF);
	for (uint32_t i = 0; i < s->n_scope; i++)
		must(strlen(s->scope[i]) == 2);
	for (uint32_t i = 0; i < s->n_sources; i++)
		must(s->source[i].key && s->source[i].says && s->source[i].read);
	for (uint32_t i = 0; i < s->n_tests; i++)
		must(s->test[i].file != NULL);
	check_terms(s->when, s->n_when, ev);
	check_terms(s->unless, s->n_unless, ev);
	check_terms(s->supports, s->n_supports, ev);
	evidence_free(ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sig_problems p = {0};
	struct signature *s = sig_read(NULL, (struct bytes){data, size}, &p);

	must((s == NULL) == (p.n + p.left_out > 0));
	must(p.n <= LIMIT_SIG_PROBLEMS);
	check_printed(&p);
	if (s)
		check_good(s);
	sig_free(s);
	sig_problems_free(&p);
	return 0;
}
