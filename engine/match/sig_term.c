/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/units.h"
#include "match/sig_impl.h"

/* Reads `feature op value`. The text is a signature author's: every complaint points at the
 * character it is about. */

struct lexer {
	struct sig_src *src;
	const struct ynode *node;
	const char *at; /* rest of the term */
};

static const char *const op_text[] = {
	[OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<",  [OP_LE] = "<=",
	[OP_GT] = ">",  [OP_GE] = ">=", [OP_IN] = "in", [OP_IS] = "is",
};

static uint32_t col_of(const struct lexer *lx, const char *at)
{
	uint32_t col = lx->node->col + (lx->node->quoted ? 1 : 0);

	/* In block text and behind escapes the column is only that of the value's beginning, or
	 * near. */
	for (const char *p = lx->node->text; p < at && (lx->node->plain || lx->node->quoted); p++)
		col += ((uint8_t)*p & 0xc0) != 0x80 ? 1 : 0;
	return col;
}

#define TERM_BAD(lx, at_, hint, ...) \
	(sig_complain((lx)->src, (lx)->node->line, col_of(lx, at_), hint, __VA_ARGS__), false)

bool unit_is_text(enum unit u)
{
	return u == UNIT_TOKEN || u == UNIT_TEXT || u == UNIT_ADDR;
}

static void skip_space(struct lexer *lx)
{
	lx->at += strspn(lx->at, " \t");
}

static const char *feature_name(const void *list, size_t i)
{
	(void)list;
	return feat_info((enum feat)i)->name;
}

static bool read_feature(struct lexer *lx, enum feat *out)
{
	const char *start = lx->at;
	size_t n = strcspn(start, " \t<>=!{");
	char name[64];

	if (!n)
		return TERM_BAD(lx, start, "write `feature op value`",
				"the name of a feature is missing");
	lx->at += n;
	if (feat_find(start, n, out))
		return true;
	if (n >= sizeof(name))
		return TERM_BAD(lx, start, NULL, "unknown feature");
	memcpy(name, start, n);
	name[n] = '\0';
	return TERM_BAD(lx, start, sig_nearest(name, feature_name, NULL, FEAT_N),
			"unknown feature %s", name);
}

static bool read_op(struct lexer *lx, enum term_op *out)
{
	size_t sym = strspn(lx->at, "<>=!"), word = strcspn(lx->at, " \t{<>=!\"");
	size_t n = sym ? sym : word;
	const char *start = lx->at;

	for (size_t i = 0; i < ARRAY_LEN(op_text); i++) {
		if (strlen(op_text[i]) != n || memcmp(op_text[i], start, n) != 0)
			continue;
		*out = (enum term_op)i;
		lx->at += n;
		return true;
	}
	if (sym == 1 && *start == '=')
		return TERM_BAD(lx, start, "==", "= is no operator");
	return TERM_BAD(lx, start, "one of == != < <= > >= in is", "an operator must stand here");
}

static bool op_allowed(struct lexer *lx, const char *at, const struct term *t)
{
	enum unit u = feat_info(t->feat)->unit;
	const char *name = feat_info(t->feat)->name;

	if (u == UNIT_YESNO && t->op != OP_IS)
		return TERM_BAD(lx, at, "is yes, or is no", "%s is yes or no", name);
	if (u != UNIT_YESNO && t->op == OP_IS)
		return TERM_BAD(lx, at, "==", "`is` is for features that are yes or no; %s is a %s",
				name, unit_name(u));
	if (unit_is_text(u) && t->op != OP_EQ && t->op != OP_NE && t->op != OP_IN)
		return TERM_BAD(lx, at, "== or != or in", "%s has no order: it is a %s", name,
				unit_name(u));
	return true;
}

/* One literal into `out`, without its quotes. *start shows where it began. */
static bool read_literal(struct lexer *lx, char out[LIMIT_SIG_LITERAL + 1], size_t *len,
			 bool *quoted)
{
	const char *start = lx->at;
	size_t n = 0;

	*quoted = *lx->at == '"';
	if (*quoted)
		lx->at++;
	while (*lx->at && (*quoted ? *lx->at != '"' : !strchr(" \t,{}\"", *lx->at))) {
		if (*quoted && *lx->at == '\\') {
			if (lx->at[1] != '"' && lx->at[1] != '\\')
				return TERM_BAD(lx, lx->at, "\\\\ for one",
						"a backslash in a text stands before \" or \\");
			lx->at++;
		}
		if (n == LIMIT_SIG_LITERAL)
			return TERM_BAD(lx, start, NULL, "a value is longer than %d bytes",
					LIMIT_SIG_LITERAL);
		out[n++] = *lx->at++;
	}
	if (*quoted && *lx->at != '"')
		return TERM_BAD(lx, start, NULL, "the closing \" is missing");
	if (*quoted)
		lx->at++;
	if (!*quoted && !n)
		return TERM_BAD(lx, start, NULL, "a value is missing");
	out[n] = '\0';
	*len = n;
	return true;
}

/* The tokens of a feature as an array, for suggestions; `buf` holds their text. */
static size_t split_tokens(const char *tokens, char *buf, size_t room, const char *out[],
			   size_t max)
{
	size_t n = 0;

	if (!tokens || strlen(tokens) >= room)
		return 0;
	memcpy(buf, tokens, strlen(tokens) + 1);
	while (n < max) {
		size_t len = strcspn(buf, "|");
		bool last = !buf[len];

		out[n++] = buf;
		buf[len] = '\0';
		if (last)
			break;
		buf += len + 1;
	}
	return n;
}

static bool type_token(struct lexer *lx, const char *at, enum feat id, const char *text)
{
	const struct feat_info *f = feat_info(id);
	const char *tok[32], *near;
	char buf[512], hint[600];
	size_t n = split_tokens(f->tokens, buf, sizeof(buf), tok, ARRAY_LEN(tok));

	for (size_t i = 0; i < n; i++)
		if (strcmp(tok[i], text) == 0)
			return true;
	near = sig_nearest_of(text, tok, n);
	/* Cut or not, it is a hint. */
	(void)snprintf(hint, sizeof(hint), "one of %s", f->tokens);
	return TERM_BAD(lx, at, near ? near : hint, "%s is never %s", f->name, text);
}

/* Addresses are compared as inet_ntop writes them. */
static bool type_addr(struct lexer *lx, const char *at, const char *text,
		      char out[LIMIT_SIG_LITERAL + 1])
{
	uint8_t a[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, a) != 1 || !inet_ntop(family, a, out, LIMIT_SIG_LITERAL + 1))
		return TERM_BAD(lx, at, NULL, "%s is no IP address", text);
	return true;
}

