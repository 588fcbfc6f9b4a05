/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_watch.h"

#include <stdlib.h>
#include <string.h>

static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool dns_watch_make(const struct sig_set *sigs, struct det_dns *dd)
{
	const char **text = NULL;
	size_t n = 0;

	for (int fill = 0; fill < 2; fill++) {
		n = 0;
		for (size_t i = 0; i < sig_set_n(sigs); i++) {
			const struct signature *s = sig_set_at(sigs, i);

			for (uint32_t k = 0; k < s->n_when; k++) {
				const struct term *m = &s->when[k];

				if (s->kind == SIG_BENIGN ||
				    (m->feat != FEAT_DNS_ADDR && m->feat != FEAT_DNS_CNAME))
					continue;
				for (uint32_t v = 0; v < m->n_values; v++, n++)
					if (fill)
						text[n] = m->value[v].text;
			}
		}
		if (!fill)
			text = calloc(n + 1, sizeof(*text));
		if (!text)
			return false;
	}
	qsort(text, n, sizeof(*text), text_order);
	dd->watch = (const char *const *)text;
	dd->n_watch = n;
	return true;
}

void dns_watch_free(struct det_dns *dd)
{
	free((void *)(uintptr_t)dd->watch); /* made here, const for its readers only */
	dd->watch = NULL;
	dd->n_watch = 0;
}
