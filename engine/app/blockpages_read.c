/* SPDX-License-Identifier: BSD-3-Clause */
/* The two formats of public lists (BLOCKPAGES): what an entry says, as an expression. */
#include <csv.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/blockpages_impl.h"

/* --- Censored Planet: JSON lines; the name's beginning says whose page it is --- */

static enum page_scope scope_of_name(const char *name)
{
	static const struct {
		const char *prefix;
		enum page_scope scope;
	} table[] = {{"a_prod", PAGE_PROD},
		     {"b_nat", PAGE_NAT},
		     {"c_isp", PAGE_ISP},
		     {"d_corp", PAGE_INST}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!strncmp(name, table[i].prefix, strlen(table[i].prefix)))
			return table[i].scope;
	return PAGE_OTHER; /* e_unk, f_gen */
}

/* A text member of an object; NULL: none, or empty, or with a NUL in it. */
static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;
	const char *text;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	text = json_object_get_string(v);
	return *text && strlen(text) == (size_t)json_object_get_string_len(v) ? text : NULL;
}

static bool entry_take(struct page_reader *r, uint32_t line, struct json_object *o)
{
	const char *name = text_of(o, "fingerprint"), *pattern = text_of(o, "pattern");

	if (!name || !pattern)
		return err_set(r->err, "%s:%u: no \"fingerprint\" and \"pattern\", both texts",
			       r->path, line);
	if (strlen(pattern) > LIMIT_PAGE_PATTERN) {
		page_complain(r, line, "pattern too long");
		return true;
	}
	return page_entry_add(r, line, name, strlen(name),
			      r->look_alikes ? PAGE_FP : scope_of_name(name), WHERE_ALL,
			      strdup(pattern));
}

/* Text, object, list: an entry needs two levels. */
enum { JSON_LEVELS = 4 };

static bool jsonl_line(struct page_reader *r, uint32_t line, const char *at, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_LEVELS);
	struct json_object *o;
	bool ok;

	if (!t)
		return err_set(r->err, "out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	/* a list is at most LIMIT_PAGE_LIST_BYTES long */
	o = json_tokener_parse_ex(t, at, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    json_tokener_get_parse_end(t) != len)
		ok = err_set(r->err, "%s:%u: no JSON: %s", r->path, line,
			     json_tokener_error_desc(json_tokener_get_error(t)));
	else if (!json_object_is_type(o, json_type_object))
		ok = err_set(r->err, "%s:%u: no \"fingerprint\" and \"pattern\" in an object",
			     r->path, line);
	else
		ok = entry_take(r, line, o);
	json_object_put(o);
	json_tokener_free(t);
	return ok;
}

bool page_read_jsonl(struct page_reader *r, struct bytes file)
{
	uint32_t line = 0;

	r->list->format = "censoredplanet";
	for (size_t off = 0; off < file.len;) {
		const char *at = (const char *)file.at + off;
		const char *end = memchr(at, '\n', file.len - off);
		size_t len = end ? (size_t)(end - at) : file.len - off;

		line++;
		off += len + 1;
		while (len && (at[len - 1] == '\r' || at[len - 1] == ' '))
			len--;
		if (len && !jsonl_line(r, line, at, len))
			return false;
	}
	return true;
}

/* --- OONI: CSV with a head line --- */

enum { COL_NAME, COL_SCOPE, COL_WHERE, COL_TYPE, COL_PATTERN, COL_N };
static const char *const column[COL_N] = {"name", "scope", "location_found", "pattern_type",
					  "pattern"};

struct csv_state {
	struct page_reader *r;
	uint32_t line, row_line, field_i;
	bool head_done, failed, overflow;
	uint32_t at[COL_N]; /* the column's field, from 1; 0: not there */
	char *value[COL_N]; /* of this row */
};

static enum page_scope scope_of_word(const char *word)
{
	for (enum page_scope s = PAGE_FP; s < PAGE_OTHER; s++)
		if (!strcmp(word, page_scope_name(s)))
			return s;
	return PAGE_OTHER; /* vbw: very broad; injb, prov, and what comes later */
}

/* Adds `text` to the expression: as itself, or with every byte that means something written \xHH. */
static void add(FILE *f, const char *text, bool literal)
{
	for (const char *c = text; *c; c++) {
		bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z');

		if (plain || !literal)
			fputc(*c, f);
		else
			fprintf(f, "\\x%02x", (unsigned char)*c);
	}
}

