/* SPDX-License-Identifier: BSD-3-Clause */
/* The table: comments after #; else `kind<TAB>captures<TAB>feature=value<TAB>feature=value...`, values as signatures write them,
 * text with bytes other than plain ASCII as \xNN, `*` for a value that was seen in one capture only. */
#include "kin/base_rates.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/units.h"
#include "match/signature.h"

bool kin_feat(enum feat feat, const char **block, bool *is_free)
{
	enum { FIXED, FREE };
	static const struct {
		enum feat feat;
		const char *block;
		int nature;
	} list[] = {
#define X(id, block, nature) {FEAT_##id, block, nature},
#include "kin/kin.def"
#undef X
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].feat == feat) {
			*block = list[i].block;
			*is_free = list[i].nature == FREE;
			return true;
		}
	return false;
}

void base_rates_clear(struct base_rates *b)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		for (uint32_t k = 0; k < b->row[i].n_values; k++)
			free(b->row[i].value[k].text);
		free(b->row[i].value);
	}
	free(b->row);
	free(b->provenance);
	memset(b, 0, sizeof(*b));
}

static bool hex_digit(char c, unsigned *out)
{
	if (c >= '0' && c <= '9')
		*out = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*out = (unsigned)(c - 'a') + 10;
	else
		return false;
	return true;
}

/* Undoes \xNN. NULL when it is damaged or memory ran out. */
static char *read_text(const char *at, size_t n)
{
	char *out = malloc(n + 1);
	size_t k = 0;

	for (size_t i = 0; out && i < n; i++) {
		unsigned hi, lo;

		if (at[i] != '\\') {
			out[k++] = at[i];
			continue;
		}
		if (n - i < 4 || at[i + 1] != 'x' || !hex_digit(at[i + 2], &hi) ||
		    !hex_digit(at[i + 3], &lo) || !(hi << 4 | lo)) {
			free(out);
			return NULL;
		}
		out[k++] = (char)(hi << 4 | lo);
		i += 3;
	}
	if (out)
		out[k] = '\0';
	return out;
}

static bool read_value(const char *at, size_t n, enum ev_case kase, struct base_value *v)
{
	const char *eq = memchr(at, '=', n);
	size_t n_name = eq ? (size_t)(eq - at) : 0;
	enum unit unit;

	if (!eq || !feat_find(at, n_name, &v->feat) || feat_info(v->feat)->kase != kase)
		return false;
	at = eq + 1;
	n -= n_name + 1;
	unit = feat_info(v->feat)->unit;
	if (n == 1 && at[0] == '*') {
		v->other = true;
		return true;
	}
	if (unit == UNIT_TOKEN || unit == UNIT_TEXT || unit == UNIT_ADDR) {
		v->text = read_text(at, n);
		return v->text != NULL;
	}
	if (unit == UNIT_YESNO)
		return units_read_yesno(at, n, &v->num);
	return units_read_int(at, n, &v->num) == UNITS_OK;
}

static bool find_case(const char *at, size_t n, enum ev_case *out)
{
	for (int c = CASE_ANY + 1; c < CASE_N; c++)
		if (strlen(case_name((enum ev_case)c)) == n &&
		    !memcmp(at, case_name((enum ev_case)c), n)) {
			*out = (enum ev_case)c;
			return true;
		}
	return false;
}

static bool read_row(const char *at, size_t n, struct base_row *r)
{
	const char *end = at + n, *tab;
	int64_t times;

	r->value = calloc(BASE_VALUES_MAX, sizeof(*r->value));
	if (!r->value)
		return false;
	for (uint32_t i = 0; at <= end; i++, at = tab + 1) {
		tab = at < end ? memchr(at, '\t', (size_t)(end - at)) : NULL;
		tab = tab ? tab : end;
		n = (size_t)(tab - at);
		if (i == 0 && find_case(at, n, &r->kase))
			continue;
		if (i == 1 && units_read_int(at, n, &times) == UNITS_OK && times > 0 &&
		    times < INT32_MAX) {
			r->n = (uint64_t)times;
			continue;
		}
		if (i < 2 || r->n_values == BASE_VALUES_MAX ||
		    !read_value(at, n, r->kase, &r->value[r->n_values++]))
			return false;
	}
	return r->n != 0;
}

static bool add_row(struct base_rates *b, const char *at, size_t n)
{
	struct base_row *row = b->row;

	if (b->n_rows == LIMIT_BASE_ROWS)
		return false;
	if (!(b->n_rows & (b->n_rows - 1))) {
		row = realloc(row, (b->n_rows ? 2 * b->n_rows : 1) * sizeof(*row));
		if (!row)
			return false;
		b->row = row;
	}
	row = &b->row[b->n_rows++]; /* before it is read, so that a half-read one is freed */
	*row = (struct base_row){.n = 0};
	if (!read_row(at, n, row))
		return false;
	b->total[row->kase] += row->n;
	return true;
}

bool base_rates_read(FILE *f, const char *name, struct base_rates *out, struct err_info *err)
{
	char line[BASE_LINE_BYTES], shown[256];
	struct sha256 hash;
	uint64_t line_no = 0;
	bool ok = true;
	uint8_t sum[SHA256_LEN];

	memset(out, 0, sizeof(*out));
	sha256_start(&hash);
	while (ok && fgets(line, sizeof(line), f)) {
		size_t n = strlen(line);

		line_no++;
		sha256_add(&hash, line, n);
		ok = n && line[n - 1] == '\n';
		if (!ok)
			break;
		line[--n] = '\0';
		if (line[0] == '#') {
			if (line_no == 2)
				out->provenance = strdup(line + (line[1] == ' ' ? 2 : 1));
			continue;
		}
		ok = add_row(out, line, n);
	}
	if (!ok || ferror(f)) {
		text_terminal(shown, sizeof(shown), name, strlen(name));
		base_rates_clear(out);
		return err_set(err, "%s: line %llu is none of a table of base rates", shown,
			       (unsigned long long)line_no);
	}
	sha256_end(&hash, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		/* two digits fit */
		(void)snprintf(out->sha256 + 2 * i, 3, "%02x", sum[i]);
	return true;
}

static enum truth has(const struct base_row *r, const struct base_ask *ask)
{
	for (uint32_t i = 0; i < r->n_values; i++) {
		const struct base_value *v = &r->value[i];

		if (v->feat != ask->feat)
			continue;
		if (v->other)
			return TRUTH_NO;
		return (ask->text ? v->text && !strcmp(v->text, ask->text) : v->num == ask->num)
			       ? TRUTH_YES
			       : TRUTH_NO;
	}
	return TRUTH_UNKNOWN;
}

void base_rates_value(const struct base_rates *b, enum ev_case kase, const struct base_ask *ask,
		      uint64_t *had, uint64_t *known)
{
	*had = *known = 0;
	for (size_t i = 0; i < b->n_rows; i++) {
		enum truth t = b->row[i].kase == kase ? has(&b->row[i], ask) : TRUTH_UNKNOWN;

		*had += t == TRUTH_YES ? b->row[i].n : 0;
		*known += t != TRUTH_UNKNOWN ? b->row[i].n : 0;
	}
}

uint64_t base_rates_count(const struct base_rates *b, enum ev_case kase, const struct base_ask *ask,
			  size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < b->n_rows; i++) {
		size_t k = 0;

		if (b->row[i].kase != kase)
			continue;
		while (k < n && has(&b->row[i], &ask[k]) != TRUTH_NO)
			k++;
		sum += k == n ? b->row[i].n : 0;
	}
	return sum;
}