static bool type_time(struct lexer *lx, const char *at, const char *text, size_t len, int64_t *out)
{
	char hint[64];

	switch (units_read_time(text, len, out)) {
	case UNITS_OK:
		return true;
	case UNITS_NO_UNIT:
		/* Cut or not, it is a hint. */
		(void)snprintf(hint, sizeof(hint), "%.20sms", text);
		return TERM_BAD(lx, at, hint, "a time needs a unit: ns, us, ms, s or min");
	case UNITS_BAD_UNIT:
		return TERM_BAD(lx, at, "ns, us, ms, s or min", "unknown unit in %s", text);
	case UNITS_RANGE:
		return TERM_BAD(lx, at, NULL, "%s is too large, or finer than 1ns", text);
	case UNITS_NOT_NUMBER:
		break;
	}
	return TERM_BAD(lx, at, NULL, "%s is no time", text);
}

static bool type_int(struct lexer *lx, const char *at, enum feat id, const char *text, size_t len,
		     int64_t *out)
{
	const struct feat_info *f = feat_info(id);
	size_t digits = strspn(text, "-0123456789");
	char hint[64];

	switch (units_read_int(text, len, out)) {
	case UNITS_OK:
		return true;
	case UNITS_RANGE:
		return TERM_BAD(lx, at, NULL, "%s does not fit in 64 bits", text);
	case UNITS_BAD_UNIT:
		/* Cut or not, it is a hint. */
		(void)snprintf(hint, sizeof(hint), "%.*s", (int)(digits < 24 ? digits : 24), text);
		return TERM_BAD(lx, at, hint, "wrong unit: %s is a plain number (%s)", f->name,
				unit_name(f->unit));
	default:
		return TERM_BAD(lx, at, NULL, "%s is no number; %s is a %s", text, f->name,
				unit_name(f->unit));
	}
}