/* body: the text, from its start on, or all of it. header.X: in the value of that line. */
static char *expression_of(const char *where, const char *type, const char *pattern)
{
	bool head = strncmp(where, "header.", 7) == 0, regexp = !strcmp(type, "regexp"),
	     contains = !strcmp(type, "contains"), regexp_start;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return NULL;
	/* The start of a header line's value is no start that the matcher knows. */
	regexp_start = head && regexp && *pattern == '^';
	pattern += regexp_start;
	if (head) {
		fputs("(?im:^", f);
		add(f, where + 7, true);
		fputs((contains || regexp) && !regexp_start ? ":[^\\n]*)" : ":[ \\t]*)", f);
	} else if (!contains && !regexp) {
		fputs("\\A", f);
	}
	fputs("(?:", f);
	add(f, pattern, !regexp);
	fputc(')', f);
	if (!strcmp(type, "full"))
		fputs(head ? "(?m:[ \\t]*\\r?$)" : "\\s*\\z", f);
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}

static void row_take(struct csv_state *s)
{
	static const char *const types[] = {"contains", "prefix", "full", "regexp"};
	struct page_reader *r = s->r;
	char **v = s->value;
	bool known = false, head;

	for (int c = 0; c < COL_N; c++)
		if (!v[c] || !*v[c]) {
			s->failed =
				!err_set(r->err, "%s:%u: no %s", r->path, s->row_line, column[c]);
			return;
		}
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		known |= !strcmp(v[COL_TYPE], types[i]);
	head = !strncmp(v[COL_WHERE], "header.", 7) && v[COL_WHERE][7];
	if (!known)
		page_complain(r, s->row_line, "unknown pattern_type");
	else if (!head && strcmp(v[COL_WHERE], "body") != 0)
		page_complain(r, s->row_line, "unknown location_found");
	else if (strlen(v[COL_PATTERN]) > LIMIT_PAGE_PATTERN)
		page_complain(r, s->row_line, "pattern too long");
	else
		s->failed =
			!page_entry_add(r, s->row_line, v[COL_NAME], strlen(v[COL_NAME]),
					r->look_alikes ? PAGE_FP : scope_of_word(v[COL_SCOPE]),
					head ? WHERE_HEAD : WHERE_BODY,
					expression_of(v[COL_WHERE], v[COL_TYPE], v[COL_PATTERN]));
}

static void on_field(void *field, size_t len, void *arg)
{
	struct csv_state *s = arg;
	const char *text = field;

	if (s->failed)
		return;
	s->field_i++;
	for (int c = 0; c < COL_N && s->field_i; c++) {
		if (!s->head_done && len == strlen(column[c]) && !memcmp(text, column[c], len))
			s->at[c] = s->field_i;
		if (!s->head_done || s->at[c] != s->field_i)
			continue;
		free(s->value[c]);
		/* a pattern with a NUL in it ends there */
		s->value[c] = strndup(text ? text : "", len);
		s->overflow |= !s->value[c];
	}
	for (size_t i = 0; i < len; i++)
		s->line += text[i] == '\n';
}

static void row_end(struct csv_state *s)
{
	if (s->overflow) {
		s->failed = !err_set(s->r->err, "out of memory");
	} else if (s->head_done) {
		row_take(s);
	} else {
		for (int c = 0; c < COL_N && !s->failed; c++)
			if (!s->at[c])
				s->failed = !err_set(s->r->err, "%s:%u: no column %s", s->r->path,
						     s->row_line, column[c]);
		s->head_done = true;
	}
	for (int c = 0; c < COL_N; c++) {
		free(s->value[c]);
		s->value[c] = NULL;
	}
	s->field_i = 0;
}

/* Called at every CR and LF outside quotes, and at the end. */
static void on_row(int end, void *arg)
{
	struct csv_state *s = arg;

	if (s->failed)
		return;
	if (s->field_i)
		row_end(s);
	s->line += end == '\n';
	s->row_line = s->line;
}

/* Blanks belong to a pattern. */
static int no_space(unsigned char c)
{
	(void)c; /* any */
	return 0;
}

bool page_read_csv(struct page_reader *r, struct bytes file)
{
	struct csv_state s = {.r = r, .line = 1, .row_line = 1};
	struct csv_parser p;

	r->list->format = "ooni";
	/* strict: a quote in the middle of a field, or none at its end, is damage */
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL))
		return err_set(r->err, "out of memory");
	csv_set_space_func(&p, no_space);
	if (csv_parse(&p, file.at, file.len, on_field, on_row, &s) != file.len ||
	    csv_fini(&p, on_field, on_row, &s))
		s.failed = s.failed || !err_set(r->err, "%s:%u: no CSV: %s", r->path, s.row_line,
						csv_strerror(csv_error(&p)));
	csv_free(&p);
	for (int c = 0; c < COL_N; c++)
		free(s.value[c]);
	return !s.failed;
}
