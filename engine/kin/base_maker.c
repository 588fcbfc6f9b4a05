/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the table of base rates from the cases of ordinary captures. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "kin/base_rates.h"

/* One profile of one capture, as the columns of its line. */
struct profile {
	enum ev_case kase;
	uint32_t n;
	uint32_t capture_i;
	char *column[BASE_VALUES_MAX]; /* feature=value */
};

struct base_maker {
	size_t n, room;
	uint32_t n_captures; /* that are over */
	uint64_t n_cases;
	struct profile *at;
};

struct base_maker *base_maker_new(void)
{
	return calloc(1, sizeof(struct base_maker));
}

static void profile_clear(struct profile *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		free(p->column[i]);
	p->n = 0;
}

void base_maker_free(struct base_maker *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		profile_clear(&m->at[i]);
	free(m->at);
	free(m);
}

static int profile_cmp(const void *a, const void *b)
{
	const struct profile *x = a, *y = b;

	if (x->kase != y->kase)
		return x->kase < y->kase ? -1 : 1;
	for (uint32_t i = 0; i < x->n && i < y->n; i++) {
		int c = strcmp(x->column[i], y->column[i]);

		if (c)
			return c;
	}
	return (x->n > y->n) - (x->n < y->n);
}

static char *column_of(const struct ev_value *v)
{
	const struct feat_info *fi = feat_info(v->feat);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s=", fi->name);
	if (v->n_text) {
		for (const char *t = v->text[0]; *t; t++)
			if (*t <= ' ' || *t > '~' || *t == '\\' || *t == '*')
				fprintf(f, "\\x%02x", (unsigned char)*t);
			else
				fputc(*t, f);
	} else if (fi->unit == UNIT_YESNO) {
		fputs(v->num ? "yes" : "no", f);
	} else {
		fprintf(f, "%" PRId64, v->num);
	}
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}

bool base_maker_case(struct base_maker *m, const struct evidence *ev)
{
	struct profile *p;
	const char *block;
	bool is_free;

	if (m->n == LIMIT_BASE_ROWS)
		return false;
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 64;

		p = realloc(m->at, room * sizeof(*p));
		if (!p)
			return false;
		m->at = p;
		m->room = room;
	}
	p = &m->at[m->n];
	*p = (struct profile){.kase = evidence_case(ev), .capture_i = m->n_captures};
	for (size_t i = 0; i < evidence_n(ev) && p->n < BASE_VALUES_MAX; i++) {
		const struct ev_value *v = evidence_at(ev, i);

		if (!kin_feat(v->feat, &block, &is_free))
			continue;
		p->column[p->n] = column_of(v);
		if (!p->column[p->n]) {
			profile_clear(p);
			return false;
		}
		p->n++;
	}
	m->n_cases++;
	m->n++;
	return true;
}

void base_maker_capture(struct base_maker *m)
{
	m->n_captures++;
}

/* One value of one profile. */
struct column {
	const char *text;
	uint32_t capture_i;
};

static int by_text(const void *a, const void *b)
{
	const struct column *x = a, *y = b;
	int c = strcmp(x->text, y->text);

	if (c)
		return c;
	return (x->capture_i > y->capture_i) - (x->capture_i < y->capture_i);
}

/* All values of all profiles, sorted; NULL when out of memory. */
static struct column *all_columns(const struct base_maker *m, size_t *n)
{
	struct column *list;
	size_t k = 0;

	for (size_t i = 0; i < m->n; i++)
		k += m->at[i].n;
	list = calloc(k + 1, sizeof(*list));
	*n = k;
	k = 0;
	for (size_t i = 0; list && i < m->n; i++)
		for (uint32_t c = 0; c < m->at[i].n; c++)
			list[k++] = (struct column){m->at[i].column[c], m->at[i].capture_i};
	if (list)
		qsort(list, k, sizeof(*list), by_text);
	return list;
}

/* A value that stood in one capture only may be that capture's own: it is not listed. */
static bool hide_rare(struct base_maker *m)
{
	size_t n;
	struct column *list = all_columns(m, &n);
	char **rare = list ? calloc(n + 1, sizeof(*rare)) : NULL;
	size_t n_rare = 0;

	for (size_t i = 0, k; rare && i < n; i = k) {
		for (k = i; k < n && !strcmp(list[i].text, list[k].text);)
			k++;
		for (size_t r = i; r < k && list[i].capture_i == list[k - 1].capture_i; r++)
			rare[n_rare++] = (char *)list[r].text;
	}
	/* Only now: the list is sorted by what is being changed. */
	for (size_t i = 0; i < n_rare; i++) {
		char *value = strchr(rare[i], '=') + 1;

		if (value[0])
			memcpy(value, "*", 2);
	}
	free(list);
	free(rare);
	return rare != NULL;
}

static int by_profile(const void *a, const void *b)
{
	const struct profile *x = a, *y = b;
	int c = profile_cmp(a, b);

	return c ? c : (x->capture_i > y->capture_i) - (x->capture_i < y->capture_i);
}

bool base_maker_write(struct base_maker *m, FILE *f, const char *where)
{
	size_t k = 0;

	if (!hide_rare(m))
		return false;
	if (m->n > 1)
		qsort(m->at, m->n, sizeof(*m->at), by_profile);
	fprintf(f,
		"# wallprint base rates: kind, captures, and what one packet's values were together\n# %s\n",
		where);
	fprintf(f,
		"# %" PRIu32 " captures, %" PRIu64
		" cases; a profile counts once a capture; * is a value that stood in one capture only\n",
		m->n_captures, m->n_cases);
	for (size_t i = 0; i < m->n; i = k) {
		uint32_t captures = 0;

		for (k = i; k < m->n && !profile_cmp(&m->at[i], &m->at[k]); k++)
			captures += k == i || m->at[k].capture_i != m->at[k - 1].capture_i;
		fprintf(f, "%s\t%" PRIu32, case_name(m->at[i].kase), captures);
		for (uint32_t c = 0; c < m->at[i].n; c++)
			fprintf(f, "\t%s", m->at[i].column[c]);
		fputc('\n', f);
	}
	return true;
}