/* Types one literal by the feature's unit. */
static bool read_value(struct lexer *lx, enum feat id, struct term_value *out)
{
	char lit[LIMIT_SIG_LITERAL + 1], addr[LIMIT_SIG_LITERAL + 1];
	const char *at = lx->at, *keep = lit;
	enum unit u = feat_info(id)->unit;
	size_t len;
	bool quoted;

	if (!read_literal(lx, lit, &len, &quoted))
		return false;
	if (quoted && !unit_is_text(u))
		return TERM_BAD(lx, at, "without quotes", "%s is no text but a %s",
				feat_info(id)->name, unit_name(u));
	switch (u) {
	case UNIT_YESNO:
		return units_read_yesno(lit, len, &out->num)
			       ? true
			       : TERM_BAD(lx, at, "yes or no", "%s is neither yes nor no", lit);
	case UNIT_TIME:
		return type_time(lx, at, lit, len, &out->num);
	case UNIT_TOKEN:
		if (!type_token(lx, at, id, lit))
			return false;
		break;
	case UNIT_ADDR:
		if (!type_addr(lx, at, lit, addr))
			return false;
		keep = addr;
		break;
	case UNIT_TEXT:
		break;
	default:
		return type_int(lx, at, id, lit, len, &out->num);
	}
	out->text = strdup(keep);
	return out->text ? true : TERM_BAD(lx, at, NULL, "out of memory");
}

static bool read_list(struct lexer *lx, struct term *t)
{
	const char *start = lx->at;

	if (*lx->at != '{')
		return TERM_BAD(lx, start, "in {a, b}", "`in` needs its values in braces");
	lx->at++;
	do {
		skip_space(lx);
		if (t->n_values == SIG_VALUES_MAX)
			return TERM_BAD(lx, lx->at, NULL, "more than %d values", SIG_VALUES_MAX);
		if (!read_value(lx, t->feat, &t->value[t->n_values]))
			return false;
		t->n_values++;
		skip_space(lx);
	} while (*lx->at++ == ',');
	lx->at--;
	if (*lx->at != '}')
		return TERM_BAD(lx, lx->at, "{a, b}", "a comma or a closing brace must stand here");
	lx->at++;
	return true;
}

static bool read_rest(struct lexer *lx, struct term *t)
{
	const char *op_at, *end;
	size_t room;

	skip_space(lx);
	if (!read_feature(lx, &t->feat))
		return false;
	skip_space(lx);
	op_at = lx->at;
	if (!read_op(lx, &t->op) || !op_allowed(lx, op_at, t))
		return false;
	skip_space(lx);
	room = t->op == OP_IN ? SIG_VALUES_MAX : 1;
	t->value = calloc(room, sizeof(*t->value));
	if (!t->value)
		return TERM_BAD(lx, lx->at, NULL, "out of memory");
	if (t->op == OP_IN) {
		if (!read_list(lx, t))
			return false;
	} else {
		if (*lx->at == '{')
			return TERM_BAD(lx, op_at, "in", "a list of values goes with `in`");
		if (!read_value(lx, t->feat, &t->value[0]))
			return false;
		t->n_values = 1;
	}
	skip_space(lx);
	end = lx->at;
	if (*end)
		return TERM_BAD(
			lx, end,
			"one comparison a term; a text with spaces or commas goes in double quotes",
			"nothing may follow the value");
	return true;
}

bool term_read(struct sig_src *src, const struct ynode *node, struct term *out)
{
	struct lexer lx = {.src = src, .node = node, .at = node->text};

	*out = (struct term){.line = node->line, .col = node->col};
	if (strchr(node->text, '\n')) {
		sig_complain(src, node->line, node->col, "one line", "a term of several lines");
		return false;
	}
	if (!read_rest(&lx, out)) {
		term_free(out);
		return false;
	}
	out->source = strdup(node->text);
	if (!out->source) {
		sig_complain(src, node->line, node->col, NULL, "out of memory");
		term_free(out);
		return false;
	}
	return true;
}
